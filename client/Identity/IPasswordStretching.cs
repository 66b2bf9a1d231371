using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>
/// What makes guessing a password dear: PBKDF2 with HMAC-SHA256 (RFC 8018 §5.2), as the platform offers it. How often it iterates is decided, and held
/// against the limits of <see cref="Protocol.Limits"/>, above it. An implementation is safe for concurrent use.
/// </summary>
public interface IPasswordStretching
{
    /// <summary>Derives a key. Most of a second of work, which never runs on the thread that calls.</summary>
    /// <param name="password">The password's bytes.</param>
    /// <param name="salt">The salt.</param>
    /// <param name="iterations">How often it iterates; at least 1.</param>
    /// <param name="length">Bytes of the key.</param>
    /// <returns>The key; the caller owns it.</returns>
    Task<Secret> StretchAsync(Secret password, ReadOnlyMemory<byte> salt, int iterations, int length);
}

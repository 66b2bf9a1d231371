using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>
/// Key material. It zeroes itself when disposed, compares in constant time, and prints only its length.
/// It is never a <c>byte[]</c> in a signature, so that a secret cannot pass for a public value.
/// </summary>
public sealed class Secret : IDisposable, IEquatable<Secret>
{
    readonly byte[] _bytes;

    Secret(byte[] bytes) => _bytes = bytes;

    /// <summary>Takes ownership of <paramref name="bytes"/>: the caller must not keep or change the array.</summary>
    public static Secret Own(byte[] bytes) => new(bytes);

    /// <summary>A copy of <paramref name="bytes"/>.</summary>
    public static Secret Copy(ReadOnlySpan<byte> bytes) => new(bytes.ToArray());

    /// <summary>A secret of <paramref name="length"/> zero bytes, as RFC 9420 §8 uses for an absent PSK or commit secret.</summary>
    public static Secret Zero(int length) => new(new byte[length]);

    /// <summary>Length in bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>The bytes, valid until this secret is disposed.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>The bytes, valid until this secret is disposed; for calls that cross an await.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes;

    /// <summary>An independent copy with a life of its own.</summary>
    public Secret Clone() => Copy(_bytes);

    /// <summary>Zeroes the bytes.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);

    /// <summary>Equality in time that depends on the lengths only.</summary>
    public bool Equals(Secret? other) => other is not null && CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <summary>The length: a hash of the bytes would leak them.</summary>
    public override int GetHashCode() => _bytes.Length;

    /// <summary>The length only.</summary>
    public override string ToString() => $"Secret[{_bytes.Length}]";
}

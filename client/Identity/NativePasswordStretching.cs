using System.Security.Cryptography;
using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>PBKDF2 by .NET, beside the caller.</summary>
public sealed class NativePasswordStretching : IPasswordStretching
{
    NativePasswordStretching() { }

    /// <summary>The one instance; it has no state.</summary>
    public static NativePasswordStretching Shared { get; } = new();

    /// <inheritdoc/>
    public Task<Secret> StretchAsync(Secret password, ReadOnlyMemory<byte> salt, int iterations, int length)
    {
        ArgumentNullException.ThrowIfNull(password);
        return Task.Run(() => Secret.Own(Rfc2898DeriveBytes.Pbkdf2(password.Span, salt.Span, iterations, HashAlgorithmName.SHA256, length)));
    }
}

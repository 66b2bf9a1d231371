using System.Buffers.Text;
using System.Security.Cryptography;

namespace Kavalek.Auth;

/// <summary>The secret part of an invite or set-up link: 128 random bits, 22 characters; only its hash is kept.</summary>
internal static class InviteSecret
{
    const int Bytes = 16;

    /// <summary>A fresh one with its hash.</summary>
    public static (string Secret, byte[] Hash) Make()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(Bytes);
        return (Base64Url.EncodeToString(secret), SHA256.HashData(secret));
    }

    /// <summary>The hash of what somebody typed, or <c>null</c> where it cannot be a secret.</summary>
    public static byte[]? Hash(string typed)
    {
        Span<byte> secret = stackalloc byte[Bytes + 2];
        return typed.Length == 22 && Base64Url.IsValid(typed, out int length) && length == Bytes
            && Base64Url.TryDecodeFromChars(typed, secret, out int written) && written == Bytes
                ? SHA256.HashData(secret[..Bytes])
                : null;
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using Kavalek.Mls;

namespace Kavalek.Client.Tests;

/// <summary>
/// One HMAC in place of a million: another password, salt or count gives another key, and a test that is about something else does not pay for guessing
/// being dear. What the real one gives is held in <c>PasswordSecretTests</c>, <c>WalletTests</c> and <c>LogInTests</c>.
/// </summary>
sealed class QuickStretching : IPasswordStretching
{
    public static QuickStretching Shared { get; } = new();

    public Task<Secret> StretchAsync(Secret password, ReadOnlyMemory<byte> salt, int iterations, int length)
    {
        byte[] count = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(count, iterations);
        byte[] key = HMACSHA256.HashData(password.Span, [.. salt.Span, .. count]);
        return Task.FromResult(Secret.Own(HKDF.Expand(HashAlgorithmName.SHA256, key, length)));
    }
}

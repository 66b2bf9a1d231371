using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>What the server gets instead of the password (docs/PROTOCOL.md §4).</summary>
static class PasswordSecret
{
    const int SaltBytes = 16;

    /// <summary>Refuses parameters that would make the password easy to guess, or this device busy for minutes.</summary>
    /// <param name="offered">What the server says.</param>
    /// <param name="salt">The salt it says.</param>
    /// <param name="before">The iterations this account used here before; 0 if never.</param>
    /// <exception cref="KavalekException"><see cref="ClientErrors.KdfRefused"/>; nothing was derived.</exception>
    public static void Check(KdfParameters offered, byte[] salt, int before)
    {
        string? wrong =
            offered.Algorithm != KdfParameters.Pbkdf2 ? "another method of protecting your password than this program knows"
            : offered.Iterations < Limits.KdfFloor ? "too weak a protection of your password"
            : offered.Iterations > Limits.KdfCeiling ? "a protection of your password that takes this device minutes"
            : offered.Iterations < before ? "a weaker protection of your password than before"
            : salt.Length != SaltBytes ? "a malformed protection of your password"
            : null;
        if (wrong is not null)
            throw new KavalekException(ClientErrors.KdfRefused,
                $"The server asked for {wrong}. Nothing was sent. It may be misconfigured or dishonest; ask whoever runs it.");
    }

    /// <summary>The auth secret, 32 bytes. Takes most of a second.</summary>
    public static async Task<Secret> DeriveAsync(IPasswordStretching stretching, Secret password, Id instance, string email, byte[] salt, int iterations)
    {
        using Secret stretched = await stretching.StretchAsync(password, Salt(instance, email, salt), iterations, Password.StretchedBytes).ConfigureAwait(false);
        byte[] secret = new byte[Limits.AuthSecretBytes];
        HKDF.Expand(HashAlgorithmName.SHA256, stretched.Span, secret, [.. "kavalek/v1/auth"u8, .. instance.ToArray()]);
        return Secret.Own(secret);
    }

    /// <summary>What the password is stretched with. Instance and address are mixed in: a server that hands out one salt twice gains nothing.</summary>
    public static byte[] Salt(Id instance, string email, byte[] salt)
    {
        byte[] address = Encoding.UTF8.GetBytes(email);
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)address.Length);
        return SHA256.HashData([.. "kavalek/v1/salt"u8, .. instance.ToArray(), .. length, .. address, .. salt]);
    }
}

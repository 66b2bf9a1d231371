using System.Security.Cryptography;
using System.Text;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>The code that ties a waiting device to its keys, and the grant that is sealed to it (docs/PROTOCOL.md §5.3).</summary>
static class DeviceCode
{
    const int Bytes = 20;
    const int KemOutputBytes = 65;
    const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The code: 32 characters in groups of four.</summary>
    public static string Of(Id instance, Id account, Id device, byte[] deviceKey, byte[] grantKey)
    {
        byte[] hash = SHA256.HashData([.. "kavalek/v1/device-code"u8, .. instance.ToArray(), .. account.ToArray(), .. device.ToArray(), .. deviceKey, .. grantKey]);
        StringBuilder code = new(40);
        int bits = 0, held = 0;
        foreach (byte value in hash.AsSpan(0, Bytes))
        {
            held = (held << 8 | value) & 0xfff;
            for (bits += 8; bits >= 5; bits -= 5)
            {
                if (code.Length % 5 == 4) code.Append('-');
                code.Append(Alphabet[held >> bits - 5 & 31]);
            }
        }
        return code.ToString();
    }

    /// <summary>Whether somebody typed that code, with or without its dashes, in either case.</summary>
    public static bool Matches(string code, string typed) =>
        string.Equals(code.Replace("-", "", StringComparison.Ordinal), string.Concat(typed.Where(char.IsAsciiLetterOrDigit)), StringComparison.OrdinalIgnoreCase);

    /// <summary>Seals the account's secrets to a waiting device.</summary>
    public static async Task<byte[]> SealAsync(ICryptoProvider crypto, Id instance, Id account, Id device, byte[] grantKey, AccountSecrets secrets)
    {
        using Secret encoded = secrets.Encode();
        HpkeCiphertext? grant = await Suite(crypto).SealAsync(grantKey, Info(instance, account, device), default, encoded.Memory).ConfigureAwait(false);
        return grant is null ? throw ServerErrors.Misbehaves("shows a waiting device whose key is none") : [.. grant.KemOutput, .. grant.Ciphertext];
    }

    /// <summary>Opens a grant; <c>null</c> where it is not for this device.</summary>
    public static async Task<AccountSecrets?> OpenAsync(ICryptoProvider crypto, Id instance, Id account, Id device, KeyPair grantKey, byte[] grant)
    {
        if (grant.Length <= KemOutputBytes) return null;
        using Secret? encoded = await Suite(crypto).OpenAsync(
            grant.AsMemory(0, KemOutputBytes), grantKey.PrivateKey, Info(instance, account, device), default, grant.AsMemory(KemOutputBytes)).ConfigureAwait(false);
        return encoded is null ? null : AccountSecrets.Decode(encoded);
    }

    static Hpke Suite(ICryptoProvider crypto) => new(crypto, KemAlgorithm.DhkemP256, Mls.HashAlgorithm.Sha256, AeadAlgorithm.Aes256Gcm);

    static byte[] Info(Id instance, Id account, Id device) => [.. "kavalek/v1/grant"u8, .. instance.ToArray(), .. account.ToArray(), .. device.ToArray()];
}

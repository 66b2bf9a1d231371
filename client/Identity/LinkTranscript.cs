using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What two devices of an account agree on while one lets the other in (docs/PROTOCOL.md §5.3).</summary>
/// <param name="AccountKey">The public account key of the device that grants, 65 bytes.</param>
/// <param name="Hash">T: over everything that both sides contributed, 32 bytes.</param>
sealed record LinkTranscript(byte[] AccountKey, byte[] Hash)
{
    /// <summary>Bytes of a nonce, a commitment and a transcript.</summary>
    public const int HashBytes = 32;

    const int CodeBytes = 5;
    const int KemOutputBytes = 1088 + 65;
    const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const string QrPrefix = "kavalek:v1:link:";
    static readonly byte[] s_qrVersion = [0, 1];

    /// <summary>What the device that grants says before it knows the other one.</summary>
    public static byte[] Commit(Id instance, Id account, byte[] accountKey, byte[] granterNonce) =>
        SHA256.HashData([.. "kavalek/v1/link"u8, .. instance.ToArray(), .. account.ToArray(), .. accountKey, .. granterNonce]);

    /// <summary>The link code: eight characters in two groups.</summary>
    public static string CodeOf(byte[] commitment)
    {
        ulong bits = 0;
        foreach (byte value in SHA256.HashData([.. "kavalek/v1/link-code"u8, .. commitment]).AsSpan(0, CodeBytes)) bits = bits << 8 | value;
        StringBuilder code = new(9);
        for (int i = 7; i >= 0; i--)
        {
            if (i == 3) code.Append('-');
            code.Append(Alphabet[(int)(bits >> 5 * i & 31)]);
        }
        return code.ToString();
    }

    /// <summary>What a QR code carries: the commitment itself.</summary>
    public static string QrOf(byte[] commitment) => QrPrefix + Base64Url.EncodeToString([.. s_qrVersion, .. commitment]);

    /// <summary>Whether somebody typed or scanned the code of this commitment.</summary>
    public static bool Matches(byte[] commitment, string typed)
    {
        string text = typed.Trim();
        return text.StartsWith(QrPrefix, StringComparison.Ordinal)
            ? text == QrOf(commitment)
            : string.Equals(CodeOf(commitment).Replace("-", "", StringComparison.Ordinal), string.Concat(text.Where(char.IsAsciiLetterOrDigit)), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The transcript of both sides' contributions.</summary>
    public static LinkTranscript Of(byte[] commitment, byte[] accountKey, byte[] granterNonce, Id device, byte[] deviceKey, byte[] grantKey, byte[] joinerNonce) =>
        new(accountKey, SHA256.HashData([
            .. "kavalek/v1/link-match"u8, .. commitment, .. accountKey, .. granterNonce, .. device.ToArray(), .. deviceKey, .. grantKey, .. joinerNonce]));

    /// <summary>What both screens show, to be compared: six digits in two groups.</summary>
    public string MatchingCode
    {
        get
        {
            ulong number = (BinaryPrimitives.ReadUInt32BigEndian(Hash) * 256UL + Hash[4]) % 1_000_000;
            return string.Create(CultureInfo.InvariantCulture, $"{number / 1000:D3} {number % 1000:D3}");
        }
    }

    /// <summary>Seals the account's secrets to the new device.</summary>
    public async Task<byte[]> SealAsync(ICryptoProvider crypto, Id instance, Id account, Id device, byte[] grantKey, AccountSecrets secrets)
    {
        using Secret encoded = secrets.Encode();
        HpkeCiphertext? grant = await Suite(crypto).SealAsync(grantKey, Info(instance, account, device), default, encoded.Memory).ConfigureAwait(false);
        return grant is null ? throw ServerErrors.Misbehaves("shows a waiting device whose key is none") : [.. grant.KemOutput, .. grant.Ciphertext];
    }

    /// <summary>Opens a grant; <c>null</c> where it is not for this device, or not of this link.</summary>
    public async Task<AccountSecrets?> OpenAsync(ICryptoProvider crypto, Id instance, Id account, Id device, KeyPair grantKey, byte[] grant)
    {
        if (grant.Length <= KemOutputBytes) return null;
        using Secret? encoded = await Suite(crypto).OpenAsync(
            grant.AsMemory(0, KemOutputBytes), grantKey.PrivateKey, Info(instance, account, device), default, grant.AsMemory(KemOutputBytes)).ConfigureAwait(false);
        return encoded is null ? null : AccountSecrets.Decode(encoded);
    }

    /// <summary>As it is stored.</summary>
    public byte[] Encode() => [.. Hash, .. AccountKey];

    /// <summary>As it was stored.</summary>
    public static LinkTranscript Decode(byte[] stored) => new(stored[HashBytes..], stored[..HashBytes]);

    // Hybrid: what opens the archive must not be opened by a quantum computer later.
    internal static Hpke Suite(ICryptoProvider crypto) => new(crypto, KemAlgorithm.MlKem768P256, Mls.HashAlgorithm.Sha256, AeadAlgorithm.Aes256Gcm);

    byte[] Info(Id instance, Id account, Id device) => [.. "kavalek/v1/grant"u8, .. instance.ToArray(), .. account.ToArray(), .. device.ToArray(), .. Hash];
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Client.Reported;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using HashAlgorithm = Kavalek.Mls.HashAlgorithm;

namespace Kavalek.Client;

/// <summary>Seals a report to moderators, one text for all of them, and opens it (docs/PROTOCOL.md §13.3).</summary>
static class ReportSeal
{
    const int SecretBytes = 32, KemOutputBytes = 1088 + 65;
    const ushort Version = 1;

    /// <summary>Bytes of a report's content, at most.</summary>
    public static int MostBytes => Limits.ReportSizes[^1] - 4;

    /// <summary>The key pair that reports to an account are sealed to: every device that holds the account's private key has it.</summary>
    public static async Task<KeyPair> KeyPairAsync(ICryptoProvider crypto, Id instance, Id account, KeyPair accountKey)
    {
        byte[] material = new byte[SecretBytes];
        crypto.HkdfExpand(HashAlgorithm.Sha256, accountKey.PrivateKey.Span, [.. "kavalek/v1/report-key"u8, .. instance.ToArray(), .. account.ToArray()], material);
        using Secret ikm = Secret.Own(material);
        return await Suite(crypto).DeriveKeyPairAsync(ikm).ConfigureAwait(false);
    }

    /// <summary>Seals.</summary>
    /// <exception cref="KavalekException">A moderator's key is none.</exception>
    public static async Task<FileReport> SealAsync(ICryptoProvider crypto, Id instance, Id id, Report report, IEnumerable<(Id Account, byte[] Key)> to)
    {
        byte[] header = Header(instance, id), text = report.ToByteArray(), random = new byte[SecretBytes];
        byte[] padded = new byte[Limits.ReportSizes.First(size => size >= text.Length + 4)];
        BinaryPrimitives.WriteInt32BigEndian(padded, text.Length);
        text.CopyTo(padded, 4);
        crypto.Random(random);
        using Secret secret = Secret.Own(random);
        using CommittedKey key = CommittedKey.Derive(crypto, secret, "report");
        byte[] sealedBytes = [.. key.Commitment, .. await crypto.SealAsync(AeadAlgorithm.Aes256Gcm, key.Key, key.Nonce, header, padded).ConfigureAwait(false)];
        List<ReportCopy> copies = [];
        foreach ((Id account, byte[] moderator) in to)
        {
            HpkeCiphertext copy = await Suite(crypto).SealAsync(moderator, Info(header, account), SHA256.HashData(sealedBytes), secret.Memory).ConfigureAwait(false)
                ?? throw ServerErrors.Misbehaves("shows a moderator whose key is none");
            copies.Add(new ReportCopy(account, [.. copy.KemOutput, .. copy.Ciphertext]));
        }
        return new FileReport(id, sealedBytes, [.. copies]);
    }

    /// <summary>Opens; <c>null</c> where it is not sealed to this account, or not whole.</summary>
    public static async Task<Report?> OpenAsync(ICryptoProvider crypto, Id instance, Id account, KeyPair key, SealedReport report)
    {
        if (report.Copy.Length != Limits.ReportCopyBytes || !Limits.ReportSizes.Contains(report.Sealed.Length - Limits.ReportSealBytes)) return null;
        byte[] header = Header(instance, report.Report);
        using Secret? secret = await Suite(crypto).OpenAsync(report.Copy.AsMemory(0, KemOutputBytes), key.PrivateKey, Info(header, account), SHA256.HashData(report.Sealed), report.Copy.AsMemory(KemOutputBytes)).ConfigureAwait(false);
        if (secret is null || secret.Length != SecretBytes) return null;
        using CommittedKey opens = CommittedKey.Derive(crypto, secret, "report");
        // First the commitment: what one moderator reads, all of them do.
        if (!CryptographicOperations.FixedTimeEquals(opens.Commitment, report.Sealed.AsSpan(0, CommittedKey.CommitmentBytes))) return null;
        byte[]? padded = await crypto.OpenAsync(AeadAlgorithm.Aes256Gcm, opens.Key, opens.Nonce, header, report.Sealed.AsMemory(CommittedKey.CommitmentBytes)).ConfigureAwait(false);
        if (padded is null) return null;
        int length = BinaryPrimitives.ReadInt32BigEndian(padded);
        return length >= 0 && length <= padded.Length - 4 && UntrustedMessage.TryRead(Report.Parser, padded.AsSpan(4, length), out Report? read) ? read : null;
    }

    static byte[] Header(Id instance, Id report) => [.. "kavalek/v1/report"u8, .. new TlsBytes().UInt16(Version).Id(instance).Id(report).ToArray()];

    static byte[] Info(byte[] header, Id account) => [.. header, .. account.ToArray()];

    static Hpke Suite(ICryptoProvider crypto) => LinkTranscript.Suite(crypto);
}

using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What two people compare to know that nobody stands between them (docs/PROTOCOL.md §3.4).</summary>
/// <param name="Digits">60 digits, the same on both sides.</param>
/// <param name="QrText">What the QR code carries: <c>kavalek:v1:…</c>, all of both fingerprints.</param>
public sealed record SafetyNumber(string Digits, string QrText)
{
    const ushort Version = 1;
    const int Rounds = 5200;
    const string QrPrefix = "kavalek:v1:";

    /// <summary>The digits as twelve groups of five.</summary>
    public IReadOnlyList<string> Groups => [.. Digits.Chunk(5).Select(group => new string(group))];

    /// <summary>
    /// Whether <paramref name="compared"/> is this number: 60 digits with any spaces or line breaks between them, or all of the
    /// scanned text.
    /// </summary>
    public bool Matches(string compared)
    {
        ArgumentNullException.ThrowIfNull(compared);
        string text = string.Concat(compared.Where(c => !char.IsWhiteSpace(c)));
        string expected = text.StartsWith(QrPrefix, StringComparison.Ordinal) ? QrText : Digits;
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(expected));
    }

    /// <summary>The safety number of two accounts of an instance; the order of the two does not matter.</summary>
    internal static SafetyNumber Of(Id instance, (Id Account, byte[] Key) one, (Id Account, byte[] Key) other)
    {
        if (Compare(one.Account, other.Account) > 0) (one, other) = (other, one);
        byte[] first = Fingerprint(instance, one.Account, one.Key), second = Fingerprint(instance, other.Account, other.Key);
        byte[] version = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(version, Version);
        return new SafetyNumber(
            ToDigits(first) + ToDigits(second),
            QrPrefix + Base64Url.EncodeToString([.. version, .. one.Account.ToArray(), .. other.Account.ToArray(), .. first, .. second]));
    }

    /// <summary>The fingerprint of an account, 32 bytes. 5,200 hashes, so that whoever looks for a key with nearly the same digits pays for each try.</summary>
    internal static byte[] Fingerprint(Id instance, Id account, byte[] accountKey)
    {
        byte[] version = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(version, Version);
        byte[] chain = new byte[32 + accountKey.Length];
        accountKey.CopyTo(chain.AsSpan(32));
        SHA256.HashData([.. "kavalek/v1/safety-number"u8, .. version, .. instance.ToArray(), .. account.ToArray(), .. accountKey], chain);
        for (int round = 1; round < Rounds; round++) SHA256.HashData(chain, chain.AsSpan(0, 32));
        return chain[..32];
    }

    /// <summary>The first 30 bytes as six groups of five digits.</summary>
    internal static string ToDigits(ReadOnlySpan<byte> fingerprint)
    {
        StringBuilder digits = new(30);
        for (int at = 0; at < 30; at += 5)
        {
            ulong group = BinaryPrimitives.ReadUInt32BigEndian(fingerprint[at..]) * 256UL + fingerprint[at + 4];
            digits.Append((group % 100_000).ToString("D5", CultureInfo.InvariantCulture));
        }
        return digits.ToString();
    }

    static int Compare(Id a, Id b) => (a.High, a.Low).CompareTo((b.High, b.Low));
}

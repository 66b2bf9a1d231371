using System.Buffers.Binary;
using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>
/// What every device of an account shares, and nobody else has: the account's private key and the history keys (docs/PROTOCOL.md §3.5), and to where
/// the archive had got when it was handed over.
/// Disposing zeroes the keys.
/// </summary>
/// <param name="AccountKey">Certifies devices: private key of 32 bytes.</param>
/// <param name="HistoryKey">Encrypts the account's archive: <see cref="HistoryKeys"/>.</param>
sealed record AccountSecrets(Secret AccountKey, Secret HistoryKey) : IDisposable
{
    /// <summary>Bytes of the private account key, and of a history key.</summary>
    public const int KeyBytes = 32;

    /// <summary>Bytes of the encoded structure, with the fewest history keys and with the most.</summary>
    public const int FewestBytes = FixedBytes + HistoryKeys.FewestBytes, MostBytes = FixedBytes + HistoryKeys.MostBytes;

    const int HeadAt = 2 + KeyBytes, FixedBytes = HeadAt + ArchiveHead.EncodedBytes;

    /// <summary>How far the archive had got.</summary>
    public ArchiveHead Head { get; init; } = ArchiveHead.Unknown;

    const ushort Version = 1;

    /// <summary>The bytes to seal.</summary>
    public Secret Encode()
    {
        byte[] bytes = new byte[FixedBytes + HistoryKey.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, Version);
        AccountKey.Span.CopyTo(bytes.AsSpan(2));
        Head.Write(bytes.AsSpan(HeadAt));
        HistoryKey.Span.CopyTo(bytes.AsSpan(FixedBytes));
        return Secret.Own(bytes);
    }

    /// <summary>Reads what was sealed; <c>null</c> where it is of another version or length.</summary>
    public static AccountSecrets? Decode(Secret encoded) =>
        encoded.Length >= FewestBytes && BinaryPrimitives.ReadUInt16BigEndian(encoded.Span) == Version && HistoryKeys.IsWellFormed(encoded.Span[FixedBytes..])
            ? new AccountSecrets(Secret.Copy(encoded.Span.Slice(2, KeyBytes)), Secret.Copy(encoded.Span[FixedBytes..])) { Head = ArchiveHead.Read(encoded.Span[HeadAt..FixedBytes]) }
            : null;

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        AccountKey.Dispose();
        HistoryKey.Dispose();
    }
}

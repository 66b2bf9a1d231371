using System.Buffers.Binary;
using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>
/// What every device of an account shares, and nobody else has: the account's private key and the history key (docs/PROTOCOL.md §3.5), and to where
/// the archive had got when it was handed over.
/// Disposing zeroes both.
/// </summary>
/// <param name="AccountKey">Certifies devices: private key of 32 bytes.</param>
/// <param name="HistoryKey">Encrypts the account's archive: 32 random bytes.</param>
sealed record AccountSecrets(Secret AccountKey, Secret HistoryKey) : IDisposable
{
    /// <summary>Bytes of either key.</summary>
    public const int KeyBytes = 32;

    /// <summary>Bytes of the encoded structure.</summary>
    public const int EncodedBytes = KeysBytes + ArchiveHead.EncodedBytes;

    const int KeysBytes = 2 + 2 * KeyBytes;

    /// <summary>How far the archive had got.</summary>
    public ArchiveHead Head { get; init; } = ArchiveHead.Unknown;

    const ushort Version = 1;

    /// <summary>A fresh history key.</summary>
    public static Secret NewHistoryKey(ICryptoProvider crypto)
    {
        byte[] key = new byte[KeyBytes];
        crypto.Random(key);
        return Secret.Own(key);
    }

    /// <summary>The bytes to seal.</summary>
    public Secret Encode()
    {
        byte[] bytes = new byte[EncodedBytes];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, Version);
        AccountKey.Span.CopyTo(bytes.AsSpan(2));
        HistoryKey.Span.CopyTo(bytes.AsSpan(2 + KeyBytes));
        Head.Write(bytes.AsSpan(KeysBytes));
        return Secret.Own(bytes);
    }

    /// <summary>Reads what was sealed; <c>null</c> where it is of another version or length.</summary>
    public static AccountSecrets? Decode(Secret encoded) =>
        encoded.Length == EncodedBytes && BinaryPrimitives.ReadUInt16BigEndian(encoded.Span) == Version
            ? new AccountSecrets(Secret.Copy(encoded.Span.Slice(2, KeyBytes)), Secret.Copy(encoded.Span.Slice(2 + KeyBytes, KeyBytes))) { Head = ArchiveHead.Read(encoded.Span[KeysBytes..]) }
            : null;

    /// <summary>Zeroes both keys.</summary>
    public void Dispose()
    {
        AccountKey.Dispose();
        HistoryKey.Dispose();
    }
}

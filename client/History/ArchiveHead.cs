using System.Buffers.Binary;
using Google.Protobuf;
using Kavalek.Client.Archived;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>How far an own device knows the archive to have got (docs/PROTOCOL.md §3.5, §10.3): a new device can be shown no less from the first moment.</summary>
/// <param name="Serial">Of the archive's newest state; 0 where nothing is known, or it is off.</param>
/// <param name="Archive">The archive.</param>
/// <param name="Number">Of the newest segment.</param>
/// <param name="Link">Its link, 32 bytes.</param>
sealed record ArchiveHead(ulong Serial, Id Archive, ulong Number, ByteString Link)
{
    /// <summary>Bytes of the encoded structure.</summary>
    public const int EncodedBytes = 8 + Limits.IdLength + 8 + LinkBytes;

    const int LinkBytes = 32;

    /// <summary>Nothing is known.</summary>
    public static ArchiveHead Unknown { get; } = new(0, default, 0, ByteString.CopyFrom(new byte[LinkBytes]));

    /// <summary>What this device knows.</summary>
    public static async Task<ArchiveHead> ReadAsync(IClientStore store, CancellationToken cancel)
    {
        if (await store.GetAsync(StoreKeys.History, cancel).ConfigureAwait(false) is not { } stored) return Unknown;
        HistoryRow row = HistoryRow.Parser.ParseFrom(stored);
        // Before the first segment under new keys, only what was vouched for.
        (ulong number, ByteString link) = row.Keys > row.Generation + 1 ? (row.Promised, row.PromisedLink) : (row.Head, row.Link);
        return row.Off || number == 0 || link.Length != LinkBytes ? Unknown : new ArchiveHead(row.Serial, Id.Read(row.Archive.Span), number, link);
    }

    /// <summary>What a new device begins with.</summary>
    public HistoryRow ToRow() => new() { Serial = Serial, Archive = Step.Bytes(Archive), Promised = Number, PromisedLink = Link };

    /// <summary>Writes the structure.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Serial);
        Archive.ToArray().CopyTo(bytes[8..]);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[(8 + Limits.IdLength)..], Number);
        Link.Span.CopyTo(bytes[(16 + Limits.IdLength)..]);
    }

    /// <summary>Reads the structure.</summary>
    public static ArchiveHead Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64BigEndian(bytes), Id.Read(bytes.Slice(8, Limits.IdLength)),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[(8 + Limits.IdLength)..]), ByteString.CopyFrom(bytes.Slice(16 + Limits.IdLength, LinkBytes)));
}

using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Streams;

/// <summary>Entries of one stream that one transaction stores as one row.</summary>
sealed class PendingRun(StreamName stream, ulong first, ulong epoch, long expires)
{
    /// <summary>Bytes above which a new run begins: what one frame delivers.</summary>
    public const int FullBytes = 60 * 1024;

    const int FullEntries = 256;

    readonly List<(Kind Kind, Id Id, ReadOnlyMemory<byte> Payload)> _entries = [];

    public ulong First => first;
    public ulong Last => first + (ulong)_entries.Count - 1;
    public long Expires => expires;
    public ulong EpochAfter => _commits ? epoch + 1 : epoch;

    bool _commits;

    /// <summary>Bytes of <see cref="Encoded"/>.</summary>
    public int Bytes { get; private set; }

    /// <summary>Nothing may follow in this run.</summary>
    public bool Closed { get; private set; }

    /// <summary>Devices that read up to here and nothing after it.</summary>
    public Id[] Removed { get; set; } = [];

    /// <summary>The entries as they are stored and delivered; there after <see cref="Encode"/>.</summary>
    public byte[] Encoded { get; private set; } = [];

    /// <summary>The payload of an entry that is delivered detached.</summary>
    public byte[]? Detached { get; private set; }

    /// <summary>Whether the entry belongs here, too.</summary>
    public bool Takes(Kind kind, int payload, long entryExpires) =>
        !Closed && kind != Kind.Commit && entryExpires == expires && payload <= Limits.InlineBytes
        && Bytes + payload < FullBytes && _entries.Count < FullEntries;

    public void Add(Kind kind, Id id, ReadOnlyMemory<byte> payload)
    {
        bool detached = payload.Length > Limits.InlineBytes;
        _entries.Add((kind, id, payload));
        Bytes += EntryCodec.Size(Last, kind, epoch, payload.Length, detached);
        if (detached)
            Detached = payload.Exact();
        _commits = kind == Kind.Commit;
        Closed = detached || _commits;
    }

    public void Encode()
    {
        byte[] encoded = GC.AllocateUninitializedArray<byte>(Bytes);
        int at = 0;
        ulong seq = first;
        foreach ((Kind kind, Id id, ReadOnlyMemory<byte> payload) in _entries)
        {
            at += EntryCodec.Write(encoded.AsSpan(at), stream.Id, seq++, kind, epoch, id, payload.Span, Detached is not null);
        }
        Encoded = encoded;
    }

    public Id[] Ids()
    {
        var ids = new Id[_entries.Count];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = _entries[i].Id;
        return ids;
    }
}

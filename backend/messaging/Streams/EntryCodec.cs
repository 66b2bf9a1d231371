using System.Runtime.InteropServices;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Streams;

/// <summary>
/// Entries in the form in which they are stored and delivered: the field <c>entries</c> of <c>Deliver</c>, once for each. Encoded once,
/// copied to every reader.
/// </summary>
static class EntryCodec
{
    const byte EntriesTag = 1 << 3 | 2;
    const byte StreamTag = 1 << 3 | 2;
    const byte SeqTag = 2 << 3;
    const byte KindTag = 3 << 3;
    const byte EpochTag = 4 << 3;
    const byte IdTag = 5 << 3 | 2;
    const byte PayloadTag = 6 << 3 | 2;
    const byte DetachedTag = 7 << 3;

    /// <summary>Bytes of an encoded entry with its tag and length.</summary>
    public static int Size(ulong seq, Kind kind, ulong epoch, int payload, bool detached)
    {
        int body = Body(seq, kind, epoch, payload, detached);
        return 1 + Varint.Size((ulong)body) + body;
    }

    /// <summary>Writes one entry and answers how many bytes it took.</summary>
    public static int Write(Span<byte> to, Id stream, ulong seq, Kind kind, ulong epoch, Id id, ReadOnlySpan<byte> payload, bool detached)
    {
        int at = 0;
        to[at++] = EntriesTag;
        at += Varint.Write(to[at..], (ulong)Body(seq, kind, epoch, detached ? 0 : payload.Length, detached));
        to[at++] = StreamTag;
        to[at++] = Limits.IdLength;
        stream.Write(to[at..]);
        at += Limits.IdLength;
        to[at++] = SeqTag;
        at += Varint.Write(to[at..], seq);
        to[at++] = KindTag;
        at += Varint.Write(to[at..], (ulong)kind);
        if (epoch != 0)
        {
            to[at++] = EpochTag;
            at += Varint.Write(to[at..], epoch);
        }
        to[at++] = IdTag;
        to[at++] = Limits.IdLength;
        id.Write(to[at..]);
        at += Limits.IdLength;
        if (detached)
        {
            to[at++] = DetachedTag;
            to[at++] = 1;
        }
        else
        {
            to[at++] = PayloadTag;
            at += Varint.Write(to[at..], (ulong)payload.Length);
            payload.CopyTo(to[at..]);
            at += payload.Length;
        }
        return at;
    }

    /// <summary>What stands before the payload of an entry that is stored detached, when it is handed out whole.</summary>
    public static byte[] Attached(ReadOnlySpan<byte> detached, int payload)
    {
        Varint.Read(detached[1..], out int size);
        // The last two bytes say that it is detached.
        ReadOnlySpan<byte> body = detached[(1 + size)..^2];
        byte[] attached = new byte[1 + 5 + body.Length + 1 + 5];
        int at = 0;
        attached[at++] = EntriesTag;
        at += Varint.Write(attached.AsSpan(at), (ulong)(body.Length + 1 + Varint.Size((ulong)payload) + payload));
        body.CopyTo(attached.AsSpan(at));
        at += body.Length;
        attached[at++] = PayloadTag;
        at += Varint.Write(attached.AsSpan(at), (ulong)payload);
        return attached[..at];
    }

    /// <summary>Bytes of the first entry of an encoded row of entries, tag and length included.</summary>
    public static int FirstSize(ReadOnlySpan<byte> entries)
    {
        int length = (int)Varint.Read(entries[1..], out int size);
        return 1 + size + length;
    }

    static int Body(ulong seq, Kind kind, ulong epoch, int payload, bool detached) =>
        2 * (2 + Limits.IdLength)
        + 1 + Varint.Size(seq)
        + 1 + Varint.Size((ulong)kind)
        + (epoch == 0 ? 0 : 1 + Varint.Size(epoch))
        + (detached ? 2 : 1 + Varint.Size((ulong)payload) + payload);
}

/// <summary>Bytes that nobody changes any more.</summary>
static class Settled
{
    /// <summary>Them as an array: the one that they are, or a copy where they are a part of one.</summary>
    public static byte[] Exact(this ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> there) && there.Count == there.Array!.Length ? there.Array : bytes.ToArray();
}

/// <summary>The base-128 integers of protobuf.</summary>
static class Varint
{
    /// <summary>Bytes it takes.</summary>
    public static int Size(ulong value) => (System.Numerics.BitOperations.Log2(value | 1) / 7) + 1;

    /// <summary>Writes it and answers how many bytes it took.</summary>
    public static int Write(Span<byte> to, ulong value)
    {
        int at = 0;
        while (value >= 0x80)
        {
            to[at++] = (byte)((value & 0x7f) | 0x80);
            value >>= 7;
        }
        to[at++] = (byte)value;
        return at;
    }

    /// <summary>Reads one; <paramref name="size"/> is 0 where there is none.</summary>
    public static ulong Read(ReadOnlySpan<byte> from, out int size)
    {
        ulong value = 0;
        for (int i = 0; i < from.Length && i < 10; i++)
        {
            value |= (ulong)(from[i] & 0x7f) << (7 * i);
            if (from[i] < 0x80)
            {
                size = i + 1;
                return value;
            }
        }
        size = 0;
        return 0;
    }
}

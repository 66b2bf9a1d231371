using System.Buffers.Binary;
using Google.Protobuf;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Sockets;

/// <summary>Writes server frames as whole WebSocket messages (RFC 6455 §5.2: final, binary, unmasked).</summary>
static class FrameWriter
{
    /// <summary>Most bytes of a header.</summary>
    public const int HeaderBytes = 10;

    /// <summary>Most bytes of an <c>Appended</c> message.</summary>
    public const int AppendedBytes = HeaderBytes + 2 + (2 * (2 + Limits.IdLength)) + (2 * 11);

    const byte FinalBinary = 0x82;
    const byte FinalClose = 0x88;
    const byte AppendedTag = 2 << 3 | 2;
    const byte DeliverTag = 4 << 3 | 2;

    /// <summary>Writes the header of a message and answers its length.</summary>
    public static int Header(Span<byte> to, int payload)
    {
        to[0] = FinalBinary;
        if (payload < 126)
        {
            to[1] = (byte)payload;
            return 2;
        }
        if (payload <= ushort.MaxValue)
        {
            to[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)payload);
            return 4;
        }
        to[1] = 127;
        BinaryPrimitives.WriteUInt64BigEndian(to[2..], (ulong)payload);
        return 10;
    }

    /// <summary>The start of a <c>Deliver</c> message that goes on with so many bytes of entries.</summary>
    public static int Deliver(Span<byte> to, int entries)
    {
        int at = Header(to, 1 + Varint.Size((ulong)entries) + entries);
        to[at++] = DeliverTag;
        return at + Varint.Write(to[at..], (ulong)entries);
    }

    /// <summary>An <c>Appended</c> message.</summary>
    public static int Appended(Span<byte> to, Id stream, Id id, ulong seq, ulong epoch)
    {
        int body = (2 * (2 + Limits.IdLength)) + 1 + Varint.Size(seq) + (epoch == 0 ? 0 : 1 + Varint.Size(epoch));
        int at = Header(to, 2 + body);
        to[at++] = AppendedTag;
        to[at++] = (byte)body;
        to[at++] = 1 << 3 | 2;
        to[at++] = Limits.IdLength;
        stream.Write(to[at..]);
        at += Limits.IdLength;
        to[at++] = 2 << 3 | 2;
        to[at++] = Limits.IdLength;
        id.Write(to[at..]);
        at += Limits.IdLength;
        to[at++] = 3 << 3;
        at += Varint.Write(to[at..], seq);
        if (epoch != 0)
        {
            to[at++] = 4 << 3;
            at += Varint.Write(to[at..], epoch);
        }
        return at;
    }

    /// <summary>Any other frame as a message.</summary>
    public static byte[] Message(ServerFrame frame)
    {
        int size = frame.CalculateSize();
        byte[] message = new byte[HeaderBytes + size];
        int header = Header(message, size);
        frame.WriteTo(message.AsSpan(header, size));
        return message[..(header + size)];
    }

    /// <summary>A close frame (RFC 6455 §5.5.1).</summary>
    public static byte[] Close(ushort status) => [FinalClose, 2, (byte)(status >> 8), (byte)(status & 0xff)];
}

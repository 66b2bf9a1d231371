using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Server.Benchmarks;

/// <summary>
/// One device under load: keeps some appends of 1 KiB in flight in one stream, takes everything delivered to it, checks that it comes in
/// order and once, and notes how long the others' took.
/// </summary>
sealed class Client : LoadSocket
{
    public const int PayloadBytes = 1024;

    // Offsets in the appended frame: after "stream", "id" begins; the payload begins with the time and the sender.
    readonly byte[] _append;
    readonly int _idAt, _payloadAt;
    readonly byte[] _ack;
    readonly Id _stream;
    readonly long _me;
    readonly string _token;
    readonly byte[] _out;
    readonly Histogram _latency;
    long _next;
    ulong _seq = 1;

    public Client(IPEndPoint server, string token, Id stream, int number, int inFlight, Histogram latency)
        : base(server)
    {
        (_stream, _me, _token, InFlight, _latency) = (stream, number, token, inFlight, latency);
        byte[] id = new byte[Limits.IdLength], payload = new byte[PayloadBytes];
        id.AsSpan().Fill(0xee);
        payload.AsSpan(0, 16).Fill(0xdd);
        new Random(number).NextBytes(payload.AsSpan(16));
        _append = Frame(new ClientFrame
        {
            Append = new Append
            {
                Stream = ByteString.CopyFrom(stream.ToArray()),
                Id = ByteString.CopyFrom(id),
                Kind = Kind.Application,
                Epoch = 1,
                Payload = ByteString.CopyFrom(payload),
            },
        }.ToByteArray());
        _idAt = _append.AsSpan().IndexOf(id);
        _payloadAt = _append.AsSpan().IndexOf(payload.AsSpan(0, 16));
        _out = new byte[Math.Max(inFlight, 1) * _append.Length];
        // Seq in five bytes, so that the frame's length never changes.
        byte[] ack = new byte[2 + 2 + Limits.IdLength + 6];
        (ack[0], ack[1], ack[2], ack[3]) = (3 << 3 | 2, (byte)(ack.Length - 2), 1 << 3 | 2, Limits.IdLength);
        stream.ToArray().CopyTo(ack, 4);
        ack[^6] = 2 << 3;
        _ack = Frame(ack);
    }

    public int InFlight { get; }

    /// <summary>Appends that the server has confirmed.</summary>
    public long Appended { get; private set; }

    /// <summary>Entries delivered, own ones included.</summary>
    public long Delivered { get; private set; }

    /// <summary>Others' entries delivered.</summary>
    public long Received { get; private set; }

    /// <summary>Appends after which it stops.</summary>
    public long Most { get; init; } = long.MaxValue;

    /// <summary>Sends are triggered from outside, not by answers.</summary>
    public bool Paced { get; init; }

    /// <summary>The stream's head, as far as this client has read.</summary>
    public ulong Seq => _seq;

    public Task ConnectAsync(uint window = Limits.MaximumWindow) => OpenAsync(Hello(_token, window));

    /// <summary>Takes what comes until the token is cancelled or the server ends it.</summary>
    public async Task RunAsync(Func<bool> goOn)
    {
        bool ready = false;
        while (true)
        {
            (int answers, bool delivered) = Take(ref ready);
            if (delivered)
                await AckAsync();
            if (ready && !Paced && InFlight > 0 && goOn())
            {
                int send = (int)Math.Min(_next == 0 ? InFlight : answers, Most - _next);
                if (send > 0)
                    await AppendAsync(send);
            }
            if (!await ReadAsync())
                return;
        }
    }

    /// <summary>Appends so many messages in one write.</summary>
    public async ValueTask AppendAsync(int count)
    {
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            Span<byte> frame = _out.AsSpan(at, _append.Length);
            _append.CopyTo(frame);
            BinaryPrimitives.WriteInt64BigEndian(frame[_idAt..], _me);
            BinaryPrimitives.WriteInt64BigEndian(frame[(_idAt + 8)..], ++_next);
            BinaryPrimitives.WriteInt64LittleEndian(frame[_payloadAt..], Stopwatch.GetTimestamp());
            BinaryPrimitives.WriteInt64LittleEndian(frame[(_payloadAt + 8)..], _me);
            at += _append.Length;
        }
        await SendAsync(_out.AsMemory(0, at));
    }

    (int Answers, bool Delivered) Take(ref bool ready)
    {
        int answers = 0;
        bool delivered = false;
        while (TryNext(out ReadOnlySpan<byte> frame))
        {
            switch (frame[0] >> 3)
            {
                case (int)ServerFrame.FrameOneofCase.Ready:
                    ready = true;
                    break;
                case (int)ServerFrame.FrameOneofCase.Appended:
                    answers++;
                    Appended++;
                    break;
                case (int)ServerFrame.FrameOneofCase.Deliver:
                    delivered |= TakeEntries(frame);
                    break;
                default:
                    throw new IOException(ServerFrame.Parser.ParseFrom(frame).ToString());
            }
        }
        return (answers, delivered);
    }

    bool TakeEntries(ReadOnlySpan<byte> frame)
    {
        long now = Stopwatch.GetTimestamp();
        bool mine = false;
        int at = 1;
        ReadVarint(frame, ref at);
        while (at < frame.Length)
        {
            at++; // the tag of entries
            int length = (int)ReadVarint(frame, ref at);
            ReadOnlySpan<byte> entry = frame.Slice(at, length);
            at += length;
            int field = 2 + Limits.IdLength + 1;
            ulong seq = ReadVarint(entry, ref field);
            if (!IsStream(entry.Slice(2, Limits.IdLength)))
                continue; // the inbox
            if (seq == 1 && _seq == 1)
                continue; // the commit that made the stream, for the one who made it
            if (seq != _seq + 1)
                throw new InvalidOperationException($"after {_seq} came {seq}");
            _seq = seq;
            mine = true;
            Delivered++;
            ReadOnlySpan<byte> payload = entry[^PayloadBytes..];
            if (BinaryPrimitives.ReadInt64LittleEndian(payload[8..]) != _me)
            {
                Received++;
                _latency.Add(now - BinaryPrimitives.ReadInt64LittleEndian(payload));
            }
        }
        return mine;
    }

    bool IsStream(ReadOnlySpan<byte> id) => Id.Read(id) == _stream;

    async ValueTask AckAsync()
    {
        ulong seq = _seq;
        for (int i = 0; i < 5; i++, seq >>= 7)
            _ack[_ack.Length - 5 + i] = (byte)((seq & 0x7f) | (i < 4 ? 0x80u : 0));
        await SendAsync(_ack);
    }

    static ulong ReadVarint(ReadOnlySpan<byte> from, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = from[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return value;
        }
    }
}

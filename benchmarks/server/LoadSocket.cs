using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Server.Benchmarks;

/// <summary>
/// A WebSocket client that costs as little as possible, because it shares the processors with the server: it reads many frames at once,
/// looks only at what it needs, acknowledges once a read, and masks with zero.
/// </summary>
class LoadSocket(IPEndPoint server) : IDisposable
{
    readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    byte[] _in = [];
    int _from, _until;

    /// <summary>Shakes hands and sends a first message, if there is one.</summary>
    public async Task OpenAsync(ReadOnlyMemory<byte> first, int bufferBytes = 64 * 1024)
    {
        await _socket.ConnectAsync(server);
        await _socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /socket HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"));
        _in = new byte[bufferBytes];
        int head;
        while ((head = _in.AsSpan(0, _until).IndexOf("\r\n\r\n"u8)) < 0)
        {
            int read = await _socket.ReceiveAsync(_in.AsMemory(_until));
            _until += read > 0 ? read : throw new IOException("refused");
        }
        if (!_in.AsSpan().StartsWith("HTTP/1.1 101"u8))
            throw new IOException(Encoding.ASCII.GetString(_in, 0, head));
        _from = head + 4;
        if (!first.IsEmpty)
            await SendAsync(first);
    }

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> frames) => _socket.SendAsync(frames);

    /// <summary>The payload of the next whole message; empty if more bytes are needed first.</summary>
    public bool TryNext(out ReadOnlySpan<byte> payload)
    {
        payload = default;
        ReadOnlySpan<byte> rest = _in.AsSpan(_from, _until - _from);
        if (rest.Length < 2)
            return false;
        int header = 2;
        long length = rest[1];
        if (length == 126)
        {
            if (rest.Length < 4)
                return false;
            (header, length) = (4, BinaryPrimitives.ReadUInt16BigEndian(rest[2..]));
        }
        else if (length == 127)
        {
            if (rest.Length < 10)
                return false;
            (header, length) = (10, BinaryPrimitives.ReadInt64BigEndian(rest[2..]));
        }
        if (rest.Length < header + length)
            return false;
        if (rest[0] != 0x82)
            throw new IOException($"the server closed: {Encoding.UTF8.GetString(rest[..Math.Min(rest.Length, 60)])}");
        payload = rest.Slice(header, (int)length);
        _from += header + (int)length;
        return true;
    }

    /// <summary>Reads more bytes; false at the end.</summary>
    public async ValueTask<bool> ReadAsync()
    {
        if (_from > 0)
        {
            _in.AsSpan(_from, _until - _from).CopyTo(_in);
            (_from, _until) = (0, _until - _from);
        }
        if (_until == _in.Length)
            Array.Resize(ref _in, 2 * _in.Length);
        int read = await _socket.ReceiveAsync(_in.AsMemory(_until));
        _until += read;
        return read > 0;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>A message as a client sends it: final, binary, masked with zero.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> payload)
    {
        int header = payload.Length < 126 ? 6 : payload.Length <= ushort.MaxValue ? 8 : 14;
        byte[] frame = new byte[header + payload.Length];
        frame[0] = 0x82;
        if (header == 6)
        {
            frame[1] = (byte)(0x80 | payload.Length);
        }
        else if (header == 8)
        {
            frame[1] = 0x80 | 126;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload.Length);
        }
        else
        {
            frame[1] = 0x80 | 127;
            BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(2), payload.Length);
        }
        payload.CopyTo(frame.AsSpan(header));
        return frame;
    }

    public static byte[] Hello(string token, uint window) =>
        Frame(new ClientFrame { Hello = new Hello { Token = token, Window = window } }.ToByteArray());

    public static byte[] Ack(Id stream, ulong seq) =>
        Frame(new ClientFrame { Ack = new Ack { Stream = ByteString.CopyFrom(stream.ToArray()), Seq = seq } }.ToByteArray());
}

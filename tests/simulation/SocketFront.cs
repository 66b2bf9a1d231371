using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using Google.Protobuf;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Simulation.Tests;

/// <summary>
/// The server's side of a socket (docs/PROTOCOL.md §6.4), played on the real server's REST calls one frame at a time: the real one writes
/// whenever its threads find time, which no seed could repeat.
/// </summary>
sealed class SocketFront(World world)
{
    const int EntriesOfFrame = 16;
    readonly Dictionary<Id, ulong> _sent = [];
    readonly Dictionary<Id, ulong> _acked = [];
    string? _token;
    uint _window;

    public Id? Device { get; private set; }

    /// <summary>A frame of the client; the answers are what the server sends, <c>null</c> where it closes.</summary>
    public void Take(SimulatedSocket socket, byte[] bytes)
    {
        Wire.ClientFrame frame = Wire.ClientFrame.Parser.ParseFrom(bytes);
        switch (frame.FrameCase)
        {
            case Wire.ClientFrame.FrameOneofCase.Hello:
                (_token, _window, Device) = (frame.Hello.Token, frame.Hello.Window, DeviceOf(frame.Hello.Token));
                if (world.Ask(HttpMethod.Get, "api/v1/streams", _token).StatusCode == HttpStatusCode.Unauthorized)
                {
                    Down(socket, new() { Closing = new() { Code = ErrorCodes.Unauthenticated } });
                    break;
                }
                foreach (SimulatedSocket other in world.Network.Sockets.Where(s => s != socket && s.Front.Device == Device).ToArray())
                {
                    Down(other, new() { Closing = new() { Code = ErrorCodes.Replaced } });
                    other.Front.Device = null;
                }
                Down(socket, new() { Ready = new() { Window = _window, HeartbeatSeconds = 60 } });
                break;
            case Wire.ClientFrame.FrameOneofCase.Append: Append(socket, frame.Append); break;
            case Wire.ClientFrame.FrameOneofCase.Ack:
                Id acked = Id.Read(frame.Ack.Stream.Span);
                _acked[acked] = Math.Max(_acked.GetValueOrDefault(acked), frame.Ack.Seq);
                world.Ask(HttpMethod.Put, $"api/v1/streams/{acked}/ack", _token, frame.Ack.ToByteArray());
                break;
            case Wire.ClientFrame.FrameOneofCase.Ping: Down(socket, new() { Pong = new() { Id = frame.Ping.Id } }); break;
            case Wire.ClientFrame.FrameOneofCase.Reauth: _token = frame.Reauth.Token; break;
        }
    }

    /// <summary>Whose token it is.</summary>
    public static Id DeviceOf(string token)
    {
        using JsonDocument claims = JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]));
        return Id.Parse(claims.RootElement.GetProperty("dev").GetString()!);
    }

    void Append(SimulatedSocket socket, Wire.Append append)
    {
        using HttpResponseMessage response = world.Ask(HttpMethod.Post, $"api/v1/streams/{Id.Read(append.Stream.Span)}/entries", _token, append.ToByteArray());
        byte[] body = World.Body(response);
        if (response.IsSuccessStatusCode)
        {
            Down(socket, new() { Appended = Wire.Appended.Parser.ParseFrom(body) });
            return;
        }
        (string code, ulong epoch) = World.Problem(body);
        if (response.StatusCode == HttpStatusCode.Unauthorized) Down(socket, new() { Closing = new() { Code = ErrorCodes.TokenExpired } });
        else Down(socket, new() { Rejected = new() { Stream = append.Stream, Id = append.Id, Code = code, Epoch = epoch } });
    }

    /// <summary>Sends what is new to the client, as far as its window goes.</summary>
    public void Deliver(SimulatedSocket socket)
    {
        if (Device is not { } device || _token is null) return;
        using HttpResponseMessage response = world.Ask(HttpMethod.Get, "api/v1/streams", _token);
        if (!response.IsSuccessStatusCode)
        {
            Down(socket, new() { Closing = new() { Code = ErrorCodes.TokenExpired } });
            Device = null;
            return;
        }
        Wire.StreamInfo[] streams = [.. Wire.StreamList.Parser.ParseFrom(World.Body(response)).Streams];
        foreach (Wire.StreamInfo info in streams.OrderBy(info => Id.Read(info.Stream.Span) == device ? 0 : 1))
        {
            Id stream = Id.Read(info.Stream.Span);
            ulong sent = Math.Max(_sent.GetValueOrDefault(stream), Math.Max(info.Acked, info.First - 1));
            _acked[stream] = Math.Max(_acked.GetValueOrDefault(stream), info.Acked);
            long unacknowledged = _sent.Sum(known => (long)known.Value - (long)Math.Min(known.Value, _acked.GetValueOrDefault(known.Key)));
            if (info.Head <= sent || unacknowledged >= _window) continue;
            Wire.EntryList page = Wire.EntryList.Parser.ParseFrom(World.Body(world.Ask(HttpMethod.Get, $"api/v1/streams/{stream}/entries?after={sent}&limit={EntriesOfFrame}", _token)));
            if (page.Entries.Count == 0) continue;
            _sent[stream] = page.Entries[^1].Seq;
            Wire.Deliver deliver = new();
            foreach (Wire.Entry entry in page.Entries)
            {
                if (entry.Payload.Length > Limits.InlineBytes / EntriesOfFrame) (entry.Detached, entry.Payload) = (true, ByteString.Empty);
                deliver.Entries.Add(entry);
            }
            Down(socket, new() { Deliver = deliver });
        }
    }

    void Down(SimulatedSocket socket, Wire.ServerFrame frame) => world.Network.Packets.Add(new Frame(socket, frame.ToByteArray(), up: false));
}

using System.Net.Http.Headers;
using System.Net.WebSockets;
using Kavalek.Client;

namespace Kavalek.Simulation.Tests;

/// <summary>Something on its way between a device and the server.</summary>
abstract class Packet(Process process)
{
    public Process Process { get; } = process;

    /// <summary>What it is, for the trace of a run.</summary>
    public abstract string Name { get; }
}

/// <summary>A request on its way to the server.</summary>
sealed class Call(Process process, HttpMethod method, string path, AuthenticationHeaderValue? token, byte[]? body, string? type) : Packet(process)
{
    public HttpMethod Method => method;
    public string Path => path;
    public AuthenticationHeaderValue? Token => token;
    public byte[]? Body => body;
    public string? Type => type;

    /// <summary>What the client waits for.</summary>
    public TaskCompletionSource<HttpResponseMessage> Answered { get; } = new();

    /// <summary>The answer ends the process that hears it.</summary>
    public bool Deadly { get; init; }

    /// <summary>Nobody waits for its answer any more: a late or doubled arrival.</summary>
    public bool IsGhost { get; set; }

    // The server draws the ids of links; a run that is repeated has others.
    public override string Name => $"{method} {(path.IndexOf("links/", StringComparison.Ordinal) is >= 0 and int at ? path[..at] + "links" : path)}";
}

/// <summary>An answer on its way back.</summary>
sealed class Reply(Call call, HttpResponseMessage response) : Packet(call.Process)
{
    public Call Call => call;
    public HttpResponseMessage Response => response;

    public override string Name => $"{(int)response.StatusCode} {call.Name}";
}

/// <summary>A socket being opened.</summary>
sealed class Dial(Process process) : Packet(process)
{
    public TaskCompletionSource<ITransportSocket> Opened { get; } = new();

    public override string Name => "dial";
}

/// <summary>A frame on a socket, up or down.</summary>
sealed class Frame(SimulatedSocket socket, byte[] bytes, bool up) : Packet(socket.Process)
{
    public SimulatedSocket Socket => socket;
    public byte[] Bytes => bytes;
    public bool IsUp => up;

    public override string Name => up
        ? $"says {Kavalek.Protocol.Wire.ClientFrame.Parser.ParseFrom(bytes).FrameCase}"
        : $"is told {Kavalek.Protocol.Wire.ServerFrame.Parser.ParseFrom(bytes) switch { { Closing: { } closing } => $"Closing {closing.Code}", { Deliver: { } deliver } => $"Deliver {string.Join(" ", deliver.Entries.Select(e => $"{e.Kind}{e.Seq}@{Convert.ToHexStringLower(e.Stream.Span[..3])}"))}", var frame => $"{frame.FrameCase}" }}";
}

/// <summary>Everything that is on its way. Nothing moves on its own: the world picks what arrives, is lost, comes late or twice.</summary>
sealed class Network
{
    public List<Packet> Packets { get; } = [];

    public List<SimulatedSocket> Sockets { get; } = [];

    public void Dies(Process process)
    {
        foreach (Packet packet in Packets.Where(p => p.Process == process).ToArray())
        {
            // What it has sent may still arrive.
            if (packet is Call call) call.IsGhost = true;
            else if (packet is not Frame { IsUp: true }) Packets.Remove(packet);
        }
        foreach (SimulatedSocket socket in Sockets.Where(s => s.Process == process).ToArray()) socket.IsAlone = true;
    }

    /// <summary>Whatever was on its way in a connection is gone with it.</summary>
    public void Close(SimulatedSocket socket)
    {
        Sockets.Remove(socket);
        Packets.RemoveAll(packet => packet is Frame frame && frame.Socket == socket);
        socket.Close();
    }
}

/// <summary>How one process reaches the server.</summary>
sealed class ProcessTransport(Network network, Process process) : ITransport
{
    public Uri Server => World.Address;

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        if (process.IsDead) await Process.Never;
        byte[]? body = request.Content is null ? null : await request.Content.ReadAsByteArrayAsync(CancellationToken.None);
        Fault fault = process.Pass();
        if (fault == Fault.KillBefore) await Process.Never;
        if (fault == Fault.Fail) throw new HttpRequestException(HttpRequestError.ConnectionError, "no way to the server");
        Call call = new(process, request.Method, $"{request.RequestUri}", request.Headers.Authorization, body, request.Content?.Headers.ContentType?.ToString())
        {
            IsGhost = process.IsDead,
        };
        network.Packets.Add(call);
        if (process.IsDead) await Process.Never;
        using CancellationTokenRegistration stop = cancel.Register(() =>
        {
            call.IsGhost = true;
            call.Answered.TrySetCanceled(cancel);
        });
        return await call.Answered.Task;
    }

    public async Task<ITransportSocket> ConnectAsync(CancellationToken cancel)
    {
        if (process.IsDead) await Process.Never;
        switch (process.Pass())
        {
            case Fault.KillBefore or Fault.KillAfter: await Process.Never; break;
            case Fault.Fail: throw new WebSocketException("no way to the server");
        }
        Dial dial = new(process);
        network.Packets.Add(dial);
        using CancellationTokenRegistration stop = cancel.Register(() =>
        {
            network.Packets.Remove(dial);
            dial.Opened.TrySetCanceled(cancel);
        });
        return await dial.Opened.Task;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A socket as the client holds it.</summary>
sealed class SimulatedSocket(Network network, Process process) : ITransportSocket
{
    readonly Queue<byte[]> _arrived = [];
    TaskCompletionSource<byte[]?>? _waiting;
    bool _closed;

    public Process Process => process;

    /// <summary>Its process is dead; the server does not know yet.</summary>
    public bool IsAlone { get; set; }

    /// <summary>The server's side of it.</summary>
    public required SocketFront Front { get; init; }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancel)
    {
        if (process.IsDead) await Process.Never;
        if (_closed) throw new WebSocketException("the connection is gone");
        Fault fault = process.Pass();
        if (fault == Fault.KillBefore) await Process.Never;
        if (fault == Fault.Fail)
        {
            network.Close(this);
            throw new WebSocketException("the connection is gone");
        }
        network.Packets.Add(new Frame(this, frame.ToArray(), up: true));
        if (fault == Fault.KillAfter) await Process.Never;
    }

    public async ValueTask<byte[]?> ReceiveAsync(CancellationToken cancel)
    {
        if (process.IsDead) await Process.Never;
        if (_arrived.TryDequeue(out byte[]? frame)) return frame;
        if (_closed) return null;
        TaskCompletionSource<byte[]?> waiting = _waiting = new();
        using CancellationTokenRegistration stop = cancel.Register(() => waiting.TrySetCanceled(cancel));
        return await waiting.Task;
    }

    /// <summary>A frame arrives at the client.</summary>
    public void Arrives(byte[] frame)
    {
        if (process.IsDead) return;
        switch (process.Pass())
        {
            case Fault.KillBefore or Fault.KillAfter: return;
            case Fault.Fail: network.Close(this); return;
        }
        if (_waiting is { Task.IsCompleted: false } waiting) waiting.SetResult(frame);
        else _arrived.Enqueue(frame);
    }

    /// <summary>The connection is gone.</summary>
    public void Close()
    {
        _closed = true;
        if (!process.IsDead) _waiting?.TrySetResult(null);
    }

    public ValueTask DisposeAsync()
    {
        if (!_closed && !process.IsDead) network.Close(this);
        return ValueTask.CompletedTask;
    }
}

using System.Net.WebSockets;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>The client's side of a socket: frames in, frames out, nothing hidden.</summary>
sealed class TestSocket : IAsyncDisposable
{
    readonly ClientWebSocket _socket;
    readonly Queue<Entry> _entries = new();
    readonly Queue<ServerFrame> _others = new();

    TestSocket(ClientWebSocket socket) => _socket = socket;

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    /// <summary>Opens without a first frame.</summary>
    public static Task<TestSocket> OpenAsync(MessagingServer server, Action<ClientWebSocketOptions>? options = null) => OpenAsync(server.Address, options);

    /// <summary>Opens without a first frame.</summary>
    /// <param name="server">Where; an <c>https</c> address is spoken to by TLS.</param>
    /// <param name="options">Changes what is asked for.</param>
    /// <param name="through">How to get there; the platform's way by default.</param>
    public static async Task<TestSocket> OpenAsync(Uri server, Action<ClientWebSocketOptions>? options = null, HttpMessageInvoker? through = null)
    {
        var socket = new ClientWebSocket();
        options?.Invoke(socket.Options);
        await socket.ConnectAsync(new Uri($"{(server.Scheme == "https" ? "wss" : "ws")}://{server.Authority}/socket"), through, TestContext.Current.CancellationToken);
        return new TestSocket(socket);
    }

    /// <summary>Opens and authenticates.</summary>
    public static Task<TestSocket> ConnectAsync(MessagingServer server, PlainDevice device, uint window = Limits.MaximumWindow) =>
        ConnectAsync(server.Address, server.Token(device), window);

    /// <summary>Opens and authenticates.</summary>
    public static async Task<TestSocket> ConnectAsync(Uri server, string token, uint window = Limits.MaximumWindow)
    {
        TestSocket socket = await OpenAsync(server);
        await socket.SendAsync(new ClientFrame { Hello = new Hello { Token = token, Window = window } });
        ServerFrame ready = await socket.NextFrameAsync();
        Assert.Equal(ServerFrame.FrameOneofCase.Ready, ready.FrameCase);
        return socket;
    }

    public Task SendAsync(ClientFrame frame) => SendAsync(frame.ToByteArray());

    public Task SendAsync(byte[] bytes, WebSocketMessageType type = WebSocketMessageType.Binary, bool end = true) =>
        _socket.SendAsync(bytes, type, end, TestContext.Current.CancellationToken);

    public Task AckAsync(Id stream, ulong seq) =>
        SendAsync(new ClientFrame { Ack = new Ack { Stream = ByteString.CopyFrom(stream.ToArray()), Seq = seq } });

    /// <summary>Appends and awaits the answer, whatever is delivered before it.</summary>
    public async Task<ServerFrame> AppendAsync(Append append)
    {
        await SendAsync(new ClientFrame { Append = append });
        return await AnswerAsync();
    }

    /// <summary>The next frame that is not a delivery.</summary>
    public async Task<ServerFrame> AnswerAsync()
    {
        while (_others.Count == 0)
            Sort(await ReceiveAsync() ?? throw new InvalidOperationException($"closed: {CloseStatus}"));
        return _others.Dequeue();
    }

    /// <summary>The next delivered entry.</summary>
    public async Task<Entry> EntryAsync()
    {
        while (_entries.Count == 0)
            Sort(await ReceiveAsync() ?? throw new InvalidOperationException($"closed: {CloseStatus}"));
        return _entries.Dequeue();
    }

    /// <summary>The next frame of any kind that was not taken yet.</summary>
    public async Task<ServerFrame> NextFrameAsync() =>
        await ReceiveAsync() ?? throw new InvalidOperationException($"closed: {CloseStatus}");

    /// <summary>Entries that have arrived before an answer to a ping: everything the server had for this socket.</summary>
    public async Task<List<Entry>> SettledAsync()
    {
        await SendAsync(new ClientFrame { Ping = new Ping { Id = 77 } });
        while ((await AnswerAsync()).FrameCase != ServerFrame.FrameOneofCase.Pong)
        {
        }
        List<Entry> entries = [.. _entries];
        _entries.Clear();
        return entries;
    }

    /// <summary>Reads until the server closes; what it said last, and how.</summary>
    public async Task<(string? Code, WebSocketCloseStatus? Status)> ClosedAsync()
    {
        string? code = null;
        while (await ReceiveAsync() is { } frame)
        {
            Assert.Null(code); // nothing follows Closing
            code = frame.Closing?.Code;
        }
        return (code, CloseStatus);
    }

    public async ValueTask DisposeAsync()
    {
        if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            try
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
                while (await ReceiveAsync() is not null)
                {
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException)
            {
                // It was closing from the other side.
            }
        }
        _socket.Dispose();
    }

    void Sort(ServerFrame frame)
    {
        if (frame.FrameCase == ServerFrame.FrameOneofCase.Deliver)
        {
            foreach (Entry entry in frame.Deliver.Entries)
                _entries.Enqueue(entry);
        }
        else
        {
            _others.Enqueue(frame);
        }
    }

    async Task<ServerFrame?> ReceiveAsync()
    {
        byte[] buffer = new byte[Limits.FrameBytes + 1];
        int length = 0;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Awaited.Patience);
        while (true)
        {
            ValueWebSocketReceiveResult got;
            try
            {
                got = await _socket.ReceiveAsync(buffer.AsMemory(length), patience.Token);
            }
            catch (WebSocketException)
            {
                return null;
            }
            if (got.MessageType == WebSocketMessageType.Close)
            {
                if (_socket.State == WebSocketState.CloseReceived)
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
                return null;
            }
            length += got.Count;
            if (got.EndOfMessage)
                return ServerFrame.Parser.ParseFrom(buffer.AsSpan(0, length));
        }
    }
}

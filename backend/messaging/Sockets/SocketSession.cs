using System.Buffers;
using System.Net.WebSockets;
using Google.Protobuf;
using Kavalek.Messaging.Access;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Sockets;

/// <summary>One socket from its upgrade to its end (docs/PROTOCOL.md §6.4). This part reads and acts on what the client sends.</summary>
sealed partial class SocketSession
{
    /// <summary>Appends that may wait for their answer; then the session stops reading.</summary>
    const int WaitingAppends = 1_024;
    const int WaitingBytes = 4 << 20;
    const int FirstBufferBytes = 4 * 1024;

    static readonly TimeSpan Silence = TimeSpan.FromSeconds(Limits.HeartbeatSeconds);
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Stalled = TimeSpan.FromSeconds(30);

    readonly SocketServices _services;
    readonly TransportStream _transport;
    readonly Action _abort;
    readonly Lock _gate = new();
    Principal? _principal;
    TokenBucket _frames, _ephemerals;
    long _heard, _closingSince;
    int _waitingAppends, _waitingBytes;
    TaskCompletionSource? _room;

    public SocketSession(SocketServices services, TransportStream transport, Action abort)
    {
        (_services, _transport, _abort) = (services, transport, abort);
        _frames = new TokenBucket(services.Options.FramesPerSecond, services.Options.FrameBurst);
        _ephemerals = new TokenBucket(services.Options.EphemeralsPerSecond, services.Options.EphemeralBurst);
        _heard = services.Clock.GetTimestamp();
        transport.Written = Write;
    }

    /// <summary>Whose socket it is, once it has authenticated.</summary>
    public Principal? Principal => _principal;

    Id Device => _principal!.Device;

    /// <summary>Reads frames until the socket ends.</summary>
    public async Task RunAsync(WebSocket socket)
    {
        using (ITimer deadline = _services.Clock.CreateTimer(
            static session => ((SocketSession)session!).CloseUnlessAuthenticated(), this, TimeSpan.FromSeconds(Limits.HelloSeconds), Timeout.InfiniteTimeSpan))
        {
            if (!await ReadFirstAsync(socket))
                return;
        }
        await ReadAsync(socket, Limits.FrameBytes, once: false);
    }

    /// <summary>Ends it: a last frame with the reason if there is one, then the close frame; nothing else is sent after this.</summary>
    public void Close(string? code, WebSocketCloseStatus status = WebSocketCloseStatus.PolicyViolation)
    {
        lock (_gate)
        {
            if (_closing)
                return;
            _closing = true;
            _closingSince = _services.Clock.GetTimestamp();
            DropDeliveries();
            if (code is not null)
                Write(FrameWriter.Message(new ServerFrame { Closing = new Closing { Code = code } }));
            Write(FrameWriter.Close((ushort)status));
            _finished = true;
            _room?.TrySetResult();
        }
    }

    /// <summary>Looks at the clock: called every second.</summary>
    public void Check(DateTimeOffset now)
    {
        TimeProvider clock = _services.Clock;
        if (_closing)
        {
            if (clock.GetElapsedTime(_closingSince) > Grace)
                _abort();
        }
        else if (_principal is { } principal && principal.Expires <= now)
        {
            Close(ErrorCodes.TokenExpired);
        }
        else if (_writingSince is not 0 and var since && clock.GetElapsedTime(since) > Stalled)
        {
            Close(ErrorCodes.SlowReader);
        }
        else if (_principal is not null && clock.GetElapsedTime(_heard) > Silence)
        {
            Close(null);
        }
    }

    void CloseUnlessAuthenticated()
    {
        if (_principal is null)
            Close(ErrorCodes.Unauthenticated);
    }

    async Task<bool> ReadFirstAsync(WebSocket socket) => await ReadAsync(socket, Limits.HelloBytes, once: true);

    /// <summary>Reads messages and handles them; true if it read the one message it was asked for, false when the socket ended.</summary>
    async Task<bool> ReadAsync(WebSocket socket, int limit, bool once)
    {
        byte[]? buffer = null;
        try
        {
            int length = 0;
            while (true)
            {
                if (length == 0 && !_transport.HasBuffered)
                {
                    // Nothing is here: an idle socket holds no buffer.
                    Release(ref buffer);
                    ValueWebSocketReceiveResult waited = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
                    if (waited.MessageType == WebSocketMessageType.Close)
                        return Ended();
                    if (waited.EndOfMessage)
                    {
                        Close(null, WebSocketCloseStatus.ProtocolError); // an empty message
                        continue;
                    }
                }
                buffer ??= ArrayPool<byte>.Shared.Rent(Math.Min(FirstBufferBytes, limit));
                ValueWebSocketReceiveResult got = await socket.ReceiveAsync(buffer.AsMemory(length, Math.Min(buffer.Length, limit) - length), CancellationToken.None);
                length += got.Count;
                if (got.MessageType == WebSocketMessageType.Close)
                    return Ended();
                if (_closing)
                {
                    length = 0; // Only the client's close frame is awaited.
                    continue;
                }
                _heard = _services.Clock.GetTimestamp();
                if (got.MessageType == WebSocketMessageType.Text)
                {
                    Close(null, WebSocketCloseStatus.InvalidMessageType);
                }
                else if (got.EndOfMessage)
                {
                    await HandleAsync(buffer.AsMemory(0, length));
                    if (once)
                        return !_closing || await DrainAsync(socket);
                }
                else if (length == limit)
                {
                    Close(null, WebSocketCloseStatus.MessageTooBig);
                }
                else
                {
                    if (length == buffer.Length)
                        Grow(ref buffer, length);
                    continue;
                }
                length = 0;
            }
        }
        finally
        {
            Release(ref buffer);
        }
    }

    /// <summary>After a refused first frame: waits for the client's close frame.</summary>
    async Task<bool> DrainAsync(WebSocket socket)
    {
        await ReadAsync(socket, Limits.FrameBytes, once: false);
        return false;
    }

    bool Ended()
    {
        Close(null, WebSocketCloseStatus.NormalClosure);
        return false;
    }

    static void Grow(ref byte[] buffer, int length)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 4, Limits.FrameBytes));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    static void Release(ref byte[]? buffer)
    {
        if (buffer is not null)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = null;
    }

    ValueTask HandleAsync(ReadOnlyMemory<byte> frame)
    {
        if (!TryUnwrap(frame.Span, out int kind, out int offset, out int length))
        {
            Close(null, WebSocketCloseStatus.ProtocolError);
            return default;
        }
        ReadOnlyMemory<byte> body = frame.Slice(offset, length);
        if (_principal is null)
        {
            if (kind == (int)ClientFrame.FrameOneofCase.Hello)
                return HelloAsync(body);
            Close(ErrorCodes.Unauthenticated);
            return default;
        }
        if (!_frames.TryTake(_services.Clock))
        {
            Close(ErrorCodes.RateLimited);
            return default;
        }
        switch ((ClientFrame.FrameOneofCase)kind)
        {
            case ClientFrame.FrameOneofCase.Append when ReadAppend(body.Span) is { } append:
                return AppendAsync(append);
            case ClientFrame.FrameOneofCase.Ack when ReadAck(body.Span) is { } ack:
                Acknowledge(ack.Stream, ack.Seq);
                return default;
            case ClientFrame.FrameOneofCase.Ephemeral when ReadEphemeral(body.Span) is { } ephemeral:
                Relay(ephemeral);
                return default;
            case ClientFrame.FrameOneofCase.Reauth when ReadToken(body.Span) is { } hello:
                return ReauthAsync(hello.Token);
            case ClientFrame.FrameOneofCase.Ping when ReadPing(body.Span) is { } ping:
                Write(FrameWriter.Message(new ServerFrame { Pong = new Pong { Id = ping } }));
                return default;
            default:
                Close(null, WebSocketCloseStatus.ProtocolError);
                return default;
        }
    }

    async ValueTask HelloAsync(ReadOnlyMemory<byte> body)
    {
        if (ReadToken(body.Span) is not { Window: > 0 } hello)
        {
            Close(null, WebSocketCloseStatus.ProtocolError);
            return;
        }
        if (await _services.Tokens.ValidateAsync(hello.Token) is not { } principal)
        {
            Close(ErrorCodes.Unauthenticated);
            return;
        }
        _principal = principal;
        if (!_services.Sockets.Admit(this))
        {
            Close(ErrorCodes.RateLimited);
            return;
        }
        // A session that ended just now was looked for among the sockets before this one said whose it is.
        if (await _services.Tokens.ValidateAsync(hello.Token) is null)
        {
            Close(ErrorCodes.DeviceRemoved);
            return;
        }
        // What the device acknowledged on an earlier socket is stored first, so that nothing of it is delivered again.
        if ((await _services.Writer.DoAsync(new SettleOperation())).Code is { } code)
        {
            Close(code);
            return;
        }
        _window = (int)Math.Min(hello.Window, Limits.MaximumWindow);
        Write(FrameWriter.Message(new ServerFrame { Ready = new Ready { Window = (uint)_window, HeartbeatSeconds = Limits.HeartbeatSeconds } }));
        OpenAll();
    }

    async ValueTask ReauthAsync(string token)
    {
        if (await _services.Tokens.ValidateAsync(token) is { } principal && principal.Device == Device && principal.Account == _principal!.Account)
            _principal = principal;
        else
            Close(ErrorCodes.Unauthenticated);
    }

    async ValueTask AppendAsync(AppendOperation append)
    {
        int waiting = Interlocked.Increment(ref _waitingAppends);
        int bytes = Interlocked.Add(ref _waitingBytes, append.Bytes);
        if (!_services.Writer.TryAdd(append))
        {
            append.Outcome = Outcome.Refused(ErrorCodes.Unavailable);
            append.Answer();
        }
        else if (waiting >= WaitingAppends || bytes >= WaitingBytes)
        {
            await RoomAsync();
        }
    }

    /// <summary>Waits until half of the waiting appends are answered.</summary>
    Task RoomAsync()
    {
        lock (_gate)
        {
            if (_closing || HasRoom)
                return Task.CompletedTask;
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    bool HasRoom => Volatile.Read(ref _waitingAppends) <= WaitingAppends / 2 && Volatile.Read(ref _waitingBytes) <= WaitingBytes / 2;

    /// <summary>Called by the writer when an append is stored or refused.</summary>
    void Answer(AppendOperation append)
    {
        if (append is { Outcome.Code: ErrorCodes.StaleEpoch, Kind: Kind.Commit })
            _services.Sockets.GiveBackCommit(Device);
        if (append.Outcome.Code is null)
            _services.Sockets.CountStored();
        else if (append.Refusal is null)
            _services.Intake.GiveBack(_principal!.Account, Device, AppendOperation.Stored(append.Payload.Length, append.Change));
        lock (_gate)
        {
            _waitingAppends--;
            _waitingBytes -= append.Bytes;
            if (_closing)
                return;
            if (append.Outcome.Code is null)
            {
                WriteAppended(append);
            }
            else
            {
                Write(FrameWriter.Message(new ServerFrame
                {
                    Rejected = new Rejected
                    {
                        Stream = ByteString.CopyFrom(append.Stream.Id.ToArray()),
                        Id = ByteString.CopyFrom(append.Id.ToArray()),
                        Code = append.Outcome.Code,
                        Epoch = append.Outcome.Epoch,
                    },
                }));
            }
            if (_room is not null && HasRoom)
            {
                _room.TrySetResult();
                _room = null;
            }
        }
    }

    void Relay(EphemeralSent ephemeral)
    {
        lock (_gate)
        {
            if (!_feeds.TryGetValue(ephemeral.Stream, out Feed? feed) || feed.Limit != ulong.MaxValue || feed.Stream.Inbox || !_ephemerals.TryTake(_services.Clock))
                return;
        }
        _services.Bus.Publish(ephemeral);
    }
}

using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Threading.Channels;
using Google.Protobuf;
using Kavalek.Mls;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>The socket to the server (docs/PROTOCOL.md §6.4): connects, stays connected, matches answers to appends, renews its token.</summary>
sealed class ServerLink(ITransport transport, Tokens tokens, StreamsApi streams, EventHub events, TimeProvider clock, ICryptoProvider crypto) : IAsyncDisposable
{
    const uint Window = 256;
    static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(20), AnswerTime = TimeSpan.FromSeconds(20);
    static readonly TimeSpan TakeoverPause = TimeSpan.FromSeconds(30), TakeoverTime = TimeSpan.FromMinutes(10);
    static readonly TimeSpan BrokenPause = TimeSpan.FromSeconds(10);

    readonly Channel<LinkEvent> _incoming = Channel.CreateUnbounded<LinkEvent>(new UnboundedChannelOptions { SingleReader = true });
    readonly ConcurrentDictionary<(Id Stream, Id Entry), TaskCompletionSource<AppendOutcome>> _waiting = new();
    readonly SemaphoreSlim _sending = new(1, 1);
    readonly Lock _lock = new();
    readonly BackOff _backOff = new(crypto);
    ITransportSocket? _socket;
    CancellationTokenSource? _connection;
    CancellationTokenSource? _running;
    KavalekException? _broken;
    Task _run = Task.CompletedTask;
    ConnectionState _state;
    bool _heard;

    /// <summary>What comes, in order.</summary>
    public ChannelReader<LinkEvent> Incoming => _incoming.Reader;

    /// <summary>How it is connected.</summary>
    public ConnectionState State
    {
        get
        {
            lock (_lock) return _state;
        }
    }

    /// <summary>Connects and stays connected until <see cref="StopAsync"/>. Returns at once.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_running is not null && !_run.IsCompleted) return;
            _running = new CancellationTokenSource();
            _run = RunAsync(_running.Token);
        }
    }

    /// <summary>Disconnects.</summary>
    public async Task StopAsync()
    {
        Task run;
        lock (_lock)
        {
            _running?.Cancel();
            run = _run;
        }
        await run.ConfigureAwait(false);
    }

    /// <summary>Says that everything delivered so far is processed: from Syncing to Online.</summary>
    public void CaughtUp() => Set(ConnectionState.Online, from: ConnectionState.Syncing);

    /// <summary>Gives the connection up, which is good for nothing, and says why; the next one follows after a pause.</summary>
    public async Task BreakAsync(KavalekException why)
    {
        if (Volatile.Read(ref _connection) is not { } connection) return;
        Volatile.Write(ref _broken, why);
        await EndAsync(connection).ConfigureAwait(false);
    }

    /// <summary>
    /// Appends in this order: over the socket where it is up and all payloads fit a frame, over REST otherwise. Never partly over one and partly over
    /// the other, so that nothing overtakes what did not get through. Idempotent by the entries' ids: where an outcome is unknown it throws, and the
    /// caller repeats the same appends.
    /// </summary>
    /// <param name="appends">In their order.</param>
    /// <param name="overSocket">Whether the socket is to be used.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <returns>The outcomes in the same order; over REST, up to the first refusal.</returns>
    /// <exception cref="KavalekException"><see cref="ClientErrors.Offline"/>: unknown whether they were stored.</exception>
    public async Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<Wire.Append> appends, bool overSocket, CancellationToken cancel)
    {
        byte[][] frames = [.. appends.Select(append => new Wire.ClientFrame { Append = append }.ToByteArray())];
        bool fits = appends.All(append => append.Payload.Length <= Limits.InlineBytes) && frames.All(frame => frame.Length <= Limits.FrameBytes);
        if (!overSocket || !fits || Volatile.Read(ref _socket) is not { } socket)
        {
            List<AppendOutcome> outcomes = [];
            foreach (Wire.Append append in appends)
            {
                outcomes.Add(await streams.AppendAsync(append, cancel).ConfigureAwait(false));
                if (outcomes[^1] is AppendRefused) break;
            }
            return outcomes;
        }

        List<((Id, Id) Key, TaskCompletionSource<AppendOutcome> Answer)> waiting = [];
        foreach (Wire.Append append in appends)
        {
            var key = (Id.Read(append.Stream.Span), Id.Read(append.Id.Span));
            waiting.Add((key, _waiting.GetOrAdd(key, _ => new(TaskCreationOptions.RunContinuationsAsynchronously))));
        }
        try
        {
            foreach (byte[] frame in frames) await SendAsync(socket, frame, cancel).ConfigureAwait(false);
            // The socket may have gone meanwhile: then nobody else will answer.
            if (Volatile.Read(ref _socket) != socket)
                foreach ((_, TaskCompletionSource<AppendOutcome> answer) in waiting) answer.TrySetException(Lost());
            return await Task.WhenAll(waiting.Select(item => item.Answer.Task)).WaitAsync(AnswerTime, clock, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            // A connection that takes and never answers is none, though its heart may beat.
            if (Volatile.Read(ref _socket) == socket && Volatile.Read(ref _connection) is { } connection) await EndAsync(connection).ConfigureAwait(false);
            throw Lost(e);
        }
        finally
        {
            foreach (((Id, Id) key, TaskCompletionSource<AppendOutcome> answer) in waiting)
            {
                _waiting.TryRemove(new(key, answer));
                _ = answer.Task.Exception; // one is told for all
            }
        }
    }

    /// <summary>Acknowledges everything of the stream up to and with <paramref name="seq"/>; dropped while the socket is down, since the entries then come again.</summary>
    public ValueTask AckAsync(Id stream, ulong seq, CancellationToken cancel) =>
        SendIfUpAsync(new Wire.ClientFrame { Ack = new Wire.Ack { Stream = Bytes(stream), Seq = seq } }, cancel);

    /// <summary>Relays up to 1 KiB to the connected devices of the stream; dropped while the socket is down.</summary>
    public ValueTask SendEphemeralAsync(Id stream, ReadOnlyMemory<byte> payload, CancellationToken cancel) =>
        SendIfUpAsync(new Wire.ClientFrame { Ephemeral = new Wire.Ephemeral { Stream = Bytes(stream), Payload = ByteString.CopyFrom(payload.Span) } }, cancel);

    /// <summary>Disconnects for good.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _incoming.Writer.TryComplete();
    }

    async Task RunAsync(CancellationToken cancel)
    {
        // Off the caller's thread and lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        KavalekException? reason = null;
        DateTimeOffset? replaced = null;
        while (!cancel.IsCancellationRequested)
        {
            Set(ConnectionState.Connecting, reason);
            reason = await ConnectOnceAsync(cancel).ConfigureAwait(false);
            if (cancel.IsCancellationRequested) break;
            // Nobody may connect, or a newer program of this device took over twice: trying again would only make it worse.
            if (reason.Code is ErrorCodes.SessionEnded or ErrorCodes.DeviceRemoved or ClientErrors.DeviceWaits) break;
            bool took = reason.Code == ErrorCodes.Replaced;
            if (took && clock.GetUtcNow() - replaced < TakeoverTime) break;
            // Once may have been a connection of this device's own past, that the server saw late.
            if (took) replaced = clock.GetUtcNow();
            Task pause = Task.Delay(took ? TakeoverPause : _backOff.Next(_broken is null ? reason.RetryAfter : BrokenPause), clock, cancel);
            Set(took ? ConnectionState.Offline : ConnectionState.Connecting, reason);
            await pause.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Set(ConnectionState.Offline, cancel.IsCancellationRequested ? null : reason);
    }

    /// <summary>One connection from beginning to end; gives why it ended.</summary>
    async Task<KavalekException> ConnectOnceAsync(CancellationToken cancel)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bool up = false;
        KavalekException reason;
        Task beat = Task.CompletedTask;
        Volatile.Write(ref _broken, null);
        try
        {
            string token = await tokens.MessagingAsync(cancel).ConfigureAwait(false);
            await using ITransportSocket socket = await OpenAsync(token, cancel).ConfigureAwait(false);
            Wire.Ready ready = await HandshakeAsync(socket, cancel).ConfigureAwait(false);
            Volatile.Write(ref _connection, ended);
            Volatile.Write(ref _socket, socket);
            up = true;
            Set(ConnectionState.Syncing);
            _incoming.Writer.TryWrite(new LinkUp());
            beat = BeatAsync(socket, token, ready.HeartbeatSeconds, ended);
            reason = await ReceiveAsync(socket, ended.Token).ConfigureAwait(false);
        }
        catch (KavalekException e)
        {
            reason = e;
        }
        catch (Exception e) when (e is WebSocketException or HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            reason = Lost(e);
        }
        catch (Exception e)
        {
            // Else nothing would ever connect again, and nobody would know.
            reason = Setback.InWords(e);
            Volatile.Write(ref _broken, reason);
        }
        finally
        {
            Volatile.Write(ref _socket, null);
            Volatile.Write(ref _connection, null);
            await ended.CancelAsync().ConfigureAwait(false);
            await beat.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (TaskCompletionSource<AppendOutcome> waiting in _waiting.Values) waiting.TrySetException(Lost());
        }
        reason = Volatile.Read(ref _broken) ?? reason;
        if (up) _incoming.Writer.TryWrite(new LinkDown(reason));
        return reason;
    }

    static async Task EndAsync(CancellationTokenSource connection)
    {
        try
        {
            await connection.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    async Task<ITransportSocket> OpenAsync(string token, CancellationToken cancel)
    {
        using CancellationTokenSource late = new(HandshakeTime, clock);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        ITransportSocket socket = await transport.ConnectAsync(both.Token).ConfigureAwait(false);
        try
        {
            await SendAsync(socket, new Wire.ClientFrame { Hello = new Wire.Hello { Token = token, Window = Window } }.ToByteArray(), both.Token).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            await socket.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    async Task<Wire.Ready> HandshakeAsync(ITransportSocket socket, CancellationToken cancel)
    {
        using CancellationTokenSource late = new(HandshakeTime, clock);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        Wire.ServerFrame first = Parse(await socket.ReceiveAsync(both.Token).ConfigureAwait(false) ?? throw Lost());
        return first.FrameCase switch
        {
            Wire.ServerFrame.FrameOneofCase.Ready => first.Ready,
            Wire.ServerFrame.FrameOneofCase.Closing => throw await ClosingAsync(first.Closing.Code, cancel).ConfigureAwait(false),
            _ => throw ServerErrors.Misbehaves("began a connection with something else than it should"),
        };
    }

    async Task<KavalekException> ReceiveAsync(ITransportSocket socket, CancellationToken cancel)
    {
        while (await socket.ReceiveAsync(cancel).ConfigureAwait(false) is { } bytes)
        {
            Volatile.Write(ref _heard, true);
            Wire.ServerFrame frame = Parse(bytes);
            switch (frame.FrameCase)
            {
                case Wire.ServerFrame.FrameOneofCase.Deliver:
                    // It reached somebody who delivers: a connection that only ever gets as far as Ready is no success.
                    _backOff.Reset();
                    if (!frame.Deliver.Entries.All(StreamsApi.IsEntry)) throw ServerErrors.Misbehaves("delivered something that is no entry");
                    foreach (Wire.Entry entry in frame.Deliver.Entries)
                        _incoming.Writer.TryWrite(new LinkEntry(entry.Detached ? await FetchAsync(entry, cancel).ConfigureAwait(false) : entry));
                    break;
                case Wire.ServerFrame.FrameOneofCase.Appended:
                    Answer(frame.Appended.Stream, frame.Appended.Id, new AppendStored(frame.Appended.Seq, frame.Appended.Epoch));
                    break;
                case Wire.ServerFrame.FrameOneofCase.Rejected:
                    Answer(frame.Rejected.Stream, frame.Rejected.Id, new AppendRefused(frame.Rejected.Code, frame.Rejected.Epoch));
                    break;
                case Wire.ServerFrame.FrameOneofCase.Ephemeral:
                    _incoming.Writer.TryWrite(new LinkEphemeral(frame.Ephemeral));
                    break;
                case Wire.ServerFrame.FrameOneofCase.Pong:
                    _backOff.Reset();
                    break;
                case Wire.ServerFrame.FrameOneofCase.Closing:
                    return await ClosingAsync(frame.Closing.Code, cancel).ConfigureAwait(false);
            }
        }
        return Lost();
    }

    /// <summary>Why the server closes. Where it is about the token, the other service knows whether the session is over or a new token helps.</summary>
    async Task<KavalekException> ClosingAsync(string code, CancellationToken cancel)
    {
        if (code is not (ErrorCodes.DeviceRemoved or ErrorCodes.Unauthenticated or ErrorCodes.TokenExpired)) return ServerErrors.For(code);
        try
        {
            await tokens.RefreshAsync(cancel).ConfigureAwait(false);
            return Lost();
        }
        catch (KavalekException e)
        {
            return e;
        }
    }

    /// <summary>Pings, notices silence, and renews the token before it expires.</summary>
    async Task BeatAsync(ITransportSocket socket, string token, uint heartbeatSeconds, CancellationTokenSource ended)
    {
        TimeSpan half = TimeSpan.FromSeconds(Math.Clamp(heartbeatSeconds, 2, Limits.HeartbeatSeconds) / 2.0);
        CancellationToken cancel = ended.Token;
        int silent = 0;
        try
        {
            for (ulong id = 1; ; id++)
            {
                await SendAsync(socket, new Wire.ClientFrame { Ping = new Wire.Ping { Id = id } }.ToByteArray(), cancel).ConfigureAwait(false);
                await Task.Delay(half, clock, cancel).ConfigureAwait(false);
                silent = Interlocked.Exchange(ref _heard, false) ? 0 : silent + 1;
                if (silent == 2) break;
                string fresh = await FreshTokenAsync(token, cancel).ConfigureAwait(false);
                if (fresh == token) continue;
                await SendAsync(socket, new Wire.ClientFrame { Reauth = new Wire.Reauth { Token = fresh } }.ToByteArray(), cancel).ConfigureAwait(false);
                token = fresh;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The receiving side says what is wrong with the socket, and the next connection what is wrong with the session, or with this device.
        }
        await ended.CancelAsync().ConfigureAwait(false);
    }

    async Task<string> FreshTokenAsync(string token, CancellationToken cancel)
    {
        try
        {
            return await tokens.MessagingAsync(cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code is not ErrorCodes.SessionEnded)
        {
            return token;
        }
    }

    async Task<Wire.Entry> FetchAsync(Wire.Entry detached, CancellationToken cancel)
    {
        Wire.EntryList page = await streams.EntriesAsync(Id.Read(detached.Stream.Span), detached.Seq - 1, 1, cancel).ConfigureAwait(false);
        return page.Entries.FirstOrDefault(entry => entry.Seq == detached.Seq) ?? detached;
    }

    void Answer(ByteString stream, ByteString entry, AppendOutcome outcome)
    {
        if (Id.TryRead(stream.Span, out Id streamId) && Id.TryRead(entry.Span, out Id entryId) && _waiting.TryGetValue((streamId, entryId), out var waiting))
            waiting.TrySetResult(outcome);
    }

    async ValueTask SendIfUpAsync(Wire.ClientFrame frame, CancellationToken cancel)
    {
        if (Volatile.Read(ref _socket) is not { } socket) return;
        try
        {
            await SendAsync(socket, frame.ToByteArray(), cancel).ConfigureAwait(false);
        }
        catch (KavalekException)
        {
            // Down in this moment.
        }
    }

    async Task SendAsync(ITransportSocket socket, byte[] frame, CancellationToken cancel)
    {
        await _sending.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            // A cancelled send would tear the whole socket down: the caller stops waiting, the frame goes out.
            await socket.SendAsync(frame, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            throw Lost(e);
        }
        finally
        {
            _sending.Release();
        }
    }

    void Set(ConnectionState state, KavalekException? reason = null, ConnectionState? from = null)
    {
        lock (_lock)
        {
            if (from is not null && _state != from) return;
            if (_state == state && reason is null) return;
            _state = state;
            // Inside the lock, so that the events come in the order of the states.
            events.Publish(new ConnectionChanged(state, reason));
        }
    }

    static Wire.ServerFrame Parse(byte[] bytes) =>
        UntrustedMessage.TryRead(Wire.ServerFrame.Parser, bytes, out Wire.ServerFrame? frame) ? frame : throw ServerErrors.Misbehaves("sent something that cannot be read");

    static ByteString Bytes(Id id) => ByteString.CopyFrom(id.ToArray());

    KavalekException Lost(Exception? inner = null) => new(ClientErrors.Offline,
        $"The connection to {transport.Server.Host} broke. It is being restored; what you sent is kept and goes out then.", nothingChanged: false, inner);
}

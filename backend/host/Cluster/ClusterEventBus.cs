using System.Collections.Concurrent;
using Kavalek.Protocol;

namespace Kavalek.Host;

/// <summary>
/// The event bus of several nodes. What happens in a stream goes through Redis, one channel a stream, payload inline: fast, and lost where Redis is. What
/// must arrive goes through PostgreSQL (<see cref="NewsLog"/>). Listeners of this node are called at once, on the publisher's thread.
/// </summary>
internal sealed class ClusterEventBus : IEventBus, IPresence, IHostedService, IAsyncDisposable
{
    const string PresenceSeconds = "45";

    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    static readonly TimeSpan PresenceEvery = TimeSpan.FromSeconds(15);

    readonly InProcessEventBus _here = new();
    readonly ConcurrentDictionary<StreamName, int> _listening = new();
    readonly Lock _gate = new();
    readonly Id _node = Id.New();
    // Stands in a device's note for this node: random, and new at each start.
    readonly string _mark = Id.New().ToString();
    readonly Lock _noting = new();
    readonly NewsLog _news;
    readonly ChannelSeal _seal;
    readonly RedisConnection _redis;
    readonly TimeProvider _clock;
    readonly ILogger<ClusterEventBus> _log;
    readonly ConcurrentDictionary<Id, bool> _connected = new();
    ITimer? _timer, _presence;
    bool _disposed;

    public ClusterEventBus(string postgres, RedisAddress redis, TimeProvider clock, ILogger<ClusterEventBus> log)
    {
        (_clock, _log) = (clock, log);
        _news = new NewsLog(postgres, _node, _here.Publish, clock, log);
        _seal = new ChannelSeal(_news.Key);
        _redis = new RedisConnection(redis, Hear, Changed, clock, Refused);
    }

    /// <inheritdoc/>
    public bool IsShared => true;

    /// <inheritdoc/>
    public bool IsLive => _redis.IsLive;

    /// <summary>Whether what other nodes must not miss gets to them (<see cref="NewsLog"/>).</summary>
    public bool IsTelling => _news.IsTelling;

    /// <inheritdoc/>
    public Task SettledAsync() => _redis.PingAsync();

    /// <inheritdoc/>
    public void Publish(BusEvent news)
    {
        _here.Publish(news);
        switch (news)
        {
            case StreamEvent ofStream:
                Send(Channel(ofStream.Stream), EventCodec.Write(_node, news));
                break;
            case DevicesSubscribed subscribed:
                // A node that has the device's socket listens to its inbox.
                byte[] message = EventCodec.Write(_node, news);
                foreach (Id device in subscribed.Devices)
                    Send(Channel(new StreamName(device, Inbox: true)), message);
                break;
            default:
                _news.Tell(news);
                break;
        }
    }

    /// <inheritdoc/>
    public IDisposable Listen(Action<BusEvent> listener) => _here.Listen(listener);

    /// <inheritdoc/>
    public IDisposable Listen(StreamName stream, Action<StreamEvent> listener)
    {
        IDisposable here = _here.Listen(stream, listener);
        lock (_gate)
        {
            if (_listening.AddOrUpdate(stream, 1, (_, count) => count + 1) == 1)
                _redis.Subscribe(Channel(stream));
        }
        return new Listening(() =>
        {
            here.Dispose();
            lock (_gate)
            {
                if (_listening.AddOrUpdate(stream, 0, (_, count) => count - 1) == 0 && _listening.TryRemove(stream, out _))
                    _redis.Unsubscribe(Channel(stream));
            }
        });
    }

    /// <inheritdoc/>
    public void Connected(Id device)
    {
        lock (_noting)
        {
            _connected[device] = true;
            Note(device);
        }
    }

    /// <inheritdoc/>
    public void Gone(Id device)
    {
        if (_connected.TryRemove(device, out _))
            _ = TakeBackAsync(device);
    }

    // A device that went to another node was noted there before its socket here ended: that note is not ours to delete. What cannot be asked goes by itself.
    async Task TakeBackAsync(Id device)
    {
        try
        {
            if (await _redis.AskAsync("GET", PresenceKey(device)) is not string noted || noted != _mark)
                return;
            lock (_noting)
            {
                if (!_connected.ContainsKey(device))
                    _redis.Send("DEL", PresenceKey(device));
            }
        }
        catch (RespException)
        {
            // It may not ask, which was said (Refused).
        }
    }

    /// <inheritdoc/>
    public async Task<bool> IsElsewhereAsync(Id device)
    {
        try
        {
            return !_connected.ContainsKey(device) && await _redis.AskAsync("EXISTS", PresenceKey(device)) is 1L;
        }
        catch (RespException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // What was revoked before this start is known before anybody connects.
        await _news.ReadAsync();
        _timer = _clock.CreateTimer(_ => _ = _news.ReadAsync(), null, Second, Second);
        _presence = _clock.CreateTimer(_ => NoteAll(), null, PresenceEvery, PresenceEvery);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        _presence?.Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Registered twice, as a bus and as a service that starts, and so disposed of twice.
        if (Interlocked.Exchange(ref _disposed, true)) return;
        _timer?.Dispose();
        _presence?.Dispose();
        await _redis.DisposeAsync();
        await _news.DisposeAsync();
    }

    void Changed(bool live)
    {
        if (live)
        {
            _here.Publish(new EventsMissed());
            NoteAll();
        }
        if (live) _log.LogInformation("connected to Redis");
        else _log.LogWarning("Redis is gone; the database is asked instead");
    }

    // It goes on without: messages come by the database, and a note of who is connected ends by itself.
    void Refused(string command, string why) =>
        _log.LogWarning("Redis refuses {Command} ({Why}); what its user has to be allowed, and how, is in the deployment guide under Upgrading", command, why);

    void Send(string channel, byte[] message)
    {
        if (_redis.IsLive)
            _redis.Publish(channel, _seal.Seal(channel, message));
    }

    void Hear(string channel, ReadOnlyMemory<byte> message)
    {
        // Our own comes back where we listen.
        if (message.Length >= ChannelSeal.Bytes + Limits.IdLength && EventCodec.Node(message.Span[ChannelSeal.Bytes..]) == _node)
            return;
        if (Read(channel, message.Span) is not { } news)
        {
            _log.LogWarning("a message of {Length} bytes on Redis is none of ours", message.Length);
            return;
        }
        _here.Publish(news);
        // It may be an old message, said again by somebody else, of a device that is back: the database knows.
        if (news is DeviceUnsubscribed gone)
            _here.Publish(new DevicesSubscribed(gone.Stream, [gone.Device]));
    }

    BusEvent? Read(string channel, ReadOnlySpan<byte> message)
    {
        try
        {
            return _seal.Open(channel, message) is { } body && EventCodec.Read(body) is { } news && IsOf(channel, news) ? news : null;
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentException or OverflowException or IOException)
        {
            return null;
        }
    }

    // What a node does for good (it deletes what a removed device had, or an account) comes by PostgreSQL alone.
    static bool IsOf(string channel, BusEvent news) => news switch
    {
        StreamEvent ofStream => channel == Channel(ofStream.Stream),
        DevicesSubscribed subscribed => subscribed.Devices.Any(device => channel == Channel(new StreamName(device, Inbox: true))),
        _ => false,
    };

    void NoteAll()
    {
        foreach (Id device in _connected.Keys)
            Note(device);
    }

    void Note(Id device) => _redis.Send("SET", PresenceKey(device), _mark, "EX", PresenceSeconds);

    static string PresenceKey(Id device) => $"kavalek:p:{device}";

    static string Channel(StreamName stream) => $"kavalek:{(stream.Inbox ? "i" : "s")}:{stream.Id}";

    sealed class Listening(Action stop) : IDisposable
    {
        Action? _stop = stop;

        public void Dispose() => Interlocked.Exchange(ref _stop, null)?.Invoke();
    }
}

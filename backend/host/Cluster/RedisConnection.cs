using System.Buffers;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Kavalek.Host;

/// <summary>Where Redis is and who we are there, from a URI: <c>redis://user:password@host:6379</c>, or <c>rediss://</c> for TLS.</summary>
internal sealed record RedisAddress(string Host, int Port, string User, string? Password, bool Tls)
{
    /// <summary>Reads the content of <c>--redis-file</c>.</summary>
    /// <exception cref="InvalidOperationException">It is no such URI.</exception>
    public static RedisAddress Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("redis" or "rediss") || uri.Host.Length == 0)
            throw new InvalidOperationException("The file of --redis-file holds no address like redis://user:password@redis:6379 (rediss:// for TLS).");
        string[] who = uri.UserInfo.Split(':', 2);
        return new RedisAddress(
            uri.Host, uri.Port > 0 ? uri.Port : 6379, who[0].Length > 0 ? Uri.UnescapeDataString(who[0]) : "default",
            who.Length > 1 ? Uri.UnescapeDataString(who[1]) : null, uri.Scheme == "rediss");
    }
}

/// <summary>
/// One connection to Redis in RESP3: commands go out in order, messages of subscribed channels come in. It comes back by itself, ever later up to three
/// seconds, and then subscribes to everything again. Nothing that is sent while it is away is kept: who needs it finds it in the database.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    /// <summary>Bytes waiting to be sent above which messages are dropped: a Redis that does not read must not fill our memory.</summary>
    const int MostWaiting = 64 << 20;

    static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    readonly RedisAddress _address;
    readonly Action<string, ReadOnlyMemory<byte>> _message;
    readonly Action<bool> _changed;
    readonly Action<string, string>? _refused;
    readonly TimeProvider _clock;
    readonly CancellationTokenSource _stopping = new();
    readonly Lock _gate = new();
    readonly HashSet<string> _channels = [];
    readonly HashSet<string> _told = []; // commands whose refusal was told of already
    readonly SemaphoreSlim _something = new(0, 1);
    readonly Task _running;
    Queue<(string Command, TaskCompletionSource<object?>? Reply)> _replies = new();
    ArrayBufferWriter<byte> _out = new(4096), _spare = new(4096);
    bool _live;

    /// <summary>Begins to connect.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="message">Hears each message of a subscribed channel, one at a time; it returns soon and does not throw.</param>
    /// <param name="changed">Hears when the connection is there with all its subscriptions, and when it is gone.</param>
    /// <param name="clock">The time, for waits.</param>
    /// <param name="refused">Hears of a command that Redis does not do for us, and of the first word of why (<c>NOPERM</c>): of each once, until the connection has ended.</param>
    public RedisConnection(RedisAddress address, Action<string, ReadOnlyMemory<byte>> message, Action<bool> changed, TimeProvider clock, Action<string, string>? refused = null)
    {
        (_address, _message, _changed, _clock, _refused) = (address, message, changed, clock, refused);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Whether it is connected and subscribed to everything.</summary>
    public bool IsLive => Volatile.Read(ref _live);

    /// <summary>Whether the server has sharded channels (Redis 7).</summary>
    bool Sharded { get; set; } = true;

    /// <summary>Hears a channel from now on, once the server has read this; see <see cref="PingAsync"/>.</summary>
    public void Subscribe(string channel)
    {
        lock (_gate)
        {
            if (_channels.Add(channel) && _live)
                Tell(Sharded ? "SSUBSCRIBE" : "SUBSCRIBE", channel);
        }
    }

    /// <summary>Does not hear it any more.</summary>
    public void Unsubscribe(string channel)
    {
        lock (_gate)
        {
            if (_channels.Remove(channel) && _live)
                Tell(Sharded ? "SUNSUBSCRIBE" : "UNSUBSCRIBE", channel);
        }
    }

    /// <summary>Sends a message, if there is a connection with room.</summary>
    public void Publish(string channel, ReadOnlySpan<byte> message)
    {
        lock (_gate)
        {
            if (!_live || _out.WrittenCount > MostWaiting)
                return;
            string command = Sharded ? "SPUBLISH" : "PUBLISH";
            _replies.Enqueue((command, null));
            Head(3);
            Bulk(Encoding.ASCII.GetBytes(command));
            Bulk(Encoding.ASCII.GetBytes(channel));
            Bulk(message);
            Wake();
        }
    }

    /// <summary>Sends a command and forgets its answer.</summary>
    public void Send(params ReadOnlySpan<string> command)
    {
        lock (_gate)
        {
            if (!_live)
                return;
            Tell(command);
        }
    }

    /// <summary>Sends a command and answers its reply: text, number, or null; null too where there is no connection.</summary>
    public Task<object?> AskAsync(params ReadOnlySpan<string> command)
    {
        lock (_gate)
        {
            return _live ? Ask(command) : Task.FromResult<object?>(null);
        }
    }

    /// <summary>Returns when the server has read all that was sent before; at once where there is no connection.</summary>
    public Task PingAsync() => AskAsync("PING");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
        _something.Dispose();
    }

    async Task RunAsync()
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(50);
        while (!_stopping.IsCancellationRequested)
        {
            bool was = false;
            try
            {
                using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                // Who listens and says nothing is as good as gone.
                using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                patience.CancelAfter(Silence);
                await socket.ConnectAsync(_address.Host, _address.Port, patience.Token);
                await using Stream stream = await SecureAsync(new NetworkStream(socket), patience.Token);
                lock (_gate)
                {
                    (_out, _spare, _replies) = (new(4096), new(4096), new());
                }
                Task writing = WriteAsync(stream, ending.Token);
                Task reading = ReadAsync(new RespReader(stream), ending.Token);
                Task greeting = GreetAsync();
                await Task.WhenAny(reading, writing, greeting, Task.Delay(Timeout.Infinite, patience.Token));
                if (greeting.IsCompletedSuccessfully)
                {
                    was = true;
                    pause = TimeSpan.FromMilliseconds(50);
                    _changed(true);
                    await Task.WhenAny(reading, writing, WatchAsync(ending.Token));
                }
                await ending.CancelAsync();
                socket.Close();
                await Task.WhenAll(Quiet(reading), Quiet(writing));
                _ = Quiet(greeting);
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException or RespException)
            {
                // Not there, or not any more.
            }
            Queue<(string Command, TaskCompletionSource<object?>? Reply)> unanswered;
            lock (_gate)
            {
                _live = false;
                unanswered = _replies;
                _replies = new();
            }
            foreach ((_, TaskCompletionSource<object?>? reply) in unanswered)
                reply?.TrySetResult(null);
            if (was)
            {
                _told.Clear();
                _changed(false);
            }
            try
            {
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), _clock, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    async Task<Stream> SecureAsync(NetworkStream plain, CancellationToken cancel)
    {
        if (!_address.Tls)
            return plain;
        var secure = new SslStream(plain);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = _address.Host }, cancel);
        return secure;
    }

    async Task GreetAsync()
    {
        Task<object?> hello;
        lock (_gate)
            hello = _address.Password is null ? Ask("HELLO", "3") : Ask("HELLO", "3", "AUTH", _address.User, _address.Password);
        if (await hello is not Dictionary<string, object?> server)
            throw new RespException("no HELLO");
        Sharded = server.GetValueOrDefault("version") is not string version || int.Parse(version.Split('.')[0], CultureInfo.InvariantCulture) >= 7;
        Task<object?> settled;
        lock (_gate)
        {
            foreach (string channel in _channels)
                Tell(Sharded ? "SSUBSCRIBE" : "SUBSCRIBE", channel);
            settled = Ask("PING");
            _live = true;
        }
        await settled;
    }

    // A network that was cut says nothing: each silence is broken by a question, and an answer that does not come is the end.
    async Task WatchAsync(CancellationToken cancel)
    {
        while (true)
        {
            await Task.Delay(Silence, _clock, cancel);
            Task<object?> ping = AskAsync("PING");
            if (await Task.WhenAny(ping, Task.Delay(Silence, _clock, cancel)) != ping)
                return;
        }
    }

    async Task WriteAsync(Stream stream, CancellationToken cancel)
    {
        while (true)
        {
            await _something.WaitAsync(cancel);
            ArrayBufferWriter<byte> taken;
            lock (_gate)
            {
                taken = _out;
                // A burst does not keep its memory.
                (_out, _spare) = (_spare.Capacity > 1 << 20 ? new(4096) : _spare, _out);
            }
            if (taken.WrittenCount > 0)
                await stream.WriteAsync(taken.WrittenMemory, cancel);
            taken.ResetWrittenCount();
        }
    }

    async Task ReadAsync(RespReader reader, CancellationToken cancel)
    {
        while (true)
        {
            object? value = await reader.ReadAsync(cancel);
            if (value is RespPush push)
            {
                if (push.Items is [byte[] kind, byte[] channel, byte[] message] && kind.AsSpan().EndsWith("message"u8))
                    _message(Encoding.ASCII.GetString(channel), message);
                else if (push.Items is [byte[] done, ..])
                    Confirm(Encoding.ASCII.GetString(done));
                continue;
            }
            (string Command, TaskCompletionSource<object?>? Reply) asked;
            lock (_gate)
            {
                if (!_replies.TryDequeue(out asked))
                    throw new RespException("an answer to nothing");
            }
            if (value is RespException error)
            {
                Refuse(asked.Command, error);
                asked.Reply?.TrySetException(error);
            }
            else
            {
                asked.Reply?.TrySetResult(value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : value);
            }
        }
    }

    // A subscription that begins or ends is answered by a message of its name, one that is refused by an error, as any command.
    void Confirm(string kind)
    {
        lock (_gate)
        {
            if (_replies.TryPeek(out (string Command, TaskCompletionSource<object?>? Reply) asked) && asked.Command.Equals(kind, StringComparison.OrdinalIgnoreCase))
                _replies.Dequeue();
        }
    }

    // Whoever runs this has to know what is missing; everything else goes on without.
    void Refuse(string command, RespException error)
    {
        string why = error.Message.Split(' ')[0];
        if (_told.Add(command))
            _refused?.Invoke(command, why.Length <= 20 && why.All(char.IsAsciiLetterUpper) ? why : "an error");
    }

    // The gate is held.
    Task<object?> Ask(params ReadOnlySpan<string> command)
    {
        var reply = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _replies.Enqueue((command[0], reply));
        Write(command);
        return reply.Task;
    }

    // The gate is held.
    void Tell(params ReadOnlySpan<string> command)
    {
        _replies.Enqueue((command[0], null));
        Write(command);
    }

    void Write(params ReadOnlySpan<string> command)
    {
        Head(command.Length);
        foreach (string word in command)
            Bulk(Encoding.UTF8.GetBytes(word));
        Wake();
    }

    void Wake()
    {
        if (_something.CurrentCount == 0)
            _something.Release();
    }

    void Head(int words) => Encoding.ASCII.GetBytes($"*{words}\r\n", _out);

    void Bulk(ReadOnlySpan<byte> bytes)
    {
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${bytes.Length}\r\n"), _out);
        _out.Write(bytes);
        _out.Write("\r\n"u8);
    }

    static async Task Quiet(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}

/// <summary>What Redis sent is an error, or no RESP3.</summary>
internal sealed class RespException(string message) : Exception(message);

/// <summary>Something that was not asked for: a message, or that a subscription began or ended.</summary>
internal sealed record RespPush(object?[] Items);

/// <summary>Reads RESP3 values: bytes, texts, numbers, lists, maps, errors, nulls.</summary>
internal sealed class RespReader(Stream stream)
{
    const int MostBytes = 16 << 20, MostValues = 1_024, MostDepth = 8;

    readonly byte[] _buffer = new byte[64 * 1024];
    int _at, _end;
    int _bytes, _values; // of the value that is being read, with all that is in it

    /// <summary>Reads one value: at most 16 MiB and 1,024 values in it, lists within lists eight deep.</summary>
    /// <exception cref="RespException">It is larger, or no RESP3: the connection is of no use any more.</exception>
    public ValueTask<object?> ReadAsync(CancellationToken cancel)
    {
        (_bytes, _values) = (0, 0);
        return ReadAsync(depth: 0, cancel);
    }

    async ValueTask<object?> ReadAsync(int depth, CancellationToken cancel)
    {
        if (depth > MostDepth)
            throw new RespException("too deep");
        string line = await LineAsync(cancel);
        if (line.Length == 0)
            throw new RespException("an empty line");
        string rest = line[1..];
        switch (line[0])
        {
            case '+':
                return rest;
            case '-':
                return new RespException(rest);
            case ':':
                return long.Parse(rest, CultureInfo.InvariantCulture);
            case '_':
                return null;
            case '#':
                return rest == "t";
            case ',':
                return double.Parse(rest, CultureInfo.InvariantCulture);
            case '$':
            case '=':
                int length = int.Parse(rest, CultureInfo.InvariantCulture);
                return length < 0 ? null : await BytesAsync(length, cancel);
            case '*':
            case '~':
                return await ItemsAsync(Count(rest), depth, cancel);
            case '>':
                return new RespPush(await ItemsAsync(Count(rest), depth, cancel));
            case '%':
                Dictionary<string, object?> map = [];
                for (int i = Count(rest); i > 0; i--)
                {
                    object? name = await ReadAsync(depth + 1, cancel);
                    object? value = await ReadAsync(depth + 1, cancel);
                    map[name is byte[] bytes ? Encoding.UTF8.GetString(bytes) : $"{name}"] = value is byte[] text ? Encoding.UTF8.GetString(text) : value;
                }
                return map;
            default:
                throw new RespException("no RESP3");
        }
    }

    // Before there is room for them: a number is no reason to believe that so many will come.
    int Count(string text)
    {
        int count = Math.Max(int.Parse(text, CultureInfo.InvariantCulture), 0);
        if (count > MostValues || (_values += count) > MostValues)
            throw new RespException("too many");
        return count;
    }

    async ValueTask<object?[]> ItemsAsync(int count, int depth, CancellationToken cancel)
    {
        object?[] items = new object?[count];
        for (int i = 0; i < items.Length; i++)
            items[i] = await ReadAsync(depth + 1, cancel);
        return items;
    }

    async ValueTask<byte[]> BytesAsync(int length, CancellationToken cancel)
    {
        if (length > MostBytes || (_bytes += length) > MostBytes)
            throw new RespException("too long");
        byte[] bytes = new byte[length];
        for (int done = 0; done < length;)
        {
            if (_at == _end)
                await FillAsync(cancel);
            int count = Math.Min(length - done, _end - _at);
            _buffer.AsSpan(_at, count).CopyTo(bytes.AsSpan(done));
            _at += count;
            done += count;
        }
        await LineAsync(cancel);
        return bytes;
    }

    async ValueTask<string> LineAsync(CancellationToken cancel)
    {
        while (true)
        {
            int end = _buffer.AsSpan(_at, _end - _at).IndexOf((byte)'\n');
            if (end >= 0)
            {
                string line = Encoding.UTF8.GetString(_buffer, _at, Math.Max(end - 1, 0));
                _at += end + 1;
                return line;
            }
            if (_end - _at > 32 * 1024)
                throw new RespException("too long");
            await FillAsync(cancel);
        }
    }

    async ValueTask FillAsync(CancellationToken cancel)
    {
        if (_at > 0)
        {
            _buffer.AsSpan(_at, _end - _at).CopyTo(_buffer);
            (_at, _end) = (0, _end - _at);
        }
        int count = await stream.ReadAsync(_buffer.AsMemory(_end), cancel);
        if (count == 0)
            throw new IOException("Redis closed the connection");
        _end += count;
    }
}

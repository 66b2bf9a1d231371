using System.Security.Cryptography;
using System.Threading.Channels;
using Kavalek.Postgres;
using Kavalek.Protocol;
using Npgsql;

namespace Kavalek.Host;

/// <summary>
/// News that must not get lost on the way between nodes, as rows in PostgreSQL that each node reads every second: what was revoked, whose devices changed.
/// So a socket closes within seconds of a revocation on any node, with Redis or without. A row is told at least once, and what listeners do bears repeating.
/// </summary>
internal sealed class NewsLog : IAsyncDisposable
{
    const long KeptSeconds = 7 * 24 * 3600;
    const long NoticesKeptSeconds = 15 * 60;

    // Numbers are given out in the order of the commits, so that nobody reads past one that is still to come.
    const string Insert = """
        SELECT pg_advisory_xact_lock(7310034283826791283);
        INSERT INTO news (published, body) VALUES (@now, @body);
        DELETE FROM news WHERE published < @now - @kept
        """;

    const string MakeKey = "INSERT INTO redis_key (one, key) VALUES (1, @key) ON CONFLICT DO NOTHING; SELECT key FROM redis_key";

    const string Select = "SELECT number, published, body FROM news WHERE number > @after ORDER BY number LIMIT 1000";

    readonly PostgresSource _source;
    readonly Id _node;
    readonly Action<BusEvent> _hear;
    readonly TimeProvider _clock;
    readonly ILogger _log;
    readonly Channel<byte[]> _toTell = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    readonly SemaphoreSlim _reading = new(1);
    readonly Task _telling;
    readonly CancellationTokenSource _stopping = new();
    long _after;
    bool _first = true;

    public NewsLog(string connection, Id node, Action<BusEvent> hear, TimeProvider clock, ILogger log)
    {
        (_node, _hear, _clock, _log) = (node, hear, clock, log);
        _source = PostgresSource.Of(connection, "news", 4);
        _source.Migrate(typeof(NewsLog).Assembly);
        Key = ReadKey();
        _telling = Task.Run(TellAsync);
    }

    /// <summary>What the nodes that share the database seal their messages on Redis with: 32 bytes.</summary>
    public byte[] Key { get; }

    /// <summary>Stores it for the other nodes, as soon as that is possible.</summary>
    public void Tell(BusEvent news) => _toTell.Writer.TryWrite(EventCodec.Write(_node, news));

    /// <summary>Whether what is told is stored, now or as soon as the database answers.</summary>
    public bool IsTelling => !_telling.IsCompleted;

    /// <summary>Reads what is new and tells it here.</summary>
    public async Task ReadAsync()
    {
        if (!await _reading.WaitAsync(0))
            return;
        try
        {
            while (await ReadPageAsync())
            {
                // Until nothing is left.
            }
            _first = false;
        }
        catch (Exception e)
        {
            _log.LogWarning("the news of other nodes could not be read: {Error}", Name(e));
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Stores what is still to be told, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _toTell.Writer.TryComplete();
        _stopping.CancelAfter(TimeSpan.FromSeconds(3));
        await _telling;
        await _source.DisposeAsync();
        _stopping.Dispose();
        _reading.Dispose();
    }

    byte[] ReadKey()
    {
        using NpgsqlConnection connection = _source.Open();
        using NpgsqlCommand command = new(MakeKey, connection);
        command.Parameters.AddWithValue("@key", RandomNumberGenerator.GetBytes(32));
        return (byte[])command.ExecuteScalar()!;
    }

    async Task<bool> ReadPageAsync()
    {
        await using NpgsqlConnection connection = await _source.OpenAsync();
        await using NpgsqlCommand command = new(Select, connection);
        command.Parameters.AddWithValue("@after", _after);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync();
        int count = 0;
        while (await row.ReadAsync())
        {
            count++;
            byte[] body = row.GetFieldValue<byte[]>(2);
            // A node that starts hears again what was revoked. Notices of long ago were delivered by others.
            bool old = _first && _clock.GetUtcNow().ToUnixTimeSeconds() - row.GetInt64(1) > NoticesKeptSeconds;
            if (Read(body) is { } news && !(old && news is DevicesChanged or EventsMissed))
                _hear(news);
            _after = row.GetInt64(0);
        }
        return count == 1000;
    }

    // News of another node. What cannot be read now cannot be read the next time either, and what comes behind it is not kept waiting.
    BusEvent? Read(byte[] body)
    {
        try
        {
            return EventCodec.Node(body) == _node ? null : EventCodec.Read(body);
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException or OverflowException)
        {
            _log.LogWarning("news of {Length} bytes are none of ours", body.Length);
            return null;
        }
    }

    async Task TellAsync()
    {
        await foreach (byte[] news in _toTell.Reader.ReadAllAsync())
        {
            for (bool isSaid = false; await TryTellAsync(news) is { } why; isSaid = true)
            {
                if (!isSaid)
                    _log.LogWarning("news for the other nodes could not be stored and are kept until they are: {Error}", Name(why));
                try
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(500), _clock, _stopping.Token);
                }
                catch (OperationCanceledException)
                {
                    return; // Said again at the next start, from what is stored.
                }
            }
        }
    }

    // What was in the way. Whatever it was, the next news are not lost for it: Npgsql tells a connection that died unused like a mistake of the caller.
    async Task<Exception?> TryTellAsync(byte[] news)
    {
        try
        {
            await using NpgsqlConnection connection = await _source.OpenAsync();
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
            await using NpgsqlCommand command = new(Insert, connection);
            command.Parameters.AddWithValue("@now", _clock.GetUtcNow().ToUnixTimeSeconds());
            command.Parameters.AddWithValue("@kept", KeptSeconds);
            command.Parameters.AddWithValue("@body", news);
            await command.ExecuteNonQueryAsync();
            await transaction.CommitAsync();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    static string Name(Exception e) => e is NpgsqlException database ? PostgresError.Name(database) : e.GetType().Name;
}

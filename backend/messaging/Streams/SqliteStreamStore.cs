using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging.Streams;

/// <summary>The writer's SQL on SQLite: nobody else writes, so what is cached is true, and statements run one by one.</summary>
sealed class SqliteStreamStore : StreamStore
{
    const int Constraint = 19, ForeignKey = 787; // SQLITE_CONSTRAINT, SQLITE_CONSTRAINT_FOREIGNKEY

    static readonly string[] s_tables = ["run", "subscriber", "welcome", "welcome_for"];

    readonly SqliteConnection _connection;
    readonly List<Statement> _statements = [];
    readonly Checkpointer _checkpointer;
    readonly Statement _begin, _commit, _rollback, _stream, _subscribers, _runs, _addStream, _moveStream, _addRun, _setSubscriber, _ack,
        _dropSubscriber, _dropRead, _dropReadByAll, _dropEntries, _dropSubscribers, _dropWelcomes, _dropWelcomesFor, _dropStream, _addWelcome,
        _addWelcomeFor, _noticesRead, _unwantedWelcomes, _checkpoint, _peers;
    long _nextStream, _nextRun;

    public SqliteStreamStore(SqliteDatabase database, ILogger log)
    {
        _connection = database.Open();
        _checkpointer = new Checkpointer(database, this, log);
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _rollback = Prepare("ROLLBACK");
        _checkpoint = Prepare("PRAGMA wal_checkpoint(PASSIVE)");

        _peers = Prepare(
            """
            SELECT DISTINCT other.device
              FROM subscriber AS mine JOIN stream ON stream.key = mine.stream AND stream.inbox = 0 JOIN subscriber AS other ON other.stream = mine.stream
             WHERE mine.device = @device AND mine.last IS NULL AND other.last IS NULL
            """,
            "@device");
        _stream = Prepare("SELECT key, epoch, head FROM stream WHERE id = @id AND inbox = @inbox", "@id", "@inbox");
        _subscribers = Prepare("SELECT device, first, last, left_epoch, acked FROM subscriber WHERE stream = @stream", "@stream");
        _runs = Prepare("SELECT first, last, epoch, ids FROM run WHERE stream = @stream ORDER BY last", "@stream");

        _addStream = Prepare(
            "INSERT INTO stream (key, id, inbox, epoch, head, created, rekeyed) VALUES (@key, @id, @inbox, @epoch, @head, @created, @rekeyed)",
            "@key", "@id", "@inbox", "@epoch", "@head", "@created", "@rekeyed");
        _moveStream = Prepare("UPDATE stream SET epoch = @epoch, head = @head, rekeyed = MAX(rekeyed, @rekeyed) WHERE key = @key", "@epoch", "@head", "@rekeyed", "@key");
        _addRun = Prepare(
            """
            INSERT INTO run (key, stream, first, last, epoch, expires, ids, entries, payload)
            VALUES (@key, @stream, @first, @last, @epoch, @expires, @ids, @entries, @payload)
            """,
            "@key", "@stream", "@first", "@last", "@epoch", "@expires", "@ids", "@entries", "@payload");

        _setSubscriber = Prepare(
            """
            INSERT INTO subscriber (stream, device, first, last, left_epoch, acked)
            VALUES (@stream, @device, @first, @last, @left_epoch, @acked)
            ON CONFLICT (stream, device) DO UPDATE
               SET first = excluded.first, last = excluded.last, left_epoch = excluded.left_epoch, acked = excluded.acked
            """,
            "@stream", "@device", "@first", "@last", "@left_epoch", "@acked");
        _ack = Prepare("UPDATE subscriber SET acked = @acked WHERE stream = @stream AND device = @device", "@acked", "@stream", "@device");
        _dropSubscriber = Prepare("DELETE FROM subscriber WHERE stream = @stream AND device = @device", "@stream", "@device");

        // The usual case: everybody reads everything, so what all have acknowledged is at the front.
        _dropRead = Prepare("DELETE FROM run WHERE stream = @stream AND last <= @floor", "@stream", "@floor");
        // Somebody reads only up to its last entry: what it no longer needs may lie behind what it still needs.
        _dropReadByAll = Prepare(
            """
            DELETE FROM run WHERE stream = @stream AND NOT EXISTS (
                SELECT 1 FROM subscriber
                 WHERE subscriber.stream = run.stream AND subscriber.acked < run.last AND (subscriber.last IS NULL OR subscriber.last >= run.first))
            """,
            "@stream");

        _dropEntries = Prepare("DELETE FROM run WHERE stream = @stream", "@stream");
        _dropSubscribers = Prepare("DELETE FROM subscriber WHERE stream = @stream", "@stream");
        _dropWelcomes = Prepare("DELETE FROM welcome WHERE stream = @stream", "@stream");
        _dropWelcomesFor = Prepare("DELETE FROM welcome_for WHERE stream = @stream", "@stream");
        _dropStream = Prepare("DELETE FROM stream WHERE key = @stream", "@stream");

        _addWelcome = Prepare(
            "INSERT INTO welcome (stream, seq, expires, payload) VALUES (@stream, @seq, @expires, @payload)", "@stream", "@seq", "@expires", "@payload");
        _addWelcomeFor = Prepare(
            "INSERT INTO welcome_for (device, notice, stream, seq) VALUES (@device, @notice, @stream, @seq)", "@device", "@notice", "@stream", "@seq");
        _noticesRead = Prepare(
            "DELETE FROM welcome_for WHERE device = @device AND notice <= @acked RETURNING stream, seq", "@device", "@acked");
        _unwantedWelcomes = Prepare(
            """
            DELETE FROM welcome WHERE stream = @stream AND seq = @seq
               AND NOT EXISTS (SELECT 1 FROM welcome_for WHERE welcome_for.stream = welcome.stream AND welcome_for.seq = welcome.seq)
            """,
            "@stream", "@seq");

        // Before a key is given out: whoever gets it must not find what a stream of before has left.
        DropStrays();
        _nextStream = Highest("SELECT coalesce(max(key), 0) FROM stream") + 1;
        _nextRun = Highest("SELECT coalesce(max(key), 0) FROM run") + 1;
    }

    public override DbConnection Connection => _connection;

    public override void Begin() => _begin.Run();

    public override void Commit() => _commit.Run();

    public override void Rollback()
    {
        try
        {
            _rollback.Run();
        }
        catch (SqliteException)
        {
            // No transaction: the failure that brings us here has ended it.
        }
    }

    /// <summary>Copies what the write-ahead log holds into the database, as far as no reader is in the way.</summary>
    public void Checkpoint()
    {
        using DbDataReader row = _checkpoint.Read();
        row.Read();
    }

    public override StreamState? Load(StreamName name)
    {
        StreamState state;
        using (DbDataReader row = _stream.Read(name.Id, name.Inbox))
        {
            if (!row.Read())
                return null;
            state = new StreamState(row.GetInt64(0), name, row.Number(1), row.Number(2));
        }
        using (DbDataReader row = _subscribers.Read(state.Key))
        {
            while (row.Read())
            {
                var subscriber = new Subscriber(row.Id(0), row.Number(1), row.MaybeNumber(2), row.MaybeNumber(3), row.Number(4));
                state.Subscribers.Add(subscriber.Device, subscriber);
                state.HasLeavers |= subscriber.Last is not null;
            }
        }
        using (DbDataReader row = _runs.Read(state.Key))
        {
            while (row.Read())
            {
                state.Remember(row.Number(0), row.Number(1), row.Number(2), ReadIds(row.Bytes(3)));
            }
        }
        return state;
    }

    public override void AddPeers(Id device, HashSet<Id> peers)
    {
        using DbDataReader row = _peers.Read(device);
        while (row.Read())
            peers.Add(row.Id(0));
    }

    public override long NewKey() => _nextStream++;

    public override void Write(StreamState state)
    {
        if (state.IsNew)
            _addStream.Run(state.Key, state.Name.Id, state.Name.Inbox, state.Epoch, state.Head, state.Created, state.Rekeyed);
        else if (state.Moved && _moveStream.Run(state.Epoch, state.Head, state.Rekeyed, state.Key) == 0)
            throw new SqliteException("The stream is not there.", Constraint, ForeignKey);
        foreach (Subscriber s in state.Joined)
            _setSubscriber.Run(state.Key, s.Device, s.First, s.Last, s.LeftEpoch, s.Acked);
        foreach (Subscriber s in state.Left)
            _dropSubscriber.Run(state.Key, s.Device);
        foreach (PendingRun run in state.Pending)
        {
            Id[] ids = run.Ids();
            Written += run.Bytes + (run.Detached?.Length ?? 0) + 4096;
            _addRun.Run(_nextRun++, state.Key, run.First, run.Last, run.EpochAfter, run.Expires, WriteIds(ids), run.Encoded, run.Detached);
        }
    }

    public override void WriteAck(StreamState state, Subscriber subscriber)
    {
        _ack.Run(subscriber.Acked, state.Key, subscriber.Device);
        if (!state.Name.Inbox)
            return;
        List<(long Stream, ulong Seq)>? fetched = null;
        using (DbDataReader row = _noticesRead.Read(subscriber.Device, subscriber.Acked))
        {
            while (row.Read())
                (fetched ??= []).Add((row.GetInt64(0), row.Number(1)));
        }
        foreach ((long stream, ulong seq) in fetched ?? [])
            _unwantedWelcomes.Run(stream, seq);
    }

    public override string Name(DbException error) => $"SQLite {(error as SqliteException)?.SqliteExtendedErrorCode}";

    public override void DropRead(StreamState state, ulong floor) => _dropRead.Run(state.Key, floor);

    public override void DropReadByAll(long stream) => _dropReadByAll.Run(stream);

    public override void Drop(long stream)
    {
        _dropEntries.Run(stream);
        _dropSubscribers.Run(stream);
        _dropWelcomes.Run(stream);
        _dropWelcomesFor.Run(stream);
        _dropStream.Run(stream);
    }

    public override void AddWelcome(PendingWelcome welcome)
    {
        Written += welcome.Payload.Length;
        _addWelcome.Run(welcome.Stream.Key, welcome.Seq, welcome.Expires, welcome.Payload);
        foreach ((Id device, ulong notice) in welcome.Devices)
            _addWelcomeFor.Run(device, notice, welcome.Stream.Key, welcome.Seq);
    }

    public override void AfterCommit() => _checkpointer.AfterCommit();

    /// <inheritdoc/>
    public override void Dispose()
    {
        _checkpointer.Dispose();
        foreach (Statement statement in _statements)
            statement.Dispose();
        _connection.Dispose();
    }

    Statement Prepare(string sql, params ReadOnlySpan<string> names)
    {
        var statement = new Statement(_connection, sql, names);
        _statements.Add(statement);
        return statement;
    }

    void DropStrays()
    {
        HashSet<long> strays = [];
        foreach (string table in s_tables)
        {
            using SqliteCommand command = _connection.CreateCommand();
            command.CommandText = StraysOf(table);
            using SqliteDataReader row = command.ExecuteReader();
            while (row.Read())
            {
                if (!row.IsDBNull(0))
                    strays.Add(row.GetInt64(0));
            }
        }
        if (strays.Count == 0)
            return;
        Begin();
        foreach (long stray in strays)
            Drop(stray);
        Commit();
    }

    // Streams that a table names and that are not there. Each name is looked up once, by the index: a scan would read every message.
    static string StraysOf(string table) => $"""
        WITH RECURSIVE named (stream) AS (
            SELECT min(stream) FROM {table}
            UNION ALL
            SELECT (SELECT min(stream) FROM {table} WHERE {table}.stream > named.stream) FROM named WHERE named.stream IS NOT NULL)
        SELECT stream FROM named WHERE stream NOT IN (SELECT key FROM stream)
        """;

    long Highest(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}

using Kavalek.Messaging.Storage;
using Kavalek.Protocol;
using Microsoft.Data.Sqlite;

namespace Kavalek.Messaging.Streams;

/// <summary>The SQL by which the one writer changes streams. It belongs to the writer's thread.</summary>
sealed class StreamStore : IDisposable
{
    readonly SqliteConnection _connection;
    readonly List<Statement> _statements = [];
    readonly Statement _begin, _commit, _rollback, _stream, _subscribers, _runs, _addStream, _moveStream, _addRun, _setSubscriber, _ack,
        _dropSubscriber, _dropRead, _dropReadByAll, _dropEntries, _dropSubscribers, _dropWelcomes, _dropWelcomesFor, _dropStream, _addWelcome,
        _addWelcomeFor, _noticesRead, _unwantedWelcomes, _checkpoint, _peers;
    long _nextStream, _nextRun;

    public StreamStore(SqliteConnection connection)
    {
        _connection = connection;
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
            "INSERT INTO stream (key, id, inbox, epoch, head) VALUES (@key, @id, @inbox, @epoch, @head)", "@key", "@id", "@inbox", "@epoch", "@head");
        _moveStream = Prepare("UPDATE stream SET epoch = @epoch, head = @head WHERE key = @key", "@epoch", "@head", "@key");
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

        _nextStream = Highest("SELECT coalesce(max(key), 0) FROM stream") + 1;
        _nextRun = Highest("SELECT coalesce(max(key), 0) FROM run") + 1;
    }

    /// <summary>The connection, for statements that run alone (<see cref="Housekeeping"/>).</summary>
    public SqliteConnection Connection => _connection;

    /// <summary>About how many bytes were written since the start.</summary>
    public long Written { get; private set; }

    public void Begin() => _begin.Run();

    public void Commit() => _commit.Run();

    /// <summary>Undoes the transaction, if SQLite has not done so itself.</summary>
    public void Rollback()
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
        using SqliteDataReader row = _checkpoint.Read();
        row.Read();
    }

    /// <summary>Reads a stream; null if there is none.</summary>
    public StreamState? Load(StreamName name)
    {
        StreamState state;
        using (SqliteDataReader row = _stream.Read(name.Id, name.Inbox))
        {
            if (!row.Read())
                return null;
            state = new StreamState(row.GetInt64(0), name, row.Number(1), row.Number(2));
        }
        using (SqliteDataReader row = _subscribers.Read(state.Key))
        {
            while (row.Read())
            {
                var subscriber = new Subscriber(row.Id(0), row.Number(1), row.MaybeNumber(2), row.MaybeNumber(3), row.Number(4));
                state.Subscribers.Add(subscriber.Device, subscriber);
                state.HasLeavers |= subscriber.Last is not null;
            }
        }
        using (SqliteDataReader row = _runs.Read(state.Key))
        {
            while (row.Read())
            {
                ulong first = row.Number(0);
                Id[] ids = ReadIds(row.Bytes(3));
                for (int i = 0; i < ids.Length; i++)
                    state.Entries[ids[i]] = new Stored(first + (ulong)i, row.Number(2));
                state.Runs.Enqueue(new StoredRun(row.Number(1), ids));
            }
        }
        return state;
    }

    /// <summary>Adds every device that reads a conversation which this one reads.</summary>
    public void AddPeers(Id device, HashSet<Id> peers)
    {
        using SqliteDataReader row = _peers.Read(device);
        while (row.Read())
            peers.Add(row.Id(0));
    }

    /// <summary>A key for a stream that <see cref="Write"/> will store.</summary>
    public long NewKey() => _nextStream++;

    /// <summary>Writes what a batch changed in one stream.</summary>
    public void Write(StreamState state)
    {
        if (state.IsNew)
            _addStream.Run(state.Key, state.Name.Id, state.Name.Inbox, state.Epoch, state.Head);
        else if (state.Moved)
            _moveStream.Run(state.Epoch, state.Head, state.Key);
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

    public void WriteAck(StreamState state, Subscriber subscriber)
    {
        _ack.Run(subscriber.Acked, state.Key, subscriber.Device);
        if (!state.Name.Inbox)
            return;
        List<(long Stream, ulong Seq)>? fetched = null;
        using (SqliteDataReader row = _noticesRead.Read(subscriber.Device, subscriber.Acked))
        {
            while (row.Read())
                (fetched ??= []).Add((row.GetInt64(0), row.Number(1)));
        }
        foreach ((long stream, ulong seq) in fetched ?? [])
            _unwantedWelcomes.Run(stream, seq);
    }

    /// <summary>Deletes the runs that end at or before <paramref name="floor"/>.</summary>
    public void DropRead(StreamState state, ulong floor) => _dropRead.Run(state.Key, floor);

    /// <summary>Deletes the runs that nobody needs any more, wherever they are.</summary>
    public void DropReadByAll(long stream) => _dropReadByAll.Run(stream);

    /// <summary>Deletes a stream with all that belongs to it.</summary>
    public void Drop(long stream)
    {
        _dropEntries.Run(stream);
        _dropSubscribers.Run(stream);
        _dropWelcomes.Run(stream);
        _dropWelcomesFor.Run(stream);
        _dropStream.Run(stream);
    }

    public void AddWelcome(PendingWelcome welcome)
    {
        Written += welcome.Payload.Length;
        _addWelcome.Run(welcome.Stream.Key, welcome.Seq, welcome.Expires, welcome.Payload);
        foreach ((Id device, ulong notice) in welcome.Devices)
            _addWelcomeFor.Run(device, notice, welcome.Stream.Key, welcome.Seq);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Statement statement in _statements)
            statement.Dispose();
        _connection.Dispose();
    }

    static byte[] WriteIds(ReadOnlySpan<Id> ids)
    {
        byte[] bytes = new byte[ids.Length * Limits.IdLength];
        for (int i = 0; i < ids.Length; i++)
            ids[i].Write(bytes.AsSpan(i * Limits.IdLength));
        return bytes;
    }

    static Id[] ReadIds(ReadOnlySpan<byte> bytes)
    {
        var ids = new Id[bytes.Length / Limits.IdLength];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = Id.Read(bytes.Slice(i * Limits.IdLength, Limits.IdLength));
        return ids;
    }

    Statement Prepare(string sql, params ReadOnlySpan<string> names)
    {
        var statement = new Statement(_connection, sql, names);
        _statements.Add(statement);
        return statement;
    }

    long Highest(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}

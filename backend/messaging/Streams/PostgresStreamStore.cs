using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Postgres;
using Kavalek.Protocol;
using Npgsql;

namespace Kavalek.Messaging.Streams;

/// <summary>
/// The writer's SQL on PostgreSQL, beside the writers of other nodes. A transaction is two round trips: the first locks the rows of its streams, in
/// one order on every node, and brings the cache up to date; then the batch is decided in memory; the second stores all of it, a statement a
/// table with arrays for its rows, and commits.
/// </summary>
sealed class PostgresStreamStore(PostgresDatabase database) : StreamStore
{
    // The lock on a stream's row makes its seq dense: who appends next waits, and then sees where the one before got to.
    const string LockStreams = """
        SELECT stream.key, stream.id, stream.inbox, stream.epoch, stream.head, stream.version
          FROM unnest(@ids, @inboxes) AS wanted (id, inbox)
          JOIN stream ON stream.id = wanted.id AND stream.inbox = wanted.inbox
         ORDER BY stream.key
           FOR UPDATE OF stream
        """;

    const string LockKeys = "SELECT key FROM stream WHERE key = ANY (@keys) ORDER BY key FOR UPDATE";

    const string SubscribersOf = "SELECT stream, device, first, last, left_epoch, acked FROM subscriber WHERE stream = ANY (@keys)";

    const string RunsBehind = """
        SELECT run.stream, run.first, run.last, run.epoch, run.ids
          FROM unnest(@keys, @heads) AS known (stream, head)
          JOIN run ON run.stream = known.stream AND run.last > known.head
         ORDER BY run.stream, run.last
        """;

    const string Peers = """
        SELECT DISTINCT other.device
          FROM subscriber AS mine JOIN stream ON stream.key = mine.stream AND stream.inbox = 0 JOIN subscriber AS other ON other.stream = mine.stream
         WHERE mine.device = @device AND mine.last IS NULL AND other.last IS NULL
        """;

    const string AddStreams = """
        INSERT INTO stream (key, id, inbox, epoch, head, created, rekeyed, version)
        SELECT *, 0 FROM unnest(@keys, @ids, @inboxes, @epochs, @heads, @created, @rekeyed)
        """;

    const string MoveStreams = """
        UPDATE stream SET epoch = moved.epoch, head = moved.head, rekeyed = GREATEST(stream.rekeyed, moved.rekeyed), version = moved.version
          FROM unnest(@keys, @epochs, @heads, @rekeyed, @versions) AS moved (key, epoch, head, rekeyed, version)
         WHERE stream.key = moved.key
        """;

    const string SetSubscribers = """
        INSERT INTO subscriber (stream, device, first, last, left_epoch, acked)
        SELECT * FROM unnest(@streams, @devices, @firsts, @lasts, @epochs, @acks)
            ON CONFLICT (stream, device) DO UPDATE
           SET first = excluded.first, last = excluded.last, left_epoch = excluded.left_epoch, acked = excluded.acked
        """;

    const string DropSubscribers = """
        DELETE FROM subscriber USING unnest(@streams, @devices) AS gone (stream, device)
         WHERE subscriber.stream = gone.stream AND subscriber.device = gone.device
        """;

    const string AddRuns = """
        INSERT INTO run (stream, first, last, epoch, expires, ids, entries, payload)
        SELECT * FROM unnest(@streams, @firsts, @lasts, @epochs, @expiries, @ids, @entries, @payloads)
        """;

    const string AddWelcomes = """
        INSERT INTO welcome (stream, seq, expires, payload) SELECT * FROM unnest(@streams, @seqs, @expiries, @payloads)
        """;

    const string AddWelcomesFor = """
        INSERT INTO welcome_for (device, notice, stream, seq) SELECT * FROM unnest(@devices, @notices, @streams, @seqs)
        """;

    // Without the state in memory: another node may have appended what is acknowledged here.
    const string Acknowledge = """
        UPDATE subscriber SET acked = LEAST(told.seq, COALESCE(subscriber.last, stream.head))
          FROM unnest(@ids, @inboxes, @devices, @seqs) AS told (id, inbox, device, seq)
          JOIN stream ON stream.id = told.id AND stream.inbox = told.inbox
         WHERE subscriber.stream = stream.key AND subscriber.device = told.device
           AND subscriber.acked < LEAST(told.seq, COALESCE(subscriber.last, stream.head))
        RETURNING subscriber.stream, stream.id, stream.inbox, subscriber.device, subscriber.last IS NOT NULL AND subscriber.acked >= subscriber.last
        """;

    const string DropNotices = """
        WITH fetched AS (
            DELETE FROM welcome_for USING unnest(@devices, @seqs) AS told (device, seq)
             WHERE welcome_for.device = told.device AND welcome_for.notice <= told.seq
            RETURNING welcome_for.device, welcome_for.notice, welcome_for.stream, welcome_for.seq)
        DELETE FROM welcome USING fetched
         WHERE welcome.stream = fetched.stream AND welcome.seq = fetched.seq
           AND NOT EXISTS (SELECT 1 FROM welcome_for AS other
                            WHERE other.stream = welcome.stream AND other.seq = welcome.seq
                              AND NOT EXISTS (SELECT 1 FROM fetched AS gone WHERE gone.device = other.device AND gone.notice = other.notice))
        """;

    // What everybody has read who reads on, and nobody still needs who reads only up to some entry. What another node is deleting it deletes.
    const string DropReadRuns = """
        DELETE FROM run WHERE ctid = ANY (ARRAY (
            SELECT run.ctid FROM unnest(@keys) AS acked (stream)
              JOIN run ON run.stream = acked.stream
               AND run.last <= COALESCE((SELECT MIN(subscriber.acked) FROM subscriber WHERE subscriber.stream = acked.stream AND subscriber.last IS NULL), 9223372036854775807)
               AND NOT EXISTS (SELECT 1 FROM subscriber AS leaver
                                WHERE leaver.stream = run.stream AND leaver.last IS NOT NULL AND leaver.acked < run.last AND leaver.last >= run.first)
             ORDER BY run.stream, run.last
               FOR UPDATE OF run SKIP LOCKED))
        """;

    static readonly string[] s_tables = ["run", "subscriber", "welcome", "welcome_for"];

    readonly Reclaimer _reclaimer = new(database);
    readonly Dictionary<StreamName, long> _held = [];
    readonly List<StreamState> _states = [];
    readonly List<PendingWelcome> _welcomes = [];
    readonly HashSet<long> _drops = [], _changed = [], _toSweep = [];
    NpgsqlConnection? _connection;
    bool _begun;
    long _nextStream, _lastStream = -1;

    public override bool IsShared => true;

    public override DbConnection Connection => Open();

    public override void Hold(IReadOnlyCollection<StreamName> names, StreamCache cache)
    {
        StreamName[] wanted = [.. names.Where(name => !_held.ContainsKey(name))];
        if (wanted.Length == 0)
            return;
        List<StreamState> unknown = [], behind = [];
        HashSet<StreamName> missing = [.. wanted];
        using (NpgsqlBatch batch = Open().CreateBatch())
        {
            AddBegin(batch);
            Add(batch, LockStreams, ("@ids", Ids(wanted)), ("@inboxes", Inboxes(wanted)));
            using NpgsqlDataReader row = batch.ExecuteReader();
            while (row.Read())
            {
                var name = new StreamName(row.Id(1), row.GetInt64(2) != 0);
                missing.Remove(name);
                _held[name] = row.GetInt64(0);
                StreamState? known = cache.Find(name);
                if (known is not null && known.Key == row.GetInt64(0) && known.Version == row.GetInt64(5))
                {
                    if (known.Head != row.Number(4))
                        behind.Add(known);
                    known.Epoch = row.Number(3);
                    known.NextHead = row.Number(4);
                    continue;
                }
                if (known is not null)
                    cache.Remove(known);
                unknown.Add(new StreamState(row.GetInt64(0), name, row.Number(3), row.Number(4)) { Version = row.GetInt64(5), NextHead = row.Number(4) });
            }
        }
        foreach (StreamName name in missing)
        {
            _held[name] = 0;
            if (cache.Find(name) is { } gone)
                cache.Remove(gone);
        }
        ReadSubscribers(unknown);
        ReadRuns([.. unknown.Select(state => (state, 0L)), .. behind.Select(state => (state, (long)state.Head))]);
        foreach (StreamState state in behind)
            state.Head = state.NextHead;
        foreach (StreamState state in unknown)
        {
            // What other nodes' readers acknowledge is deleted unseen from here: now and then a state is read anew, so that it forgets too.
            state.MostRuns = 4_096 + (2 * state.Runs.Count);
            cache.Add(state);
        }
    }

    public override void Lock(IReadOnlyCollection<long> streams)
    {
        using NpgsqlCommand command = Command(LockKeys, ("@keys", streams.ToArray()));
        command.ExecuteNonQuery();
    }

    public override bool TryAlone(string chore)
    {
        using NpgsqlCommand command = Command("SELECT pg_try_advisory_xact_lock(hashtextextended(@chore, 1))", ("@chore", chore));
        return (bool)command.ExecuteScalar()!;
    }

    public override void Alone(Id account)
    {
        using NpgsqlCommand command = Command("SELECT pg_advisory_xact_lock(hashtextextended(@account, 2))", ("@account", account.ToString()));
        command.ExecuteNonQuery();
    }

    public override void Changed(IReadOnlyCollection<long> streams)
    {
        _changed.UnionWith(streams);
        _toSweep.UnionWith(streams);
    }

    public override void Begin()
    {
        if (_begun)
            return;
        Execute("BEGIN");
        _begun = true;
    }

    public override void Commit()
    {
        using (NpgsqlBatch batch = Open().CreateBatch())
        {
            AddDrops(batch);
            AddStates(batch);
            AddAllWelcomes(batch);
            if (_changed.Count > 0)
                Add(batch, "UPDATE stream SET version = version + 1 WHERE key = ANY (@keys)", ("@keys", _changed.ToArray()));
            Add(batch, "COMMIT");
            batch.ExecuteNonQuery();
        }
        Forget();
        Sweep();
    }

    public override void Rollback()
    {
        bool begun = _begun;
        Forget();
        if (!begun)
            return;
        try
        {
            Execute("ROLLBACK");
        }
        catch (DbException)
        {
            // The connection is gone, and the transaction with it.
            Close();
        }
    }

    public override List<DeviceUnsubscribed> WriteAcks(IReadOnlyDictionary<(StreamName Stream, Id Device), ulong> acks)
    {
        // One order on every node, so that two that acknowledge for the same streams wait for each other and never in a circle.
        KeyValuePair<(StreamName Stream, Id Device), ulong>[] told = [.. acks.OrderBy(ack => (ack.Key.Stream.Id.High, ack.Key.Stream.Id.Low, ack.Key.Device.High, ack.Key.Device.Low))];
        List<(long Stream, StreamName Name, Id Device)> finished = [];
        using (NpgsqlBatch batch = Open().CreateBatch())
        {
            AddBegin(batch);
            // It only saves repetition: it need not be on the disk before the next commit that must.
            Add(batch, "SET LOCAL synchronous_commit = off");
            Add(batch, Acknowledge,
                ("@ids", told.Select(ack => ack.Key.Stream.Id.ToArray()).ToArray()), ("@inboxes", Inboxes(told.Select(ack => ack.Key.Stream))),
                ("@devices", told.Select(ack => ack.Key.Device.ToArray()).ToArray()), ("@seqs", told.Select(ack => (long)ack.Value).ToArray()));
            using NpgsqlDataReader row = batch.ExecuteReader();
            while (row.Read())
            {
                _toSweep.Add(row.GetInt64(0));
                if (row.GetBoolean(4))
                    finished.Add((row.GetInt64(0), new StreamName(row.Id(1), row.GetInt64(2) != 0), row.Id(3)));
            }
        }
        using (NpgsqlBatch batch = Open().CreateBatch())
        {
            KeyValuePair<(StreamName Stream, Id Device), ulong>[] inboxes = [.. told.Where(ack => ack.Key.Stream.Inbox)];
            if (inboxes.Length > 0)
                Add(batch, DropNotices, ("@devices", inboxes.Select(ack => ack.Key.Device.ToArray()).ToArray()), ("@seqs", inboxes.Select(ack => (long)ack.Value).ToArray()));
            if (finished.Count > 0)
            {
                long[] keys = [.. finished.Select(f => f.Stream).Distinct().Order()];
                Add(batch, LockKeys, ("@keys", keys));
                Add(batch, DropSubscribers, ("@streams", finished.Select(f => f.Stream).ToArray()), ("@devices", finished.Select(f => f.Device.ToArray()).ToArray()));
                Add(batch, "UPDATE stream SET version = version + 1 WHERE key = ANY (@keys)", ("@keys", keys));
            }
            Add(batch, "COMMIT");
            batch.ExecuteNonQuery();
        }
        _begun = false;
        if (finished.Count > 0)
            DropDeserted([.. finished.Select(f => f.Stream).Distinct()]);
        Sweep();
        return [.. finished.Select(f => new DeviceUnsubscribed(f.Name, f.Device))];
    }

    public override bool MayRepeat(DbException error) => PostgresError.MayRepeat(error) || (PostgresError.IsBroken(error) && !PostgresError.IsSilent(error));

    public override bool IsBroken(DbException error) => PostgresError.IsBroken(error);

    public override string Name(DbException error) => PostgresError.Name(error);

    // Whatever Hold did not find is not there.
    public override StreamState? Load(StreamName name) => null;

    public override void AddPeers(Id device, HashSet<Id> peers)
    {
        using NpgsqlCommand command = Command(Peers, ("@device", device.ToArray()));
        using NpgsqlDataReader row = command.ExecuteReader();
        while (row.Read())
            peers.Add(row.Id(0));
    }

    public override long NewKey()
    {
        // The sequence counts in thousands: a node takes a block of keys at a time.
        if (_nextStream > _lastStream)
        {
            using NpgsqlCommand command = Command("SELECT nextval('stream_key')");
            _nextStream = (long)command.ExecuteScalar()!;
            _lastStream = _nextStream + 999;
        }
        return _nextStream++;
    }

    public override void Write(StreamState state)
    {
        _states.Add(state);
        foreach (PendingRun run in state.Pending)
            Written += run.Bytes + (run.Detached?.Length ?? 0);
    }

    public override void WriteAck(StreamState state, Subscriber subscriber) => throw new InvalidOperationException("acknowledgements are counted in SQL alone");

    public override void DropRead(StreamState state, ulong floor) => _toSweep.Add(state.Key);

    public override void DropReadByAll(long stream) => _toSweep.Add(stream);

    public override void Drop(long stream) => _drops.Add(stream);

    public override void AddWelcome(PendingWelcome welcome) => _welcomes.Add(welcome);

    public override void Dispose()
    {
        _reclaimer.Dispose();
        Close();
    }

    void AddDrops(NpgsqlBatch batch)
    {
        if (_drops.Count == 0)
            return;
        long[] keys = [.. _drops];
        foreach (string table in s_tables)
            Add(batch, $"DELETE FROM {table} WHERE stream = ANY (@keys)", ("@keys", keys));
        Add(batch, "DELETE FROM stream WHERE key = ANY (@keys)", ("@keys", keys));
    }

    void AddStates(NpgsqlBatch batch)
    {
        if (_states.Count == 0)
            return;
        StreamState[] made = [.. _states.Where(s => s.IsNew)];
        StreamState[] moved = [.. _states.Where(s => !s.IsNew && (s.Moved || s.Joined.Count > 0 || s.Left.Count > 0))];
        if (made.Length > 0)
        {
            Add(batch, AddStreams, ("@keys", Keys(made)), ("@ids", Ids(made.Select(s => s.Name))), ("@inboxes", Inboxes(made.Select(s => s.Name))),
                ("@epochs", Numbers(made, s => s.Epoch)), ("@heads", Numbers(made, s => s.Head)),
                ("@created", made.Select(s => s.Created).ToArray()), ("@rekeyed", made.Select(s => s.Rekeyed).ToArray()));
        }
        if (moved.Length > 0)
        {
            foreach (StreamState state in moved.Where(s => s.Joined.Count > 0 || s.Left.Count > 0))
                state.Version++;
            Add(batch, MoveStreams, ("@keys", Keys(moved)), ("@epochs", Numbers(moved, s => s.Epoch)), ("@heads", Numbers(moved, s => s.Head)),
                ("@rekeyed", moved.Select(s => s.Rekeyed).ToArray()), ("@versions", moved.Select(s => s.Version).ToArray()));
        }
        (long Stream, Subscriber Subscriber)[] left = [.. _states.SelectMany(s => s.Left.Select(subscriber => (s.Key, subscriber)))];
        if (left.Length > 0)
            Add(batch, DropSubscribers, ("@streams", left.Select(l => l.Stream).ToArray()), ("@devices", left.Select(l => l.Subscriber.Device.ToArray()).ToArray()));
        // A device that was removed and added again in one batch is there twice: the last word counts.
        (long Stream, Subscriber Subscriber)[] joined =
            [.. _states.SelectMany(s => s.Joined.Select(subscriber => (s.Key, subscriber))).GroupBy(j => (j.Key, j.subscriber.Device)).Select(same => same.Last())];
        if (joined.Length > 0)
        {
            Add(batch, SetSubscribers, ("@streams", joined.Select(j => j.Stream).ToArray()), ("@devices", joined.Select(j => j.Subscriber.Device.ToArray()).ToArray()),
                ("@firsts", joined.Select(j => (long)j.Subscriber.First).ToArray()), ("@lasts", joined.Select(j => (long?)j.Subscriber.Last).ToArray()),
                ("@epochs", joined.Select(j => (long?)j.Subscriber.LeftEpoch).ToArray()), ("@acks", joined.Select(j => (long)j.Subscriber.Acked).ToArray()));
        }
        RunRows rows = new();
        foreach (StreamState state in _states)
        {
            foreach (PendingRun run in state.Pending)
                rows.Add(state.Key, run);
        }
        if (rows.Streams.Count > 0)
        {
            Add(batch, AddRuns, ("@streams", rows.Streams), ("@firsts", rows.Firsts), ("@lasts", rows.Lasts), ("@epochs", rows.Epochs), ("@expiries", rows.Expiries),
                ("@ids", rows.Ids), ("@entries", rows.Entries), ("@payloads", rows.Payloads));
        }
    }

    void AddAllWelcomes(NpgsqlBatch batch)
    {
        if (_welcomes.Count == 0)
            return;
        Add(batch, AddWelcomes, ("@streams", _welcomes.Select(w => w.Stream.Key).ToArray()), ("@seqs", _welcomes.Select(w => (long)w.Seq).ToArray()),
            ("@expiries", _welcomes.Select(w => w.Expires).ToArray()), ("@payloads", _welcomes.Select(w => w.Payload).ToArray()));
        (PendingWelcome Welcome, Id Device, ulong Notice)[] all = [.. _welcomes.SelectMany(w => w.Devices.Select(d => (w, d.Device, d.Notice)))];
        Add(batch, AddWelcomesFor, ("@devices", all.Select(w => w.Device.ToArray()).ToArray()), ("@notices", all.Select(w => (long)w.Notice).ToArray()),
            ("@streams", all.Select(w => w.Welcome.Stream.Key).ToArray()), ("@seqs", all.Select(w => (long)w.Welcome.Seq).ToArray()));
    }

    void ReadSubscribers(List<StreamState> states)
    {
        if (states.Count == 0)
            return;
        Dictionary<long, StreamState> byKey = states.ToDictionary(state => state.Key);
        using NpgsqlCommand command = Command(SubscribersOf, ("@keys", Keys(states)));
        using NpgsqlDataReader row = command.ExecuteReader();
        while (row.Read())
        {
            StreamState state = byKey[row.GetInt64(0)];
            var subscriber = new Subscriber(row.Id(1), row.Number(2), row.MaybeNumber(3), row.MaybeNumber(4), row.Number(5));
            state.Subscribers.Add(subscriber.Device, subscriber);
            state.HasLeavers |= subscriber.Last is not null;
        }
    }

    void ReadRuns((StreamState State, long Head)[] states)
    {
        if (states.Length == 0)
            return;
        Dictionary<long, StreamState> byKey = states.ToDictionary(s => s.State.Key, s => s.State);
        using NpgsqlCommand command = Command(RunsBehind, ("@keys", states.Select(s => s.State.Key).ToArray()), ("@heads", states.Select(s => s.Head).ToArray()));
        using NpgsqlDataReader row = command.ExecuteReader();
        while (row.Read())
            byKey[row.GetInt64(0)].Remember(row.Number(1), row.Number(2), row.Number(3), ReadIds(row.Bytes(4)));
    }

    /// <summary>Deletes what everybody has read. It may wait: what fails is done after the next transaction.</summary>
    void Sweep()
    {
        if (_toSweep.Count == 0)
            return;
        try
        {
            using NpgsqlBatch batch = Open().CreateBatch();
            Add(batch, "BEGIN");
            Add(batch, "SET LOCAL synchronous_commit = off");
            Add(batch, DropReadRuns, ("@keys", _toSweep.Order().ToArray()));
            Add(batch, "COMMIT");
            _reclaimer.Deleted(batch.ExecuteNonQuery());
            _toSweep.Clear();
        }
        catch (DbException)
        {
            Close();
        }
    }

    void DropDeserted(long[] streams)
    {
        using NpgsqlBatch batch = Open().CreateBatch();
        Add(batch, "BEGIN");
        Add(batch, LockKeys, ("@keys", streams));
        const string deserted = "SELECT key FROM stream WHERE key = ANY (@keys) AND NOT EXISTS (SELECT 1 FROM subscriber WHERE subscriber.stream = stream.key)";
        foreach (string table in s_tables)
            Add(batch, $"DELETE FROM {table} WHERE stream IN ({deserted})", ("@keys", streams));
        Add(batch, $"DELETE FROM stream WHERE key IN ({deserted})", ("@keys", streams));
        Add(batch, "COMMIT");
        batch.ExecuteNonQuery();
    }

    NpgsqlConnection Open()
    {
        if (_connection is { State: System.Data.ConnectionState.Open })
            return _connection;
        bool begun = _begun;
        Close();
        // Its locks went with it: what comes next would stand alone, in no transaction.
        if (begun)
            throw PostgresError.Lost();
        return _connection = database.Connect();
    }

    void Close()
    {
        if (_connection is { State: not System.Data.ConnectionState.Open })
            database.Forget();
        _connection?.Dispose();
        _connection = null;
        _begun = false;
    }

    void Forget()
    {
        _begun = false;
        _held.Clear();
        _states.Clear();
        _welcomes.Clear();
        _drops.Clear();
        _changed.Clear();
    }

    void Execute(string sql)
    {
        using NpgsqlCommand command = Command(sql);
        command.ExecuteNonQuery();
    }

    NpgsqlCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = new NpgsqlCommand(sql, Open());
        foreach ((string name, object value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command;
    }

    // Begins with what comes next, if it is not begun. From here on a connection that breaks takes the transaction with it.
    void AddBegin(NpgsqlBatch batch)
    {
        if (!_begun)
            Add(batch, "BEGIN");
        _begun = true;
    }

    static void Add(NpgsqlBatch batch, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach ((string name, object value) in parameters)
            command.Parameters.AddWithValue(name, value);
        batch.BatchCommands.Add(command);
    }

    static byte[][] Ids(IEnumerable<StreamName> names) => [.. names.Select(name => name.Id.ToArray())];

    static long[] Inboxes(IEnumerable<StreamName> names) => [.. names.Select(name => name.Inbox ? 1L : 0L)];

    static long[] Keys(IEnumerable<StreamState> states) => [.. states.Select(state => state.Key)];

    static long[] Numbers(IEnumerable<StreamState> states, Func<StreamState, ulong> number) => [.. states.Select(state => checked((long)number(state)))];
}

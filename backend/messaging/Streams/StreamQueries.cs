using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>A device's subscription as the database has it.</summary>
/// <param name="Name">The stream.</param>
/// <param name="Epoch">Its epoch; for a removed device, the one at its removal.</param>
/// <param name="Head">Its newest entry, as far as the device may know.</param>
/// <param name="First">What the device may read from.</param>
/// <param name="Last">What it may read up to, once removed.</param>
/// <param name="Acked">What it has acknowledged.</param>
sealed record Subscription(StreamName Name, ulong Epoch, ulong Head, ulong First, ulong? Last, ulong Acked);

/// <summary>Some entries, without a gap but for what has expired.</summary>
/// <param name="Bytes">Encoded as <see cref="EntryCodec"/> has it.</param>
/// <param name="First">The first entry's seq.</param>
/// <param name="Last">The last entry's seq.</param>
/// <param name="Detached">The payload of the one entry, if it was asked for and is stored apart.</param>
readonly record struct EntryRun(byte[] Bytes, ulong First, ulong Last, byte[]? Detached);

/// <summary>The SQL of those who only read, on connections of their own; safe to call from many threads.</summary>
sealed class StreamQueries(Database database) : IDisposable
{
    readonly ReaderPool<Reader> _readers = new(database, connections: 8, static connection => new Reader(connection));

    /// <summary>Where the database does not answer, for how long; else zero.</summary>
    public TimeSpan Silence => database.Silence;

    /// <summary>All subscriptions of a device, or those whose stream's id is greater than <paramref name="after"/>, in the order of ids.</summary>
    public Task<List<Subscription>> SubscriptionsAsync(Id device, Id? after = null, int limit = int.MaxValue) => _readers.WithAsync(reader =>
    {
        List<Subscription> found = [];
        using DbDataReader row = reader.Subscriptions.Read(device, after is { } id ? id.ToArray() : Array.Empty<byte>(), (long)limit);
        while (row.Read())
            found.Add(ReadSubscription(row));
        return found;
    });

    /// <summary>A device's subscription to one stream; null if it has none.</summary>
    public Task<Subscription?> SubscriptionAsync(Id device, StreamName stream) => _readers.WithAsync(reader =>
    {
        using DbDataReader row = reader.Subscription.Read(device, stream.Id, stream.Inbox);
        return row.Read() ? ReadSubscription(row) : null;
    });

    /// <summary>How many streams a device is subscribed to, counted up to <paramref name="most"/>.</summary>
    public Task<long> SubscribedAsync(Id device, int most) => _readers.WithAsync(reader =>
    {
        using DbDataReader row = reader.Streams.Read(device, (long)most);
        row.Read();
        return row.GetInt64(0);
    });

    /// <summary>The devices that everything new in a stream is for.</summary>
    public Task<List<Id>> SubscribersAsync(StreamName stream) => _readers.WithAsync(reader =>
    {
        List<Id> found = [];
        using DbDataReader row = reader.Subscribers.Read(stream.Id, stream.Inbox);
        while (row.Read())
            found.Add(row.Id(0));
        return found;
    });

    /// <summary>The newest entries of streams that other nodes write too.</summary>
    public Task<List<(StreamName Name, ulong Head)>> HeadsAsync(IReadOnlyCollection<StreamName> names) => _readers.WithAsync(reader =>
    {
        List<(StreamName, ulong)> found = [];
        using DbDataReader row = reader.Heads.Read([names.Select(name => name.Id.ToArray()).ToArray()]);
        while (row.Read())
            found.Add((new StreamName(row.Id(0), row.GetInt64(1) != 0), row.Number(2)));
        return found;
    });

    /// <summary>Entries after <paramref name="after"/>, oldest first, at least one if there is any.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="after">Up to here they are known.</param>
    /// <param name="last">Entries behind this one are not for the reader.</param>
    /// <param name="now">Seconds since 1970: what has expired by then is left out.</param>
    /// <param name="entries">At most so many entries.</param>
    /// <param name="bytes">About so many bytes.</param>
    /// <param name="detached">Whether to read detached payloads, too.</param>
    public Task<List<EntryRun>> EntriesAsync(StreamName stream, ulong after, ulong last, long now, int entries, int bytes, bool detached) => _readers.WithAsync(reader =>
    {
        List<EntryRun> found = [];
        using DbDataReader row = (detached ? reader.WholeEntries : reader.Entries).Read(stream.Id, stream.Inbox, after, last, now);
        while (entries > 0 && bytes > 0 && row.Read())
        {
            EntryRun run = Clip(new EntryRun(row.Bytes(2), row.Number(0), row.Number(1), row.IsDBNull(3) ? null : row.Bytes(3)), after, last, entries);
            int size = run.Bytes.Length + (run.Detached?.Length ?? 0);
            if (found.Count > 0 && size > bytes)
                break;
            bytes -= size;
            entries -= checked((int)(run.Last - run.First + 1));
            found.Add(run);
        }
        return found;
    });

    /// <summary>Bytes that <see cref="EntriesAsync"/> would hold with all payloads.</summary>
    public Task<long> BytesAsync(StreamName stream, ulong after, ulong last, long now, int entries, int bytes) => _readers.WithAsync(reader =>
    {
        long all = 0;
        using DbDataReader row = reader.Sizes.Read(stream.Id, stream.Inbox, after, last, now);
        while (entries > 0 && row.Read())
        {
            long size = row.GetInt64(2);
            if (all > 0 && all + size > bytes)
                break;
            all += size;
            entries -= checked((int)(Math.Min(row.Number(1), last) - Math.Max(row.Number(0), after + 1) + 1));
        }
        return all;
    });

    /// <summary>Bytes of the Welcome of the commit at <paramref name="seq"/>, if it is for the device.</summary>
    public Task<long?> WelcomeBytesAsync(Id stream, ulong seq, Id device, long now) => _readers.WithAsync(reader =>
    {
        using DbDataReader row = reader.WelcomeSize.Read(stream, seq, device, now);
        return row.Read() ? row.GetInt64(0) : (long?)null;
    });

    /// <summary>The Welcome of the commit at <paramref name="seq"/>, if it is for the device.</summary>
    public Task<byte[]?> WelcomeAsync(Id stream, ulong seq, Id device, long now) => _readers.WithAsync(reader =>
    {
        using DbDataReader row = reader.Welcome.Read(stream, seq, device, now);
        return row.Read() ? row.Bytes(0) : null;
    });

    /// <summary>The entries of a run behind <paramref name="after"/>, up to <paramref name="last"/>, at most <paramref name="count"/> of them.</summary>
    public static EntryRun Clip(EntryRun run, ulong after, ulong last, int count)
    {
        ulong first = Math.Max(run.First, after + 1);
        ulong end = Math.Min(Math.Min(run.Last, last), first + (ulong)count - 1);
        if (first == run.First && end == run.Last)
            return run;
        (int offset, int length) = Slice(run.Bytes, run.First, first, end);
        return run with { Bytes = run.Bytes.AsSpan(offset, length).ToArray(), First = first, Last = end };
    }

    /// <summary>Where the entries <paramref name="first"/> to <paramref name="end"/> lie in a run that begins with <paramref name="runFirst"/>.</summary>
    public static (int Offset, int Length) Slice(ReadOnlySpan<byte> run, ulong runFirst, ulong first, ulong end)
    {
        int offset = 0;
        ulong seq = runFirst;
        for (; seq < first; seq++)
            offset += EntryCodec.FirstSize(run[offset..]);
        int until = offset;
        for (; seq <= end; seq++)
            until += EntryCodec.FirstSize(run[until..]);
        return (offset, until - offset);
    }

    /// <inheritdoc/>
    public void Dispose() => _readers.Dispose();

    static Subscription ReadSubscription(DbDataReader row)
    {
        ulong? last = row.MaybeNumber(5);
        ulong head = row.Number(3);
        return new Subscription(
            new StreamName(row.Id(0), row.GetInt64(1) != 0), row.MaybeNumber(6) ?? row.Number(2), Math.Min(head, last ?? head),
            row.Number(4), last, row.Number(7));
    }

    sealed class Reader : IDisposable
    {
        const string Subscribed = """
            SELECT stream.id, stream.inbox, stream.epoch, stream.head, subscriber.first, subscriber.last, subscriber.left_epoch, subscriber.acked
              FROM subscriber JOIN stream ON stream.key = subscriber.stream
            """;

        const string Behind = """
              FROM run
             WHERE stream = (SELECT key FROM stream WHERE id = @id AND inbox = @inbox)
               AND last > @after AND first <= @last AND expires > @now
             ORDER BY last
            """;

        const string WelcomeFor = """
              FROM welcome_for
              JOIN welcome ON welcome.stream = welcome_for.stream AND welcome.seq = welcome_for.seq
              JOIN stream ON stream.key = welcome.stream
             WHERE stream.id = @stream AND stream.inbox = 0 AND welcome.seq = @seq AND welcome_for.device = @device AND welcome.expires > @now
            """;

        static readonly string[] s_behind = ["@id", "@inbox", "@after", "@last", "@now"];
        static readonly string[] s_welcomeFor = ["@stream", "@seq", "@device", "@now"];

        readonly DbConnection _connection;
        Statement? _heads;

        public Reader(DbConnection connection)
        {
            _connection = connection;
            Subscriptions = new Statement(
                connection, $"{Subscribed} WHERE subscriber.device = @device AND stream.id > @after ORDER BY stream.id LIMIT @limit", "@device", "@after", "@limit");
            Subscription = new Statement(
                connection, $"{Subscribed} WHERE subscriber.device = @device AND stream.id = @id AND stream.inbox = @inbox", "@device", "@id", "@inbox");
            Subscribers = new Statement(
                connection,
                "SELECT device FROM subscriber WHERE stream = (SELECT key FROM stream WHERE id = @id AND inbox = @inbox) AND last IS NULL", "@id", "@inbox");
            Entries = new Statement(connection, $"SELECT first, last, entries, NULL {Behind}", s_behind);
            WholeEntries = new Statement(connection, $"SELECT first, last, entries, payload {Behind}", s_behind);
            Streams = new Statement(
                connection, "SELECT COUNT(*) FROM (SELECT 1 FROM subscriber WHERE device = @device LIMIT @most) AS streams", "@device", "@most");
            Sizes = new Statement(connection, $"SELECT first, last, CAST(LENGTH(entries) + COALESCE(LENGTH(payload), 0) AS BIGINT) {Behind}", s_behind);
            Welcome = new Statement(connection, $"SELECT welcome.payload {WelcomeFor}", s_welcomeFor);
            WelcomeSize = new Statement(connection, $"SELECT CAST(LENGTH(welcome.payload) AS BIGINT) {WelcomeFor}", s_welcomeFor);
        }

        /// <summary>PostgreSQL's alone: SQLite has no arrays, and no other nodes.</summary>
        public Statement Heads => _heads ??= new Statement(_connection, "SELECT id, inbox, head FROM stream WHERE id = ANY (@ids)", "@ids");

        public Statement Subscriptions { get; }
        public Statement Subscription { get; }
        public Statement Subscribers { get; }
        public Statement Entries { get; }
        public Statement WholeEntries { get; }
        public Statement Streams { get; }
        public Statement Sizes { get; }
        public Statement Welcome { get; }
        public Statement WelcomeSize { get; }

        public void Dispose()
        {
            Subscriptions.Dispose();
            Subscription.Dispose();
            Subscribers.Dispose();
            Entries.Dispose();
            WholeEntries.Dispose();
            Streams.Dispose();
            Sizes.Dispose();
            Welcome.Dispose();
            WelcomeSize.Dispose();
            _heads?.Dispose();
            _connection.Dispose();
        }
    }
}

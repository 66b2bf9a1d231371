using System.Data.Common;
using Kavalek.Messaging.Archives;
using Kavalek.Messaging.Attachments;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kavalek.Messaging.Tests;

/// <summary>What accounts take up stays true where several nodes count it at once. Each node is its writer's SQL, on a PostgreSQL that both share.</summary>
public sealed class SharedQuotaTests : IDisposable
{
    const long Now = 1_000_000;

    readonly string _connection = CreateDatabase();
    readonly PostgresDatabase _database;
    readonly StreamStore _one, _other;
    readonly TestTables _tables;
    readonly Id _account = Id.New(), _archive = Id.New();

    public SharedQuotaTests()
    {
        _database = new PostgresDatabase(_connection);
        (_one, _other) = (_database.OpenStore(NullLogger.Instance), _database.OpenStore(NullLogger.Instance));
        _tables = new TestTables("", _connection, "messaging");
        foreach (StreamStore store in (StreamStore[])[_one, _other])
            Run(store.Connection, "SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0"); // A busy machine takes its time.
    }

    public void Dispose()
    {
        _one.Dispose();
        _other.Dispose();
        _database.Dispose();
        TestPostgres.DropDatabase(_connection);
    }

    [Fact]
    public async Task An_archive_is_as_large_as_its_segments_though_they_expire_on_one_node_while_another_appends()
    {
        Do(_one, new PutArchiveChore(_account, 0, new byte[80], _archive.ToArray()));
        Do(_one, new AppendSegmentChore(_account, Segment(1, expires: 0, bytes: 1_000), long.MaxValue));
        Do(_one, new AppendSegmentChore(_account, Segment(2, expires: Now, bytes: 300), long.MaxValue));
        // It is held up half-way: somebody has locked what it replaces.
        Task append, expiry;
        using (DbConnection held = _tables.Open())
        {
            Run(held, "BEGIN; SELECT 1 FROM archive_segment WHERE number = 1 FOR UPDATE");
            append = Task.Run(() => Do(_one, new AppendSegmentChore(_account, Segment(3, expires: 0, bytes: 50, replaces: [1]), long.MaxValue)));
            await WaitingAsync(1, append);
            expiry = Task.Run(() => Do(_other, new ExpireArchivesChore()));
            await WaitingAsync(2, expiry);
        }
        await append;
        await expiry;
        Assert.Equal(50, _tables.Count("SELECT SUM(LENGTH(sealed)) FROM archive_segment"));
        Assert.Equal(50, _tables.Count("SELECT bytes FROM archive"));
    }

    [Fact]
    public async Task The_instances_room_for_attachments_is_given_away_once_though_two_nodes_are_asked_at_once()
    {
        MessagingOptions options = new() { DataFolder = "", Instance = () => default, TokenKey = _ => null, AttachmentTotalBytes = 1_000 };
        DeclareAttachmentChore[] asked = [.. Enumerable.Range(0, 2).Select(_ => new DeclareAttachmentChore(new Declaration(Id.New(), Id.New(), 600, 60, new byte[32]), long.MaxValue, options))];
        _one.Begin();
        asked[0].Now = Now;
        asked[0].Run(_one);
        Task second = Task.Run(() => Do(_other, asked[1]));
        await WaitingAsync(1, second);
        _one.Commit();
        await second;
        Assert.Equal([null, ErrorCodes.StorageFull], asked.Select(chore => chore.Outcome.Code));
        Assert.Equal(600, _tables.Count("SELECT SUM(bytes) FROM attachment_use"));
    }

    NewSegment Segment(ulong number, long expires, int bytes, ulong[]? replaces = null) => new(_archive, number, new byte[32], expires, replaces ?? [], new byte[bytes]);

    /// <summary>Until so many wait for a lock, or what is under way is done without one.</summary>
    Task WaitingAsync(long count, Task underWay) => Awaited.UntilAsync(
        () => Task.FromResult(underWay.IsCompleted || _tables.Count("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") >= count), there => there);

    static void Do(StreamStore store, Chore chore)
    {
        store.Begin();
        chore.Now = Now;
        chore.Run(store);
        store.Commit();
    }

    static void Run(DbConnection connection, string sql)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    static string CreateDatabase()
    {
        try
        {
            return TestPostgres.CreateDatabase();
        }
        catch (InvalidOperationException missing)
        {
            Assert.Skip(missing.Message);
            throw;
        }
    }
}

using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Kavalek.Messaging.Tests;

/// <summary>A connection to PostgreSQL that died while nobody used it is an error of the database, and no defect: it is tried again on another one, or told as such.</summary>
public static class LostConnectionTests
{
    [Fact]
    public static void What_died_unused_is_an_error_of_the_database_and_no_transaction_goes_on_without_what_it_began()
    {
        string connection = CreateDatabase();
        try
        {
            using PostgresDatabase database = new(connection);
            using (NpgsqlConnection reader = database.Connect())
            using (Statement one = new(reader, "SELECT 1"))
            {
                using (DbDataReader row = one.Read())
                    Assert.True(row.Read());
                Die(connection, reader);
                Assert.True(database.IsBroken(Assert.ThrowsAny<DbException>(() => one.Read())));
                Assert.True(database.IsBroken(Assert.ThrowsAny<DbException>(() => one.Run())));
                Assert.True(database.IsBroken(Assert.ThrowsAny<DbException>(() => database.Snapshot(reader))));
            }
            using StreamStore store = database.OpenStore(NullLogger.Instance);
            store.Begin();
            Die(connection, (NpgsqlConnection)store.Connection);
            DbException lost = Assert.ThrowsAny<DbException>(() => store.Lock([1]));
            Assert.True(store.IsBroken(lost) && store.MayRepeat(lost));
            store.Rollback();
            store.Begin();
            store.Lock([1]);
            store.Commit();
        }
        finally
        {
            TestPostgres.DropDatabase(connection);
        }
    }

    [Fact]
    public static async Task On_a_line_that_was_cut_nobody_waits_for_long_and_when_it_is_whole_again_all_go_on()
    {
        string connection = CreateDatabase();
        try
        {
            await using CutLine line = new(new NpgsqlConnectionStringBuilder(connection).Port);
            using PostgresDatabase database = new(new NpgsqlConnectionStringBuilder(connection) { Host = "127.0.0.1", Port = line.Port }.ToString());
            using StreamQueries queries = new(database);
            Assert.Null(await queries.SubscriptionAsync(default, default));

            line.Cut();
            await UntilAsync(() => database.Silence > TimeSpan.Zero);
            // Neither on the connection that is still there nor on a new one.
            Assert.True(database.IsBroken(await Assert.ThrowsAnyAsync<DbException>(() => queries.SubscriptionAsync(default, default))));
            Assert.True(database.IsBroken(Assert.ThrowsAny<DbException>(() => database.Connect())));

            line.Mend();
            await UntilAsync(() => database.Silence == TimeSpan.Zero);
            Assert.Null(await queries.SubscriptionAsync(default, default));
        }
        finally
        {
            TestPostgres.DropDatabase(connection);
        }
    }

    static async Task UntilAsync(Func<bool> isSo)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(TimeSpan.FromMinutes(1));
        while (!isSo())
            await Task.Delay(TimeSpan.FromMilliseconds(20), late.Token);
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

    // As when the server crashed and Npgsql, which looks after idle connections, has noticed.
    static void Die(string database, NpgsqlConnection victim)
    {
        using (NpgsqlConnection other = new(database))
        {
            other.Open();
            using NpgsqlCommand kill = new($"SELECT pg_terminate_backend({victim.ProcessID})", other);
            kill.ExecuteNonQuery();
        }
        using NpgsqlCommand notice = new("SELECT 1", victim);
        Assert.ThrowsAny<DbException>(() => notice.ExecuteNonQuery());
        Assert.NotEqual(System.Data.ConnectionState.Open, victim.State);
    }
}

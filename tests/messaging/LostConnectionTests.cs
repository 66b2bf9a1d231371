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
        string connection = "";
        try
        {
            connection = TestPostgres.CreateDatabase();
        }
        catch (InvalidOperationException missing)
        {
            Assert.Skip(missing.Message);
        }
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

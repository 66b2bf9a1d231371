using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;
using Npgsql;

namespace Kavalek.Messaging.Tests;

/// <summary>How PostgreSQL stores what one batch brought to a stream (docs/postgres.md).</summary>
public static class RunRowsTests
{
    [Fact]
    public static void A_run_becomes_rows_that_fit_a_page_each_of_which_is_a_run_and_together_they_are_what_was_written()
    {
        foreach (int size in (int[])[0, 1, 300, 1_024, 3_990, 4_000, 7_000, 8_000, 9_000, 20_000])
        {
            PendingRun run = new(new StreamName(Id.New(), Inbox: false), first: 5, epoch: 3, expires: 77);
            while (run.Takes(Kind.Application, size, 77))
                run.Add(Kind.Application, Id.New(), new byte[size]);
            run.Encode();
            RunRows rows = new();
            rows.Add(9, run);
            int count = rows.Streams.Count;
            Assert.Equal(run.Encoded, rows.Entries.SelectMany(entries => entries));
            Assert.Equal(StreamStore.WriteIds(run.Ids()), rows.Ids.SelectMany(ids => ids));
            Assert.Equal((5L, (long)run.Last), (rows.Firsts[0], rows.Lasts[^1]));
            for (int i = 0; i < count; i++)
            {
                long entries = rows.Lasts[i] - rows.Firsts[i] + 1;
                Assert.Equal(entries * Limits.IdLength, rows.Ids[i].Length);
                Assert.True(entries == 1 || rows.Ids[i].Length + rows.Entries[i].Length <= RunRows.MostBytes);
                // Not one more would have had room.
                if (i + 1 < count)
                {
                    Assert.Equal(rows.Lasts[i] + 1, rows.Firsts[i + 1]);
                    Assert.True(rows.Ids[i].Length + rows.Entries[i].Length + Limits.IdLength + EntryCodec.FirstSize(rows.Entries[i + 1]) > RunRows.MostBytes);
                }
                Assert.Equal((9L, 3L, 77L), (rows.Streams[i], rows.Epochs[i], rows.Expiries[i]));
                Assert.Null(rows.Payloads[i]);
            }
        }

        // What is delivered detached, and a commit, stand alone, and whole.
        foreach ((Kind kind, int size, long after) in ((Kind, int, long)[])[(Kind.Application, Limits.InlineBytes + 1, 3), (Kind.Commit, 10, 4)])
        {
            PendingRun alone = new(new StreamName(Id.New(), Inbox: false), first: 1, epoch: 3, expires: 77);
            alone.Add(kind, Id.New(), new byte[size]);
            alone.Encode();
            RunRows one = new();
            one.Add(9, alone);
            Assert.Equal((1L, 1L, after), (Assert.Single(one.Firsts), Assert.Single(one.Lasts), Assert.Single(one.Epochs)));
            Assert.Equal(size > Limits.InlineBytes ? size : null, Assert.Single(one.Payloads)?.Length);
        }
    }

    [Fact]
    public static void The_largest_of_these_rows_stays_in_the_table_and_the_room_of_deleted_ones_is_used_again()
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
            using NpgsqlConnection open = database.Connect();
            // One entry, and as many as there may be of those that are the smallest.
            Insert(count: 8, ids: Limits.IdLength);
            Insert(count: 8, ids: RunRows.MostBytes / 2);
            Assert.Equal(0, Number("SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'run'::regclass"));
            Assert.Equal(16 * 8_192, Number("SELECT pg_relation_size('run')"));
            Execute("DELETE FROM run");
            using (Reclaimer reclaimer = new(database))
            {
                reclaimer.Deleted(8_191);
                reclaimer.Deleted(1);
            }
            // It was at it, or was told to stop: this one waits for it.
            Execute("VACUUM (TRUNCATE OFF) run");
            Insert(count: 16, ids: Limits.IdLength);
            Assert.Equal(16 * 8_192, Number("SELECT pg_relation_size('run')"));
            // A larger one does not fit.
            Execute("INSERT INTO run SELECT 2, 1, 1, 1, 1, ''::bytea, decode(repeat('00', 8200), 'hex'), NULL");
            Assert.NotEqual(0, Number("SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'run'::regclass"));

            void Insert(int count, int ids) => Execute(
                $"INSERT INTO run SELECT 1, n, n, 1, 1, decode(repeat('00', {ids}), 'hex'), decode(repeat('00', {RunRows.MostBytes - ids}), 'hex'), NULL FROM generate_series({ids} * 100, {ids} * 100 + {count} - 1) AS n");

            void Execute(string sql)
            {
                using NpgsqlCommand command = new(sql, open);
                command.ExecuteNonQuery();
            }

            long Number(string sql)
            {
                using NpgsqlCommand command = new(sql, open);
                return (long)command.ExecuteScalar()!;
            }
        }
        finally
        {
            TestPostgres.DropDatabase(connection);
        }
    }
}

using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>A rare change made in SQL alone, in a transaction of its own; the streams it changed are read again afterwards.</summary>
abstract class Chore : AwaitedOperation
{
    /// <summary>Seconds since 1970.</summary>
    public long Now { get; set; }

    /// <summary>
    /// Whether whoever asks for it is logged out or removed by now; null for what the server does by itself. Looked at when it has its turn: news of an end are heard before what they
    /// end is deleted, so nothing comes back behind that.
    /// </summary>
    public Func<bool>? IsOver { get; init; }

    /// <summary>Keys of the streams whose rows it changed.</summary>
    public HashSet<long> Changed { get; } = [];

    public abstract void Run(StreamStore store);

    public sealed override Outcome Apply(Batch batch) => throw new InvalidOperationException("a chore runs alone");

    protected static List<long> Keys(StreamStore store, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using DbCommand command = Command(store, sql, parameters);
        using DbDataReader row = command.ExecuteReader();
        List<long> keys = [];
        while (row.Read())
            keys.Add(row.GetInt64(0));
        return keys;
    }

    protected static void Execute(StreamStore store, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using DbCommand command = Command(store, sql, parameters);
        command.ExecuteNonQuery();
    }

    protected static DbCommand Command(StreamStore store, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        DbCommand command = store.Connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object value) in parameters)
        {
            DbParameter parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, Statement.Stored(value));
            command.Parameters.Add(parameter);
        }
        return command;
    }
}

/// <summary>A device was removed from its account: it subscribes to nothing any more, and its inbox goes.</summary>
sealed class RemoveDeviceChore(Id device) : Chore
{
    public override void Run(StreamStore store)
    {
        Changed.UnionWith(Keys(store, "SELECT stream FROM subscriber WHERE device = @device", ("@device", device)));
        store.Lock(Changed);
        Execute(store, "INSERT INTO removed_device (device) VALUES (@device) ON CONFLICT DO NOTHING", ("@device", device));
        Execute(store, "DELETE FROM subscriber WHERE device = @device", ("@device", device));
        Execute(store, "DELETE FROM welcome_for WHERE device = @device", ("@device", device));
        Execute(store, "DELETE FROM push_subscription WHERE device = @device", ("@device", device));
        foreach (long stream in Changed)
        {
            if (Keys(store, "SELECT 1 FROM subscriber WHERE stream = @stream LIMIT 1", ("@stream", stream)).Count == 0)
                store.Drop(stream);
            else
                store.DropReadByAll(stream);
        }
        Execute(store, Orphans.Welcomes);
    }
}

/// <summary>
/// Deletes what has expired: entries and Welcomes past their time, subscriptions of devices that will never read their last entry, inboxes
/// that nobody ever opened.
/// </summary>
sealed class ExpireChore : Chore
{
    public override void Run(StreamStore store)
    {
        if (!store.TryAlone("expire"))
            return;
        List<long> expired = Keys(store, "SELECT DISTINCT stream FROM run WHERE expires <= @now", ("@now", Now));
        store.Lock(expired);
        Execute(store, "DELETE FROM run WHERE expires <= @now", ("@now", Now));
        Execute(store, "DELETE FROM welcome WHERE expires <= @now", ("@now", Now));
        Execute(store, """
            DELETE FROM welcome_for
             WHERE NOT EXISTS (SELECT 1 FROM welcome WHERE welcome.stream = welcome_for.stream AND welcome.seq = welcome_for.seq)
            """);
        Changed.UnionWith(expired);
        foreach (long stream in expired)
        {
            Execute(store, """
                DELETE FROM subscriber
                 WHERE stream = @stream AND last IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM run WHERE run.stream = subscriber.stream AND run.last > subscriber.acked AND run.first <= subscriber.last)
                """, ("@stream", stream));
            bool deserted = Keys(store, """
                SELECT key FROM stream
                 WHERE key = @stream
                   AND (NOT EXISTS (SELECT 1 FROM subscriber WHERE subscriber.stream = stream.key)
                        OR (inbox = 1 AND NOT EXISTS (SELECT 1 FROM run WHERE run.stream = stream.key)
                            AND NOT EXISTS (SELECT 1 FROM subscriber WHERE subscriber.stream = stream.key AND acked > 0)))
                """, ("@stream", stream)).Count > 0;
            if (deserted)
                store.Drop(stream);
        }
        Execute(store, Orphans.Welcomes);
    }
}

/// <summary>Rows that lost their reason.</summary>
static class Orphans
{
    public const string Welcomes =
        "DELETE FROM welcome WHERE NOT EXISTS (SELECT 1 FROM welcome_for WHERE welcome_for.stream = welcome.stream AND welcome_for.seq = welcome.seq)";
}

using System.Data.Common;
using System.Text.Json;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Messaging.Admin;

/// <summary>How the delivery service is and how it grows, for the dashboard: sums over everybody.</summary>
sealed class Figures(GroupCommit writer, Sockets.Sockets sockets, DeliveryTimes times, Database database, MessagingOptions options, IEventBus bus, TimeProvider clock)
{
    /// <summary>Days of growth that are shown and kept.</summary>
    public const int Days = 90;

    /// <summary>Nodes that are shown, at most.</summary>
    public const int MostNodes = 64;

    /// <summary>Seconds after which a node that says nothing is no more.</summary>
    const long Heard = 60;

    readonly Id _node = Id.New();

    /// <summary>Everything, as it is now.</summary>
    /// <exception cref="DbException">The database is away.</exception>
    public MessagingOverview Read()
    {
        long now = clock.GetUtcNow().ToUnixTimeSeconds(), bytes = Size();
        using DbConnection connection = database.OpenReader();
        NodeFigures here = Here();
        List<NodeFigures> nodes = [here];
        if (bus.IsShared)
        {
            using Statement others = new(connection, "SELECT figures FROM node WHERE seen > @since AND id <> @here ORDER BY id LIMIT @limit", "@since", "@here", "@limit");
            using DbDataReader row = others.Read(now - Heard, _node, (long)MostNodes - 1);
            while (row.Read())
                nodes.Add(JsonSerializer.Deserialize(row.GetString(0), AdminJson.Default.NodeFigures)!);
        }
        List<SizeOfDay> growth = [];
        using (Statement days = new(connection, "SELECT day, database_bytes, attachment_bytes FROM size_of_day ORDER BY day DESC LIMIT @limit", "@limit"))
        using (DbDataReader row = days.Read((long)Days))
        {
            while (row.Read())
                growth.Add(new SizeOfDay(row.GetInt64(0) * 86_400, row.GetInt64(1), row.GetInt64(2)));
        }
        growth.Reverse();
        long free = new DriveInfo(Path.GetFullPath(options.DataFolder)).AvailableFreeSpace;
        Latency slowest = nodes.Select(node => node.Delivery).MaxBy(delivery => delivery.P99)!;
        return new MessagingOverview(
            nodes.Sum(n => n.Connections), nodes.Sum(n => n.EntriesPerMinute), nodes.Sum(n => n.QueueDepth), bytes, nodes.Sum(n => n.MemoryBytes), nodes.Min(n => n.Started),
            Sum(connection, "attachment_use"), Sum(connection, "archive"), free, slowest with { Count = nodes.Sum(n => n.Delivery.Count) }, [.. growth], [.. nodes]);
    }

    /// <summary>Writes down what there is on this day.</summary>
    public async Task NoteDayAsync()
    {
        try
        {
            long bytes = Size(), attachments;
            using (DbConnection connection = database.OpenReader())
                attachments = Sum(connection, "attachment_use");
            await writer.DoAsync(new NoteDayChore(bytes, attachments));
        }
        catch (DbException)
        {
            // In an hour.
        }
    }

    // It takes a connection of its own. Asked before another one is held: whoever holds one and waits for one may wait for others who do the same.
    long Size() => database.Size();

    /// <summary>Tells the other nodes how this one is.</summary>
    public Task NoteNodeAsync() => writer.DoAsync(new NoteNodeChore(_node, JsonSerializer.Serialize(Here(), AdminJson.Default.NodeFigures), Heard));

    NodeFigures Here() => new(_node, sockets.Count, sockets.StoredLastMinute, writer.Waiting, Environment.WorkingSet, sockets.Started, times.Read());

    static long Sum(DbConnection connection, string table)
    {
        using Statement sum = new(connection, $"SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM {table}");
        using DbDataReader row = sum.Read();
        row.Read();
        return row.GetInt64(0);
    }
}

/// <summary>The sizes of a day, the newest of it.</summary>
sealed class NoteDayChore(long database, long attachments) : Chore
{
    public override void Run(StreamStore store)
    {
        long day = Now / 86_400;
        Execute(store, """
            INSERT INTO size_of_day (day, database_bytes, attachment_bytes) VALUES (@day, @database, @attachments)
                ON CONFLICT (day) DO UPDATE SET database_bytes = excluded.database_bytes, attachment_bytes = excluded.attachment_bytes
            """, ("@day", day), ("@database", database), ("@attachments", attachments));
        Execute(store, "DELETE FROM size_of_day WHERE day <= @old", ("@old", day - Figures.Days));
    }
}

/// <summary>How one of several nodes is; those that say nothing any more go.</summary>
sealed class NoteNodeChore(Id node, string figures, long heard) : Chore
{
    public override void Run(StreamStore store)
    {
        Execute(store, """
            INSERT INTO node (id, seen, figures) VALUES (@id, @now, @figures)
                ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, figures = excluded.figures
            """, ("@id", node), ("@now", Now), ("@figures", figures));
        Execute(store, "DELETE FROM node WHERE seen <= @old", ("@old", Now - heard));
    }
}

using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Push;

/// <summary>A row of push: where to wake a device, and whether it was woken since it was last connected.</summary>
sealed record PushRow(Id Device, PushSubscription Subscription, bool IsWoken);

/// <summary>What is stored of push: one row a device.</summary>
static class PushChores
{
    const string Columns = "SELECT device, account, endpoint, key, secret, woken FROM push_subscription";

    /// <summary>Every subscription.</summary>
    public static IEnumerable<PushRow> Read(DbConnection connection)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = Columns;
        using DbDataReader row = command.ExecuteReader();
        while (row.Read())
            yield return Row(row);
    }

    /// <summary>The device's; null where it has none.</summary>
    public static PushRow? Find(DbConnection connection, Id device)
    {
        using var find = new Statement(connection, $"{Columns} WHERE device = @device", "@device");
        using DbDataReader row = find.Read(device);
        return row.Read() ? Row(row) : null;
    }

    /// <summary>A subscription from the columns account, endpoint, key, secret that begin at <paramref name="first"/>.</summary>
    public static PushSubscription Subscription(DbDataReader row, int first) =>
        new(row.Id(first), new Uri(row.GetString(first + 1)), row.Bytes(first + 2), row.Bytes(first + 3));

    static PushRow Row(DbDataReader row) => new(row.Id(0), Subscription(row, 1), row.GetInt64(5) != 0);
}

/// <summary><c>PUT push</c>: the device's one subscription, in place of an earlier one. An endpoint is one browser's: it leaves any other device.</summary>
sealed class PutPushChore(Id device, Id session, PushSubscription subscription) : Chore
{
    public override void Run(StreamStore store)
    {
        Execute(store, "DELETE FROM push_subscription WHERE endpoint = @endpoint AND device <> @device",
            ("@endpoint", subscription.Endpoint.OriginalString), ("@device", device));
        Execute(store, """
            INSERT INTO push_subscription (device, account, session, endpoint, key, secret, woken, claimed)
            VALUES (@device, @account, @session, @endpoint, @key, @secret, 0, 0)
                ON CONFLICT (device) DO UPDATE
               SET account = excluded.account, session = excluded.session, endpoint = excluded.endpoint, key = excluded.key, secret = excluded.secret, woken = 0, claimed = 0
            """, ("@device", device), ("@account", subscription.Account), ("@session", session), ("@endpoint", subscription.Endpoint.OriginalString),
            ("@key", subscription.Key), ("@secret", subscription.Secret));
    }
}

/// <summary>A device is not to be woken any more; or not at this address, if one is named.</summary>
sealed class DropPushChore(Id device, Uri? endpoint = null) : Chore
{
    public override void Run(StreamStore store)
    {
        if (endpoint is null)
            Execute(store, "DELETE FROM push_subscription WHERE device = @device", ("@device", device));
        else
            Execute(store, "DELETE FROM push_subscription WHERE device = @device AND endpoint = @endpoint", ("@device", device), ("@endpoint", endpoint.OriginalString));
    }
}

/// <summary>A session ended: who put a subscription in it is not woken any more.</summary>
sealed class DropPushOfSessionChore(Id session) : Chore
{
    public override void Run(StreamStore store) => Execute(store, "DELETE FROM push_subscription WHERE session = @session", ("@session", session));
}

/// <summary>
/// Takes it on to wake a device: one node does, and only if nobody has since the device was last connected. Where to, the row says at this very moment. A claim holds for a minute, so a node that
/// dies keeps nobody asleep.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="isBack">Whether it was connected here since it was last asked.</param>
sealed class ClaimPushChore(Id device, bool isBack) : Chore
{
    const long Seconds = 60;

    /// <summary>Where to; null where it is not ours to wake.</summary>
    public PushSubscription? Subscription { get; private set; }

    /// <summary>Whether there is a subscription at all.</summary>
    public bool IsThere { get; private set; }

    /// <summary>Whether it was woken, and has not been back.</summary>
    public bool IsWoken { get; private set; }

    public override void Run(StreamStore store)
    {
        (Subscription, IsThere, IsWoken) = (null, false, false);
        if (isBack)
            Execute(store, "UPDATE push_subscription SET woken = 0, claimed = 0 WHERE device = @device", ("@device", device));
        using (DbCommand claim = Command(store, """
            UPDATE push_subscription SET claimed = @now WHERE device = @device AND woken = 0 AND claimed <= @before
            RETURNING account, endpoint, key, secret
            """, ("@device", device), ("@now", Now), ("@before", Now - Seconds)))
        {
            using DbDataReader row = claim.ExecuteReader();
            if (row.Read())
            {
                (Subscription, IsThere) = (PushChores.Subscription(row, 0), true);
                return;
            }
        }
        if (Keys(store, "SELECT woken FROM push_subscription WHERE device = @device", ("@device", device)) is [long woken])
            (IsThere, IsWoken) = (true, woken != 0);
    }
}

/// <summary>What came of a claim, unless the device was connected meanwhile: woken, or to be claimed again.</summary>
sealed class SettlePushChore(Id device, long claimed, bool isWoken) : Chore
{
    public override void Run(StreamStore store) =>
        Execute(store, "UPDATE push_subscription SET woken = @woken, claimed = 0 WHERE device = @device AND claimed = @claimed",
            ("@device", device), ("@claimed", claimed), ("@woken", isWoken ? 1L : 0L));
}

/// <summary>Devices were connected: each may be woken again.</summary>
sealed class BackPushChore(Id[] devices) : Chore
{
    /// <summary>Those that had been woken.</summary>
    public List<Id> Woken { get; } = [];

    public override void Run(StreamStore store)
    {
        Woken.Clear();
        foreach (Id device in devices)
        {
            using DbCommand command = Command(store, "UPDATE push_subscription SET woken = 0, claimed = 0 WHERE device = @device AND (woken = 1 OR claimed > 0)", ("@device", device));
            if (command.ExecuteNonQuery() > 0)
                Woken.Add(device);
        }
    }
}

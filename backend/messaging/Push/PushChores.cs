using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Push;

/// <summary>What is stored of push: one row a device.</summary>
static class PushChores
{
    /// <summary>Every subscription.</summary>
    public static IEnumerable<(Id Device, PushSubscription Subscription)> Read(DbConnection connection)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT device, account, endpoint, key, secret FROM push_subscription";
        using DbDataReader row = command.ExecuteReader();
        while (row.Read())
            yield return (row.Id(0), new PushSubscription(row.Id(1), new Uri(row.GetString(2)), row.Bytes(3), row.Bytes(4)));
    }
}

/// <summary><c>PUT push</c>: the device's one subscription, in place of an earlier one. An endpoint is one browser's: it leaves any other device.</summary>
sealed class PutPushChore(Id device, PushSubscription subscription) : Chore
{
    public override void Run(StreamStore store)
    {
        Execute(store, "DELETE FROM push_subscription WHERE endpoint = @endpoint AND device <> @device",
            ("@endpoint", subscription.Endpoint.OriginalString), ("@device", device));
        Execute(store, """
            INSERT INTO push_subscription (device, account, endpoint, key, secret) VALUES (@device, @account, @endpoint, @key, @secret)
                ON CONFLICT (device) DO UPDATE
               SET account = excluded.account, endpoint = excluded.endpoint, key = excluded.key, secret = excluded.secret
            """, ("@device", device), ("@account", subscription.Account), ("@endpoint", subscription.Endpoint.OriginalString),
            ("@key", subscription.Key), ("@secret", subscription.Secret));
    }
}

/// <summary>A device is not to be woken any more.</summary>
sealed class DropPushChore(Id device) : Chore
{
    public override void Run(StreamStore store) => Execute(store, "DELETE FROM push_subscription WHERE device = @device", ("@device", device));
}

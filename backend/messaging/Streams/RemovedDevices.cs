using System.Collections.Concurrent;
using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>Devices that were removed from their account: refused at once, whatever their tokens say, and never subscribed again.</summary>
sealed class RemovedDevices
{
    readonly ConcurrentDictionary<Id, bool> _devices = new();

    public RemovedDevices(Database database)
    {
        using DbConnection connection = database.OpenReader();
        using DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT device FROM removed_device";
        using DbDataReader row = command.ExecuteReader();
        while (row.Read())
            Add(row.Id(0));
    }

    public bool Contains(Id device) => _devices.ContainsKey(device);

    public void Add(Id device) => _devices[device] = true;
}

using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>A device as stored.</summary>
internal sealed record StoredDevice(Id Id, byte[] Key, byte[]? Certificate);

/// <summary>Devices that are out for good: their ids are never used again, and they may ask why.</summary>
internal sealed class RetiredDevices(AuthDatabase database, InstanceId instance, TimeProvider clock)
{
    /// <summary>Days after which a removed device is not told any more why; its id stays.</summary>
    public const int ToldDays = 180;

    const string Insert = """
        INSERT INTO retired_device (id, device_key, reason, device_list, since) VALUES (@device, @key, @reason, @list, @today)
        """;

    const string Find = "SELECT device_key, reason, device_list FROM retired_device WHERE id = @device AND reason IS NOT NULL";

    /// <summary>Takes a device out, with its sessions and key packages.</summary>
    /// <param name="db">The transaction.</param>
    /// <param name="device">The device.</param>
    /// <param name="reason">One of <see cref="RemovalRecord"/>; of a deleted account nothing is kept but that and the bare id.</param>
    /// <param name="list">The first signed list without the device, where there is one.</param>
    public async Task RetireAsync(Db db, StoredDevice device, string reason, byte[]? list)
    {
        await db.ExecuteAsync("DELETE FROM device WHERE id = @device", ("@device", device.Id));
        await db.ExecuteAsync(Insert, ("@device", device.Id), ("@key", reason == RemovalRecord.Deleted ? null : device.Key), ("@reason", reason),
            ("@list", list), ("@today", clock.Today()));
    }

    /// <summary>Why a device is out, if it is and proves its key.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>.</exception>
    public async Task<RemovalRecord> WhyAsync(RemovalRequest request)
    {
        Retired? retired = await database.ReadAsync(db => db.FirstAsync(
            Find, row => new Retired(row.BytesOrNull(0), row.GetString(1), row.BytesOrNull(2)), ("@device", request.Device)));
        // Of a deleted account no key is left to prove anything by, and there is nothing to be told but that.
        return retired is not null
            && (retired.Key is null || Signatures.Verify(retired.Key, new RemovalQuestion(instance.Id, request.Device).SignedBytes(), request.Signature))
                ? new RemovalRecord(retired.Reason, retired.List)
                : throw AuthException.NotFound();
    }

    sealed record Retired(byte[]? Key, string Reason, byte[]? List);
}

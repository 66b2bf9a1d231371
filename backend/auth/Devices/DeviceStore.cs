using System.Data.Common;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>Devices and the signed list that says which are in force.</summary>
internal sealed class DeviceStore(AuthDatabase database, SignedIdentity identity, RetiredDevices retired, TimeProvider clock)
{
    const string Devices = """
        SELECT id, device_key, added, last_seen, grant_key, certificate FROM device
         WHERE account = @account AND (waiting_until IS NULL OR waiting_until > @now)
         ORDER BY added, id
        """;

    const string Own = """
        SELECT a.device_list, a.account_key, a.handle, d.certificate, d.sealed_grant
          FROM device d JOIN account a ON a.id = d.account WHERE d.id = @device
        """;

    const string KeyChanges = """
        SELECT body FROM key_change WHERE account = (SELECT account FROM device WHERE id = @device) ORDER BY number
        """;

    const string FindAccount = "SELECT account_key, device_list, list_number FROM account WHERE id = @account";

    const string StoreCertificate = """
        UPDATE device SET certificate = @certificate, sealed_grant = @grant, grant_key = NULL, waiting_until = NULL WHERE id = @device
        """;

    const string StoreList = "UPDATE account SET device_list = @list, list_number = @number WHERE id = @account";

    /// <summary>The account's devices, certified and waiting ones.</summary>
    public Task<DeviceRecords> ListAsync(Id account) => database.ReadAsync(async db =>
        new DeviceRecords([.. await DevicesAsync(db, account)], (await AccountAsync(db, account)).DeviceList, await VaultStore.StateAsync(db, account)));

    /// <summary>A device as it sees itself.</summary>
    public async Task<OwnDevice> OwnAsync(Id device) => await database.ReadAsync(async db =>
    {
        OwnDevice own = await db.FirstAsync(
            Own, row => new OwnDevice(row.Bytes(0), row.Bytes(1), row.GetString(2), row.BytesOrNull(3), row.BytesOrNull(4)), ("@device", device))
            ?? throw AuthException.Unauthenticated();
        List<byte[]> changes = await db.AllAsync(KeyChanges, row => row.Bytes(0), ("@device", device));
        return changes.Count == 0 ? own : own with { KeyChanges = [.. changes] };
    });

    /// <summary>The device has what was sealed to it.</summary>
    public Task ForgetGrantAsync(Id device) => database.WriteAsync(db =>
        db.ExecuteAsync("UPDATE device SET sealed_grant = NULL WHERE id = @device", ("@device", device)));

    /// <summary>Puts a waiting device in force, with the next list; answers the devices in force after it.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>: no such device waits. <see cref="ErrorCodes.StaleDeviceList"/>. <see cref="ErrorCodes.Invalid"/>.</exception>
    public Task<Id[]> CertifyAsync(Id account, Id device, CertifyRequest request) => CertifyAsync(account, device, request.Certificate, request.DeviceList, request.Grant);

    /// <summary>The same for a device that holds the account key already, and needs no grant.</summary>
    public Task<Id[]> CertifySelfAsync(Id account, Id device, CertifySelf request) => CertifyAsync(account, device, request.Certificate, request.DeviceList, null);

    Task<Id[]> CertifyAsync(Id account, Id device, byte[] certificateBytes, byte[] deviceList, byte[]? grant) => database.WriteAsync(async db =>
    {
        StoredAccount stored = await AccountAsync(db, account);
        List<DeviceRecord> devices = await DevicesAsync(db, account);
        DeviceRecord waiting = devices.Find(d => d.Device == device && d.Certificate is null) ?? throw AuthException.NotFound();
        DeviceRecord[] inForce = [.. devices.Where(d => d.Certificate is not null)];
        if (inForce.Length >= Limits.AccountDevices) throw AuthException.Invalid("An account has at most 20 devices.");

        DeviceCertificate certificate = identity.Certificate(certificateBytes, account, stored.Key);
        if (certificate.Content.Device != device || !certificate.Content.DeviceKey.AsSpan().SequenceEqual(waiting.DeviceKey))
        {
            throw AuthException.Invalid("The certificate is of another device or device key.");
        }
        identity.RequireList(deviceList, account, stored.Key, stored.NextNumber, [.. inForce.Select(d => d.Certificate!), certificateBytes]);

        await db.ExecuteAsync(StoreCertificate, ("@certificate", certificateBytes), ("@grant", grant), ("@device", device));
        await db.ExecuteAsync("DELETE FROM link WHERE joiner = @device", ("@device", device));
        await db.ExecuteAsync(StoreList, ("@list", deviceList), ("@number", (long)stored.NextNumber), ("@account", account));
        return inForce.Select(d => d.Device).Append(device).ToArray();
    });

    /// <summary>Removes a device with its sessions and key packages, and stores the next list; answers the devices in force after it.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>. <see cref="ErrorCodes.Forbidden"/>: it is the last one. <see cref="ErrorCodes.StaleDeviceList"/>. <see cref="ErrorCodes.Invalid"/>.</exception>
    public Task<Id[]> RemoveAsync(Id account, Id device, byte[] deviceList) => database.WriteAsync(async db =>
    {
        StoredAccount stored = await AccountAsync(db, account);
        List<DeviceRecord> devices = await DevicesAsync(db, account);
        DeviceRecord gone = devices.Find(d => d.Device == device) ?? throw AuthException.NotFound();
        devices.Remove(gone);
        DeviceRecord[] inForce = [.. devices.Where(d => d.Certificate is not null)];
        // Nobody could ever certify another one.
        if (inForce.Length == 0) throw new AuthException(ErrorCodes.Forbidden, "An account keeps its last certified device.");
        identity.RequireList(deviceList, account, stored.Key, stored.NextNumber, inForce.Select(d => d.Certificate!));

        await retired.RetireAsync(db, new StoredDevice(device, gone.DeviceKey, gone.Certificate), RemovalRecord.Removed, deviceList);
        await db.ExecuteAsync(StoreList, ("@list", deviceList), ("@number", (long)stored.NextNumber), ("@account", account));
        return inForce.Select(d => d.Device).ToArray();
    });

    Task<List<DeviceRecord>> DevicesAsync(Db db, Id account) => db.AllAsync(
        Devices,
        row => new DeviceRecord(row.Id(0), row.Bytes(1), row.GetInt64(2) * Days.Seconds, row.GetInt64(3) * Days.Seconds, row.BytesOrNull(4), row.BytesOrNull(5)),
        ("@account", account), ("@now", clock.Now()));

    static async Task<StoredAccount> AccountAsync(Db db, Id account) =>
        await db.FirstAsync(FindAccount, StoredAccount.Read, ("@account", account)) ?? throw AuthException.Unauthenticated();

    sealed record StoredAccount(byte[] Key, byte[] DeviceList, ulong NextNumber)
    {
        public static StoredAccount Read(DbDataReader row) => new(row.Bytes(0), row.Bytes(1), (ulong)row.GetInt64(2) + 1);
    }
}

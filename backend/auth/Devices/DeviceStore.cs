using System.Data.Common;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>What a newer device list than the stored one changed.</summary>
/// <param name="Account">Whose.</param>
/// <param name="InForce">The devices in force after it.</param>
/// <param name="Removed">Those that are not any more.</param>
internal sealed record PutBack(Id Account, Id[] InForce, Id[] Removed)
{
    /// <summary>Tells whoever has to know.</summary>
    public void Tell(IEventBus bus)
    {
        foreach (Id device in Removed) bus.Publish(new DeviceRemoved(Account, device));
        bus.Publish(new DevicesChanged(Account, InForce));
    }
}

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

    const string InsertCertified = """
        INSERT INTO device (id, account, device_key, certificate, added, last_seen) VALUES (@device, @account, @key, @certificate, @added, @today)
        """;

    const string FindOwner = "SELECT account FROM device WHERE id = @device";

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
    public Task ForgetGrantAsync(Caller caller) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        await db.ExecuteAsync("UPDATE device SET sealed_grant = NULL WHERE id = @device", ("@device", caller.Device));
    });

    /// <summary>Puts a waiting device in force, with the next list; answers the devices in force after it.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>: no such device waits. <see cref="ErrorCodes.StaleDeviceList"/>. <see cref="ErrorCodes.Invalid"/>.</exception>
    public Task<Id[]> CertifyAsync(Caller caller, Id device, CertifyRequest request) => CertifyAsync(caller, device, request.Certificate, request.DeviceList, request.Grant);

    /// <summary>The same for a device that holds the account key already, and needs no grant.</summary>
    public Task<Id[]> CertifySelfAsync(Caller caller, CertifySelf request) => CertifyAsync(caller, caller.Device, request.Certificate, request.DeviceList, null);

    Task<Id[]> CertifyAsync(Caller caller, Id device, byte[] certificateBytes, byte[] deviceList, byte[]? grant) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        Id account = caller.Account;
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
        await db.ExecuteAsync(StoreList, ("@list", deviceList), ("@number", (long)stored.NextNumber), ("@account", account));
        return inForce.Select(d => d.Device).Append(device).ToArray();
    });

    /// <summary>Removes a device with its sessions and key packages, and stores the next list; answers the devices in force after it.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>. <see cref="ErrorCodes.Forbidden"/>: it is the last one. <see cref="ErrorCodes.StaleDeviceList"/>. <see cref="ErrorCodes.Invalid"/>.</exception>
    public Task<Id[]> RemoveAsync(Caller caller, Id device, byte[] deviceList) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        Id account = caller.Account;
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

    /// <summary>Takes a newer list than the stored one from a device that has seen it: this database was put back to a backup, or is behind.</summary>
    /// <returns>What it changed; <c>null</c> where the stored list is as new, is by another account key, or says something that this one does not know of.</returns>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Invalid"/>: the account has not signed it.</exception>
    public Task<PutBack?> PutBackAsync(Caller caller, KnownDevices known) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        return await PutBackAsync(db, caller.Account, known);
    });

    /// <summary>The same, as part of a log-in.</summary>
    public async Task<PutBack?> PutBackAsync(Db db, Id account, KnownDevices known)
    {
        StoredAccount stored = await AccountAsync(db, account);
        if (identity.Newer(known, account, stored.Key, stored.NextNumber) is not var (list, certificates)) return null;
        await db.ExecuteAsync("DELETE FROM device WHERE waiting_until <= @now", ("@now", clock.Now()));
        List<DeviceRecord> devices = await DevicesAsync(db, account);
        DeviceRecord[] gone = [.. devices.Where(d => d.Certificate is { } certificate && !known.Certificates.Any(c => c.AsSpan().SequenceEqual(certificate)))];
        // What was certified after the list was made, it does not know of, rather than leave it out.
        if (gone.Any(d => DeviceCertificate.Decode(d.Certificate!).Content.Created > list.Created)) return null;

        List<(DeviceCertificateContent Content, byte[] Bytes)> missing = [];
        foreach ((DeviceCertificateContent content, byte[] bytes) in certificates)
        {
            DeviceRecord? row = devices.Find(d => d.Device == content.Device);
            if (row?.Certificate is { } held && held.AsSpan().SequenceEqual(bytes)) continue;
            bool free = row is { Certificate: null } waiting ? waiting.DeviceKey.AsSpan().SequenceEqual(content.DeviceKey)
                : row is null && !await db.AnyAsync(FindOwner, ("@device", content.Device));
            // A device that was removed since stays removed, whoever remembers it.
            if (!free || await db.AnyAsync("SELECT 1 FROM retired_device WHERE id = @device", ("@device", content.Device))) return null;
            missing.Add((content, bytes));
        }

        foreach (DeviceRecord device in gone)
            await retired.RetireAsync(db, new StoredDevice(device.Device, device.DeviceKey, device.Certificate), RemovalRecord.Removed, known.DeviceList);
        foreach ((DeviceCertificateContent content, byte[] bytes) in missing)
        {
            await db.ExecuteAsync("DELETE FROM link WHERE joiner = @device", ("@device", content.Device));
            if (await db.ExecuteAsync(StoreCertificate, ("@certificate", bytes), ("@grant", null), ("@device", content.Device)) > 0) continue;
            await db.ExecuteAsync(InsertCertified, ("@device", content.Device), ("@account", account), ("@key", content.DeviceKey), ("@certificate", bytes),
                ("@added", (long)Math.Min(content.Created, (ulong)clock.Now()) / Days.Seconds), ("@today", clock.Today()));
        }
        await db.ExecuteAsync(StoreList, ("@list", known.DeviceList), ("@number", (long)list.Number), ("@account", account));
        return new PutBack(account, [.. certificates.Select(c => c.Content.Device)], [.. gone.Select(d => d.Device)]);
    }

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

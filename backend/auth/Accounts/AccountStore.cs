using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>What became of an account's devices.</summary>
/// <param name="Removed">Those that are none of its any more.</param>
/// <param name="Remaining">Those in force.</param>
/// <param name="Number">The number of the device list that says so.</param>
internal sealed record DroppedDevices(Id[] Removed, Id[] Remaining, ulong Number);

/// <summary>Changes of a whole account, each in one transaction.</summary>
internal sealed class AccountStore(AuthDatabase database, SignedIdentity identity, VaultStore vaults, RetiredDevices retired, ClosedAccounts closed, TimeProvider clock)
{
    const string FindAccount = "SELECT account_key, list_number FROM account WHERE id = @account";

    const string Devices = "SELECT id, device_key, certificate FROM device WHERE account = @account ORDER BY id";

    const string StoreKey = "UPDATE account SET account_key = @key, device_list = @list, list_number = @number WHERE id = @account";

    const string LastOwner = """
        SELECT 1 FROM account a
         WHERE a.id = @account AND a.rank = 'owner'
           AND NOT EXISTS (SELECT 1 FROM account o WHERE o.rank = 'owner' AND o.state = 'active' AND o.id <> a.id)
           AND EXISTS (SELECT 1 FROM account m WHERE m.id <> a.id)
        """;

    const string OtherSessions = """
        SELECT s.id, d.account, s.device, d.certificate IS NOT NULL FROM session s JOIN device d ON d.id = s.device
         WHERE d.account = @account AND s.id <> @session
        """;

    /// <summary>The hash of the account's secret.</summary>
    public async Task<string> PasswordAsync(Id account) => await database.ReadAsync(db => db.FirstAsync(
        "SELECT password FROM account WHERE id = @account", row => row.GetString(0), ("@account", account))) ?? throw AuthException.Unauthenticated();

    /// <summary>Stores a new hash and ends every other session; devices that wait under the old password are gone. Gives the ended sessions.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.WrongCredentials"/>: the password was changed meanwhile.</exception>
    public Task<List<OpenSession>> ChangePasswordAsync(Caller caller, PasswordProof current, string next, KdfParameters kdf) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        await current.RequireAsync(db);
        await db.ExecuteAsync(
            "UPDATE account SET password = @next, kdf_algorithm = @algorithm, kdf_iterations = @iterations WHERE id = @account",
            ("@next", next), ("@algorithm", kdf.Algorithm), ("@iterations", kdf.Iterations), ("@account", caller.Account));
        List<OpenSession> ended = await db.AllAsync(
            OtherSessions, row => new OpenSession(row.Id(0), row.Id(1), row.Id(2), row.Flag(3)), ("@account", caller.Account), ("@session", caller.Session));
        foreach (OpenSession session in ended) await EndedSessions.EndAsync(db, session.Id, clock);
        await db.ExecuteAsync("DELETE FROM device WHERE account = @account AND certificate IS NULL", ("@account", caller.Account));
        return ended;
    });

    /// <summary>Puts a new account key in the place of the stored one, with certificates, list, grants and vault under it.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.StaleDeviceList"/>, <see cref="ErrorCodes.StaleVault"/>, <see cref="ErrorCodes.Invalid"/>.</exception>
    public Task<DroppedDevices> ReplaceKeyAsync(Caller caller, ReplaceAccountKey request) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        Stored stored = await FindAsync(db, caller.Account);
        if (request.AccountKey.AsSpan().SequenceEqual(stored.Key)) throw AuthException.Invalid("The new account key is the old one.");
        Dictionary<Id, StoredDevice> inForce = (await DevicesAsync(db, caller.Account)).Where(d => d.Certificate is not null).ToDictionary(d => d.Id);
        Dictionary<Id, byte[]> next = [];
        foreach (byte[] bytes in request.Certificates)
        {
            DeviceCertificateContent content = identity.Certificate(bytes, caller.Account, request.AccountKey).Content;
            if (!inForce.TryGetValue(content.Device, out StoredDevice? device) || !content.DeviceKey.AsSpan().SequenceEqual(device.Key) || !next.TryAdd(content.Device, bytes))
            {
                throw new AuthException(ErrorCodes.StaleDeviceList, "A certificate is of a device that is not in force, or comes twice.");
            }
        }
        if (!next.ContainsKey(caller.Device)) throw AuthException.Invalid("The caller has no certificate by the new key.");
        if (!request.Grants.Select(g => g.Device).Order(ById).SequenceEqual(next.Keys.Where(d => d != caller.Device).Order(ById)))
        {
            throw AuthException.Invalid("Each device that stays, but the caller, gets one grant.");
        }
        identity.RequireList(request.RemovalList, caller.Account, stored.Key, stored.Number + 1, next.Keys.Select(d => inForce[d].Certificate!));
        identity.RequireList(request.DeviceList, caller.Account, request.AccountKey, stored.Number + 2, next.Values);
        // A device that was away reads all of them; who needs more begins afresh.
        if (await db.NumberAsync("SELECT COUNT(*) FROM key_change WHERE account = @account", ("@account", caller.Account)) >= Limits.KeyChanges)
            throw AuthException.Invalid("The account has had 256 keys.");
        identity.RequireKeyChange(request.KeyChange, caller.Account, stored.Key, request.AccountKey, stored.Number + 2, inForce[caller.Device].Certificate!);

        StoredDevice[] removed = [.. (await DevicesAsync(db, caller.Account)).Where(d => !next.ContainsKey(d.Id))];
        foreach (StoredDevice device in removed) await retired.RetireAsync(db, device, RemovalRecord.Removed, request.RemovalList);
        await db.ExecuteAsync("DELETE FROM key_package WHERE device IN (SELECT id FROM device WHERE account = @account)", ("@account", caller.Account));
        foreach ((Id device, byte[] certificate) in next)
        {
            await db.ExecuteAsync("UPDATE device SET certificate = @certificate, sealed_grant = @grant WHERE id = @device",
                ("@certificate", certificate), ("@grant", request.Grants.FirstOrDefault(g => g.Device == device)?.Grant), ("@device", device));
        }
        await ReportStore.ForgetAsync(db, caller.Account);
        await db.ExecuteAsync(StoreKey, ("@key", request.AccountKey), ("@list", request.DeviceList), ("@number", (long)stored.Number + 2), ("@account", caller.Account));
        await db.ExecuteAsync("INSERT INTO key_change (account, number, body) VALUES (@account, @number, @body)",
            ("@account", caller.Account), ("@number", (long)stored.Number + 2), ("@body", request.KeyChange));
        if (request.Vault is { } vault) await vaults.ReplaceAsync(db, caller.Account, request.AccountKey, vault);
        else await db.ExecuteAsync("DELETE FROM vault WHERE account = @account", ("@account", caller.Account));
        return new DroppedDevices([.. removed.Select(d => d.Id)], [.. next.Keys], stored.Number + 2);
    });

    /// <summary>Begins the account afresh with the calling device alone, under a new key.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.WrongCredentials"/>: the password was changed meanwhile. <see cref="ErrorCodes.StaleDeviceList"/>, <see cref="ErrorCodes.Invalid"/>.</exception>
    public Task<DroppedDevices> ResetAsync(Caller caller, PasswordProof proof, ResetAccount request) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        await proof.RequireAsync(db);
        Stored stored = await FindAsync(db, caller.Account);
        if (request.AccountKey.AsSpan().SequenceEqual(stored.Key)) throw AuthException.Invalid("The new account key is the old one.");
        List<StoredDevice> devices = await DevicesAsync(db, caller.Account);
        StoredDevice own = devices.Find(d => d.Id == caller.Device && d.Certificate is null) ?? throw AuthException.Unauthenticated();
        DeviceCertificateContent content = identity.Certificate(request.Certificate, caller.Account, request.AccountKey).Content;
        if (content.Device != own.Id || !content.DeviceKey.AsSpan().SequenceEqual(own.Key)) throw AuthException.Invalid("The certificate is of another device or device key.");
        identity.RequireList(request.DeviceList, caller.Account, request.AccountKey, stored.Number + 1, [request.Certificate]);

        devices.Remove(own);
        foreach (StoredDevice device in devices) await retired.RetireAsync(db, device, RemovalRecord.Reset, null);
        await db.ExecuteAsync("DELETE FROM vault WHERE account = @account", ("@account", caller.Account));
        await db.ExecuteAsync("DELETE FROM key_change WHERE account = @account", ("@account", caller.Account));
        await db.ExecuteAsync("UPDATE device SET certificate = @certificate, grant_key = NULL, sealed_grant = NULL, waiting_until = NULL WHERE id = @device",
            ("@certificate", request.Certificate), ("@device", own.Id));
        await ReportStore.ForgetAsync(db, caller.Account);
        await db.ExecuteAsync(StoreKey, ("@key", request.AccountKey), ("@list", request.DeviceList), ("@number", (long)stored.Number + 1), ("@account", caller.Account));
        return new DroppedDevices([.. devices.Select(d => d.Id)], [own.Id], stored.Number + 1);
    });

    /// <summary>Deletes the account with all that hangs on it. Of its devices the bare ids stay, so that no other device ever gets one of them.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.WrongCredentials"/>: the password was changed meanwhile. <see cref="ErrorCodes.LastOwner"/>.</exception>
    public Task<Id[]> DeleteAsync(Caller caller, PasswordProof proof) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        await proof.RequireAsync(db);
        Id account = caller.Account;
        await RequireDeletableAsync(db, account);
        List<StoredDevice> devices = await DevicesAsync(db, account);
        foreach (StoredDevice device in devices) await retired.RetireAsync(db, device, RemovalRecord.Deleted, null);
        await InviteStore.EndOfAsync(db, account);
        await ReportStore.ForgetAsync(db, account);
        await db.ExecuteAsync("DELETE FROM account WHERE id = @account", ("@account", account));
        await closed.NoteAsync(db, account);
        return devices.Select(d => d.Id).ToArray();
    });

    /// <summary>Whether the account can be deleted.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.LastOwner"/>.</exception>
    public Task RequireDeletableAsync(Id account) => database.ReadAsync(async db =>
    {
        await RequireDeletableAsync(db, account);
        return true;
    });

    // An instance without an owner would take the next one from its set-up link, past everybody on it.
    static async Task RequireDeletableAsync(Db db, Id account)
    {
        if (await db.AnyAsync(LastOwner, ("@account", account))) throw new AuthException(ErrorCodes.LastOwner, "The last owner makes somebody else an owner first.");
    }

    static readonly Comparer<Id> ById = Comparer<Id>.Create((a, b) => (a.High, a.Low).CompareTo((b.High, b.Low)));

    static Task<List<StoredDevice>> DevicesAsync(Db db, Id account) =>
        db.AllAsync(Devices, row => new StoredDevice(row.Id(0), row.Bytes(1), row.BytesOrNull(2)), ("@account", account));

    static async Task<Stored> FindAsync(Db db, Id account) =>
        await db.FirstAsync(FindAccount, row => new Stored(row.Bytes(0), (ulong)row.GetInt64(1)), ("@account", account)) ?? throw AuthException.Unauthenticated();

    sealed record Stored(byte[] Key, ulong Number);
}

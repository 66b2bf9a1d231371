using System.Data.Common;
using System.Globalization;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>What log-in needs of an account.</summary>
/// <param name="Id">The account.</param>
/// <param name="Password">The stored bcrypt hash.</param>
/// <param name="KnowsDevice">Whether the device with this id and key is the account's.</param>
internal sealed record KnownAccount(Id Id, string Password, bool KnowsDevice)
{
    /// <summary>Whether the hash has the cost that is set now.</summary>
    public bool HasCost(int cost) => Password.StartsWith(string.Create(CultureInfo.InvariantCulture, $"$2b${cost:00}$"), StringComparison.Ordinal);
}

/// <summary>Opens sessions.</summary>
internal sealed class LogInStore(AuthDatabase database, DeviceStore devices, TimeProvider clock)
{
    /// <summary>Devices of an account that may wait to be certified, and for how long.</summary>
    const int MaximumWaiting = 5;

    const string FindAccount = """
        SELECT id, password,
               EXISTS (SELECT 1 FROM device d WHERE d.id = @device AND d.account = account.id AND d.device_key = @key)
          FROM account WHERE email_lookup = @lookup
        """;

    const string FindDevice = "SELECT account, device_key, certificate IS NOT NULL FROM device WHERE id = @device";

    const string InsertWaiting = """
        INSERT INTO device (id, account, device_key, grant_key, added, last_seen, waiting_until)
        VALUES (@device, @account, @key, @grant, @today, @today, @until)
        """;

    const string InsertSession = """
        INSERT INTO session (id, device, family, refresh, expires) VALUES (@session, @device, @family, @refresh, @expires)
        """;

    const string UseChallenge = "INSERT INTO used_challenge (random, expires) VALUES (@random, @expires) ON CONFLICT (random) DO NOTHING";

    /// <summary>What the account's secret was derived with; <c>null</c> where there is no account.</summary>
    public Task<KdfParameters?> KdfAsync(byte[] emailLookup) => database.ReadAsync(db => db.FirstAsync(
        "SELECT kdf_algorithm, kdf_iterations FROM account WHERE email_lookup = @lookup",
        row => new KdfParameters(row.GetString(0), row.GetInt32(1)), ("@lookup", emailLookup)));

    /// <summary>The account of an address, or <c>null</c>.</summary>
    public Task<KnownAccount?> FindAsync(byte[] emailLookup, Id device, byte[] deviceKey) => database.ReadAsync(db => db.FirstAsync(
        FindAccount, row => new KnownAccount(row.Id(0), row.GetString(1), row.Flag(2)),
        ("@lookup", emailLookup), ("@device", device), ("@key", deviceKey)));

    /// <summary>Stores the hash under the cost that is set now, and answers the proof by it.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Unavailable"/>: another log-in was faster, or the password is another one. Which it was shows when this one is tried again.</exception>
    public Task<PasswordProof> ReplacePasswordAsync(PasswordProof proof, string hash) => database.WriteAsync(async db =>
        await db.ExecuteAsync("UPDATE account SET password = @hash WHERE id = @id AND password = @old", ("@hash", hash), ("@id", proof.Account), ("@old", proof.Hash)) == 1
            ? proof with { Hash = hash }
            : throw new AuthException(ErrorCodes.Unavailable, "The stored hash changed meanwhile.", TimeSpan.FromSeconds(1)));

    /// <summary>
    /// Opens the device's session and answers the former ones, which end; a device the account does not know is stored as waiting. What it knows of the account's
    /// devices and this database does not is taken first.
    /// </summary>
    /// <exception cref="AuthException">
    /// <see cref="ErrorCodes.WrongCredentials"/>: the password was changed meanwhile, the device has another key, or the challenge has opened a session before.
    /// <see cref="ErrorCodes.IdTaken"/>: the device is another account's.
    /// <see cref="ErrorCodes.DeviceRemoved"/>: it was removed. <see cref="ErrorCodes.Forbidden"/>: too many wait. <see cref="ErrorCodes.Invalid"/>: a grant key is missing or out of place.
    /// </exception>
    public Task<(OpenSession Session, Id[] Former, PutBack? Change)> OpenSessionAsync(PasswordProof proof, LogInRequest request, RefreshToken refresh) => database.WriteAsync(async db =>
    {
        await proof.RequireAsync(db);
        Id account = proof.Account;
        if (await db.ExecuteAsync(UseChallenge,
            ("@random", Challenges.Random(request.Challenge)), ("@expires", Challenges.Expires(request.Challenge))) == 0)
        {
            throw AuthException.WrongCredentials();
        }
        // Only who has the password is told.
        if (!await db.AnyAsync("SELECT 1 FROM account WHERE id = @account AND state = 'active'", ("@account", account)))
            throw new AuthException(ErrorCodes.AccountSuspended, "Whoever runs the instance has suspended the account.");
        PutBack? change = request.Known is { } known ? await devices.PutBackAsync(db, account, known) : null;
        bool certified = await AdmitAsync(db, account, request);
        Id session = Id.New();
        Id[] former = await EndedSessions.EndOfDeviceAsync(db, request.Device, clock);
        await db.ExecuteAsync(InsertSession,
            ("@session", session), ("@device", request.Device), ("@family", refresh.FamilyHash), ("@refresh", refresh.OwnHash),
            ("@expires", clock.Today() + SessionStore.LifetimeDays));
        await db.ExecuteAsync("UPDATE device SET last_seen = @today WHERE id = @device", ("@today", clock.Today()), ("@device", request.Device));
        return (new OpenSession(session, account, request.Device, certified), former, change);
    });

    async Task<bool> AdmitAsync(Db db, Id account, LogInRequest request)
    {
        await db.ExecuteAsync("DELETE FROM device WHERE waiting_until <= @now", ("@now", clock.Now()));
        StoredDevice? known = await db.FirstAsync(FindDevice, StoredDevice.Read, ("@device", request.Device));
        if (known is null)
        {
            await AddWaitingAsync(db, account, request);
            return false;
        }
        if (known.Account != account) throw new AuthException(ErrorCodes.IdTaken, "The device id is in use.");
        if (!known.Key.AsSpan().SequenceEqual(request.DeviceKey)) throw AuthException.WrongCredentials();
        if (known.Certified)
        {
            if (request.GrantKey is not null) throw AuthException.Invalid("A certified device needs no grant.");
            return true;
        }
        await db.ExecuteAsync("UPDATE device SET grant_key = COALESCE(@grant, grant_key), waiting_until = @until WHERE id = @device",
            ("@grant", request.GrantKey), ("@until", clock.Now() + Days.Seconds), ("@device", request.Device));
        return false;
    }

    async Task AddWaitingAsync(Db db, Id account, LogInRequest request)
    {
        if (await db.AnyAsync("SELECT 1 FROM retired_device WHERE id = @device", ("@device", request.Device)))
        {
            throw new AuthException(ErrorCodes.DeviceRemoved, "The device was removed.");
        }
        if (request.GrantKey is null) throw AuthException.Invalid("A new device brings a grant key.");
        long waiting = await db.NumberAsync("SELECT COUNT(*) FROM device WHERE account = @account AND certificate IS NULL", ("@account", account));
        if (waiting >= MaximumWaiting) throw new AuthException(ErrorCodes.Forbidden, "Too many devices wait to be certified.");
        await db.ExecuteAsync(InsertWaiting,
            ("@device", request.Device), ("@account", account), ("@key", request.DeviceKey), ("@grant", request.GrantKey),
            ("@today", clock.Today()), ("@until", clock.Now() + Days.Seconds));
    }

    sealed record StoredDevice(Id Account, byte[] Key, bool Certified)
    {
        public static StoredDevice Read(DbDataReader row) => new(row.Id(0), row.Bytes(1), row.Flag(2));
    }
}

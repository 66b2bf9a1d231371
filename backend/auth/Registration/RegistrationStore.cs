using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>All that is stored of a new account and its first device.</summary>
internal sealed record NewAccount(
    Id Id, string Handle, byte[] EmailLookup, byte[] EmailSealed, string Password, KdfParameters Kdf, byte[] AccountKey, byte[] DeviceList,
    Id Device, byte[] DeviceKey, byte[] Certificate);

/// <summary>Makes accounts.</summary>
internal sealed class RegistrationStore(AuthDatabase database, AuditLog audit, TimeProvider clock)
{
    const string FindInvite = "SELECT 1 FROM invite WHERE secret = @secret AND uses_left > 0 AND expires > @now";

    const string UseInvite = """
        UPDATE invite SET uses_left = uses_left - 1
         WHERE secret = @secret AND uses_left > 0 AND expires > @now
        RETURNING rank
        """;

    const string IdInUse = """
        SELECT 1 FROM account WHERE id = @account
        UNION ALL SELECT 1 FROM device WHERE id = @device
        UNION ALL SELECT 1 FROM retired_device WHERE id = @device
        """;

    const string InsertAccount = """
        INSERT INTO account (id, handle, rank, email_lookup, email_sealed, password, kdf_algorithm, kdf_iterations, account_key, device_list, list_number)
        VALUES (@id, @handle, @rank, @lookup, @sealed, @password, @algorithm, @iterations, @key, @list, 1)
        """;

    const string InsertDevice = """
        INSERT INTO device (id, account, device_key, certificate, added, last_seen)
        VALUES (@device, @account, @key, @certificate, @today, @today)
        """;

    /// <summary>The one answer to every kind of bad invite.</summary>
    public static AuthException InvalidInvite() => new(ErrorCodes.InvalidInvite, "The invite is unknown, used up, expired or revoked.");

    /// <summary>Whether the invite works at this moment.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.InvalidInvite"/>.</exception>
    public async Task RequireInviteAsync(byte[] secret)
    {
        if (!await database.ReadAsync(db => db.AnyAsync(FindInvite, ("@secret", secret), ("@now", clock.Now())))) throw InvalidInvite();
    }

    /// <summary>Whether handle and ids are free at this moment.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.HandleTaken"/> or <see cref="ErrorCodes.IdTaken"/>.</exception>
    public Task RequireFreeAsync(string handle, Id account, Id device) => database.ReadAsync(async db =>
    {
        await RequireFreeAsync(db, handle, account, device);
        return true;
    });

    /// <summary>Uses the invite and makes the account; false, and only the invite used, where the address has an account.</summary>
    /// <param name="account">The account.</param>
    /// <param name="invite">Hash of the invite's secret; <c>null</c> where registration is open.</param>
    /// <exception cref="AuthException"><see cref="ErrorCodes.InvalidInvite"/>, <see cref="ErrorCodes.HandleTaken"/>, <see cref="ErrorCodes.IdTaken"/>; then the invite is as it was.</exception>
    public Task<bool> RegisterAsync(NewAccount account, byte[]? invite) => database.WriteAsync(async db =>
    {
        string rank = "member";
        if (invite is not null)
        {
            rank = await db.FirstAsync(UseInvite, row => row.GetString(0), ("@secret", invite), ("@now", clock.Now())) ?? throw InvalidInvite();
        }
        if (rank == "owner" && await db.AnyAsync("SELECT 1 FROM account WHERE rank = 'owner' AND state = 'active'")) throw InvalidInvite();
        await RequireFreeAsync(db, account.Handle, account.Id, account.Device);
        if (await db.AnyAsync("SELECT 1 FROM account WHERE email_lookup = @lookup", ("@lookup", account.EmailLookup))) return false;

        await db.ExecuteAsync(InsertAccount,
            ("@id", account.Id), ("@handle", account.Handle), ("@rank", rank), ("@lookup", account.EmailLookup), ("@sealed", account.EmailSealed),
            ("@password", account.Password), ("@algorithm", account.Kdf.Algorithm), ("@iterations", account.Kdf.Iterations),
            ("@key", account.AccountKey), ("@list", account.DeviceList));
        await db.ExecuteAsync(InsertDevice,
            ("@device", account.Device), ("@account", account.Id), ("@key", account.DeviceKey), ("@certificate", account.Certificate),
            ("@today", clock.Today()));
        // Whoever has a rank is named in the log that each member reads, however they came by it.
        if (rank != "member") await audit.WriteAsync(db, account.Id, "joined", account.Id, rank);
        return true;
    });

    static async Task RequireFreeAsync(Db db, string handle, Id account, Id device)
    {
        if (await db.AnyAsync("SELECT 1 FROM account WHERE handle = @handle", ("@handle", handle)))
        {
            throw new AuthException(ErrorCodes.HandleTaken, "The handle belongs to somebody.");
        }
        if (await db.AnyAsync(IdInUse, ("@account", account), ("@device", device)))
        {
            throw new AuthException(ErrorCodes.IdTaken, "The account or device id is in use.");
        }
    }
}

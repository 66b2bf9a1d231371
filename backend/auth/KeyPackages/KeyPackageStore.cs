using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>Key packages: each one-time one is handed out once, ever.</summary>
internal sealed class KeyPackageStore(AuthDatabase database, TimeProvider clock)
{
    const string Insert = """
        INSERT INTO key_package (ref, device, body, not_after, last_resort, used)
        VALUES (@ref, @device, @body, @notAfter, @lastResort, 0)
        ON CONFLICT (ref) DO NOTHING
        """;

    const string CountOneTime = "SELECT COUNT(*) FROM key_package WHERE device = @device AND last_resort = 0 AND not_after > @now";

    const string FindLastResort = "SELECT used FROM key_package WHERE device = @device AND last_resort = 1 AND not_after > @now";

    const string DevicesOf = """
        SELECT id FROM device WHERE account = @account AND certificate IS NOT NULL AND id <> @except ORDER BY id
        """;

    // One statement inside the one writer's transaction: two claims at once get two key packages (RFC 9420 §16.8).
    const string TakeOneTime = """
        DELETE FROM key_package
         WHERE ref = (SELECT ref FROM key_package
                       WHERE device = @device AND last_resort = 0 AND not_after > @now
                       ORDER BY not_after, ref LIMIT 1)
        RETURNING body
        """;

    const string UseLastResort = """
        UPDATE key_package SET used = 1 WHERE device = @device AND last_resort = 1 AND not_after > @now RETURNING body
        """;

    /// <summary>The certificate of a device.</summary>
    public async Task<byte[]> CertificateAsync(Id device) => await database.ReadAsync(db => db.FirstAsync(
        "SELECT certificate FROM device WHERE id = @device AND certificate IS NOT NULL", row => row.Bytes(0), ("@device", device)))
        ?? throw AuthException.Unauthenticated();

    /// <summary>Adds one-time key packages, and replaces the last-resort one where there is a new one.</summary>
    /// <exception cref="AuthException">
    /// <see cref="ErrorCodes.TooLarge"/>: that would be more than 100. <see cref="ErrorCodes.Invalid"/>: the device got another certificate than they were checked by.
    /// </exception>
    public Task PublishAsync(Caller caller, byte[] certificate, List<CheckedKeyPackage> packages) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        Id device = caller.Device;
        if (!await db.AnyAsync("SELECT 1 FROM device WHERE id = @device AND certificate = @certificate", ("@device", device), ("@certificate", certificate)))
            throw AuthException.Invalid("The key packages' credential is not this device's certificate any more.");
        if (packages.Exists(p => p.LastResort))
        {
            await db.ExecuteAsync("DELETE FROM key_package WHERE device = @device AND last_resort = 1", ("@device", device));
        }
        foreach (CheckedKeyPackage package in packages)
        {
            await db.ExecuteAsync(Insert,
                ("@ref", package.Ref), ("@device", device), ("@body", package.Body), ("@notAfter", package.NotAfter),
                ("@lastResort", package.LastResort ? 1 : 0));
        }
        if (await db.NumberAsync(CountOneTime, ("@device", device), ("@now", clock.Now())) > Limits.KeyPackages) throw KeyPackageEndpoints.TooLarge();
    });

    /// <summary>How many are left.</summary>
    public Task<KeyPackageCount> CountAsync(Id device) => database.ReadAsync(async db =>
    {
        long count = await db.NumberAsync(CountOneTime, ("@device", device), ("@now", clock.Now()));
        List<bool> lastResort = await db.AllAsync(FindLastResort, row => row.Flag(0), ("@device", device), ("@now", clock.Now()));
        return new KeyPackageCount((int)count, lastResort.Count > 0, lastResort.Contains(true));
    });

    /// <summary>One key package of each certified device of the account, but of the one that calls.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>: no such account.</exception>
    public Task<ClaimedKeyPackages> ClaimAsync(Caller caller, Id account) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        if (!await db.AnyAsync("SELECT 1 FROM account WHERE id = @account", ("@account", account))) throw AuthException.NotFound();
        List<ClaimedKeyPackage> claimed = [];
        foreach (Id device in await db.AllAsync(DevicesOf, row => row.Id(0), ("@account", account), ("@except", caller.Device)))
        {
            byte[]? body = await TakeAsync(db, TakeOneTime, device) ?? await TakeAsync(db, UseLastResort, device);
            if (body is not null) claimed.Add(new ClaimedKeyPackage(device, body));
        }
        return new ClaimedKeyPackages([.. claimed]);
    });

    Task<byte[]?> TakeAsync(Db db, string sql, Id device) =>
        db.FirstAsync(sql, row => row.Bytes(0), ("@device", device), ("@now", clock.Now()));
}

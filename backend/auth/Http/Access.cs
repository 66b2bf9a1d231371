using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>Who may make a call (docs/PROTOCOL.md §5).</summary>
internal enum Access
{
    /// <summary>– Anyone.</summary>
    Anyone,

    /// <summary>W: a logged-in device, certified or waiting to be.</summary>
    LoggedIn,

    /// <summary>D: a certified device.</summary>
    Certified,

    /// <summary>O: a certified device of the instance's owner.</summary>
    Owner,

    /// <summary>m: whoever opened the dashboard, of any rank.</summary>
    Moderator,

    /// <summary>a: an admin or owner in the dashboard.</summary>
    Admin,

    /// <summary>o: an owner in the dashboard.</summary>
    Chief,
}

/// <summary>The device that makes a call, as the database knew it when it was last asked.</summary>
/// <param name="Account">Its account.</param>
/// <param name="Device">The device.</param>
/// <param name="Session">The session.</param>
/// <param name="Certified">Whether the account certified it.</param>
/// <param name="IsOwner">Whether the account is the instance's owner.</param>
internal sealed record Caller(Id Account, Id Device, Id Session, bool Certified, bool IsOwner)
{
    const string Find = """
        SELECT d.account, d.certificate IS NOT NULL, a.rank = 'owner'
          FROM session s
          JOIN device d ON d.id = s.device
          JOIN account a ON a.id = d.account
         WHERE s.id = @session AND s.device = @device AND s.expires >= @today
           AND (d.waiting_until IS NULL OR d.waiting_until > @now)
        """;

    /// <summary>Who an access token is of; <c>null</c> if its session or device is over.</summary>
    public static async Task<Caller?> FindAsync(Db db, AccessClaims claims, TimeProvider clock)
    {
        Caller? caller = await FindAsync(db, claims.Device, claims.Session, clock);
        return caller?.Account == claims.Account ? caller : null;
    }

    /// <summary>
    /// Looks it up again. The gate does so before a call, and each write in its transaction: a body may take a minute to come, and the device that sends it may have been
    /// removed meanwhile, or logged out, or its account closed.
    /// </summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Unauthenticated"/>.</exception>
    public async Task RequireAsync(Db db, TimeProvider clock)
    {
        if (await FindAsync(db, Device, Session, clock) is not { } now || now.Account != Account || (Certified && !now.Certified)) throw AuthException.Unauthenticated();
    }

    static Task<Caller?> FindAsync(Db db, Id device, Id session, TimeProvider clock) => db.FirstAsync(
        Find, row => new Caller(row.Id(0), device, session, row.Flag(1), row.Flag(2)),
        ("@session", session), ("@device", device), ("@today", clock.Today()), ("@now", clock.Now()));
}

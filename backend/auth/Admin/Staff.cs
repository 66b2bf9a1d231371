using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>Who acts in the dashboard, as the database knew them when it was last asked.</summary>
/// <param name="Account">The account.</param>
/// <param name="Device">The device whose session it is.</param>
/// <param name="Session">The session.</param>
/// <param name="Rank">The account's rank.</param>
/// <param name="Proven">When the password was typed last, seconds since 1970.</param>
internal sealed record Staff(Id Account, Id Device, Id Session, Rank Rank, long Proven)
{
    /// <summary>Seconds in which a typed password counts for what cannot be undone.</summary>
    public const int FreshSeconds = 300;

    /// <summary>Seconds after which it has to be typed again for anything.</summary>
    public const int SessionSeconds = 1_800;

    const string Find = """
        SELECT a.rank
          FROM session s
          JOIN device d ON d.id = s.device
          JOIN account a ON a.id = d.account
         WHERE s.id = @session AND s.device = @device AND a.id = @account AND s.expires >= @today
           AND d.certificate IS NOT NULL AND a.rank <> 'member' AND a.state = 'active'
        """;

    /// <summary>The rank that the call takes, or a higher one.</summary>
    public Rank Least { get; init; } = Rank.Moderator;

    /// <summary>Whether the call takes the password of the last minutes.</summary>
    public bool Fresh { get; init; }

    /// <summary>
    /// Looks them up. The gate does so before a call, and each write again in its transaction: a body may take a minute to come, and whoever sends it may have
    /// lost rank, session or account meanwhile.
    /// </summary>
    /// <exception cref="AuthException">
    /// <see cref="ErrorCodes.Unauthenticated"/>: the session is over, or the account has no rank, or is not in use. <see cref="ErrorCodes.Forbidden"/>: the rank is
    /// too low. <see cref="ErrorCodes.PasswordRequired"/>.
    /// </exception>
    public async Task<Staff> RequireAsync(Db db, TimeProvider clock)
    {
        long age = clock.Now() - Proven;
        if (age > SessionSeconds) throw AuthException.Unauthenticated();
        Staff found = await db.FirstAsync(Find, row => this with { Rank = Ranks.Read(row.GetString(0)) ?? Rank.Member },
            ("@session", Session), ("@device", Device), ("@account", Account), ("@today", clock.Today())) ?? throw AuthException.Unauthenticated();
        if (found.Rank < Least) throw new AuthException(ErrorCodes.Forbidden, "The account's rank or the device's state does not allow this.");
        if (Fresh && age > FreshSeconds) throw new AuthException(ErrorCodes.PasswordRequired, "This needs the password once more.");
        return found;
    }
}

using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>Invites, the set-up link among them.</summary>
internal sealed class InviteStore(AuthDatabase database, AuditLog audit, TimeProvider clock)
{
    const int Maximum = 1000;

    const string Insert = """
        INSERT INTO invite (id, secret, rank, uses_left, expires, creator) VALUES (@id, @secret, @rank, @uses, @expires, @creator)
        """;

    const string Live = """
        SELECT id, uses_left, expires, rank FROM invite
         WHERE rank <> 'owner' AND uses_left > 0 AND expires > @now
         ORDER BY expires, id
        """;

    /// <summary>Stores an invite.</summary>
    /// <exception cref="AuthException">
    /// <see cref="ErrorCodes.Invalid"/>: there are 1,000 already. <see cref="ErrorCodes.Forbidden"/>: the rank is not below the maker's. And as
    /// <see cref="Staff.RequireAsync"/> says.
    /// </exception>
    public async Task<CreatedInvite> CreateAsync(Staff actor, int uses, long expiresIn, Rank rank = Rank.Member)
    {
        (string secret, byte[] hash) = InviteSecret.Make();
        CreatedInvite invite = new(Id.New(), secret, clock.Now() + expiresIn);
        await database.WriteAsync(async db =>
        {
            if (rank >= (await actor.RequireAsync(db, clock)).Rank) throw new AuthException(ErrorCodes.Forbidden, "An invite gives a rank below the inviter's own.");
            if ((await db.AllAsync(Live, _ => true, ("@now", clock.Now()))).Count >= Maximum) throw AuthException.Invalid("There are too many invites.");
            await db.ExecuteAsync(Insert, ("@id", invite.Invite), ("@secret", hash), ("@rank", rank.Name()), ("@uses", uses), ("@expires", invite.Expires),
                ("@creator", actor.Account));
            await audit.WriteAsync(db, actor.Account, "invited", detail: $"{rank.Name()} {uses}");
        });
        return invite;
    }

    /// <summary>The invites that still work.</summary>
    public async Task<InviteRecord[]> ListAsync() => [.. await database.ReadAsync(db =>
        db.AllAsync(Live, row => new InviteRecord(row.Id(0), row.GetInt32(1), row.GetInt64(2)), ("@now", clock.Now())))];

    /// <summary>The same with the rank that each gives.</summary>
    public async Task<RankedInvite[]> RankedAsync() => [.. await database.ReadAsync(db =>
        db.AllAsync(Live, row => new RankedInvite(row.Id(0), row.GetInt32(1), row.GetInt64(2), row.GetString(3)), ("@now", clock.Now())))];

    /// <summary>Revokes an invite.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>. And as <see cref="Staff.RequireAsync"/> says.</exception>
    public Task RevokeAsync(Staff actor, Id invite) => database.WriteAsync(async db =>
    {
        await actor.RequireAsync(db, clock);
        if (await db.ExecuteAsync("DELETE FROM invite WHERE id = @id AND rank <> 'owner'", ("@id", invite)) == 0) throw AuthException.NotFound();
        await audit.WriteAsync(db, actor.Account, "revoked an invite");
    });

    /// <summary>Ends all that an account has made, in the transaction in which it loses rank or use: nobody comes back by an invite of their own. Tells how many.</summary>
    public static Task<int> EndOfAsync(Db db, Id creator) => db.ExecuteAsync("DELETE FROM invite WHERE creator = @creator", ("@creator", creator));

    /// <summary>Replaces the set-up secret; <c>null</c> where the instance has an owner who can act.</summary>
    public async Task<string?> RenewSetUpAsync()
    {
        (string secret, byte[] hash) = InviteSecret.Make();
        return await database.WriteAsync(async db =>
        {
            await db.ExecuteAsync("DELETE FROM invite WHERE rank = 'owner'");
            if (await db.AnyAsync("SELECT 1 FROM account WHERE rank = 'owner' AND state = 'active'")) return null;
            await db.ExecuteAsync(Insert,
                ("@id", Id.New()), ("@secret", hash), ("@rank", "owner"), ("@uses", 1), ("@expires", clock.Now() + Days.Seconds), ("@creator", null));
            return secret;
        });
    }
}

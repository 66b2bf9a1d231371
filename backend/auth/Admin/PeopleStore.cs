using System.Data.Common;
using System.Security.Cryptography;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>What an act on somebody's account ended.</summary>
/// <param name="Sessions">Sessions that are over.</param>
/// <param name="Devices">Devices that are out for good.</param>
/// <param name="Closed">Whether the account is gone, or as good as.</param>
internal sealed record Ended(OpenSession[] Sessions, Id[] Devices, bool Closed = false);

/// <summary>
/// Accounts as those who run the instance see and change them (docs/PROTOCOL.md §5.11). Who may act on whom is decided in the transaction of the act, which
/// also writes it down.
/// </summary>
internal sealed class PeopleStore(AuthDatabase database, AuditLog audit, RetiredDevices retired, ClosedAccounts closed, TimeProvider clock)
{
    /// <summary>People of one page, at most.</summary>
    public const int MostPeople = 100;

    const string Columns = """
        SELECT a.id, a.handle, a.rank, a.state,
               (SELECT COUNT(*) FROM device d WHERE d.account = a.id AND d.certificate IS NOT NULL),
               (SELECT COUNT(*) FROM session s JOIN device d ON d.id = s.device WHERE d.account = a.id AND s.expires >= @today)
          FROM account a
        """;

    const string Matching = """
         WHERE a.handle LIKE @search ESCAPE '!' AND (@rank = '' OR a.rank = @rank) AND (@state = '' OR a.state = @state)
        """;

    const string Sessions = """
        SELECT s.id, d.account, s.device, d.certificate IS NOT NULL FROM session s JOIN device d ON d.id = s.device WHERE d.account = @account
        """;

    /// <summary>Those whose handles begin so, by handle.</summary>
    public Task<PeoplePage> PageAsync(string search, string rank, string state, string after, int limit) => database.ReadAsync(async db =>
    {
        (string, object?)[] matching = [("@search", search.Replace("_", "!_", StringComparison.Ordinal) + "%"), ("@rank", rank), ("@state", state), ("@today", clock.Today())];
        List<PersonRecord> people = await db.AllAsync($"{Columns}{Matching} AND a.handle > @after ORDER BY a.handle LIMIT @limit", Person,
            [.. matching, ("@after", after), ("@limit", limit + 1)]);
        long total = await db.NumberAsync($"SELECT COUNT(*) FROM account a{Matching}", [.. matching.Where(p => p.Item1 != "@today")]);
        bool more = people.Count > limit;
        if (more) people.RemoveAt(limit);
        return new PeoplePage([.. people], (int)total, more ? people[^1].Handle : null);
    });

    /// <summary>One of them.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>.</exception>
    public async Task<PersonRecord> FindAsync(Id account) => await database.ReadAsync(db => db.FirstAsync(
        $"{Columns} WHERE a.id = @account", Person, ("@account", account), ("@today", clock.Today()))) ?? throw AuthException.NotFound();

    /// <summary>Whoever has an address.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>.</exception>
    public async Task<PersonRecord> FindAsync(byte[] emailLookup) => await database.ReadAsync(db => db.FirstAsync(
        $"{Columns} WHERE a.email_lookup = @lookup", Person, ("@lookup", emailLookup), ("@today", clock.Today()))) ?? throw AuthException.NotFound();

    /// <summary>Gives a rank: owners any, others one below their own. A lower one ends the account's invites.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.Forbidden"/>.</exception>
    public Task SetRankAsync(Staff actor, Id account, Rank rank) => database.WriteAsync(async db =>
    {
        Target target = await RequireAsync(db, actor, account, rank);
        if (target.State != "active") throw new AuthException(ErrorCodes.Forbidden, "The account is not in use.");
        await db.ExecuteAsync("UPDATE account SET rank = @rank WHERE id = @account", ("@rank", rank.Name()), ("@account", account));
        if (rank == Rank.Member) await ReportStore.ForgetAsync(db, account);
        string ended = rank < target.Rank ? Detail(await InviteStore.EndOfAsync(db, account)) : "";
        await audit.WriteAsync(db, actor.Account, "rank", account, ended == "" ? rank.Name() : $"{rank.Name()} {ended}");
    });

    /// <summary>Shuts an account out, with all that it has left as it is, but for its key packages and invites.</summary>
    /// <inheritdoc cref="SetRankAsync"/>
    public Task<Ended> SuspendAsync(Staff actor, Id account) => database.WriteAsync(async db =>
    {
        await RequireAsync(db, actor, account);
        if (await db.ExecuteAsync("UPDATE account SET state = 'suspended' WHERE id = @account AND state = 'active'", ("@account", account)) == 0)
            throw new AuthException(ErrorCodes.Forbidden, "The account is not in use.");
        Ended ended = new(await SignOutAsync(db, account), []);
        // Nobody adds its devices to anything meanwhile; they publish new ones when they are back.
        await db.ExecuteAsync("DELETE FROM key_package WHERE device IN (SELECT id FROM device WHERE account = @account)", ("@account", account));
        await audit.WriteAsync(db, actor.Account, "suspended", account, Detail(await InviteStore.EndOfAsync(db, account)));
        return ended;
    });

    /// <summary>Lets a suspended account in again.</summary>
    /// <inheritdoc cref="SetRankAsync"/>
    public Task ResumeAsync(Staff actor, Id account) => database.WriteAsync(async db =>
    {
        await RequireAsync(db, actor, account);
        if (await db.ExecuteAsync("UPDATE account SET state = 'active' WHERE id = @account AND state = 'suspended'", ("@account", account)) == 0)
            throw new AuthException(ErrorCodes.Forbidden, "The account is not suspended.");
        await audit.WriteAsync(db, actor.Account, "resumed", account);
    });

    /// <summary>Logs all devices of an account out, and drops those that wait to be let in. Which devices it has is for its owner alone to say, by signature.</summary>
    /// <inheritdoc cref="SetRankAsync"/>
    public Task<Ended> SignOutAsync(Staff actor, Id account) => database.WriteAsync(async db =>
    {
        await RequireAsync(db, actor, account);
        Ended ended = new(await SignOutAsync(db, account), []);
        await audit.WriteAsync(db, actor.Account, "signed out", account, ended.Sessions.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return ended;
    });

    /// <summary>
    /// Ends somebody's time here in one act: sessions, devices, key packages, invites, vault, archive, address, password and rank go; id, handle and keys stay, so that
    /// nobody else takes the name and others still see whose messages those were.
    /// </summary>
    /// <inheritdoc cref="SetRankAsync"/>
    public Task<Ended> OffboardAsync(Staff actor, Id account) => database.WriteAsync(async db =>
    {
        Target target = await RequireAsync(db, actor, account);
        if (target.State == "left") throw new AuthException(ErrorCodes.Forbidden, "The account was off-boarded before.");
        OpenSession[] sessions = await SignOutAsync(db, account);
        Id[] devices = await RetireAsync(db, account);
        await db.ExecuteAsync("DELETE FROM vault WHERE account = @account", ("@account", account));
        await db.ExecuteAsync("DELETE FROM key_change WHERE account = @account", ("@account", account));
        await ReportStore.ForgetAsync(db, account);
        // No address leads here any more, and nothing that a hash is checked against.
        await db.ExecuteAsync("UPDATE account SET state = 'left', rank = 'member', email_lookup = @lookup, email_sealed = @sealed, password = '' WHERE id = @account",
            ("@lookup", RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes)), ("@sealed", Array.Empty<byte>()), ("@account", account));
        await closed.NoteAsync(db, account);
        await audit.WriteAsync(db, actor.Account, "off-boarded", account, Detail(await InviteStore.EndOfAsync(db, account)));
        return new Ended(sessions, devices, Closed: true);
    });

    /// <summary>Deletes an account with all that hangs on it; its handle is free again.</summary>
    /// <inheritdoc cref="SetRankAsync"/>
    public Task<Ended> DeleteAsync(Staff actor, Id account) => database.WriteAsync(async db =>
    {
        await RequireAsync(db, actor, account);
        OpenSession[] sessions = await SignOutAsync(db, account);
        Id[] devices = await RetireAsync(db, account);
        await ReportStore.ForgetAsync(db, account);
        await db.ExecuteAsync("DELETE FROM account WHERE id = @account", ("@account", account));
        await closed.NoteAsync(db, account);
        // Of whom is not kept: nothing personal stays of a deleted account.
        await audit.WriteAsync(db, actor.Account, "deleted", detail: Detail(await InviteStore.EndOfAsync(db, account)));
        return new Ended(sessions, devices, Closed: true);
    });

    /// <summary>Writes down that somebody's attachments of long ago go, or everybody's, which is for owners; the delivery service does it.</summary>
    /// <inheritdoc cref="SetRankAsync"/>
    public Task PurgeAsync(Staff actor, Id? account, int days) => database.WriteAsync(async db =>
    {
        if (account is { } whose) await RequireAsync(db, actor, whose);
        else if ((await actor.RequireAsync(db, clock)).Rank != Rank.Owner) throw new AuthException(ErrorCodes.Forbidden, "What is of everybody is for owners.");
        await audit.WriteAsync(db, actor.Account, "purged", account, days.ToString(System.Globalization.CultureInfo.InvariantCulture));
    });

    // By what holds in this transaction: of two owners who demote each other, or an owner who is suspended while the call comes in, the later one is refused.
    async Task<Target> RequireAsync(Db db, Staff staff, Id account, Rank given = Rank.Member)
    {
        Staff actor = await staff.RequireAsync(db, clock);
        Target target = await db.FirstAsync("SELECT rank, state FROM account WHERE id = @account", Target.Read, ("@account", account)) ?? throw AuthException.NotFound();
        // So the last owner stays, too: whoever takes an owner's rank is one.
        if (account == actor.Account) throw new AuthException(ErrorCodes.Forbidden, "Nobody acts on their own account here.");
        if (actor.Rank != Rank.Owner && (target.Rank >= actor.Rank || given >= actor.Rank)) throw Outranked();
        return target;
    }

    async Task<OpenSession[]> SignOutAsync(Db db, Id account)
    {
        List<OpenSession> sessions = await db.AllAsync(Sessions, row => new OpenSession(row.Id(0), row.Id(1), row.Id(2), row.Flag(3)), ("@account", account));
        foreach (OpenSession session in sessions) await EndedSessions.EndAsync(db, session.Id, clock);
        await db.ExecuteAsync("DELETE FROM device WHERE account = @account AND certificate IS NULL", ("@account", account));
        return [.. sessions];
    }

    async Task<Id[]> RetireAsync(Db db, Id account)
    {
        List<StoredDevice> devices = await db.AllAsync(
            "SELECT id, device_key, certificate FROM device WHERE account = @account", row => new StoredDevice(row.Id(0), row.Bytes(1), row.BytesOrNull(2)), ("@account", account));
        foreach (StoredDevice device in devices) await retired.RetireAsync(db, device, RemovalRecord.Deleted, null);
        return [.. devices.Select(d => d.Id)];
    }

    // How many invites ended with it; nothing where there were none.
    static string Detail(int invites) => invites == 0 ? "" : invites.ToString(System.Globalization.CultureInfo.InvariantCulture);

    static PersonRecord Person(DbDataReader row) => new(row.Id(0), row.GetString(1), row.GetString(2), row.GetString(3), (int)row.GetInt64(4), (int)row.GetInt64(5));

    static AuthException Outranked() => new(ErrorCodes.Forbidden, "The rank is not below the caller's.");

    sealed record Target(Rank Rank, string State)
    {
        public static Target Read(DbDataReader row) => new(Ranks.Read(row.GetString(0))!.Value, row.GetString(1));
    }
}

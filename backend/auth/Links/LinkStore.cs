using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>Links between a device that grants and one that wants in: one an account, one joiner a link, for a minute.</summary>
internal sealed class LinkStore(AuthDatabase database, TimeProvider clock)
{
    const string Start = """
        INSERT INTO link (account, id, granter, commitment, expires) VALUES (@account, @id, @granter, @commitment, @expires)
        ON CONFLICT (account) DO UPDATE
           SET id = @id, granter = @granter, commitment = @commitment, expires = @expires, joiner = NULL, joiner_nonce = NULL, granter_nonce = NULL
        """;

    const string Offered = """
        SELECT l.id, l.commitment, a.account_key FROM link l JOIN account a ON a.id = l.account
         WHERE l.account = @account AND l.joiner IS NULL AND l.expires > @now
        """;

    const string State = """
        SELECT d.id, d.device_key, d.added, d.last_seen, d.grant_key, l.joiner_nonce
          FROM link l LEFT JOIN device d ON d.id = l.joiner AND d.certificate IS NULL
         WHERE l.id = @link AND l.granter = @device AND l.expires > @now
        """;

    // Who joins first has it: nobody joins twice.
    const string Join = """
        UPDATE link SET joiner = @device, joiner_nonce = @nonce
         WHERE id = @link AND account = @account AND joiner IS NULL AND expires > @now
        """;

    // Never before somebody joined: until then the commitment is all that is known of it.
    const string Reveal = """
        UPDATE link SET granter_nonce = @nonce
         WHERE id = @link AND granter = @device AND joiner IS NOT NULL AND granter_nonce IS NULL AND expires > @now
        """;

    const string Revealed = "SELECT granter_nonce FROM link WHERE id = @link AND joiner = @device AND expires > @now";

    /// <summary>Begins a link; one that the account has already ends.</summary>
    public Task<StartedLink> StartAsync(Caller caller, byte[] commitment) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        Id link = Id.New();
        await db.ExecuteAsync(Start, ("@account", caller.Account), ("@id", link), ("@granter", caller.Device), ("@commitment", commitment),
            ("@expires", clock.Now() + Limits.LinkSeconds));
        return new StartedLink(link, Limits.LinkSeconds);
    });

    /// <summary>The account's link that nobody joined yet.</summary>
    public Task<OfferedLink?> OfferedAsync(Id account) => database.ReadAsync(db => db.FirstAsync(
        Offered, row => new OfferedLink(row.Id(0), row.Bytes(1), row.Bytes(2)), ("@account", account), ("@now", clock.Now())));

    /// <summary>Who joined, for the device that began it.</summary>
    public Task<LinkState?> StateAsync(Id granter, Id link) => database.ReadAsync(db => db.FirstAsync(
        State,
        row => row.IsDBNull(0) ? new LinkState() : new LinkState(
            new DeviceRecord(row.Id(0), row.Bytes(1), row.GetInt64(2) * Days.Seconds, row.GetInt64(3) * Days.Seconds, row.BytesOrNull(4)), row.BytesOrNull(5)),
        ("@link", link), ("@device", granter), ("@now", clock.Now())));

    /// <summary>Joins a link.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>: it is over, or somebody joined already.</exception>
    public Task JoinAsync(Caller caller, Id link, byte[] nonce) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        RequireOne(await db.ExecuteAsync(
            Join, ("@link", link), ("@account", caller.Account), ("@device", caller.Device), ("@nonce", nonce), ("@now", clock.Now())));
    });

    /// <summary>Reveals the nonce of the device that began it, once.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>: it is over, nobody joined, or it was revealed.</exception>
    public Task RevealAsync(Caller granter, Id link, byte[] nonce) => database.WriteAsync(async db =>
    {
        await granter.RequireAsync(db, clock);
        RequireOne(await db.ExecuteAsync(Reveal, ("@link", link), ("@device", granter.Device), ("@nonce", nonce), ("@now", clock.Now())));
    });

    /// <summary>The revealed nonce, for the device that joined.</summary>
    public Task<LinkNonce?> RevealedAsync(Id joiner, Id link) => database.ReadAsync(db => db.FirstAsync(
        Revealed, row => new LinkNonce(row.BytesOrNull(0)), ("@link", link), ("@device", joiner), ("@now", clock.Now())));

    /// <summary>Ends a link.</summary>
    public Task EndAsync(Caller granter, Id link) => database.WriteAsync(async db =>
    {
        await granter.RequireAsync(db, clock);
        await db.ExecuteAsync("DELETE FROM link WHERE id = @link AND granter = @device", ("@link", link), ("@device", granter.Device));
    });

    static void RequireOne(int changed)
    {
        if (changed == 0) throw AuthException.NotFound();
    }
}

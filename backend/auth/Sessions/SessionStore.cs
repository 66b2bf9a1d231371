using System.Data.Common;
using System.Security.Cryptography;
using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>What came of a refresh.</summary>
internal abstract record Rotation
{
    /// <summary>The token was good, and its successor is stored.</summary>
    public sealed record Done(OpenSession Session) : Rotation;

    /// <summary>It had been used before: the session is gone.</summary>
    /// <param name="Session">The session that was.</param>
    /// <param name="Certified">The account's certified devices, which are told.</param>
    public sealed record Reused(OpenSession Session, Id[] Certified) : Rotation;

    /// <summary>There is no such session.</summary>
    public sealed record Unknown : Rotation;
}

/// <summary>Keeps sessions going, and ends them.</summary>
internal sealed class SessionStore(AuthDatabase database, TimeProvider clock)
{
    /// <summary>Days a session lasts from its last use.</summary>
    public const int LifetimeDays = 60;

    /// <summary>Seconds in which a client that lost the answer may repeat a refresh.</summary>
    public const int RepeatSeconds = 60;

    // Answers to one token of which the client may have any: as often as it repeats, and once more.
    const int Successors = 8;

    const string Find = """
        SELECT s.id, d.account, s.device, d.certificate IS NOT NULL, s.refresh, s.former, COALESCE(s.rotated, 0)
          FROM session s JOIN device d ON d.id = s.device
         WHERE s.family = @family AND s.expires >= @today
           AND (d.waiting_until IS NULL OR d.waiting_until > @now)
        """;

    const string Rotate = """
        UPDATE session SET refresh = @refresh, former = @former, rotated = @now, expires = @expires WHERE id = @session
        """;

    /// <summary>Uses a refresh token up and stores its successor. A used one ends the session, but for the repeat of a lost answer.</summary>
    public Task<Rotation> RotateAsync(RefreshToken presented, RefreshToken next) => database.WriteAsync<Rotation>(async db =>
    {
        StoredSession? stored = await db.FirstAsync(Find, StoredSession.Read,
            ("@family", presented.FamilyHash), ("@today", clock.Today()), ("@now", clock.Now()));
        if (stored is null) return new Rotation.Unknown();

        byte[] own = presented.OwnHash;
        bool newest = stored.Refresh.Chunk(SHA256.HashSizeInBytes).Any(hash => CryptographicOperations.FixedTimeEquals(own, hash));
        // As long as no successor was used, the one before is still the former. A repeat gives one more beside those whose answers may have been
        // lost: a request that was late on its way must not end the token that its own repeat has brought. The first that is used ends the others.
        bool repeated = stored.Former is not null
            && CryptographicOperations.FixedTimeEquals(own, stored.Former)
            && clock.Now() - stored.Rotated <= RepeatSeconds;
        if (!newest && !repeated)
        {
            await EndedSessions.EndAsync(db, stored.Session.Id, clock);
            List<Id> certified = await db.AllAsync(
                "SELECT id FROM device WHERE account = @account AND certificate IS NOT NULL", row => row.Id(0), ("@account", stored.Session.Account));
            return new Rotation.Reused(stored.Session, [.. certified]);
        }
        await db.ExecuteAsync(Rotate,
            ("@refresh", newest ? next.OwnHash : Newest([.. stored.Refresh, .. next.OwnHash])), ("@former", own), ("@now", newest ? clock.Now() : stored.Rotated),
            ("@expires", clock.Today() + LifetimeDays), ("@session", stored.Session.Id));
        await db.ExecuteAsync("UPDATE device SET last_seen = @today WHERE id = @device", ("@today", clock.Today()), ("@device", stored.Session.Device));
        return new Rotation.Done(stored.Session);
    });

    static byte[] Newest(byte[] hashes) => hashes.Length > Successors * SHA256.HashSizeInBytes ? hashes[^(Successors * SHA256.HashSizeInBytes)..] : hashes;

    /// <summary>Ends a session.</summary>
    public Task EndAsync(Id session) => database.WriteAsync(db => EndedSessions.EndAsync(db, session, clock));

    /// <summary>Whether the token is of a session that is open, newest or not: asked before the writer is.</summary>
    public Task<bool> IsOpenAsync(RefreshToken presented) => database.ReadAsync(db =>
        db.AnyAsync("SELECT 1 FROM session WHERE family = @family", ("@family", presented.FamilyHash)));

    sealed record StoredSession(OpenSession Session, byte[] Refresh, byte[]? Former, long Rotated)
    {
        public static StoredSession Read(DbDataReader row) => new(
            new OpenSession(row.Id(0), row.Id(1), row.Id(2), row.Flag(3)), row.Bytes(4), row.BytesOrNull(5), row.GetInt64(6));
    }
}

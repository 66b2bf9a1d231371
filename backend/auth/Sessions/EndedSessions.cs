using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>Ends sessions, and notes them for as long as their access tokens live: a restart must not open the door again.</summary>
internal static class EndedSessions
{
    // The longest life of an access token, with the skew that services allow.
    const long RememberedSeconds = Limits.AccessTokenSeconds + 60;

    const string Note = "INSERT INTO ended_session (id, expires) VALUES (@session, @expires) ON CONFLICT (id) DO NOTHING";

    /// <summary>Ends one session.</summary>
    public static async Task EndAsync(Db db, Id session, TimeProvider clock)
    {
        if (await db.ExecuteAsync("DELETE FROM session WHERE id = @session", ("@session", session)) == 0) return;
        await db.ExecuteAsync(Note, ("@session", session), ("@expires", clock.Now() + RememberedSeconds));
    }

    /// <summary>Ends all sessions of a device, and answers which.</summary>
    public static async Task<Id[]> EndOfDeviceAsync(Db db, Id device, TimeProvider clock)
    {
        List<Id> sessions = await db.AllAsync("SELECT id FROM session WHERE device = @device", row => row.Id(0), ("@device", device));
        foreach (Id session in sessions) await EndAsync(db, session, clock);
        return [.. sessions];
    }
}

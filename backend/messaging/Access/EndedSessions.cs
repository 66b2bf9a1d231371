using System.Collections.Concurrent;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Access;

/// <summary>Sessions that ended while their access tokens are still young, and devices that were removed: both are refused at once.</summary>
sealed class EndedSessions(RemovedDevices removed, TimeProvider clock)
{
    /// <summary>How long a body may take to come: whoever was let in before it is asked for again behind it, and is known to have ended until then.</summary>
    public static readonly TimeSpan Slowest = TimeSpan.FromHours(1);

    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(Limits.AccessTokenSeconds + 60) + Slowest;

    readonly ConcurrentDictionary<Id, DateTimeOffset> _sessions = new();

    public bool Contains(Principal principal) => removed.Contains(principal.Device) || _sessions.ContainsKey(principal.Session);

    public void Add(Id session)
    {
        DateTimeOffset now = clock.GetUtcNow();
        foreach ((Id old, DateTimeOffset until) in _sessions)
        {
            if (until <= now)
                _sessions.TryRemove(old, out _);
        }
        _sessions[session] = now + Remembered;
    }
}

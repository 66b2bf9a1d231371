using System.Collections.Concurrent;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Admin;

/// <summary>Accounts whose rank changed while their dashboard tokens are still young: those of before count no more.</summary>
sealed class StaffTokens(TimeProvider clock)
{
    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(Limits.AccessTokenSeconds + 60);

    readonly ConcurrentDictionary<Id, DateTimeOffset> _changed = new();

    /// <summary>The account's rank changed.</summary>
    public void Void(Id account)
    {
        DateTimeOffset now = clock.GetUtcNow();
        foreach ((Id old, DateTimeOffset at) in _changed)
        {
            if (at + Remembered <= now)
                _changed.TryRemove(old, out _);
        }
        _changed[account] = now;
    }

    /// <summary>Whether a token of that time still counts.</summary>
    public bool Counts(Id account, DateTimeOffset issued) => !_changed.TryGetValue(account, out DateTimeOffset at) || issued > at;
}

using System.Collections.Concurrent;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Push;

/// <summary>
/// The devices that want to be woken, and how each stands: connected, asleep, or woken and not back yet. A device is woken at most once until it comes
/// back, however much waits for it.
/// </summary>
sealed class Sleepers(TimeProvider clock)
{
    /// <summary>Whoever has just gone may be back at once: a page that reloads, a network that changes.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    readonly ConcurrentDictionary<Id, Sleeper> _sleepers = new();

    /// <summary>Whether there is nobody: then nothing is to be noted.</summary>
    public bool IsEmpty => _sleepers.IsEmpty;

    /// <summary>A device has subscribed, for the first time or anew.</summary>
    public void Put(Id device, PushSubscription subscription, bool isConnected)
    {
        Sleeper sleeper = _sleepers.GetOrAdd(device, static _ => new Sleeper());
        lock (sleeper)
        {
            (sleeper.Subscription, sleeper.IsConnected) = (subscription, isConnected);
            sleeper.Due = null;
        }
    }

    /// <summary>It is not to be woken any more.</summary>
    public void Remove(Id device) => _sleepers.TryRemove(device, out _);

    /// <summary>Forgets a subscription that the push service no longer knows, unless there is another one by now.</summary>
    public bool Remove(Id device, PushSubscription gone)
    {
        if (!_sleepers.TryGetValue(device, out Sleeper? sleeper))
            return false;
        lock (sleeper)
            return ReferenceEquals(sleeper.Subscription, gone) && _sleepers.TryRemove(new(device, sleeper));
    }

    /// <summary>Where to wake it; null where it has not subscribed.</summary>
    public PushSubscription? Find(Id device) => _sleepers.TryGetValue(device, out Sleeper? sleeper) ? sleeper.Subscription : null;

    /// <summary>It has a socket: it hears everything itself, and may be woken again when it goes.</summary>
    public void Connected(Id device)
    {
        if (!_sleepers.TryGetValue(device, out Sleeper? sleeper))
            return;
        lock (sleeper)
            (sleeper.IsConnected, sleeper.IsWoken, sleeper.Due, sleeper.Attempts) = (true, false, null, 0);
    }

    /// <summary>Its last socket is gone. What came while nobody noticed that is looked for when the grace is over.</summary>
    public void Gone(Id device)
    {
        if (!_sleepers.TryGetValue(device, out Sleeper? sleeper))
            return;
        lock (sleeper)
            (sleeper.IsConnected, sleeper.Since, sleeper.Due, sleeper.IsSure) = (false, clock.GetUtcNow(), clock.GetUtcNow() + Grace, false);
    }

    /// <summary>Something that people wrote is stored for these devices. Their own account's devices are not woken for it.</summary>
    public void Stored(Id account, IEnumerable<Id> devices)
    {
        foreach (Id device in devices)
        {
            if (!_sleepers.TryGetValue(device, out Sleeper? sleeper))
                continue;
            lock (sleeper)
            {
                if (sleeper.IsConnected || sleeper.IsWoken || sleeper.Subscription.Account == account)
                    continue;
                DateTimeOffset due = sleeper.Since + Grace, now = clock.GetUtcNow();
                sleeper.Due ??= due > now ? due : now;
                sleeper.IsSure = true;
            }
        }
    }

    /// <summary>Takes those whose time has come; each is told once. <c>IsSure</c>: something is known to wait for it.</summary>
    public List<(Id Device, PushSubscription Subscription, bool IsSure)> TakeDue()
    {
        DateTimeOffset now = clock.GetUtcNow();
        List<(Id, PushSubscription, bool)> due = [];
        foreach ((Id device, Sleeper sleeper) in _sleepers)
        {
            lock (sleeper)
            {
                if (sleeper.Due > now || sleeper.Due is null)
                    continue;
                due.Add((device, sleeper.Subscription, sleeper.IsSure));
                (sleeper.Due, sleeper.IsWoken) = (null, sleeper.IsSure);
            }
        }
        return due;
    }

    /// <summary>Something was found to wait for it; false if it is back or has been woken meanwhile.</summary>
    public bool TryWake(Id device)
    {
        if (!_sleepers.TryGetValue(device, out Sleeper? sleeper))
            return false;
        lock (sleeper)
        {
            if (sleeper.IsConnected || sleeper.IsWoken)
                return false;
            return sleeper.IsWoken = true;
        }
    }

    /// <summary>The push service was not reached: it is tried again, ever later, five times.</summary>
    public void Later(Id device)
    {
        if (!_sleepers.TryGetValue(device, out Sleeper? sleeper))
            return;
        lock (sleeper)
        {
            if (sleeper.IsConnected || ++sleeper.Attempts > 5)
                return;
            (sleeper.IsWoken, sleeper.IsSure) = (false, true);
            sleeper.Due = clock.GetUtcNow() + TimeSpan.FromSeconds(15 * Math.Pow(4, sleeper.Attempts - 1));
        }
    }

    sealed class Sleeper
    {
        public PushSubscription Subscription { get; set; } = null!;
        public bool IsConnected { get; set; }
        public bool IsWoken { get; set; }
        public bool IsSure { get; set; }
        public DateTimeOffset Since { get; set; }
        public DateTimeOffset? Due { get; set; }
        public int Attempts { get; set; }
    }
}

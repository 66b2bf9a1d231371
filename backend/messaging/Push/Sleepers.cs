using System.Collections.Concurrent;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Push;

/// <summary>A device whose time has come. It is asked for by no other until an outcome is told, or it comes back.</summary>
/// <param name="Device">Which.</param>
/// <param name="IsSure">Something is known to wait for it.</param>
/// <param name="Turn">Which asking this is: an outcome of an earlier one counts no more.</param>
readonly record struct DueSleeper(Id Device, bool IsSure, object Turn);

/// <summary>
/// The devices that want to be woken, and how each stands as far as this node knows: connected here, asleep, or woken and not back yet. Whether it may be woken the database says
/// (<see cref="ClaimPushChore"/>), which nodes share; what is here spares asking it for every entry.
/// </summary>
sealed class Sleepers(TimeProvider clock)
{
    const int Tries = 5;

    /// <summary>Whoever has just gone may be back at once: a page that reloads, a network that changes.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>A device that another node has is looked at again: that node may have died.</summary>
    static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<Id, Sleeper> _sleepers = new();
    readonly ConcurrentDictionary<Id, bool> _back = new(), _changed = new();

    /// <summary>Whether there is nobody: then nothing is to be noted.</summary>
    public bool IsEmpty => _sleepers.IsEmpty;

    /// <summary>A device has subscribed, for the first time or anew, or its row says how it stands.</summary>
    public void Put(Id device, Id account, bool isWoken, bool isConnected)
    {
        Sleeper sleeper = _sleepers.GetOrAdd(device, static _ => new Sleeper());
        lock (sleeper)
            (sleeper.Account, sleeper.IsWoken, sleeper.IsConnected) = (account, isWoken && !isConnected, isConnected);
        if (isWoken && isConnected)
            _back[device] = true;
    }

    /// <summary>Its row may have changed, and is to be read again.</summary>
    public void Changed(Id device) => _changed[device] = true;

    /// <summary>Takes the devices whose rows are to be read again.</summary>
    public Id[] TakeChanged() => Take(_changed);

    /// <summary>It is not to be woken any more.</summary>
    public void Remove(Id device) => _sleepers.TryRemove(device, out _);

    /// <summary>It has a socket: it hears everything itself, and may be woken again when it goes.</summary>
    public void Connected(Id device)
    {
        if (!_sleepers.TryGetValue(device, out Sleeper? sleeper))
            return;
        lock (sleeper)
            (sleeper.IsConnected, sleeper.IsWoken, sleeper.Due, sleeper.Turn, sleeper.Attempts) = (true, false, null, null, 0);
        _back[device] = true;
    }

    /// <summary>Its last socket is gone. What came while nobody noticed that is looked for when the grace is over.</summary>
    public void Gone(Id device)
    {
        if (!_sleepers.TryGetValue(device, out Sleeper? sleeper))
            return;
        lock (sleeper)
            (sleeper.IsConnected, sleeper.IsWoken, sleeper.Since, sleeper.Due, sleeper.IsSure) = (false, false, clock.GetUtcNow(), clock.GetUtcNow() + Grace, false);
        _back[device] = true;
    }

    /// <summary>Takes the devices that were here since this was last asked: whoever woke them may wake them again.</summary>
    public Id[] TakeBack() => Take(_back);

    /// <summary>Whether the device was here since; then nobody else is told so.</summary>
    public bool TakeBack(Id device) => _back.TryRemove(device, out _);

    /// <summary>It could not be stored that they were here.</summary>
    public void GiveBack(Id[] devices)
    {
        foreach (Id device in devices)
            _back[device] = true;
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
                if (sleeper.IsConnected || sleeper.IsWoken || sleeper.Account == account)
                    continue;
                DateTimeOffset now = clock.GetUtcNow(), soon = sleeper.Since + Grace > now ? sleeper.Since + Grace : now;
                if (sleeper.Due is null)
                    (sleeper.Due, sleeper.IsSure) = (soon, true);
                else if (sleeper.Due > now + Grace && sleeper.Attempts == 0)
                    sleeper.Due = now + Grace; // Another node had it a moment ago.
            }
        }
    }

    /// <summary>Takes those whose time has come.</summary>
    public List<DueSleeper> TakeDue()
    {
        DateTimeOffset now = clock.GetUtcNow();
        List<DueSleeper> due = [];
        foreach ((Id device, Sleeper sleeper) in _sleepers)
        {
            if (TakeDue(device, sleeper, now) is { } one)
                due.Add(one);
        }
        return due;
    }

    /// <summary>Takes this one, if its time has come again meanwhile.</summary>
    public DueSleeper? TakeDue(Id device) => _sleepers.TryGetValue(device, out Sleeper? sleeper) ? TakeDue(device, sleeper, clock.GetUtcNow()) : null;

    /// <summary>Whether it still sleeps: it was not back since it was taken.</summary>
    public bool Sleeps(DueSleeper due)
    {
        if (!_sleepers.TryGetValue(due.Device, out Sleeper? sleeper))
            return false;
        lock (sleeper)
            return sleeper.Turn == due.Turn;
    }

    /// <summary>It was woken, here or by another node: no more until it is back.</summary>
    public void Woken(DueSleeper due) => End(due, sleeper => (sleeper.IsWoken, sleeper.Due, sleeper.Attempts) = (true, null, 0));

    /// <summary>Nothing waits for it.</summary>
    public void Nothing(DueSleeper due) => End(due, static _ => { });

    /// <summary>Another node has it, or is about to wake it: whether something still waits for it is looked at a minute later.</summary>
    public void LookAgain(DueSleeper due) => End(due, sleeper => (sleeper.Due, sleeper.IsSure) = (clock.GetUtcNow() + Again, false));

    /// <summary>Whether it has been tried so often that it is not tried again.</summary>
    public bool IsLastTry(DueSleeper due) => _sleepers.TryGetValue(due.Device, out Sleeper? sleeper) && sleeper.Attempts >= Tries;

    /// <summary>The push service was not reached, or the database: it is tried again, ever later, five times.</summary>
    public void Later(DueSleeper due) => End(due, sleeper =>
    {
        if (++sleeper.Attempts > Tries)
            (sleeper.IsWoken, sleeper.Due, sleeper.Attempts) = (true, null, 0);
        else
            (sleeper.IsSure, sleeper.Due) = (true, clock.GetUtcNow() + TimeSpan.FromSeconds(15 * Math.Pow(4, sleeper.Attempts - 1)));
    });

    static DueSleeper? TakeDue(Id device, Sleeper sleeper, DateTimeOffset now)
    {
        lock (sleeper)
        {
            if (sleeper.Due > now || sleeper.Due is null || sleeper.Turn is not null)
                return null;
            sleeper.Turn = new object();
            DueSleeper due = new(device, sleeper.IsSure, sleeper.Turn);
            (sleeper.Due, sleeper.IsSure) = (null, false);
            return due;
        }
    }

    static Id[] Take(ConcurrentDictionary<Id, bool> devices) => devices.IsEmpty ? [] : [.. devices.Keys.Where(device => devices.TryRemove(device, out _))];

    void End(DueSleeper due, Action<Sleeper> change)
    {
        if (!_sleepers.TryGetValue(due.Device, out Sleeper? sleeper))
            return;
        lock (sleeper)
        {
            if (sleeper.Turn != due.Turn)
                return; // It was back meanwhile.
            sleeper.Turn = null;
            change(sleeper);
        }
    }

    sealed class Sleeper
    {
        public Id Account { get; set; }
        public bool IsConnected { get; set; }
        public bool IsWoken { get; set; }
        public bool IsSure { get; set; }
        public object? Turn { get; set; }
        public DateTimeOffset Since { get; set; }
        public DateTimeOffset? Due { get; set; }
        public int Attempts { get; set; }
    }
}

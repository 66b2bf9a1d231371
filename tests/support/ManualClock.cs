namespace Kavalek.Tests.Support;

/// <summary>
/// A clock that stands still until it is set; timers due by then fire while it is being set. Those of less than a minute sleep through all but the last hour of a
/// longer time, as on a computer that was closed meanwhile: in sixty days there are five million seconds.
/// </summary>
public sealed class ManualClock : TimeProvider
{
    static readonly TimeSpan Short = TimeSpan.FromMinutes(1), Awake = TimeSpan.FromHours(1);

    readonly Lock _gate = new();
    readonly List<ManualTimer> _timers = [];
    DateTimeOffset _now;

    /// <summary>Starts at the present second, or at <paramref name="start"/>.</summary>
    public ManualClock(DateTimeOffset? start = null) =>
        _now = start ?? DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate) return _now;
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Moves the time on, timer by timer.</summary>
    public void Advance(TimeSpan by)
    {
        DateTimeOffset end = GetUtcNow() + by;
        while (TakeDue(end) is { } timer) timer.Fire();
        lock (_gate) _now = end;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ManualTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    ManualTimer? TakeDue(DateTimeOffset end)
    {
        lock (_gate)
        {
            ManualTimer? next = _timers.Where(t => t.Due <= end).MinBy(t => t.Due);
            if (next is null) return null;
            if (next.Due > _now) _now = next.Due;
            if (next.Period <= TimeSpan.Zero) _timers.Remove(next);
            else next.Due = next.Period < Short && end - next.Due > Awake ? end - Awake : next.Due + next.Period;
            return next;
        }
    }

    sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
                Period = period;
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = clock._now + dueTime;
                clock._timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._gate) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

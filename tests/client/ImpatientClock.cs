namespace Kavalek.Client.Tests;

/// <summary>A clock on which a pause of seconds is over at once, and has taken its time: for tests in which the network stays away.</summary>
sealed class ImpatientClock : TimeProvider
{
    static readonly TimeSpan Short = TimeSpan.FromMilliseconds(1), Long = TimeSpan.FromMinutes(1);

    long _ahead;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ahead));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime <= Short || dueTime >= Long) return base.CreateTimer(callback, state, dueTime, period);
        Interlocked.Add(ref _ahead, dueTime.Ticks);
        return base.CreateTimer(callback, state, Short, period);
    }
}

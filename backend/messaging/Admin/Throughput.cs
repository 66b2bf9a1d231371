namespace Kavalek.Messaging.Admin;

/// <summary>Counts what was stored in the last minute, by seconds: a number, of nobody in particular.</summary>
sealed class Throughput(TimeProvider clock)
{
    const int Seconds = 60;

    readonly Lock _gate = new();
    readonly long[] _counts = new long[Seconds];
    readonly long[] _at = new long[Seconds];

    /// <summary>So many more were stored.</summary>
    public void Add(int count)
    {
        long second = Now();
        lock (_gate)
        {
            int slot = (int)(second % Seconds);
            if (_at[slot] != second)
                (_at[slot], _counts[slot]) = (second, 0);
            _counts[slot] += count;
        }
    }

    /// <summary>Of the last 60 seconds.</summary>
    public long LastMinute
    {
        get
        {
            long second = Now();
            lock (_gate)
                return Enumerable.Range(0, Seconds).Where(slot => second - _at[slot] < Seconds).Sum(slot => _counts[slot]);
        }
    }

    long Now() => clock.GetUtcNow().ToUnixTimeSeconds();
}

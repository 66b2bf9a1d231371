namespace Kavalek.Messaging.Sockets;

/// <summary>So many a second on average, so many at once. Used by one thread at a time.</summary>
struct TokenBucket(double perSecond, long burst)
{
    double _tokens = burst;
    long _at;

    /// <summary>Takes so many, or all that there can be; false if there are fewer.</summary>
    public bool TryTake(TimeProvider clock, long count = 1)
    {
        count = Math.Min(count, burst);
        Fill(clock);
        if (_tokens < count)
            return false;
        _tokens -= count;
        return true;
    }

    /// <summary>What was taken was not used.</summary>
    public void GiveBack(long count) => _tokens = Math.Min(burst, _tokens + count);

    /// <summary>Whether it is as it was at the beginning.</summary>
    public bool IsFull(TimeProvider clock)
    {
        Fill(clock);
        return _tokens >= burst;
    }

    void Fill(TimeProvider clock)
    {
        long now = clock.GetTimestamp();
        if (_at != 0)
            _tokens = Math.Min(burst, _tokens + (clock.GetElapsedTime(_at, now).TotalSeconds * perSecond));
        _at = now;
    }
}

namespace Kavalek.Messaging.Sockets;

/// <summary>So many a second on average, so many at once. Used by one thread at a time.</summary>
struct TokenBucket(int perSecond, int burst)
{
    double _tokens = burst;
    long _at;

    /// <summary>Takes one; false if there is none.</summary>
    public bool TryTake(TimeProvider clock)
    {
        long now = clock.GetTimestamp();
        if (_at != 0)
            _tokens = Math.Min(burst, _tokens + (clock.GetElapsedTime(_at, now).TotalSeconds * perSecond));
        _at = now;
        if (_tokens < 1)
            return false;
        _tokens--;
        return true;
    }
}

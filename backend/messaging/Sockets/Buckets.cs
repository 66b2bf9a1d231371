using System.Collections.Concurrent;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Sockets;

/// <summary>One <see cref="TokenBucket"/> each, of devices or accounts; in memory alone.</summary>
sealed class Buckets(double perSecond, long burst, TimeProvider clock)
{
    // Above so many, those that count nothing are forgotten.
    const int Most = 10_000;

    readonly ConcurrentDictionary<Id, Bucket> _all = new();

    /// <summary>How many are counted.</summary>
    public int Count => _all.Count;

    /// <summary>Takes so many, or all that there can be; false if there are fewer.</summary>
    public bool TryTake(Id whose, long count = 1)
    {
        while (true)
        {
            Bucket bucket = _all.GetOrAdd(whose, static (_, rate) => new Bucket(rate.perSecond, rate.burst), (perSecond, burst));
            lock (bucket.Gate)
            {
                if (!bucket.IsGone)
                    return bucket.Tokens.TryTake(clock, count);
            }
        }
    }

    /// <summary>What was taken was not used.</summary>
    public void GiveBack(Id whose, long count)
    {
        if (!_all.TryGetValue(whose, out Bucket? bucket))
            return;
        lock (bucket.Gate)
            bucket.Tokens.GiveBack(count);
    }

    /// <summary>Forgets, where there are many, those that are full again: they are as good as none. Those that are not stay.</summary>
    public void Forget()
    {
        if (_all.Count <= Most)
            return;
        foreach ((Id whose, Bucket bucket) in _all)
        {
            lock (bucket.Gate)
            {
                bucket.IsGone = bucket.Tokens.IsFull(clock);
                if (bucket.IsGone)
                    _all.TryRemove(whose, out _);
            }
        }
    }

    sealed class Bucket(double perSecond, long burst)
    {
        public readonly Lock Gate = new();
        public bool IsGone;
        public TokenBucket Tokens = new(perSecond, burst);
    }
}

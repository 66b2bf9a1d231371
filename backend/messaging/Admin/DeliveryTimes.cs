using Kavalek.Protocol.Auth;

namespace Kavalek.Messaging.Admin;

/// <summary>How long deliveries took in the last minutes, as counts in steps of an eighth: a figure of nobody in particular.</summary>
sealed class DeliveryTimes(TimeProvider clock)
{
    const int Minutes = 5;

    // From 100 microseconds to a minute; longer ones count as that.
    const int Steps = 114;
    const double Shortest = 100, Step = 1.125;

    readonly Lock _gate = new();
    readonly long[][] _counts = [.. Enumerable.Range(0, Minutes).Select(_ => new long[Steps])];
    readonly long[] _at = new long[Minutes];

    /// <summary>So many took so long.</summary>
    public void Add(double seconds, int count)
    {
        if (count == 0)
            return;
        int step = Math.Clamp((int)Math.Ceiling(Math.Log(Math.Max(seconds * 1e6, Shortest) / Shortest, Step)), 0, Steps - 1);
        long minute = Minute();
        lock (_gate)
        {
            int slot = (int)(minute % Minutes);
            if (_at[slot] != minute)
            {
                _at[slot] = minute;
                Array.Clear(_counts[slot]);
            }
            _counts[slot][step] += count;
        }
    }

    /// <summary>Of the last five minutes, the present one among them.</summary>
    public Latency Read()
    {
        long[] sums = new long[Steps];
        long minute = Minute();
        lock (_gate)
        {
            for (int slot = 0; slot < Minutes; slot++)
            {
                for (int step = 0; step < Steps && minute - _at[slot] < Minutes; step++)
                    sums[step] += _counts[slot][step];
            }
        }
        long all = sums.Sum();
        return all == 0 ? new Latency(0, 0, 0) : new Latency(all, Below(sums, (all + 1) / 2), Below(sums, all - (all / 100)));
    }

    static long Below(long[] sums, long count)
    {
        int step = 0;
        for (long below = sums[0]; below < count; below += sums[++step])
        {
            // Until so many are below.
        }
        return (long)Math.Round(Shortest * Math.Pow(Step, step));
    }

    long Minute() => clock.GetUtcNow().ToUnixTimeSeconds() / 60;
}

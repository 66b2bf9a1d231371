using System.Diagnostics;

namespace Kavalek.Server.Benchmarks;

/// <summary>Times in classes of 1/64 of a power of two: 1.6 % wide. Safe to share.</summary>
sealed class Histogram
{
    const int Steps = 64;

    readonly long[] _counts = new long[Steps * 64];

    public bool Counts { get; set; }

    public void Add(long ticks)
    {
        if (Counts)
            Interlocked.Increment(ref _counts[Class((ulong)Math.Max(ticks * 1_000_000 / Stopwatch.Frequency, 1))]);
    }

    public void Clear() => Array.Clear(_counts);

    /// <summary>Milliseconds below which the share lies.</summary>
    public double Milliseconds(double share)
    {
        long until = (long)(_counts.Sum() * share), seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen > until)
                return Value(i) / 1000.0;
        }
        return 0;
    }

    static int Class(ulong microseconds)
    {
        int exponent = System.Numerics.BitOperations.Log2(microseconds);
        return exponent < 6 ? (int)microseconds : (Steps * (exponent - 5)) + (int)((microseconds >> (exponent - 6)) - Steps);
    }

    static double Value(int index)
    {
        int exponent = (index / Steps) + 5;
        return index < Steps ? index : (double)((ulong)(Steps + (index % Steps)) << (exponent - 6));
    }
}

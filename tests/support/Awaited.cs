using System.Diagnostics;

namespace Kavalek.Tests.Support;

/// <summary>Waiting for what comes by itself: looked at again and again, and not for ever.</summary>
public static class Awaited
{
    /// <summary>What a busy machine may take for something that an idle one does in a moment.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(2);

    /// <summary>What is seen once it suffices. Each look asks a server or lets time pass.</summary>
    /// <exception cref="TimeoutException">It never did; the message says what was seen last.</exception>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> look, Predicate<T> suffices)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            T seen = await look();
            if (suffices(seen)) return seen;
            if (Stopwatch.GetElapsedTime(begin) > Patience) throw new TimeoutException($"It did not come; what was seen last: {seen}");
        }
    }
}

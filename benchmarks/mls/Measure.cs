namespace Kavalek.Mls.Benchmarks;

/// <summary>
/// Medians of several runs, after runs that do not count, in processor time: what one core alone would take, however many
/// took part and whatever else the machine was doing.
/// </summary>
static class Measure
{
    static TimeSpan Spent => Environment.CpuUsage.TotalTime;

    /// <summary>Median milliseconds of <paramref name="runs"/> runs; each prepares without being timed, and is followed by a collection.</summary>
    public static async Task<double> MillisecondsAsync<T>(int runs, Func<Task<T>> prepare, Func<T, Task> run, int warmUp = 2)
    {
        List<double> times = [];
        for (int i = -warmUp; i < runs; i++)
        {
            T prepared = await prepare();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            TimeSpan start = Spent;
            await run(prepared);
            double elapsed = (Spent - start).TotalMilliseconds;
            if (i >= 0) times.Add(elapsed);
        }
        return Median(times);
    }

    /// <summary>Median microseconds of one call, over <paramref name="rounds"/> rounds of <paramref name="calls"/>.</summary>
    public static double Microseconds(int rounds, int calls, Action call)
    {
        List<double> times = [];
        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            TimeSpan start = Spent;
            for (int i = 0; i < calls; i++) call();
            if (round >= 0) times.Add((Spent - start).TotalMicroseconds / calls);
        }
        return Median(times);
    }

    /// <summary>Median microseconds of one asynchronous call.</summary>
    public static async Task<double> MicrosecondsAsync(int rounds, int calls, Func<Task> call)
    {
        List<double> times = [];
        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            TimeSpan start = Spent;
            for (int i = 0; i < calls; i++) await call();
            if (round >= 0) times.Add((Spent - start).TotalMicroseconds / calls);
        }
        return Median(times);
    }

    /// <summary>Microseconds of one call, over <paramref name="calls"/> numbered ones.</summary>
    public static async Task<double> OnceAsync(int calls, Func<int, Task> call)
    {
        TimeSpan start = Spent;
        for (int i = 0; i < calls; i++) await call(i);
        return (Spent - start).TotalMicroseconds / calls;
    }

    // The runtime compiles what is hot a second time, in the background, after some hundred calls.
    const int WarmUpRounds = 4;

    public static double Median(List<double> values)
    {
        values.Sort();
        int middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}

namespace Kavalek.Mls;

/// <summary>Independent asymmetric operations: over all cores natively, as concurrent promises in a browser.</summary>
internal static class Parallelism
{
    // Below this the hand-over costs more than a second core saves.
    const int Worthwhile = 8;

    public static async ValueTask ForEachAsync<T>(IReadOnlyList<T> items, Func<T, ValueTask> action)
    {
        if (OperatingSystem.IsBrowser())
            await Task.WhenAll(items.Select(item => action(item).AsTask())).ConfigureAwait(false);
        else if (items.Count < Worthwhile || Environment.ProcessorCount == 1)
            foreach (T item in items) await action(item).ConfigureAwait(false);
        else
            await Parallel.ForEachAsync(items, (item, _) => action(item)).ConfigureAwait(false);
    }
}

namespace Kavalek.Client;

/// <summary>A store in memory, for tests and for throw-away profiles. Nothing survives the process.</summary>
public sealed class MemoryClientStore : IClientStore
{
    readonly SortedList<string, byte[]> _entries = new(StringComparer.Ordinal);
    readonly Lock _lock = new();

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock) return ValueTask.FromResult(_entries.TryGetValue(StoreKey.Check(key), out byte[]? value) ? value.ToArray() : null);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(range);
        cancel.ThrowIfCancellationRequested();
        lock (_lock)
        {
            int from = IndexOf(range.From), to = Math.Max(from, IndexOf(range.To));
            int count = Math.Min(range.Limit, to - from);
            List<StoreEntry> found = new(count);
            for (int i = 0; i < count; i++)
            {
                int at = range.Reverse ? to - 1 - i : from + i;
                found.Add(new StoreEntry(_entries.GetKeyAtIndex(at), _entries.GetValueAtIndex(at).ToArray()));
            }
            return ValueTask.FromResult<IReadOnlyList<StoreEntry>>(found);
        }
    }

    /// <inheritdoc/>
    public ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        cancel.ThrowIfCancellationRequested();
        foreach (StoreChange change in batch.Changes) StoreKey.Check(change);
        lock (_lock)
            foreach (StoreChange change in batch.Changes)
                Apply(change);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    void Apply(StoreChange change)
    {
        switch (change)
        {
            case StorePut put:
                _entries[put.Key] = put.Value.ToArray();
                break;
            case StoreDelete delete:
                _entries.Remove(delete.Key);
                break;
            case StoreDeleteRange range:
                int from = IndexOf(range.From);
                for (int at = IndexOf(range.To) - 1; at >= from; at--) _entries.RemoveAt(at);
                break;
        }
    }

    /// <summary>How many keys stand before <paramref name="key"/>.</summary>
    int IndexOf(string key)
    {
        int low = 0, high = _entries.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (string.CompareOrdinal(_entries.GetKeyAtIndex(middle), key) < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}

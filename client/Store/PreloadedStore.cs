namespace Kavalek.Client;

/// <summary>
/// Answers from what was read in a few large scans, for whoever opens hundreds of conversations one after the other: in a browser each question to the store takes a
/// turn of its own. What is beneath none of its prefixes is asked of the store. Nothing is written through it.
/// </summary>
sealed class PreloadedStore : IClientStore
{
    readonly IClientStore _store;
    readonly string[] _prefixes;
    readonly SortedList<string, byte[]> _entries;

    PreloadedStore(IClientStore store, string[] prefixes, SortedList<string, byte[]> entries) => (_store, _prefixes, _entries) = (store, prefixes, entries);

    /// <summary>Reads everything beneath <paramref name="prefixes"/>.</summary>
    public static async Task<PreloadedStore> ReadAsync(IClientStore store, string[] prefixes, CancellationToken cancel)
    {
        IReadOnlyList<StoreEntry>[] scans = await Task.WhenAll(prefixes.Select(prefix => store.ScanAsync(StoreRange.Prefix(prefix), cancel).AsTask())).ConfigureAwait(false);
        // The order of ids in the store means nothing: sorted anew by their names.
        Dictionary<string, byte[]> all = new(StringComparer.Ordinal);
        foreach (StoreEntry entry in scans.SelectMany(scan => scan)) all.Add(entry.Key, entry.Value);
        return new PreloadedStore(store, prefixes, new SortedList<string, byte[]>(all, StringComparer.Ordinal));
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default) =>
        Holds(key) ? ValueTask.FromResult(_entries.GetValueOrDefault(key)) : _store.GetAsync(key, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(range);
        if (!Holds(range.From) || range.Reverse || range.Limit != int.MaxValue) return _store.ScanAsync(range, cancel);
        List<StoreEntry> found = [];
        for (int at = IndexOf(range.From); at < _entries.Count && string.CompareOrdinal(_entries.GetKeyAtIndex(at), range.To) < 0; at++)
            found.Add(new StoreEntry(_entries.GetKeyAtIndex(at), _entries.GetValueAtIndex(at)));
        return ValueTask.FromResult<IReadOnlyList<StoreEntry>>(found);
    }

    /// <summary>Never: what was read would not be what there is.</summary>
    public ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default) => throw new InvalidOperationException("this is for reading");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    bool Holds(string key) => _prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal));

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

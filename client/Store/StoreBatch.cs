namespace Kavalek.Client;

/// <summary>Changes that a store makes together, in this order.</summary>
public sealed class StoreBatch
{
    readonly List<StoreChange> _changes = [];

    /// <summary>The changes so far.</summary>
    public IReadOnlyList<StoreChange> Changes => _changes;

    /// <summary>
    /// Whether it may be lost when the power fails, until the next batch that may not: what it holds can be had again. Batches keep their order all the same:
    /// none is there without those before it.
    /// </summary>
    public bool IsPostponable { get; set; }

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => _changes.Count == 0;

    /// <summary>Sets <paramref name="key"/> to <paramref name="value"/>, which the caller must not change any more.</summary>
    public StoreBatch Put(string key, byte[] value) => Add(new StorePut(key, value));

    /// <summary>Removes <paramref name="key"/>, if it is there.</summary>
    public StoreBatch Delete(string key) => Add(new StoreDelete(key));

    /// <summary>Removes the keys from <paramref name="from"/> on and before <paramref name="to"/>.</summary>
    public StoreBatch DeleteRange(string from, string to) => Add(new StoreDeleteRange(from, to));

    /// <summary>Removes all keys that begin with <paramref name="prefix"/>.</summary>
    public StoreBatch DeletePrefix(string prefix) => DeleteRange(prefix, StoreRange.End(prefix));

    /// <summary>Appends the changes of <paramref name="other"/>.</summary>
    public StoreBatch Append(StoreBatch other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _changes.AddRange(other._changes);
        return this;
    }

    internal StoreBatch Add(StoreChange change)
    {
        _changes.Add(change);
        return this;
    }
}

/// <summary>One change of a batch.</summary>
public abstract record StoreChange;

/// <summary>Sets a key.</summary>
public sealed record StorePut(string Key, byte[] Value) : StoreChange;

/// <summary>Removes a key.</summary>
public sealed record StoreDelete(string Key) : StoreChange;

/// <summary>Removes the keys from <paramref name="From"/> on and before <paramref name="To"/>.</summary>
public sealed record StoreDeleteRange(string From, string To) : StoreChange;

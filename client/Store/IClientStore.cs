namespace Kavalek.Client;

/// <summary>
/// Where one profile keeps everything: string keys in ordinal order, byte values, atomic batches. It never sees plaintext (<c>docs/STORE.md</c>).
/// There is one writer a profile; calls may come from several threads.
/// </summary>
public interface IClientStore : IAsyncDisposable
{
    /// <summary>The value under <paramref name="key"/>; <c>null</c> where there is none.</summary>
    ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default);

    /// <summary>The entries of <paramref name="range"/>, in ordinal order of their keys, or reversed.</summary>
    ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default);

    /// <summary>Applies the changes in their order: all or none of them, durable when it completes.</summary>
    ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default);
}

/// <summary>A key with its value.</summary>
public sealed record StoreEntry(string Key, byte[] Value);

/// <summary>The keys from <paramref name="From"/> on and before <paramref name="To"/>, in ordinal order.</summary>
/// <param name="From">The first key that belongs to it.</param>
/// <param name="To">The first key after it.</param>
/// <param name="Limit">At most so many entries.</param>
/// <param name="Reverse">The last key first; the limit then counts from the end.</param>
public sealed record StoreRange(string From, string To, int Limit = int.MaxValue, bool Reverse = false)
{
    /// <summary>All keys that begin with <paramref name="prefix"/>.</summary>
    public static StoreRange Prefix(string prefix, int limit = int.MaxValue, bool reverse = false) => new(prefix, End(prefix), limit, reverse);

    /// <summary>The first key after all that begin with <paramref name="prefix"/>.</summary>
    public static string End(string prefix)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        return string.Concat(prefix.AsSpan(0, prefix.Length - 1), [(char)(prefix[^1] + 1)]);
    }
}

namespace Kavalek.Client;

/// <summary>
/// The instance's token key, which signs its policy and the end of its audit log (docs/PROTOCOL.md §5.12, §5.13): the first one that this device was shown, from then on no other.
/// </summary>
sealed class InstanceKey(IClientStore store)
{
    /// <summary>Where it is stored.</summary>
    public const string At = "instance/key";

    byte[]? _known;

    /// <summary>Reads what was stored.</summary>
    public async Task LoadAsync(CancellationToken cancel) => _known = await store.GetAsync(At, cancel).ConfigureAwait(false);

    /// <summary>Whether <paramref name="shown"/>, which has just verified a signature, is the key; where none is known yet, it is from now on.</summary>
    public async Task<bool> TakesAsync(byte[] shown, CancellationToken cancel)
    {
        byte[]? known = Interlocked.CompareExchange(ref _known, shown, null);
        if (known is not null) return known.AsSpan().SequenceEqual(shown);
        await store.ApplyAsync(new StoreBatch().Put(At, shown), cancel).ConfigureAwait(false);
        return true;
    }
}

using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>
/// The key packages this device has published, and their private parts, which are stored before they are published
/// (docs/PROTOCOL.md §5.5): as many as the options say and one of last resort, refilled below three fifths.
/// </summary>
sealed class KeyPackageStock(OwnIdentity own, IClientStore store, MlsEnvironment mls, AuthApi api, TimeProvider clock, int most) : IDisposable
{
    const string Prefix = "key-package/";
    // The server takes 92 days, counted from an hour before now, because clocks differ.
    static readonly TimeSpan Usable = TimeSpan.FromDays(90);
    // A Welcome may wait in the inbox that long after its key package expired.
    static readonly TimeSpan Kept = TimeSpan.FromSeconds(Limits.RetentionSeconds);
    static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    // Before half are gone: whoever drains them needs the more for it.
    readonly int _refillBelow = most * 3 / 5;
    readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>The key package a Welcome names, with its private keys; <c>null</c> where it is none of ours, or was used.</summary>
    public async ValueTask<KeyPackageBundle?> FindAsync(ReadOnlyMemory<byte> reference) =>
        await store.GetAsync(KeyOf(reference.Span)).ConfigureAwait(false) is { } bytes ? KeyPackageBundle.Decode(bytes) : null;

    /// <summary>Adds to a batch that a one-time key package was used: the group that it opened lands in the same batch.</summary>
    public static void Spend(StoreBatch batch, byte[] reference) => batch.Delete(KeyOf(reference));

    /// <summary>Fills up on the server what is missing, and replaces a last-resort key package that was used or grows old.</summary>
    public async Task RefillAsync(CancellationToken cancel)
    {
        if (own.IsWaiting) return;
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            KeyPackageCount count = await api.KeyPackagesAsync(cancel).ConfigureAwait(false);
            bool current = await PruneAsync(cancel).ConfigureAwait(false);
            int missing = count.Count < _refillBelow ? most - count.Count : 0;
            bool lastResort = !count.LastResort || count.LastResortUsed || !current;
            if (missing <= 0 && !lastResort) return;
            await PublishAsync(missing, lastResort, cancel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>One more, which is not published but given away by its maker; its private part goes into <paramref name="batch"/>.</summary>
    /// <returns>The key package as an MLSMessage.</returns>
    public Task<byte[]> SpareAsync(StoreBatch batch) => MakeAsync(batch, lastResort: false);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    async Task PublishAsync(int count, bool lastResort, CancellationToken cancel)
    {
        StoreBatch batch = new();
        byte[][] oneTime = new byte[count][];
        for (int i = 0; i < count; i++) oneTime[i] = await MakeAsync(batch, lastResort: false).ConfigureAwait(false);
        byte[]? last = lastResort ? await MakeAsync(batch, lastResort: true).ConfigureAwait(false) : null;
        // First here: a key package whose private part is lost leaves whoever uses it with a Welcome that nobody can open.
        await store.ApplyAsync(batch, cancel).ConfigureAwait(false);
        await api.PublishAsync(new PublishKeyPackages(oneTime, last), cancel).ConfigureAwait(false);
    }

    async Task<byte[]> MakeAsync(StoreBatch batch, bool lastResort)
    {
        using KeyPackageBundle bundle = await KeyPackageBundle.CreateAsync(mls, new KeyPackageRequest
        {
            Suite = ConversationSuite.Suite,
            Credential = own.Credential,
            SignatureKey = own.DeviceKey,
            Lifetime = Lifetime.Starting(clock.GetUtcNow(), Usable),
            Capabilities = ConversationSuite.Capabilities,
            LastResort = lastResort,
        }).ConfigureAwait(false);
        batch.Put(KeyOf(bundle.Ref), bundle.Encode());
        return bundle.KeyPackage.Encode();
    }

    /// <summary>Forgets what no Welcome can name any more; true where a last-resort key package is there that lasts.</summary>
    async Task<bool> PruneAsync(CancellationToken cancel)
    {
        DateTimeOffset now = clock.GetUtcNow();
        StoreBatch expired = new();
        bool current = false;
        foreach (StoreEntry entry in await store.ScanAsync(StoreRange.Prefix(Prefix), cancel).ConfigureAwait(false))
        {
            using KeyPackageBundle bundle = KeyPackageBundle.Decode(entry.Value);
            DateTimeOffset end = bundle.KeyPackage.Lifetime?.NotAfter ?? DateTimeOffset.MinValue;
            if (end + Kept < now) expired.Delete(entry.Key);
            else if (bundle.KeyPackage.IsLastResort && end - RenewBefore > now) current = true;
        }
        if (!expired.IsEmpty) await store.ApplyAsync(expired, cancel).ConfigureAwait(false);
        return current;
    }

    static string KeyOf(ReadOnlySpan<byte> reference) => Prefix + Convert.ToHexStringLower(reference);
}

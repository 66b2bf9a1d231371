using System.Text;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client.Tests;

public static class SealedStoreTests
{
    static readonly Secret Key = Secret.Own(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());

    [Fact]
    public static async Task Neither_values_nor_ids_are_in_the_store_below()
    {
        MemoryClientStore below = new();
        await using SealedStore store = new(below, NativeCryptoProvider.Shared, Key);
        Id id = Id.New();
        byte[] value = "a secret that must not be seen"u8.ToArray();
        await store.ApplyAsync(new StoreBatch().Put($"pin/{id}", value).Put($"c/{id}/m/{5:d20}", id.ToArray()));
        foreach (StoreEntry entry in await below.ScanAsync(new StoreRange(" ", "~~")))
        {
            Assert.DoesNotContain(id.ToString(), entry.Key, StringComparison.Ordinal);
            Assert.True(entry.Value.AsSpan().IndexOf(value) < 0);
            Assert.True(entry.Value.AsSpan().IndexOf(id.ToArray()) < 0);
            Assert.True(entry.Value.AsSpan().IndexOf(Encoding.ASCII.GetBytes(id.ToString())) < 0);
        }
    }

    [Fact]
    public static async Task Ranges_below_one_id_work_and_give_the_real_keys()
    {
        await using SealedStore store = new(new MemoryClientStore(), NativeCryptoProvider.Shared, Key);
        Id one = Id.New(), other = Id.New();
        StoreBatch batch = new();
        for (int i = 0; i < 5; i++) batch.Put($"c/{one}/m/{i:d6}", [(byte)i]).Put($"c/{other}/m/{i:d6}", [(byte)i]);
        await store.ApplyAsync(batch);
        Assert.Equal([$"c/{one}/m/000004", $"c/{one}/m/000003"], (await store.ScanAsync(StoreRange.Prefix($"c/{one}/m/", 2, reverse: true))).Select(e => e.Key));
        Assert.Equal(3, (await store.ScanAsync(new StoreRange($"c/{one}/m/{2:d6}", StoreRange.End($"c/{one}/m/")))).Count);
        Assert.Equal(10, (await store.ScanAsync(StoreRange.Prefix("c/"))).Count);
        await store.ApplyAsync(new StoreBatch().DeletePrefix($"c/{one}/"));
        Assert.Equal(5, (await store.ScanAsync(StoreRange.Prefix("c/"))).Count);
    }

    [Fact]
    public static async Task A_value_moved_to_another_key_does_not_open()
    {
        MemoryClientStore below = new();
        await using SealedStore store = new(below, NativeCryptoProvider.Shared, Key);
        await store.ApplyAsync(new StoreBatch().Put("from", [1]).Put("to", [2]));
        await below.ApplyAsync(new StoreBatch().Put("to", (await below.GetAsync("from"))!));
        await DamagedAsync(store, "to");
    }

    [Fact]
    public static async Task A_value_with_any_byte_changed_or_cut_short_does_not_open()
    {
        MemoryClientStore below = new();
        await using SealedStore store = new(below, NativeCryptoProvider.Shared, Key);
        await store.ApplyAsync(new StoreBatch().Put("k", [1, 2, 3]));
        byte[] whole = (await below.GetAsync("k"))!;
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 1;
            await below.ApplyAsync(new StoreBatch().Put("k", changed));
            await DamagedAsync(store, "k");
            await below.ApplyAsync(new StoreBatch().Put("k", whole[..i]));
            await DamagedAsync(store, "k");
        }
    }

    [Fact]
    public static async Task The_same_value_never_looks_the_same_and_lengths_show_only_in_steps_of_64()
    {
        MemoryClientStore below = new();
        await using SealedStore store = new(below, NativeCryptoProvider.Shared, Key);
        HashSet<string> seen = [];
        HashSet<int> lengths = [];
        for (int i = 0; i < 50; i++)
        {
            await store.ApplyAsync(new StoreBatch().Put("key", new byte[i]));
            byte[] record = (await below.GetAsync("key"))!;
            Assert.True(seen.Add(Convert.ToHexString(record)));
            lengths.Add(record.Length);
        }
        Assert.Single(lengths);
    }

    [Fact]
    public static async Task Another_key_opens_nothing_and_a_disposed_store_neither()
    {
        MemoryClientStore below = new();
        SealedStore store = new(below, NativeCryptoProvider.Shared, Key);
        await store.ApplyAsync(new StoreBatch().Put("k", [1]));
        using Secret other = Secret.Zero(32);
        await using SealedStore foreign = new(below, NativeCryptoProvider.Shared, other);
        await DamagedAsync(foreign, "k");
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.GetAsync("k"));
    }

    static async Task DamagedAsync(IClientStore store, string key)
    {
        KavalekException e = await Assert.ThrowsAsync<KavalekException>(async () => await store.GetAsync(key));
        Assert.Equal(ClientErrors.ProfileDamaged, e.Code);
    }
}

using System.Text;

namespace Kavalek.Client.Tests;

/// <summary>What every store keeps, whatever it is made of.</summary>
public abstract class StoreContract
{
    protected abstract Task<IClientStore> OpenAsync();

    static string? Hex(byte[]? value) => value is null ? null : Convert.ToHexString(value);

    [Fact]
    public async Task What_was_put_is_there_and_what_was_not_is_null()
    {
        await using IClientStore store = await OpenAsync();
        await store.ApplyAsync(new StoreBatch().Put("a/1", [1, 2, 3]).Put("a/2", []));
        Assert.Equal("010203", Hex(await store.GetAsync("a/1")));
        Assert.Equal("", Hex(await store.GetAsync("a/2")));
        Assert.Null(await store.GetAsync("a/3"));
    }

    [Fact]
    public async Task Changes_of_a_batch_apply_in_their_order()
    {
        await using IClientStore store = await OpenAsync();
        await store.ApplyAsync(new StoreBatch().Put("k", [1]).Delete("k").Put("k", [2]).Put("p/1", [1]).DeletePrefix("p/").Put("p/2", [2]));
        Assert.Equal("02", Hex(await store.GetAsync("k")));
        Assert.Equal(["p/2"], (await store.ScanAsync(StoreRange.Prefix("p/"))).Select(e => e.Key));
    }

    [Fact]
    public async Task A_scan_is_in_ordinal_order_and_excludes_its_end()
    {
        await using IClientStore store = await OpenAsync();
        StoreBatch batch = new();
        foreach (string key in (string[])["b", "a/2", "a/10", "a/1", "A/1", "a0", "a/", "a/~", "a."]) batch.Put(key, Encoding.ASCII.GetBytes(key));
        await store.ApplyAsync(batch);
        Assert.Equal(["a/", "a/1", "a/10", "a/2", "a/~"], (await store.ScanAsync(StoreRange.Prefix("a/"))).Select(e => e.Key));
        Assert.Equal(["a/1", "a/10"], (await store.ScanAsync(new StoreRange("a/1", "a/2"))).Select(e => e.Key));
        Assert.Equal([], await store.ScanAsync(new StoreRange("b", "a")));
    }

    [Fact]
    public async Task A_reversed_scan_counts_its_limit_from_the_end()
    {
        await using IClientStore store = await OpenAsync();
        StoreBatch batch = new();
        for (int i = 0; i < 10; i++) batch.Put($"m/{i:d4}", [(byte)i]);
        await store.ApplyAsync(batch);
        Assert.Equal(["m/0009", "m/0008", "m/0007"], (await store.ScanAsync(StoreRange.Prefix("m/", 3, reverse: true))).Select(e => e.Key));
        Assert.Equal(["m/0000", "m/0001"], (await store.ScanAsync(StoreRange.Prefix("m/", 2))).Select(e => e.Key));
        Assert.Equal(["m/0004", "m/0003"], (await store.ScanAsync(new StoreRange("m/", "m/0005", 2, Reverse: true))).Select(e => e.Key));
    }

    [Fact]
    public async Task A_batch_with_an_impossible_key_changes_nothing()
    {
        await using IClientStore store = await OpenAsync();
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await store.ApplyAsync(new StoreBatch().Put("good", [1]).Put("schlüssel", [2])));
        Assert.Null(await store.GetAsync("good"));
    }

    [Fact]
    public async Task What_a_caller_does_with_its_arrays_afterwards_changes_nothing()
    {
        await using IClientStore store = await OpenAsync();
        byte[] value = [1];
        await store.ApplyAsync(new StoreBatch().Put("k", value));
        (await store.GetAsync("k"))![0] = 9;
        (await store.ScanAsync(StoreRange.Prefix("k")))[0].Value[0] = 9;
        Assert.Equal("01", Hex(await store.GetAsync("k")));
    }

    [Fact]
    public async Task Batches_from_many_threads_all_land()
    {
        await using IClientStore store = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++) await store.ApplyAsync(new StoreBatch().Put($"t/{thread}/{i:d3}", [1]).Put($"last/{thread}", [(byte)i]));
        })));
        Assert.Equal(160, (await store.ScanAsync(StoreRange.Prefix("t/"))).Count);
        Assert.All(await store.ScanAsync(StoreRange.Prefix("last/")), entry => Assert.Equal(19, entry.Value[0]));
    }
}

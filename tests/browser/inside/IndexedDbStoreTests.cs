using Kavalek.Client.Browser;

namespace Kavalek.Client.Tests;

public sealed class IndexedDbStoreTests : StoreContract
{
    readonly string _name = $"test-{Guid.NewGuid():n}";

    protected override async Task<IClientStore> OpenAsync() => await IndexedDbStore.OpenAsync(_name);

    [Fact]
    public async Task What_was_written_is_there_after_it_was_closed_and_opened()
    {
        await using (IClientStore store = await OpenAsync()) await store.ApplyAsync(new StoreBatch().Put("a", [1]).Put("b", new byte[300_000]));
        await using IClientStore again = await OpenAsync();
        Assert.Equal([1], await again.GetAsync("a"));
        Assert.Equal(300_000, (await again.GetAsync("b"))!.Length);
    }

    [Fact]
    public async Task Whoever_opened_it_before_writes_nothing_any_more()
    {
        await using IClientStore before = await OpenAsync();
        await before.ApplyAsync(new StoreBatch().Put("k", [1]));
        await using IClientStore after = await OpenAsync();
        await Assert.ThrowsAsync<FencedException>(async () => await before.ApplyAsync(new StoreBatch().Put("k", [2]).Put("other", [2])));
        Assert.Equal([1], await after.GetAsync("k"));
        Assert.Null(await after.GetAsync("other"));
        await after.ApplyAsync(new StoreBatch().Put("k", [3]));
        Assert.Equal([3], await after.GetAsync("k"));
    }
}

public sealed class SealedIndexedDbStoreTests : StoreContract
{
    readonly string _name = $"test-{Guid.NewGuid():n}";

    protected override async Task<IClientStore> OpenAsync() =>
        new SealedStore(await IndexedDbStore.OpenAsync(_name), WebCryptoProvider.Shared, Kavalek.Mls.Secret.Zero(32));
}

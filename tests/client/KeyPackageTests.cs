using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

public static class KeyPackageTests
{
    [Fact]
    public static async Task A_device_keeps_a_hundred_and_refills_before_half_are_gone()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(store) with { KeyPackages = 100 }), marie = await SignUpAsync(server, "marie");
        await karim.SyncAsync();
        Assert.Equal(new KeyPackageCount(100, true, false), await karim.Core.Auth.KeyPackagesAsync(default));
        Assert.Equal(101, (await StoredAsync(karim)).Count);

        Contact contact = await marie.FindAsync("karim");
        for (int i = 0; i < 40; i++) Assert.Single(await marie.Core.People.ClaimAsync(contact.Account, default));
        await karim.SyncAsync();
        Assert.Equal(60, (await karim.Core.Auth.KeyPackagesAsync(default)).Count);
        await marie.Core.People.ClaimAsync(contact.Account, default);
        await karim.SyncAsync();
        Assert.Equal(100, (await karim.Core.Auth.KeyPackagesAsync(default)).Count);
    }

    // K-51
    [Fact]
    public static async Task The_last_resort_keeps_a_drained_device_reachable_and_is_replaced_after_use()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options() with { KeyPackages = 100 }), marie = await SignUpAsync(server, "marie");
        await karim.SyncAsync();
        Contact contact = await marie.FindAsync("karim");
        HashSet<string> seen = [];
        for (int i = 0; i < 100; i++)
        {
            ClaimedDevice device = Assert.Single(await marie.Core.People.ClaimAsync(contact.Account, default));
            Assert.False(device.KeyPackage.IsLastResort);
            Assert.True(seen.Add(Convert.ToHexString(device.KeyPackage.Encode())));
        }
        ClaimedDevice last = Assert.Single(await marie.Core.People.ClaimAsync(contact.Account, default));
        Assert.True(last.KeyPackage.IsLastResort);
        // Whoever used it can still be answered after it was replaced.
        await karim.SyncAsync();
        Assert.Equal(new KeyPackageCount(100, true, false), await karim.Core.Auth.KeyPackagesAsync(default));
        Assert.NotNull(await karim.Core.KeyPackages.FindAsync(last.KeyPackage.Ref(marie.Core.Mls)));
    }

    [Fact]
    public static async Task Private_parts_are_stored_before_anything_is_published()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(transport: address =>
            new LosesAnswers(new HttpTransport(address), "/auth/v1/key-packages", before: true, times: 1, only: HttpMethod.Post)));
        Assert.Equal(new KeyPackageCount(0, false, false), await karim.Core.Auth.KeyPackagesAsync(default));
        Assert.Equal(21, (await StoredAsync(karim)).Count);
        await karim.Core.KeyPackages.RefillAsync(default);
        Assert.Equal(20, (await karim.Core.Auth.KeyPackagesAsync(default)).Count);
    }

    [Fact]
    public static async Task A_key_package_of_another_account_under_a_known_name_is_not_used()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient karim = await SignUpAsync(server, "karim"), mallory = await SignUpAsync(server, "mallory"), eve = await SignUpAsync(server, "eve");
        await karim.SyncAsync();
        await mallory.SyncAsync();
        byte[] theirs = Assert.Single((await eve.Core.Auth.ClaimAsync(mallory.Me.Id, default)).KeyPackages).KeyPackage;
        bool lie = true;
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
            lie && path.EndsWith("claim", StringComparison.Ordinal)
                ? System.Text.Json.JsonSerializer.Serialize(new ClaimedKeyPackages([new ClaimedKeyPackage(karim.Me.Device, theirs)]), AuthJson.Default.ClaimedKeyPackages)
                : body)));
        Contact contact = await marie.FindAsync("karim");
        Assert.Empty(await marie.Core.People.ClaimAsync(contact.Account, default));
        lie = false;
        Assert.Single(await marie.Core.People.ClaimAsync(contact.Account, default));
    }

    static async Task<IReadOnlyList<StoreEntry>> StoredAsync(KavalekClient client) => await client.Core.Store.ScanAsync(StoreRange.Prefix("key-package/"));
}

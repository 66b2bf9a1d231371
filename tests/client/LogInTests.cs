using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

public static class LogInTests
{
    [Fact]
    public static async Task A_locked_profile_opens_offline_with_its_password_only()
    {
        using TemporaryFolder folder = new();
        KavalekClient marie;
        await using (TestServer server = await OpenServerAsync())
            marie = await SignUpAsync(server, "marie", AsShipped(await SqliteClientStore.OpenAsync(folder.Path)));
        Account before = marie.Me;
        await marie.LockAsync();

        SqliteClientStore store = await SqliteClientStore.OpenAsync(folder.Path);
        Assert.Equal(new ProfileInfo(ProfileState.Locked, before.Server), await KavalekClient.InspectAsync(store));
        Assert.Equal(ClientErrors.WrongPassword, await CodeAsync(() => KavalekClient.UnlockAsync(AsShipped(store), "wrong wrong wrong")));
        await using KavalekClient opened = await KavalekClient.UnlockAsync(AsShipped(store), Phrase);
        Assert.Equal((before.Id, before.Device, before.Handle), (opened.Me.Id, opened.Me.Device, opened.Me.Handle));
        Assert.Equal(before.AccountKey, opened.Me.AccountKey);
        Assert.Equal(ClientErrors.Offline, await CodeAsync(() => opened.DevicesAsync()));
    }

    [Fact]
    public static async Task An_existing_profile_is_resumed_as_the_same_device()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", AsShipped(store));
        Id device = marie.Me.Device;
        await marie.LockAsync();
        await using KavalekClient again = await KavalekClient.LogInAsync(AsShipped(store), server.Address, " Marie@Example.ORG ", Phrase);
        Assert.Equal((device, false), (again.Me.Device, again.Me.IsWaiting));
        Assert.Single(await again.DevicesAsync());
    }

    [Fact]
    public static async Task A_profile_of_another_account_is_left_alone()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await (await SignUpAsync(server, "marie", Options(store))).LockAsync();
        Assert.Equal(ClientErrors.OtherAccount, await CodeAsync(() => KavalekClient.LogInAsync(Options(store), server.Address, "other@example.org", Phrase)));
        await using KavalekClient marie = await KavalekClient.UnlockAsync(Options(store), Phrase);
    }

    [Fact]
    public static async Task A_wrong_password_makes_no_profile()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        ClientOptions options = Options();
        Assert.Equal(ErrorCodes.WrongCredentials, await CodeAsync(() => KavalekClient.LogInAsync(options, server.Address, "marie@example.org", "wrong wrong wrong")));
        Assert.Equal(ProfileState.Empty, (await KavalekClient.InspectAsync(options.Store)).State);
    }

    [Fact]
    public static async Task Logging_out_keeps_the_profile_and_logging_in_again_resumes_it()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        await marie.LogOutAsync(removeDevice: false);

        await using KavalekClient opened = await KavalekClient.UnlockAsync(Options(store), Phrase);
        Assert.Equal(ErrorCodes.SessionEnded, await CodeAsync(() => opened.DevicesAsync()));
        await opened.LogInAgainAsync(Phrase);
        Assert.Single(await opened.DevicesAsync());
    }

    [Fact]
    public static async Task Logging_out_with_removal_leaves_nothing_behind()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        MemoryClientStore store = new();
        KavalekClient second = await AddDeviceAsync(server, first, Options(store));
        await second.LogOutAsync(removeDevice: true);
        Assert.Equal([], await store.ScanAsync(new StoreRange(" ", "~~")));
        Assert.Single(await first.DevicesAsync());
    }

    [Fact]
    public static async Task The_wallet_takes_a_new_password_and_the_old_one_opens_it_no_more()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        Assert.Equal(ClientErrors.WrongPassword, await CodeAsync(() => marie.ChangeWalletPasswordAsync("not the password", "a new long password")));
        await marie.ChangeWalletPasswordAsync(Phrase, "a new long password");
        await marie.LockAsync();
        Assert.Equal(ClientErrors.WrongPassword, await CodeAsync(() => KavalekClient.UnlockAsync(Options(store), Phrase)));
        await using KavalekClient opened = await KavalekClient.UnlockAsync(Options(store), "a new long password");
        Assert.Single(await opened.DevicesAsync());
    }

    // K-74
    [Fact]
    public static async Task A_locked_client_holds_no_keys()
    {
        await using TestServer server = await OpenServerAsync();
        KavalekClient marie = await SignUpAsync(server, "marie");
        ClientCore core = marie.Core;
        await marie.LockAsync();
        Assert.Throws<ObjectDisposedException>(() => core.Identity.DeviceKey.PrivateKey.Span.ToArray());
        Assert.Throws<ObjectDisposedException>(() => core.Identity.AccountKey!.PrivateKey.Span.ToArray());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await core.Store.GetAsync(Profile.Key));
    }

    [Fact]
    public static async Task Every_opening_counts_up()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await (await SignUpAsync(server, "marie", Options(store))).LockAsync();
        ulong before = 0;
        for (int i = 0; i < 3; i++)
        {
            await using KavalekClient marie = await KavalekClient.UnlockAsync(Options(store), Phrase);
            Assert.True(marie.Core.Profile.Data.Opened > before);
            before = marie.Core.Profile.Data.Opened;
        }
    }
}

using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

public static class TokensTests
{
    [Fact]
    public static async Task Expired_tokens_are_renewed_without_anybody_noticing()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        MemoryClientStore store = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(store, clock));
        StoredSession before = (await Tokens.LoadAsync(marie.Core.Store, default))!;
        for (int i = 0; i < 3; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(11));
            Assert.Single(await marie.DevicesAsync());
        }
        Assert.NotEqual(before.Session.RefreshToken, (await Tokens.LoadAsync(marie.Core.Store, default))!.Session.RefreshToken);
    }

    [Fact]
    public static async Task A_lost_answer_is_asked_for_again_with_the_same_token()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address =>
            new LosesAnswers(new HttpTransport(address), "/auth/v1/sessions/refresh", times: 1)));
        await marie.Core.Tokens.RefreshAsync(default);
        Assert.Single(await marie.DevicesAsync());
    }

    [Fact]
    public static async Task New_tokens_are_in_the_store_before_anything_uses_them()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        ClientCore? core = null;
        bool watching = false, checkedOne = false;
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(store, transport: address => new Watches(new HttpTransport(address), async request =>
        {
            if (!watching || request.Headers.Authorization?.Parameter is not { } token) return;
            Assert.Equal(token, (await Tokens.LoadAsync(core!.Store, default))!.Session.AuthToken);
            checkedOne = true;
        })));
        core = marie.Core;
        await core.Tokens.RefreshAsync(default);
        watching = true;
        await marie.DevicesAsync();
        Assert.True(checkedOne);
        await marie.LockAsync();
        await using KavalekClient again = await KavalekClient.UnlockAsync(Options(store), Phrase);
        await again.Core.Tokens.RefreshAsync(default);
    }

    [Fact]
    public static async Task A_session_that_a_copy_of_the_profile_used_up_ends_with_a_word_and_opens_again_with_the_password()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        MemoryClientStore store = new(), copy = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store, clock));
        StoreBatch all = new();
        foreach (StoreEntry entry in await store.ScanAsync(new StoreRange(" ", "~~"))) all.Put(entry.Key, entry.Value);
        await copy.ApplyAsync(all);
        await marie.Core.Tokens.RefreshAsync(default);
        await marie.Core.Tokens.RefreshAsync(default);
        await marie.LockAsync();

        await using KavalekClient old = await KavalekClient.UnlockAsync(Options(copy, clock), Phrase);
        await using IAsyncEnumerator<ClientEvent> events = old.Events().GetAsyncEnumerator();
        Assert.Equal(ErrorCodes.SessionEnded, await CodeAsync(() => old.Core.Tokens.RefreshAsync(default)));
        Assert.True(await events.MoveNextAsync());
        Assert.IsType<SessionEnded>(events.Current);
        Assert.Equal(ErrorCodes.SessionEnded, await CodeAsync(() => old.DevicesAsync()));
        await old.LogInAgainAsync(Phrase);
        Assert.Single(await old.DevicesAsync());
    }

    [Fact]
    public static async Task Many_calls_at_once_refresh_once()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        int refreshes = 0;
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock, transport: address => new Watches(new HttpTransport(address), request =>
        {
            if (request.RequestUri!.ToString().EndsWith("refresh", StringComparison.Ordinal)) Interlocked.Increment(ref refreshes);
            return Task.CompletedTask;
        })));
        clock.Advance(TimeSpan.FromMinutes(11));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => marie.Core.Auth.KeyPackagesAsync(default)));
        Assert.Equal(1, refreshes);
    }
}

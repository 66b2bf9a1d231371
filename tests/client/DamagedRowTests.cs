using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>One value of a profile that cannot be read.</summary>
public static class DamagedRowTests
{
    [Fact]
    public static async Task A_row_that_cannot_be_read_costs_nothing_that_came_with_what_asked_for_it()
    {
        await using TestServer server = await OpenServerAsync();
        Disk disk = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(disk));
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        Message first = await hers.SendAsync("first");
        await SyncAsync(marie, karim);

        await hers.SendAsync("before");
        await hers.ReactAsync(first.Id, "👍");
        await hers.SendAsync("behind");
        await marie.SyncAsync();
        disk.Damaged = StoreKeys.Message(default, (await his.MessageAsync("first")).Position.Value)[^17..];
        Assert.Equal(ClientErrors.ProfileDamaged, await CodeAsync(() => karim.SyncAsync()));
        // Another step, which stores what memory has.
        disk.Damaged = null;
        await his.SetDraftAsync(new Draft("draft", null));
        await karim.SyncAsync();
        Assert.Equal(["first", "before", "behind"], await his.TextsAsync());
        Assert.Equal("👍", Assert.Single((await his.MessageAsync("first")).Reactions).Emoji);
        Assert.DoesNotContain(SystemKind.MessagesMissing, await his.KindsAsync());
    }

    [Fact]
    public static async Task A_connected_client_says_that_its_profile_is_damaged()
    {
        await using TestServer server = await OpenServerAsync();
        Disk disk = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(disk));
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        Message first = await hers.SendAsync("first");
        await SyncAsync(marie, karim);
        await using EventsOf events = new(karim);
        await karim.StartAsync();
        await events.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);
        disk.Damaged = StoreKeys.Message(default, (await his.MessageAsync("first")).Position.Value)[^17..];
        await hers.ReactAsync(first.Id, "👍");
        await marie.SyncAsync();
        await events.NextAsync<Notice>(notice => notice.Text.Contains("damaged", StringComparison.Ordinal));
    }

    sealed class Disk : IClientStore
    {
        readonly MemoryClientStore _inner = new();

        /// <summary>How the key ends whose value is not what was written.</summary>
        public string? Damaged { get; set; }

        public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default) =>
            Damaged is { } end && key.StartsWith("conv/m/", StringComparison.Ordinal) && key.EndsWith(end, StringComparison.Ordinal) ? [1, 2, 3] : await _inner.GetAsync(key, cancel);

        public ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default) => _inner.ScanAsync(range, cancel);

        public ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default) => _inner.ApplyAsync(batch, cancel);

        public ValueTask DisposeAsync() => _inner.DisposeAsync();
    }
}

using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Killed at any instant, a client resumes: nothing lost, nothing twice (DESIGN §6, K-38).</summary>
public static class RestartTests
{
    [Fact]
    public static async Task Killed_at_any_instant_of_sending_and_committing_it_resumes_with_nothing_lost_and_nothing_twice()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        Conversation his = (await GroupAsync("Duo", marie, karim))[1];
        await marie.DisposeAsync();

        List<string> written = [];
        string title = "Duo";
        bool died = true;
        int instants = 0;
        for (int at = 1; died; at++)
        {
            PowerCut cut = new(at);
            string? stored = null, asked = null;
            try
            {
                KavalekClient dying = await KavalekClient.UnlockAsync(cut.Options(store), TestPeople.Phrase);
                Conversation hers = dying.Conversation(his.Id)!;
                await hers.SendAsync($"first {at}");
                stored = $"first {at}";
                written.Add(stored);
                await hers.SendAsync($"second {at}");
                written.Add($"second {at}");
                asked = $"Title {at}";
                await hers.RenameAsync(asked);
                title = asked;
                await dying.SyncAsync();
                await dying.DisposeAsync();
            }
            catch (Exception e) when (e is IOException or KavalekException or HttpRequestException)
            {
                // Killed: nothing is closed, nothing flushed; the next start reads what the store holds.
            }
            died = cut.Happened;
            instants = at;

            marie = await KavalekClient.UnlockAsync(Options(store), TestPeople.Phrase);
            await SyncAsync(marie, karim);
            Assert.Equal(written, await his.TextsAsync());
            Assert.Equal(written, await marie.Conversation(his.Id)!.TextsAsync());
            // A change that was asked for when it died is made, or was never stored; both sides agree on which.
            Assert.Contains(his.Title, new[] { title, asked ?? title });
            Assert.Equal(his.Title, marie.Conversation(his.Id)!.Title);
            title = his.Title;
            Assert.DoesNotContain(SystemKind.MessagesMissing, await his.KindsAsync());
            Assert.All((await marie.Conversation(his.Id)!.MessagesAsync(1_000)).Where(m => m.IsMine), m => Assert.NotEqual(MessageState.Queued, m.State));
            await marie.DisposeAsync();
        }
        Assert.True(instants > 12);
    }

    [Fact]
    public static async Task Killed_at_any_instant_of_receiving_it_resumes_with_nothing_lost_and_nothing_twice()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        Id id = hers.Id;
        await marie.DisposeAsync();
        List<string> written = [];
        bool died = true;
        for (int at = 1; died; at++)
        {
            for (int i = 0; i < 3; i++)
            {
                written.Add($"{at} {i}");
                await his.SendAsync(written[^1]);
            }
            await karim.SyncAsync();
            PowerCut cut = new(at);
            try
            {
                KavalekClient dying = await KavalekClient.UnlockAsync(cut.Options(store), TestPeople.Phrase);
                await dying.SyncAsync();
                await dying.DisposeAsync();
            }
            catch (Exception e) when (e is IOException or KavalekException or HttpRequestException)
            {
                // Killed.
            }
            died = cut.Happened;
            marie = await KavalekClient.UnlockAsync(Options(store), TestPeople.Phrase);
            await SyncAsync(marie, karim);
            Assert.Equal(written, await marie.Conversation(id)!.TextsAsync());
            Assert.Equal(written.Count, marie.Conversation(id)!.Unread);
            Assert.DoesNotContain(SystemKind.MessagesMissing, await marie.Conversation(id)!.KindsAsync());
            Assert.Equal(MessageState.Delivered, (await his.MessageAsync(written[^1])).State);
            await marie.DisposeAsync();
        }
    }

    [Fact]
    public static async Task Killed_at_any_instant_of_joining_it_joins_once()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        await marie.SyncAsync();
        Id her = (await karim.FindAsync("marie")).Account;
        await marie.DisposeAsync();
        bool died = true;
        for (int at = 1; died; at++)
        {
            Conversation group = await karim.CreateGroupAsync($"Group {at}", [her]);
            await group.SendAsync($"hello {at}");
            await karim.SyncAsync();
            PowerCut cut = new(at);
            try
            {
                KavalekClient dying = await KavalekClient.UnlockAsync(cut.Options(store), TestPeople.Phrase);
                await dying.SyncAsync();
                await dying.DisposeAsync();
            }
            catch (Exception e) when (e is IOException or KavalekException or HttpRequestException)
            {
                // Killed.
            }
            died = cut.Happened;
            marie = await KavalekClient.UnlockAsync(Options(store), TestPeople.Phrase);
            await marie.SyncAsync();
            Assert.Equal([$"hello {at}"], await marie.Conversation(group.Id)!.TextsAsync());
            Assert.Equal(at, marie.Conversations.Count);
            await marie.DisposeAsync();
        }
    }
}

using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

public static class GroupConversationTests
{
    [Fact]
    public static async Task Three_people_write_in_any_script_and_a_long_text_stays_whole()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("الجريدة 🗞️ rédaction", marie, karim, zoe);
        Assert.All(group, c => Assert.Equal("الجريدة 🗞️ rédaction", c.Title));
        Assert.All(group, c => Assert.Equal(3, c.Members.Count));
        Assert.Equal(Role.Owner, group[0].MyRole);
        Assert.Equal(Role.Member, group[2].MyRole);

        string chapter = string.Concat(Enumerable.Repeat("Le cœur a ses raisons — للقلب أسبابه 💛. ", 1_200))[..30_000];
        Assert.True(System.Text.Encoding.UTF8.GetByteCount(chapter) is > 40_000 and < 65_536);
        string sixty = new('é', 30_000);
        await group[0].SendAsync("Bonjour à tous ‼️");
        await SyncAsync(marie, karim, zoe);
        await group[1].SendAsync("مرحبا 👋🏽");
        await SyncAsync(karim, zoe, marie);
        await group[2].SendAsync(chapter);
        await group[2].SendAsync(sixty);
        await SyncAsync(zoe, marie, karim);
        foreach (Conversation seen in group) Assert.Equal(["Bonjour à tous ‼️", "مرحبا 👋🏽", chapter, sixty], await seen.TextsAsync());
    }

    [Fact]
    public static async Task Who_was_away_for_a_thousand_messages_catches_up_in_order()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        string[] texts = [.. Enumerable.Range(1, 1_000).Select(n => $"message {n}")];
        foreach (string text in texts) await hers.SendAsync(text);
        await marie.SyncAsync();
        Assert.Equal(texts, await hers.TextsAsync());

        await karim.SyncAsync();
        Assert.Equal(texts, await his.TextsAsync());
        Assert.Equal(1_000, his.Unread);
        Assert.DoesNotContain(SystemKind.MessagesMissing, await his.KindsAsync());

        // Page by page, backwards.
        List<string> paged = [];
        MessagePosition? before = null;
        while (await his.MessagesAsync(300, before) is { Count: > 0 } page)
        {
            paged.InsertRange(0, page.Select(m => m.Body).OfType<TextBody>().Select(b => b.Text));
            before = page[0].Position;
        }
        Assert.Equal(texts, paged);

        await his.MarkReadAsync((await his.MessageAsync("message 990")).Id);
        Assert.Equal(10, his.Unread);
        await his.MarkReadAsync((await his.MessageAsync("message 1000")).Id);
        Assert.Equal(0, his.Unread);
        await SyncAsync(karim, marie);
        Assert.All((await hers.MessagesAsync(1_000)).Where(m => m.Body is TextBody), m => Assert.Equal(MessageState.Read, m.State));
    }

    [Fact]
    public static async Task Who_was_removed_reads_nothing_of_what_follows_and_says_nothing()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await group[0].RemoveAsync(zoe.Me.Id);
        await group[0].SendAsync("only for two");
        await SyncAsync(marie, karim, zoe);

        Assert.Equal(["only for two"], await group[1].TextsAsync());
        Assert.Empty(await group[2].TextsAsync());
        Assert.Equal(ConversationState.Removed, group[2].State);
        Assert.Equal(2, group[0].Members.Count);
        Assert.Equal(2, group[1].Members.Count);
        Assert.Equal(ClientErrors.CannotSend, group[2].CannotSend!.Code);
        Assert.Equal(ClientErrors.CannotSend, await CodeAsync(() => group[2].SendAsync("still here?")));
        Assert.Equal([zoe.Me.Id], (await group[1].LinesAsync()).Single(l => l.Kind == SystemKind.Removed).Accounts);

        // Brought back, they read what is said from then on.
        await group[0].AddAsync([zoe.Me.Id]);
        await group[0].SendAsync("welcome back");
        await SyncAsync(marie, zoe);
        Assert.Equal(ConversationState.Request, group[2].State);
        await group[2].AcceptAsync();
        await group[2].SendAsync("thanks");
        await SyncAsync(zoe, marie, karim);
        Assert.Equal(["welcome back", "thanks"], await group[2].TextsAsync());
        Assert.Equal(["only for two", "welcome back", "thanks"], await group[1].TextsAsync());
    }

    [Fact]
    public static async Task Roles_and_titles_are_agreed_on_by_all()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => group[1].RenameAsync("Mine")));
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => group[1].RemoveAsync(zoe.Me.Id)));
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => group[0].LeaveAsync()));

        await group[0].SetRoleAsync(karim.Me.Id, Role.Admin);
        await SyncAsync(marie, karim, zoe);
        Assert.Equal(Role.Admin, group[1].MyRole);
        await group[1].RenameAsync("Le trio");
        await SyncAsync(karim, zoe, marie);
        Assert.All(group, c => Assert.Equal("Le trio", c.Title));
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => group[1].RemoveAsync(marie.Me.Id)));
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => group[0].SetRoleAsync(marie.Me.Id, Role.Member)));

        SystemBody[] lines = await group[2].LinesAsync();
        Assert.Equal("Le trio", lines.Single(l => l.Kind == SystemKind.Renamed).Text);
        Assert.Equal(karim.Me.Id, lines.Single(l => l.Kind == SystemKind.Renamed).By);
        Assert.Equal("Admin", lines.Single(l => l.Kind == SystemKind.RoleChanged).Text);
    }

    [Fact]
    public static async Task Who_leaves_is_out_once_somebody_has_committed_it()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await group[0].SetRoleAsync(karim.Me.Id, Role.Admin);
        await SyncAsync(marie, karim, zoe);
        await group[1].LeaveAsync();
        Assert.Equal(ConversationState.Left, group[1].State);

        // Nobody has committed it yet: a member that writes commits it first.
        await zoe.SyncAsync();
        Assert.Equal(PendingChange.Removing, group[2].Members.Single(m => m.Contact.Account == karim.Me.Id).Pending);
        await group[2].SendAsync("au revoir");
        await SyncAsync(zoe, marie, karim);
        Assert.Equal(2, group[0].Members.Count);
        Assert.Equal(2, group[2].Members.Count);
        Assert.Contains(SystemKind.Left, await group[0].KindsAsync());
        Assert.DoesNotContain("au revoir", await group[1].TextsAsync());
        Assert.Equal(["au revoir"], await group[0].TextsAsync());

        // An admin who left has lost the role for good.
        await group[0].AddAsync([karim.Me.Id]);
        await SyncAsync(marie, karim);
        Assert.Equal(Role.Member, group[1].MyRole);
    }

    [Fact]
    public static async Task The_lowest_leaf_commits_a_leaving_without_anybody_writing()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await group[2].LeaveAsync();
        await SyncAsync(karim, marie, karim);
        Assert.Equal(2, group[1].Members.Count);
    }

    // K-44
    [Fact]
    public static async Task Twenty_people_who_change_a_group_at_once_all_get_their_change()
    {
        await using TestServer server = await OpenServerAsync();
        List<KavalekClient> people = [];
        for (int i = 0; i < 20; i++) people.Add(await SignUpAsync(server, $"person{i}"));
        try
        {
            Conversation[] group = await GroupAsync("Vingt", [.. people]);
            for (int i = 1; i < 20; i++) await group[0].SetRoleAsync(people[i].Me.Id, Role.Admin);
            await SyncAsync([.. people]);
            Assert.All(group.Skip(1), c => Assert.Equal(Role.Admin, c.MyRole));

            // Twenty commits for one epoch: one wins, and the others are made again until all are in.
            await Task.WhenAll(Enumerable.Range(0, 20).Select(i => group[i].RenameAsync($"by {i}")));
            await SyncAsync([.. people]);
            string[][] titles = await Task.WhenAll(group.Select(async c => (await c.LinesAsync()).Where(l => l.Kind == SystemKind.Renamed).Select(l => l.Text!).ToArray()));
            Assert.Equal(Enumerable.Range(0, 20).Select(i => $"by {i}").Order(), titles[0].Order());
            Assert.All(titles, seen => Assert.Equal(titles[0], seen));
            Assert.All(group, c => Assert.Equal(titles[0][^1], c.Title));
            await group[7].SendAsync("agreed");
            await SyncAsync([.. people]);
            foreach (Conversation seen in group) Assert.Equal(["agreed"], await seen.TextsAsync());
        }
        finally
        {
            foreach (KavalekClient person in people) await person.DisposeAsync();
        }
    }
}

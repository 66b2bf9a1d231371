using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Over the socket, as people use it.</summary>
public static class LiveConversationTests
{
    [Fact]
    public static async Task Connected_people_see_what_is_written_delivered_and_read()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using EventsOf hers = new(marie), his = new(karim);
        await karim.StartAsync();
        await marie.StartAsync();
        await his.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);
        await hers.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);
        await karim.SyncAsync();

        Conversation opened = await marie.DirectAsync((await marie.FindAsync("karim")).Account);
        await opened.SendAsync("hello");
        Conversation asked = (await his.NextAsync<RequestReceived>()).Conversation;
        Assert.Equal("hello", await his.NextTextAsync());
        await hers.NextStateAsync("hello", MessageState.Sent);
        await asked.AcceptAsync();
        await hers.NextStateAsync("hello", MessageState.Delivered);
        await asked.MarkReadAsync((await asked.MessageAsync("hello")).Id);
        await hers.NextStateAsync("hello", MessageState.Read);

        for (int i = 0; i < 50; i++)
        {
            await asked.SendAsync($"ping {i}");
            Assert.Equal($"ping {i}", await hers.NextTextAsync());
            await opened.SendAsync($"pong {i}");
            Assert.Equal($"pong {i}", await his.NextTextAsync());
        }
        Assert.Equal(await opened.TextsAsync(), await asked.TextsAsync());
    }

    [Fact]
    public static async Task A_server_that_restarts_loses_and_doubles_nothing()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        string address = server.Address.ToString();
        string[] texts = [.. Enumerable.Range(0, 400).Select(n => $"message {n}")];
        await using EventsOf seen = new(karim);
        await karim.StartAsync();
        await marie.StartAsync();
        for (int n = 0; n < texts.Length; n++)
        {
            await hers.SendAsync(texts[n]);
            if (n == 150) await server.RestartAsync(options => options with { Urls = address });
        }
        string last = "";
        while (last != texts[^1]) last = await seen.NextTextAsync();
        Assert.Equal(texts, await his.TextsAsync());
        Assert.DoesNotContain(SystemKind.MessagesMissing, await his.KindsAsync());
    }

    [Fact]
    public static async Task Changes_of_connected_members_reach_the_others()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await using EventsOf hers = new(marie), his = new(karim), third = new(zoe);
        foreach (KavalekClient client in new[] { marie, karim, zoe }) await client.StartAsync();
        await group[0].RenameAsync("Renamed");
        await his.NextAsync<ConversationChanged>(c => c.Conversation.Title == "Renamed");
        await group[2].LeaveAsync();
        await his.NextAsync<ConversationChanged>(c => c.Conversation.Members.Count == 2);
        await third.NextAsync<MessageAdded>(m => m.Message.Body is SystemBody { Kind: SystemKind.Left });
        await marie.SetDisplayNameAsync("Marie-Thérèse");
        await his.NextAsync<ContactChanged>(c => c.Contact.DisplayName == "Marie-Thérèse");
    }

    [Fact]
    public static async Task Members_who_all_change_a_group_at_once_over_their_sockets_agree_in_the_end()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await group[0].SetRoleAsync(karim.Me.Id, Role.Admin);
        await group[0].SetRoleAsync(zoe.Me.Id, Role.Admin);
        await SyncAsync(marie, karim, zoe);
        foreach (KavalekClient client in new[] { marie, karim, zoe }) await client.StartAsync();
        for (int round = 0; round < 5; round++)
        {
            int r = round;
            await Task.WhenAll(group.Select((c, i) => c.RenameAsync($"{r} by {i}")).Concat(group.Select((c, i) => (Task)c.SendAsync($"{r} of {i}"))));
        }
        await SyncAsync(marie, karim, zoe);
        string[] texts = await group[0].TextsAsync();
        Assert.Equal(15, texts.Length);
        foreach (Conversation seen in group[1..])
        {
            Assert.Equal(texts, await seen.TextsAsync());
            Assert.Equal(group[0].Title, seen.Title);
            Assert.Equal(15, (await seen.KindsAsync()).Count(kind => kind == SystemKind.Renamed));
            Assert.DoesNotContain(SystemKind.MessagesMissing, await seen.KindsAsync());
        }
    }
}

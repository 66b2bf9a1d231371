using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Nobody talks to somebody who has not agreed (docs/PROTOCOL.md §7.4, K-24).</summary>
public static class ConsentTests
{
    // K-24, K-69
    [Fact]
    public static async Task Who_is_asked_sends_nothing_at_all_before_accepting()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await karim.SyncAsync();
        Conversation hers = await marie.DirectAsync((await marie.FindAsync("karim")).Account);
        await hers.SendAsync("hello?");
        await marie.SyncAsync();
        await SyncAsync(karim, marie);

        Conversation his = karim.Conversation(hers.Id)!;
        Assert.Equal(ConversationState.Request, his.State);
        Assert.Equal(["hello?"], await his.TextsAsync());
        Assert.Equal(ClientErrors.CannotSend, await CodeAsync(() => his.SendAsync("who are you?")));
        await his.MarkReadAsync((await his.MessageAsync("hello?")).Id);
        await SyncAsync(karim, marie);
        Assert.Equal(MessageState.Sent, (await hers.MessageAsync("hello?")).State);
        Assert.Null(marie.Contact(karim.Me.Id)!.DisplayName);
        Assert.DoesNotContain(karim.Contacts, c => c.Account == marie.Me.Id);

        await his.AcceptAsync();
        await SyncAsync(karim, marie);
        Assert.Equal(MessageState.Read, (await hers.MessageAsync("hello?")).State);
        Assert.Equal("KARIM", marie.Contact(karim.Me.Id)!.DisplayName);
        Assert.Contains(SystemKind.Accepted, await hers.KindsAsync());
        Assert.Contains(karim.Contacts, c => c.Account == marie.Me.Id);
    }

    // K-24
    [Fact]
    public static async Task A_declined_request_is_forgotten_and_later_ones_of_the_same_person_are_dropped()
    {
        await using TestServer server = await OpenServerAsync();
        // Her clock is fast: what he opens later must count as newer all the same.
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: new ManualClock(DateTimeOffset.UtcNow.AddMinutes(30))));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await karim.SyncAsync();
        Id him = (await marie.FindAsync("karim")).Account;
        Conversation hers = await marie.DirectAsync(him);
        await hers.SendAsync("hello?");
        await SyncAsync(marie, karim);
        await karim.Conversation(hers.Id)!.DeclineAsync(block: false);
        await SyncAsync(karim, marie);
        Assert.Empty(karim.Conversations);

        await hers.SendAsync("hello??");
        await marie.CreateGroupAsync("Come here", [him]);
        await SyncAsync(marie, karim);
        Assert.Empty(karim.Conversations);
        // To her, nothing happened.
        Assert.Equal(MessageState.Sent, (await hers.MessageAsync("hello??")).State);

        // He says otherwise: a new group of the same pair, in the same thread.
        Conversation his = await karim.DirectAsync((await karim.FindAsync("marie")).Account);
        Assert.Equal(hers.Id, his.Id);
        await his.SendAsync("all right");
        await SyncAsync(karim, marie, karim);
        await hers.SendAsync("thanks");
        await SyncAsync(marie, karim);
        Assert.Equal(["all right", "thanks"], await his.TextsAsync());
        Assert.Equal(["hello?", "hello??", "all right", "thanks"], await hers.TextsAsync());
    }

    // K-24, K-69
    [Fact]
    public static async Task A_blocked_person_opens_nothing_and_is_not_told()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await karim.BlockAsync(marie.Me.Id, true);
        await hers.SendAsync("are you there?");
        await marie.CreateGroupAsync("Then here", [karim.Me.Id]);
        await SyncAsync(marie, karim);
        Assert.Single(karim.Conversations);
        Assert.Empty(await his.TextsAsync());
        Assert.Equal(MessageState.Sent, (await hers.MessageAsync("are you there?")).State);
        Assert.Equal(ClientErrors.CannotSend, his.CannotSend!.Code);

        await karim.BlockAsync(marie.Me.Id, false);
        await hers.SendAsync("now?");
        await SyncAsync(marie, karim);
        Assert.Equal(["now?"], await his.TextsAsync());
    }

    // K-24
    [Fact]
    public static async Task A_group_by_a_stranger_is_a_request_and_by_a_contact_is_not()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await karim.SyncAsync();
        Id him = (await marie.FindAsync("karim")).Account;
        Conversation first = await marie.CreateGroupAsync("Unasked", [him]);
        await karim.SyncAsync();
        Assert.Equal(ConversationState.Request, karim.Conversation(first.Id)!.State);
        Assert.Equal(marie.Me.Id, karim.Conversation(first.Id)!.Inviter!.Account);
        await DirectAsync(marie, karim);
        Conversation second = await marie.CreateGroupAsync("Asked", [him]);
        await karim.SyncAsync();
        Assert.Equal(ConversationState.Active, karim.Conversation(second.Id)!.State);
    }

    [Fact]
    public static async Task Two_people_who_open_at_once_end_in_one_thread()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await SyncAsync(marie, karim);
        Id him = (await marie.FindAsync("karim")).Account, her = (await karim.FindAsync("marie")).Account;
        Conversation[] both = await Task.WhenAll(marie.DirectAsync(him), karim.DirectAsync(her));
        Assert.Equal(both[0].Id, both[1].Id);
        await both[0].SendAsync("from her");
        await both[1].SendAsync("from him");
        await SyncAsync(marie, karim);
        await SyncAsync(marie, karim);
        Assert.All(both, c => Assert.Equal(ConversationState.Active, c.State));
        await both[0].SendAsync("one thread");
        await SyncAsync(marie, karim);
        await both[1].SendAsync("for both");
        await SyncAsync(karim, marie);
        foreach (Conversation seen in both)
        {
            string[] texts = await seen.TextsAsync();
            Assert.Equal(["from her", "from him"], texts[..2].Order());
            Assert.Equal(["one thread", "for both"], texts[2..]);
        }
        Assert.Single(marie.Conversations);
        Assert.Single(karim.Conversations);
        Assert.Same(both[0], await marie.DirectAsync(him));
    }
}

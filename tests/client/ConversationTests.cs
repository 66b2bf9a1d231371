using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

public static class ConversationTests
{
    [Fact]
    public static async Task Two_people_write_to_each_other()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        Assert.Equal(hers.Id, his.Id);

        Message sent = await hers.SendAsync("Ça va ? — « été », œuvre");
        Assert.Equal(MessageState.Queued, sent.State);
        await SyncAsync(marie, karim);
        await his.SendAsync("بخير، شكراً 🌿👩‍👩‍👧‍👦");
        await SyncAsync(karim, marie);

        string[] expected = ["Ça va ? — « été », œuvre", "بخير، شكراً 🌿👩‍👩‍👧‍👦"];
        Assert.Equal(expected, await hers.TextsAsync());
        Assert.Equal(expected, await his.TextsAsync());
        Assert.Equal(MessageState.Delivered, (await hers.MessageAsync(expected[0])).State);
        Assert.Equal(1, his.Unread);
        Assert.Equal(1, hers.Unread);
        Assert.Equal("KARIM", hers.Title);
        Assert.Equal("MARIE", his.Title);
        Assert.Equal([SystemKind.Created, SystemKind.Accepted], await hers.KindsAsync());
        Assert.DoesNotContain("œuvre", server.Logs, StringComparison.Ordinal);
    }
}

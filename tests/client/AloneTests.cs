using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>A group that nobody else is in: notes to one's own devices.</summary>
public static class AloneTests
{
    [Fact]
    public static async Task What_is_written_where_nobody_else_is_is_sent_and_whoever_comes_later_does_not_read_it()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await karim.SyncAsync();
        Conversation notes = await marie.CreateGroupAsync("Notes", []);
        await notes.SendAsync("to myself");
        await marie.SyncAsync();
        Assert.Equal(MessageState.Sent, (await notes.MessageAsync("to myself")).State);

        await notes.AddAsync([(await marie.FindAsync("karim")).Account]);
        await notes.SendAsync("to both");
        await SyncAsync(marie, karim);
        Assert.Equal(["to both"], await karim.Conversation(notes.Id)!.TextsAsync());

        // He is gone again, and she is alone with what she writes.
        await notes.RemoveAsync(karim.Me.Id);
        await notes.SendAsync("to myself again");
        await SyncAsync(marie, karim);
        Assert.Equal(MessageState.Sent, (await notes.MessageAsync("to myself again")).State);
        Assert.Equal(["to both"], await karim.Conversation(notes.Id)!.TextsAsync());
    }
}

using Kavalek.Protocol;

namespace Kavalek.Client.Tests;

/// <summary>Steps that many tests of conversations share.</summary>
static class TestConversations
{
    /// <summary>Everybody catches up until nobody has anything new: two rounds carry an answer back.</summary>
    public static async Task SyncAsync(params KavalekClient[] clients)
    {
        for (int round = 0; round < 2; round++)
            foreach (KavalekClient client in clients) await client.SyncAsync();
    }

    /// <summary>A direct conversation that the other side has accepted, as both see it.</summary>
    public static async Task<(Conversation From, Conversation To)> DirectAsync(KavalekClient from, KavalekClient to)
    {
        await to.SyncAsync();
        Contact found = await from.FindAsync(to.Me.Handle);
        Conversation opened = await from.DirectAsync(found.Account);
        await to.SyncAsync();
        Conversation received = to.Conversation(opened.Id)!;
        await received.AcceptAsync();
        await SyncAsync(to, from);
        return (opened, received);
    }

    /// <summary>A group that everybody has accepted; the first is its owner.</summary>
    public static async Task<Conversation[]> GroupAsync(string title, params KavalekClient[] members)
    {
        List<Id> others = [];
        foreach (KavalekClient other in members[1..]) await other.SyncAsync();
        foreach (KavalekClient other in members[1..]) others.Add((await members[0].FindAsync(other.Me.Handle)).Account);
        Conversation group = await members[0].CreateGroupAsync(title, others);
        foreach (KavalekClient other in members[1..])
        {
            await other.SyncAsync();
            await other.Conversation(group.Id)!.AcceptAsync();
            await other.SyncAsync();
        }
        await SyncAsync(members);
        return [.. members.Select(member => member.Conversation(group.Id)!)];
    }

    /// <summary>The texts of a conversation, oldest first.</summary>
    public static async Task<string[]> TextsAsync(this Conversation conversation, int limit = 5_000) =>
        [.. (await conversation.MessagesAsync(limit)).Select(message => message.Body).OfType<TextBody>().Select(body => body.Text)];

    /// <summary>The lines about a conversation, oldest first.</summary>
    public static async Task<SystemBody[]> LinesAsync(this Conversation conversation) =>
        [.. (await conversation.MessagesAsync(5_000)).Select(message => message.Body).OfType<SystemBody>()];

    /// <summary>What kind of lines there are.</summary>
    public static async Task<SystemKind[]> KindsAsync(this Conversation conversation) => [.. (await conversation.LinesAsync()).Select(line => line.Kind)];

    /// <summary>The newest message with this text.</summary>
    public static async Task<Message> MessageAsync(this Conversation conversation, string text) =>
        (await conversation.MessagesAsync(5_000)).Last(message => message.Body is TextBody body && body.Text == text);
}

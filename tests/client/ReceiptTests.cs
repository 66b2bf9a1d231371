using Kavalek.Client.Contents;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

public static class ReceiptTests
{
    [Fact]
    public static async Task A_message_is_delivered_and_read_once_it_is_so_for_everybody()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await group[0].SendAsync("first");
        await group[0].SendAsync("second");
        await SyncAsync(marie, karim);
        Message first = await group[0].MessageAsync("first");
        Assert.Equal(MessageState.Sent, first.State);
        Assert.Equal([karim.Me.Id], first.DeliveredTo);

        await SyncAsync(zoe, marie);
        Assert.Equal(MessageState.Delivered, (await group[0].MessageAsync("second")).State);
        await group[1].MarkReadAsync((await group[1].MessageAsync("second")).Id);
        await group[2].MarkReadAsync((await group[2].MessageAsync("first")).Id);
        await SyncAsync(karim, zoe, marie);
        Assert.Equal(MessageState.Read, (await group[0].MessageAsync("first")).State);
        Message second = await group[0].MessageAsync("second");
        Assert.Equal(MessageState.Delivered, second.State);
        Assert.Equal([karim.Me.Id], second.ReadBy);
        Assert.Equal(1, group[2].Unread);
    }

    // K-69
    [Fact]
    public static async Task Nothing_is_said_of_what_arrived_or_was_read_unless_somebody_chose_to_and_the_choice_can_be_read_back()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        MemoryClientStore store = new();
        KavalekClient karim = await KavalekClient.SignUpAsync(Options(store), new SignUp(server.Address, null, "karim@example.org", "karim", Phrase));
        Assert.Equal(new ReceiptChoice(false, false), karim.Receipts);
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await hers.SendAsync("one");
        await SyncAsync(marie, karim);
        await his.MarkReadAsync((await his.MessageAsync("one")).Id);
        await SyncAsync(karim, marie);
        Assert.Equal(MessageState.Sent, (await hers.MessageAsync("one")).State);
        // The allow twin, over a restart.
        await karim.SetReceiptsAsync(delivered: true, read: true);
        await karim.DisposeAsync();
        karim = await KavalekClient.UnlockAsync(Options(store), Phrase);
        Assert.Equal(new ReceiptChoice(true, true), karim.Receipts);
        await hers.SendAsync("two");
        await SyncAsync(marie, karim);
        his = karim.Conversation(his.Id)!;
        await his.MarkReadAsync((await his.MessageAsync("two")).Id);
        await SyncAsync(karim, marie);
        Assert.Equal(MessageState.Read, (await hers.MessageAsync("two")).State);
        await karim.DisposeAsync();
    }

    // K-69
    [Fact]
    public static async Task Who_wants_no_receipts_sends_none()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await karim.SetReceiptsAsync(delivered: true, read: false);
        await hers.SendAsync("one");
        await SyncAsync(marie, karim);
        await his.MarkReadAsync((await his.MessageAsync("one")).Id);
        await SyncAsync(karim, marie);
        Assert.Equal(MessageState.Delivered, (await hers.MessageAsync("one")).State);
        await karim.SetReceiptsAsync(delivered: false, read: false);
        await hers.SendAsync("two");
        await SyncAsync(marie, karim, marie);
        Assert.Equal(MessageState.Sent, (await hers.MessageAsync("two")).State);
        Assert.Equal(1, his.Unread);
    }

    // K-52
    [Fact]
    public static async Task A_receipt_for_what_was_never_said_changes_nothing()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await hers.SendAsync("hello");
        await marie.SyncAsync();
        await using RawMember evil = await RawMember.OpenAsync(karim, his.Id);
        Content content = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        content.Receipt = new() { Kind = Receipt.Types.Kind.Read, UpTo = ContentCodec.Ref(marie.Me.Id, Id.New()) };
        await evil.SayAsync(content);
        await marie.SyncAsync();
        Assert.Equal(MessageState.Sent, (await hers.MessageAsync("hello")).State);
    }
}

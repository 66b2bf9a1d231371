using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>A person's devices in conversations.</summary>
public static class ConversationDeviceTests
{
    [Fact]
    public static async Task An_approved_device_joins_all_conversations_and_is_announced()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        Conversation[] group = await GroupAsync("Duo", marie, karim);

        await using KavalekClient phone = await AddDeviceAsync(server, marie);
        await SyncAsync(phone, marie, phone, karim);
        Assert.Equal(2, phone.Conversations.Count);
        Assert.All(phone.Conversations, c => Assert.Equal(ConversationState.Active, c.State));
        Assert.Equal(2, his.Members.Single(m => m.Contact.Account == marie.Me.Id).Devices);
        Assert.Contains(SystemKind.DeviceAdded, await his.KindsAsync());
        Assert.Contains(SystemKind.DeviceAdded, await group[1].KindsAsync());

        Conversation mobile = phone.Conversation(hers.Id)!;
        await his.SendAsync("to both of you");
        await SyncAsync(karim, phone, marie);
        Assert.Equal(["to both of you"], await mobile.TextsAsync());
        Assert.Equal(["to both of you"], await hers.TextsAsync());
        await mobile.SendAsync("from the phone");
        await SyncAsync(phone, marie, karim);
        Assert.True((await hers.MessageAsync("from the phone")).IsMine);
        Assert.Equal(marie.Me.Id, (await his.MessageAsync("from the phone")).Sender);

        // What is read on one device is read on the other.
        Assert.Equal(1, hers.Unread);
        await mobile.MarkReadAsync((await mobile.MessageAsync("to both of you")).Id);
        await SyncAsync(phone, marie);
        Assert.Equal(0, hers.Unread);
    }

    [Fact]
    public static async Task A_new_device_is_let_in_by_others_while_the_owners_first_one_is_away()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        Conversation[] group = await GroupAsync("Duo", marie, karim);

        await using KavalekClient phone = await AddDeviceAsync(server, marie);
        await SyncAsync(karim, phone);
        Assert.Equal(2, phone.Conversations.Count);
        Assert.All(new[] { his, group[1] }, c => Assert.Equal(2, c.Members.Single(m => m.Contact.Account == marie.Me.Id).Devices));
        Assert.Contains(SystemKind.DeviceAdded, await his.KindsAsync());
        // What another person let it into is a request, until a device of its own account that knows better is back, and finds it done.
        Assert.All(phone.Conversations, c => Assert.Equal(ConversationState.Request, c.State));
        await SyncAsync(marie, phone, karim);
        Assert.All(phone.Conversations, c => Assert.Equal(ConversationState.Active, c.State));
        await phone.Conversation(hers.Id)!.SendAsync("from the phone");
        await phone.Conversation(group[0].Id)!.SendAsync("to the group");
        await SyncAsync(phone, karim, marie);
        Assert.Equal(["from the phone"], await his.TextsAsync());
        Assert.Equal(["from the phone"], await hers.TextsAsync());
        Assert.Equal(["to the group"], await group[0].TextsAsync());
        Assert.Single(await his.KindsAsync(), SystemKind.DeviceAdded);
        Assert.Single(await group[1].KindsAsync(), SystemKind.DeviceAdded);
    }

    [Fact]
    public static async Task A_device_that_has_not_heard_of_a_new_one_yet_leaves_it_where_it_is()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        bool unheard = false;
        await using KavalekClient phone = await AddDeviceAsync(server, marie, Options(transport: address => new Watches(new HttpTransport(address), request =>
            unheard && request.Method == HttpMethod.Get && request.RequestUri!.ToString().EndsWith("/devices", StringComparison.Ordinal)
                ? throw new HttpRequestException("lost")
                : Task.CompletedTask)));
        await SyncAsync(phone, marie, phone, karim);

        await using KavalekClient laptop = await AddDeviceAsync(server, marie);
        await marie.SyncAsync();
        unheard = true;
        await phone.Conversation(hers.Id)!.SendAsync("from the phone");
        await Assert.ThrowsAsync<KavalekException>(() => phone.SyncAsync());
        unheard = false;
        await SyncAsync(laptop, phone, karim, laptop);
        Conversation there = laptop.Conversation(hers.Id)!;
        Assert.Equal(["from the phone"], await there.TextsAsync());
        Assert.DoesNotContain(SystemKind.MessagesMissing, await there.KindsAsync());
        Assert.Equal([SystemKind.DeviceAdded, SystemKind.DeviceAdded], (await his.KindsAsync()).Where(kind => kind is SystemKind.DeviceAdded or SystemKind.DeviceRemoved));
    }

    [Fact]
    public static async Task A_new_device_costs_one_key_package_a_conversation_however_many_look_at_once()
    {
        await using TestServer server = await OpenServerAsync();
        int claims = 0;
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address => new Watches(new HttpTransport(address), request =>
        {
            if (request.RequestUri!.ToString().EndsWith("/key-packages/claim", StringComparison.Ordinal)) Interlocked.Increment(ref claims);
            return Task.CompletedTask;
        })));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        foreach (string title in (string[])["one", "two", "three", "four"]) await GroupAsync(title, marie, karim);
        await using KavalekClient phone = await AddDeviceAsync(server, marie);
        claims = 0;
        await Task.WhenAll(marie.SyncAsync(), marie.SyncAsync(), marie.SyncAsync());
        Assert.Equal(4, claims);
        await phone.SyncAsync();
        Assert.Equal(4, phone.Conversations.Count(c => c.CannotSend is null));
    }

    [Fact]
    public static async Task A_removed_device_is_out_of_every_conversation()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await using KavalekClient phone = await AddDeviceAsync(server, marie);
        await SyncAsync(phone, marie, phone, karim);
        Assert.Equal(2, his.Members.Single(m => m.Contact.Account == marie.Me.Id).Devices);

        await marie.RemoveDeviceAsync(phone.Me.Device);
        await SyncAsync(marie, karim);
        Assert.Equal(1, his.Members.Single(m => m.Contact.Account == marie.Me.Id).Devices);
        Assert.Contains(SystemKind.DeviceRemoved, await his.KindsAsync());
        await his.SendAsync("not for the phone");
        await SyncAsync(karim, marie);
        Assert.Equal(["not for the phone"], await hers.TextsAsync());
        Assert.Empty(await phone.Conversation(hers.Id)!.TextsAsync());
        // It learns that it is out, and keeps nothing (RemovalTests).
        Assert.Equal(ErrorCodes.DeviceRemoved, (await Assert.ThrowsAsync<KavalekException>(() => phone.SyncAsync())).Code);
    }

    [Fact]
    public static async Task A_conversation_that_is_stuck_keeps_a_removed_device_in_no_other()
    {
        await using TestServer server = await OpenServerAsync();
        Conversation? stuck = null;
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address => new Watches(new HttpTransport(address), request =>
            stuck is not null && request.Method == HttpMethod.Post && request.RequestUri!.ToString().Contains(stuck.Id.ToString(), StringComparison.Ordinal)
                ? throw new HttpRequestException("lost")
                : Task.CompletedTask)));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        List<Conversation> his = [];
        foreach (string title in (string[])["one", "two", "three", "four"]) his.Add((await GroupAsync(title, marie, karim))[1]);
        await using KavalekClient phone = await AddDeviceAsync(server, marie);
        await SyncAsync(phone, marie, phone, karim);
        Assert.All(his, seen => Assert.Equal(2, Hers(seen)));

        stuck = marie.Conversation(his[0].Id);
        await Assert.ThrowsAsync<KavalekException>(() => marie.RemoveDeviceAsync(phone.Me.Device));
        await karim.SyncAsync();
        Assert.All(his[1..], seen => Assert.Equal(1, Hers(seen)));
        stuck = null;
        await SyncAsync(marie, karim);
        Assert.All(his, seen => Assert.Equal(1, Hers(seen)));

        int Hers(Conversation seen) => seen.Members.Single(m => m.Contact.Account == marie.Me.Id).Devices;
    }

    [Fact]
    public static async Task A_new_person_is_reached_on_all_devices()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient phone = await AddDeviceAsync(server, marie);
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await SyncAsync(marie, phone);
        Conversation his = await karim.DirectAsync((await karim.FindAsync("marie")).Account);
        await his.SendAsync("hello");
        await SyncAsync(karim, marie, phone);
        Assert.Equal(["hello"], await marie.Conversation(his.Id)!.TextsAsync());
        Assert.Equal(ConversationState.Request, phone.Conversation(his.Id)!.State);
        await phone.Conversation(his.Id)!.AcceptAsync();
        await SyncAsync(phone, marie);
        Assert.Equal(ConversationState.Active, marie.Conversation(his.Id)!.State);
    }
}

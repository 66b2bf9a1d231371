using System.Security.Cryptography;
using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Devices and accounts that go (docs/PROTOCOL.md §5.9, §5.10).</summary>
public static class RemovalTests
{
    // K-72
    [Fact]
    public static async Task A_removed_device_wipes_itself_at_its_next_contact_and_says_that_it_was_removed()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        MemoryClientStore store = new();
        KavalekClient second = await AddDeviceAsync(server, first, Options(store));
        (Conversation theirs, _) = await TestConversations.DirectAsync(karim, first);
        await first.SyncAsync();
        await second.SyncAsync();
        Conversation[] group = await TestConversations.GroupAsync("Plans", first, karim);
        await first.SyncAsync();
        await second.SyncAsync();
        ClientCore core = second.Core;
        Assert.Equal(2, theirs.Members.Single(m => m.Contact.Account == first.Me.Id).Devices);

        OffboardingReceipt receipt = await first.RemoveDeviceAsync(second.Me.Device);
        Assert.Equal(second.Me.Device, receipt.Device);
        Assert.Equal(new[] { theirs.Id, group[0].Id }.ToHashSet(), receipt.Conversations.Select(c => c.Conversation).ToHashSet());
        Assert.All(receipt.Conversations, c => Assert.True(c.Epoch > 0));
        await karim.SyncAsync();
        Assert.Equal(1, theirs.Members.Single(m => m.Contact.Account == first.Me.Id).Devices);
        Assert.Contains(SystemKind.DeviceRemoved, await theirs.KindsAsync());

        KavalekException said = await Assert.ThrowsAsync<KavalekException>(() => second.SyncAsync());
        Assert.Equal(ErrorCodes.DeviceRemoved, said.Code);
        Assert.Contains("This device was removed", said.Message, StringComparison.Ordinal);
        Assert.Equal([], await store.ScanAsync(new StoreRange(" ", "~~")));
        await second.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => core.Identity.DeviceKey.PrivateKey.Span.ToArray());
        Assert.Throws<ObjectDisposedException>(() => core.Identity.AccountKey!.PrivateKey.Span.ToArray());
        Assert.Throws<ObjectDisposedException>(() => core.Identity.HistoryKey!.Span.ToArray());
        Assert.Equal(ProfileState.Empty, (await KavalekClient.InspectAsync(store)).State);
        // It may come back, as a new device.
        await using KavalekClient back = await AddDeviceAsync(server, first, Options(store));
        Assert.NotEqual(receipt.Device, back.Me.Device);
    }

    // K-72
    [Fact]
    public static async Task A_device_that_was_logged_out_when_it_was_removed_says_removed_too_and_asks_for_no_password()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        MemoryClientStore store = new();
        KavalekClient second = await AddDeviceAsync(server, first, Options(store));
        await first.ChangePasswordAsync(Phrase, "another long phrase");
        Assert.Equal(ErrorCodes.SessionEnded, await CodeAsync(() => second.SyncAsync()));
        await second.DisposeAsync();
        second = await KavalekClient.UnlockAsync(Options(store), Phrase);
        Assert.Equal(ErrorCodes.SessionEnded, await CodeAsync(() => second.SyncAsync()));
        await second.DisposeAsync();
        Assert.Equal(ProfileState.Locked, (await KavalekClient.InspectAsync(store)).State);

        await first.RemoveDeviceAsync(second.Me.Device);
        second = await KavalekClient.UnlockAsync(Options(store), Phrase);
        KavalekException said = await Assert.ThrowsAsync<KavalekException>(() => second.SyncAsync());
        Assert.Equal(ErrorCodes.DeviceRemoved, said.Code);
        Assert.Contains("This device was removed", said.Message, StringComparison.Ordinal);
        Assert.Equal([], await store.ScanAsync(new StoreRange(" ", "~~")));
        await second.DisposeAsync();
    }

    // K-72
    [Fact]
    public static async Task A_server_that_says_removed_without_proof_makes_no_device_forget_anything()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient first = await SignUpAsync(server, "marie", Options(store));
        await using KavalekClient second = await AddDeviceAsync(server, first);
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        byte[] before = (await first.Core.Auth.OwnDeviceAsync(default)).DeviceList;
        byte[] stranger = (await karim.Core.Auth.OwnDeviceAsync(default)).DeviceList;
        DeviceListContent content = DeviceList.Decode(before).Content with { Number = 99, Devices = [] };
        byte[] forged = new DeviceList(content, TestDevice.Sign(ECDsa.Create(ECCurve.NamedCurves.nistP256), content.SignedBytes())).Encode();
        await first.Core.Auth.EndSessionAsync(default);
        await first.DisposeAsync();
        foreach (byte[]? list in (byte[]?[])[null, before, stranger, forged, [1, 2, 3]])
        {
            byte[] lie = JsonSerializer.SerializeToUtf8Bytes(new RemovalRecord(RemovalRecord.Removed, list), AuthJson.Default.RemovalRecord);
            first = await KavalekClient.UnlockAsync(Options(store, transport: address => new Bends(new HttpTransport(address), (request, body) =>
                request.RequestUri!.ToString().EndsWith("devices/removal", StringComparison.Ordinal) ? lie : null)), Phrase);
            KavalekException said = await first.Core.Removal.ExplainAsync(ServerErrors.For(ErrorCodes.SessionEnded));
            Assert.Equal(ErrorCodes.DeviceRemoved, said.Code);
            Assert.Contains("no proof", said.Message, StringComparison.Ordinal);
            Assert.NotNull(await store.GetAsync(Wallet.Key));
            Assert.NotNull(await first.Core.Store.GetAsync(OwnIdentity.DeviceKeyAt));
            await first.DisposeAsync();
        }
        await using KavalekClient whole = await KavalekClient.UnlockAsync(Options(store), Phrase);
        await whole.LogInAgainAsync(Phrase);
        Assert.Equal(2, (await whole.DevicesAsync()).Count);
    }

    // K-65
    [Fact]
    public static async Task Deleting_the_account_leaves_its_conversations_and_nothing_here_or_at_the_server()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new(), otherStore = new();
        await using KavalekClient karim = await SignUpAsync(server, "karim", invite: server.SetUpSecret);
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        KavalekClient other = await AddDeviceAsync(server, marie, Options(otherStore));
        Conversation[] group = await TestConversations.GroupAsync("Plans", karim, marie);
        await marie.SyncAsync();
        Id account = marie.Me.Id;
        Id[] devices = [marie.Me.Device, other.Me.Device];
        Assert.Equal(ErrorCodes.WrongCredentials, await CodeAsync(() => marie.DeleteAccountAsync("not the password")));
        Assert.NotNull(await store.GetAsync(Wallet.Key));
        Assert.Equal(3, group[0].Members.Sum(m => m.Devices));
        // The last owner stays, has left nothing either, and is as connected as before.
        await using EventsOf his = new(karim);
        await karim.StartAsync();
        await his.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);
        Assert.Equal(ErrorCodes.LastOwner, await CodeAsync(() => karim.DeleteAccountAsync(Phrase)));
        await group[1].SendAsync("still here?");
        await marie.SyncAsync();
        Assert.Equal("still here?", await his.NextTextAsync());
        await karim.StopAsync();
        await TestConversations.SyncAsync(karim, marie);
        Assert.Equal((ConversationState.Active, 2), (group[0].State, group[1].Members.Count));

        // Its archive, for one.
        Assert.True((await DatabaseAsync(Path.Combine(server.Data, "messaging.db"))).AsSpan().IndexOf(account.ToArray()) >= 0);

        await marie.DeleteAccountAsync(Phrase);
        Assert.Equal([], await store.ScanAsync(new StoreRange(" ", "~~")));
        await karim.SyncAsync();
        Assert.Single(group[0].Members);
        Assert.Contains(SystemKind.Left, await group[0].KindsAsync());
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => karim.FindAsync("marie")));
        Assert.Equal(ErrorCodes.WrongCredentials, await CodeAsync(() => KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase)));
        Assert.Equal(0, await SubscriptionsAsync(server, account, devices));
        foreach (string file in (string[])["auth.db", "messaging.db"])
        {
            byte[] bytes = await DatabaseAsync(Path.Combine(server.Data, file));
            Assert.True(bytes.AsSpan().IndexOf(account.ToArray()) < 0, file);
            if (file == "messaging.db") continue;
            Assert.True(bytes.AsSpan().IndexOf(karim.Me.Id.ToArray()) >= 0, file);
        }
        KavalekException said = await Assert.ThrowsAsync<KavalekException>(() => other.SyncAsync());
        Assert.Contains("Your account was deleted", said.Message, StringComparison.Ordinal);
        await other.DisposeAsync();
    }

    // What the bus told the messaging service is done by its writer a moment later.
    static async Task<long> SubscriptionsAsync(TestServer server, Id account, Id[] devices)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(60));
        using PeriodicTimer tick = new(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            using Microsoft.Data.Sqlite.SqliteConnection db = new($"Data Source={Path.Combine(server.Data, "messaging.db")};Pooling=False;Mode=ReadOnly");
            db.Open();
            using Microsoft.Data.Sqlite.SqliteCommand count = db.CreateCommand();
            count.CommandText = "SELECT (SELECT COUNT(*) FROM subscriber WHERE device IN ($a, $b)) + (SELECT COUNT(*) FROM archive WHERE account = $account)";
            count.Parameters.AddWithValue("$account", account.ToArray());
            count.Parameters.AddWithValue("$a", devices[0].ToArray());
            count.Parameters.AddWithValue("$b", devices[1].ToArray());
            long left = (long)count.ExecuteScalar()!;
            if (left == 0 || late.IsCancellationRequested) return left;
            await tick.WaitForNextTickAsync(late.Token);
        }
    }

    static async Task<byte[]> DatabaseAsync(string path)
    {
        using (Microsoft.Data.Sqlite.SqliteConnection db = new($"Data Source={path};Pooling=False"))
        {
            db.Open();
            using Microsoft.Data.Sqlite.SqliteCommand checkpoint = db.CreateCommand();
            checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            checkpoint.ExecuteNonQuery();
        }
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes);
        return bytes;
    }
}

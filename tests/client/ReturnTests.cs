using Google.Protobuf;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client.Tests;

/// <summary>A device that cannot follow asks to be let in again, and is; nobody else is in its name (docs/PROTOCOL.md §7.12).</summary>
public static class ReturnTests
{
    [Fact]
    public static async Task A_device_that_lost_a_conversation_is_let_in_again_and_what_it_wrote_meanwhile_goes_out()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        await LoseAsync(karim, group[1].Id);
        Assert.Null(group[1].CannotSend);
        await group[1].SendAsync("written while lost");
        await SyncAsync(karim, marie, karim, marie);
        Assert.Equal(["written while lost"], await group[0].TextsAsync());
        await group[0].SendAsync("read again");
        await SyncAsync(marie, karim);
        Assert.Equal(["written while lost", "read again"], await group[1].TextsAsync());
        // One calm line on the device that lost something, none on the others, and the roles are what they were.
        Assert.Single(await group[1].KindsAsync(), SystemKind.MessagesMissing);
        Assert.DoesNotContain(await group[0].KindsAsync(), kind => kind is SystemKind.MessagesMissing or SystemKind.DeviceAdded or SystemKind.DeviceRemoved or SystemKind.Left);
        Assert.Equal(Role.Owner, group[1].Members.First(m => m.Contact.Account == marie.Me.Id).Role);
    }

    [Fact]
    public static async Task The_owner_of_a_group_returns_as_its_owner()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        await LoseAsync(marie, group[0].Id);
        await SyncAsync(marie, karim, marie);
        Assert.Equal(Role.Owner, group[0].MyRole);
        await group[0].RenameAsync("Still mine");
        await SyncAsync(marie, karim);
        Assert.Equal("Still mine", group[1].Title);
    }

    // This one is about K-22.
    [Fact]
    public static async Task A_request_that_is_forged_replayed_or_of_a_removed_device_changes_nothing()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim"), zoe = await SignUpAsync(server, "zoe");
        await using KavalekClient second = await AddDeviceAsync(server, karim);
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        await SyncAsync(karim, second, marie);
        Id stream = group[0].Id;
        await karim.RemoveDeviceAsync(second.Me.Device);
        await SyncAsync(karim, marie);
        ulong epoch = EpochOf(marie, stream), streamEpoch = StreamEpochOf(marie, stream);

        await PlaceAsync(marie, stream, await RequestAsync(zoe, stream, streamEpoch)); // nobody of the group
        await PlaceAsync(marie, stream, await RequestAsync(second, stream, streamEpoch)); // removed by its owner
        await PlaceAsync(marie, stream, await RequestAsync(karim, Id.New(), streamEpoch)); // said elsewhere
        await PlaceAsync(marie, stream, await RequestAsync(karim, stream, streamEpoch + 1)); // said at another time
        ReturnRequest good = await RequestAsync(karim, stream, streamEpoch), other = await RequestAsync(karim, stream, streamEpoch);
        await PlaceAsync(marie, stream, good with { KeyPackage = other.KeyPackage });
        await SyncAsync(marie, karim);
        Assert.Equal(epoch, EpochOf(marie, stream));

        // Its twin, with nothing wrong, is granted.
        await PlaceAsync(marie, stream, good);
        await SyncAsync(marie, karim, marie, karim);
        Assert.True(EpochOf(marie, stream) > epoch);
        ulong after = EpochOf(marie, stream);
        // Once: in the next epoch the same words mean nothing.
        await PlaceAsync(marie, stream, good);
        await SyncAsync(marie, karim);
        Assert.Equal(after, EpochOf(marie, stream));
        await group[0].SendAsync("all is well");
        await SyncAsync(marie, karim);
        Assert.Contains("all is well", await group[1].TextsAsync());
    }

    static async Task LoseAsync(KavalekClient client, Id stream)
    {
        ConversationEngine engine = client.Talk!;
        await engine.StepAsync(engine.Threads.First(t => t.Streams.ContainsKey(stream)), step => engine.LoseAsync(step, stream), default);
    }

    static async Task<ReturnRequest> RequestAsync(KavalekClient asks, Id stream, ulong epoch)
    {
        StoreBatch batch = new();
        byte[] keyPackage = await asks.Core.KeyPackages.SpareAsync(batch);
        await asks.Core.Store.ApplyAsync(batch);
        byte[] said = ReturnRequest.SignedBytes(asks.Core.Identity.Instance, stream, epoch, keyPackage);
        return new ReturnRequest(keyPackage, epoch, await NativeCryptoProvider.Shared.SignAsync(SignatureAlgorithm.EcdsaP256Sha256, asks.Core.Identity.DeviceKey.PrivateKey, said));
    }

    // The server takes an entry of any subscriber: who says it does not matter, only who signed it.
    static async Task PlaceAsync(KavalekClient by, Id stream, ReturnRequest request) => Assert.IsType<AppendStored>(await by.Core.Streams.AppendAsync(new Wire.Append
    {
        Stream = Step.Bytes(stream),
        Id = Step.Bytes(Id.New()),
        Kind = Wire.Kind.Proposal,
        Epoch = StreamEpochOf(by, stream),
        Payload = ByteString.CopyFrom(request.Encode()),
    }, default));

    static GroupStream Of(KavalekClient client, Id stream) => client.Talk!.Threads.First(t => t.Streams.ContainsKey(stream)).Streams[stream];

    static ulong EpochOf(KavalekClient client, Id stream) => Of(client, stream).Group!.Epoch;

    static ulong StreamEpochOf(KavalekClient client, Id stream) => Of(client, stream).Row.Epoch;
}

using System.Net;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Tests;

/// <summary>The whole way once: create, add, send, receive, acknowledge.</summary>
public static class FirstConversationTests
{
    [Fact]
    public static async Task Two_devices_hold_a_conversation_over_sockets()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        var stream = Id.New();
        using var aliceRest = new TestRest(server, alice);
        using var bobRest = new TestRest(server, bob);
        await using TestSocket aliceSocket = await TestSocket.ConnectAsync(server, alice);
        await using TestSocket bobSocket = await TestSocket.ConnectAsync(server, bob);

        Assert.Equal(HttpStatusCode.Created, await aliceRest.CreateAsync(stream).StatusAsync());
        ServerFrame committed = await aliceSocket.AppendAsync(Wire.Commit(stream, 0, add: [bob]));
        Assert.Equal((1ul, 1ul), (committed.Appended.Seq, committed.Appended.Epoch));

        Entry welcome = await bobSocket.EntryAsync();
        Assert.Equal((Kind.Welcome, bob.Device.Bytes()), (welcome.Kind, welcome.Stream));
        WelcomeNotice notice = WelcomeNotice.Parser.ParseFrom(welcome.Payload);
        Assert.Equal((stream.Bytes(), 1ul), (notice.Stream, notice.Seq));
        Assert.Equal("welcome"u8.ToArray(), await (await bobRest.WelcomeAsync(stream, 1)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

        ServerFrame sent = await aliceSocket.AppendAsync(Wire.Message(stream, epoch: 1, "hello"));
        Assert.Equal(2ul, sent.Appended.Seq);
        Entry received = await bobSocket.EntryAsync();
        Assert.Equal((2ul, 1ul, "hello"), (received.Seq, received.Epoch, received.Payload.ToStringUtf8()));
        Assert.Equal(1ul, (await aliceSocket.EntryAsync()).Seq);
        Assert.Equal(2ul, (await aliceSocket.EntryAsync()).Seq);

        ServerFrame answer = await bobSocket.AppendAsync(Wire.Message(stream, epoch: 1, "and to you"));
        Assert.Equal(3ul, answer.Appended.Seq);
        Assert.Equal("and to you", (await aliceSocket.EntryAsync()).Payload.ToStringUtf8());

        await aliceSocket.AckAsync(stream, 3);
        Assert.Equal(HttpStatusCode.NoContent, await bobRest.AckAsync(stream, 3).StatusAsync());
    }
}

using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>The second mouth of the hostile server: a port on loopback, to which shipped clients connect as to any server.</summary>
public static class ProxyTests
{
    [Fact]
    public static async Task Without_a_lie_two_people_talk_through_it_over_http_and_sockets()
    {
        await using TestServer server = await OpenServerAsync();
        HostileServer hostile = new();
        await using HostileProxy proxy = await hostile.ListenAsync(server.Address);
        await using KavalekClient marie = await SignUpAsync(proxy, "marie");
        await using KavalekClient karim = await SignUpAsync(proxy, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await using EventsOf seen = new(karim);
        await karim.StartAsync();
        await marie.StartAsync();
        await seen.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);
        await hers.SendAsync("through the proxy");
        Assert.Equal("through the proxy", await seen.NextTextAsync());
        Assert.Equal(["through the proxy"], await his.TextsAsync());
        Assert.Contains(hostile.Asked, asked => asked.StartsWith("POST auth/v1/sessions", StringComparison.Ordinal));
    }

    [Fact]
    public static async Task The_rules_of_the_seam_hold_at_the_port_too()
    {
        await using TestServer server = await OpenServerAsync();
        HostileServer hostile = new();
        await using HostileProxy proxy = await hostile.ListenAsync(server.Address);
        await using KavalekClient marie = await SignUpAsync(proxy, "marie");
        await using KavalekClient karim = await SignUpAsync(proxy, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);

        // Lose an answer: stored once.
        using (hostile.Lose("POST", "api/v1/streams/*/entries", times: 1))
        {
            await hers.SendAsync("answer lost");
            Assert.Equal(ClientErrors.Offline, await CodeAsync(() => marie.SyncAsync()));
            await marie.SyncAsync();
        }
        await karim.SyncAsync();
        Assert.Equal(["answer lost"], await his.TextsAsync());

        // Show one recipient another stream: each entry twice, over the socket.
        Id stream = await karim.StreamAsync(his);
        using (hostile.Lie(new StreamLens(karim.Me.Device, stream, entries => entries.SelectMany(entry => (Wire.Entry[])[entry, new Wire.Entry(entry) { Id = Fresh() }]))))
        {
            await using EventsOf seen = new(karim);
            await karim.StartAsync();
            await seen.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);
            await hers.SendAsync("twice on the way");
            await marie.SyncAsync();
            Assert.Equal("twice on the way", await seen.NextTextAsync());
            await hers.SendAsync("and on");
            await marie.SyncAsync();
            Assert.Equal("and on", await seen.NextTextAsync());
            await karim.StopAsync();
        }
        Assert.Equal(["answer lost", "twice on the way", "and on"], await his.TextsAsync());
    }

    [Fact]
    public static async Task It_can_refuse_sockets_break_them_and_say_on_them_what_nobody_sent()
    {
        await using TestServer server = await OpenServerAsync();
        HostileServer hostile = new();
        await using HostileProxy proxy = await hostile.ListenAsync(server.Address);
        await using KavalekClient marie = await SignUpAsync(proxy, "marie");
        await using EventsOf seen = new(marie);
        using (hostile.Lie(new NoSockets()))
        {
            await marie.StartAsync();
            await seen.NextAsync<ConnectionChanged>(c => c is { State: ConnectionState.Connecting, Reason: not null });
        }
        int broken = 0;
        using (hostile.Lie(new FrameRule(async (frame, next) =>
        {
            // The first connection is closed by a lie, the second one cut.
            if (!frame.FromClient && broken == 0) await frame.Link.ToClientAsync(Google.Protobuf.MessageExtensions.ToByteArray(
                new Wire.ServerFrame { Closing = new Wire.Closing { Code = ErrorCodes.SlowReader } }));
            else if (!frame.FromClient && broken == 1) frame.Link.Break();
            else await next(frame);
            if (!frame.FromClient) broken++;
        })))
        {
            await seen.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);
        }
        Assert.True(broken > 2);
    }

    static Google.Protobuf.ByteString Fresh() => Google.Protobuf.ByteString.CopyFrom(Id.New().ToArray());

    static Task<KavalekClient> SignUpAsync(HostileProxy proxy, string name) =>
        KavalekClient.SignUpAsync(Options(), new SignUp(proxy.Address, null, $"{name}@example.org", name, Phrase, name.ToUpperInvariant()));
}

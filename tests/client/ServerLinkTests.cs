using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client.Tests;

public static class ServerLinkTests
{
    [Fact]
    public static async Task What_is_appended_is_answered_and_delivered_back()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        ServerLink link = marie.Core.Link;
        Id stream = Id.New();
        await marie.Core.Streams.CreateAsync(stream, default);
        link.Start();
        await UpAsync(link);
        Wire.Append append = Entry(stream, 300);
        Assert.Equal(new AppendStored(1, 0), (await link.AppendAsync([append], overSocket: true, default))[0]);
        Assert.Equal(new AppendStored(1, 0), (await link.AppendAsync([append], overSocket: true, default))[0]);
        Wire.Entry delivered = await NextAsync(link);
        Assert.Equal((append.Id, append.Payload, 1UL), (delivered.Id, delivered.Payload, delivered.Seq));
        await link.AckAsync(stream, 1, default);

        Assert.Equal(new AppendRefused(ErrorCodes.StaleEpoch, 0), (await link.AppendAsync([Entry(stream, 300, epoch: 7)], overSocket: true, default))[0]);
        Assert.Equal(ErrorCodes.NotFound, Assert.IsType<AppendRefused>((await link.AppendAsync([Entry(Id.New(), 300)], overSocket: true, default))[0]).Code);
    }

    [Fact]
    public static async Task What_is_too_large_for_a_frame_goes_and_comes_over_rest()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        ServerLink link = marie.Core.Link;
        Id stream = Id.New();
        await marie.Core.Streams.CreateAsync(stream, default);
        link.Start();
        await UpAsync(link);
        Wire.Append large = Entry(stream, 1_000_000);
        Assert.Equal(new AppendStored(1, 0), (await link.AppendAsync([large], overSocket: true, default))[0]);
        Assert.Equal(large.Payload, (await NextAsync(link)).Payload);
    }

    [Fact]
    public static async Task Without_a_socket_everything_goes_over_rest()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        Id stream = Id.New();
        await marie.Core.Streams.CreateAsync(stream, default);
        Assert.Equal(new AppendStored(1, 0), (await marie.Core.Link.AppendAsync([Entry(stream, 10)], overSocket: true, default))[0]);
        Wire.StreamInfo info = Assert.Single(await marie.Core.Streams.ListAsync(default), s => s.Stream.Span.SequenceEqual(stream.ToArray()));
        Assert.Equal((1UL, 0UL), (info.Head, info.Acked));
        Assert.Single((await marie.Core.Streams.EntriesAsync(stream, 0, 100, default)).Entries);
        await marie.Core.Streams.AckAsync(stream, 1, default);
        Assert.Equal(ErrorCodes.IdTaken, await CodeAsync(() => marie.Core.Streams.CreateAsync(stream, default)));
        Assert.Null(await marie.Core.Streams.WelcomeAsync(stream, 1, default));
        await marie.Core.Streams.UnsubscribeAsync(stream, default);
        Assert.DoesNotContain(await marie.Core.Streams.ListAsync(default), s => s.Stream.Span.SequenceEqual(stream.ToArray()));
    }

    [Fact]
    public static async Task A_server_that_was_restarted_is_found_again_and_what_was_not_acknowledged_comes_again()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address => new Follows(address, () => server.Address)));
        ServerLink link = marie.Core.Link;
        Id stream = Id.New();
        await marie.Core.Streams.CreateAsync(stream, default);
        link.Start();
        await UpAsync(link);
        await link.AppendAsync([Entry(stream, 10)], overSocket: true, default);
        Assert.Equal(1UL, (await NextAsync(link)).Seq);
        await server.RestartAsync();
        while (await link.Incoming.ReadAsync() is not LinkUp)
        {
            // It goes down first.
        }
        Assert.Equal(1UL, (await NextAsync(link)).Seq);
        Assert.Equal(new AppendStored(2, 0), (await link.AppendAsync([Entry(stream, 10)], overSocket: true, default))[0]);
    }

    [Fact]
    public static async Task A_newer_connection_of_the_same_device_ends_the_older_one_which_comes_back_once_and_then_leaves_it_the_place()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock));
        await using IAsyncEnumerator<ClientEvent> events = marie.Events().GetAsyncEnumerator();
        marie.Core.Link.Start();
        await UpAsync(marie.Core.Link);
        await using ITransport other = new HttpTransport(server.Address);
        await TakeOverAsync();
        // It may have been a connection of this device's own past: the server can see one late.
        clock.Advance(TimeSpan.FromSeconds(30));
        while (await marie.Core.Link.Incoming.ReadAsync() is not LinkUp)
        {
            // It went down first.
        }
        await TakeOverAsync();
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(ConnectionState.Offline, marie.Connection);

        async Task TakeOverAsync()
        {
            ITransportSocket socket = await other.ConnectAsync(default);
            string token = await marie.Core.Tokens.MessagingAsync(default);
            await socket.SendAsync(new Wire.ClientFrame { Hello = new Wire.Hello { Token = token, Window = 1 } }.ToByteArray(), default);
            while (await events.MoveNextAsync() && events.Current is not ConnectionChanged { State: ConnectionState.Offline })
            {
                // Connecting, Syncing.
            }
            Assert.Equal(ErrorCodes.Replaced, ((ConnectionChanged)events.Current).Reason!.Code);
            Assert.Equal(ConnectionState.Offline, marie.Connection);
        }
    }

    [Fact]
    public static void Pauses_grow_to_a_minute_and_are_never_all_alike()
    {
        BackOff backOff = new(Kavalek.Mls.NativeCryptoProvider.Shared);
        List<TimeSpan> pauses = [.. Enumerable.Range(0, 40).Select(_ => backOff.Next())];
        Assert.InRange(pauses[0], TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500));
        Assert.All(pauses[8..], pause => Assert.InRange(pause, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60)));
        Assert.True(pauses[8..].Distinct().Count() > 10);
        Assert.True(backOff.Next(TimeSpan.FromMinutes(5)) == TimeSpan.FromMinutes(5));
        backOff.Reset();
        Assert.True(backOff.Next() <= TimeSpan.FromMilliseconds(500));
    }

    static Wire.Append Entry(Id stream, int bytes, ulong epoch = 0) => new()
    {
        Stream = ByteString.CopyFrom(stream.ToArray()),
        Id = ByteString.CopyFrom(Id.New().ToArray()),
        Kind = Wire.Kind.Application,
        Epoch = epoch,
        Payload = ByteString.CopyFrom(new byte[bytes]),
    };

    static async Task UpAsync(ServerLink link) => Assert.IsType<LinkUp>(await link.Incoming.ReadAsync());

    static async Task<Wire.Entry> NextAsync(ServerLink link)
    {
        while (true)
            if (await link.Incoming.ReadAsync() is LinkEntry { Entry: var entry }) return entry;
    }

    /// <summary>A server whose address in the network changes while its name stays.</summary>
    sealed class Follows(Uri name, Func<Uri> address) : ITransport
    {
        public Uri Server => name;

        public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            HttpTransport transport = new(address());
            return await transport.SendAsync(request, cancel);
        }

        public Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => new HttpTransport(address()).ConnectAsync(cancel);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

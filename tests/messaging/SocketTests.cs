using System.Net.WebSockets;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Tests;

/// <summary>What travels over a socket, and when it does not (docs/PROTOCOL.md §6.4).</summary>
public static class SocketTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task Devices_that_a_commit_adds_count_against_the_rate(bool overSocket) // K-80
    {
        await using MessagingServer server = await MessagingServer.StartAsync(options => options with { AppendBurst = 70, AppendsPerSecond = 3 });
        PlainDevice alice = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice);
        await using TestSocket socket = await TestSocket.ConnectAsync(server, alice);
        Append[] commits = [.. Enumerable.Range(0, 2).Select(epoch => Wire.Commit(stream, (ulong)epoch, add: Enumerable.Range(0, 12).Select(_ => PlainDevice.New())))];
        await rest.AppendedAsync(commits[0]);
        Assert.Equal(ErrorCodes.RateLimited, overSocket
            ? (await socket.AppendAsync(commits[1])).Rejected.Code
            : await rest.AppendAsync(commits[1]).CodeAsync());
        server.Clock.Advance(TimeSpan.FromSeconds(20));
        await rest.AppendedAsync(commits[1]);
    }

    [Fact]
    public static async Task Every_frame_is_answered_however_many_come_while_answers_leave()
    {
        const int Frames = 1_500;
        await using MessagingServer server = await MessagingServer.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using TestSocket socket = await TestSocket.ConnectAsync(server, PlainDevice.New());
            Task sending = Task.Run(async () =>
            {
                for (ulong id = 1; id <= Frames; id++)
                    await socket.SendAsync(new ClientFrame { Ping = new Ping { Id = id } });
            });
            for (ulong id = 1; id <= Frames; id++)
                Assert.Equal(id, (await socket.AnswerAsync()).Pong.Id);
            await sending;
        }));
    }

    [Fact]
    public static async Task The_window_bounds_what_is_not_acknowledged()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice, bob);
        for (int i = 0; i < 10; i++)
            await rest.AppendedAsync(Wire.Message(stream, 1, $"{i}")); // seq 2 to 11

        await using TestSocket socket = await TestSocket.ConnectAsync(server, bob, window: 4);
        List<Entry> first = await Entries(socket, 4);
        Assert.Equal((Kind.Welcome, 2ul, 4ul), (first[0].Kind, first[1].Seq, first[3].Seq));
        Assert.Empty(await socket.SettledAsync());

        await socket.AckAsync(bob.Device, 1);
        Assert.Equal(5ul, (await socket.EntryAsync()).Seq);
        await socket.AckAsync(stream, 3);
        Assert.Equal([6ul, 7ul], (await Entries(socket, 2)).Select(e => e.Seq));
        await rest.AppendedAsync(Wire.Message(stream, 1, "live")); // 12
        Assert.Empty(await socket.SettledAsync());
        await socket.AckAsync(stream, 7);
        Assert.Equal([8ul, 9ul, 10ul, 11ul], (await Entries(socket, 4)).Select(e => e.Seq));
        await socket.AckAsync(stream, 11);
        Assert.Equal("live", (await socket.EntryAsync()).Payload.ToStringUtf8());
    }

    [Fact]
    public static async Task A_device_connects_again_and_gets_exactly_what_it_had_not_acknowledged()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice, bob);
        for (int i = 0; i < 5; i++)
            await rest.AppendedAsync(Wire.Message(stream, 1));
        await using (TestSocket socket = await TestSocket.ConnectAsync(server, bob))
        {
            await Entries(socket, 6);
            await socket.AckAsync(bob.Device, 1);
            await socket.AckAsync(stream, 4);
        }
        await using TestSocket again = await TestSocket.ConnectAsync(server, bob);
        Assert.Equal([5ul, 6ul], (await Entries(again, 2)).Select(e => e.Seq));
        Assert.Empty(await again.SettledAsync());
    }

    [Fact]
    public static async Task A_large_entry_is_delivered_detached()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice, bob);
        using var bobRest = new TestRest(server, bob);
        Append Sized(int bytes) => new(Wire.Message(stream, 1)) { Payload = ByteString.CopyFrom(new byte[bytes]) };
        await using TestSocket live = await TestSocket.ConnectAsync(server, bob);
        Assert.Equal(Kind.Welcome, (await live.EntryAsync()).Kind);
        await rest.AppendedAsync(Sized(Limits.InlineBytes));
        await rest.AppendedAsync(Sized(Limits.InlineBytes + 1));
        await rest.AppendedAsync(Sized(4 * 1024 * 1024));
        await rest.AppendedAsync(Sized(1));
        void Check(List<Entry> entries)
        {
            Assert.Equal([2ul, 3ul, 4ul, 5ul], entries.Select(e => e.Seq));
            Assert.Equal([false, true, true, false], entries.Select(e => e.Detached));
            Assert.Equal([Limits.InlineBytes, 0, 0, 1], entries.Select(e => e.Payload.Length));
        }

        Check(await Entries(live, 4));
        await live.AckAsync(bob.Device, 1);
        await using TestSocket later = await TestSocket.ConnectAsync(server, bob);
        Check(await Entries(later, 4));
        Assert.Equal(4 * 1024 * 1024, (await bobRest.EntriesAsync(stream, after: 3, limit: 1)).Entries.Single().Payload.Length);
    }

    [Fact]
    public static async Task A_removed_device_is_sent_its_removal_and_then_nothing() // K-22
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New(), carol = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice, bob, carol);
        await using TestSocket bobSocket = await TestSocket.ConnectAsync(server, bob);
        await using TestSocket carolSocket = await TestSocket.ConnectAsync(server, carol);
        Task<Appended[]> flood = Task.WhenAll(Enumerable.Range(0, 50).Select(_ => rest.AppendedAsync(Wire.Message(stream, 1))));
        await flood;
        Appended removal = await rest.AppendedAsync(Wire.Commit(stream, 1, remove: [bob]));
        await rest.AppendedAsync(Wire.Message(stream, 2, "not for bob"));
        await carolSocket.SendAsync(new ClientFrame { Ephemeral = new Ephemeral { Stream = stream.Bytes(), Payload = ByteString.CopyFromUtf8("typing") } });

        List<Entry> carols = await Entries(carolSocket, 53);
        Assert.Equal(removal.Seq + 1, carols[^1].Seq);
        List<Entry> bobs = await Entries(bobSocket, 52);
        Assert.Equal(removal.Seq, bobs[^1].Seq);
        Assert.Empty(await bobSocket.SettledAsync());
        Assert.Equal(ErrorCodes.NotFound, (await bobSocket.AppendAsync(Wire.Message(stream, 2))).Rejected.Code);
        Assert.Equal(removal.Seq + 2, (await carolSocket.AppendAsync(Wire.Message(stream, 2))).Appended.Seq);

        // Added again, it reads on from there.
        await rest.AppendedAsync(Wire.Commit(stream, 2, add: [bob]));
        await rest.AppendedAsync(Wire.Message(stream, 3, "back"));
        Assert.Equal(Kind.Welcome, (await bobSocket.EntryAsync()).Kind);
        Assert.Equal("back", (await bobSocket.EntryAsync()).Payload.ToStringUtf8());
    }

    [Fact]
    public static async Task Ephemerals_reach_the_other_subscribers_and_nobody_else()
    {
        await using MessagingServer server = await MessagingServer.StartAsync(options => options with { EphemeralBurst = 3, EphemeralsPerSecond = 1 });
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New(), stranger = PlainDevice.New();
        (_, Id stream) = await StreamTests.StreamAsync(server, alice, bob);
        await using TestSocket a = await TestSocket.ConnectAsync(server, alice);
        await using TestSocket b = await TestSocket.ConnectAsync(server, bob);
        await using TestSocket s = await TestSocket.ConnectAsync(server, stranger);
        await b.EntryAsync();
        await a.EntryAsync();
        Task TypeAsync(TestSocket from, string text) =>
            from.SendAsync(new ClientFrame { Ephemeral = new Ephemeral { Stream = stream.Bytes(), Payload = ByteString.CopyFromUtf8(text) } });

        await TypeAsync(s, "from a stranger");
        Assert.Empty(await s.SettledAsync());
        for (int i = 1; i <= 5; i++)
            await TypeAsync(a, $"{i}");
        Assert.Empty(await a.SettledAsync());
        for (int i = 1; i <= 3; i++)
        {
            Ephemeral got = (await b.AnswerAsync()).Ephemeral;
            Assert.Equal((stream.Bytes(), $"{i}"), (got.Stream, got.Payload.ToStringUtf8()));
        }
        Assert.Empty(await b.SettledAsync()); // the other two went over the rate
        Assert.Equal(0, server.Count("SELECT count(*) FROM run JOIN stream ON stream.key = run.stream WHERE inbox = 0 AND last > 1"));
    }

    [Fact]
    public static async Task A_second_socket_of_a_device_replaces_the_first()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New();
        await using TestSocket first = await TestSocket.ConnectAsync(server, alice);
        await using TestSocket second = await TestSocket.ConnectAsync(server, alice);
        Assert.Equal((ErrorCodes.Replaced, WebSocketCloseStatus.PolicyViolation), await first.ClosedAsync());
        Assert.Empty(await second.SettledAsync());
    }

    [Fact]
    public static async Task A_socket_lives_as_long_as_its_token_and_a_new_one_prolongs_it()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        await using TestSocket prolonged = await TestSocket.ConnectAsync(server, alice);
        await using TestSocket expiring = await TestSocket.ConnectAsync(server, bob);
        async Task PassAsync(int seconds)
        {
            for (; seconds > 0; seconds -= 30)
            {
                Assert.Empty(await prolonged.SettledAsync());
                Assert.Empty(await expiring.SettledAsync());
                server.Clock.Advance(TimeSpan.FromSeconds(30));
            }
        }

        await PassAsync(Limits.AccessTokenSeconds - 60);
        await prolonged.SendAsync(new ClientFrame { Reauth = new Reauth { Token = server.Token(alice) } });
        await PassAsync(30);
        Assert.Empty(await prolonged.SettledAsync());
        server.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(ErrorCodes.TokenExpired, (await expiring.ClosedAsync()).Code);
        Assert.Empty(await prolonged.SettledAsync());
    }

    [Fact]
    public static async Task A_token_of_another_device_prolongs_nothing()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        await using TestSocket socket = await TestSocket.ConnectAsync(server, PlainDevice.New());
        await socket.SendAsync(new ClientFrame { Reauth = new Reauth { Token = server.Token(PlainDevice.New()) } });
        Assert.Equal(ErrorCodes.Unauthenticated, (await socket.ClosedAsync()).Code);
    }

    [Fact]
    public static async Task A_client_that_falls_silent_is_closed_and_one_that_pings_is_not()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        await using TestSocket pinging = await TestSocket.ConnectAsync(server, PlainDevice.New());
        await using TestSocket silent = await TestSocket.ConnectAsync(server, PlainDevice.New());
        server.Clock.Advance(TimeSpan.FromSeconds(40));
        Assert.Empty(await pinging.SettledAsync());
        server.Clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Null((await silent.ClosedAsync()).Code);
        Assert.Empty(await pinging.SettledAsync());
    }

    [Fact]
    public static async Task Appends_above_the_rate_are_rejected_and_a_flood_of_frames_is_closed() // K-19
    {
        await using MessagingServer server = await MessagingServer.StartAsync(options => options with { AppendBurst = 5, AppendsPerSecond = 1, FrameBurst = 50, FramesPerSecond = 1 });
        PlainDevice alice = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice);
        await using TestSocket socket = await TestSocket.ConnectAsync(server, alice);
        for (int i = 0; i < 5; i++)
            Assert.NotNull((await socket.AppendAsync(Wire.Message(stream))).Appended);
        Assert.Equal(ErrorCodes.RateLimited, (await socket.AppendAsync(Wire.Message(stream))).Rejected.Code);
        Assert.Equal(ErrorCodes.RateLimited, await rest.AppendAsync(Wire.Message(stream)).CodeAsync());
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull((await socket.AppendAsync(Wire.Message(stream))).Appended);

        await using TestSocket other = await TestSocket.ConnectAsync(server, PlainDevice.New());
        for (int i = 0; i < 60; i++)
            await socket.SendAsync(new ClientFrame { Ping = new Ping { Id = 1 } });
        string? code = null;
        while (code is null && await socket.NextFrameAsync() is { } frame)
            code = frame.Closing?.Code;
        Assert.Equal(ErrorCodes.RateLimited, code);
        Assert.Empty(await other.SettledAsync());
    }

    [Fact]
    public static async Task A_reader_that_takes_nothing_is_closed_and_loses_nothing() // K-19
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New(), carol = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice, bob, carol);
        await using TestSocket slow = await TestSocket.ConnectAsync(server, bob);
        await using TestSocket quick = await TestSocket.ConnectAsync(server, carol);
        Append Large() => new(Wire.Message(stream, 1)) { Payload = ByteString.CopyFrom(new byte[100 * 1024]) };
        for (int i = 0; i < 200; i++) // 20 MB: more than the kernel buffers
            await rest.AppendedAsync(Large());
        await Entries(quick, 201);

        await server.AwaitStalledAsync();
        server.Clock.Advance(TimeSpan.FromSeconds(32));
        List<Entry> got = [];
        ServerFrame? last = null;
        try
        {
            while (last?.Closing is null)
            {
                last = await slow.NextFrameAsync();
                got.AddRange(last.Deliver?.Entries ?? []);
            }
            Assert.Equal(ErrorCodes.SlowReader, last.Closing.Code);
        }
        catch (InvalidOperationException)
        {
            // It was cut off before it could read the reason.
        }
        await using TestSocket again = await TestSocket.ConnectAsync(server, bob);
        Assert.Equal(Enumerable.Range(2, 200).Select(i => (ulong)i), (await Entries(again, 201)).Skip(1).Select(e => e.Seq));
    }

    [Fact]
    public static async Task Sockets_that_come_and_go_see_every_entry_once_and_in_order()
    {
        const int Streams = 3, Writers = 4, Messages = 150;
        await using MessagingServer server = await MessagingServer.StartAsync(options => options with { AppendBurst = 100_000, FrameBurst = 1_000_000 });
        PlainDevice[] writers = [.. Enumerable.Range(0, Writers).Select(_ => PlainDevice.New())];
        PlainDevice[] readers = [.. Enumerable.Range(0, 3).Select(_ => PlainDevice.New())];
        List<Id> streams = [];
        for (int i = 0; i < Streams; i++)
            streams.Add((await StreamTests.StreamAsync(server, writers[0], [.. writers[1..], .. readers])).Stream);

        Task writing = Task.WhenAll(writers.Select(async (writer, w) =>
        {
            await using TestSocket socket = await TestSocket.ConnectAsync(server, writer, window: 1);
            for (int i = 0; i < Messages; i++)
                Assert.NotNull((await socket.AppendAsync(Wire.Message(streams[(i + w) % Streams], 1))).Appended);
        }));
        const ulong Last = 1 + (Writers * Messages / Streams);
        await Task.WhenAll(readers.Select(async (reader, r) =>
        {
            var random = new Random(r);
            Dictionary<ByteString, ulong> seen = streams.ToDictionary(s => s.Bytes(), _ => 1ul);
            while (seen.Values.Any(seq => seq < Last))
            {
                // Whatever was delivered and not acknowledged comes again, and nothing else.
                await using TestSocket socket = await TestSocket.ConnectAsync(server, reader, window: (uint)random.Next(1, 60));
                Dictionary<ByteString, ulong> delivered = new(seen);
                for (int until = random.Next(1, 120); until > 0 && seen.Values.Any(seq => seq < Last); until--)
                {
                    Entry entry = await socket.EntryAsync();
                    if (entry.Kind == Kind.Welcome)
                    {
                        await socket.AckAsync(reader.Device, entry.Seq);
                        continue;
                    }
                    Assert.Equal(delivered[entry.Stream] + 1, entry.Seq);
                    delivered[entry.Stream] = entry.Seq;
                    // The window must never run dry: acknowledge at once half of the time, and what is open at the end of it.
                    if (random.Next(2) == 0 || delivered.Sum(d => (long)(d.Value - seen[d.Key])) > 0)
                    {
                        await socket.AckAsync(Id.Read(entry.Stream.Span), entry.Seq);
                        seen[entry.Stream] = entry.Seq;
                    }
                }
            }
        }));
        await writing;
    }

    static async Task<List<Entry>> Entries(TestSocket socket, int count)
    {
        List<Entry> entries = [];
        while (entries.Count < count)
            entries.Add(await socket.EntryAsync());
        return entries;
    }
}

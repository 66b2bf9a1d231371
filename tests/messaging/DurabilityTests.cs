using System.Net;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Microsoft.Data.Sqlite;

namespace Kavalek.Messaging.Tests;

/// <summary>What stays and what goes: restarts, failed transactions, time, removed devices.</summary>
public static class DurabilityTests
{
    [Fact]
    public static async Task A_restart_keeps_everything()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice, bob);
        Append sent = Wire.Message(stream, 1, "kept");
        await rest.AppendedAsync(sent);
        await rest.AckAsync(stream, 1);

        await server.RestartAsync();

        using var after = new TestRest(server, alice);
        using var bobAfter = new TestRest(server, bob);
        Assert.Equal((2ul, 1ul), await after.AppendedAsync(sent) is var again ? (again.Seq, again.Epoch) : default);
        StreamInfo info = (await after.StreamsAsync()).Streams.Single();
        Assert.Equal((1ul, 2ul, 1ul, 1ul), (info.Epoch, info.Head, info.First, info.Acked));
        Assert.Equal("kept", (await bobAfter.EntriesAsync(stream)).Entries.Single().Payload.ToStringUtf8());
        Assert.Equal(HttpStatusCode.OK, await bobAfter.WelcomeAsync(stream, 1).StatusAsync());
        Assert.Equal(3ul, (await after.AppendedAsync(Wire.Commit(stream, 1))).Seq);
    }

    [Fact, Trait("Store", "sqlite")]
    public static void What_was_answered_is_on_the_disk()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        using (var database = new Storage.SqliteDatabase(folder))
        using (SqliteConnection connection = database.Open())
        {
            string Setting(string name)
            {
                using SqliteCommand command = connection.CreateCommand();
                command.CommandText = $"PRAGMA {name}";
                return command.ExecuteScalar()!.ToString()!;
            }
            Assert.Equal(("wal", "2", "2"), (Setting("journal_mode"), Setting("synchronous"), Setting("secure_delete"))); // FULL, FAST
            Assert.Equal(("2", "0"), (Setting("temp_store"), Setting("wal_autocheckpoint")));
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public static async Task A_transaction_that_fails_leaves_everything_as_it_was()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New(), carol = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice, bob);
        await using TestSocket bobSocket = await TestSocket.ConnectAsync(server, bob);
        // The Welcome that waited for him, which a pong can overtake.
        Assert.Equal(Kind.Welcome, (await bobSocket.EntryAsync()).Kind);
        Append message = Wire.Message(stream, 1), commit = Wire.Commit(stream, 1, add: [carol], remove: [bob]);
        string before = server.Dump();

        using (server.LockDatabase())
        {
            string[] codes = await Task.WhenAll(rest.AppendAsync(message).CodeAsync(), rest.AppendAsync(commit).CodeAsync(), rest.CreateAsync(Id.New()).CodeAsync());
            Assert.All(codes, code => Assert.Equal(ErrorCodes.Unavailable, code));
        }

        Assert.Equal(before, server.Dump());
        Assert.Empty(await bobSocket.SettledAsync());
        Assert.Equal(2ul, (await rest.AppendedAsync(message)).Seq);
        Assert.Equal((3ul, 2ul), await rest.AppendedAsync(commit) is var done ? (done.Seq, done.Epoch) : default);
        Assert.Equal(2ul, (await bobSocket.EntryAsync()).Seq);
        Assert.Equal(3ul, Assert.Single(await bobSocket.SettledAsync()).Seq);
    }

    [Fact, Trait("Store", "sqlite")]
    public static async Task Two_servers_never_share_a_folder()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        await Assert.ThrowsAsync<IOException>(() => MessagingServer.StartAsync(folder: server.Folder));
        using var rest = new TestRest(server, PlainDevice.New());
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(Id.New()).StatusAsync());
    }

    [Theory]
    [InlineData(30)]
    [InlineData(7)] // as a node alone was told of the policy when it started
    public static async Task An_entry_and_a_Welcome_expire_after_thirty_days_or_what_the_policy_says_or_when_its_sender_said(int days) // K-65
    {
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { Policy = days == 30 ? null : new PolicyChanged(days, 0, 0) });
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice, bob);   // 1
        using var bobRest = new TestRest(server, bob);
        Append brief = Wire.Message(stream, 1, "brief");
        brief.ExpiresIn = 3600;
        Append forever = Wire.Message(stream, 1, "forever");
        forever.ExpiresIn = uint.MaxValue;
        await rest.AppendedAsync(brief);                                                   // 2
        await rest.AppendedAsync(Wire.Message(stream, 1, "usual"));                        // 3
        await rest.AppendedAsync(forever);                                                 // 4
        Assert.Equal(3, (await bobRest.EntriesAsync(stream)).Entries.Count);

        server.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal([3ul, 4ul], (await bobRest.EntriesAsync(stream)).Entries.Select(e => e.Seq));
        Assert.Equal(0, await server.EventuallyAsync("SELECT count(*) FROM run WHERE last = 2", 0));

        server.Clock.Advance(TimeSpan.FromDays(days));
        EntryList left = await bobRest.EntriesAsync(stream);
        Assert.Equal((0, 4ul), (left.Entries.Count, left.Head));
        Assert.Equal(0, await server.EventuallyAsync("SELECT count(*) FROM run", 0));
        Assert.Equal(0, await server.EventuallyAsync("SELECT count(*) FROM welcome", 0));
        Assert.Equal(5ul, (await rest.AppendedAsync(Wire.Message(stream, 1))).Seq);
        Assert.Equal([5ul], (await bobRest.EntriesAsync(stream)).Entries.Select(e => e.Seq));
    }

    [Fact]
    public static async Task A_socket_passes_over_what_has_expired()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice, bob);
        for (int i = 0; i < 5; i++)
        {
            Append brief = Wire.Message(stream, 1);
            brief.ExpiresIn = 60;
            await rest.AppendedAsync(brief);
        }
        await rest.AppendedAsync(Wire.Message(stream, 1, "late"));
        server.Clock.Advance(TimeSpan.FromMinutes(2));
        await using TestSocket socket = await TestSocket.ConnectAsync(server, bob, window: 3);
        Assert.Equal(Kind.Welcome, (await socket.EntryAsync()).Kind);
        Assert.Equal("late", (await socket.EntryAsync()).Payload.ToStringUtf8());
        await socket.AckAsync(stream, 7);
        await rest.AppendedAsync(Wire.Message(stream, 1, "later"));
        Assert.Equal("later", (await socket.EntryAsync()).Payload.ToStringUtf8());
    }

    [Fact]
    public static async Task A_removed_device_is_closed_out_at_once_and_for_good() // K-07
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamTests.StreamAsync(server, alice, bob);
        using var bobRest = new TestRest(server, bob);
        await using TestSocket bobSocket = await TestSocket.ConnectAsync(server, bob);
        await using TestSocket aliceSocket = await TestSocket.ConnectAsync(server, alice);
        Assert.Equal(Kind.Welcome, (await bobSocket.EntryAsync()).Kind);

        server.Bus.Publish(new DeviceRemoved(bob.Account, bob.Device));
        await rest.AppendedAsync(Wire.Message(stream, 1, "not for bob"));

        Assert.Equal(ErrorCodes.DeviceRemoved, (await bobSocket.ClosedAsync()).Code);
        Assert.Equal(ErrorCodes.Unauthenticated, await bobRest.SendAsync(HttpMethod.Get, "/api/v1/streams").CodeAsync());
        Assert.Equal(0, await server.EventuallyAsync($"SELECT count(*) FROM subscriber WHERE device = x'{bob.Device}'", 0));
        Assert.Equal(0, server.Count("SELECT count(*) FROM stream WHERE inbox = 1"));
        Assert.Equal(0, server.Count("SELECT count(*) FROM welcome"));

        // Also after a restart, and whoever adds it again.
        await server.RestartAsync();
        using var again = new TestRest(server, alice);
        await again.AppendedAsync(Wire.Commit(stream, 1, add: [bob]));
        Assert.Equal(0, server.Count($"SELECT count(*) FROM subscriber WHERE device = x'{bob.Device}'"));
        await using TestSocket refused = await TestSocket.OpenAsync(server);
        await refused.SendAsync(new ClientFrame { Hello = new Hello { Token = server.Token(bob), Window = 1 } });
        Assert.Equal(ErrorCodes.Unauthenticated, (await refused.ClosedAsync()).Code);
    }

    [Fact]
    public static async Task An_ended_session_closes_its_sockets_and_its_tokens_while_another_lives_on() // K-07
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice ended = PlainDevice.New(), other = PlainDevice.New();
        await using TestSocket endedSocket = await TestSocket.ConnectAsync(server, ended);
        await using TestSocket otherSocket = await TestSocket.ConnectAsync(server, other);
        using var endedRest = new TestRest(server, ended);
        using var fresh = new TestRest(server, ended with { Session = Id.New() });

        server.Bus.Publish(new SessionEnded(ended.Account, ended.Device, ended.Session));

        Assert.Equal(ErrorCodes.DeviceRemoved, (await endedSocket.ClosedAsync()).Code);
        Assert.Equal(ErrorCodes.Unauthenticated, await endedRest.SendAsync(HttpMethod.Get, "/api/v1/streams").CodeAsync());
        Assert.Equal(HttpStatusCode.OK, await fresh.SendAsync(HttpMethod.Get, "/api/v1/streams").StatusAsync());
        Assert.Empty(await otherSocket.SettledAsync());
    }

    [Fact]
    public static async Task A_changed_device_list_is_told_to_each_device_of_the_account()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice first = PlainDevice.New(), second = PlainDevice.New(), stranger = PlainDevice.New();
        await using TestSocket socket = await TestSocket.ConnectAsync(server, first);
        server.Bus.Publish(new DevicesChanged(first.Account, [first.Device, second.Device]));
        Entry live = await socket.EntryAsync();
        Assert.Equal((Kind.Notice, first.Device.Bytes()), (live.Kind, live.Stream));
        Assert.Equal(Notice.Types.About.OwnDevices, Notice.Parser.ParseFrom(live.Payload).About);
        await using TestSocket later = await TestSocket.ConnectAsync(server, second);
        Assert.Equal(Kind.Notice, (await later.EntryAsync()).Kind);
        await using TestSocket uninvolved = await TestSocket.ConnectAsync(server, stranger);
        Assert.Empty(await uninvolved.SettledAsync());
    }
}

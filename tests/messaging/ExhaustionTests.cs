using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Messaging.Tests;

/// <summary>One member, whose device has real keys, takes neither the server's memory nor its disk from the others.</summary>
public static class ExhaustionTests
{
    const long Container = 256L << 20;
    const int Uploads = 40, Downloads = 60, UploadBytes = (2 * Limits.EntryBytes) + 1024;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // K-80: with the memory of the smallest container that is shipped.
    [Fact]
    public static async Task Bodies_that_never_end_and_answers_that_nobody_takes_leave_the_server_its_memory()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-exhaust-");
        List<TcpClient> held = [];
        using (ServerProcess server = await ServerProcess.StartConfinedAsync(Container, folder.FullName))
        {
            Func<PlainDevice, string> token = await server.MintAsync(folder.FullName);
            PlainDevice mallory = PlainDevice.New(), alice = PlainDevice.New();
            Id stream = Id.New(), others = Id.New();
            using TestRest hostile = new(server.Address, () => token(mallory)), honest = new(server.Address, () => token(alice));
            Assert.Equal(HttpStatusCode.Created, await hostile.CreateAsync(stream).StatusAsync());
            Assert.Equal(HttpStatusCode.Created, await honest.CreateAsync(others).StatusAsync());
            await hostile.AppendedAsync(Large(stream, Limits.EntryBytes));

            long idle = server.MostMemory();
            // One of them may wait for its last byte; what is refused is so in words, before all of it came.
            string[] refused = await FirstAsync(Uploads - 1, Enumerable.Range(0, Uploads).Select(_ => UploadAsync(server.Address, token(mallory), stream, held)));
            Assert.All(refused, answer => Assert.True(answer == Cut || answer.StartsWith("HTTP/1.1 503", StringComparison.Ordinal), answer));
            Assert.Contains(refused, answer => answer.Contains(ErrorCodes.Unavailable, StringComparison.Ordinal) && answer.Contains("Retry-After", StringComparison.Ordinal));
            await GoOnAsync(honest, others);
            held.ForEach(client => client.Dispose());
            // Two of them fill the account's half, 32 wait.
            string[] asked = await FirstAsync(Downloads - 32, Enumerable.Range(0, Downloads).Select(_ => AskAsync(server.Address, token(mallory), stream, held)));
            Assert.InRange(asked.Count(answer => answer == "HTTP/1.1 200"), 1, 2);
            Assert.All(asked, answer => Assert.True(answer is "HTTP/1.1 200" or "HTTP/1.1 503", answer));
            await GoOnAsync(honest, others);

            // Nothing was stored of what was refused.
            Assert.Equal(12ul, (await honest.StreamsAsync()).Streams.Single(s => s.Stream == others.Bytes()).Head);
            Assert.Equal(1ul, (await hostile.StreamsAsync()).Streams.Single(s => s.Stream == stream.Bytes()).Head);
            TestContext.Current.TestOutputHelper!.WriteLine($"{idle >> 20} MiB before, {server.MostMemory() >> 20} MiB at the most");
            Assert.InRange(server.MostMemory(), 0, Container);
            held.ForEach(client => client.Dispose());
            await server.StopAsync();
        }
        folder.Delete(recursive: true);
    }

    // K-20
    [Fact]
    public static void What_came_quickly_buys_no_time_for_the_rest_and_a_slow_line_has_enough()
    {
        ManualClock clock = new();
        using (Pace greedy = new(clock, default))
        {
            greedy.Passed(2 * Limits.EntryBytes);
            clock.Advance(TimeSpan.FromSeconds(19));
            greedy.Passed(1);
            Assert.False(greedy.IsLate);
            clock.Advance(TimeSpan.FromSeconds(19));
            Assert.True(greedy.IsLate);
        }
        // Just what an interval asks for would make it two hours.
        using (Pace sly = new(clock, default))
        {
            int intervals = 0;
            for (; !sly.IsLate; intervals++)
            {
                sly.Passed(Pace.Bytes);
                clock.Advance(Pace.Interval - TimeSpan.FromSeconds(1));
            }
            Assert.InRange(intervals, 2, 4);
        }
        using Pace slow = new(clock, default);
        for (int sent = 0; sent < 2 * Limits.EntryBytes; sent += 20_000)
        {
            slow.Passed(20_000);
            clock.Advance(TimeSpan.FromSeconds(1));
            Assert.False(slow.IsLate);
        }
        // In a tunnel.
        clock.Advance(TimeSpan.FromSeconds(25));
        Assert.False(slow.IsLate);
    }

    // K-20
    [Fact]
    public static async Task A_body_that_stops_coming_is_refused_and_its_memory_is_free_again()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        BodyMemory memory = server.Services.GetRequiredService<BodyMemory>();
        PlainDevice alice = PlainDevice.New();
        var stream = Id.New();
        using var rest = new TestRest(server, alice);
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port, Cancel);
        await client.GetStream().WriteAsync(Head("POST", server.Token(alice), stream, 2 << 20), Cancel);
        await client.GetStream().WriteAsync(new byte[1 << 20], Cancel);
        await Awaited.UntilAsync(() => Task.FromResult(memory.Taken), seen => seen >= 4 << 20);
        Task<string> answer = ReadAsync(client);
        await Awaited.UntilAsync(() => LaterAsync(server, () => answer.IsCompleted), completed => completed);
        Assert.StartsWith("HTTP/1.1 503", await answer, StringComparison.Ordinal);
        Assert.Contains(ErrorCodes.Unavailable, await answer, StringComparison.Ordinal);
        await Awaited.UntilAsync(() => Task.FromResult(memory.Taken), seen => seen == 0);
        await rest.AppendedAsync(Large(stream, Limits.EntryBytes));
    }

    // K-19
    [Fact]
    public static async Task An_answer_that_nobody_takes_is_cut_off_and_its_memory_is_free_again()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        BodyMemory memory = server.Services.GetRequiredService<BodyMemory>();
        PlainDevice alice = PlainDevice.New();
        var stream = Id.New();
        using var rest = new TestRest(server, alice);
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
        await rest.AppendedAsync(Large(stream, Limits.EntryBytes));
        await Awaited.UntilAsync(() => Task.FromResult(memory.Taken), seen => seen == 0);
        using TcpClient client = new() { ReceiveBufferSize = 4_096 };
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port, Cancel);
        await client.GetStream().WriteAsync(Head("GET", server.Token(alice), stream, null), Cancel);
        byte[] start = new byte[12];
        await client.GetStream().ReadExactlyAsync(start, Cancel);
        Assert.Equal("HTTP/1.1 200", Encoding.ASCII.GetString(start));
        Assert.InRange(memory.Taken, Limits.EntryBytes, 3 * Limits.EntryBytes);
        await Awaited.UntilAsync(() => LaterAsync(server, () => memory.Taken), taken => taken == 0);
        Assert.True((await ReadAsync(client)).Length < Limits.EntryBytes);
        Assert.Equal(Limits.EntryBytes, (await rest.EntriesAsync(stream)).Entries.Single().Payload.Length);
    }

    // K-80
    [Fact]
    public static async Task An_account_has_half_of_the_memory_and_what_is_small_gets_through()
    {
        ManualClock clock = new();
        BodyMemory memory = new(new() { DataFolder = "", Instance = () => default, TokenKey = _ => null, BodyMemoryBytes = 1 << 20 }, clock);
        Id mallory = Id.New();
        // One call may always have what it needs, up to what large ones have together.
        using (BodyMemory.Lease alone = memory.Begin(mallory))
        {
            Assert.True(alone.TryGrow(768 * 1024));
            Assert.False(alone.TryGrow((768 * 1024) + 1));
        }
        Assert.Equal(0, memory.Taken);
        using BodyMemory.Lease first = memory.Begin(mallory), second = memory.Begin(mallory), other = memory.Begin(Id.New()), small = memory.Begin(Id.New());
        Assert.True(first.TryGrow(300 * 1024));
        Assert.False(second.TryGrow(300 * 1024));
        Assert.True(other.TryGrow(400 * 1024));
        // Three quarters are gone but for a little.
        Task<BodyMemory.Lease?> waiting = memory.TakeAsync(Id.New(), 150 * 1024, Cancel), given = memory.TakeAsync(Id.New(), 150 * 1024, Cancel);
        Assert.True(small.TryGrow(BodyMemory.Small));
        Assert.False(waiting.IsCompleted);
        other.Dispose();
        using BodyMemory.Lease? granted = await waiting, granted2 = await given;
        Assert.NotNull(granted);
        Assert.NotNull(granted2);
        // Nobody waits for ever.
        Task<BodyMemory.Lease?> late = memory.TakeAsync(Id.New(), 500 * 1024, Cancel);
        clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Null(await late);
        Assert.Equal((300 + 128 + 300) * 1024, memory.Taken);
    }

    // K-80
    [Fact]
    public static async Task What_waits_for_the_database_is_bounded_in_bytes()
    {
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { QueueBytes = 1 << 20 });
        GroupCommit writer = server.Services.GetRequiredService<GroupCommit>();
        var stream = Id.New();
        using var rest = new TestRest(server, PlainDevice.New());
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
        Stuck stuck = new();
        Assert.True(writer.TryAdd(stuck));
        await stuck.Begun.WaitAsync(Awaited.Patience);
        Task<Appended> waits = rest.AppendedAsync(Large(stream, 600 * 1024));
        await Awaited.UntilAsync(() => Task.FromResult(writer.Waiting), seen => seen > 0);
        Assert.Equal(ErrorCodes.Unavailable, await rest.AppendAsync(Large(stream, 600 * 1024)).CodeAsync());
        // What is small still has its place.
        Task<Appended> small = rest.AppendedAsync(Wire.Message(stream));
        await Awaited.UntilAsync(() => Task.FromResult(writer.Waiting), seen => seen > 1);
        stuck.End();
        await waits;
        await small;
        Assert.Equal(2ul, (await rest.EntriesAsync(stream)).Head);
    }

    // K-54
    [Fact]
    public static async Task Bytes_of_entries_are_counted_for_a_device_and_its_account()
    {
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { DeviceByteBurst = 1 << 20, DeviceBytesPerSecond = 1_024 });
        PlainDevice phone = PlainDevice.New(), laptop = phone with { Device = Id.New() }, third = phone with { Device = Id.New() };
        using TestRest one = new(server, phone), two = new(server, laptop), three = new(server, third), other = new(server, PlainDevice.New());
        Id[] streams = [Id.New(), Id.New(), Id.New(), Id.New()];
        foreach ((TestRest rest, Id made) in new[] { one, two, three, other }.Zip(streams))
            Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(made).StatusAsync());
        for (int i = 0; i < 3; i++)
        {
            await one.AppendedAsync(Large(streams[0], 300 * 1024));
            await two.AppendedAsync(Large(streams[1], 300 * 1024));
        }
        using (HttpResponseMessage refused = await one.AppendAsync(Large(streams[0], 300 * 1024)))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.FromSeconds(1));
        }
        Assert.Equal(3ul, (await one.EntriesAsync(streams[0])).Head);
        // The account has twice as much as a device, and others have their own.
        Assert.Equal(ErrorCodes.RateLimited, await three.AppendAsync(Large(streams[2], 300 * 1024)).CodeAsync());
        await three.AppendedAsync(Large(streams[2], 100 * 1024));
        await other.AppendedAsync(Large(streams[3], 900 * 1024));
        // What was not stored does not count.
        Append late = Large(streams[3], 100 * 1024);
        late.Epoch = 7;
        for (int i = 0; i < 3; i++)
            Assert.Equal(ErrorCodes.StaleEpoch, await other.AppendAsync(late).CodeAsync());
        // A socket counts with the same count.
        await using (TestSocket socket = await TestSocket.ConnectAsync(server, phone))
        {
            Assert.Equal(4ul, (await socket.AppendAsync(Large(streams[0], 100 * 1024))).Appended.Seq);
            Assert.Equal(ErrorCodes.RateLimited, (await socket.AppendAsync(Large(streams[0], 100 * 1024))).Rejected.Code);
        }
        server.Clock.Advance(TimeSpan.FromMinutes(5));
        await one.AppendedAsync(Large(streams[0], 300 * 1024));
    }

    // K-54. The disk of PostgreSQL is not the server's.
    [Fact, Trait("Store", "sqlite")]
    public static async Task Entries_and_archives_leave_the_disk_its_reserve_and_what_makes_room_passes()
    {
        long reserve = 0;
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { DiskReserveBytes = reserve });
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        Id stream = Id.New(), left = Id.New();
        using TestRest rest = new(server, alice), reader = new(server, bob);
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(left).StatusAsync());
        await rest.AppendedAsync(Wire.Commit(stream, 0, add: [bob]));
        await rest.AppendedAsync(Large(stream, Limits.EntryBytes, epoch: 1));
        reserve = long.MaxValue / 2;
        await server.RestartAsync();
        using TestRest full = new(server, alice), fullReader = new(server, bob);
        Assert.Equal(ErrorCodes.Unavailable, await full.AppendAsync(Wire.Message(stream, epoch: 1)).CodeAsync());
        Assert.Equal(ErrorCodes.Unavailable, await full.CreateAsync(Id.New()).CodeAsync());
        var segment = new ArchiveSegment { Archive = Id.New().Bytes(), Number = 1, Previous = ByteString.CopyFrom(new byte[32]), Sealed = ByteString.CopyFromUtf8("sealed") };
        Assert.Equal(ErrorCodes.Unavailable, await full.SendAsync(HttpMethod.Post, "/api/v1/archive/segments", segment).CodeAsync());
        var notes = new ArchiveNotes { Version = 1, Sealed = ByteString.CopyFromUtf8("sealed") };
        Assert.Equal(ErrorCodes.Unavailable, await full.SendAsync(HttpMethod.Put, "/api/v1/archive/notes", notes).CodeAsync());
        await using (TestSocket socket = await TestSocket.ConnectAsync(server, bob))
        {
            Assert.Equal(ErrorCodes.Unavailable, (await socket.AppendAsync(Wire.Message(stream, epoch: 1))).Rejected.Code);
        }
        Assert.Equal(HttpStatusCode.NoContent, await full.UnsubscribeAsync(left).StatusAsync());
        Assert.Equal(HttpStatusCode.NoContent, await full.AckAsync(stream, 2).StatusAsync());
        Assert.Equal(2ul, (await fullReader.EntriesAsync(stream)).Head);
        Assert.Equal(HttpStatusCode.NoContent, await fullReader.AckAsync(stream, 2).StatusAsync());
        await server.EventuallyAsync("SELECT count(*) FROM run WHERE payload IS NOT NULL", 0);

        // What they left free inside the database is used again, though the disk has no more than before.
        reserve = 2 * new DriveInfo(server.Folder).AvailableFreeSpace;
        await server.RestartAsync();
        using TestRest again = new(server, alice);
        await again.AppendedAsync(Large(stream, Limits.EntryBytes / 2, epoch: 1));
        Assert.Equal(ErrorCodes.Unavailable, await again.AppendAsync(Large(stream, Limits.EntryBytes, epoch: 1)).CodeAsync());
    }

    // K-54
    [Fact]
    public static async Task Streams_acknowledgements_and_archives_have_their_rates()
    {
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { AppendBurst = 20, StreamBurst = 5, DeviceStreams = 7 });
        PlainDevice alice = PlainDevice.New();
        using var rest = new TestRest(server, alice);
        var stream = Id.New();
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
        for (int i = 1; i < 5; i++)
            Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(Id.New()).StatusAsync());
        Assert.Equal(ErrorCodes.RateLimited, await rest.CreateAsync(Id.New()).CodeAsync());
        // 120 an hour.
        server.Clock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(Id.New()).StatusAsync());
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(Id.New()).StatusAsync());
        Assert.Equal(ErrorCodes.RateLimited, await rest.CreateAsync(Id.New()).CodeAsync());
        // It has as many as it may have; one less, and there is room for one.
        server.Clock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(ErrorCodes.RateLimited, await rest.CreateAsync(Id.New()).CodeAsync());
        Assert.Equal(HttpStatusCode.NoContent, await rest.UnsubscribeAsync(stream).StatusAsync());
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());

        for (int i = 0; i < 20; i++)
            Assert.Equal(HttpStatusCode.NoContent, await rest.AckAsync(stream, 0).StatusAsync());
        Assert.Equal(ErrorCodes.RateLimited, await rest.AckAsync(stream, 0).CodeAsync());
        // Who acknowledges too often still sends.
        await rest.AppendedAsync(Wire.Message(stream));
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        for (ulong version = 0; version < 2; version++)
            Assert.Equal(HttpStatusCode.OK, await PutAsync(version).StatusAsync());
        Assert.Equal(ErrorCodes.RateLimited, await PutAsync(2).CodeAsync());

        Task<HttpResponseMessage> PutAsync(ulong version) =>
            rest.SendAsync(HttpMethod.Put, "/api/v1/archive", new PutArchive { Version = version, State = ByteString.CopyFromUtf8("sealed") });
    }

    const string Cut = "cut";

    /// <summary>Keeps the writer.</summary>
    sealed class Stuck : AwaitedOperation
    {
        readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously), _end = new();

        public Task Begun => _begun.Task;

        public void End() => _end.SetResult();

        public override Outcome Apply(Batch batch)
        {
            _begun.SetResult();
            _end.Task.Wait(Awaited.Patience);
            return Outcome.Done;
        }
    }

    static Append Large(Id stream, int bytes, ulong epoch = 0)
    {
        Append append = Wire.Message(stream, epoch);
        append.Payload = UnsafeByteOperations.UnsafeWrap(new byte[bytes]);
        return append;
    }

    static byte[] Head(string method, string token, Id stream, int? length) => Encoding.ASCII.GetBytes(
        $"{method} /api/v1/streams/{stream}/entries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        + (length is null ? "\r\n" : $"Content-Type: application/x-protobuf\r\nContent-Length: {length}\r\n\r\n"));

    /// <summary>Sends a body but for its last byte; what the server says to that.</summary>
    static async Task<string> UploadAsync(Uri server, string token, Id stream, List<TcpClient> held)
    {
        TcpClient client = new();
        lock (held) held.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Cancel);
        Task<string> answer = ReadAsync(client);
        try
        {
            await client.GetStream().WriteAsync(Head("POST", token, stream, UploadBytes), Cancel);
            byte[] piece = new byte[64 * 1024];
            for (int sent = 0; sent < UploadBytes - 1 && !answer.IsCompleted; sent += piece.Length)
                await client.GetStream().WriteAsync(piece.AsMemory(0, Math.Min(piece.Length, UploadBytes - 1 - sent)), Cancel);
        }
        catch (IOException)
        {
            // It was answered meanwhile.
        }
        return await answer;
    }

    /// <summary>The first so many that are done.</summary>
    static async Task<string[]> FirstAsync(int count, IEnumerable<Task<string>> all)
    {
        List<Task<string>> waiting = [.. all], done = [];
        while (done.Count < count)
        {
            Task<string> next = await Task.WhenAny(waiting);
            waiting.Remove(next);
            done.Add(next);
        }
        return await Task.WhenAll(done);
    }

    /// <summary>Asks for all there is and reads the first bytes of the answer.</summary>
    static async Task<string> AskAsync(Uri server, string token, Id stream, List<TcpClient> held)
    {
        TcpClient client = new() { ReceiveBufferSize = 4_096 };
        lock (held) held.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Cancel);
        await client.GetStream().WriteAsync(Head("GET", token, stream, null), Cancel);
        byte[] start = new byte[12];
        await client.GetStream().ReadExactlyAsync(start, Cancel);
        return Encoding.ASCII.GetString(start);
    }

    /// <summary>What there is to see an interval later.</summary>
    static Task<T> LaterAsync<T>(MessagingServer server, Func<T> look)
    {
        server.Clock.Advance(Pace.Interval);
        return Task.FromResult(look());
    }

    /// <summary>What another account does: messages, and an entry too large for a frame, there and back.</summary>
    static async Task GoOnAsync(TestRest rest, Id stream)
    {
        for (int i = 0; i < 5; i++)
            await rest.AppendedAsync(Wire.Message(stream));
        ulong seq = (await rest.AppendedAsync(Large(stream, 1 << 20))).Seq;
        Assert.Equal(1 << 20, (await rest.EntriesAsync(stream, after: seq - 1)).Entries.Single().Payload.Length);
    }

    static async Task<string> ReadAsync(TcpClient client)
    {
        byte[] answer = new byte[64 * 1024];
        StringBuilder text = new();
        try
        {
            for (int read; (read = await client.GetStream().ReadAsync(answer, Cancel)) > 0;)
                text.Append(Encoding.Latin1.GetString(answer, 0, read));
        }
        catch (IOException)
        {
            return text.Length > 0 ? text.ToString() : Cut;
        }
        return text.ToString();
    }
}

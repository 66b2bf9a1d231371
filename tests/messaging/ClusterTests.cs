using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>Two delivery services, one authentication service, PostgreSQL and Redis, each a process that can die.</summary>
public sealed class ClusterTests(SharedCluster shared) : IClassFixture<SharedCluster>
{
    // K-62, K-64
    [Fact]
    public async Task Conversations_and_revocations_cross_nodes_and_neither_Redis_nor_the_logs_of_PostgreSQL_say_anything()
    {
        ClusterScene scene = await shared.SceneAsync();
        Func<Task<string>> monitored = await scene.MonitorAsync();
        Dictionary<string, double> before = (await MeasuredAsync()).Figures;
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        Id stream = Id.New();
        await using TestSocket first = await TestSocket.ConnectAsync(scene.First.Address, scene.Token(alice));
        await using TestSocket second = await TestSocket.ConnectAsync(scene.Second.Address, scene.Token(bob));
        using var rest = new TestRest(scene.First.Address, () => scene.Token(alice));
        using var other = new TestRest(scene.Second.Address, () => scene.Token(bob));

        // Made and joined on one node, it opens on the other.
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
        Assert.Equal(ErrorCodes.IdTaken, await other.CreateAsync(stream).CodeAsync());
        await rest.AppendedAsync(Wire.Commit(stream, 0, add: [bob]));
        Assert.Equal(Kind.Welcome, (await second.EntryAsync()).Kind);
        Assert.Equal(HttpStatusCode.OK, await other.WelcomeAsync(stream, 1).StatusAsync());

        // Both write at once: one order, without a gap, the same for both.
        const int each = 100;
        await Task.WhenAll(WriteAsync(first, "from the first"), WriteAsync(second, "from the second"));
        List<Entry> alices = await ReadAsync(first, 1), bobs = await ReadAsync(second, 2);
        Assert.Equal(bobs.Select(e => (e.Seq, e.Id)), alices.Where(e => e.Seq > 1).Select(e => (e.Seq, e.Id)));

        // An append that is repeated on the other node is the same entry; an old epoch is old everywhere.
        Append repeated = Wire.Message(stream, 1, "once");
        Appended stored = await rest.AppendedAsync(repeated);
        Assert.Equal(stored.Seq, (await other.AppendedAsync(repeated)).Seq);
        Assert.Equal(ErrorCodes.StaleEpoch, await other.AppendAsync(Wire.Message(stream, 0)).CodeAsync());
        Append[] commits = [Wire.Commit(stream, 1), Wire.Commit(stream, 1)];
        HttpStatusCode[] codes = await Task.WhenAll(rest.AppendAsync(commits[0]).StatusAsync(), other.AppendAsync(commits[1]).StatusAsync());
        Assert.Single(codes, HttpStatusCode.Conflict);

        // What both have acknowledged, each where it is, is gone.
        ulong head = stored.Seq + 1;
        await rest.AckAsync(stream, head).StatusAsync();
        await other.AckAsync(stream, head).StatusAsync();
        Assert.Equal(0, scene.Messaging.Count($"SELECT COUNT(*) FROM run JOIN stream ON stream.key = run.stream WHERE stream.id = x'{stream}'"));

        // A session that ends at the authentication service ends its sockets on every node, and its tokens are refused there.
        using var http = new HttpClient { BaseAddress = scene.Auth.Address };
        InstanceInfo info = JsonSerializer.Deserialize(
            await http.GetStringAsync("/auth/v1/instance", TestContext.Current.CancellationToken), AuthJson.Default.InstanceInfo)!;
        using TestDevice person = TestDevice.New(http, info.Id);
        Assert.Equal(HttpStatusCode.Accepted, await person.RegisterAsync(person.Registration()).StatusAsync());
        await person.LogInAsync();
        string token = person.Session!.MessagingToken;

        // Whoever runs the instance sees both nodes on either, and what the authentication service writes down as purged goes at the delivery services.
        scene.Accounts.Execute($"UPDATE account SET rank = 'owner' WHERE id = x'{person.Account}'");
        string dashboard;
        using (HttpResponseMessage opened = await person.SendAsync(HttpMethod.Post, AuthorityTable.OpenDashboard(person).Path, AuthorityTable.OpenDashboard(person).Body))
            dashboard = JsonSerializer.Deserialize(await opened.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), AdminJson.Default.AdminSession)!.Token;
        foreach (ServerProcess node in (ServerProcess[])[scene.First, scene.Second])
        {
            MessagingOverview overview = await Awaited.UntilAsync(async () => JsonSerializer.Deserialize(
                await ContentAsync(node, HttpMethod.Get, "/api/v1/admin/overview", dashboard), AdminJson.Default.MessagingOverview)!, seen => seen.Nodes.Length >= 2 && seen.Delivery.Count > 0);
            Assert.Equal(overview.Nodes.Sum(n => n.Connections), overview.Connections);
        }
        Id purged = Id.New();
        DeclareAttachment declared = AuthorityTable.Declaration();
        declared.Lives = 30 * 86_400;
        using (var owns = new TestRest(scene.First.Address, () => token))
            (await owns.SendAsync(HttpMethod.Put, $"/api/v1/attachments/{purged}", declared)).EnsureSuccessStatusCode().Dispose();
        await ContentAsync(scene.First, HttpMethod.Patch, AuthorityTable.Part(purged).Path, token, AuthorityTable.Part(purged).Body);
        Assert.Single(Directory.GetFiles(scene.Blobs, $"{purged}", SearchOption.AllDirectories));
        scene.Messaging.Execute($"UPDATE attachment SET expires = expires - 172800 WHERE id = x'{purged}'");
        await ContentAsync(scene.Auth, HttpMethod.Post, "/auth/v1/admin/storage/purge", dashboard, TestDevice.Json(new PurgeStorage(1), AdminJson.Default.PurgeStorage));
        await Awaited.UntilAsync(() => Task.FromResult(Directory.GetFiles(scene.Blobs, $"{purged}", SearchOption.AllDirectories)), files => files.Length == 0);
        Assert.Equal(0, scene.Messaging.Count("SELECT COUNT(*) FROM attachment") + scene.Messaging.Count("SELECT SUM(bytes) + SUM(files) FROM attachment_use"));

        await using TestSocket theirs = await TestSocket.ConnectAsync(scene.Second.Address, token);
        Assert.Equal(HttpStatusCode.NoContent, await person.SendAsync(HttpMethod.Delete, "/auth/v1/sessions/current").StatusAsync());
        Assert.Equal(ErrorCodes.DeviceRemoved, (await theirs.ClosedAsync()).Code);
        using var refused = new TestRest(scene.Second.Address, () => token);
        Assert.Equal(ErrorCodes.Unauthenticated, await refused.SendAsync(HttpMethod.Get, "/api/v1/streams").CodeAsync());

        // Who is connected where is known for less than a minute at a time, and not after it left.
        Assert.Equal("1", await scene.AskRedisAsync($"EXISTS kavalek:p:{bob.Device}"));
        Assert.InRange(int.Parse(await scene.AskRedisAsync($"TTL kavalek:p:{bob.Device}"), System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        await Awaited.UntilAsync(() => scene.AskRedisAsync($"EXISTS kavalek:p:{person.Device}"), exists => exists == "0");

        // What Prometheus reads names nobody, and is not where people are.
        (string page, Dictionary<string, double> measured) = await MeasuredAsync();
        double Since(string name) => measured[name] - before[name];
        Assert.True(Since("kavalek_operations") > each);
        Assert.Equal(0, Since("kavalek_operations_failed"));
        Assert.True(measured["kavalek_connections"] >= 1);
        Assert.True(measured["kavalek_database_bytes"] > 0 && measured["process_resident_memory_bytes"] > 0 && measured.ContainsKey("kavalek_queue"));
        // What was stored here came to somebody here.
        foreach (string what in (string[])["commit", "delivery"])
            Assert.True(Since($"kavalek_{what}_seconds_count") > 0 && Since($"kavalek_{what}_seconds_sum") > 0);
        foreach (string canary in (string[])[person.Email, person.Handle, token, "127.0.0.1", .. ((Id[])[stream, alice.Device, bob.Device, person.Account, person.Device]).Select(id => id.ToString())])
            Assert.DoesNotContain(canary, page, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(ErrorCodes.NotFound, await other.SendAsync(HttpMethod.Get, "/metrics").CodeAsync());
        Assert.Equal(ErrorCodes.NotFound, await rest.SendAsync(HttpMethod.Get, "/metrics").CodeAsync());

        // Redis has heard ids and ciphertext; it keeps nothing; and who has no password hears nothing.
        string heard = await monitored();
        Assert.Contains(stream.ToString(), heard, StringComparison.Ordinal);
        foreach (string canary in (string[])[person.Email, person.Handle, token, dashboard, person.Session.AuthToken, person.Session.RefreshToken])
        {
            Assert.DoesNotContain(canary, heard, StringComparison.Ordinal);
            Assert.DoesNotContain(canary, scene.PostgresLog, StringComparison.Ordinal);
        }
        foreach (Id id in (Id[])[stream, alice.Device, person.Account, person.Device])
            Assert.DoesNotContain(id.ToString(), scene.PostgresLog, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("INSERT", scene.PostgresLog, StringComparison.Ordinal);
        Assert.DoesNotContain("host=", scene.PostgresLog, StringComparison.Ordinal);
        await using NetworkStreamReader stranger = new(await scene.RedisAsync("SSUBSCRIBE kavalek:s:00\r\n"));
        Assert.StartsWith("-NOAUTH", await stranger.LineAsync(), StringComparison.Ordinal);

        async Task<(string Page, Dictionary<string, double> Figures)> MeasuredAsync()
        {
            using var metrics = new HttpClient();
            string read = await metrics.GetStringAsync(scene.Metrics, TestContext.Current.CancellationToken);
            return (read, PrometheusPage.Read(read));
        }

        static async Task<string> ContentAsync(ServerProcess node, HttpMethod method, string path, string token, HttpContent? body = null)
        {
            using var client = new HttpClient { BaseAddress = node.Address };
            using var request = new HttpRequestMessage(method, path) { Content = body };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using HttpResponseMessage answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            string content = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode, content);
            return content;
        }

        Task WriteAsync(TestSocket socket, string text) => Task.Run(async () =>
        {
            for (int i = 0; i < each; i++)
                await socket.SendAsync(new ClientFrame { Append = Wire.Message(stream, 1, $"{text} {i}") });
        }, TestContext.Current.CancellationToken);

        async Task<List<Entry>> ReadAsync(TestSocket socket, ulong from)
        {
            List<Entry> entries = [];
            while (entries.Count == 0 || entries[^1].Seq < 1 + (2 * each))
            {
                Entry entry = await socket.EntryAsync();
                if (Id.Read(entry.Stream.Span) != stream)
                    continue;
                Assert.Equal(entries.Count == 0 ? from : entries[^1].Seq + 1, entry.Seq);
                entries.Add(entry);
            }
            return entries;
        }
    }

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Whatever_dies_or_is_cut_no_acknowledged_message_is_lost_or_doubled_and_the_order_stays()
    {
        ClusterScene scene = await shared.SceneAsync();
        Pair[] pairs = [.. Enumerable.Range(0, 6).Select(i => new Pair(scene, throughNginx: i % 3 == 2))];
        foreach (Pair pair in pairs)
            await pair.MakeAsync();
        using var enough = new CancellationTokenSource();
        Task[] working = [.. pairs.Select(pair => Task.Run(() => pair.WorkAsync(enough.Token)))];
        await GoesOnAsync("nothing", () => Task.CompletedTask);
        await IsAsync(scene.Second, HttpStatusCode.OK, "ready");
        scene.KillRedis();
        // Without Redis everybody goes on, more slowly, and the nodes say so.
        await GoesOnAsync("Redis killed", () => Task.CompletedTask);
        await IsAsync(scene.First, HttpStatusCode.OK, "ready; Redis is away");
        await IsAsync(scene.Second, HttpStatusCode.OK, "ready; Redis is away");
        await GoesOnAsync("Redis started", () =>
        {
            scene.StartRedis();
            return Task.CompletedTask;
        });
        await IsAsync(scene.First, HttpStatusCode.OK, "ready");
        await IsAsync(scene.Second, HttpStatusCode.OK, "ready");
        await GoesOnAsync("PostgreSQL crashed and started", () =>
        {
            scene.CrashPostgres();
            return Task.CompletedTask;
        });
        scene.RedisLine.Cut();
        await GoesOnAsync("the line to Redis cut", () => Task.CompletedTask);
        scene.RedisLine.Mend();
        await GoesOnAsync("a node killed", async () => await scene.First.KillAsync());
        await scene.StartFirstAsync();
        scene.PostgresLine.Cut();
        // Who is connected there is sent away, and finds the other node.
        await GoesOnAsync("one node's line to PostgreSQL cut", () => Task.CompletedTask);
        // Whoever spreads calls over the nodes leaves this one out; it lives all the same.
        await IsAsync(scene.Second, HttpStatusCode.ServiceUnavailable, "the database is away");
        await IsAsync(scene.Second, HttpStatusCode.OK, "live", "/health/live");
        await IsAsync(scene.First, HttpStatusCode.OK, "ready");
        // NGINX does too: a socket that comes now comes to the other.
        await Assert.ThrowsAsync<WebSocketException>(() => TestSocket.OpenAsync(scene.Second.Address));
        for (int i = 0; i < 4; i++)
            await (await TestSocket.OpenAsync(scene.Nginx.Origin, through: scene.Through)).DisposeAsync();
        scene.PostgresLine.Mend();
        await GoesOnAsync("that line whole again", () => Task.CompletedTask);
        await IsAsync(scene.Second, HttpStatusCode.OK, "ready");
        await enough.CancelAsync();
        await Task.WhenAll(working);
        foreach (Pair pair in pairs)
            await pair.CheckAsync();

        // Sooner or later it says so.
        static async Task IsAsync(ServerProcess node, HttpStatusCode status, string says, string path = "/health/ready")
        {
            using var http = new HttpClient { BaseAddress = node.Address };
            await Awaited.UntilAsync(async () =>
            {
                using HttpResponseMessage answer = await http.GetAsync(path, TestContext.Current.CancellationToken);
                return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            }, said => said == (status, says));
        }

        // Everybody reads something that was written after it.
        async Task GoesOnAsync(string what, Func<Task> fault)
        {
            long begin = Stopwatch.GetTimestamp();
            await fault();
            int[] before = [.. pairs.Select(pair => pair.Written)];
            while (pairs.Where((pair, i) => pair.Read < before[i] + 20).Any())
            {
                Assert.All(working, task => Assert.False(task.IsFaulted, task.Exception?.ToString()));
                await Task.WhenAny([.. pairs.Select(pair => pair.NextAsync())]).WaitAsync(Patience);
                Assert.True(Stopwatch.GetElapsedTime(begin) < Patience, $"{what}: {string.Join(", ", pairs.Select((pair, i) => $"{pair.Written - before[i]} written and {pair.Read - before[i]} read"))}");
            }
            TestContext.Current.SendDiagnosticMessage($"{what}: everybody went on after {Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0} s");
        }
    }

    /// <summary>One writes, on whichever node answers; one reads on the second node as long as that takes it. Or both go by NGINX, which takes the node.</summary>
    sealed class Pair(ClusterScene scene, bool throughNginx)
    {
        readonly PlainDevice _writer = PlainDevice.New(), _reader = PlainDevice.New();
        readonly Id _stream = Id.New();
        readonly List<Append> _sent = [];
        readonly List<ulong> _acknowledged = [];
        readonly List<ByteString> _read = [];
        volatile int _written, _readCount;
        volatile ByteString? _last; // set before it is sent, so that who reads it knows that nothing follows
        volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Written => _written;
        public int Read => _readCount;

        /// <summary>Until it has written or read something more.</summary>
        public Task NextAsync() => _next.Task;

        public async Task MakeAsync()
        {
            using var rest = new TestRest(scene.First.Address, () => scene.Token(_writer));
            (await rest.CreateAsync(_stream)).Dispose();
            await rest.AppendedAsync(Wire.Commit(_stream, 0, add: [_reader]));
        }

        public async Task WorkAsync(CancellationToken enough)
        {
            Task reading = Task.Run(ReadAsync, CancellationToken.None);
            await WriteAsync(enough);
            await reading;
        }

        public async Task CheckAsync()
        {
            using var rest = new TestRest(scene.Second.Address, () => scene.Token(_writer));
            List<Entry> entries = [];
            while (await rest.EntriesAsync(_stream, after: entries.LastOrDefault()?.Seq ?? 0) is { Entries.Count: > 0 } page)
                entries.AddRange(page.Entries);
            Assert.Equal(Enumerable.Range(1, entries.Count).Select(i => (ulong)i), entries.Select(e => e.Seq));
            Assert.Equal(_sent.Select(a => a.Id), entries.Skip(1).Select(e => e.Id));
            Assert.Equal(Enumerable.Range(2, _sent.Count).Select(i => (ulong)i), _acknowledged);
            Assert.Equal(_sent.Select(a => a.Id), _read);
        }

        // One at a time, so that the order of sending is the order that is owed; each again until it is acknowledged.
        async Task WriteAsync(CancellationToken enough)
        {
            TestSocket? socket = null;
            for (int node = 0; _last is null;)
            {
                Append append = Wire.Message(_stream, 1, $"{_sent.Count} {new string('x', 500)}");
                _sent.Add(append);
                if (enough.IsCancellationRequested)
                    _last = append.Id;
                for (Appended? appended = null; appended is null;)
                {
                    try
                    {
                        socket ??= await ConnectAsync(node++ % 2 == 0 ? scene.First : scene.Second, _writer, window: 1);
                        ServerFrame answer = await socket.AppendAsync(append);
                        appended = answer.Appended;
                        if (appended is null)
                        {
                            Assert.Equal(ErrorCodes.Unavailable, answer.Rejected?.Code ?? answer.Closing?.Code);
                            socket = null; // Perhaps the other node can.
                        }
                    }
                    catch (Exception e) when (IsGone(e))
                    {
                        socket = null;
                    }
                    if (appended is not null)
                        _acknowledged.Add(appended.Seq);
                }
                _written++;
                Tell();
            }
        }

        async Task ReadAsync()
        {
            TestSocket? socket = null;
            int node = 0;
            while (_last is null || _read.Count == 0 || _read[^1] != _last)
            {
                try
                {
                    socket ??= await ConnectAsync(node++ % 2 == 0 ? scene.Second : scene.First, _reader, Limits.MaximumWindow);
                    node = 0;
                    Entry entry = await socket.EntryAsync();
                    if (entry.Kind == Kind.Welcome)
                        continue;
                    int at = (int)entry.Seq - 2;
                    if (at < _read.Count)
                    {
                        Assert.Equal(_read[at], entry.Id); // again, after a new connection
                    }
                    else
                    {
                        Assert.Equal(_read.Count, at);
                        _read.Add(entry.Id);
                        _readCount++;
                        Tell();
                    }
                    // What came again as well: more than a window of it may be acknowledged and not stored.
                    await socket.AckAsync(_stream, entry.Seq);
                }
                catch (Exception e) when (IsGone(e))
                {
                    socket = null;
                }
            }
        }

        void Tell()
        {
            TaskCompletionSource told = _next;
            _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            told.TrySetResult();
        }

        // A node that cannot ask its database says so instead of Ready.
        async Task<TestSocket> ConnectAsync(ServerProcess node, PlainDevice device, uint window)
        {
            TestSocket socket = throughNginx ? await TestSocket.OpenAsync(scene.Nginx.Origin, through: scene.Through) : await TestSocket.OpenAsync(node.Address);
            await socket.SendAsync(new ClientFrame { Hello = new Hello { Token = scene.Token(device), Window = window } });
            return (await socket.NextFrameAsync()).FrameCase == ServerFrame.FrameOneofCase.Ready ? socket : throw new InvalidOperationException("not ready");
        }

        static bool IsGone(Exception e) => e is WebSocketException or InvalidOperationException or IOException or HttpRequestException;
    }

    sealed class NetworkStreamReader(System.Net.Sockets.NetworkStream stream) : IAsyncDisposable
    {
        readonly StreamReader _reader = new(stream, Encoding.ASCII);

        public async Task<string> LineAsync() => await _reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? "";

        public ValueTask DisposeAsync()
        {
            _reader.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

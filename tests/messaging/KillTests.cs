using System.Globalization;
using System.Net.WebSockets;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>The server is killed or stopped in the middle of its work, ten times here and as often as KAVALEK_KILLS says elsewhere.</summary>
public static class KillTests
{
    const int Pairs = 8, InFlight = 16;

    [Fact]
    public static async Task Killed_or_stopped_under_load_it_has_lost_and_doubled_nothing_it_acknowledged()
    {
        int kills = int.Parse(Environment.GetEnvironmentVariable("KAVALEK_KILLS") ?? "10", CultureInfo.InvariantCulture);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-kill-");
        string? postgres = TestPostgres.Wanted ? TestPostgres.CreateDatabase() : null;
        string file = Path.Combine(folder.FullName, "postgres");
        string[] stores = postgres is null ? [] : ["--database", "postgres", "--connection-file", file];
        if (postgres is not null)
            await File.WriteAllTextAsync(file, postgres, TestContext.Current.CancellationToken);
        var random = new Random(9);
        Pair[] pairs = [];
        for (int kill = 0; kill <= kills; kill++)
        {
            using ServerProcess server = await ServerProcess.StartAsync(folder.FullName, stores);
            Func<PlainDevice, string> token = await server.MintAsync(folder.FullName);
            foreach (Pair pair in pairs)
                await pair.CheckAsync(server.Address, token);
            if (kill == kills)
                break;

            pairs = [.. Enumerable.Range(0, Pairs).Select(_ => new Pair())];
            foreach (Pair pair in pairs)
                await pair.MakeAsync(server.Address, token);
            int enough = random.Next(20, 400);
            Task[] working = [.. pairs.Select(pair => Task.Run(() => pair.WorkAsync(server.Address, token)))];
            while (pairs.Sum(pair => pair.AcknowledgedCount) < Pairs * enough)
                await Task.Yield();
            await (kill % 4 == 3 ? server.StopAsync() : server.KillAsync());
            await Task.WhenAll(working);
        }
        folder.Delete(recursive: true);
        if (postgres is not null)
            TestPostgres.DropDatabase(postgres);
    }

    /// <summary>One writes, one reads and acknowledges; both remember what the server told them.</summary>
    sealed class Pair
    {
        readonly PlainDevice _writer = PlainDevice.New(), _reader = PlainDevice.New();
        readonly Id _stream = Id.New();
        readonly List<Append> _sent = [];
        readonly Dictionary<ByteString, ulong> _acknowledged = [];
        readonly Dictionary<ulong, ByteString> _read = [];
        ulong _readTo = 1;
        volatile int _count;

        public int AcknowledgedCount => _count;

        public async Task MakeAsync(Uri server, Func<PlainDevice, string> token)
        {
            using var rest = new TestRest(server, () => token(_writer));
            (await rest.CreateAsync(_stream)).Dispose();
            await rest.AppendedAsync(Wire.Commit(_stream, 0, add: [_reader]));
        }

        public Task WorkAsync(Uri server, Func<PlainDevice, string> token) =>
            Task.WhenAll(UntilKilledAsync(() => WriteAsync(server, token)), UntilKilledAsync(() => ReadAsync(server, token)));

        public async Task CheckAsync(Uri server, Func<PlainDevice, string> token)
        {
            // The writer never acknowledged, so all is still there: dense, in the order of sending, nothing twice.
            using var rest = new TestRest(server, () => token(_writer));
            List<Entry> entries = [];
            while (await rest.EntriesAsync(_stream, after: entries.LastOrDefault()?.Seq ?? 0) is { Entries.Count: > 0 } page)
                entries.AddRange(page.Entries);
            Assert.Equal(Enumerable.Range(1, entries.Count).Select(i => (ulong)i), entries.Select(e => e.Seq));
            Assert.Equal(_sent.Take(entries.Count - 1).Select(a => a.Id), entries.Skip(1).Select(e => e.Id));
            Assert.All(entries.Skip(1), e => Assert.Equal(_sent[(int)e.Seq - 2].Payload, e.Payload));
            Dictionary<ByteString, ulong> stored = entries.ToDictionary(e => e.Id, e => e.Seq);
            Assert.All(_acknowledged, a => Assert.Equal(a.Value, stored[a.Key]));
            Assert.All(_read, r => Assert.Equal(r.Key, stored[r.Value]));

            // What was not answered is sent again, and again stored once.
            foreach (Append append in _sent.Where(a => !_acknowledged.ContainsKey(a.Id)))
            {
                Appended again = await rest.AppendedAsync(append);
                Assert.Equal(stored.TryGetValue(append.Id, out ulong seq) ? seq : (ulong)_sent.IndexOf(append) + 2, again.Seq);
            }

            // The reader goes on where it was, or a little before.
            await using TestSocket socket = await TestSocket.ConnectAsync(server, token(_reader));
            while (_readTo < (ulong)_sent.Count + 1)
            {
                Entry entry = await socket.EntryAsync();
                if (entry.Kind == Kind.Welcome || entry.Seq <= _readTo)
                    continue;
                Assert.Equal(_readTo + 1, entry.Seq);
                Assert.Equal(_sent[(int)entry.Seq - 2].Id, entry.Id);
                _readTo = entry.Seq;
                await socket.AckAsync(_stream, entry.Seq);
            }
        }

        async Task WriteAsync(Uri server, Func<PlainDevice, string> token)
        {
            await using TestSocket socket = await TestSocket.ConnectAsync(server, token(_writer), window: 1);
            for (int inFlight = 0; ; inFlight--)
            {
                for (; inFlight < InFlight; inFlight++)
                {
                    Append append = Wire.Message(_stream, 1, $"{_sent.Count} {new string('x', 1000)}");
                    _sent.Add(append);
                    await socket.SendAsync(new ClientFrame { Append = append });
                }
                // A server that is told to stop says so, and takes no more.
                Appended appended = (await socket.AnswerAsync()).Appended ?? throw new InvalidOperationException("stopping");
                _acknowledged.Add(appended.Id, appended.Seq);
                _count++;
            }
        }

        async Task ReadAsync(Uri server, Func<PlainDevice, string> token)
        {
            await using TestSocket socket = await TestSocket.ConnectAsync(server, token(_reader));
            while (true)
            {
                Entry entry = await socket.EntryAsync();
                if (entry.Kind == Kind.Welcome)
                    continue;
                Assert.Equal(_readTo + 1, entry.Seq);
                _read.Add(entry.Seq, entry.Id);
                _readTo = entry.Seq;
                await socket.AckAsync(_stream, entry.Seq);
            }
        }

        static async Task UntilKilledAsync(Func<Task> work)
        {
            try
            {
                await work();
            }
            catch (Exception e) when (e is WebSocketException or InvalidOperationException or IOException or HttpRequestException)
            {
                // That was the kill.
            }
        }
    }
}

using System.Diagnostics;
using Kavalek.Protocol;

namespace Kavalek.Server.Benchmarks;

/// <summary>What one workload showed.</summary>
sealed record Result(double PerSecond, double P50, double P95, double P99, double ProcessorPer10K);

/// <summary>The loads of TARGETS: each drives the server from this process over real sockets.</summary>
static class Workloads
{
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    /// <summary>Pairs in conversation: one side writes, the other reads.</summary>
    public static async Task<Result> PairsAsync(Instance server, int pairs, int inFlight, TimeSpan time)
    {
        var latency = new Histogram();
        List<Client> clients = [];
        for (int i = 0; i < pairs; i++)
        {
            Id writer = Id.New(), reader = Id.New();
            Id stream = await server.StreamAsync(writer, reader);
            clients.Add(new Client(server.EndPoint, server.Token(writer), stream, 2 * i, inFlight, latency));
            clients.Add(new Client(server.EndPoint, server.Token(reader), stream, (2 * i) + 1, 0, latency));
        }
        return await MeasureAsync(server, clients, latency, time, () => clients.Sum(c => c.Received));
    }

    /// <summary>One group, everybody online, some write.</summary>
    public static async Task<Result> GroupAsync(Instance server, int members, int writers, int inFlight, TimeSpan time)
    {
        var latency = new Histogram();
        Id[] devices = [.. Enumerable.Range(0, members).Select(_ => Id.New())];
        Id stream = await server.StreamAsync(devices);
        List<Client> clients = [.. devices.Select((device, i) =>
            new Client(server.EndPoint, server.Token(device), stream, i, i < writers ? inFlight : 0, latency))];
        return await MeasureAsync(server, clients, latency, time, () => clients.Sum(c => c.Delivered));
    }

    /// <summary>A fixed number of messages a second, whatever the server does.</summary>
    public static async Task<Result> PacedAsync(Instance server, int pairs, int perSecond, TimeSpan time)
    {
        var latency = new Histogram();
        List<Client> writers = [], clients = [];
        for (int i = 0; i < pairs; i++)
        {
            Id writer = Id.New(), reader = Id.New();
            Id stream = await server.StreamAsync(writer, reader);
            writers.Add(new Client(server.EndPoint, server.Token(writer), stream, 2 * i, 1, latency) { Paced = true });
            clients.Add(writers[^1]);
            clients.Add(new Client(server.EndPoint, server.Token(reader), stream, (2 * i) + 1, 0, latency));
        }
        bool pacing = true;
        async Task PaceAsync()
        {
            await Task.Delay(500);
            long start = Stopwatch.GetTimestamp(), sent = 0;
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
            while (pacing && await timer.WaitForNextTickAsync())
            {
                for (long due = (long)(Stopwatch.GetElapsedTime(start).TotalSeconds * perSecond); sent < due; sent++)
                    await writers[(int)(sent % writers.Count)].AppendAsync(1);
            }
        }

        Task paced = Task.CompletedTask;
        Result result = await MeasureAsync(server, clients, latency, time, () => clients.Sum(c => c.Received), () => paced = Task.Run(PaceAsync), () => pacing = false);
        await paced;
        return result;
    }

    /// <summary>People come back to what was written while they were away: entries a second until all have everything.</summary>
    public static async Task<Result> DrainAsync(Instance server, int people, int each)
    {
        var latency = new Histogram();
        List<Client> readers = [], writers = [];
        for (int i = 0; i < people; i++)
        {
            Id writer = Id.New(), reader = Id.New();
            Id stream = await server.StreamAsync(writer, reader);
            writers.Add(new Client(server.EndPoint, server.Token(writer), stream, 2 * i, 50, latency) { Most = each });
            readers.Add(new Client(server.EndPoint, server.Token(reader), stream, (2 * i) + 1, 0, latency));
        }
        await Task.WhenAll(writers.Select(async writer =>
        {
            await writer.ConnectAsync();
            Task run = writer.RunAsync(() => true);
            while (writer.Appended < each)
                await Task.WhenAny(run, Task.Delay(20));
            writer.Dispose();
        }));
        double processor = server.ProcessorSeconds();
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(readers.Select(reader => reader.ConnectAsync()));
        Task[] runs = [.. readers.Select(reader => Task.Run(() => reader.RunAsync(() => false)))];
        while (readers.Any(reader => reader.Delivered < each))
        {
            if (runs.FirstOrDefault(r => r.IsFaulted) is { } failed)
                await failed;
            await Task.Delay(2);
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        processor = server.ProcessorSeconds() - processor;
        await EndAsync(readers, runs);
        return new Result(people * each / seconds, 0, 0, 0, processor / (people * each) * 10_000);
    }

    /// <summary>Sockets that say nothing: how long it takes to open them, and what each keeps in memory.</summary>
    public static async Task<(double LogInsPerSecond, double BytesEach)[]> IdleAsync(Instance server, params int[] counts)
    {
        List<LoadSocket> sockets = [];
        List<(double, double)> results = [];
        // The code is compiled and the heap has its first size: that is the server's, not a socket's.
        foreach (LoadSocket socket in await OpenIdleAsync(server, 500))
            socket.Dispose();
        await Task.Delay(TimeSpan.FromSeconds(2));
        long before = server.ResidentBytes();
        foreach (int count in counts)
        {
            long start = Stopwatch.GetTimestamp();
            LoadSocket[] opened = await OpenIdleAsync(server, count - sockets.Count);
            double logIns = opened.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
            sockets.AddRange(opened);
            // Garbage of the handshakes is not what a socket costs: let the server come to rest.
            await Task.Delay(TimeSpan.FromSeconds(4));
            results.Add((logIns, (server.ResidentBytes() - before) / (double)count));
        }
        foreach (LoadSocket socket in sockets)
            socket.Dispose();
        return [.. results];
    }

    static async Task<LoadSocket[]> OpenIdleAsync(Instance server, int count)
    {
        var opened = new LoadSocket[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 48 }, async (i, _) =>
        {
            LoadSocket socket = opened[i] = new LoadSocket(server.EndPoint);
            await socket.OpenAsync(LoadSocket.Hello(server.Token(Id.New()), 256), bufferBytes: 2048);
            while (!socket.TryNext(out ReadOnlySpan<byte> _))
            {
                if (!await socket.ReadAsync())
                    throw new IOException("closed");
            }
        });
        return opened;
    }

    static async Task<Result> MeasureAsync(
        Instance server, List<Client> clients, Histogram latency, TimeSpan time, Func<long> count, Action? begin = null, Action? end = null)
    {
        bool going = true;
        await Task.WhenAll(clients.Select(client => client.ConnectAsync()));
        Task[] runs = [.. clients.Select(client => Task.Run(() => client.RunAsync(() => going)))];
        begin?.Invoke();
        await Task.Delay(WarmUp);
        latency.Counts = true;
        long counted = count();
        double processor = server.ProcessorSeconds();
        long start = Stopwatch.GetTimestamp();
        if (await Task.WhenAny([Task.Delay(time), .. runs]) is { IsFaulted: true } failed)
            await failed;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        counted = count() - counted;
        processor = server.ProcessorSeconds() - processor;
        latency.Counts = false;
        end?.Invoke();
        going = false;
        await Task.Delay(300);
        await EndAsync(clients, runs);
        return new Result(
            counted / seconds, latency.Milliseconds(0.5), latency.Milliseconds(0.95), latency.Milliseconds(0.99), processor / Math.Max(counted, 1) * 10_000);
    }

    static async Task EndAsync(List<Client> clients, Task[] runs)
    {
        foreach (Client client in clients)
            client.Dispose();
        foreach (Task run in runs)
        {
            try
            {
                await run;
            }
            catch (Exception e) when (e is System.Net.Sockets.SocketException or ObjectDisposedException)
            {
                // We hung up.
            }
        }
    }
}

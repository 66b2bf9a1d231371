using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kavalek.Server.Benchmarks;

/// <summary>What the platform gives when nothing is asked of it: the yardstick of the same minute.</summary>
static class PlatformLimits
{
    /// <summary>A bare WebSocket relay on Kestrel, in a process of its own: no accounts, no storage, no acknowledgements.</summary>
    public static async Task RelayAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        app.UseWebSockets();
        var waiting = new ConcurrentDictionary<int, TaskCompletionSource<WebSocket>>();
        app.Run(async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            byte[] buffer = new byte[8 * 1024];
            // The first message is the number of the one to relay to, then one's own.
            await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            waiting.GetOrAdd(BitConverter.ToInt32(buffer, 4), _ => new()).SetResult(socket);
            WebSocket other = await waiting.GetOrAdd(BitConverter.ToInt32(buffer), _ => new()).Task;
            try
            {
                while (await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } got)
                    await other.SendAsync(buffer.AsMemory(0, got.Count), WebSocketMessageType.Binary, got.EndOfMessage, CancellationToken.None);
            }
            catch (Exception e) when (e is WebSocketException or IOException)
            {
                context.Abort();
            }
        });
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        await app.WaitForShutdownAsync();
    }

    /// <summary>Messages of 1 KiB a second that the relay passes on between pairs, so many in flight.</summary>
    public static async Task<Result> RelayRateAsync(ChildProcess relay, int pairs, int inFlight, TimeSpan time)
    {
        var latency = new Histogram { Counts = true };
        byte[] message = LoadSocket.Frame(new byte[Client.PayloadBytes]);
        long passed = 0;
        bool going = true;
        List<LoadSocket> sockets = [];
        List<Task> runs = [];
        var server = new IPEndPoint(IPAddress.Loopback, relay.Address.Port);
        for (int i = 0; i < 2 * pairs; i++)
        {
            var socket = new LoadSocket(server);
            sockets.Add(socket);
            await socket.OpenAsync(LoadSocket.Frame([.. BitConverter.GetBytes(i ^ 1), .. BitConverter.GetBytes(i)]));
        }
        double processor = relay.ProcessorSeconds();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 2 * pairs; i++)
        {
            LoadSocket socket = sockets[i];
            int first = i % 2 == 0 ? inFlight : 0;
            runs.Add(Task.Run(() => BounceAsync(socket, first)));
        }
        await Task.Delay(time);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long count = Interlocked.Read(ref passed);
        processor = relay.ProcessorSeconds() - processor;
        going = false;
        await Task.Delay(100);
        sockets.ForEach(socket => socket.Dispose());
        return new Result(count / seconds, latency.Milliseconds(0.5), latency.Milliseconds(0.95), latency.Milliseconds(0.99), processor / count * 10_000);

        async Task BounceAsync(LoadSocket socket, int first)
        {
            byte[] batch = new byte[inFlight * message.Length];
            for (int i = 0; i < inFlight; i++)
                message.CopyTo(batch, i * message.Length);
            try
            {
                if (first > 0)
                    await socket.SendAsync(batch);
                while (await socket.ReadAsync())
                {
                    int got = 0;
                    while (socket.TryNext(out ReadOnlySpan<byte> _))
                        got++;
                    Interlocked.Add(ref passed, got);
                    if (got > 0 && going)
                        await socket.SendAsync(batch.AsMemory(0, got * message.Length));
                }
            }
            catch (Exception e) when (e is System.Net.Sockets.SocketException or ObjectDisposedException)
            {
                // We hung up.
            }
        }
    }

    /// <summary>Rows of 1 KiB a second that one connection stores durably, so many in a transaction.</summary>
    public static double StorageRate(int inTransaction, TimeSpan time)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-storage-");
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(folder.FullName, "rows.db")};Pooling=False"))
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE row (stream INTEGER, seq INTEGER, payload BLOB, PRIMARY KEY (stream, seq)) WITHOUT ROWID");
            using SqliteCommand insert = connection.CreateCommand();
            insert.CommandText = "INSERT INTO row VALUES (@stream, @seq, @payload)";
            SqliteParameter stream = insert.Parameters.Add("@stream", SqliteType.Integer), seq = insert.Parameters.Add("@seq", SqliteType.Integer);
            insert.Parameters.Add("@payload", SqliteType.Blob).Value = new byte[Client.PayloadBytes];
            insert.Prepare();
            long rows = 0, start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                Execute(connection, "BEGIN");
                for (int i = 0; i < inTransaction; i++)
                {
                    (stream.Value, seq.Value) = (rows % 50, ++rows);
                    insert.ExecuteNonQuery();
                }
                Execute(connection, "COMMIT");
            }
            double rate = rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
            connection.Close();
            folder.Delete(recursive: true);
            return rate;
        }
    }

    static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kavalek.Server.Benchmarks;

/// <summary>PostgreSQL, and Redis for several nodes, as the servers under measurement share them: real ones, that sync to the disk.</summary>
sealed class Stores : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-stores-").FullName;
    readonly Process? _redis;
    readonly int _postgres;

    public Stores(bool redis)
    {
        // PostgreSQL's own user looks for its folder below ours.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherExecute);
        // Set up as it is shipped, but for where it listens.
        string[] shipped = [.. File.ReadLines("infrastructure/postgres/postgresql.conf").Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0 && !line.StartsWith("listen_addresses", StringComparison.Ordinal))];
        string connection = Script("postgres.sh", ["start", Path.Combine(_folder, "postgres"), .. shipped]);
        string file = Path.Combine(_folder, "connection");
        File.WriteAllText(file, connection);
        Options = ["--database", "postgres", "--connection-file", file];
        _postgres = int.Parse(File.ReadLines(Path.Combine(_folder, "postgres", "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        if (!redis)
            return;
        using (Socket socket = new(SocketType.Stream, ProtocolType.Tcp))
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            file = Path.Combine(_folder, "redis");
            File.WriteAllText(file, $"redis://127.0.0.1:{((IPEndPoint)socket.LocalEndPoint!).Port}");
        }
        string[] settings = ["--port", $"{new Uri(File.ReadAllText(file)).Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder];
        _redis = Process.Start(new ProcessStartInfo("redis-server", settings) { RedirectStandardOutput = true })!;
        _ = _redis.StandardOutput.ReadToEndAsync();
        Options = [.. Options, "--redis-file", file];
    }

    /// <summary>The options by which a server finds them.</summary>
    public string[] Options { get; }

    /// <summary>Processor seconds of all of them, since their start.</summary>
    public double ProcessorSeconds()
    {
        double ticks = 0;
        foreach (string folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out int id))
                continue;
            try
            {
                string stat = File.ReadAllText(Path.Combine(folder, "stat"));
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                if (id == _postgres || id == _redis?.Id || int.Parse(fields[1], CultureInfo.InvariantCulture) == _postgres)
                    ticks += fields[11..13].Sum(field => double.Parse(field, CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }
        return ticks / 100;
    }

    public void Dispose()
    {
        _redis?.Kill();
        _redis?.Dispose();
        Script("postgres.sh", "stop", Path.Combine(_folder, "postgres"), "immediate");
        Directory.Delete(_folder, recursive: true);
    }

    static string Script(string name, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Path.Combine("scripts", name), arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{name} failed");
    }
}

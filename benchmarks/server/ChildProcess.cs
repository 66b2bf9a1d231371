using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Kavalek.Server.Benchmarks;

/// <summary>A process under measurement: started here, stopped here, with its processor time and memory read from the kernel.</summary>
sealed partial class ChildProcess : IDisposable
{
    const double TicksPerSecond = 100; // USER_HZ

    readonly Process _process;

    ChildProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>From its start until it said where it listens.</summary>
    public TimeSpan StartedIn { get; private init; }

    public int Id => _process.Id;

    /// <summary>Starts an executable and waits until a line of its output names its address.</summary>
    public static async Task<ChildProcess> StartAsync(string file, params string[] arguments)
    {
        var start = Stopwatch.StartNew();
        var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Listening().Match(line) is { Success: true } match)
            {
                _ = process.StandardOutput.ReadToEndAsync();
                return new ChildProcess(process, new Uri(match.Value)) { StartedIn = start.Elapsed };
            }
        }
        throw new InvalidOperationException($"{file} did not start");
    }

    /// <summary>Processor seconds since its start, user and system.</summary>
    public double ProcessorSeconds()
    {
        string stat = File.ReadAllText($"/proc/{_process.Id}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Resident memory, bytes.</summary>
    public long ResidentBytes()
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Listening();
}

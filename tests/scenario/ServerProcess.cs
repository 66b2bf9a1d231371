using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Kavalek.Scenario.Tests;

/// <summary>The server as its operator runs it: a process of its own on a free loopback port, with a data folder that outlives it.</summary>
sealed partial class ServerProcess : IAsyncDisposable
{
    readonly string _data;
    readonly string[] _options;
    readonly ConcurrentQueue<string> _output = new();
    Process? _process;

    ServerProcess(string data, Uri origin, string[] options) => (_data, Origin, _options) = (data, origin, options);

    public Uri Origin { get; }

    /// <summary>Everything it printed in all of its lives.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Where the one-time link of the first start leads.</summary>
    public string SetupSecret => SetupLink().Match(Output).Groups[1].Value;

    /// <summary>The data folder.</summary>
    public string Data => _data;

    public static async Task<ServerProcess> StartAsync(string data, params string[] options)
    {
        var server = new ServerProcess(data, new Uri($"http://127.0.0.1:{FreePort()}"), options);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it, or starts it again, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Kavalek.Host"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["--data", _data, "--urls", Origin.GetLeftPart(UriPartial.Authority), .. _options])
        {
            start.ArgumentList.Add(argument);
        }
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        using var http = new HttpClient();
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(30);)
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(new Uri(Origin, "/api/healthz"), TestContext.Current.CancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!_process.HasExited)
            {
                // Not listening yet.
            }
        }
        throw new InvalidOperationException($"the server did not start:\n{Output}");
    }

    /// <summary>SIGKILL: nothing is flushed, nobody is told.</summary>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process?.Dispose();
    }

    static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [GeneratedRegex("#setup=([A-Za-z0-9_-]{22})")]
    private static partial Regex SetupLink();
}

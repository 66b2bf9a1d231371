using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Kavalek.Cli.Tests;

/// <summary>What a command printed and how it ended.</summary>
sealed record Outcome(int ExitCode, string Out, string Error)
{
    public string All => Out + Error;

    public Outcome Ended(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"ended with {ExitCode} instead of {exitCode}\n--- out\n{Out}\n--- error\n{Error}");
        Assert.DoesNotContain("   at Kavalek.", All);
        return this;
    }

    public Outcome Ok() => Ended(Cli.ExitCode.Ok);
}

/// <summary>The built executable as a process of its own, with a profile folder of its own.</summary>
sealed class KavalekProcess : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    readonly Process _process;
    readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    readonly StringBuilder _error = new();
    readonly Task _reading;

    KavalekProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, line => _lines.Writer.TryWrite(line)), ReadAsync(process.StandardError, line =>
        {
            lock (_error)
                _error.AppendLine(line);
        }));
    }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Runs a command to its end.</summary>
    public static async Task<Outcome> RunAsync(string? profile, string? password, string[] arguments, string input = "", Action<ProcessStartInfo>? change = null)
    {
        using var process = new Process { StartInfo = StartInfo(profile, password, arguments) };
        change?.Invoke(process.StartInfo);
        process.Start();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading.
        }
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        return new Outcome(process.ExitCode, await output, await error);
    }

    /// <summary>Starts a command that stays.</summary>
    public static KavalekProcess Start(string profile, string password, params string[] arguments)
    {
        ProcessStartInfo info = StartInfo(profile, password, arguments);
        return new KavalekProcess(Process.Start(info)!);
    }

    /// <summary>Types a line.</summary>
    public async Task TypeAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Ends its input.</summary>
    public void EndInput() => _process.StandardInput.Close();

    /// <summary>The next line of output that fits.</summary>
    public async Task<string> LineAsync(Func<string, bool> fits)
    {
        var seen = new List<string>();
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(Patience);
            await foreach (string line in _lines.Reader.ReadAllAsync(patience.Token))
            {
                if (fits(line))
                    return line;
                seen.Add(line);
            }
        }
        catch (OperationCanceledException)
        {
            seen.Add("(nothing more came)");
        }
        throw new InvalidOperationException($"the line did not come; there were:\n{string.Join('\n', seen)}\n--- error\n{Error}");
    }

    /// <summary>The next JSON event of a kind, with more that must hold.</summary>
    public async Task<JsonElement> EventAsync(string kind, Func<JsonElement, bool>? holds = null)
    {
        string line = await LineAsync(l => Parse(l) is { } e && e.GetProperty("event").GetString() == kind && (holds is null || holds(e)));
        return Parse(line)!.Value;
    }

    /// <summary>What it wrote to standard error so far.</summary>
    public string Error
    {
        get
        {
            lock (_error)
                return _error.ToString();
        }
    }

    /// <summary>Sends a signal, such as <c>INT</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for its end.</summary>
    public async Task<Outcome> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        await _reading;
        _lines.Writer.TryComplete();
        var rest = new List<string>();
        while (_lines.Reader.TryRead(out string? line))
            rest.Add(line);
        return new Outcome(_process.ExitCode, string.Join('\n', rest), Error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    static JsonElement? Parse(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static ProcessStartInfo StartInfo(string? profile, string? password, string[] arguments)
    {
        var info = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "kavalek"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(false),
        };
        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        info.Environment.Remove("KAVALEK_PASSWORD");
        info.Environment.Remove("KAVALEK_PROFILE");
        info.Environment["TZ"] = "UTC";
        if (profile is not null)
            info.Environment["KAVALEK_PROFILE"] = profile;
        if (password is not null)
            info.Environment["KAVALEK_PASSWORD"] = password;
        return info;
    }

    static async Task ReadAsync(StreamReader reader, Action<string> take)
    {
        while (await reader.ReadLineAsync() is string line)
            take(line);
    }
}

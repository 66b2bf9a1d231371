using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Kavalek.Browser.Tests;

/// <summary>A headless Chromium with an empty profile, driven by its own protocol. Disposing ends it and deletes the profile.</summary>
sealed partial class Chromium : IAsyncDisposable
{
    readonly Process _process;
    readonly DevTools _tools;
    readonly string _profile;

    Chromium(Process process, DevTools tools, string profile) => (_process, _tools, _profile) = (process, tools, profile);

    /// <summary>Where it is; <c>null</c> where there is none.</summary>
    public static string? Program { get; } = Environment.GetEnvironmentVariable("KAVALEK_CHROMIUM") is { Length: > 0 } named ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);

    /// <summary>Starts it.</summary>
    public static async Task<Chromium> StartAsync()
    {
        string profile = Directory.CreateTempSubdirectory("kavalek-chromium-").FullName;
        ProcessStartInfo start = new(Program!) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage", "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank",
        ]) start.ArgumentList.Add(argument);
        Process process = Process.Start(start)!;
        string address = "";
        while (address.Length == 0)
        {
            string line = await process.StandardError.ReadLineAsync() ?? throw new InvalidOperationException("chromium ended before it listened");
            address = Listening().Match(line) is { Success: true } match ? match.Groups[1].Value : "";
        }
        // What it writes from now on is nobody's; the pipes must not fill up.
        _ = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.ReadToEndAsync();
        return new Chromium(process, await DevTools.ConnectAsync(new Uri(address)), profile);
    }

    /// <summary>A browser of its own as far as storage goes: another person's, or another device.</summary>
    public async Task<BrowserContext> ContextAsync() =>
        new(_tools, (await _tools.SendAsync("Target.createBrowserContext", new())).GetProperty("browserContextId").GetString()!);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _tools.DisposeAsync();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        for (int attempt = 0; Directory.Exists(_profile) && attempt < 20; attempt++)
        {
            try
            {
                Directory.Delete(_profile, recursive: true);
            }
            catch (IOException)
            {
                // A child of it is still writing its last.
            }
        }
    }

    [GeneratedRegex("DevTools listening on (ws://.*)")]
    private static partial Regex Listening();
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Messaging.Tests;

/// <summary>The server as it is shipped, in a process that can be killed. Tokens are signed with the key it made in its folder.</summary>
sealed partial class ServerProcess : IDisposable
{
    readonly Process _process;

    ServerProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public static Task<ServerProcess> StartAsync(string folder, params string[] options) => StartTrustingAsync(null, folder, options);

    /// <summary>The same with an authority that it trusts, in a PEM file, beside those that the system knows.</summary>
    public static Task<ServerProcess> StartTrustingAsync(string? authority, string folder, params string[] options) =>
        StartWithAsync(authority is null ? null : ("SSL_CERT_FILE", authority), folder, options);

    /// <summary>The same in a container of so many bytes, as far as the runtime is concerned: it takes three quarters of them for its heap.</summary>
    public static Task<ServerProcess> StartConfinedAsync(long bytes, string folder, params string[] options) =>
        StartWithAsync(("DOTNET_GCHeapHardLimit", (bytes / 4 * 3).ToString("x", CultureInfo.InvariantCulture)), folder, options);

    static async Task<ServerProcess> StartWithAsync((string Name, string Value)? variable, string folder, string[] options)
    {
        // A file that may not grow answers a write with an error and not with a signal, as a full disk does.
        var start = new ProcessStartInfo(
            "/bin/sh",
            ["-c", "trap '' XFSZ; exec \"$@\"", "sh", Path.Combine(AppContext.BaseDirectory, "Kavalek.Host"),
                "--data", folder, .. options.Contains("--urls") ? Array.Empty<string>() : ["--urls", "http://127.0.0.1:0"], "--rate-factor", "1000", "--log-level", "Warning", "--registration", "open", .. options])
        { RedirectStandardOutput = true, UseShellExecute = false };
        if (variable is { } set)
            start.Environment[set.Name] = set.Value;
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Awaited.Patience) is { } line)
        {
            if (Listening().Match(line) is { Success: true } match)
            {
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return new ServerProcess(process, new Uri(match.Value));
            }
        }
        throw new InvalidOperationException("the server did not start");
    }

    /// <summary>Signs tokens as the server would.</summary>
    public async Task<Func<PlainDevice, string>> MintAsync(string folder)
    {
        using var http = new HttpClient { BaseAddress = Address };
        InstanceInfo info = (await http.GetFromJsonAsync("/auth/v1/instance", AuthJson.Default.InstanceInfo, TestContext.Current.CancellationToken))!;
        var key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(folder, "keys", "token.pem"), TestContext.Current.CancellationToken));
        ECParameters point = key.ExportParameters(includePrivateParameters: false);
        var jwk = new JsonWebKey { Kty = "EC", Crv = "P-256", X = Base64UrlEncoder.Encode(point.Q.X), Y = Base64UrlEncoder.Encode(point.Q.Y) };
        var signing = new SigningCredentials(
            new ECDsaSecurityKey(key) { KeyId = Base64UrlEncoder.Encode(jwk.ComputeJwkThumbprint()) }, SecurityAlgorithms.EcdsaSha256);
        var mint = new TokenMint();
        return device => mint.Token(info.Id, device, DateTimeOffset.UtcNow, token => token.SigningCredentials = signing);
    }

    /// <summary>The most bytes of memory that it has taken.</summary>
    public long MostMemory()
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim(" \tkB"), CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>From now on no file takes another byte, or all do again.</summary>
    public async Task FillDiskAsync(bool full)
    {
        using var limit = Process.Start("prlimit", ["--pid", $"{_process.Id}", full ? "--fsize=0:unlimited" : "--fsize=unlimited:unlimited"]);
        await limit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, limit.ExitCode);
    }

    /// <summary>Stops as a service manager asks it to: it does what waits and ends.</summary>
    public async Task StopAsync()
    {
        using var signal = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, _process.ExitCode);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
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

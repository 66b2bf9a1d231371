using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Kavalek.Interop.TsMls.Tests;

/// <summary>A Node process in which the members on ts-mls live: one line of JSON there, one back (<c>peer.mjs</c>).</summary>
sealed class TsMlsProcess : IAsyncDisposable
{
    readonly Process _process;
    readonly Task<string> _errors;
    int _requests;

    TsMlsProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <remarks>Where Node or the packages are missing the test is skipped with a reason; in continuous integration it fails.</remarks>
    public static TsMlsProcess Start()
    {
        string folder = Folder();
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "ts-mls"))) Missing("ts-mls is not installed: run 'npm ci' in tests/interop-ts-mls");
        try
        {
            return new(Process.Start(new ProcessStartInfo("node", "peer.mjs")
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!);
        }
        catch (Win32Exception)
        {
            Missing("Node 20 or newer is not on the path");
            throw;
        }
    }

    public async Task<JsonObject> AskAsync(string client, string operation, JsonObject request)
    {
        request["id"] = ++_requests;
        request["op"] = operation;
        request["client"] = client;
        await _process.StandardInput.WriteLineAsync(request.ToJsonString());
        string line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"ts-mls ended: {await _errors}");
        JsonObject answer = JsonNode.Parse(line)!.AsObject();
        Assert.Equal(_requests, answer["id"]!.GetValue<int>());
        return answer["error"] is { } error ? throw new RefusedException($"{client}: {operation}: {error}") : answer;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    static string Folder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "peer.mjs"))) return folder.FullName;
        throw new InvalidOperationException("peer.mjs is in no folder above the tests");
    }

    static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(reason);
        Assert.Skip(reason);
    }
}

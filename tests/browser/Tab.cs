using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kavalek.Browser.Tests;

/// <summary>A tab.</summary>
sealed class Tab(DevTools tools, string target, string session)
{
    readonly ConcurrentQueue<string> _complaints = new();
    TaskCompletionSource _loaded = new();

    /// <summary>What the browser complained about: exceptions nobody caught, errors on the console, what the policy of the page blocked.</summary>
    public IReadOnlyList<string> Complaints => [.. _complaints];

    internal async Task EnableAsync()
    {
        tools.Listen(session, Take);
        foreach (string domain in (string[])["Page.enable", "Runtime.enable", "Log.enable"]) await tools.SendAsync(domain, new(), session);
    }

    /// <summary>Goes to an address and waits until it has loaded.</summary>
    public async Task GoAsync(Uri address)
    {
        _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await tools.SendAsync("Page.navigate", new JsonObject { ["url"] = address.ToString() }, session);
        await _loaded.Task;
    }

    /// <summary>Loads the page again.</summary>
    public async Task ReloadAsync()
    {
        _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await tools.SendAsync("Page.reload", new(), session);
        await _loaded.Task;
    }

    /// <summary>Freezes it with its workers, as a browser does to save power, or lets it go on.</summary>
    public Task FreezeAsync(bool frozen) => tools.SendAsync("Page.setWebLifecycleState", new JsonObject { ["state"] = frozen ? "frozen" : "active" }, session);

    /// <summary>Closes it.</summary>
    public Task CloseAsync() => tools.SendAsync("Target.closeTarget", new JsonObject { ["targetId"] = target });

    /// <summary>The value of an expression; of a promise, what it resolves to.</summary>
    /// <exception cref="InvalidOperationException">It threw or rejected.</exception>
    public async Task<JsonElement> EvaluateAsync(string expression)
    {
        JsonElement answer = await tools.SendAsync("Runtime.evaluate",
            new JsonObject { ["expression"] = expression, ["awaitPromise"] = true, ["returnByValue"] = true }, session);
        if (answer.TryGetProperty("exceptionDetails", out JsonElement details)) throw new InvalidOperationException(Describe(details));
        return answer.GetProperty("result").TryGetProperty("value", out JsonElement value) ? value : default;
    }

    /// <summary>A request to the client of the page: its method and what follows, as JSON.</summary>
    public Task<JsonElement> AskAsync(string method, object? parameters = null) =>
        EvaluateAsync($"client.request({JsonSerializer.Serialize(method)}, {JsonSerializer.Serialize(parameters)})");

    /// <summary>The code under which a request fails.</summary>
    public async Task<string?> CodeOfAsync(string method, object? parameters = null) =>
        (await EvaluateAsync($"client.request({JsonSerializer.Serialize(method)}, {JsonSerializer.Serialize(parameters)}).then(() => null, e => e.code)")).GetString();

    /// <summary>Waits until a live value of the client is as <paramref name="check"/>, a function in JavaScript, wants it; gives it.</summary>
    public Task<JsonElement> UntilAsync(string live, string check) => EvaluateAsync($"until(client.{live}, {check})");

    void Take(string method, JsonElement parameters)
    {
        switch (method)
        {
            case "Page.loadEventFired":
                _loaded.TrySetResult();
                break;
            case "Runtime.exceptionThrown":
                _complaints.Enqueue(Describe(parameters.GetProperty("exceptionDetails")));
                break;
            case "Runtime.consoleAPICalled" when parameters.GetProperty("type").GetString() is "error" or "assert":
                _complaints.Enqueue(parameters.GetProperty("args").ToString());
                break;
            case "Log.entryAdded" when parameters.GetProperty("entry") is var entry && entry.GetProperty("level").GetString() == "error" && !IsIcon(entry):
                _complaints.Enqueue(entry.ToString());
                break;
        }
    }

    // Every browser asks for one; the page of the tests has none.
    static bool IsIcon(JsonElement entry) => entry.TryGetProperty("url", out JsonElement url) && url.GetString()!.EndsWith("/favicon.ico", StringComparison.Ordinal);

    static string Describe(JsonElement details) =>
        details.TryGetProperty("exception", out JsonElement exception)
            ? exception.TryGetProperty("description", out JsonElement text) ? text.GetString()! : exception.ToString()
            : details.ToString();
}

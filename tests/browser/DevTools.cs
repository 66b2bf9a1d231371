using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kavalek.Browser.Tests;

/// <summary>The protocol by which Chromium is driven: commands with answers, and events, over one socket.</summary>
sealed class DevTools : IAsyncDisposable
{
    readonly ClientWebSocket _socket;
    readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _open = new();
    readonly ConcurrentDictionary<string, Action<string, JsonElement>> _listeners = new();
    readonly SemaphoreSlim _turn = new(1, 1);
    int _last;

    DevTools(ClientWebSocket socket) => _socket = socket;

    public static async Task<DevTools> ConnectAsync(Uri address)
    {
        ClientWebSocket socket = new();
        await socket.ConnectAsync(address, CancellationToken.None);
        DevTools tools = new(socket);
        _ = tools.ReadAsync();
        return tools;
    }

    /// <summary>Calls <paramref name="listener"/> with the events of a session.</summary>
    public void Listen(string session, Action<string, JsonElement> listener) => _listeners[session] = listener;

    /// <summary>A command, to a page where <paramref name="session"/> is given.</summary>
    /// <exception cref="InvalidOperationException">It was refused.</exception>
    public async Task<JsonElement> SendAsync(string method, JsonObject parameters, string? session = null)
    {
        int id = Interlocked.Increment(ref _last);
        JsonObject message = new() { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null) message["sessionId"] = session;
        TaskCompletionSource<JsonElement> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[id] = answer;
        await _turn.WaitAsync();
        try
        {
            await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, CancellationToken.None);
        }
        finally
        {
            _turn.Release();
        }
        return await answer.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        foreach (TaskCompletionSource<JsonElement> open in _open.Values) open.TrySetException(new InvalidOperationException("the browser is gone"));
        await Task.CompletedTask;
    }

    async Task ReadAsync()
    {
        byte[] buffer = new byte[1 << 16];
        try
        {
            while (true)
            {
                using MemoryStream message = new();
                ValueWebSocketReceiveResult part;
                do
                {
                    part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                    if (part.MessageType == WebSocketMessageType.Close) return;
                    message.Write(buffer, 0, part.Count);
                } while (!part.EndOfMessage);
                using JsonDocument document = JsonDocument.Parse(message.ToArray());
                Take(document.RootElement.Clone());
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            foreach (TaskCompletionSource<JsonElement> open in _open.Values) open.TrySetException(new InvalidOperationException("the browser is gone"));
        }
    }

    void Take(JsonElement message)
    {
        if (message.TryGetProperty("id", out JsonElement id))
        {
            if (!_open.TryRemove(id.GetInt32(), out TaskCompletionSource<JsonElement>? answer)) return;
            if (message.TryGetProperty("error", out JsonElement error)) answer.TrySetException(new InvalidOperationException(error.ToString()));
            else answer.TrySetResult(message.GetProperty("result"));
        }
        else if (message.TryGetProperty("sessionId", out JsonElement session) && _listeners.TryGetValue(session.GetString()!, out Action<string, JsonElement>? listener))
        {
            listener(message.GetProperty("method").GetString()!, message.GetProperty("params"));
        }
    }
}

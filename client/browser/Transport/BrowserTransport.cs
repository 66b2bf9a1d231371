using System.Net.WebSockets;

namespace Kavalek.Client.Browser;

/// <summary>The network of a page: fetch and WebSocket to its own origin, without cookies; what a certificate is worth is the browser's to say.</summary>
public sealed class BrowserTransport : ITransport
{
    const int MaximumAnswer = 16 * 1024 * 1024;

    readonly HttpClient _http;

    /// <summary>The way to <paramref name="server"/>.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.InsecureAddress"/>.</exception>
    public BrowserTransport(Uri server)
    {
        Server = ServerAddress.Check(server);
        _http = new HttpClient { BaseAddress = Server, Timeout = TimeSpan.FromSeconds(100), MaxResponseContentBufferSize = MaximumAnswer };
    }

    /// <inheritdoc/>
    public Uri Server { get; }

    /// <inheritdoc/>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        Fetch(request, "credentials", "omit");
        Fetch(request, "redirect", "manual");
        return _http.SendAsync(request, cancel);
    }

    /// <inheritdoc/>
    public async Task<ITransportSocket> ConnectAsync(CancellationToken cancel)
    {
        UriBuilder address = new(Server) { Scheme = Server.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs, Path = "/socket" };
        ClientWebSocket socket = new();
        try
        {
            await socket.ConnectAsync(address.Uri, cancel).ConfigureAwait(false);
            return new FrameSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    static void Fetch(HttpRequestMessage request, string option, string value)
    {
        HttpRequestOptionsKey<IDictionary<string, object>> key = new("WebAssemblyFetchOptions");
        if (!request.Options.TryGetValue(key, out IDictionary<string, object>? options)) request.Options.Set(key, options = new Dictionary<string, object>());
        options[option] = value;
    }
}

using System.Net.Security;
using System.Net.WebSockets;
using System.Runtime.Versioning;

namespace Kavalek.Client;

/// <summary>The network: HTTPS and a WebSocket to one origin. It follows no redirect, keeps no cookie and never goes on past a bad certificate.</summary>
[UnsupportedOSPlatform("browser")]
public sealed class HttpTransport : ITransport
{
    const int MaximumAnswer = 16 * 1024 * 1024;

    readonly SocketsHttpHandler _handler;
    readonly HttpClient _http;

    /// <summary>The way to <paramref name="server"/>.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.InsecureAddress"/>.</exception>
    public HttpTransport(Uri server) : this(server, new SslClientAuthenticationOptions())
    {
    }

    /// <summary>The same, with certificates that the caller checks in its own way (a private authority, a test).</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.InsecureAddress"/>.</exception>
    public HttpTransport(Uri server, SslClientAuthenticationOptions tls)
    {
        Server = ServerAddress.Check(server);
        _handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            // A server that moved is found again, though its name was resolved long ago.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            SslOptions = tls,
        };
        _http = new HttpClient(_handler) { BaseAddress = Server, Timeout = TimeSpan.FromSeconds(100), MaxResponseContentBufferSize = MaximumAnswer };
    }

    /// <inheritdoc/>
    public Uri Server { get; }

    /// <inheritdoc/>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel) => _http.SendAsync(request, cancel);

    /// <inheritdoc/>
    public async Task<ITransportSocket> ConnectAsync(CancellationToken cancel)
    {
        UriBuilder address = new(Server) { Scheme = Server.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs, Path = "/socket" };
        ClientWebSocket socket = new();
        // The protocol has pings of its own, which both sides count.
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        try
        {
            using HttpMessageInvoker invoker = new(_handler, disposeHandler: false);
            await socket.ConnectAsync(address.Uri, invoker, cancel).ConfigureAwait(false);
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
}

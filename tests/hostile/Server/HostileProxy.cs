using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using Kavalek.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kavalek.Hostile.Tests;

/// <summary>The second mouth of <see cref="HostileServer"/>: a reverse proxy for HTTP and WebSocket on loopback.</summary>
sealed class HostileProxy : IAsyncDisposable
{
    // The socket is the proxy's own connection: what the client says of its own stays behind.
    static readonly HashSet<string> OfTheConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Host", "Upgrade", "Transfer-Encoding", "Content-Length", "Keep-Alive", "Content-Type", "Expect",
        "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol",
    };

    readonly HostileServer _hostile;
    readonly Uri _server;
    readonly WebApplication _app;
    readonly HttpClient _http;

    HostileProxy(HostileServer hostile, Uri server)
    {
        (_hostile, _server) = (hostile, server);
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false }) { BaseAddress = server };
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(context => context.WebSockets.IsWebSocketRequest ? JoinAsync(context) : AnswerAsync(context));
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    public static async Task<HostileProxy> StartAsync(HostileServer hostile, Uri server)
    {
        HostileProxy proxy = new(hostile, server);
        await proxy._app.StartAsync();
        string address = proxy._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        proxy.Address = new Uri(address + "/");
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _http.Dispose();
    }

    async Task AnswerAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        Dictionary<string, string> headers = context.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString());
        Request request = new(context.Request.Method, $"{context.Request.Path}{context.Request.QueryString}".TrimStart('/'), headers, body.ToArray());
        Answer answer;
        try
        {
            answer = await _hostile.AnswerAsync(request, AskAsync);
        }
        catch (LostException)
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = answer.Status;
        foreach ((string name, string value) in answer.Headers) context.Response.Headers[name] = value;
        if (answer.ContentType is not null) context.Response.ContentType = answer.ContentType;
        if (answer.Body.Length > 0) await context.Response.Body.WriteAsync(answer.Body);
    }

    async Task<Answer> AskAsync(Request asked)
    {
        using HttpRequestMessage request = new(new HttpMethod(asked.Method), new Uri(asked.Path, UriKind.Relative));
        if (asked.Headers.TryGetValue("content-type", out string? type))
        {
            request.Content = new ByteArrayContent(asked.Body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }
        foreach ((string name, string value) in asked.Headers)
            if (!OfTheConnection.Contains(name)) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await _http.SendAsync(request);
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), await response.Content.ReadAsByteArrayAsync())
        {
            Headers = response.Headers.Where(h => !OfTheConnection.Contains(h.Key)).ToDictionary(h => h.Key, h => string.Join(", ", h.Value)),
        };
    }

    async Task JoinAsync(HttpContext context)
    {
        if (!_hostile.AllowsSockets)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        using ClientWebSocket server = new();
        foreach ((string name, var value) in context.Request.Headers)
            if (!OfTheConnection.Contains(name)) server.Options.SetRequestHeader(name, value);
        UriBuilder address = new(_server) { Scheme = _server.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs, Path = context.Request.Path };
        try
        {
            await server.ConnectAsync(address.Uri, context.RequestAborted);
        }
        catch (WebSocketException)
        {
            context.Response.StatusCode = (int)(server.HttpStatusCode == 0 ? HttpStatusCode.BadGateway : server.HttpStatusCode);
            return;
        }
        using WebSocket client = await context.WebSockets.AcceptWebSocketAsync();
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using ProxiedLink link = new(client, server, over);
        Task up = PumpAsync(client, link, fromClient: true), down = PumpAsync(server, link, fromClient: false);
        await Task.WhenAny(up, down);
        await over.CancelAsync();
        await Task.WhenAll(up, down);
        context.Abort();
    }

    async Task PumpAsync(WebSocket from, ProxiedLink link, bool fromClient)
    {
        byte[] buffer = new byte[Limits.FrameBytes];
        try
        {
            while (true)
            {
                int length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    part = await from.ReceiveAsync(buffer.AsMemory(length), link.Over.Token);
                    if (part.MessageType != WebSocketMessageType.Binary) return;
                    length += part.Count;
                }
                while (!part.EndOfMessage);
                await _hostile.PassAsync(new Frame(link, fromClient, buffer[..length]),
                    passed => fromClient ? link.ToServerAsync(passed.Bytes) : link.ToClientAsync(passed.Bytes));
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The end of it.
        }
    }

    sealed class ProxiedLink(WebSocket client, WebSocket server, CancellationTokenSource over) : SocketLink, IDisposable
    {
        readonly SemaphoreSlim _toClient = new(1), _toServer = new(1);

        public CancellationTokenSource Over => over;

        public override Task ToClientAsync(byte[] bytes) => SendAsync(client, _toClient, bytes);

        public override Task ToServerAsync(byte[] bytes) => SendAsync(server, _toServer, bytes);

        public override void Break() => over.Cancel();

        public void Dispose()
        {
            _toClient.Dispose();
            _toServer.Dispose();
        }

        async Task SendAsync(WebSocket to, SemaphoreSlim turn, byte[] bytes)
        {
            await turn.WaitAsync(over.Token);
            try
            {
                await to.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, over.Token);
            }
            finally
            {
                turn.Release();
            }
        }
    }
}

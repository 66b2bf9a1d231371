using System.Net;
using System.Net.WebSockets;
using Kavalek.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Messaging.Sockets;

/// <summary><c>/socket</c>: who may open one (docs/PROTOCOL.md §6.4).</summary>
static class SocketEndpoint
{
    static readonly WebSocketAcceptContext s_accept = new() { KeepAliveInterval = Timeout.InfiniteTimeSpan, DangerousEnableCompression = false };

    public static void MapSocket(this IEndpointRouteBuilder routes)
    {
        IApplicationBuilder pipeline = routes.CreateApplicationBuilder();
        pipeline.Use((context, next) =>
        {
            TransportUpgrade.Insert(context);
            return next(context);
        });
        pipeline.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        pipeline.Run(AcceptAsync);
        routes.MapGet("/socket", pipeline.Build());
    }

    static async Task AcceptAsync(HttpContext context)
    {
        SocketServices services = context.RequestServices.GetRequiredService<SocketServices>();
        if (context.Request.Query.ContainsKey("access_token"))
        {
            await Problems.Of(ErrorCodes.Unauthenticated, "a token in a query is refused").ExecuteAsync(context);
            return;
        }
        if (context.Request.Headers.Origin is [var origin, ..] origins && (origins.Count > 1 || !services.Options.Origins.Contains(origin, StringComparer.Ordinal)))
        {
            await Problems.Of(ErrorCodes.Forbidden, "this origin may not open a socket").ExecuteAsync(context);
            return;
        }
        if (!context.WebSockets.IsWebSocketRequest || context.Features.Get<IHttpUpgradeFeature>() is not TransportUpgrade upgrade)
        {
            await Problems.Of(ErrorCodes.Invalid, "this is a WebSocket").ExecuteAsync(context);
            return;
        }
        // Before anything is promised: whoever spreads sockets over nodes passes this one on to the next.
        if (services.Reader.Silence > TimeSpan.Zero)
        {
            await Problems.Of(ErrorCodes.Unavailable, "the database does not answer").ExecuteAsync(context);
            return;
        }
        IPAddress address = SourceNetwork.Of(context.Connection.RemoteIpAddress);
        if (!services.Sockets.TryEnter(address))
        {
            await Problems.Of(ErrorCodes.RateLimited, "too many sockets of this address have not authenticated").ExecuteAsync(context);
            return;
        }
        WebSocket socket;
        try
        {
            socket = await context.WebSockets.AcceptWebSocketAsync(s_accept);
        }
        catch
        {
            services.Sockets.LeaveStrangers(address);
            throw;
        }
        using TransportStream transport = upgrade.Stream!;
        var session = new SocketSession(services, transport, upgrade.AbortConnection);
        services.Sockets.Add(session, address);
        try
        {
            await session.RunAsync(socket);
        }
        catch (WebSocketException)
        {
            // The peer broke the WebSocket's rules, and the WebSocket has queued a close frame that says which; or it is gone.
            session.Leave();
            await QuietlyAsync(transport.DrainAsync);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It is gone.
        }
        finally
        {
            session.Leave();
            await session.DrainedAsync();
            services.Sockets.Remove(session);
            socket.Dispose();
        }
    }

    static async Task QuietlyAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection ended some other way than by its peer's leave: the grace is over.
        }
    }
}

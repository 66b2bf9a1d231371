using Kavalek.Auth;
using Kavalek.Messaging;
using Kavalek.Protocol;

namespace Kavalek.Host;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/ready</c>: it can serve, which takes its databases, and that what it revokes gets to the other nodes; where Redis is away it serves too, only slower, and says so.
/// </summary>
internal static class Health
{
    public static void MapHealth(this WebApplication app, AuthService? auth, ServerOptions options)
    {
        app.MapGet("/health/live", () => TypedResults.Text("live"));
        app.MapGet("/health/ready", async (IServiceProvider services, IEventBus bus) =>
        {
            bool ready = (auth is null || await auth.IsReadyAsync()) && (!options.Messaging || await services.IsMessagingReadyAsync());
            bool tells = bus is not ClusterEventBus { IsTelling: false };
            return Results.Text(
                !ready ? "the database is away" : !tells ? "other nodes hear nothing of this one: it has to be restarted" : bus.IsLive ? "ready" : "ready; Redis is away",
                statusCode: ready && tells ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        });
    }
}

using Kavalek.Messaging.Access;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Messaging.Admin;

/// <summary>How the delivery service is, for the dashboard (docs/PROTOCOL.md §5.11): figures of no conversation and of nobody.</summary>
static class OverviewEndpoint
{
    public static void MapOverview(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/admin/overview", Get).AddEndpointFilter(Authentication.RequireStaff).Produces<MessagingOverview>()
            .WithSummary("Figures of connections, throughput, the queue and the database").WithTags("overview");

    static IResult Get(Sockets.Sockets sockets, GroupCommit writer, MessagingOptions options)
    {
        string file = Path.Combine(options.DataFolder, "messaging.db");
        long bytes = ((string[])[file, file + "-wal"]).Sum(path => new FileInfo(path) is { Exists: true } found ? found.Length : 0);
        return Results.Json(new MessagingOverview(sockets.Count, sockets.StoredLastMinute, writer.Waiting, bytes, Environment.WorkingSet, sockets.Started), AdminJson.Default.MessagingOverview);
    }
}

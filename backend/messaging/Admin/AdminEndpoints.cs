using System.Globalization;
using Kavalek.Messaging.Access;
using Kavalek.Messaging.Push;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Messaging.Admin;

/// <summary>How the delivery service is, for the dashboard (docs/PROTOCOL.md §5.11): nothing of a person.</summary>
static class AdminEndpoints
{
    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder admin = routes.MapGroup("/api/v1/admin");
        admin.MapGet("/overview", Overview).AddEndpointFilter(Authentication.RequireStaff).Produces<MessagingOverview>()
            .WithSummary("Figures of connections, throughput, delivery, the queue, the database and its growth").WithTags("overview");
        admin.MapGet("/groups", Groups).AddEndpointFilter(Authentication.RequireAdmin).Produces<GroupsPage>()
            .WithSummary("Conversations by number: class of size, days of making and re-keying").WithTags("groups");
        admin.MapPost("/push/test", TestPush).AddEndpointFilter(Authentication.RequireAdmin).Produces<PushTest>()
            .WithSummary("Whether the push services are reached, now").WithTags("overview");
    }

    // The database's connections wait while they work: not on a thread that answers others.
    static async Task<IResult> Overview(Figures figures) => Results.Json(await Task.Run(figures.Read), AdminJson.Default.MessagingOverview);

    static async Task<IResult> Groups(GroupList groups, string? before, string? limit)
    {
        long from = long.MaxValue;
        int count = GroupList.MostGroups;
        if ((before is not null && !long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out from))
            || (limit is not null && !int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count)) || count is < 1 or > GroupList.MostGroups)
        {
            return Problems.Of(ErrorCodes.Invalid, "before is a number, limit 1 to 100");
        }
        return Results.Json(await Task.Run(() => groups.Read(from, count)), AdminJson.Default.GroupsPage);
    }

    static async Task<IResult> TestPush(PushTester tester, CancellationToken cancel) =>
        await tester.TryAsync(cancel) is { } found ? Results.Json(found, AdminJson.Default.PushTest) : Problems.Of(ErrorCodes.RateLimited, "tried a moment ago");
}

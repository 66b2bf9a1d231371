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
        admin.MapGet("/storage", Storage).AddEndpointFilter(Authentication.RequireAdmin).Produces<StoragePage>()
            .WithSummary("What is kept by account, in sizes, the largest first").WithTags("storage");
        admin.MapGet("/storage/purge", Preview).AddEndpointFilter(Authentication.RequireAdmin).Produces<PurgePreview>()
            .WithSummary("What a purge would take; nothing goes").WithTags("storage");
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

    static async Task<IResult> Storage(StorageList storage, string? skip, string? limit)
    {
        int from = 0, count = StorageList.MostAccounts;
        bool good = (skip is null || int.TryParse(skip, NumberStyles.None, CultureInfo.InvariantCulture, out from))
            && (limit is null || int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count)) && count is >= 1 and <= StorageList.MostAccounts;
        return good ? Results.Json(await Task.Run(() => storage.Read(from, count)), AdminJson.Default.StoragePage) : Problems.Of(ErrorCodes.Invalid, "skip is a number, limit 1 to 100");
    }

    static async Task<IResult> Preview(StorageList storage, string? days, string? account)
    {
        Id whose = default;
        if (!int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out int age) || age is < 1 or > 30 || (account is not null && !Id.TryParse(account, out whose)))
            return Problems.Of(ErrorCodes.Invalid, "days is 1 to 30, account an id");
        return Results.Json(await Task.Run(() => storage.Preview(age, account is null ? null : whose)), AdminJson.Default.PurgePreview);
    }

    static async Task<IResult> TestPush(PushTester tester, CancellationToken cancel) =>
        await tester.TryAsync(cancel) is { } found ? Results.Json(found, AdminJson.Default.PushTest) : Problems.Of(ErrorCodes.RateLimited, "tried a moment ago");
}

using System.Globalization;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>The log of what those who run the instance did, and what its server can see: for every member, and for the dashboard.</summary>
internal static class AuditEndpoints
{
    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        foreach ((string path, Access access) in ((string, Access)[])[("/auth/v1", Access.Certified), ("/auth/v1/admin", Access.Moderator)])
        {
            routes.MapGet($"{path}/audit", Read).For(access).Answers<AuditPage>()
                .WithSummary("What those who run the instance did, newest first").WithTags("audit");
            routes.MapGet($"{path}/server-sees", Sees).For(access).Answers<ServerSees>()
                .WithSummary("Everything that the server stores, logs and says, with purpose and lifetime").WithTags("audit");
        }
    }

    static async Task<JsonHttpResult<AuditPage>> Read(AuditLog log, string? before, string? limit)
    {
        long from = long.MaxValue;
        int count = AuditLog.MostRecords;
        if ((before is not null && !long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out from))
            || (limit is not null && !int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count)) || count is < 1 or > AuditLog.MostRecords)
        {
            throw AuthException.Invalid("before is a number, limit 1 to 100.");
        }
        return Json.Ok(await log.ReadAsync(from, count), AdminJson.Default.AuditPage);
    }

    static JsonHttpResult<ServerSees> Sees() => Json.Ok(StoredList.Shown, AdminJson.Default.ServerSees);
}

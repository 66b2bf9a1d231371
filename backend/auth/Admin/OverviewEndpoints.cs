using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>How the instance is: numbers only, of nobody in particular.</summary>
internal static class OverviewEndpoints
{
    const string Count = """
        SELECT (SELECT COUNT(*) FROM account WHERE state = 'active'), (SELECT COUNT(*) FROM account WHERE state = 'suspended'),
               (SELECT COUNT(*) FROM account WHERE state = 'left'), (SELECT COUNT(*) FROM device WHERE certificate IS NOT NULL),
               (SELECT COUNT(*) FROM session WHERE expires >= @today), (SELECT COUNT(*) FROM invite WHERE uses_left > 0 AND expires > @now)
        """;

    public static void MapOverview(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/auth/v1/admin/overview", Get).For(Access.Moderator).Answers<AuthOverview>()
            .WithSummary("Figures of accounts, the database, backups and the certificate").WithTags("overview");

    static async Task<JsonHttpResult<AuthOverview>> Get(AuthOptions options, AuthDatabase database, TimeProvider clock)
    {
        int[] counts = await database.ReadAsync(db => db.FirstAsync(Count,
            row => (int[])[.. Enumerable.Range(0, 6).Select(column => (int)row.GetInt64(column))], ("@today", clock.Today()), ("@now", clock.Now()))) ?? [];
        string file = Path.Combine(options.DataFolder, "auth.db");
        long bytes = ((string[])[file, file + "-wal"]).Sum(path => new FileInfo(path) is { Exists: true } found ? found.Length : 0);
        InstanceFacts facts = options.Facts();
        return Json.Ok(new AuthOverview(facts.Version, counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], bytes, options.Mail is not null,
            facts.LastBackup?.ToUnixTimeSeconds(), facts.CertificateExpires?.ToUnixTimeSeconds()), AdminJson.Default.AuthOverview);
    }
}

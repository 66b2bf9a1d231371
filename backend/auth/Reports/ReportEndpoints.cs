using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>What members report, and those who decide about it (docs/PROTOCOL.md §13). Nothing of it is readable here.</summary>
internal static class ReportEndpoints
{
    // The largest report with all copies, in base64url and JSON.
    const int ReportBody = 512 * 1024;

    public static void MapReports(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/v1/moderators", Moderators).For(Access.Certified).Answers<ModeratorRecord[]>().WithSummary("Whom reports are sealed to").WithTags("reports");
        routes.MapPost("/auth/v1/reports", File).For(Access.Certified).Takes<FileReport>().WithSummary("Files a report; who did is not kept").WithTags("reports");
        routes.MapPut("/auth/v1/admin/report-key", PutKey).For(Access.Moderator).Takes<PutReportKey>().WithSummary("The key that reports to the caller are sealed to").WithTags("reports");
        routes.MapGet("/auth/v1/admin/reports", List).For(Access.Moderator).Answers<ReportPage>().WithSummary("Reports that are sealed to the caller, oldest first").WithTags("reports");
        routes.MapGet("/auth/v1/admin/reports/{report}", Get).For(Access.Moderator).Answers<SealedReport>().WithSummary("One report, sealed").WithTags("reports");
        routes.MapPost("/auth/v1/admin/reports/{report}/decide", Decide).For(Access.Moderator).Takes<DecideReport>().WithSummary("Writes the decision down and deletes the report").WithTags("reports");
    }

    static async Task<JsonHttpResult<ModeratorRecord[]>> Moderators(ReportStore store) => Json.Ok(await store.ModeratorsAsync(), AdminJson.Default.ModeratorRecordArray);

    static async Task<NoContent> File(HttpContext http, AuthOptions options, RateLimiter limiter, ReportStore store)
    {
        limiter.Count("report", http.Caller().Account.ToArray(), options.ReportsOfAccount);
        FileReport request = await http.ReadAsync(AdminJson.Default.FileReport, ReportBody);
        if (request.Copies.Length is 0 or > Limits.Moderators || request.Copies.Any(copy => copy.Sealed.Length != Limits.ReportCopyBytes) || request.Copies.DistinctBy(copy => copy.Account).Count() != request.Copies.Length)
            throw AuthException.Invalid("A report has 1 to 32 copies of 1,201 bytes, each for another account.");
        if (!Limits.ReportSizes.Contains(request.Sealed.Length - Limits.ReportSealBytes)) throw AuthException.Invalid("A report is padded to 4, 16, 64 or 256 KiB.");
        await store.FileAsync(http.Caller(), request);
        return TypedResults.NoContent();
    }

    static async Task<NoContent> PutKey(HttpContext http, ReportStore store)
    {
        await store.PutKeyAsync(http.Staff(), await http.ReadAsync(AdminJson.Default.PutReportKey));
        return TypedResults.NoContent();
    }

    static async Task<JsonHttpResult<ReportPage>> List(HttpContext http, ReportStore store) => Json.Ok(await store.WaitingAsync(http.Staff().Account), AdminJson.Default.ReportPage);

    static async Task<JsonHttpResult<SealedReport>> Get(HttpContext http, Id report, ReportStore store) =>
        Json.Ok(await store.FindAsync(http.Staff().Account, report), AdminJson.Default.SealedReport);

    static async Task<NoContent> Decide(HttpContext http, Id report, ReportStore store)
    {
        DecideReport request = await http.ReadAsync(AdminJson.Default.DecideReport);
        if (request.Decision is not ("dismissed" or "suspended" or "acted")) throw AuthException.Invalid("A decision is dismissed, suspended or acted.");
        await store.DecideAsync(http.Staff(), report, request.Decision);
        return TypedResults.NoContent();
    }
}

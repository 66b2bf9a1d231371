using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>Backups as those who run the instance see them (docs/PROTOCOL.md §5.11): never their key, their place or what is in them.</summary>
internal static class BackupEndpoints
{
    static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    public static void MapBackups(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/v1/admin/backups", Look).For(Access.Admin).Answers<BackupState>().WithSummary("The schedule, what lies there, what works now and what came of the last one").WithTags("backups");
        routes.MapPost("/auth/v1/admin/backups/run", (HttpContext http, AuthOptions options, RateLimiter limiter, AuthDatabase database, AuditLog audit, TimeProvider clock) =>
            BeginAsync(http, options, limiter, database, audit, clock, isTest: false)).For(Access.Admin, fresh: true).WithSummary("Makes a backup now").WithTags("backups");
        routes.MapPost("/auth/v1/admin/backups/test", (HttpContext http, AuthOptions options, RateLimiter limiter, AuthDatabase database, AuditLog audit, TimeProvider clock) =>
            BeginAsync(http, options, limiter, database, audit, clock, isTest: true)).For(Access.Admin, fresh: true).WithSummary("Opens and checks the newest backup").WithTags("backups");
    }

    static JsonHttpResult<BackupState> Look(AuthOptions options) => Json.Ok(options.Backups?.Look() ?? new BackupState(false, 0, 0, []), AdminJson.Default.BackupState);

    // Written down before it begins; of two who ask at one instant the later one is refused, and that it asked is written down, too.
    static async Task<NoContent> BeginAsync(HttpContext http, AuthOptions options, RateLimiter limiter, AuthDatabase database, AuditLog audit, TimeProvider clock, bool isTest)
    {
        if (options.Backups is not { } backups) throw AuthException.NotFound();
        Staff staff = http.Staff();
        BackupState now = backups.Look();
        if (now.Work is not null) throw Busy();
        if (isTest && now.Backups.Length == 0) throw AuthException.NotFound();
        // Each takes the place of another one, and the disk for as long as it works.
        if (!isTest) limiter.Count("backup", [], options.BackupsOverall);
        await database.WriteAsync(async db =>
        {
            await staff.RequireAsync(db, clock);
            await audit.WriteAsync(db, staff.Account, isTest ? "tested a backup" : "ran a backup");
        });
        return backups.Begin(isTest) switch
        {
            BackupBegin.Begun => TypedResults.NoContent(),
            BackupBegin.Nothing => throw AuthException.NotFound(),
            _ => throw Busy(),
        };
    }

    static AuthException Busy() => new(ErrorCodes.Unavailable, "A backup or a test of one works already.", Again);
}

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

    const string AddressOf = "SELECT email_sealed FROM account WHERE id = @account";

    public static void MapOverview(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/v1/admin/overview", Get).For(Access.Moderator).Answers<AuthOverview>()
            .WithSummary("Figures of accounts, the database, backups and the certificate").WithTags("overview");
        routes.MapPost("/auth/v1/admin/mail/test", TestMail).For(Access.Admin).Answers<SelfTest>()
            .WithSummary("Sends a letter to the caller's own address, now").WithTags("overview");
    }

    // Written down before it is tried: a letter that is on its way is not taken back.
    static async Task<JsonHttpResult<SelfTest>> TestMail(HttpContext http, AuthDatabase database, AuditLog audit, EmailVault vault, RateLimiter limiter, Mailer mailer, TimeProvider clock)
    {
        Staff staff = http.Staff();
        limiter.Count("test mail", [], new Rate(1, 10));
        byte[] address = await database.WriteAsync(async db =>
        {
            await staff.RequireAsync(db, clock);
            await audit.WriteAsync(db, staff.Account, "tested mail");
            return (await db.AllAsync(AddressOf, row => row.Bytes(0), ("@account", staff.Account))).Single();
        });
        return Json.Ok(await mailer.TryAsync(vault.Open(staff.Account, address), http.RequestAborted), AdminJson.Default.SelfTest);
    }

    static async Task<JsonHttpResult<AuthOverview>> Get(AuthOptions options, Settings settings, AuthDatabase database, TimeProvider clock)
    {
        int[] counts = await database.ReadAsync(db => db.FirstAsync(Count,
            row => (int[])[.. Enumerable.Range(0, 6).Select(column => (int)row.GetInt64(column))], ("@today", clock.Today()), ("@now", clock.Now()))) ?? [];
        InstanceFacts facts = options.Facts();
        return Json.Ok(new AuthOverview(facts.Version, counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], await database.SizeAsync(), await settings.MailAsync() is not null,
            Environment.WorkingSet, facts.Apart, facts.LastBackup?.ToUnixTimeSeconds(), facts.CertificateExpires?.ToUnixTimeSeconds()), AdminJson.Default.AuthOverview);
    }
}

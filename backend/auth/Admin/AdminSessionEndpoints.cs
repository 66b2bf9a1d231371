using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>The dashboard's own tokens (docs/PROTOCOL.md §5.11): a logged-in device and the password once more give one, for half an hour at most.</summary>
internal static class AdminSessionEndpoints
{
    public static void MapAdminSessions(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/v1/admin/sessions", Open).For(Access.Certified).Takes<OpenAdminSession>().Answers<AdminSession>()
            .WithSummary("Opens the dashboard with the password; with the app's token").WithTags("admin");
        routes.MapPost("/auth/v1/admin/sessions/renew", Renew).For(Access.Moderator).Answers<AdminSession>()
            .WithSummary("A new token for the same session").WithTags("admin");
    }

    static async Task<JsonHttpResult<AdminSession>> Open(
        HttpContext http, AuthOptions options, RateLimiter limiter, PasswordHasher hasher, AccountStore store, AuditLog audit, AuthDatabase database,
        AccessTokens tokens, TimeProvider clock)
    {
        OpenAdminSession request = await http.ReadAsync(AdminJson.Default.OpenAdminSession);
        Caller caller = http.Caller();
        if (await RankAsync(database, caller.Account) < Rank.Moderator)
            throw new AuthException(ErrorCodes.Forbidden, "The account's rank or the device's state does not allow this.");
        PasswordProof proof = await AccountEndpoints.ProveAsync(caller, request.AuthSecret, options, limiter, hasher, store);
        Staff staff = new(caller.Account, caller.Device, caller.Session, Rank.Member, clock.Now());
        return Answer(tokens, clock, await database.WriteAsync(async db =>
        {
            await proof.RequireAsync(db);
            await audit.WriteAsync(db, caller.Account, "opened the dashboard");
            return await staff.RequireAsync(db, clock);
        }));
    }

    static JsonHttpResult<AdminSession> Renew(HttpContext http, AccessTokens tokens, TimeProvider clock) => Answer(tokens, clock, http.Staff());

    static async Task<Rank> RankAsync(AuthDatabase database, Id account) => (await database.ReadAsync(db => db.AllAsync(
        "SELECT rank FROM account WHERE id = @account", row => Ranks.Read(row.GetString(0)) ?? Rank.Member, ("@account", account)))).FirstOrDefault();

    static JsonHttpResult<AdminSession> Answer(AccessTokens tokens, TimeProvider clock, Staff staff)
    {
        long age = clock.Now() - staff.Proven, left = Math.Max(0, Staff.SessionSeconds - age);
        int seconds = (int)Math.Min(Limits.AccessTokenSeconds, left);
        string token = tokens.Issue(AccessTokens.AdminAudience, new AccessClaims(staff.Account, staff.Device, staff.Session, true) { Proven = staff.Proven, Rank = staff.Rank.Name() }, seconds);
        return Json.Ok(new AdminSession(token, seconds, staff.Rank.Name(), (int)Math.Max(0, Staff.FreshSeconds - age), (int)left), AdminJson.Default.AdminSession);
    }
}

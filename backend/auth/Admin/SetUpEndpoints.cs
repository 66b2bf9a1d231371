using System.Net;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>What an owner sets of the instance, and the first time they do (docs/PROTOCOL.md §5.11).</summary>
internal static class SetUpEndpoints
{
    const int CertificateDays = 14;

    public static void MapSetUp(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/v1/admin/settings", Get).For(Access.Chief).Answers<InstanceSettings>().WithSummary("The instance's name and mail, without its password").WithTags("settings");
        routes.MapPut("/auth/v1/admin/settings", Put).For(Access.Chief, fresh: true).Takes<InstanceSettings>().Answers<InstanceSettings>().WithSummary("Sets name and mail").WithTags("settings");
        routes.MapGet("/auth/v1/admin/setup", State).For(Access.Chief).Answers<SetUpState>().WithSummary("What is to be set up; gone once it is finished").WithTags("set-up");
        routes.MapPost("/auth/v1/admin/setup/checks", Check).For(Access.Chief).Takes<CheckSetUp>().Answers<SetUpChecks>()
            .WithSummary("What this server sees of the way the call came by").WithTags("set-up");
        routes.MapPost("/auth/v1/admin/setup/finish", Finish).For(Access.Chief, fresh: true).WithSummary("Ends the set-up, for good").WithTags("set-up");
    }

    static async Task<JsonHttpResult<InstanceSettings>> Get(Settings settings) => Json.Ok(await settings.ReadAsync(), AdminJson.Default.InstanceSettings);

    static async Task<JsonHttpResult<InstanceSettings>> Put(HttpContext http, Settings settings) =>
        Json.Ok(await settings.SetAsync(http.Staff(), await http.ReadAsync(AdminJson.Default.InstanceSettings)), AdminJson.Default.InstanceSettings);

    static async Task<JsonHttpResult<SetUpState>> State(AuthOptions options, Settings settings, Policies policies)
    {
        await RequireUnfinishedAsync(settings);
        InstanceFacts facts = options.Facts();
        return Json.Ok(new SetUpState(await settings.ReadAsync(), (await policies.ReadAsync()).Registration, facts.BehindProxy, facts.Origin), AdminJson.Default.SetUpState);
    }

    static async Task<JsonHttpResult<SetUpChecks>> Check(HttpContext http, AuthOptions options, Settings settings, TimeProvider clock)
    {
        CheckSetUp request = await http.ReadAsync(AdminJson.Default.CheckSetUp);
        await RequireUnfinishedAsync(settings);
        if (request.Origin.Length > 300 || !Uri.TryCreate(request.Origin, UriKind.Absolute, out Uri? origin) || origin.Scheme is not ("http" or "https") || origin.GetLeftPart(UriPartial.Authority) != request.Origin)
            throw AuthException.Invalid("The origin is like https://chat.example, as location.origin says.");
        InstanceFacts facts = options.Facts();
        bool isKnown = facts.Origins.Contains(request.Origin, StringComparer.Ordinal);
        return Json.Ok(new SetUpChecks(
        [
            isKnown ? new SetUpCheck("address", "ok") : new SetUpCheck("address", "other", facts.Origin ?? (facts.Origins is [string first, ..] ? first : null)),
            new SetUpCheck("tls", origin.Scheme == Uri.UriSchemeHttps ? "ok" : IsLocal(origin) ? "local" : "no_tls"),
            new SetUpCheck("proxy", Proxy(http, facts)),
            new SetUpCheck("certificate", facts.CertificateExpires is { } ends && ends - clock.GetUtcNow() < TimeSpan.FromDays(CertificateDays) ? "ends_soon" : "ok"),
            new SetUpCheck("backups", options.Backups is null ? "off" : "ok"),
        ]), AdminJson.Default.SetUpChecks);
    }

    static async Task<NoContent> Finish(HttpContext http, Settings settings)
    {
        await settings.FinishAsync(http.Staff());
        return TypedResults.NoContent();
    }

    static async Task RequireUnfinishedAsync(Settings settings)
    {
        if (await settings.IsSetUpAsync()) throw AuthException.NotFound();
    }

    static bool IsLocal(Uri origin) => origin.Host == "localhost" || (IPAddress.TryParse(origin.Host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));

    // What a trusted proxy said of the client was taken out of X-Forwarded-For, and what was there before stands in X-Original-For.
    static string Proxy(HttpContext http, InstanceFacts facts)
    {
        bool says = http.Request.Headers.ContainsKey("X-Forwarded-For"), believed = http.Request.Headers.ContainsKey("X-Original-For");
        return facts.BehindProxy ? believed ? "ok" : says ? "untrusted" : "no_client_address" : says ? "unexpected" : "ok";
    }
}

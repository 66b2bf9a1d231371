using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>An existing device lets a waiting one in (docs/PROTOCOL.md §5.3): what the two say to each other passes here.</summary>
internal static class LinkEndpoints
{
    const int HashBytes = 32;

    public static void MapLinks(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/v1/links", Start).For(Access.Certified).Takes<StartLink>().Answers<StartedLink>();
        routes.MapGet("/auth/v1/links/current", Offered).For(Access.LoggedIn).Answers<OfferedLink>();
        routes.MapGet("/auth/v1/links/{link}", State).For(Access.Certified).Answers<LinkState>();
        routes.MapDelete("/auth/v1/links/{link}", End).For(Access.Certified).Counted();
        routes.MapPost("/auth/v1/links/{link}/join", Join).For(Access.LoggedIn).Counted().Takes<JoinLink>();
        routes.MapPut("/auth/v1/links/{link}/nonce", Reveal).For(Access.Certified).Counted().Takes<LinkNonce>();
        routes.MapGet("/auth/v1/links/{link}/nonce", Revealed).For(Access.LoggedIn).Answers<LinkNonce>();
    }

    static async Task<JsonHttpResult<StartedLink>> Start(HttpContext http, AuthOptions options, RateLimiter limiter, LinkStore store)
    {
        Caller caller = http.Caller();
        limiter.Count("link", caller.Account.ToArray(), options.LinksOfAccount);
        StartLink request = await http.ReadAsync(AuthJson.Default.StartLink);
        RequireHash(request.Commitment, "The commitment has 32 bytes.");
        return Json.Ok(await store.StartAsync(caller, request.Commitment), AuthJson.Default.StartedLink);
    }

    static async Task<JsonHttpResult<OfferedLink>> Offered(HttpContext http, LinkStore store) =>
        Json.Ok(await store.OfferedAsync(http.Caller().Account) ?? throw AuthException.NotFound(), AuthJson.Default.OfferedLink);

    static async Task<JsonHttpResult<LinkState>> State(HttpContext http, Id link, LinkStore store) =>
        Json.Ok(await store.StateAsync(http.Caller().Device, link) ?? throw AuthException.NotFound(), AuthJson.Default.LinkState);

    static async Task<NoContent> End(HttpContext http, Id link, LinkStore store)
    {
        await store.EndAsync(http.Caller(), link);
        return TypedResults.NoContent();
    }

    static async Task<NoContent> Join(HttpContext http, Id link, LinkStore store)
    {
        JoinLink request = await http.ReadAsync(AuthJson.Default.JoinLink);
        RequireHash(request.Nonce, "The nonce has 32 bytes.");
        if (http.Caller().Certified) throw new AuthException(ErrorCodes.Forbidden, "A certified device joins no link.");
        await store.JoinAsync(http.Caller(), link, request.Nonce);
        return TypedResults.NoContent();
    }

    static async Task<NoContent> Reveal(HttpContext http, Id link, LinkStore store)
    {
        LinkNonce request = await http.ReadAsync(AuthJson.Default.LinkNonce);
        RequireHash(request.Nonce ?? [], "The nonce has 32 bytes.");
        await store.RevealAsync(http.Caller(), link, request.Nonce!);
        return TypedResults.NoContent();
    }

    static async Task<JsonHttpResult<LinkNonce>> Revealed(HttpContext http, Id link, LinkStore store) =>
        Json.Ok(await store.RevealedAsync(http.Caller().Device, link) ?? throw AuthException.NotFound(), AuthJson.Default.LinkNonce);

    static void RequireHash(byte[] bytes, string what)
    {
        if (bytes.Length != HashBytes) throw AuthException.Invalid(what);
    }
}

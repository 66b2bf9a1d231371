using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>What a recovery key opens (docs/PROTOCOL.md §5.6). The server never has a key to it.</summary>
internal static class VaultEndpoints
{
    public static void MapVaults(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/v1/vault", Fetch).For(Access.LoggedIn).Answers<VaultRecord>();
        routes.MapPut("/auth/v1/vault", Replace).For(Access.Certified).Counted().Takes<VaultRecord>();
    }

    // A password is enough to ask: who guesses at recovery keys offline needs one vault, but not every visitor should have it a thousand times.
    static async Task<JsonHttpResult<VaultRecord>> Fetch(HttpContext http, AuthOptions options, RateLimiter limiter, VaultStore store)
    {
        Caller caller = http.Caller();
        limiter.Count("vault", caller.Account.ToArray(), options.VaultsOfAccount);
        return Json.Ok(await store.FindAsync(caller.Account) ?? throw AuthException.NotFound(), AuthJson.Default.VaultRecord);
    }

    static async Task<NoContent> Replace(HttpContext http, VaultStore store)
    {
        VaultRecord request = await http.ReadAsync(AuthJson.Default.VaultRecord);
        await store.ReplaceAsync(http.Caller(), request);
        return TypedResults.NoContent();
    }
}

using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>Accounts as others see them, found by exact handle or id only.</summary>
internal static class DirectoryEndpoints
{
    public static void MapDirectory(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/v1/directory/{handle}", ByHandle).For(Access.Certified).Answers<AccountRecord>();
        routes.MapGet("/auth/v1/accounts/{account}", ById).For(Access.Certified).Answers<AccountRecord>();
    }

    static async Task<JsonHttpResult<AccountRecord>> ByHandle(
        HttpContext http, string handle, AuthOptions options, RateLimiter limiter, DirectoryStore store)
    {
        limiter.Count("directory", http.Caller().Account.ToArray(), options.LookUpsOfAccount);
        if (!Handle.IsWellFormed(handle)) throw AuthException.NotFound();
        return Json.Ok(await store.FindAsync(handle) ?? throw AuthException.NotFound(), AuthJson.Default.AccountRecord);
    }

    static async Task<JsonHttpResult<AccountRecord>> ById(Id account, DirectoryStore store) =>
        Json.Ok(await store.FindAsync(account) ?? throw AuthException.NotFound(), AuthJson.Default.AccountRecord);
}

using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>What others need to add a device while it is away (docs/PROTOCOL.md §5.5, RFC 9420 §16.8).</summary>
internal static class KeyPackageEndpoints
{
    public static void MapKeyPackages(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/v1/key-packages", Publish).For(Access.Certified).Takes<PublishKeyPackages>();
        routes.MapGet("/auth/v1/key-packages", Count).For(Access.Certified).Answers<KeyPackageCount>();
        routes.MapPost("/auth/v1/accounts/{account}/key-packages/claim", Claim).For(Access.Certified).Answers<ClaimedKeyPackages>();
    }

    static async Task<NoContent> Publish(HttpContext http, AuthOptions options, RateLimiter limiter, KeyPackageCheck check, KeyPackageStore store)
    {
        // Each key package costs two signatures to check, and a call brings a hundred.
        Caller caller = http.Caller();
        limiter.Count("publish", caller.Device.ToArray(), options.PublicationsOfDevice);
        PublishKeyPackages request = await http.ReadAsync(AuthJson.Default.PublishKeyPackages, Limits.JsonBytes);
        if (request.KeyPackages.Length > Limits.KeyPackages) throw TooLarge();
        byte[] certificate = await store.CertificateAsync(caller.Device);
        List<CheckedKeyPackage> packages = [];
        foreach (byte[]? body in request.KeyPackages) packages.Add(await check.CheckAsync(body, certificate, lastResort: false));
        if (request.LastResort is not null) packages.Add(await check.CheckAsync(request.LastResort, certificate, lastResort: true));
        await store.PublishAsync(caller, certificate, packages);
        return TypedResults.NoContent();
    }

    static async Task<JsonHttpResult<KeyPackageCount>> Count(HttpContext http, KeyPackageStore store) =>
        Json.Ok(await store.CountAsync(http.Caller().Device), AuthJson.Default.KeyPackageCount);

    static async Task<JsonHttpResult<ClaimedKeyPackages>> Claim(
        HttpContext http, Id account, AuthOptions options, RateLimiter limiter, KeyPackageStore store)
    {
        Caller caller = http.Caller();
        limiter.Count("claim", caller.Account.ToArray(), options.ClaimsOfAccount);
        // Nobody can drain somebody else's key packages; one's own other devices are one's own affair.
        if (account != caller.Account) limiter.Count("claim pair", [.. caller.Account.ToArray(), .. account.ToArray()], options.ClaimsOfPair);
        return Json.Ok(await store.ClaimAsync(caller, account), AuthJson.Default.ClaimedKeyPackages);
    }

    internal static AuthException TooLarge() => new(ErrorCodes.TooLarge, "A device keeps 100 key packages of at most 16 KiB each.");
}

using Kavalek.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Kavalek.Auth;

/// <summary>
/// Stands before every call. The token says who calls; whether the session, the device and the rank still are what they
/// were is read from the database each time, so that what was revoked is refused at once.
/// </summary>
internal sealed class Gate(AccessTokens tokens, AuthDatabase database, AuthOptions options, RateLimiter limiter, TimeProvider clock) : IEndpointFilter
{
    const string Scheme = "Bearer ";

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        // A route that forgot to say who may call it is closed, not open.
        Access access = http.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>()?.Access
            ?? throw new InvalidOperationException("The route does not say who may call it.");
        if (access >= Access.Moderator)
        {
            http.Features.Set(await StaffAsync(http, RankFor(access), http.GetEndpoint()!.Metadata.GetMetadata<AccessMetadata>()!.Fresh));
        }
        else if (access != Access.Anyone)
        {
            Caller caller = await IdentifyAsync(http) ?? throw AuthException.Unauthenticated();
            if ((access >= Access.Certified && !caller.Certified) || (access == Access.Owner && !caller.IsOwner))
            {
                throw new AuthException(ErrorCodes.Forbidden, "The account's rank or the device's state does not allow this.");
            }
            if (http.GetEndpoint()!.Metadata.GetMetadata<CountedMetadata>() is not null) limiter.Count("change", caller.Session.ToArray(), options.ChangesOfSession);
            http.Features.Set(caller);
        }
        return await next(context);
    }

    static Rank RankFor(Access access) => access switch
    {
        Access.Moderator => Rank.Moderator,
        Access.Admin => Rank.Admin,
        _ => Rank.Owner,
    };

    // The dashboard's own tokens, and no others. The rank is what the database says now, whatever the token says.
    async Task<Staff> StaffAsync(HttpContext http, Rank least, bool fresh)
    {
        if (await ClaimsAsync(http, AccessTokens.AdminAudience) is not { Proven: { } proven } claims) throw AuthException.Unauthenticated();
        Staff staff = new(claims.Account, claims.Device, claims.Session, Rank.Member, proven) { Least = least, Fresh = fresh };
        return await database.ReadAsync(db => staff.RequireAsync(db, clock));
    }

    async Task<AccessClaims?> ClaimsAsync(HttpContext http, string audience) =>
        http.Request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? await tokens.ReadAsync(header[Scheme.Length..], audience) : null;

    async Task<Caller?> IdentifyAsync(HttpContext http) =>
        await ClaimsAsync(http, AccessTokens.AuthAudience) is { } claims ? await database.ReadAsync(db => Caller.FindAsync(db, claims, clock)) : null;
}

internal sealed record AccessMetadata(Access Access, bool Fresh = false);

internal sealed record CountedMetadata;

internal static class GateExtensions
{
    /// <summary>
    /// Counts the call with all others of its session that change something for the account: each takes the one writer, and its disk. Another session is not kept from anything.
    /// </summary>
    public static RouteHandlerBuilder Counted(this RouteHandlerBuilder route) => route.WithMetadata(new CountedMetadata());

    /// <summary>Says who may make the call; every route does.</summary>
    /// <param name="route">The route.</param>
    /// <param name="access">Who.</param>
    /// <param name="fresh">Whether the password must have been typed within the last minutes.</param>
    public static RouteHandlerBuilder For(this RouteHandlerBuilder route, Access access, bool fresh = false)
    {
        route.WithMetadata(new AccessMetadata(access, fresh));
        return route;
    }

    /// <summary>The device that makes the call; only behind a route that is not for <see cref="Access.Anyone"/>.</summary>
    public static Caller Caller(this HttpContext http) =>
        http.Features.Get<Caller>() ?? throw new InvalidOperationException("The route is open to anyone: there is no caller.");

    /// <summary>Who acts in the dashboard; only behind a route of the dashboard.</summary>
    public static Staff Staff(this HttpContext http) =>
        http.Features.Get<Staff>() ?? throw new InvalidOperationException("The route is none of the dashboard's.");

    /// <summary>What a rate counts by: the address, of IPv6 the network of one customer (/64).</summary>
    public static byte[] Address(this HttpContext http) => SourceNetwork.Of(http.Connection.RemoteIpAddress).GetAddressBytes();
}

using Kavalek.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Kavalek.Auth;

/// <summary>
/// Stands before every call. The token says who calls; whether the session, the device and the rank still are what they
/// were is read from the database each time, so that what was revoked is refused at once.
/// </summary>
internal sealed class Gate(AccessTokens tokens, AuthDatabase database, TimeProvider clock) : IEndpointFilter
{
    const string Scheme = "Bearer ";

    const string FindCaller = """
        SELECT d.account, d.certificate IS NOT NULL, a.rank = 'owner'
          FROM session s
          JOIN device d ON d.id = s.device
          JOIN account a ON a.id = d.account
         WHERE s.id = @session AND s.device = @device AND s.expires >= @today
           AND (d.waiting_until IS NULL OR d.waiting_until > @now)
        """;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        // A route that forgot to say who may call it is closed, not open.
        Access access = http.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>()?.Access
            ?? throw new InvalidOperationException("The route does not say who may call it.");
        if (access != Access.Anyone)
        {
            Caller caller = await IdentifyAsync(http) ?? throw AuthException.Unauthenticated();
            if ((access >= Access.Certified && !caller.Certified) || (access == Access.Owner && !caller.IsOwner))
            {
                throw new AuthException(ErrorCodes.Forbidden, "The account's rank or the device's state does not allow this.");
            }
            http.Features.Set(caller);
        }
        return await next(context);
    }

    async Task<Caller?> IdentifyAsync(HttpContext http)
    {
        if (http.Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return null;
        if (await tokens.ReadAsync(header[Scheme.Length..], AccessTokens.AuthAudience) is not { } claims) return null;
        Caller? caller = await database.ReadAsync(db => db.FirstAsync(
            FindCaller,
            row => new Caller(row.Id(0), claims.Device, claims.Session, row.Flag(1), row.Flag(2)),
            ("@session", claims.Session), ("@device", claims.Device), ("@today", clock.Today()), ("@now", clock.Now())));
        return caller?.Account == claims.Account ? caller : null;
    }
}

internal sealed record AccessMetadata(Access Access);

internal static class GateExtensions
{
    /// <summary>Says who may make the call; every route does.</summary>
    public static RouteHandlerBuilder For(this RouteHandlerBuilder route, Access access)
    {
        route.WithMetadata(new AccessMetadata(access));
        return route;
    }

    /// <summary>The device that makes the call; only behind a route that is not for <see cref="Access.Anyone"/>.</summary>
    public static Caller Caller(this HttpContext http) =>
        http.Features.Get<Caller>() ?? throw new InvalidOperationException("The route is open to anyone: there is no caller.");

    /// <summary>What a rate counts by: the address, of IPv6 the network of one customer (/64).</summary>
    public static byte[] Address(this HttpContext http) => SourceNetwork.Of(http.Connection.RemoteIpAddress).GetAddressBytes();
}

using Kavalek.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Messaging.Access;

/// <summary>Lets REST calls through that carry a valid access token in the <c>Authorization</c> header, and nowhere else.</summary>
static class Authentication
{
    const string Scheme = "Bearer ";

    public static async ValueTask<object?> RequireDevice(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        HttpContext context = invocation.HttpContext;
        context.Response.Headers.CacheControl = "no-store";
        string? header = context.Request.Headers.Authorization.Count == 1 ? context.Request.Headers.Authorization[0] : null;
        if (header is null || !header.StartsWith(Scheme, StringComparison.Ordinal) || context.Request.Query.ContainsKey("access_token")
            || await context.RequestServices.GetRequiredService<AccessTokens>().ValidateAsync(header[Scheme.Length..]) is not { } principal)
        {
            return Ended();
        }
        context.Items[typeof(Principal)] = principal;
        try
        {
            return await next(invocation);
        }
        catch (EndedException)
        {
            return Ended();
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Problems.Of(ErrorCodes.TooLarge, "the body is too large");
        }
        catch (BadHttpRequestException)
        {
            return Problems.Of(ErrorCodes.Invalid, "the request is malformed");
        }
        catch (System.Data.Common.DbException)
        {
            return Problems.Of(ErrorCodes.Unavailable, "busy");
        }
    }

    /// <summary>Lets calls of the dashboard through, whatever the rank.</summary>
    public static ValueTask<object?> RequireStaff(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next) => RequireRank(invocation, next, _ => true);

    /// <summary>Lets calls of the dashboard through by admins and owners.</summary>
    public static ValueTask<object?> RequireAdmin(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next) =>
        RequireRank(invocation, next, rank => rank is "admin" or "owner");

    static async ValueTask<object?> RequireRank(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next, Predicate<string> suffices)
    {
        HttpContext context = invocation.HttpContext;
        context.Response.Headers.CacheControl = "no-store";
        string? header = context.Request.Headers.Authorization.Count == 1 ? context.Request.Headers.Authorization[0] : null;
        if (header is null || !header.StartsWith(Scheme, StringComparison.Ordinal)
            || await context.RequestServices.GetRequiredService<AccessTokens>().StaffRankAsync(header[Scheme.Length..]) is not { } rank)
        {
            return Problems.Of(ErrorCodes.Unauthenticated, "no token of the dashboard, or one that is not valid here and now");
        }
        if (!suffices(rank))
            return Problems.Of(ErrorCodes.Forbidden, "the rank does not allow this");
        try
        {
            return await next(invocation);
        }
        catch (System.Data.Common.DbException)
        {
            return Problems.Of(ErrorCodes.Unavailable, "busy");
        }
    }

    /// <summary>Whether the session or device that calls is over by now: a body may take long to come, and a turn in the writer's queue, too.</summary>
    public static Func<bool> IsOver(HttpContext context)
    {
        AccessTokens tokens = context.RequestServices.GetRequiredService<AccessTokens>();
        var principal = (Principal)context.Items[typeof(Principal)]!;
        return () => tokens.IsOver(principal);
    }

    /// <summary>What is answered to who may not, or not any more.</summary>
    public static IResult Ended() => Problems.Of(ErrorCodes.Unauthenticated, "no token, or one that is not valid here and now");

    /// <summary>Whose device calls.</summary>
    public static Id Account(HttpContext context) => ((Principal)context.Items[typeof(Principal)]!).Account;

    /// <summary>The device that calls.</summary>
    public static Id Device(HttpContext context) => ((Principal)context.Items[typeof(Principal)]!).Device;

    /// <summary>Its session.</summary>
    public static Id Session(HttpContext context) => ((Principal)context.Items[typeof(Principal)]!).Session;
}

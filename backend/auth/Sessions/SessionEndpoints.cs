using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Kavalek.Auth;

/// <summary>Refresh and log-out (docs/PROTOCOL.md §5.4).</summary>
internal static class SessionEndpoints
{
    public static void MapSessions(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/v1/sessions/refresh", Refresh).For(Access.Anyone).Takes<RefreshRequest>().Answers<Session>();
        routes.MapDelete("/auth/v1/sessions/current", LogOut).For(Access.LoggedIn);
    }

    static async Task<JsonHttpResult<Session>> Refresh(
        HttpContext http, AuthOptions options, RateLimiter limiter, SessionStore store, SessionTokens tokens, IEventBus bus, LogIds ids, ILogger<SessionStore> log)
    {
        RefreshRequest request = await http.ReadAsync(AuthJson.Default.RefreshRequest);
        if (RefreshToken.Decode(request.RefreshToken) is not { } presented) throw SessionEnded();
        await CountAsync(http, options, limiter, store, presented);
        RefreshToken next = presented.Next();
        switch (await store.RotateAsync(presented, next))
        {
            case Rotation.Done done:
                return tokens.Answer(done.Session, next);
            case Rotation.Reused reused:
                // Somebody holds a copy. Which of the two is the thief cannot be told, so neither goes on (K-09).
                log.LogWarning("a used refresh token of device {Device} came back; its session ended", ids.Of(reused.Session.Device));
                bus.Publish(new SessionEnded(reused.Session.Account, reused.Session.Device, reused.Session.Id));
                if (reused.Certified.Length > 0) bus.Publish(new DevicesChanged(reused.Session.Account, reused.Certified));
                throw SessionEnded();
            default:
                throw SessionEnded();
        }
    }

    // Guesses count against where they come from, and never reach the one writer. An open session has a count of its own: whoever shares its
    // address cannot keep it from going on.
    static async Task CountAsync(HttpContext http, AuthOptions options, RateLimiter limiter, SessionStore store, RefreshToken presented)
    {
        if (await store.IsOpenAsync(presented))
        {
            limiter.Count("refresh session", presented.FamilyHash, options.RefreshesOfSession);
            return;
        }
        limiter.Count("refresh address", http.Address(), options.RefreshesOfAddress);
        throw SessionEnded();
    }

    static async Task<NoContent> LogOut(HttpContext http, SessionStore store, IEventBus bus)
    {
        Caller caller = http.Caller();
        await store.EndAsync(caller.Session);
        bus.Publish(new SessionEnded(caller.Account, caller.Device, caller.Session));
        return TypedResults.NoContent();
    }

    static AuthException SessionEnded() => new(ErrorCodes.SessionEnded, "The session ended, or its refresh token was used twice.");
}

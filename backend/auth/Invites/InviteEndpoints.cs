using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>The owner lets people in (docs/PROTOCOL.md §5.1).</summary>
internal static class InviteEndpoints
{
    public static void MapInvites(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/v1/invites", Create).For(Access.Owner).Takes<CreateInvite>().Answers<CreatedInvite>();
        routes.MapGet("/auth/v1/invites", List).For(Access.Owner).Answers<InviteRecord[]>();
        routes.MapDelete("/auth/v1/invites/{invite}", Revoke).For(Access.Owner);
    }

    static async Task<JsonHttpResult<CreatedInvite>> Create(HttpContext http, InviteStore store, TimeProvider clock)
    {
        CreateInvite request = await http.ReadAsync(AuthJson.Default.CreateInvite);
        Check(request.Uses, request.ExpiresIn);
        return Json.Ok(await store.CreateAsync(Owner(http, clock), request.Uses, request.ExpiresIn), AuthJson.Default.CreatedInvite);
    }

    /// <summary>Refuses numbers that are out of bounds.</summary>
    internal static void Check(int uses, long expiresIn)
    {
        if (uses is < 1 or > 1000 || expiresIn is < 60 or > 31_536_000)
        {
            throw AuthException.Invalid("An invite has 1 to 1,000 uses and lasts 60 to 31,536,000 seconds.");
        }
    }

    static async Task<JsonHttpResult<InviteRecord[]>> List(InviteStore store) =>
        Json.Ok(await store.ListAsync(), AuthJson.Default.InviteRecordArray);

    static async Task<NoContent> Revoke(HttpContext http, Id invite, InviteStore store, TimeProvider clock)
    {
        await store.RevokeAsync(Owner(http, clock), invite);
        return TypedResults.NoContent();
    }

    // An invite for members needs no password, and so no dashboard.
    static Staff Owner(HttpContext http, TimeProvider clock)
    {
        Caller caller = http.Caller();
        return new Staff(caller.Account, caller.Device, caller.Session, Rank.Owner, clock.Now()) { Least = Rank.Owner };
    }
}

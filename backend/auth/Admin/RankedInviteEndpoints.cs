using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>Invites of any rank below one's own (docs/PROTOCOL.md §5.11).</summary>
internal static class RankedInviteEndpoints
{
    public static void MapRankedInvites(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/v1/admin/invites", Create).For(Access.Admin).Takes<CreateRankedInvite>().Answers<CreatedInvite>()
            .WithSummary("A link for so many people; for more than members with a fresh password").WithTags("invites");
        routes.MapGet("/auth/v1/admin/invites", List).For(Access.Admin).Answers<RankedInvite[]>().WithSummary("Invites that still work").WithTags("invites");
        routes.MapDelete("/auth/v1/admin/invites/{invite}", Revoke).For(Access.Admin).WithSummary("Ends an invite").WithTags("invites");
    }

    static async Task<JsonHttpResult<CreatedInvite>> Create(HttpContext http, InviteStore store)
    {
        CreateRankedInvite request = await http.ReadAsync(AdminJson.Default.CreateRankedInvite);
        InviteEndpoints.Check(request.Uses, request.ExpiresIn);
        Rank rank = Ranks.Read(request.Rank) ?? throw AuthException.Invalid("There is no such rank.");
        return Json.Ok(await store.CreateAsync(http.Staff() with { Fresh = rank > Rank.Member }, request.Uses, request.ExpiresIn, rank), AuthJson.Default.CreatedInvite);
    }

    static async Task<JsonHttpResult<RankedInvite[]>> List(InviteStore store) => Json.Ok(await store.RankedAsync(), AdminJson.Default.RankedInviteArray);

    static async Task<NoContent> Revoke(HttpContext http, Id invite, InviteStore store)
    {
        await store.RevokeAsync(http.Staff(), invite);
        return TypedResults.NoContent();
    }
}

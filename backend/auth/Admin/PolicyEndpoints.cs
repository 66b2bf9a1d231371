using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>What the instance asks of its clients (docs/PROTOCOL.md §5.12).</summary>
internal static class PolicyEndpoints
{
    public static void MapPolicy(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/v1/policy", Get).For(Access.Anyone).Answers<SignedPolicy>().WithSummary("The policy in force, signed").WithTags("policy");
        routes.MapPut("/auth/v1/admin/policy", Put).For(Access.Chief, fresh: true).Takes<InstancePolicy>().Answers<SignedPolicy>()
            .WithSummary("Puts another policy in force, under the next number").WithTags("policy");
    }

    static async Task<JsonHttpResult<SignedPolicy>> Get(Policies policies) => Json.Ok(await policies.CurrentAsync(), AdminJson.Default.SignedPolicy);

    static async Task<JsonHttpResult<SignedPolicy>> Put(HttpContext http, Policies policies) => Json.Ok(
        await policies.ReplaceAsync(http.Staff(), await http.ReadAsync(AdminJson.Default.InstancePolicy)), AdminJson.Default.SignedPolicy);
}

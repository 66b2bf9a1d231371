using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>What anyone may know of the instance, and whether it lives.</summary>
internal static class InstanceEndpoints
{
    public static void MapInstance(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/v1/instance", Get).For(Access.Anyone).Answers<InstanceInfo>();
        routes.MapGet("/auth/healthz", Health).For(Access.Anyone);
    }

    static async Task<JsonHttpResult<InstanceInfo>> Get(InstanceId instance, AuthOptions options, Settings settings, Policies policies)
    {
        InstancePolicy policy = await policies.ReadAsync();
        return Json.Ok(new InstanceInfo(instance.Id, await settings.NameAsync(), Protocol: 1, policy.Registration, policy.TimerFloor, policy.TimerCeiling,
            Math.Min(policy.AttachmentBytes, options.AttachmentBytes), Math.Min(policy.AttachmentQuota, options.AttachmentQuota)), AuthJson.Default.InstanceInfo);
    }

    static async Task<Ok> Health(AuthDatabase database)
    {
        await database.ReadAsync(db => db.NumberAsync("SELECT COUNT(*) FROM instance"));
        return TypedResults.Ok();
    }
}

using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Auth.Tests;

/// <summary>Who may make which call, held against the routes the server really has: one that is missing here fails (K-21).</summary>
public sealed class RouteTests
{
    static readonly Dictionary<string, Access> Table = new()
    {
        ["GET /auth/v1/instance"] = Access.Anyone,
        ["GET /auth/healthz"] = Access.Anyone,
        ["GET /auth/.well-known/jwks.json"] = Access.Anyone,
        ["POST /auth/v1/prelogin"] = Access.Anyone,
        ["POST /auth/v1/accounts"] = Access.Anyone,
        ["POST /auth/v1/sessions"] = Access.Anyone,
        ["POST /auth/v1/sessions/refresh"] = Access.Anyone,
        ["DELETE /auth/v1/sessions/current"] = Access.LoggedIn,
        ["GET /auth/v1/devices/self"] = Access.LoggedIn,
        ["DELETE /auth/v1/devices/self/grant"] = Access.LoggedIn,
        ["PUT /auth/v1/devices/self/certificate"] = Access.LoggedIn,
        ["POST /auth/v1/devices/removal"] = Access.Anyone,
        ["POST /auth/v1/links"] = Access.Certified,
        ["GET /auth/v1/links/current"] = Access.LoggedIn,
        ["GET /auth/v1/links/{link}"] = Access.Certified,
        ["DELETE /auth/v1/links/{link}"] = Access.Certified,
        ["POST /auth/v1/links/{link}/join"] = Access.LoggedIn,
        ["PUT /auth/v1/links/{link}/nonce"] = Access.Certified,
        ["GET /auth/v1/links/{link}/nonce"] = Access.LoggedIn,
        ["GET /auth/v1/vault"] = Access.LoggedIn,
        ["PUT /auth/v1/vault"] = Access.Certified,
        ["PUT /auth/v1/account/password"] = Access.Certified,
        ["POST /auth/v1/account/key"] = Access.Certified,
        ["POST /auth/v1/account/reset"] = Access.LoggedIn,
        ["POST /auth/v1/account/delete"] = Access.Certified,
        ["GET /auth/v1/devices"] = Access.Certified,
        ["PUT /auth/v1/devices/{device}/certificate"] = Access.Certified,
        ["POST /auth/v1/devices/{device}/remove"] = Access.Certified,
        ["GET /auth/v1/directory/{handle}"] = Access.Certified,
        ["GET /auth/v1/accounts/{account}"] = Access.Certified,
        ["POST /auth/v1/key-packages"] = Access.Certified,
        ["GET /auth/v1/key-packages"] = Access.Certified,
        ["POST /auth/v1/accounts/{account}/key-packages/claim"] = Access.Certified,
        ["POST /auth/v1/invites"] = Access.Owner,
        ["GET /auth/v1/invites"] = Access.Owner,
        ["DELETE /auth/v1/invites/{invite}"] = Access.Owner,
    };

    [Fact]
    public async Task Each_call_is_refused_to_whoever_may_not_make_it() // K-21, K-27
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        using TestDevice member = await TestDevice.SignUpAsync(server);
        TestDevice waiting = member.Another();
        await waiting.LogInAsync(waiting: true);

        Dictionary<string, Access> served = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.StartsWith("/auth", StringComparison.Ordinal))
            .ToDictionary(
                e => $"{e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single()} {e.RoutePattern.RawText}",
                e => e.Metadata.GetMetadata<AccessMetadata>()!.Access);
        Assert.Equal(Table.OrderBy(r => r.Key), served.OrderBy(r => r.Key));

        string before = server.Dump();
        foreach ((string route, Access access) in Table)
        {
            string[] parts = route.Split(' ');
            string path = parts[1].Replace("{handle}", member.Handle, StringComparison.Ordinal)
                .Replace("{device}", owner.Device.ToString(), StringComparison.Ordinal)
                .Replace("{account}", owner.Account.ToString(), StringComparison.Ordinal)
                .Replace("{link}", Id.New().ToString(), StringComparison.Ordinal)
                .Replace("{invite}", Id.New().ToString(), StringComparison.Ordinal);
            HttpMethod method = new(parts[0]);
            if (access >= Access.LoggedIn) await server.SendAsync(method, path).RefusedAsync(ErrorCodes.Unauthenticated);
            if (access >= Access.Certified) await waiting.SendAsync(method, path).RefusedAsync(ErrorCodes.Forbidden);
            if (access >= Access.Owner) await member.SendAsync(method, path).RefusedAsync(ErrorCodes.Forbidden);
        }
        Assert.Equal(before, server.Dump());
    }
}

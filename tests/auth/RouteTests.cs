using System.Net;
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
        ["PUT /auth/v1/devices"] = Access.Certified,
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
        ["GET /auth/v1/policy"] = Access.Anyone,
        ["GET /auth/v1/audit"] = Access.Certified,
        ["GET /auth/v1/server-sees"] = Access.Certified,
        ["POST /auth/v1/admin/sessions"] = Access.Certified,
        ["POST /auth/v1/admin/sessions/renew"] = Access.Moderator,
        ["GET /auth/v1/admin/overview"] = Access.Moderator,
        ["POST /auth/v1/admin/mail/test"] = Access.Admin,
        ["POST /auth/v1/admin/storage/purge"] = Access.Admin,
        ["GET /auth/v1/admin/backups"] = Access.Admin,
        ["POST /auth/v1/admin/backups/run"] = Access.Admin,
        ["POST /auth/v1/admin/backups/test"] = Access.Admin,
        ["GET /auth/v1/admin/settings"] = Access.Chief,
        ["PUT /auth/v1/admin/settings"] = Access.Chief,
        ["GET /auth/v1/admin/setup"] = Access.Chief,
        ["POST /auth/v1/admin/setup/checks"] = Access.Chief,
        ["POST /auth/v1/admin/setup/finish"] = Access.Chief,
        ["GET /auth/v1/admin/audit"] = Access.Moderator,
        ["GET /auth/v1/admin/server-sees"] = Access.Moderator,
        ["GET /auth/v1/admin/people"] = Access.Moderator,
        ["POST /auth/v1/admin/people/find"] = Access.Moderator,
        ["GET /auth/v1/admin/people/{account}"] = Access.Moderator,
        ["PUT /auth/v1/admin/people/{account}/rank"] = Access.Admin,
        ["POST /auth/v1/admin/people/{account}/suspend"] = Access.Moderator,
        ["POST /auth/v1/admin/people/{account}/resume"] = Access.Moderator,
        ["POST /auth/v1/admin/people/{account}/sign-out"] = Access.Admin,
        ["POST /auth/v1/admin/people/{account}/off-board"] = Access.Admin,
        ["DELETE /auth/v1/admin/people/{account}"] = Access.Admin,
        ["POST /auth/v1/admin/invites"] = Access.Admin,
        ["GET /auth/v1/admin/invites"] = Access.Admin,
        ["DELETE /auth/v1/admin/invites/{invite}"] = Access.Admin,
        ["PUT /auth/v1/admin/policy"] = Access.Chief,
        ["GET /auth/v1/moderators"] = Access.Certified,
        ["POST /auth/v1/reports"] = Access.Certified,
        ["PUT /auth/v1/admin/report-key"] = Access.Moderator,
        ["GET /auth/v1/admin/reports"] = Access.Moderator,
        ["GET /auth/v1/admin/reports/{report}"] = Access.Moderator,
        ["POST /auth/v1/admin/reports/{report}/decide"] = Access.Moderator,
    };

    // What reaches far: with the password of the last minutes only.
    static readonly string[] Fresh =
    [
        "DELETE /auth/v1/admin/people/{account}", "POST /auth/v1/admin/backups/run", "POST /auth/v1/admin/backups/test", "POST /auth/v1/admin/people/{account}/off-board", "POST /auth/v1/admin/people/{account}/sign-out",
        "POST /auth/v1/admin/people/{account}/suspend", "POST /auth/v1/admin/setup/finish", "POST /auth/v1/admin/storage/purge",
        "PUT /auth/v1/admin/people/{account}/rank", "PUT /auth/v1/admin/policy", "PUT /auth/v1/admin/settings",
    ];

    [Fact]
    public async Task Each_call_of_the_dashboard_is_refused_to_lower_ranks_to_old_passwords_and_to_every_other_token() // K-27
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        RouteEndpoint[] served = [.. scene.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<AccessMetadata>() is { Access: >= Access.Moderator })];
        static string Name(RouteEndpoint route) => $"{route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single()} {route.RoutePattern.RawText}";
        Assert.Equal(Fresh, served.Where(route => route.Metadata.GetMetadata<AccessMetadata>()!.Fresh).Select(Name).Order(StringComparer.Ordinal));

        string PathOf(RouteEndpoint route) => route.RoutePattern.RawText!.Replace("{account}", scene.Member.Account.ToString(), StringComparison.Ordinal)
            .Replace("{invite}", Id.New().ToString(), StringComparison.Ordinal).Replace("{report}", Id.New().ToString(), StringComparison.Ordinal);
        async Task RefusedAsync(RouteEndpoint route, string token, string code) => await scene.SendAsync(new HttpMethod(Name(route).Split(' ')[0]), PathOf(route), token).RefusedAsync(code);
        string before = scene.Server.Dump();
        foreach (RouteEndpoint route in served)
        {
            foreach (TestDevice device in scene.All)
            {
                await RefusedAsync(route, device.Session!.AuthToken, ErrorCodes.Unauthenticated);
                await RefusedAsync(route, device.Session!.MessagingToken, ErrorCodes.Unauthenticated);
            }
            Access access = route.Metadata.GetMetadata<AccessMetadata>()!.Access;
            if (access > Access.Moderator) await RefusedAsync(route, scene.TokenOf(scene.Moderator), ErrorCodes.Forbidden);
            if (access > Access.Admin) await RefusedAsync(route, scene.TokenOf(scene.Admin), ErrorCodes.Forbidden);

            // A page of another origin has no cookie to ride on, and its browser is not told that it may send a token.
            using HttpRequestMessage question = new(HttpMethod.Options, PathOf(route))
            {
                Headers = { { "Origin", "https://elsewhere.example" }, { "Access-Control-Request-Method", Name(route).Split(' ')[0] }, { "Access-Control-Request-Headers", "authorization" } },
            };
            using HttpResponseMessage said = await scene.Server.Http.SendAsync(question, TestContext.Current.CancellationToken);
            Assert.False(said.IsSuccessStatusCode);
            Assert.DoesNotContain(said.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase) || header.Key == "Set-Cookie");
        }
        scene.Clock.Advance(TimeSpan.FromSeconds(Staff.FreshSeconds + 1));
        foreach (RouteEndpoint route in served.Where(route => Fresh.Contains(Name(route)))) await RefusedAsync(route, scene.TokenOf(scene.Owner), ErrorCodes.PasswordRequired);
        Assert.Equal(before, scene.Server.Dump());
    }

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
                .Replace("{invite}", Id.New().ToString(), StringComparison.Ordinal)
                .Replace("{report}", Id.New().ToString(), StringComparison.Ordinal);
            HttpMethod method = new(parts[0]);
            if (access >= Access.LoggedIn) await server.SendAsync(method, path).RefusedAsync(ErrorCodes.Unauthenticated);
            // The dashboard's own tokens are another test's.
            if (access >= Access.Moderator) continue;
            if (access >= Access.Certified) await waiting.SendAsync(method, path).RefusedAsync(ErrorCodes.Forbidden);
            if (access >= Access.Owner) await member.SendAsync(method, path).RefusedAsync(ErrorCodes.Forbidden);
        }
        Assert.Equal(before, server.Dump());
    }

    // Those have a count of their own, and a log-out ends what would be counted.
    static readonly string[] CountedElsewhere =
    [
        "DELETE /auth/v1/sessions/current", "POST /auth/v1/account/delete", "POST /auth/v1/account/reset", "POST /auth/v1/accounts/{account}/key-packages/claim",
        "POST /auth/v1/admin/sessions", "POST /auth/v1/key-packages", "POST /auth/v1/links", "POST /auth/v1/reports", "PUT /auth/v1/account/password",
    ];

    [Fact]
    public async Task What_a_device_changes_is_counted_for_its_session_whatever_it_is() // K-78
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, options => Answers.Open(options) with { RateFactor = 1 });
        using TestDevice device = await TestDevice.SignUpAsync(server);
        using TestDevice other = await device.AddDeviceAsync(2);
        RouteEndpoint[] changes = [.. server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<AccessMetadata>() is { Access: Access.LoggedIn or Access.Certified } && MethodOf(e) != HttpMethod.Get)];
        RouteEndpoint[] counted = [.. changes.Where(e => e.Metadata.GetMetadata<CountedMetadata>() is not null)];
        Assert.Equal(CountedElsewhere, changes.Except(counted).Select(e => $"{MethodOf(e)} {e.RoutePattern.RawText}").Order(StringComparer.Ordinal));

        // They are counted before their bodies are looked at, and device has certified another one already.
        static Task<HttpResponseMessage> CallAsync(TestDevice by, RouteEndpoint route) =>
            by.SendAsync(MethodOf(route), System.Text.RegularExpressions.Regex.Replace(route.RoutePattern.RawText!, @"\{[^}]+\}", Id.New().ToString()));
        for (int i = 0; i < 59; i++)
        {
            using HttpResponseMessage answer = await CallAsync(device, counted[i % counted.Length]);
            Assert.NotEqual(HttpStatusCode.TooManyRequests, answer.StatusCode);
        }
        foreach (RouteEndpoint route in counted)
        {
            await CallAsync(device, route).RefusedAsync(ErrorCodes.RateLimited);
            using HttpResponseMessage others = await CallAsync(other, route);
            Assert.NotEqual(HttpStatusCode.TooManyRequests, others.StatusCode);
        }
        // Whoever has the device's key and the password is not kept from it by who has its session.
        await device.LogInAsync();
        await device.SendAsync(HttpMethod.Delete, "/auth/v1/devices/self/grant").OkAsync();
    }

    static HttpMethod MethodOf(RouteEndpoint route) => HttpMethod.Parse(route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single());

    [Fact]
    public async Task No_call_reads_a_body_of_thirty_megabytes() // K-80
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        // A refusal comes before the body; a success, of a call that takes none, would have it sent. What is announced is sent only when the server begins to read it; nobody waits for a clock.
        using HttpClient http = new(new SocketsHttpHandler { Expect100ContinueTimeout = Timeout.InfiniteTimeSpan }) { BaseAddress = server.Address };
        int asked = 0;
        foreach (RouteEndpoint route in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            string method = route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Single() ?? "GET";
            if (method is not ("POST" or "PUT")) continue;
            string path = System.Text.RegularExpressions.Regex.Replace(route.RoutePattern.RawText!, @"\{[^}]+\}", Id.New().ToString());
            foreach (string type in (string[])["application/json", "application/x-protobuf"])
            {
                using HttpRequestMessage request = new(HttpMethod.Parse(method), path) { Content = new Announced(30_000_000) };
                request.Headers.ExpectContinue = true;
                request.Headers.Authorization = new("Bearer", path.StartsWith("/auth", StringComparison.Ordinal) ? owner.Session!.AuthToken : owner.Session!.MessagingToken);
                request.Content.Headers.ContentType = new(type);
                try
                {
                    using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
                    Assert.True((int)answer.StatusCode is >= 400 and < 500, $"{method} {path}: {(int)answer.StatusCode}");
                }
                catch (HttpRequestException e)
                {
                    Assert.Fail($"{method} {path}, {type}: {e.InnerException?.Message}");
                }
                asked++;
            }
        }
        Assert.True(asked > 40);
    }

    sealed class Announced(long bytes) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => throw new InvalidOperationException("The server asked for the body.");

        protected override bool TryComputeLength(out long length)
        {
            length = bytes;
            return true;
        }
    }
}

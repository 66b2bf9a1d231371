using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Kavalek.Protocol;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class TokenTests
{
    [Fact]
    public async Task A_token_says_what_the_protocol_says_and_verifies_with_the_published_key()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        foreach ((string token, string audience) in new[] { (device.Session!.AuthToken, "kavalek/auth"), (device.Session.MessagingToken, "kavalek/messaging") })
        {
            string[] parts = token.Split('.');
            JsonObject header = Read(parts[0]), claims = Read(parts[1]);
            Assert.Equal(["alg", "kid", "typ"], header.Select(p => p.Key).Order());
            Assert.Equal(("ES256", "at+jwt"), ((string?)header["alg"], (string?)header["typ"]));
            Assert.Equal(["aud", "crt", "dev", "exp", "iat", "iss", "nbf", "ses", "sub"], claims.Select(p => p.Key).Order());
            Assert.Equal((server.Instance.ToString(), audience), ((string?)claims["iss"], (string?)claims["aud"]));
            Assert.Equal((device.Account.ToString(), device.Device.ToString()), ((string?)claims["sub"], (string?)claims["dev"]));
            Assert.True((bool)claims["crt"]!);
            Assert.Equal(600, (long)claims["exp"]! - (long)claims["iat"]!);

            JsonObject jwk = (await PublicKeyAsync(server, (string)header["kid"]!))!;
            Assert.False(jwk.ContainsKey("d"));
            using ECDsa key = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = Base64Url.DecodeFromChars((string)jwk["x"]!), Y = Base64Url.DecodeFromChars((string)jwk["y"]!) },
            });
            Assert.True(key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256));
        }
    }

    // Signed with the real key, by the real code, on another day or for somebody else.
    [Fact]
    public async Task A_genuine_token_for_another_time_instance_audience_or_session_opens_nothing() // K-06
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(server.Data, "keys", "token.pem"), TestContext.Current.CancellationToken));
        Id session = Id.Parse((string)Read(device.Session!.AuthToken.Split('.')[1])["ses"]!);
        AccessClaims claims = new(device.Account, device.Device, session, Certified: true);
        string At(TimeSpan offset) => new AccessTokens(key, server.Instance, new ManualClock(clock.GetUtcNow() + offset)).Issue(AccessTokens.AuthAudience, claims);
        string Of(AccessClaims other) => new AccessTokens(key, server.Instance, clock).Issue(AccessTokens.AuthAudience, other);

        string[] refused =
        [
            At(TimeSpan.FromSeconds(-631)), At(TimeSpan.FromSeconds(31)), At(TimeSpan.FromDays(365)),
            new AccessTokens(key, Id.New(), clock).Issue(AccessTokens.AuthAudience, claims),
            new AccessTokens(key, server.Instance, clock).Issue(AccessTokens.MessagingAudience, claims),
            new AccessTokens(key, server.Instance, clock).Issue("kavalek/admin", claims),
            Of(claims with { Session = Id.New() }), Of(claims with { Device = Id.New() }), Of(claims with { Account = Id.New() }),
        ];
        foreach (string token in refused)
        {
            await device.SendAsync(HttpMethod.Get, "/auth/v1/devices", token: token).RefusedAsync(ErrorCodes.Unauthenticated);
        }
        foreach (string token in (string[])[Of(claims), At(TimeSpan.FromSeconds(-629)), At(TimeSpan.FromSeconds(30))])
        {
            await device.SendAsync(HttpMethod.Get, "/auth/v1/devices", token: token).OkAsync(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task A_token_ends_after_ten_minutes_and_half()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        clock.Advance(TimeSpan.FromSeconds(629));
        await device.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromSeconds(1));
        await device.GetAsync("/auth/v1/devices").RefusedAsync(ErrorCodes.Unauthenticated);
        await device.RefreshAsync();
        await device.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_token_in_the_address_is_refused_everywhere() // K-08
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        foreach (string path in (string[])["/auth/v1/devices", "/auth/v1/instance", "/", "/api/v1/streams", "/socket", "/nowhere"])
        {
            foreach (string name in (string[])["access_token", "ACCESS_TOKEN", "token"])
            {
                await server.GetAsync($"{path}?{name}={device.Session!.AuthToken}").RefusedAsync(ErrorCodes.Unauthenticated);
                await device.GetAsync($"{path}?{name}=x").RefusedAsync(ErrorCodes.Unauthenticated);
            }
        }
        await device.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
        Assert.DoesNotContain(device.Session!.AuthToken, server.Logs, StringComparison.Ordinal);
    }

    internal static JsonObject Read(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!.AsObject();

    internal static async Task<JsonObject> JwksAsync(TestServer server) =>
        JsonNode.Parse(await server.Http.GetStringAsync("/auth/.well-known/jwks.json", TestContext.Current.CancellationToken))!.AsObject();

    static async Task<JsonObject?> PublicKeyAsync(TestServer server, string kid) =>
        (await JwksAsync(server))["keys"]!.AsArray().Select(k => k!.AsObject()).SingleOrDefault(k => (string?)k["kid"] == kid);
}

using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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

    public static TheoryData<string> Forgeries => [.. Forged.Keys];

    static readonly Dictionary<string, Func<Forge, string>> Forged = new()
    {
        ["alg none"] = f => f.Unsigned("none"),
        ["alg None"] = f => f.Unsigned("None"),
        ["alg NONE with a signature"] = f => f.With(h => h["alg"] = "NONE"),
        ["no signature"] = f => f.Token[..(f.Token.LastIndexOf('.') + 1)],
        ["no signature, no dot"] = f => f.Token[..f.Token.LastIndexOf('.')],
        ["HS256 with the public key"] = f => f.Hmac(),
        ["alg ES384"] = f => f.With(h => h["alg"] = "ES384"),
        ["alg RS256"] = f => f.With(h => h["alg"] = "RS256"),
        ["unknown kid"] = f => f.With(h => h["kid"] = "other"),
        ["kid that is a path"] = f => f.With(h => h["kid"] = "../../../../dev/null"),
        ["no kid"] = f => f.With(h => h.Remove("kid")),
        ["jku"] = f => f.With(h => h["jku"] = "https://evil.example/jwks.json"),
        ["x5u"] = f => f.With(h => h["x5u"] = "https://evil.example/cert.pem"),
        ["embedded jwk of the forger"] = f => f.EmbeddedKey(),
        ["crit"] = f => f.With(h => h["crit"] = new JsonArray("exp")),
        ["cty"] = f => f.With(h => h["cty"] = "JWT"),
        ["enc"] = f => f.With(h => h["enc"] = "A256GCM"),
        ["zip"] = f => f.With(h => h["zip"] = "DEF"),
        ["typ JWT"] = f => f.With(h => h["typ"] = "JWT"),
        ["no typ"] = f => f.With(h => h.Remove("typ")),
        ["signed by another key"] = f => f.With(_ => { }),
        ["payload edited, signature kept"] = f => f.Edited(c => c["sub"] = Id.New().ToString()),
        ["certified edited"] = f => f.Edited(c => c["crt"] = false),
        ["signature of zeros"] = f => f.Token[..(f.Token.LastIndexOf('.') + 1)] + Base64Url.EncodeToString(new byte[64]),
        ["signature in DER"] = f => f.Der(),
        ["signature cut"] = f => f.Token[..^2],
        ["a part more"] = f => f.Token + ".AAAA",
        ["five parts"] = f => f.Token + ".AAAA.AAAA",
        ["messaging token"] = f => f.MessagingToken,
        ["refresh token"] = f => f.RefreshToken,
        ["empty"] = _ => "",
        ["garbage"] = _ => "garbage",
        ["dots"] = _ => "..",
        ["header that is no object"] = f => Base64Url.EncodeToString("[]"u8) + f.Token[f.Token.IndexOf('.')..],
        ["huge"] = f => f.Token + new string('A', 5000),
    };

    [Theory, MemberData(nameof(Forgeries))]
    public async Task A_forged_token_opens_nothing(string forgery) // K-06
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        Forge forge = new(device.Session!.AuthToken, device.Session.MessagingToken, device.Session.RefreshToken, await JwksAsync(server));
        await device.SendAsync(HttpMethod.Get, "/auth/v1/devices", token: Forged[forgery](forge)).RefusedAsync(ErrorCodes.Unauthenticated);
        await device.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
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

    static JsonObject Read(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!.AsObject();

    static async Task<JsonObject> JwksAsync(TestServer server) =>
        JsonNode.Parse(await server.Http.GetStringAsync("/auth/.well-known/jwks.json", TestContext.Current.CancellationToken))!.AsObject();

    static async Task<JsonObject?> PublicKeyAsync(TestServer server, string kid) =>
        (await JwksAsync(server))["keys"]!.AsArray().Select(k => k!.AsObject()).SingleOrDefault(k => (string?)k["kid"] == kid);

    /// <summary>What a forger has: a genuine token, the published key, and keys of its own.</summary>
    sealed record Forge(string Token, string MessagingToken, string RefreshToken, JsonObject Jwks)
    {
        static readonly ECDsa Own = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        string Payload => Token.Split('.')[1];

        JsonObject Header => Read(Token.Split('.')[0]);

        public string With(Action<JsonObject> change, ECDsa? key = null)
        {
            JsonObject header = Header;
            change(header);
            string signed = $"{Encode(header)}.{Payload}";
            return $"{signed}.{Base64Url.EncodeToString((key ?? Own).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
        }

        public string Unsigned(string algorithm)
        {
            JsonObject header = Header;
            header["alg"] = algorithm;
            return $"{Encode(header)}.{Payload}.";
        }

        public string Hmac()
        {
            JsonObject header = Header;
            header["alg"] = "HS256";
            string signed = $"{Encode(header)}.{Payload}";
            byte[] publicKey = Encoding.UTF8.GetBytes(Jwks["keys"]![0]!.ToJsonString());
            return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(publicKey, Encoding.ASCII.GetBytes(signed)))}";
        }

        public string EmbeddedKey()
        {
            ECParameters own = Own.ExportParameters(includePrivateParameters: false);
            return With(h => h["jwk"] = new JsonObject
            {
                ["kty"] = "EC",
                ["crv"] = "P-256",
                ["x"] = Base64Url.EncodeToString(own.Q.X),
                ["y"] = Base64Url.EncodeToString(own.Q.Y),
            });
        }

        public string Edited(Action<JsonObject> change)
        {
            JsonObject claims = Read(Payload);
            change(claims);
            string[] parts = Token.Split('.');
            return $"{parts[0]}.{Encode(claims)}.{parts[2]}";
        }

        public string Der()
        {
            string[] parts = Token.Split('.');
            byte[] der = Own.SignData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
            return $"{parts[0]}.{parts[1]}.{Base64Url.EncodeToString(der)}";
        }

        static string Encode(JsonObject json) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(json));
    }
}

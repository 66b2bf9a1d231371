using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kavalek.Protocol;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class ForgedTokenTests(OpenServer open) : IClassFixture<OpenServer>
{
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
        TestServer server = await open.StartedAsync();
        using TestDevice device = await TestDevice.SignUpAsync(server);
        Forge forge = new(device.Session!.AuthToken, device.Session.MessagingToken, device.Session.RefreshToken, await TokenTests.JwksAsync(server));
        await device.SendAsync(HttpMethod.Get, "/auth/v1/devices", token: Forged[forgery](forge)).RefusedAsync(ErrorCodes.Unauthenticated);
        await device.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
    }

    /// <summary>What a forger has: a genuine token, the published key, and keys of its own.</summary>
    sealed record Forge(string Token, string MessagingToken, string RefreshToken, JsonObject Jwks)
    {
        static readonly ECDsa Own = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        string Payload => Token.Split('.')[1];

        JsonObject Header => TokenTests.Read(Token.Split('.')[0]);

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
            JsonObject claims = TokenTests.Read(Payload);
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

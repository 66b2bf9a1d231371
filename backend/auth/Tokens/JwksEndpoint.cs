using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Auth;

/// <summary>The keys that verify access tokens (RFC 7517).</summary>
internal static class JwksEndpoint
{
    public static void MapJwks(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/auth/.well-known/jwks.json", Get).For(Access.Anyone).Answers<PublicKeySet>();

    static JsonHttpResult<PublicKeySet> Get(AccessTokens tokens)
    {
        JsonWebKey key = tokens.PublicKey;
        return Json.Ok(new PublicKeySet([new PublicKey(key.Kty, key.Crv, key.X, key.Y, key.Kid, key.Use, key.Alg)]), JwksJson.Default.PublicKeySet);
    }
}

internal sealed record PublicKeySet(PublicKey[] Keys);

internal sealed record PublicKey(string Kty, string Crv, string X, string Y, string Kid, string Use, string Alg);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PublicKeySet))]
internal sealed partial class JwksJson : JsonSerializerContext;

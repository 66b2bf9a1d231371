using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Kavalek.Protocol;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Auth;

/// <summary>What an access token says (docs/PROTOCOL.md §5.4).</summary>
/// <param name="Account">Claim <c>sub</c>.</param>
/// <param name="Device">Claim <c>dev</c>.</param>
/// <param name="Session">Claim <c>ses</c>.</param>
/// <param name="Certified">Claim <c>crt</c>.</param>
internal sealed record AccessClaims(Id Account, Id Device, Id Session, bool Certified)
{
    /// <summary>Claim <c>pwd</c> of the dashboard's tokens: when the password was typed, seconds since 1970.</summary>
    public long? Proven { get; init; }

    /// <summary>Claim <c>rnk</c> of the dashboard's tokens, for the delivery service.</summary>
    public string? Rank { get; init; }
}

/// <summary>Issues and reads access tokens: ES256 and nothing else.</summary>
internal sealed class AccessTokens : IDisposable
{
    public const string AuthAudience = "kavalek/auth";
    public const string MessagingAudience = "kavalek/messaging";
    public const string AdminAudience = "kavalek/admin";

    const string Type = "at+jwt";
    const int MaximumCharacters = 2048;
    const int SignatureCharacters = 86; // 64 bytes

    static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);
    static readonly string[] HeaderNames = ["alg", "kid", "typ"];

    readonly Id _instance;
    readonly TimeProvider _clock;
    readonly ECDsaSecurityKey _key;
    // Not the library's process-wide one, which would keep on using this key after it was disposed.
    readonly InMemoryCryptoProviderCache _signers = new();
    readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false, MapInboundClaims = false, MaximumTokenSizeInBytes = MaximumCharacters };

    /// <summary>Signs with <paramref name="key"/>, whose id is its RFC 7638 thumbprint.</summary>
    public AccessTokens(ECDsa key, Id instance, TimeProvider clock)
    {
        (_instance, _clock) = (instance, clock);
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        PublicKey = new JsonWebKey
        {
            Kty = "EC",
            Crv = "P-256",
            X = Base64Url.EncodeToString(parameters.Q.X),
            Y = Base64Url.EncodeToString(parameters.Q.Y),
            Alg = SecurityAlgorithms.EcdsaSha256,
            Use = "sig",
        };
        PublicKey.Kid = Base64Url.EncodeToString(PublicKey.ComputeJwkThumbprint());
        _key = new ECDsaSecurityKey(key) { KeyId = PublicKey.Kid, CryptoProviderFactory = new CryptoProviderFactory(_signers) };
    }

    /// <summary>Lets go of the key.</summary>
    public void Dispose() => _signers.Dispose();

    /// <summary>What verifies the tokens; without the private part.</summary>
    public JsonWebKey PublicKey { get; }

    /// <summary>A token for one audience, valid for <see cref="Limits.AccessTokenSeconds"/>.</summary>
    public string Issue(string audience, AccessClaims claims, int seconds = Limits.AccessTokenSeconds)
    {
        long now = _clock.Now();
        Dictionary<string, object> all = new()
        {
            ["iss"] = _instance.ToString(),
            ["aud"] = audience,
            ["sub"] = claims.Account.ToString(),
            ["dev"] = claims.Device.ToString(),
            ["ses"] = claims.Session.ToString(),
            ["iat"] = now,
            ["nbf"] = now,
            ["exp"] = now + seconds,
            ["crt"] = claims.Certified,
        };
        if (claims.Proven is { } proven) all["pwd"] = proven;
        if (claims.Rank is { } rank) all["rnk"] = rank;
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = Type,
            SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.EcdsaSha256),
            Claims = all,
        });
    }

    /// <summary>The claims of a token that is valid here and now; <c>null</c> of any other.</summary>
    public async Task<AccessClaims?> ReadAsync(string token, string audience)
    {
        if (token.Length > MaximumCharacters || !HasPlainHeader(token) || !HasOneSpelling(token)) return null;
        TokenValidationResult result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidTypes = [Type],
            ValidIssuer = _instance.ToString(),
            ValidAudience = audience,
            IssuerSigningKey = _key,
            TryAllIssuerSigningKeys = false,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = IsCurrent,
        });
        return result is { IsValid: true, SecurityToken: JsonWebToken jwt }
            && Id(jwt, "sub") is { } account && Id(jwt, "dev") is { } device && Id(jwt, "ses") is { } session
            && jwt.TryGetPayloadValue("crt", out bool certified)
                ? new AccessClaims(account, device, session, certified) { Proven = jwt.TryGetPayloadValue("pwd", out long proven) ? proven : null }
                : null;
    }

    bool IsCurrent(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        DateTime now = _clock.GetUtcNow().UtcDateTime;
        return notBefore <= now + Skew && expires > now - Skew && expires - notBefore <= TimeSpan.FromSeconds(Limits.AccessTokenSeconds);
    }

    // Exactly the three fields we write: no crit, jku, x5u or jwk that some layer might one day act upon.
    static bool HasPlainHeader(string token)
    {
        int dot = token.IndexOf('.', StringComparison.Ordinal);
        if (dot < 1) return false;
        try
        {
            using JsonDocument header = JsonDocument.Parse(Base64Url.DecodeFromChars(token.AsSpan(0, dot)));
            return header.RootElement.ValueKind == JsonValueKind.Object
                && header.RootElement.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal).SequenceEqual(HeaderNames);
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            // The last is what a name that is no UTF-8 gives.
            return false;
        }
    }

    // The signature covers header and payload as they are spelled, but not itself: of the last character's six bits it uses two. Only the
    // spelling that we write is taken, so that one token is one text.
    static bool HasOneSpelling(string token) =>
        token.Length - token.LastIndexOf('.') == SignatureCharacters + 1 && token[^1] is ('A' or 'Q' or 'g' or 'w');

    static Id? Id(JsonWebToken jwt, string claim) =>
        jwt.TryGetPayloadValue(claim, out string text) && Protocol.Id.TryParse(text, out Id id) ? id : null;
}

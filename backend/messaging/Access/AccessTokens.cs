using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kavalek.Protocol;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Messaging.Access;

/// <summary>Who speaks: a certified device with a valid access token.</summary>
/// <param name="Account">The token's <c>sub</c>.</param>
/// <param name="Device">The token's <c>dev</c>.</param>
/// <param name="Session">The token's <c>ses</c>.</param>
/// <param name="Expires">The token's <c>exp</c>.</param>
sealed record Principal(Id Account, Id Device, Id Session, DateTimeOffset Expires);

/// <summary>Verifies access tokens offline (docs/PROTOCOL.md §5.4), for REST and the socket alike.</summary>
sealed class AccessTokens(MessagingOptions options, EndedSessions ended, Admin.StaffTokens staff, TimeProvider clock)
{
    /// <summary>The audience of this service.</summary>
    public const string Audience = "kavalek/messaging";

    /// <summary>The audience of the dashboard's calls.</summary>
    public const string AdminAudience = "kavalek/admin";

    const int TokenCharacters = 2_048;
    const int SignatureCharacters = 86; // 64 bytes
    const int Known = 20_000;
    static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    // A token that verified once is known by its hash until it expires: a signature costs more than everything else in a request.
    readonly ConcurrentDictionary<(ulong, ulong), Principal> _known = new();

    /// <summary>Whose token this is; null if it is not valid here and now.</summary>
    public async ValueTask<Principal?> ValidateAsync(string token)
    {
        if (token.Length is 0 or > TokenCharacters || !Ascii.IsValid(token))
            return null;
        (ulong, ulong) hash = Hash(token);
        if (!_known.TryGetValue(hash, out Principal? principal))
        {
            principal = await VerifyAsync(token, Audience);
            if (principal is null)
                return null;
            if (_known.Count >= Known)
                Forget();
            _known[hash] = principal;
        }
        DateTimeOffset now = clock.GetUtcNow();
        return now < principal.Expires + Skew && !ended.Contains(principal) ? principal : null;
    }

    /// <summary>Whether the session or device of a call that was let in is over by now; also if the call has taken so long that this is not known any more.</summary>
    public bool IsOver(Principal principal) => ended.Contains(principal) || clock.GetUtcNow() >= principal.Expires + EndedSessions.Slowest;

    /// <summary>The rank of whoever's token of the dashboard this is; null if it is none that counts.</summary>
    public async ValueTask<string?> StaffRankAsync(string token)
    {
        if (token.Length is 0 or > TokenCharacters || !Ascii.IsValid(token) || await VerifyAsync(token, AdminAudience) is not { } principal || ended.Contains(principal))
            return null;
        JsonWebToken read = new(token);
        return read.TryGetPayloadValue("rnk", out string rank) && rank is "moderator" or "admin" or "owner"
            && staff.Counts(principal.Account, new DateTimeOffset(read.IssuedAt, TimeSpan.Zero)) ? rank : null;
    }

    async Task<Principal?> VerifyAsync(string token, string audience)
    {
        if (!HasPlainHeader(token) || !HasOneSpelling(token))
            return null;
        var parameters = new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidTypes = ["at+jwt"],
            ValidIssuer = options.Instance().ToString(),
            ValidAudience = audience,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ClockSkew = Skew,
            TryAllIssuerSigningKeys = false,
            IssuerSigningKeyResolver = (_, _, kid, _) => options.TokenKey(kid) is { } key ? [key] : [],
            LifetimeValidator = (from, until, _, _) =>
                from is not null && until is not null && from <= clock.GetUtcNow().UtcDateTime + Skew && until > clock.GetUtcNow().UtcDateTime - Skew,
        };
        TokenValidationResult result = await _handler.ValidateTokenAsync(token, parameters);
        return result is { IsValid: true, SecurityToken: JsonWebToken jwt }
            && jwt.TryGetPayloadValue("crt", out bool certified) && certified
            && TryGetId(jwt, "sub", out Id account) && TryGetId(jwt, "dev", out Id device) && TryGetId(jwt, "ses", out Id session)
                ? new Principal(account, device, session, new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero))
                : null;
    }

    static bool TryGetId(JsonWebToken token, string claim, out Id id)
    {
        id = default;
        return token.TryGetPayloadValue(claim, out string text) && Id.TryParse(text, out id);
    }

    /// <summary>Only <c>alg</c>, <c>typ</c> and <c>kid</c>, once each: nothing that names another key or asks for something we do not know.</summary>
    static bool HasPlainHeader(string token)
    {
        int dot = token.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
            return false;
        try
        {
            using JsonDocument header = JsonDocument.Parse(
                WebEncoders.Base64UrlDecode(token, 0, dot), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 1 });
            return header.RootElement.ValueKind == JsonValueKind.Object
                && header.RootElement.EnumerateObject().All(member => member.Name is "alg" or "typ" or "kid" && member.Value.ValueKind == JsonValueKind.String)
                && header.RootElement.EnumerateObject().Count() == 3;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            // The last is what a name that is no UTF-8 gives.
            return false;
        }
    }

    /// <summary>
    /// The signature covers header and payload as they are spelled, but not itself: of the last character's six bits it uses two. Only the
    /// spelling that we write is taken, so that one token is one text.
    /// </summary>
    static bool HasOneSpelling(string token) =>
        token.Length - token.LastIndexOf('.') == SignatureCharacters + 1 && token[^1] is ('A' or 'Q' or 'g' or 'w');

    static (ulong, ulong) Hash(string token)
    {
        Span<byte> bytes = stackalloc byte[TokenCharacters];
        int length = Encoding.ASCII.GetBytes(token, bytes);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..length], hash);
        return (BitConverter.ToUInt64(hash), BitConverter.ToUInt64(hash[8..]));
    }

    void Forget()
    {
        DateTimeOffset now = clock.GetUtcNow();
        foreach (((ulong, ulong) hash, Principal principal) in _known)
        {
            if (principal.Expires + Skew <= now)
                _known.TryRemove(hash, out _);
        }
        if (_known.Count >= Known)
            _known.Clear();
    }
}

using System.Security.Cryptography;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>Pre-login and log-in (docs/PROTOCOL.md §4, §5.2): the same work and the same answer whether or not the address has an account.</summary>
internal static class LogInEndpoints
{
    public static void MapLogIn(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/v1/prelogin", Prelogin).For(Access.Anyone).Takes<PreloginRequest>().Answers<PreloginResponse>();
        routes.MapPost("/auth/v1/sessions", LogInAsync).For(Access.Anyone).Takes<LogInRequest>().Answers<Session>();
    }

    static async Task<JsonHttpResult<PreloginResponse>> Prelogin(
        HttpContext http, AuthOptions options, EmailVault vault, Challenges challenges, RateLimiter limiter, LogInStore store)
    {
        limiter.Count("prelogin", http.Address(), options.PreloginsOfAddress);
        PreloginRequest request = await http.ReadAsync(AuthJson.Default.PreloginRequest);
        RequireEmail(request.Email);
        KdfParameters kdf = await store.KdfAsync(vault.Lookup(request.Email)) ?? AuthOptions.Kdf;
        return Json.Ok(new PreloginResponse(vault.Salt(request.Email), kdf, challenges.Make(request.Email)), AuthJson.Default.PreloginResponse);
    }

    static async Task<JsonHttpResult<Session>> LogInAsync(
        HttpContext http, AuthOptions options, InstanceId instance, EmailVault vault, Challenges challenges, PasswordHasher hasher,
        RateLimiter limiter, LogInStore store, SessionTokens tokens, IEventBus bus)
    {
        LogInRequest request = await http.ReadAsync(AuthJson.Default.LogInRequest);
        RequireEmail(request.Email);
        if (request.AuthSecret.Length != Limits.AuthSecretBytes) throw AuthException.Invalid("The auth secret has 32 bytes.");
        if (!SignContent.IsKey(request.DeviceKey)) throw AuthException.Invalid("The device key is an uncompressed P-256 point.");
        if (request.GrantKey is not null && request.GrantKey.Length != Limits.GrantKeyBytes) throw AuthException.Invalid("The grant key is none of ML-KEM-768 and P-256.");

        bool proven = IsProven(request, instance, challenges);
        byte[] lookup = vault.Lookup(request.Email);
        KnownAccount? account = await store.FindAsync(lookup, request.Device, request.DeviceKey);
        Count(http, limiter, options, lookup, proven && account is { KnowsDevice: true } ? request.Device : null);

        // Always the full price, whatever is wrong already.
        bool right = await hasher.VerifyAsync(request.AuthSecret, account?.Password);
        if (!right || !proven) throw AuthException.WrongCredentials();
        PasswordProof proof = new(account!.Id, account.Password);
        if (!account.HasCost(options.BcryptCost)) proof = await store.ReplacePasswordAsync(proof, await hasher.HashAsync(request.AuthSecret));
        RefreshToken refresh = RefreshToken.First();
        (OpenSession session, Id[] former, PutBack? change) = await store.OpenSessionAsync(proof, request, refresh);
        change?.Tell(bus);
        // Their access tokens have some minutes left: whoever copied one is out now.
        foreach (Id ended in former) bus.Publish(new SessionEnded(session.Account, session.Device, ended));
        return tokens.Answer(session, refresh);
    }

    // A guesser who fills the account's, the address's or everybody's count does not lock out a device that logged in
    // before: it proves its key and has a count of its own (K-02).
    static void Count(HttpContext http, RateLimiter limiter, AuthOptions options, byte[] lookup, Id? knownDevice)
    {
        if (knownDevice is { } device)
        {
            limiter.Count("log-in device", device.ToArray(), options.LogInsOfAccount);
            return;
        }
        limiter.Count("log-in address", http.Address(), options.LogInsOfAddress);
        limiter.Count("log-in account", lookup, options.LogInsOfAccount);
        limiter.Count("log-in", [], options.LogInsOverall);
    }

    static bool IsProven(LogInRequest request, InstanceId instance, Challenges challenges) =>
        challenges.IsValid(request.Challenge, request.Email)
        && Signatures.Verify(
            request.DeviceKey,
            new LogIn(instance.Id, request.Email, request.Device, request.DeviceKey, request.Challenge, SHA256.HashData(request.AuthSecret)).SignedBytes(),
            request.Signature);

    static void RequireEmail(string email)
    {
        if (!EmailAddress.IsNormalized(email)) throw AuthException.Invalid("The e-mail address is not one in its normalised spelling.");
    }
}

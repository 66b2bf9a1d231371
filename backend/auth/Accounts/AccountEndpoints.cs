using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Kavalek.Auth;

/// <summary>What changes a whole account: its password, its key, its end (docs/PROTOCOL.md §5.7 to §5.10).</summary>
internal static class AccountEndpoints
{
    public static void MapAccount(this IEndpointRouteBuilder routes)
    {
        routes.MapPut("/auth/v1/account/password", ChangePassword).For(Access.Certified).Takes<ChangePassword>();
        routes.MapPost("/auth/v1/account/key", ReplaceKey).For(Access.Certified).Counted().Takes<ReplaceAccountKey>();
        routes.MapPost("/auth/v1/account/reset", Reset).For(Access.LoggedIn).Takes<ResetAccount>();
        routes.MapPost("/auth/v1/account/delete", Delete).For(Access.Certified).Takes<DeleteAccount>();
    }

    static async Task<NoContent> ChangePassword(
        HttpContext http, AuthOptions options, RateLimiter limiter, PasswordHasher hasher, AccountStore store, IEventBus bus, LogIds ids, ILogger<AccountStore> log)
    {
        ChangePassword request = await http.ReadAsync(AuthJson.Default.ChangePassword);
        if (request.Kdf != AuthOptions.Kdf) throw AuthException.Invalid("The auth secret is derived with the default parameters.");
        if (request.NewAuthSecret.Length != Limits.AuthSecretBytes) throw AuthException.Invalid("The auth secret has 32 bytes.");
        Caller caller = http.Caller();
        PasswordProof current = await ProveAsync(caller, request.AuthSecret, options, limiter, hasher, store);
        string next = await hasher.HashAsync(request.NewAuthSecret);
        foreach (OpenSession ended in await store.ChangePasswordAsync(caller, current, next, request.Kdf))
        {
            bus.Publish(new SessionEnded(ended.Account, ended.Device, ended.Id));
        }
        log.LogInformation("account {Account} changed its password", ids.Of(caller.Account));
        return TypedResults.NoContent();
    }

    static async Task<NoContent> ReplaceKey(HttpContext http, AccountStore store, IEventBus bus, LogIds ids, ILogger<AccountStore> log)
    {
        ReplaceAccountKey request = await http.ReadAsync(AuthJson.Default.ReplaceAccountKey, Limits.JsonBytes);
        if (request.Certificates.Length > Limits.AccountDevices || request.Grants.Length > Limits.AccountDevices) throw AuthException.Invalid("An account has at most 20 devices.");
        if (request.Grants.Any(g => g.Grant.Length is 0 or > Limits.GrantBytes)) throw AuthException.Invalid("A grant has 1 to 4,096 bytes.");
        if (!Signatures.IsPoint(request.AccountKey)) throw AuthException.Invalid("The account key is no P-256 point.");
        Caller caller = http.Caller();
        DroppedDevices dropped = await store.ReplaceKeyAsync(caller, request);
        log.LogInformation("account {Account} replaced its key and removed {Count} devices", ids.Of(caller.Account), dropped.Removed.Length);
        foreach (Id device in dropped.Removed) bus.Publish(new DeviceRemoved(caller.Account, device));
        bus.Publish(new DevicesChanged(caller.Account, dropped.Remaining));
        return TypedResults.NoContent();
    }

    static async Task<NoContent> Reset(
        HttpContext http, AuthOptions options, RateLimiter limiter, PasswordHasher hasher, AccountStore store, IEventBus bus, LogIds ids, ILogger<AccountStore> log)
    {
        ResetAccount request = await http.ReadAsync(AuthJson.Default.ResetAccount);
        if (!Signatures.IsPoint(request.AccountKey)) throw AuthException.Invalid("The account key is no P-256 point.");
        Caller caller = http.Caller();
        if (caller.Certified) throw new AuthException(ErrorCodes.Forbidden, "A certified device has no reason to begin afresh.");
        PasswordProof proof = await ProveAsync(caller, request.AuthSecret, options, limiter, hasher, store);
        DroppedDevices dropped = await store.ResetAsync(caller, proof, request);
        log.LogInformation("account {Account} was begun afresh", ids.Of(caller.Account));
        foreach (Id device in dropped.Removed) bus.Publish(new DeviceRemoved(caller.Account, device));
        bus.Publish(new AccountClosed(caller.Account, dropped.Number));
        bus.Publish(new DevicesChanged(caller.Account, dropped.Remaining));
        return TypedResults.NoContent();
    }

    static async Task<NoContent> Delete(
        HttpContext http, AuthOptions options, RateLimiter limiter, PasswordHasher hasher, AccountStore store, IEventBus bus, ILogger<AccountStore> log)
    {
        DeleteAccount request = await http.ReadAsync(AuthJson.Default.DeleteAccount);
        Caller caller = http.Caller();
        PasswordProof proof = await ProveAsync(caller, request.AuthSecret, options, limiter, hasher, store);
        if (request.Check)
        {
            await store.RequireDeletableAsync(caller.Account);
            return TypedResults.NoContent();
        }
        Id[] devices = await store.DeleteAsync(caller, proof);
        // Not even a keyed id: nothing is to be said of it any more.
        log.LogInformation("an account was deleted");
        foreach (Id device in devices) bus.Publish(new DeviceRemoved(caller.Account, device));
        bus.Publish(new AccountClosed(caller.Account));
        return TypedResults.NoContent();
    }

    /// <summary>An open session is not enough for these: the password is asked for once more.</summary>
    internal static async Task<PasswordProof> ProveAsync(
        Caller caller, byte[] authSecret, AuthOptions options, RateLimiter limiter, PasswordHasher hasher, AccountStore store)
    {
        if (authSecret.Length != Limits.AuthSecretBytes) throw AuthException.Invalid("The auth secret has 32 bytes.");
        // Whoever guesses in a stolen session, or has got a device as far as the waiting ones, locks out nobody who has a session of a certified device: each of those has a count of its own (K-02).
        if (caller.Certified) limiter.Count("password session", caller.Session.ToArray(), options.LogInsOfAccount);
        else limiter.Count("password waiting", caller.Account.ToArray(), options.LogInsOfAccount);
        string hash = await store.PasswordAsync(caller.Account);
        return await hasher.VerifyAsync(authSecret, hash) ? new PasswordProof(caller.Account, hash) : throw AuthException.WrongCredentials();
    }
}

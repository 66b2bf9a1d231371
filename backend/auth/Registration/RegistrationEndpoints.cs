using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Kavalek.Auth;

/// <summary>New accounts (docs/PROTOCOL.md §5.1).</summary>
internal static class RegistrationEndpoints
{
    public static void MapRegistration(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/auth/v1/accounts", Register).For(Access.Anyone).Takes<RegisterRequest>();

    static async Task<ContentHttpResult> Register(
        HttpContext http, AuthOptions options, SignedIdentity identity, EmailVault vault, PasswordHasher hasher, RateLimiter limiter,
        RegistrationStore store, Policies policies, Mailer mailer, LogIds ids, ILogger<RegistrationStore> log)
    {
        limiter.Count("register", http.Address(), options.RegistrationsOfAddress);
        RegisterRequest request = await http.ReadAsync(AuthJson.Default.RegisterRequest);
        DeviceCertificate certificate = Check(request, identity);

        // Looked at before the costly hash, decided in the transaction.
        byte[]? invite = request.Invite is null ? null : InviteSecret.Hash(request.Invite) ?? throw RegistrationStore.InvalidInvite();
        if (invite is null && (await policies.ReadAsync()).Registration != "open") throw RegistrationStore.InvalidInvite();
        if (invite is not null) await store.RequireInviteAsync(invite);
        await store.RequireFreeAsync(request.Handle, request.Account, certificate.Content.Device);

        string password = await hasher.HashAsync(request.AuthSecret);
        NewAccount account = new(
            request.Account, request.Handle, vault.Lookup(request.Email), vault.Seal(request.Account, request.Email), password,
            request.Kdf, request.AccountKey, request.DeviceList, certificate.Content.Device, certificate.Content.DeviceKey, request.Certificate);
        if (!await store.RegisterAsync(account, invite)) mailer.SomebodyTried(request.Email, account.EmailLookup);
        else log.LogInformation("account {Account} registered", ids.Of(request.Account));

        // Whether the address had an account already is its owner's to know: the answer is the same.
        return TypedResults.Text("{}", "application/json", statusCode: StatusCodes.Status202Accepted);
    }

    static DeviceCertificate Check(RegisterRequest request, SignedIdentity identity)
    {
        if (!EmailAddress.IsNormalized(request.Email)) throw AuthException.Invalid("The e-mail address is not one in its normalised spelling.");
        if (!Handle.IsAllowed(request.Handle)) throw AuthException.Invalid("The handle has 3 to 32 of a-z 0-9 _ . and begins with a letter; some are reserved.");
        if (request.Kdf != AuthOptions.Kdf) throw AuthException.Invalid("The auth secret is derived with the default parameters.");
        if (request.AuthSecret.Length != Limits.AuthSecretBytes) throw AuthException.Invalid("The auth secret has 32 bytes.");
        if (!Signatures.IsPoint(request.AccountKey)) throw AuthException.Invalid("The account key is no P-256 point.");
        DeviceCertificate certificate = identity.Certificate(request.Certificate, request.Account, request.AccountKey);
        try
        {
            identity.RequireList(request.DeviceList, request.Account, request.AccountKey, number: 1, [request.Certificate]);
        }
        catch (AuthException e) when (e.Code == ErrorCodes.StaleDeviceList)
        {
            throw AuthException.Invalid("The device list is number 1 and names the one device.");
        }
        return certificate;
    }
}

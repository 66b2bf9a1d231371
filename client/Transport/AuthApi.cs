using System.Globalization;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>The authentication service's calls that need no session (docs/PROTOCOL.md §5).</summary>
sealed class SignInApi(Rest rest)
{
    public async Task<InstanceInfo> InstanceAsync(CancellationToken cancel)
    {
        InstanceInfo info = await rest.JsonAsync(HttpMethod.Get, "auth/v1/instance", null, null, AuthJson.Default.InstanceInfo, cancel).ConfigureAwait(false);
        return info.Protocol == 1
            ? info
            : throw ServerErrors.Misbehaves($"speaks version {info.Protocol} of the protocol and this program version 1; one of them is out of date");
    }

    public Task<PreloginResponse> PreloginAsync(string email, CancellationToken cancel) => rest.JsonAsync(
        HttpMethod.Post, "auth/v1/prelogin", null, Rest.Json(new PreloginRequest(email), AuthJson.Default.PreloginRequest), AuthJson.Default.PreloginResponse, cancel);

    public Task RegisterAsync(RegisterRequest request, CancellationToken cancel) =>
        rest.SendAsync(HttpMethod.Post, "auth/v1/accounts", null, Rest.Json(request, AuthJson.Default.RegisterRequest), cancel);

    public Task<Session> LogInAsync(LogInRequest request, CancellationToken cancel) =>
        rest.JsonAsync(HttpMethod.Post, "auth/v1/sessions", null, Rest.Json(request, AuthJson.Default.LogInRequest), AuthJson.Default.Session, cancel);

    public Task<RemovalRecord> WhyRemovedAsync(RemovalRequest request, CancellationToken cancel) => rest.JsonAsync(
        HttpMethod.Post, "auth/v1/devices/removal", null, Rest.Json(request, AuthJson.Default.RemovalRequest), AuthJson.Default.RemovalRecord, cancel);

    public Task<Session> RefreshAsync(string refreshToken, CancellationToken cancel) => rest.JsonAsync(
        HttpMethod.Post, "auth/v1/sessions/refresh", null, Rest.Json(new RefreshRequest(refreshToken), AuthJson.Default.RefreshRequest), AuthJson.Default.Session, cancel);
}

/// <summary>The authentication service's calls of a device with a session (docs/PROTOCOL.md §5).</summary>
sealed class AuthApi(Rest rest, Tokens tokens)
{
    public Task EndSessionAsync(CancellationToken cancel) => SendAsync(HttpMethod.Delete, "sessions/current", null, cancel);

    public Task<AccountRecord> FindAsync(string handle, CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Get, $"auth/v1/directory/{Uri.EscapeDataString(handle)}", token, null, AuthJson.Default.AccountRecord, stop), cancel);

    public Task<AccountRecord> AccountAsync(Id account, CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Get, $"auth/v1/accounts/{account}", token, null, AuthJson.Default.AccountRecord, stop), cancel);

    public Task<DeviceRecords> DevicesAsync(CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Get, "auth/v1/devices", token, null, AuthJson.Default.DeviceRecords, stop), cancel);

    public Task PutDevicesAsync(KnownDevices known, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, "devices", () => Rest.Json(known, AuthJson.Default.KnownDevices), cancel);

    public Task<OwnDevice> OwnDeviceAsync(CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Get, "auth/v1/devices/self", token, null, AuthJson.Default.OwnDevice, stop), cancel);

    public Task DeleteGrantAsync(CancellationToken cancel) => SendAsync(HttpMethod.Delete, "devices/self/grant", null, cancel);

    public Task CertifySelfAsync(CertifySelf request, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, "devices/self/certificate", () => Rest.Json(request, AuthJson.Default.CertifySelf), cancel);

    public Task<StartedLink> StartLinkAsync(StartLink request, CancellationToken cancel) => tokens.WithAuthAsync((token, stop) => rest.JsonAsync(
        HttpMethod.Post, "auth/v1/links", token, Rest.Json(request, AuthJson.Default.StartLink), AuthJson.Default.StartedLink, stop), cancel);

    public Task<LinkState> LinkAsync(Id link, CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Get, $"auth/v1/links/{link}", token, null, AuthJson.Default.LinkState, stop), cancel);

    public Task RevealLinkAsync(Id link, LinkNonce nonce, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, $"links/{link}/nonce", () => Rest.Json(nonce, AuthJson.Default.LinkNonce), cancel);

    public Task EndLinkAsync(Id link, CancellationToken cancel) => SendAsync(HttpMethod.Delete, $"links/{link}", null, cancel);

    public Task<OfferedLink> OfferedLinkAsync(CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Get, "auth/v1/links/current", token, null, AuthJson.Default.OfferedLink, stop), cancel);

    public Task JoinLinkAsync(Id link, JoinLink request, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, $"links/{link}/join", () => Rest.Json(request, AuthJson.Default.JoinLink), cancel);

    public Task<LinkNonce> LinkNonceAsync(Id link, CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Get, $"auth/v1/links/{link}/nonce", token, null, AuthJson.Default.LinkNonce, stop), cancel);

    public Task<VaultRecord> VaultAsync(CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Get, "auth/v1/vault", token, null, AuthJson.Default.VaultRecord, stop), cancel);

    public Task PutVaultAsync(VaultRecord vault, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, "vault", () => Rest.Json(vault, AuthJson.Default.VaultRecord), cancel);

    public Task ChangePasswordAsync(ChangePassword request, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, "account/password", () => Rest.Json(request, AuthJson.Default.ChangePassword), cancel);

    public Task ReplaceAccountKeyAsync(ReplaceAccountKey request, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, "account/key", () => Rest.Json(request, AuthJson.Default.ReplaceAccountKey), cancel);

    public Task ResetAccountAsync(ResetAccount request, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, "account/reset", () => Rest.Json(request, AuthJson.Default.ResetAccount), cancel);

    public Task DeleteAccountAsync(DeleteAccount request, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, "account/delete", () => Rest.Json(request, AuthJson.Default.DeleteAccount), cancel);

    public Task CertifyAsync(Id device, CertifyRequest request, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, $"devices/{device}/certificate", () => Rest.Json(request, AuthJson.Default.CertifyRequest), cancel);

    public Task RemoveDeviceAsync(Id device, RemoveDeviceRequest request, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, $"devices/{device}/remove", () => Rest.Json(request, AuthJson.Default.RemoveDeviceRequest), cancel);

    public Task PublishAsync(PublishKeyPackages request, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, "key-packages", () => Rest.Json(request, AuthJson.Default.PublishKeyPackages), cancel);

    public Task<KeyPackageCount> KeyPackagesAsync(CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Get, "auth/v1/key-packages", token, null, AuthJson.Default.KeyPackageCount, stop), cancel);

    public Task<ClaimedKeyPackages> ClaimAsync(Id account, CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Post, $"auth/v1/accounts/{account}/key-packages/claim", token, null, AuthJson.Default.ClaimedKeyPackages, stop), cancel);

    public Task<CreatedInvite> CreateInviteAsync(CreateInvite request, CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Post, "auth/v1/invites", token, Rest.Json(request, AuthJson.Default.CreateInvite), AuthJson.Default.CreatedInvite, stop), cancel);

    public Task<InviteRecord[]> InvitesAsync(CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.JsonAsync(HttpMethod.Get, "auth/v1/invites", token, null, AuthJson.Default.InviteRecordArray, stop), cancel);

    public Task RevokeInviteAsync(Id invite, CancellationToken cancel) => SendAsync(HttpMethod.Delete, $"invites/{invite}", null, cancel);

    public Task<AdminSession> OpenAdminAsync(OpenAdminSession request, CancellationToken cancel) => tokens.WithAuthAsync((token, stop) => rest.JsonAsync(
        HttpMethod.Post, "auth/v1/admin/sessions", token, Rest.Json(request, MemberJson.Default.OpenAdminSession), MemberJson.Default.AdminSession, stop), cancel);

    public Task<AuditPage> AuditAsync(long before, int limit, CancellationToken cancel) => tokens.WithAuthAsync((token, stop) => rest.JsonAsync(HttpMethod.Get,
        string.Create(CultureInfo.InvariantCulture, $"auth/v1/audit?before={before}&limit={limit}"), token, null, MemberJson.Default.AuditPage, stop), cancel);

    public Task<ModeratorRecord[]> ModeratorsAsync(CancellationToken cancel) => tokens.WithAuthAsync((token, stop) => rest.JsonAsync(
        HttpMethod.Get, "auth/v1/moderators", token, null, MemberJson.Default.ModeratorRecordArray, stop), cancel);

    public Task ReportAsync(FileReport report, CancellationToken cancel) => SendAsync(HttpMethod.Post, "reports", () => Rest.Json(report, MemberJson.Default.FileReport), cancel);

    // The body is made for each try: a request's content is gone with the request.
    Task<byte[]> SendAsync(HttpMethod method, string path, Func<HttpContent>? body, CancellationToken cancel) => tokens.WithAuthAsync(
        (token, stop) => rest.SendAsync(method, $"auth/v1/{path}", token, body?.Invoke(), stop), cancel);
}

using System.Text.Json.Serialization;

namespace Kavalek.Protocol.Auth;

/// <summary>What a client must know of an instance before it signs in; <c>GET /auth/v1/instance</c>.</summary>
/// <param name="Id">The instance's id, 16 bytes; part of everything that is signed or derived.</param>
/// <param name="Name">What the owner calls it.</param>
/// <param name="Protocol">The version of docs/PROTOCOL.md: 1.</param>
/// <param name="Registration"><c>invite</c> or <c>open</c>.</param>
/// <param name="TimerFloor">Seconds that a message may be set to live, at least; 0 for none. Clients keep to it.</param>
/// <param name="TimerCeiling">Seconds after which every message ends at the latest; 0 for none. Clients keep to it.</param>
/// <param name="AttachmentBytes">Bytes of the largest file that may be sent; 0 for none at all.</param>
/// <param name="AttachmentQuota">Bytes that the attachments of one account may take together, as they are uploaded.</param>
public sealed record InstanceInfo(Id Id, string Name, int Protocol, string Registration, long TimerFloor = 0, long TimerCeiling = 0,
    long AttachmentBytes = Limits.AttachmentBytes, long AttachmentQuota = long.MaxValue);

/// <summary>How the client turns the password into keys (docs/PROTOCOL.md, "Password").</summary>
/// <param name="Algorithm"><c>pbkdf2-hmac-sha256</c>.</param>
/// <param name="Iterations">Between <see cref="Limits.KdfFloor"/> and <see cref="Limits.KdfCeiling"/>.</param>
public sealed record KdfParameters(string Algorithm, int Iterations)
{
    /// <summary>The only algorithm of version 1.</summary>
    public const string Pbkdf2 = "pbkdf2-hmac-sha256";
}

/// <summary><c>POST /auth/v1/prelogin</c>.</summary>
/// <param name="Email">Normalised e-mail address.</param>
public sealed record PreloginRequest(string Email);

/// <summary>The same for known and unknown addresses.</summary>
/// <param name="Salt">16 bytes, a keyed hash of the address.</param>
/// <param name="Kdf">What the account was made with; the default for unknown addresses.</param>
/// <param name="Challenge">What the device signs to log in; at most 128 bytes, valid for 5 minutes.</param>
public sealed record PreloginResponse(byte[] Salt, KdfParameters Kdf, byte[] Challenge);

/// <summary><c>POST /auth/v1/accounts</c>: answered 202 with an empty body whether or not the address has an account.</summary>
/// <param name="Email">Normalised e-mail address.</param>
/// <param name="Handle">3 to 32 of <c>a-z 0-9 _ .</c>, beginning with a letter, without the @.</param>
/// <param name="Kdf">What <paramref name="AuthSecret"/> was derived with.</param>
/// <param name="AuthSecret">32 bytes.</param>
/// <param name="Account">The account id, chosen by the client.</param>
/// <param name="AccountKey">The account's public key: uncompressed P-256 point, 65 bytes.</param>
/// <param name="Certificate">The first device's certificate.</param>
/// <param name="DeviceList">The signed device list, number 1, with that device.</param>
/// <param name="Invite">The secret of the invite or set-up link; may be absent where registration is open.</param>
public sealed record RegisterRequest(
    string Email, string Handle, KdfParameters Kdf, byte[] AuthSecret,
    Id Account, byte[] AccountKey, byte[] Certificate, byte[] DeviceList, string? Invite = null);

/// <summary><c>POST /auth/v1/sessions</c>: log-in of a device, which the account may know already or not.</summary>
/// <param name="Email">Normalised e-mail address.</param>
/// <param name="AuthSecret">32 bytes.</param>
/// <param name="Challenge">From pre-login.</param>
/// <param name="Device">The device's id.</param>
/// <param name="DeviceKey">The device's public signature key: uncompressed P-256 point, 65 bytes.</param>
/// <param name="Signature">The device key's signature of the log-in (docs/PROTOCOL.md §5.2); DER.</param>
/// <param name="GrantKey">The one-time key to which an existing device seals what this one needs, <see cref="Limits.GrantKeyBytes"/>; only from a device that is not certified yet.</param>
/// <param name="Known">From a certified device, the newest devices it has seen, should the server have forgotten them.</param>
public sealed record LogInRequest(
    string Email, byte[] AuthSecret, byte[] Challenge, Id Device, byte[] DeviceKey, byte[] Signature, byte[]? GrantKey = null, KnownDevices? Known = null);

/// <summary><c>POST /auth/v1/sessions/refresh</c>.</summary>
/// <param name="RefreshToken">The newest refresh token; it is used up by the call.</param>
public sealed record RefreshRequest(string RefreshToken);

/// <summary>An open session.</summary>
/// <param name="Account">The account's id.</param>
/// <param name="Device">The device's id.</param>
/// <param name="Certified">Whether the account has certified the device; until then it can only wait for that.</param>
/// <param name="AuthToken">Access token for <c>/auth</c>.</param>
/// <param name="MessagingToken">Access token for <c>/api</c> and <c>/socket</c>; empty until the device is certified.</param>
/// <param name="ExpiresIn">Seconds both are valid.</param>
/// <param name="RefreshToken">Single use.</param>
public sealed record Session(
    Id Account, Id Device, bool Certified, string AuthToken, string MessagingToken, int ExpiresIn, string RefreshToken);

/// <summary>An account as others see it; <c>GET /auth/v1/directory/{handle}</c> and <c>GET /auth/v1/accounts/{account}</c>.</summary>
/// <param name="Account">The account's id.</param>
/// <param name="Handle">Without the @.</param>
/// <param name="AccountKey">65 bytes.</param>
/// <param name="DeviceList">The newest signed device list.</param>
/// <param name="Certificates">The certificates of its devices.</param>
public sealed record AccountRecord(Id Account, string Handle, byte[] AccountKey, byte[] DeviceList, byte[][] Certificates);

/// <summary>A device as its owner sees it.</summary>
/// <param name="Device">Its id.</param>
/// <param name="DeviceKey">65 bytes.</param>
/// <param name="Added">The day it was added, seconds since 1970 of its midnight.</param>
/// <param name="LastSeen">The day it was last seen, likewise.</param>
/// <param name="GrantKey">Present while it waits to be certified: what to seal the grant to.</param>
/// <param name="Certificate">Absent while it waits to be certified.</param>
public sealed record DeviceRecord(
    Id Device, byte[] DeviceKey, long Added, long LastSeen, byte[]? GrantKey = null, byte[]? Certificate = null);

/// <summary><c>GET /auth/v1/devices</c>.</summary>
/// <param name="Devices">Certified and waiting ones.</param>
/// <param name="DeviceList">The newest signed device list.</param>
/// <param name="Vault">Absent while there is no vault.</param>
public sealed record DeviceRecords(DeviceRecord[] Devices, byte[] DeviceList, VaultState? Vault = null);

/// <summary><c>PUT /auth/v1/devices</c>, and part of a log-in: what the account has signed, for a server that was put back to a backup and shows an older list (docs/PROTOCOL.md §7.13).</summary>
/// <param name="DeviceList">A signed device list with a higher number than the stored one, by at most <see cref="Limits.ForgottenChanges"/>.</param>
/// <param name="Certificates">The certificates it names, 1 to <see cref="Limits.AccountDevices"/>.</param>
public sealed record KnownDevices(byte[] DeviceList, byte[][] Certificates);

/// <summary><c>PUT /auth/v1/devices/{device}/certificate</c>: an existing device admits a waiting one.</summary>
/// <param name="Certificate">The new device's certificate.</param>
/// <param name="DeviceList">The successor of the stored list, with the new device.</param>
/// <param name="Grant">What the new device needs, sealed to its key; at most 4 KiB, kept until it is fetched once.</param>
public sealed record CertifyRequest(byte[] Certificate, byte[] DeviceList, byte[] Grant);

/// <summary><c>GET /auth/v1/devices/self</c>: what a waiting device polls.</summary>
/// <param name="DeviceList">The newest signed device list.</param>
/// <param name="AccountKey">65 bytes.</param>
/// <param name="Handle">Without the @.</param>
/// <param name="Certificate">Absent while it waits.</param>
/// <param name="Grant">What another device sealed; deleted with <c>DELETE /auth/v1/devices/self/grant</c>.</param>
/// <param name="KeyChanges">Each replacement of the account key, oldest first; absent where there was none since the account began or was begun afresh.</param>
public sealed record OwnDevice(byte[] DeviceList, byte[] AccountKey, string Handle, byte[]? Certificate = null, byte[]? Grant = null, byte[][]? KeyChanges = null);

/// <summary><c>POST /auth/v1/devices/{device}/remove</c>.</summary>
/// <param name="DeviceList">The successor of the stored list, without the device.</param>
public sealed record RemoveDeviceRequest(byte[] DeviceList);

/// <summary><c>POST /auth/v1/key-packages</c>.</summary>
/// <param name="KeyPackages">One-time key packages: MLSMessages, at most <see cref="Limits.KeyPackages"/> in all.</param>
/// <param name="LastResort">Replaces the last-resort key package, where present.</param>
public sealed record PublishKeyPackages(byte[][] KeyPackages, byte[]? LastResort = null);

/// <summary><c>GET /auth/v1/key-packages</c>.</summary>
/// <param name="Count">One-time key packages left.</param>
/// <param name="LastResort">Whether a last-resort key package is stored.</param>
/// <param name="LastResortUsed">Whether it was handed out since it was stored: replace it.</param>
public sealed record KeyPackageCount(int Count, bool LastResort, bool LastResortUsed);

/// <summary>One key package of <c>POST /auth/v1/accounts/{account}/key-packages/claim</c>.</summary>
/// <param name="Device">Whose it is.</param>
/// <param name="KeyPackage">An MLSMessage.</param>
public sealed record ClaimedKeyPackage(Id Device, byte[] KeyPackage);

/// <summary>One key package of each device of the account that has any.</summary>
/// <param name="KeyPackages">In no particular order.</param>
public sealed record ClaimedKeyPackages(ClaimedKeyPackage[] KeyPackages);

/// <summary><c>POST /auth/v1/invites</c>.</summary>
/// <param name="Uses">1 to 1,000.</param>
/// <param name="ExpiresIn">Seconds, 60 to 31,536,000.</param>
public sealed record CreateInvite(int Uses, long ExpiresIn);

/// <summary>A new invite; only its hash is kept.</summary>
/// <param name="Invite">The invite's id, to list and revoke it.</param>
/// <param name="Secret">The secret part of the link, 22 characters.</param>
/// <param name="Expires">Seconds since 1970.</param>
public sealed record CreatedInvite(Id Invite, string Secret, long Expires);

/// <summary>A row of <c>GET /auth/v1/invites</c>.</summary>
/// <param name="Invite">The invite's id.</param>
/// <param name="UsesLeft">How many can still join with it.</param>
/// <param name="Expires">Seconds since 1970.</param>
public sealed record InviteRecord(Id Invite, int UsesLeft, long Expires);

/// <summary>An error (RFC 9457), <c>application/problem+json</c>.</summary>
/// <param name="Code">A stable code of <see cref="ErrorCodes"/>.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">One English sentence for a developer.</param>
/// <param name="Epoch">The stream's epoch, with <see cref="ErrorCodes.StaleEpoch"/>.</param>
public sealed record Problem(string Code, int Status, string Title, ulong? Epoch = null);

/// <summary>Source-generated JSON for every record of the auth service: camelCase, strict, base64url for bytes, hexadecimal for ids.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 8,
    Converters = [typeof(IdConverter), typeof(Base64UrlConverter)])]
[JsonSerializable(typeof(InstanceInfo))]
[JsonSerializable(typeof(PreloginRequest))]
[JsonSerializable(typeof(PreloginResponse))]
[JsonSerializable(typeof(RegisterRequest))]
[JsonSerializable(typeof(LogInRequest))]
[JsonSerializable(typeof(KnownDevices))]
[JsonSerializable(typeof(RefreshRequest))]
[JsonSerializable(typeof(Session))]
[JsonSerializable(typeof(AccountRecord))]
[JsonSerializable(typeof(DeviceRecords))]
[JsonSerializable(typeof(CertifyRequest))]
[JsonSerializable(typeof(OwnDevice))]
[JsonSerializable(typeof(RemoveDeviceRequest))]
[JsonSerializable(typeof(PublishKeyPackages))]
[JsonSerializable(typeof(KeyPackageCount))]
[JsonSerializable(typeof(ClaimedKeyPackages))]
[JsonSerializable(typeof(CreateInvite))]
[JsonSerializable(typeof(CreatedInvite))]
[JsonSerializable(typeof(InviteRecord[]))]
[JsonSerializable(typeof(StartLink))]
[JsonSerializable(typeof(StartedLink))]
[JsonSerializable(typeof(OfferedLink))]
[JsonSerializable(typeof(JoinLink))]
[JsonSerializable(typeof(LinkState))]
[JsonSerializable(typeof(LinkNonce))]
[JsonSerializable(typeof(CertifySelf))]
[JsonSerializable(typeof(VaultRecord))]
[JsonSerializable(typeof(ChangePassword))]
[JsonSerializable(typeof(ReplaceAccountKey))]
[JsonSerializable(typeof(ResetAccount))]
[JsonSerializable(typeof(DeleteAccount))]
[JsonSerializable(typeof(RemovalRequest))]
[JsonSerializable(typeof(RemovalRecord))]
[JsonSerializable(typeof(Problem))]
public sealed partial class AuthJson : JsonSerializerContext;

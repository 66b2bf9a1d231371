namespace Kavalek.Protocol.Auth;

/// <summary><c>POST /auth/v1/links</c>: a certified device begins to let another one in (docs/PROTOCOL.md §5.3).</summary>
/// <param name="Commitment">32 bytes: hash of what it will reveal.</param>
public sealed record StartLink(byte[] Commitment);

/// <summary>A link that was begun.</summary>
/// <param name="Link">Its id.</param>
/// <param name="ExpiresIn">Seconds it lasts: <see cref="Limits.LinkSeconds"/>.</param>
public sealed record StartedLink(Id Link, int ExpiresIn);

/// <summary><c>GET /auth/v1/links/current</c>: the link that another device of the account has begun.</summary>
/// <param name="Link">Its id.</param>
/// <param name="Commitment">32 bytes.</param>
/// <param name="AccountKey">The account's key, 65 bytes, to be compared with the link.</param>
public sealed record OfferedLink(Id Link, byte[] Commitment, byte[] AccountKey);

/// <summary><c>POST /auth/v1/links/{link}/join</c>.</summary>
/// <param name="Nonce">32 random bytes of the device that wants in.</param>
public sealed record JoinLink(byte[] Nonce);

/// <summary><c>GET /auth/v1/links/{link}</c>: who joined.</summary>
/// <param name="Device">Absent until somebody joined.</param>
/// <param name="Nonce">Its nonce, 32 bytes.</param>
public sealed record LinkState(DeviceRecord? Device = null, byte[]? Nonce = null);

/// <summary><c>PUT /auth/v1/links/{link}/nonce</c> by the device that grants, and the answer to <c>GET</c> of the same by the one that joined.</summary>
/// <param name="Nonce">32 random bytes, which the commitment is of; absent in an answer until they were revealed.</param>
public sealed record LinkNonce(byte[]? Nonce = null);

/// <summary><c>PUT /auth/v1/devices/self/certificate</c>: a waiting device that holds the account key admits itself.</summary>
/// <param name="Certificate">Its certificate.</param>
/// <param name="DeviceList">The successor of the stored list, with the device.</param>
public sealed record CertifySelf(byte[] Certificate, byte[] DeviceList);

/// <summary><c>PUT /auth/v1/vault</c>, and the answer to <c>GET</c> of the same.</summary>
/// <param name="Number">One more than the stored vault's; 1 for the first.</param>
/// <param name="Vault">At most <see cref="Limits.VaultBytes"/>.</param>
/// <param name="Signature">The account key's over the <see cref="Identity.VaultStatement"/>, DER.</param>
public sealed record VaultRecord(ulong Number, byte[] Vault, byte[] Signature);

/// <summary>What every device checks of the vault, without being able to open it.</summary>
/// <param name="Number">The vault's number.</param>
/// <param name="Hash">SHA-256 of the vault, 32 bytes.</param>
/// <param name="Signature">The account key's.</param>
public sealed record VaultState(ulong Number, byte[] Hash, byte[] Signature);

/// <summary><c>PUT /auth/v1/account/password</c>.</summary>
/// <param name="AuthSecret">Of the password until now, 32 bytes.</param>
/// <param name="Kdf">What <paramref name="NewAuthSecret"/> was derived with: the default parameters.</param>
/// <param name="NewAuthSecret">Of the new password, 32 bytes.</param>
public sealed record ChangePassword(byte[] AuthSecret, KdfParameters Kdf, byte[] NewAuthSecret);

/// <summary>What a device that stays needs after the account key was replaced, sealed to it.</summary>
/// <param name="Device">The device.</param>
/// <param name="Grant">At most 4 KiB.</param>
public sealed record DeviceGrant(Id Device, byte[] Grant);

/// <summary><c>POST /auth/v1/account/key</c>: a new account key; devices without a certificate by it are removed.</summary>
/// <param name="AccountKey">The new key, 65 bytes.</param>
/// <param name="KeyChange">The signed <see cref="Identity.KeyChange"/>.</param>
/// <param name="RemovalList">The successor of the stored list, by the old key, without the removed devices: what they wipe themselves by.</param>
/// <param name="Certificates">By the new key, of all devices that stay.</param>
/// <param name="DeviceList">The list after it, by the new key.</param>
/// <param name="Grants">For each device that stays but the caller, the new secrets.</param>
/// <param name="Vault">The successor of the stored vault, signed by the new key; without one the account has none from now on.</param>
public sealed record ReplaceAccountKey(
    byte[] AccountKey, byte[] KeyChange, byte[] RemovalList, byte[][] Certificates, byte[] DeviceList, DeviceGrant[] Grants, VaultRecord? Vault = null);

/// <summary><c>POST /auth/v1/account/reset</c>: a waiting device begins the account afresh; all others are dropped.</summary>
/// <param name="AuthSecret">32 bytes: the password is asked for once more.</param>
/// <param name="AccountKey">The new account key, 65 bytes.</param>
/// <param name="Certificate">The caller's, by the new key.</param>
/// <param name="DeviceList">The list after the stored one, by the new key, with the caller alone.</param>
public sealed record ResetAccount(byte[] AuthSecret, byte[] AccountKey, byte[] Certificate, byte[] DeviceList);

/// <summary><c>POST /auth/v1/account/delete</c>.</summary>
/// <param name="AuthSecret">32 bytes: the password is asked for once more.</param>
/// <param name="Check">Only asks whether it would be deleted.</param>
public sealed record DeleteAccount(byte[] AuthSecret, bool Check = false);

/// <summary><c>POST /auth/v1/devices/removal</c>.</summary>
/// <param name="Device">The device that asks.</param>
/// <param name="Signature">Its key's over the <see cref="Identity.RemovalQuestion"/>, DER.</param>
public sealed record RemovalRequest(Id Device, byte[] Signature);

/// <summary>Why a device is none of the account's any more.</summary>
/// <param name="Reason"><c>removed</c>, <c>reset</c> or <c>deleted</c>.</param>
/// <param name="DeviceList">With <c>removed</c>: the first signed list without the device.</param>
public sealed record RemovalRecord(string Reason, byte[]? DeviceList = null)
{
    /// <summary>Another device of the account removed it.</summary>
    public const string Removed = "removed";
    /// <summary>The account was begun afresh.</summary>
    public const string Reset = "reset";
    /// <summary>The account was deleted.</summary>
    public const string Deleted = "deleted";
}

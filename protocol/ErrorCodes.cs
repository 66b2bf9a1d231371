namespace Kavalek.Protocol;

/// <summary>Stable codes of problem documents, <c>Rejected</c> and <c>Closing</c> (docs/PROTOCOL.md, "Errors").</summary>
public static class ErrorCodes
{
    /// <summary>400: a field is missing, malformed, too long, or not known.</summary>
    public const string Invalid = "invalid";
    /// <summary>401: no token, or one that is not valid here and now.</summary>
    public const string Unauthenticated = "unauthenticated";
    /// <summary>401: e-mail, password or device proof is wrong; which of them is not said.</summary>
    public const string WrongCredentials = "wrong_credentials";
    /// <summary>401: the session ended, or its refresh token was used twice.</summary>
    public const string SessionEnded = "session_ended";
    /// <summary>403: the account's rank or the device's state does not allow it.</summary>
    public const string Forbidden = "forbidden";
    /// <summary>403: the invite is unknown, used up, expired or revoked; which of them is not said.</summary>
    public const string InvalidInvite = "invalid_invite";
    /// <summary>404: there is no such thing, or it is not this device's.</summary>
    public const string NotFound = "not_found";
    /// <summary>405: the resource exists, but not for this method.</summary>
    public const string MethodNotAllowed = "method_not_allowed";
    /// <summary>409: the handle belongs to somebody.</summary>
    public const string HandleTaken = "handle_taken";
    /// <summary>409: the id is in use.</summary>
    public const string IdTaken = "id_taken";
    /// <summary>409: the signed device list is not the successor of the stored one.</summary>
    public const string StaleDeviceList = "stale_device_list";
    /// <summary>409: the vault is not the successor of the stored one.</summary>
    public const string StaleVault = "stale_vault";
    /// <summary>409: the stream has moved on; the answer carries its epoch.</summary>
    public const string StaleEpoch = "stale_epoch";
    /// <summary>409: the archive has moved on; the answer carries its version or number as its epoch.</summary>
    public const string StaleArchive = "stale_archive";
    /// <summary>409: the policy is not the successor of the stored one.</summary>
    public const string StalePolicy = "stale_policy";
    /// <summary>409: it is the last owner's account, and others are on the instance.</summary>
    public const string LastOwner = "last_owner";
    /// <summary>403: whoever runs the instance has suspended the account; said only to who has its password.</summary>
    public const string AccountSuspended = "account_suspended";
    /// <summary>401: the call needs the password once more.</summary>
    public const string PasswordRequired = "password_required";
    /// <summary>409: the upload goes on elsewhere; the answer carries how many bytes are there as its epoch.</summary>
    public const string StaleUpload = "stale_upload";
    /// <summary>507: the server has no room for attachments.</summary>
    public const string StorageFull = "storage_full";
    /// <summary>413: the account's archive is full, or its attachments take what they may.</summary>
    public const string OverQuota = "over_quota";
    /// <summary>413: larger than allowed.</summary>
    public const string TooLarge = "too_large";
    /// <summary>415: the body is of another media type than the call takes.</summary>
    public const string UnsupportedMediaType = "unsupported_media_type";
    /// <summary>429: too many requests; Retry-After says when to come back.</summary>
    public const string RateLimited = "rate_limited";
    /// <summary>500: a defect of the server; nothing of the call was kept.</summary>
    public const string Internal = "internal";
    /// <summary>503: the server is busy or its disk is full; nothing was stored.</summary>
    public const string Unavailable = "unavailable";
    /// <summary>Closing: the token expired without a successor.</summary>
    public const string TokenExpired = "token_expired";
    /// <summary>403: the device was removed from its account for good. Closing: that, or its session ended.</summary>
    public const string DeviceRemoved = "device_removed";
    /// <summary>Closing: the reader was too slow; nothing is lost, connect again.</summary>
    public const string SlowReader = "slow_reader";
    /// <summary>Closing: a newer socket of the same device took over.</summary>
    public const string Replaced = "replaced";
    /// <summary>Closing: the server is going down; connect again.</summary>
    public const string ShuttingDown = "shutting_down";
}

namespace Kavalek.Protocol;

/// <summary>The HTTP status that goes with each code (docs/PROTOCOL.md, "Errors").</summary>
public static class ErrorStatus
{
    /// <summary>The status of a code; 500 for one that has no place in HTTP.</summary>
    public static int Of(string code) => code switch
    {
        ErrorCodes.Invalid => 400,
        ErrorCodes.Unauthenticated or ErrorCodes.WrongCredentials or ErrorCodes.SessionEnded or ErrorCodes.PasswordRequired => 401,
        ErrorCodes.Forbidden or ErrorCodes.InvalidInvite or ErrorCodes.DeviceRemoved or ErrorCodes.AccountSuspended => 403,
        ErrorCodes.NotFound => 404,
        ErrorCodes.MethodNotAllowed => 405,
        ErrorCodes.HandleTaken or ErrorCodes.IdTaken or ErrorCodes.StaleDeviceList or ErrorCodes.StaleVault or ErrorCodes.StaleEpoch or ErrorCodes.StaleArchive or ErrorCodes.StaleUpload or ErrorCodes.StalePolicy or ErrorCodes.LastOwner => 409,
        ErrorCodes.TooLarge or ErrorCodes.OverQuota => 413,
        ErrorCodes.UnsupportedMediaType => 415,
        ErrorCodes.RateLimited => 429,
        ErrorCodes.Unavailable => 503,
        ErrorCodes.StorageFull => 507,
        _ => 500,
    };
}

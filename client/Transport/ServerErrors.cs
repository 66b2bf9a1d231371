using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What the server's codes mean to a person.</summary>
static class ServerErrors
{
    /// <summary>The exception for a code of docs/PROTOCOL.md, "Errors".</summary>
    public static KavalekException For(string code, TimeSpan? retryAfter = null) => new(code, Text(code, retryAfter)) { RetryAfter = retryAfter };

    static string Text(string code, TimeSpan? retryAfter) => code switch
    {
        ErrorCodes.WrongCredentials => "E-mail or password is wrong. Nothing was changed; check both and try again.",
        ErrorCodes.SessionEnded or ErrorCodes.Unauthenticated or ErrorCodes.TokenExpired =>
            "This device is not logged in any more. Everything on it is still here; log in again with your password: with the new one, if you changed it on another device.",
        ErrorCodes.DeviceRemoved => "This device was removed from your account. To use it again, log in with a new profile, as a new device.",
        ErrorCodes.AccountSuspended => "Whoever runs the server has suspended your account. Everything on this device is still here; ask them.",
        ErrorCodes.PasswordRequired => "Type your password once more for this.",
        ErrorCodes.Forbidden => "You are not allowed to do this: it needs a rank on this server that you do not have, or a device that was let in. Nothing was changed.",
        ErrorCodes.InvalidInvite => "This link does not work: it is mistyped, used up, expired or revoked. No account was made. Ask for a new invite; a set-up link is printed anew when the server starts.",
        ErrorCodes.NotFound => "There is nobody and nothing by that name here. Check the spelling.",
        ErrorCodes.HandleTaken => "Somebody has that handle already. Choose another one.",
        ErrorCodes.IdTaken => "That id is in use already. Try again.",
        ErrorCodes.StaleDeviceList => "Your devices were changed from somewhere else at the same moment. Look at the list and try again.",
        ErrorCodes.StaleVault => "Your recovery key was changed from somewhere else at the same moment. Look again and try again.",
        ErrorCodes.StalePolicy => "Somebody else changed the policy at the same moment. Look at it and try again.",
        ErrorCodes.LastOwner => "You are the last owner of this server, and others are on it: make somebody else an owner first. Nothing was deleted.",
        ErrorCodes.StaleEpoch => "The conversation moved on meanwhile. Try again.",
        ErrorCodes.StaleArchive => "Another of your devices changed the history archive at the same moment. Try again.",
        ErrorCodes.OverQuota => "The history archive is full: older messages stay in it, newer ones stay on this device. Ask whoever runs the server for more room.",
        ErrorCodes.StorageFull => "The server has no room for files. Nothing was sent; tell whoever runs it.",
        ErrorCodes.TooLarge => "That is larger than the server takes. Nothing was sent.",
        ErrorCodes.RateLimited => retryAfter is { } wait
            ? $"That was too often. Wait {TimeInWords.Wait(wait)} and try again; nothing was changed."
            : "That was too often. Wait a while and try again; nothing was changed.",
        ErrorCodes.Unavailable => "The server is busy or its disk is full, and stored nothing. Try again later.",
        ErrorCodes.Invalid => "The server did not accept this. If all fields are right, server and client may be of different versions.",
        _ => $"The server refused this ({code}).",
    };

    /// <summary>The server answered what no honest server answers.</summary>
    public static KavalekException Misbehaves(string what, Exception? inner = null) => new(ClientErrors.ServerMisbehaves,
        $"The server {what}. It may be misconfigured or dishonest; nothing was done with its answer. Tell whoever runs it.", inner: inner);
}

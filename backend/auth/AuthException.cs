using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>What a caller got wrong, or cannot have now; over HTTP a problem document. Nothing was changed.</summary>
/// <param name="code">A code of <see cref="ErrorCodes"/>.</param>
/// <param name="title">One English sentence for a developer, without anything the caller sent.</param>
/// <param name="retryAfter">When to come back, with <see cref="ErrorCodes.RateLimited"/> and <see cref="ErrorCodes.Unavailable"/>.</param>
/// <param name="innerException">What it came from.</param>
public sealed class AuthException(string code, string title, TimeSpan? retryAfter = null, Exception? innerException = null)
    : Exception(title, innerException)
{
    /// <summary>A code of <see cref="ErrorCodes"/>.</summary>
    public string Code { get; } = code;

    /// <summary>When to come back, where that can be said.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    internal static AuthException Invalid(string what) => new(ErrorCodes.Invalid, what);

    internal static AuthException NotFound() => new(ErrorCodes.NotFound, "There is no such thing.");

    internal static AuthException WrongCredentials() => new(ErrorCodes.WrongCredentials, "E-mail, password or device proof is wrong.");

    internal static AuthException Unauthenticated() => new(ErrorCodes.Unauthenticated, "The call needs a valid access token.");
}

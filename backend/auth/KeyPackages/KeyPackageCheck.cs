using System.Security.Cryptography;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>A key package that may be stored.</summary>
/// <param name="Ref">SHA-256 of the body.</param>
/// <param name="Body">An MLSMessage.</param>
/// <param name="NotAfter">Seconds since 1970.</param>
/// <param name="LastResort">Whether it is handed out again and again when no other is left.</param>
internal sealed record CheckedKeyPackage(byte[] Ref, byte[] Body, long NotAfter, bool LastResort);

/// <summary>The rules of docs/PROTOCOL.md §5.5. Clients check them all again before they use a key package.</summary>
internal sealed class KeyPackageCheck(TimeProvider clock)
{
    static readonly CipherSuite[] Allowed = [CipherSuite.MlKem768P256Aes256];

    readonly MlsEnvironment _environment = new(new NativeCryptoProvider(), new CertifiedDevice())
    {
        Limits = MlsLimits.Default with { MaxLifetime = TimeSpan.FromDays(92) },
    };

    /// <summary>Checks one key package of the device with this certificate.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.TooLarge"/>, or <see cref="ErrorCodes.Invalid"/> with the rule it breaks.</exception>
    public async ValueTask<CheckedKeyPackage> CheckAsync(byte[]? body, byte[] certificate, bool lastResort)
    {
        if (body is null) throw AuthException.Invalid("A key package is null.");
        if (body.Length > Limits.KeyPackageBytes) throw KeyPackageEndpoints.TooLarge();
        try
        {
            KeyPackage keyPackage = KeyPackage.Decode(body);
            if (keyPackage.Suite is not { } suite || !Allowed.Contains(suite)) throw AuthException.Invalid("The key package's cipher suite is not one of this instance.");
            if (keyPackage.Credential != Credential.Basic(certificate)) throw AuthException.Invalid("The key package's credential is not this device's certificate.");
            if (keyPackage.IsLastResort != lastResort) throw AuthException.Invalid("The last-resort extension is in the last-resort key package, and in no other.");
            await keyPackage.ValidateAsync(_environment, clock.GetUtcNow());
            return new CheckedKeyPackage(SHA256.HashData(body), body, keyPackage.Lifetime!.NotAfter.ToUnixTimeSeconds(), lastResort);
        }
        catch (MlsException e)
        {
            // It names the rule and its section, and nothing of the input.
            throw AuthException.Invalid($"The key package is refused: {e.Message}");
        }
    }

    /// <summary>A leaf's key is the one that its certificate certifies; that the certificate is the account's was checked when it was stored.</summary>
    sealed class CertifiedDevice : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(
            presented.Credential.Type == Credential.BasicType
            && DeviceCertificate.Decode(presented.Credential.Content).Content.DeviceKey.AsSpan().SequenceEqual(presented.SignatureKey));

        // Nothing succeeds anything here: there is no group.
        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => false;
    }
}

using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>
/// Says whether a leaf is whose it claims to be (RFC 9420 §5.3.1, docs/PROTOCOL.md §3.2): its credential is a device certificate of
/// this instance, signed by the account key in it, for the leaf's own signature key.
/// </summary>
/// <remarks>
/// It compares neither with pins nor with the own key: members must agree on what a valid leaf is, and what each knows differs. A changed account
/// key is shown and stops sending (<see cref="People"/>); which key may follow which in a group, <see cref="CommitPolicy"/> says.
/// </remarks>
sealed class CertificateAuthentication(ICryptoProvider crypto, Id instance) : IAuthenticationService
{
    /// <inheritdoc/>
    public async ValueTask<bool> ValidateAsync(PresentedCredential presented)
    {
        ArgumentNullException.ThrowIfNull(presented);
        return Read(presented.Credential) is { } certificate
            && certificate.Content.DeviceKey.AsSpan().SequenceEqual(presented.SignatureKey)
            && await VerifyAsync(certificate).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public bool IsSuccessor(PresentedCredential old, PresentedCredential next)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(next);
        return Read(old.Credential)?.Content is { } before && Read(next.Credential)?.Content is { } after
            && before.Account == after.Account
            && before.Device == after.Device
            && before.DeviceKey.AsSpan().SequenceEqual(after.DeviceKey);
    }

    /// <summary>Whether a certificate is of this instance and signed by the account key in it.</summary>
    public async ValueTask<bool> VerifyAsync(DeviceCertificate certificate)
    {
        DeviceCertificateContent content = certificate.Content;
        return content.Instance == instance
            && await crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, content.AccountKey, content.SignedBytes(), certificate.Signature).ConfigureAwait(false);
    }

    /// <summary>The certificate in a credential; <c>null</c> where there is none.</summary>
    public static DeviceCertificate? Read(Credential credential)
    {
        if (credential.Type != Credential.BasicType) return null;
        try
        {
            return DeviceCertificate.Decode(credential.Content);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

using System.Security.Cryptography;
using Kavalek.Mls;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>The waiting side of a second device (docs/PROTOCOL.md §5.3).</summary>
sealed class Approval(OwnIdentity own, OpenProfile profile, ICryptoProvider crypto, AuthApi api, Tokens tokens, TimeProvider clock)
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>What to type into another device; <c>null</c> unless this one waits.</summary>
    public string? Code => own is { IsWaiting: true, GrantKey: { } grantKey }
        ? DeviceCode.Of(own.Instance, own.Account, own.Device, own.DeviceKey.PublicKey, grantKey.PublicKey)
        : null;

    /// <summary>Asks again and again until another device has approved this one.</summary>
    public async Task WaitAsync(CancellationToken cancel)
    {
        while (own.IsWaiting && !await TryFinishAsync(cancel).ConfigureAwait(false))
            await Task.Delay(Pause, clock, cancel).ConfigureAwait(false);
    }

    /// <summary>Takes the grant, if there is one by now, and makes this a certified device.</summary>
    public async Task<bool> TryFinishAsync(CancellationToken cancel)
    {
        OwnDevice state = await api.OwnDeviceAsync(cancel).ConfigureAwait(false);
        if (state.Certificate is not { } certificateBytes || state.Grant is not { } grant) return false;
        KeyPair grantKey = own.GrantKey ?? throw new InvalidOperationException("a waiting device has a grant key");
        using AccountSecrets secrets = await DeviceCode.OpenAsync(crypto, own.Instance, own.Account, own.Device, grantKey, grant).ConfigureAwait(false)
            ?? throw ServerErrors.Misbehaves("delivered an approval that is not for this device");
        byte[]? publicKey = await crypto.PublicKeyAsync(KemAlgorithm.DhkemP256, secrets.AccountKey).ConfigureAwait(false);
        if (publicKey is null || !publicKey.AsSpan().SequenceEqual(state.AccountKey)) throw ServerErrors.Misbehaves("delivered an approval for another account");
        DeviceCertificate certificate = await CheckAsync(certificateBytes, state.DeviceList, publicKey).ConfigureAwait(false);

        KeyPair accountKey = new(secrets.AccountKey.Clone(), publicKey);
        await profile.SaveAsync(data => data with { Phase = ProfilePhase.Active, Handle = state.Handle }, new StoreBatch()
            .Put(OwnIdentity.AccountKeyAt, OwnIdentity.Encode(accountKey))
            .Put(OwnIdentity.HistoryKeyAt, secrets.HistoryKey.Span.ToArray())
            .Put(OwnIdentity.CertificateAt, certificateBytes)
            .Delete(OwnIdentity.GrantKeyAt), cancel).ConfigureAwait(false);
        own.AccountKey = accountKey;
        own.HistoryKey = secrets.HistoryKey.Clone();
        own.Certificate = certificate;
        own.GrantKey = null;
        grantKey.Dispose();
        // The tokens so far say that the device waits. The grant may stay a while if this fails; nobody else can open it.
        await tokens.RefreshAsync(cancel).ConfigureAwait(false);
        await api.DeleteGrantAsync(cancel).ConfigureAwait(false);
        return true;
    }

    async Task<DeviceCertificate> CheckAsync(byte[] certificateBytes, byte[] listBytes, byte[] accountKey)
    {
        try
        {
            DeviceCertificate certificate = DeviceCertificate.Decode(certificateBytes);
            DeviceListContent list = DeviceList.Decode(listBytes).Content;
            DeviceCertificateContent content = certificate.Content;
            byte[] hash = SHA256.HashData(certificateBytes);
            bool mine = content.Instance == own.Instance && content.Account == own.Account && content.Device == own.Device
                && content.DeviceKey.AsSpan().SequenceEqual(own.DeviceKey.PublicKey)
                && content.AccountKey.AsSpan().SequenceEqual(accountKey)
                && list.Devices.Any(device => device.AsSpan().SequenceEqual(hash))
                && await crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, accountKey, content.SignedBytes(), certificate.Signature).ConfigureAwait(false);
            return mine ? certificate : throw ServerErrors.Misbehaves("delivered an approval that does not fit this device");
        }
        catch (FormatException e)
        {
            throw ServerErrors.Misbehaves("delivered an approval that cannot be read", e);
        }
    }
}

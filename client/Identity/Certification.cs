using System.Security.Cryptography;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>What the account key signs and what holds of it: device certificates and lists (docs/PROTOCOL.md §3.2, §3.3).</summary>
static class Certification
{
    const SignatureAlgorithm Ecdsa = SignatureAlgorithm.EcdsaP256Sha256;

    /// <summary>The certificate of a device.</summary>
    public static async Task<DeviceCertificate> CertifyAsync(
        ICryptoProvider crypto, KeyPair accountKey, Id instance, Id account, Id device, byte[] deviceKey, DateTimeOffset now)
    {
        DeviceCertificateContent content = new(instance, account, accountKey.PublicKey, device, deviceKey, (ulong)now.ToUnixTimeSeconds());
        return new DeviceCertificate(content, await crypto.SignAsync(Ecdsa, accountKey.PrivateKey, content.SignedBytes()).ConfigureAwait(false));
    }

    /// <summary>The list number <paramref name="number"/>, of exactly these certificates.</summary>
    public static async Task<DeviceList> ListAsync(
        ICryptoProvider crypto, KeyPair accountKey, Id instance, Id account, ulong number, IEnumerable<DeviceCertificate> certificates, DateTimeOffset now)
    {
        DeviceListContent content = new(instance, account, accountKey.PublicKey, number, (ulong)now.ToUnixTimeSeconds(), [.. certificates.Select(Hash)]);
        return new DeviceList(content, await crypto.SignAsync(Ecdsa, accountKey.PrivateKey, content.SignedBytes()).ConfigureAwait(false));
    }

    /// <summary>What a list names a certificate by.</summary>
    public static byte[] Hash(DeviceCertificate certificate) => SHA256.HashData(certificate.Encode());

    /// <summary>
    /// Checks what a server shows of an account: the list is signed by the account key and no older than <paramref name="newest"/>, the
    /// certificates are signed by it, too, and are exactly those that the list names.
    /// </summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.DeviceListRefused"/>.</exception>
    public static async Task<(DeviceList List, IReadOnlyList<DeviceCertificate> Certificates)> VerifyAsync(
        ICryptoProvider crypto, Id instance, Id account, byte[] accountKey, byte[] listBytes, IEnumerable<byte[]> certificateBytes, ulong newest)
    {
        DeviceList list;
        List<DeviceCertificate> certificates;
        try
        {
            list = DeviceList.Decode(listBytes);
            certificates = [.. certificateBytes.Select(bytes => DeviceCertificate.Decode(bytes))];
        }
        catch (FormatException e)
        {
            throw Refuse("cannot be read", e);
        }
        DeviceListContent content = list.Content;
        if (content.Instance != instance || content.Account != account || !content.AccountKey.AsSpan().SequenceEqual(accountKey)) throw Refuse("belongs to something else");
        if (!await crypto.VerifyAsync(Ecdsa, accountKey, content.SignedBytes(), list.Signature).ConfigureAwait(false)) throw Refuse("is not signed by the account");
        if (content.Number < newest) throw Refuse("is older than one seen before");
        foreach (DeviceCertificate certificate in certificates)
        {
            DeviceCertificateContent device = certificate.Content;
            bool valid = device.Instance == instance && device.Account == account && device.AccountKey.AsSpan().SequenceEqual(accountKey)
                && await crypto.VerifyAsync(Ecdsa, accountKey, device.SignedBytes(), certificate.Signature).ConfigureAwait(false);
            if (!valid) throw Refuse("comes with a device that the account did not certify");
        }
        if (certificates.DistinctBy(c => c.Content.Device).Count() != certificates.Count || !content.Names(certificates.Select(Hash)))
            throw Refuse("does not name the devices that came with it");
        return (list, certificates);
    }

    /// <summary>Refuses a list in which a device that was known before has another key: a device's key never changes, so that is somebody else under its id.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.DeviceListRefused"/>.</exception>
    public static void RequireSameKeys(IEnumerable<DeviceCertificate> before, IReadOnlyList<DeviceCertificate> after)
    {
        foreach (DeviceCertificateContent known in before.Select(c => c.Content))
            if (after.Any(c => c.Content.Device == known.Device && !c.Content.DeviceKey.AsSpan().SequenceEqual(known.DeviceKey))) throw Refuse("gives another key to a device that is known");
    }

    static KavalekException Refuse(string why, Exception? inner = null) => new(ClientErrors.DeviceListRefused,
        $"The server showed a device list that {why}. It was refused and nothing was sent. Tell whoever runs the server; if it stays so, do not trust it.", inner: inner);
}

using System.Security.Cryptography;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>What the account key has to have signed before the server stores it (docs/PROTOCOL.md §3). Clients check it all again.</summary>
internal sealed class SignedIdentity(InstanceId instance)
{
    /// <summary>Reads and verifies a device certificate of the account.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Invalid"/>.</exception>
    public DeviceCertificate Certificate(byte[] bytes, Id account, byte[] accountKey)
    {
        DeviceCertificate certificate = Decode(bytes, DeviceCertificate.Decode, "The device certificate is malformed.");
        DeviceCertificateContent content = certificate.Content;
        if (content.Instance != instance.Id || content.Account != account || !content.AccountKey.AsSpan().SequenceEqual(accountKey))
        {
            throw AuthException.Invalid("The device certificate is of another instance, account or account key.");
        }
        if (!Signatures.Verify(accountKey, content.SignedBytes(), certificate.Signature) || !Signatures.IsPoint(content.DeviceKey))
        {
            throw AuthException.Invalid("The device certificate is not signed by the account key, or certifies no P-256 key.");
        }
        return certificate;
    }

    /// <summary>Reads and verifies the list that follows the stored one.</summary>
    /// <param name="bytes">A signed device list.</param>
    /// <param name="account">Whose.</param>
    /// <param name="accountKey">The account's key.</param>
    /// <param name="number">The number it has to have.</param>
    /// <param name="certificates">The certificates that are in force with it.</param>
    /// <exception cref="AuthException"><see cref="ErrorCodes.StaleDeviceList"/> for another number or other devices, else <see cref="ErrorCodes.Invalid"/>.</exception>
    public void RequireList(byte[] bytes, Id account, byte[] accountKey, ulong number, IEnumerable<byte[]> certificates)
    {
        DeviceList list = Decode(bytes, DeviceList.Decode, "The device list is malformed.");
        DeviceListContent content = list.Content;
        if (content.Instance != instance.Id || content.Account != account || !content.AccountKey.AsSpan().SequenceEqual(accountKey)
            || !Signatures.Verify(accountKey, content.SignedBytes(), list.Signature))
        {
            throw AuthException.Invalid("The device list is of another instance or account, or not signed by the account key.");
        }
        if (content.Number != number || !content.Names(certificates.Select(SHA256.HashData)))
        {
            throw new AuthException(ErrorCodes.StaleDeviceList, "The device list is not the successor of the stored one.");
        }
    }

    /// <summary>Reads and verifies a list that a device has seen, with what it names, if it is newer than the stored one.</summary>
    /// <param name="known">What the device shows.</param>
    /// <param name="account">Whose.</param>
    /// <param name="accountKey">The account's key.</param>
    /// <param name="next">The number after the stored one.</param>
    /// <returns><c>null</c> for one that is not newer, or is by another key.</returns>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Invalid"/>.</exception>
    public (DeviceListContent List, (DeviceCertificateContent Content, byte[] Bytes)[] Certificates)? Newer(KnownDevices known, Id account, byte[] accountKey, ulong next)
    {
        DeviceList list = Decode(known.DeviceList, DeviceList.Decode, "The device list is malformed.");
        DeviceListContent content = list.Content;
        // Most are as old as the stored one: then nothing of it costs anything.
        if (content.Number < next || !content.AccountKey.AsSpan().SequenceEqual(accountKey)) return null;
        if (content.Number - next >= Limits.ForgottenChanges) throw AuthException.Invalid("The device list is too many changes ahead.");
        if (known.Certificates.Length is 0 or > Limits.AccountDevices) throw AuthException.Invalid("An account has 1 to 20 devices.");
        if (content.Instance != instance.Id || content.Account != account || !Signatures.Verify(accountKey, content.SignedBytes(), list.Signature))
        {
            throw AuthException.Invalid("The device list is of another instance or account, or not signed by the account key.");
        }
        (DeviceCertificateContent Content, byte[] Bytes)[] certificates = [.. known.Certificates.Select(bytes => (Certificate(bytes, account, accountKey).Content, bytes))];
        if (!content.Names(known.Certificates.Select(SHA256.HashData)) || certificates.DistinctBy(c => c.Content.Device).Count() != certificates.Length)
        {
            throw AuthException.Invalid("The device list does not name the devices that came with it.");
        }
        return (content, certificates);
    }

    /// <summary>Reads and verifies what says that the account has a new key.</summary>
    /// <param name="bytes">A signed key change.</param>
    /// <param name="account">Whose.</param>
    /// <param name="oldKey">The key until now.</param>
    /// <param name="newKey">The key from now on.</param>
    /// <param name="number">The number of the first list under the new key.</param>
    /// <param name="certificate">The certificate in force of the device that says so.</param>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Invalid"/>.</exception>
    public void RequireKeyChange(byte[] bytes, Id account, byte[] oldKey, byte[] newKey, ulong number, byte[] certificate)
    {
        KeyChange change = Decode(bytes, KeyChange.Decode, "The key change is malformed.");
        KeyChangeContent content = change.Content;
        byte[] device = DeviceCertificate.Decode(certificate).Content.DeviceKey;
        if (content.Instance != instance.Id || content.Account != account || content.Number != number
            || !content.OldKey.AsSpan().SequenceEqual(oldKey) || !content.NewKey.AsSpan().SequenceEqual(newKey)
            || !content.Certificate.AsSpan().SequenceEqual(certificate)
            || !Signatures.Verify(oldKey, content.SignedBytes(), change.AccountSignature)
            || !Signatures.Verify(device, content.SignedBytes(), change.DeviceSignature))
        {
            throw AuthException.Invalid("The key change is of something else, or not signed by the old account key and the calling device.");
        }
    }

    delegate T Reader<out T>(ReadOnlySpan<byte> bytes);

    static T Decode<T>(byte[] bytes, Reader<T> read, string otherwise)
    {
        try
        {
            return read(bytes);
        }
        catch (FormatException)
        {
            throw AuthException.Invalid(otherwise);
        }
    }
}

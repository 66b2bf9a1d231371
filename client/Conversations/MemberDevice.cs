using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>Whose leaf it is, as the certificate in its credential says; its signature was verified when the leaf came into the tree.</summary>
/// <param name="Leaf">Where it sits.</param>
/// <param name="Account">Whose device it is.</param>
/// <param name="AccountKey">The account key that certified it, 65 bytes.</param>
/// <param name="Device">The device.</param>
/// <param name="DeviceKey">Its key, 65 bytes: as long as there is a device of that id, it has this key.</param>
/// <param name="Created">When it was certified, seconds since 1970.</param>
internal sealed record MemberDevice(LeafIndex Leaf, Id Account, byte[] AccountKey, Id Device, byte[] DeviceKey, ulong Created)
{
    /// <summary>Reads the certificate of a member.</summary>
    /// <exception cref="FormatException">The credential is no device certificate.</exception>
    public static MemberDevice Of(Mls.Member member) => Of(member.Index, member.Credential);

    /// <summary>Reads the certificate of a key package, which has no leaf yet.</summary>
    /// <exception cref="FormatException">The credential is no device certificate.</exception>
    public static MemberDevice Of(KeyPackage keyPackage) => Of(default, keyPackage.Credential);

    /// <summary>Whether both are certified by the same account key for the same account.</summary>
    public bool SameAccount(MemberDevice other) => Account == other.Account && AccountKey.AsSpan().SequenceEqual(other.AccountKey);

    /// <summary>Whether both are one device: under the same id and with the same key, since whoever can certify can put an id beside any key.</summary>
    public bool SameDevice(MemberDevice other) => Device == other.Device && DeviceKey.AsSpan().SequenceEqual(other.DeviceKey);

    /// <summary>Whether a certificate is of this device.</summary>
    public bool IsOf(DeviceCertificateContent certificate) => Device == certificate.Device && DeviceKey.AsSpan().SequenceEqual(certificate.DeviceKey);

    /// <summary>Whether this is the same device as <paramref name="other"/>, with the same certificate or a newer one: it may stand in its place.</summary>
    public bool Replaces(MemberDevice other) => SameDevice(other) && SameAccount(other) && Created >= other.Created;

    static MemberDevice Of(LeafIndex leaf, Credential credential)
    {
        if (credential.Type != Credential.BasicType) throw new FormatException("credential type");
        DeviceCertificateContent content = DeviceCertificate.Decode(credential.Content).Content;
        return new(leaf, content.Account, content.AccountKey, content.Device, content.DeviceKey, content.Created);
    }
}

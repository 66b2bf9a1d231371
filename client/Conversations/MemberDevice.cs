using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>Whose leaf it is, as the certificate in its credential says; its signature was verified when the leaf came into the tree.</summary>
/// <param name="Leaf">Where it sits.</param>
/// <param name="Account">Whose device it is.</param>
/// <param name="AccountKey">The account key that certified it, 65 bytes.</param>
/// <param name="Device">The device.</param>
/// <param name="Created">When it was certified, seconds since 1970.</param>
internal sealed record MemberDevice(LeafIndex Leaf, Id Account, byte[] AccountKey, Id Device, ulong Created)
{
    /// <summary>Reads the certificate of a member.</summary>
    /// <exception cref="FormatException">The credential is no device certificate.</exception>
    public static MemberDevice Of(Mls.Member member) => Of(member.Index, member.Credential);

    /// <summary>Reads the certificate of a key package, which has no leaf yet.</summary>
    /// <exception cref="FormatException">The credential is no device certificate.</exception>
    public static MemberDevice Of(KeyPackage keyPackage) => Of(default, keyPackage.Credential);

    /// <summary>Whether both are certified by the same account key for the same account.</summary>
    public bool SameAccount(MemberDevice other) => Account == other.Account && AccountKey.AsSpan().SequenceEqual(other.AccountKey);

    /// <summary>Whether this is the same device as <paramref name="other"/>, with the same certificate or a newer one: it may stand in its place.</summary>
    public bool Replaces(MemberDevice other) => Device == other.Device && SameAccount(other) && Created >= other.Created;

    static MemberDevice Of(LeafIndex leaf, Credential credential)
    {
        if (credential.Type != Credential.BasicType) throw new FormatException("credential type");
        DeviceCertificateContent content = DeviceCertificate.Decode(credential.Content).Content;
        return new(leaf, content.Account, content.AccountKey, content.Device, content.Created);
    }
}

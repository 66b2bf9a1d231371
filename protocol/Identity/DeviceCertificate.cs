namespace Kavalek.Protocol.Identity;

/// <summary>What the account key certifies about a device (docs/PROTOCOL.md §3.2).</summary>
/// <param name="Instance">The instance it is for.</param>
/// <param name="Account">Whose device it is.</param>
/// <param name="AccountKey">The account's public key: uncompressed P-256 point, 65 bytes.</param>
/// <param name="Device">The device's id.</param>
/// <param name="DeviceKey">The device's public key, 65 bytes; also the signature key of its MLS leaves.</param>
/// <param name="Created">Seconds since 1970.</param>
public sealed record DeviceCertificateContent(
    Id Instance, Id Account, byte[] AccountKey, Id Device, byte[] DeviceKey, ulong Created)
{
    /// <summary>The only version there is.</summary>
    public const ushort Version = 1;

    /// <summary>The bytes of <c>DeviceCertificateContent</c>.</summary>
    public byte[] Encode() => new TlsBytes()
        .UInt16(Version).Id(Instance).Id(Account).Vector(AccountKey).Id(Device).Vector(DeviceKey).UInt64(Created).ToArray();

    /// <summary>What the account key signs.</summary>
    public byte[] SignedBytes() => SignContent.Encode(SignContent.Device, Encode());

    internal static DeviceCertificateContent Read(ref TlsView view)
    {
        if (view.UInt16() != Version) throw new FormatException("device certificate version");
        DeviceCertificateContent content = new(
            view.Id(), view.Id(), SignContent.ReadKey(ref view), view.Id(), SignContent.ReadKey(ref view), view.UInt64());
        // An id is random; the one of zeros is what many a place says for nobody.
        return content.Account == default || content.Device == default ? throw new FormatException("an id of zeros") : content;
    }
}

/// <summary>A device certificate; encoded, it is the identity of the device's MLS basic credential.</summary>
/// <param name="Content">What is certified.</param>
/// <param name="Signature">The account key's, DER, over <see cref="DeviceCertificateContent.SignedBytes"/>.</param>
public sealed record DeviceCertificate(DeviceCertificateContent Content, byte[] Signature)
{
    /// <summary>Bytes of an encoded certificate, at most.</summary>
    public const int MaximumBytes = 512;

    /// <summary>The bytes of <c>DeviceCertificate</c>.</summary>
    public byte[] Encode() => new TlsBytes().Raw(Content.Encode()).Vector(Signature).ToArray();

    /// <summary>Reads a certificate; its signature is not verified here.</summary>
    /// <exception cref="FormatException">Not exactly one certificate of at most 512 bytes.</exception>
    public static DeviceCertificate Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaximumBytes) throw new FormatException("certificate too long");
        TlsView view = new(bytes);
        DeviceCertificate certificate = new(DeviceCertificateContent.Read(ref view), SignContent.ReadSignature(ref view));
        view.End();
        return certificate;
    }
}

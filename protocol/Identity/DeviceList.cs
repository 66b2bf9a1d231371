namespace Kavalek.Protocol.Identity;

/// <summary>Which device certificates of an account are in force (docs/PROTOCOL.md §3.3).</summary>
/// <param name="Instance">The instance it is for.</param>
/// <param name="Account">Whose list it is.</param>
/// <param name="AccountKey">The account's public key: uncompressed P-256 point, 65 bytes.</param>
/// <param name="Number">1, then one more at each change.</param>
/// <param name="Created">Seconds since 1970.</param>
/// <param name="Devices">SHA-256 of each encoded <see cref="DeviceCertificate"/>, 32 bytes each, in any order: encoding sorts them.</param>
public sealed record DeviceListContent(
    Id Instance, Id Account, byte[] AccountKey, ulong Number, ulong Created, IReadOnlyList<byte[]> Devices)
{
    /// <summary>The only version there is.</summary>
    public const ushort Version = 1;

    /// <summary>Bytes of a certificate's hash.</summary>
    public const int HashBytes = 32;

    /// <summary>The bytes of <c>DeviceListContent</c>.</summary>
    public byte[] Encode()
    {
        TlsBytes hashes = new();
        foreach (byte[] hash in Devices.Order(ByOrder)) hashes.Raw(hash);
        return new TlsBytes()
            .UInt16(Version).Id(Instance).Id(Account).Vector(AccountKey).UInt64(Number).UInt64(Created).Vector(hashes.ToArray()).ToArray();
    }

    /// <summary>What the account key signs.</summary>
    public byte[] SignedBytes() => SignContent.Encode(SignContent.DeviceList, Encode());

    /// <summary>Whether exactly these certificate hashes are on the list.</summary>
    public bool Names(IEnumerable<byte[]> hashes) =>
        hashes.Order(ByOrder).SequenceEqual(Devices.Order(ByOrder), EqualityComparer<byte[]>.Create((a, b) => a.AsSpan().SequenceEqual(b)));

    internal static DeviceListContent Read(ref TlsView view)
    {
        if (view.UInt16() != Version) throw new FormatException("device list version");
        return new DeviceListContent(
            view.Id(), view.Id(), SignContent.ReadKey(ref view), view.UInt64(), view.UInt64(), ReadHashes(view.Vector()));
    }

    static readonly Comparer<byte[]> ByOrder = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    // Sorted and distinct: an account's list of the same devices has one encoding only.
    static List<byte[]> ReadHashes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % HashBytes != 0 || bytes.Length > HashBytes * Limits.AccountDevices) throw new FormatException("device list length");
        List<byte[]> hashes = [];
        for (int at = 0; at < bytes.Length; at += HashBytes)
        {
            byte[] hash = bytes.Slice(at, HashBytes).ToArray();
            if (at > 0 && ByOrder.Compare(hashes[^1], hash) >= 0) throw new FormatException("device list not sorted");
            hashes.Add(hash);
        }
        return hashes;
    }
}

/// <summary>A signed device list.</summary>
/// <param name="Content">What is signed.</param>
/// <param name="Signature">The account key's, DER, over <see cref="DeviceListContent.SignedBytes"/>.</param>
public sealed record DeviceList(DeviceListContent Content, byte[] Signature)
{
    /// <summary>Bytes of an encoded list, at most: all devices of an account, and what stands around them.</summary>
    public const int MaximumBytes = 1024;

    /// <summary>The bytes of <c>DeviceList</c>.</summary>
    public byte[] Encode() => new TlsBytes().Raw(Content.Encode()).Vector(Signature).ToArray();

    /// <summary>Reads a list; its signature is not verified here.</summary>
    /// <exception cref="FormatException">Not exactly one list, unsorted, or of more devices than an account may have.</exception>
    public static DeviceList Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaximumBytes) throw new FormatException("device list too long");
        TlsView view = new(bytes);
        DeviceList list = new(DeviceListContent.Read(ref view), SignContent.ReadSignature(ref view));
        view.End();
        return list;
    }
}

namespace Kavalek.Protocol.Identity;

/// <summary>That an account has a new key, as one of its devices says under the old one (docs/PROTOCOL.md §3.6).</summary>
/// <param name="Instance">The instance it is for.</param>
/// <param name="Account">Whose key.</param>
/// <param name="OldKey">The key until now, 65 bytes.</param>
/// <param name="NewKey">The key from now on, 65 bytes.</param>
/// <param name="Number">The number of the first device list under the new key.</param>
/// <param name="Certificate">The certificate, by the old key, of the device that says so.</param>
public sealed record KeyChangeContent(Id Instance, Id Account, byte[] OldKey, byte[] NewKey, ulong Number, byte[] Certificate)
{
    /// <summary>The only version there is.</summary>
    public const ushort Version = 1;

    /// <summary>The bytes of <c>KeyChangeContent</c>.</summary>
    public byte[] Encode() => new TlsBytes()
        .UInt16(Version).Id(Instance).Id(Account).Vector(OldKey).Vector(NewKey).UInt64(Number).Vector(Certificate).ToArray();

    /// <summary>What the old account key and the device key sign.</summary>
    public byte[] SignedBytes() => SignContent.Encode(SignContent.KeyChange, Encode());

    internal static KeyChangeContent Read(ref TlsView view)
    {
        if (view.UInt16() != Version) throw new FormatException("key change version");
        return new KeyChangeContent(
            view.Id(), view.Id(), SignContent.ReadKey(ref view), SignContent.ReadKey(ref view), view.UInt64(), view.Vector().ToArray());
    }
}

/// <summary>A signed key change.</summary>
/// <param name="Content">What is signed.</param>
/// <param name="AccountSignature">The old account key's, DER.</param>
/// <param name="DeviceSignature">The device key's, DER: whoever holds the old account key alone changes nothing.</param>
public sealed record KeyChange(KeyChangeContent Content, byte[] AccountSignature, byte[] DeviceSignature)
{
    /// <summary>Bytes of an encoded key change, at most.</summary>
    public const int MaximumBytes = 1024;

    /// <summary>The bytes of <c>KeyChange</c>.</summary>
    public byte[] Encode() => new TlsBytes().Raw(Content.Encode()).Vector(AccountSignature).Vector(DeviceSignature).ToArray();

    /// <summary>Reads a key change; its signatures are not verified here.</summary>
    /// <exception cref="FormatException">Not exactly one key change of at most 1,024 bytes.</exception>
    public static KeyChange Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaximumBytes) throw new FormatException("key change too long");
        TlsView view = new(bytes);
        KeyChange change = new(KeyChangeContent.Read(ref view), SignContent.ReadSignature(ref view), SignContent.ReadSignature(ref view));
        view.End();
        return change;
    }
}

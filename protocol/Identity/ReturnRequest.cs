namespace Kavalek.Protocol.Identity;

/// <summary>
/// What a device that cannot follow a conversation any more says in its stream, in clear: take me out and in again (docs/PROTOCOL.md §7.12).
/// </summary>
/// <param name="KeyPackage">A fresh key package of the device, as an MLSMessage.</param>
/// <param name="Epoch">The stream's epoch in which it stands: in no other does it mean anything.</param>
/// <param name="Signature">By the device key, over <see cref="SignedBytes"/>.</param>
public sealed record ReturnRequest(byte[] KeyPackage, ulong Epoch, byte[] Signature)
{
    // Where an MLSMessage has its version; none will ever have this one.
    const ushort Marker = 0xF0CC;

    /// <summary>What the device key signs.</summary>
    public static byte[] SignedBytes(Id instance, Id stream, ulong epoch, byte[] keyPackage) =>
        SignContent.Encode(SignContent.Return, new TlsBytes().Id(instance).Id(stream).UInt64(epoch).Vector(keyPackage).ToArray());

    /// <summary>The bytes of the entry's payload.</summary>
    public byte[] Encode() => new TlsBytes().UInt16(Marker).Vector(KeyPackage).UInt64(Epoch).Vector(Signature).ToArray();

    /// <summary>Reads a payload; <c>null</c> where it is something else. Nothing in it is checked.</summary>
    public static ReturnRequest? TryDecode(ReadOnlySpan<byte> payload)
    {
        if (payload.Length is < 2 or > Limits.KeyPackageBytes + 256) return null;
        try
        {
            TlsView view = new(payload);
            if (view.UInt16() != Marker) return null;
            ReturnRequest request = new(view.Vector().ToArray(), view.UInt64(), SignContent.ReadSignature(ref view));
            view.End();
            return request;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

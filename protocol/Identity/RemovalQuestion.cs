namespace Kavalek.Protocol.Identity;

/// <summary>A device without a session asks whether it was removed (docs/PROTOCOL.md §5.9); the device key signs it.</summary>
/// <param name="Instance">The instance it asks.</param>
/// <param name="Device">The device.</param>
public sealed record RemovalQuestion(Id Instance, Id Device)
{
    /// <summary>What the device key signs.</summary>
    public byte[] SignedBytes() => SignContent.Encode(SignContent.Removal, new TlsBytes().Id(Instance).Id(Device).ToArray());
}

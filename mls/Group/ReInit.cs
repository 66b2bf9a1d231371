namespace Kavalek.Mls;

/// <summary>What a group is to begin anew as, under another id and perhaps another cipher suite (RFC 9420 §11.2, §12.1.5).</summary>
/// <param name="GroupId">The new group's id: unique, best random.</param>
/// <param name="CipherSuite">The registered value of its cipher suite.</param>
/// <param name="Extensions">The extensions of its GroupContext.</param>
/// <remarks>The protocol version is mls10, the only one there is.</remarks>
public sealed record ReInit(byte[] GroupId, ushort CipherSuite, IReadOnlyList<Extension> Extensions)
{
    internal void Write(TlsWriter writer)
    {
        writer.WriteVector(GroupId);
        writer.WriteUInt16(CipherSuite);
        Extension.WriteList(writer, Extensions);
    }

    internal static ReInit Read(ref TlsReader reader) => new(reader.ReadVector(), reader.ReadUInt16(), Extension.ReadList(ref reader));
}

namespace Kavalek.Mls;

/// <summary>The public state of an epoch, signed by a member (RFC 9420 §12.4.3).</summary>
internal sealed record GroupInfo(
    GroupContext Context, IReadOnlyList<Extension> Extensions, byte[] ConfirmationTag, LeafIndex Signer, byte[] Signature)
{
    public void Write(TlsWriter writer)
    {
        WriteContent(writer);
        writer.WriteVector(Signature);
    }

    public static GroupInfo Read(ref TlsReader reader) => new(
        GroupContext.Read(ref reader), Extension.ReadList(ref reader), reader.ReadVector(), new LeafIndex(reader.ReadUInt32()), reader.ReadVector());

    /// <summary>GroupInfoTBS.</summary>
    public byte[] ToBeSigned()
    {
        using TlsWriter writer = new(1024);
        WriteContent(writer);
        return writer.ToArray();
    }

    void WriteContent(TlsWriter writer)
    {
        Context.Write(writer);
        Extension.WriteList(writer, Extensions);
        writer.WriteVector(ConfirmationTag);
        writer.WriteUInt32(Signer.Value);
    }
}

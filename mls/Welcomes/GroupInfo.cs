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

    /// <summary>As an MLSMessage.</summary>
    public byte[] Encode()
    {
        using TlsWriter writer = new(4096);
        MlsMessage.WriteHeader(writer, WireFormat.GroupInfo);
        Write(writer);
        return writer.ToArray();
    }

    /// <summary>Reads a whole MLSMessage.</summary>
    public static GroupInfo Decode(ReadOnlySpan<byte> message)
    {
        TlsReader reader = new(message);
        MlsMessage.ReadHeader(ref reader, WireFormat.GroupInfo);
        GroupInfo info = Read(ref reader);
        reader.End();
        return info;
    }

    /// <summary>The same, signed by the member at <see cref="Signer"/>.</summary>
    public async ValueTask<GroupInfo> SignAsync(SuiteCrypto crypto, Secret signatureKey) =>
        this with { Signature = await crypto.SignWithLabelAsync(signatureKey, "GroupInfoTBS", ToBeSigned()).ConfigureAwait(false) };

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

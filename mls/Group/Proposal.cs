namespace Kavalek.Mls;

/// <summary>A change proposed for the next epoch (RFC 9420 §12.1).</summary>
internal abstract record Proposal(ushort Type)
{
    public void Write(TlsWriter writer)
    {
        writer.WriteUInt16(Type);
        WriteBody(writer);
    }

    protected abstract void WriteBody(TlsWriter writer);

    public static Proposal Read(ref TlsReader reader)
    {
        ushort type = reader.ReadUInt16();
        return type switch
        {
            ProposalType.Add => new AddProposal(KeyPackage.Read(ref reader)),
            ProposalType.Update => new UpdateProposal(LeafNode.Read(ref reader)),
            ProposalType.Remove => new RemoveProposal(new LeafIndex(reader.ReadUInt32())),
            ProposalType.Psk => new PskProposal(PreSharedKeyId.Read(ref reader)),
            ProposalType.ReInit => new ReInitProposal(reader.ReadVector(), reader.ReadUInt16(), reader.ReadUInt16(), Extension.ReadList(ref reader)),
            ProposalType.ExternalInit => new ExternalInitProposal(reader.ReadVector()),
            ProposalType.GroupContextExtensions => new GroupContextExtensionsProposal(Extension.ReadList(ref reader)),
            _ => new ApplicationProposal(type, ReadUnknown(ref reader, type)),
        };
    }

    /// <summary>
    /// A proposal carries no length of its own, so one of unknown type can only be guessed to be a vector, which is what the
    /// application's own are. Whether the type is one of those is checked once the group is known.
    /// </summary>
    static byte[] ReadUnknown(ref TlsReader reader, ushort type)
    {
        try
        {
            return reader.ReadVector();
        }
        catch (MlsException)
        {
            throw new MlsException(MlsError.UnsupportedProposal, "12.1", $"proposal type 0x{type:x4}");
        }
    }
}

/// <summary>§12.1.1.</summary>
internal sealed record AddProposal(KeyPackage KeyPackage) : Proposal(ProposalType.Add)
{
    protected override void WriteBody(TlsWriter writer) => KeyPackage.Write(writer);
}

/// <summary>§12.1.2.</summary>
internal sealed record UpdateProposal(LeafNode Leaf) : Proposal(ProposalType.Update)
{
    protected override void WriteBody(TlsWriter writer) => Leaf.Write(writer);
}

/// <summary>§12.1.3.</summary>
internal sealed record RemoveProposal(LeafIndex Removed) : Proposal(ProposalType.Remove)
{
    protected override void WriteBody(TlsWriter writer) => writer.WriteUInt32(Removed.Value);
}

/// <summary>§12.1.4.</summary>
internal sealed record PskProposal(PreSharedKeyId Id) : Proposal(ProposalType.Psk)
{
    protected override void WriteBody(TlsWriter writer) => Id.Write(writer);
}

/// <summary>§12.1.5.</summary>
internal sealed record ReInitProposal(byte[] GroupId, ushort Version, ushort CipherSuite, IReadOnlyList<Extension> Extensions) : Proposal(ProposalType.ReInit)
{
    public ReInit ReInit => new(GroupId, CipherSuite, Extensions);

    public static ReInitProposal Of(ReInit reInit) => new(reInit.GroupId, KeyPackage.Mls10, reInit.CipherSuite, reInit.Extensions);

    protected override void WriteBody(TlsWriter writer)
    {
        writer.WriteVector(GroupId);
        writer.WriteUInt16(Version);
        writer.WriteUInt16(CipherSuite);
        Extension.WriteList(writer, Extensions);
    }
}

/// <summary>§12.1.6.</summary>
internal sealed record ExternalInitProposal(byte[] KemOutput) : Proposal(ProposalType.ExternalInit)
{
    /// <summary>Under which the init secret is exported from the HPKE context (§8.3).</summary>
    public static ReadOnlyMemory<byte> ExporterContext { get; } = "MLS 1.0 external init secret"u8.ToArray();

    protected override void WriteBody(TlsWriter writer) => writer.WriteVector(KemOutput);
}

/// <summary>§12.1.7.</summary>
internal sealed record GroupContextExtensionsProposal(IReadOnlyList<Extension> Extensions) : Proposal(ProposalType.GroupContextExtensions)
{
    protected override void WriteBody(TlsWriter writer) => Extension.WriteList(writer, Extensions);
}

/// <summary>A proposal of a type that RFC 9420 does not define.</summary>
internal sealed record ApplicationProposal(ushort CustomType, byte[] Data) : Proposal(CustomType)
{
    protected override void WriteBody(TlsWriter writer) => writer.WriteVector(Data);
}

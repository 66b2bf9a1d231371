namespace Kavalek.Mls;

/// <summary>A proposal in a commit: by value, or the reference of one sent before (RFC 9420 §12.4). Exactly one is set.</summary>
internal sealed record ProposalOrRef(Proposal? Proposal, byte[]? Reference)
{
    const byte ByValue = 1;
    const byte ByReference = 2;

    public static void Write(TlsWriter writer, ProposalOrRef item)
    {
        if (item.Proposal is not null)
        {
            writer.WriteUInt8(ByValue);
            item.Proposal.Write(writer);
        }
        else
        {
            writer.WriteUInt8(ByReference);
            writer.WriteVector(item.Reference);
        }
    }

    public static ProposalOrRef Read(ref TlsReader reader) => reader.ReadUInt8() switch
    {
        ByValue => new(Proposal.Read(ref reader), null),
        ByReference => new(null, reader.ReadVector()),
        _ => throw TlsReader.Malformed("proposal or reference"),
    };
}

/// <summary>The step to the next epoch: the proposals it enacts and fresh keys along the committer's path (RFC 9420 §12.4).</summary>
internal sealed record Commit(IReadOnlyList<ProposalOrRef> Proposals, UpdatePath? Path)
{
    public void Write(TlsWriter writer)
    {
        writer.WriteList(Proposals, ProposalOrRef.Write);
        writer.WriteOptional(Path, static (w, path) => path.Write(w));
    }

    public static Commit Read(ref TlsReader reader) => new(reader.ReadList(ProposalOrRef.Read, ListLimits.Leaves), reader.ReadOptional(UpdatePath.Read));
}

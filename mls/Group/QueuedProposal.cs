namespace Kavalek.Mls;

/// <summary>A proposal and who made it: received and kept for a commit to name, or by value in one (RFC 9420 §12.4).</summary>
/// <param name="Proposal">What.</param>
/// <param name="Sender">Who.</param>
/// <param name="Reference">Its ProposalRef; <c>null</c> by value. One by reference was validated when it came.</param>
/// <param name="LeafKey">Of an own Update: the private key of the leaf it proposes.</param>
/// <param name="SignatureKey">Of an own Update: the new signature private key, where it proposes one.</param>
internal sealed record QueuedProposal(Proposal Proposal, Sender Sender, byte[]? Reference, Secret? LeafKey = null, Secret? SignatureKey = null)
{
    /// <summary>Bytes of this one and all that wait before it, as messages or as stored: what a member makes the others keep. 0 by value.</summary>
    public long SizeUpTo { get; init; }

    public IEnumerable<Secret> Keys
    {
        get
        {
            if (LeafKey is not null) yield return LeafKey;
            if (SignatureKey is not null) yield return SignatureKey;
        }
    }

    /// <summary>Whom a Remove or an Update is about.</summary>
    public LeafIndex? Target => Proposal switch
    {
        RemoveProposal remove => remove.Removed,
        UpdateProposal => Sender.Leaf,
        _ => null,
    };

    /// <summary>As the application sees it.</summary>
    public PendingProposal Describe(PublicEpoch epoch) => new(
        Sender.Leaf is { } leaf ? new Member(leaf, epoch.Tree[leaf] ?? throw new MlsException(MlsError.InvalidSender, "12.1", "no member at the leaf")) : null,
        Proposal.Type, Target, (Proposal as AddProposal)?.KeyPackage, (Proposal as GroupContextExtensionsProposal)?.Extensions)
    {
        External = Sender.Type == SenderType.External ? ExternalSender.Of(epoch.Context.Extensions).ElementAtOrDefault((int)Sender.Index) : null,
        ReInit = (Proposal as ReInitProposal)?.ReInit,
        ExternalPsk = (Proposal as PskProposal)?.Id.ExternalId,
        ResumptionPsk = Proposal is PskProposal { Id: { IsExternal: false } id } ? new(id.GroupId!, id.Epoch) : null,
        Custom = Proposal is ApplicationProposal custom ? new(custom.CustomType, custom.Data) : null,
    };

    public void Write(TlsWriter writer)
    {
        Sender.Write(writer);
        writer.WriteVector(Reference);
        writer.WriteOptional(LeafKey, static (w, key) => w.WriteVector(key.Span));
        writer.WriteOptional(SignatureKey, static (w, key) => w.WriteVector(key.Span));
        Proposal.Write(writer);
    }

    public static QueuedProposal Read(ref TlsReader reader)
    {
        Sender sender = Sender.Read(ref reader);
        byte[] reference = reader.ReadVector();
        Secret? leafKey = reader.ReadOptional(static (ref TlsReader r) => Secret.Copy(r.ReadVectorSpan()));
        Secret? signatureKey = reader.ReadOptional(static (ref TlsReader r) => Secret.Copy(r.ReadVectorSpan()));
        return new(Proposal.Read(ref reader), sender, reference, leafKey, signatureKey);
    }
}

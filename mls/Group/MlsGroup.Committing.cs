namespace Kavalek.Mls;

public sealed partial class MlsGroup
{
    /// <summary>
    /// Makes a commit (§12.4.1). The group stays in its epoch until the commit is confirmed; <c>Next</c> is this group without the
    /// key that the commit was encrypted with: store both before the commit is sent.
    /// </summary>
    /// <param name="request">What to commit.</param>
    /// <param name="now">The time that lifetimes of added key packages are held against.</param>
    /// <param name="externalPsk">Pre-shared keys that the request or proposals name.</param>
    /// <param name="groups">Other groups whose epochs the request or proposals name.</param>
    /// <exception cref="MlsException">
    /// The request breaks a rule, or a key package is not valid. <see cref="MlsError.GroupEnded"/>: the group was ended by a ReInit.
    /// </exception>
    public async ValueTask<(PendingCommit Pending, MlsGroup Next)> CommitAsync(
        CommitRequest request, DateTimeOffset now, ExternalPskLookup? externalPsk = null, GroupLookup? groups = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireAlive();
        PskSources psks = new(externalPsk, groups, this);
        (CommitDraft draft, SecretTree keys) = await CommitDraft.CreateAsync(
            this, request, now, psks, privately: !_environment.Rules.SendPublicHandshakes).ConfigureAwait(false);
        return (draft.Pending, new(_environment, _epoch, keys, _proposals, _past));
    }

    /// <summary>The proposals a commit will hold: what is asked for, then what others proposed and does not conflict with it (§12.2).</summary>
    internal List<QueuedProposal> Choose(CommitRequest request, PskSources psks)
    {
        List<QueuedProposal> chosen = [];
        HashSet<LeafIndex> gone = [];
        KeySet newcomers = new();
        void ByValue(Proposal proposal) => chosen.Add(new(proposal, Sender.Member(OwnIndex), null));

        foreach (LeafIndex member in request.Remove) if (gone.Add(member)) ByValue(new RemoveProposal(member));
        foreach (KeyPackage keyPackage in request.Add)
        {
            newcomers.Add(keyPackage.SignatureKey);
            ByValue(new AddProposal(keyPackage));
        }
        if (request.Extensions is not null)
        {
            Extension.RefuseRepeated(request.Extensions);
            ByValue(new GroupContextExtensionsProposal(request.Extensions));
        }
        foreach (byte[] psk in request.ExternalPsks) ByValue(new PskProposal(PreSharedKeyId.External(psk, PskNonce())));
        foreach (ResumptionPsk psk in request.ResumptionPsks)
            ByValue(new PskProposal(PreSharedKeyId.Resumption(ResumptionUsage.Application, psk.GroupId, psk.Epoch, PskNonce())));
        if (request.Origin is not null) ByValue(new PskProposal(request.Origin));
        foreach (CustomProposal custom in request.Custom) ByValue(new ApplicationProposal(custom.Type, custom.Data));
        if (request.ReInit is not null) ByValue(ReInitProposal.Of(request.ReInit));
        if (!request.IncludeProposals || request.ReInit is not null) return chosen;
        List<QueuedProposal> waiting = [.. _proposals.Where(queued => request.Accept?.Invoke(queued.Describe(_epoch)) ?? true)];

        // A Remove wins over an Update of the same leaf, and of two Updates the later one.
        foreach (QueuedProposal queued in waiting)
            if (queued.Proposal is RemoveProposal remove && remove.Removed != OwnIndex && gone.Add(remove.Removed)) chosen.Add(queued);
        HashSet<LeafIndex> updated = [];
        for (int i = waiting.Count - 1; i >= 0; i--)
        {
            QueuedProposal queued = waiting[i];
            if (queued.Proposal is UpdateProposal && queued.Sender.Leaf is { } leaf && leaf != OwnIndex && !gone.Contains(leaf) && updated.Add(leaf)) chosen.Add(queued);
        }
        if (waiting.Exists(queued => queued.Proposal is AddProposal))
            foreach (Member member in Members) if (!gone.Contains(member.Index)) newcomers.Add(member.SignatureKey);
        bool hasExtensions = request.Extensions is not null;
        foreach (QueuedProposal queued in waiting)
        {
            bool take = queued.Proposal switch
            {
                AddProposal add => newcomers.Add(add.KeyPackage.SignatureKey),
                GroupContextExtensionsProposal => !hasExtensions && (hasExtensions = true),
                PskProposal psk => psks.Find(psk.Id) is not null,
                ApplicationProposal custom => Members.All(member => gone.Contains(member.Index) || member.Leaf.Capabilities.SupportsProposal(custom.Type)),
                _ => false,
            };
            if (take) chosen.Add(queued);
        }
        // "If the committer has received other proposals during the epoch, they SHOULD prefer them over the ReInit proposal" (§12.2)
        if (chosen.Count == 0 && waiting.Find(queued => queued.Proposal is ReInitProposal) is { } reInit) chosen.Add(reInit);
        return chosen;
    }
}

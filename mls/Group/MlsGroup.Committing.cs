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

    /// <summary>The proposals a commit will hold: what is asked for, then what others proposed and can stand beside it (§12.2).</summary>
    internal List<QueuedProposal> Choose(CommitRequest request, PskSources psks)
    {
        List<QueuedProposal> chosen = [];
        void ByValue(Proposal proposal) => chosen.Add(new(proposal, Sender.Member(OwnIndex), null));

        foreach (LeafIndex member in request.Remove.Distinct()) ByValue(new RemoveProposal(member));
        foreach (KeyPackage keyPackage in request.Add) ByValue(new AddProposal(keyPackage));
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
        if (!request.IncludeProposals || request.ReInit is not null || _proposals.IsEmpty) return chosen;

        List<QueuedProposal> waiting = [.. _proposals.Where(queued => request.Accept?.Invoke(queued.Describe(_epoch)) ?? true)];
        chosen.AddRange(ProposalChoice.Among(waiting, _epoch, _environment.Limits, request, psks, room: _environment.Limits.MaxProposals - chosen.Count));
        // "If the committer has received other proposals during the epoch, they SHOULD prefer them over the ReInit proposal" (§12.2)
        if (chosen.Count == 0 && waiting.Find(queued => queued.Proposal is ReInitProposal) is { } reInit) chosen.Add(reInit);
        return chosen;
    }
}

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
    /// <exception cref="MlsException">The request breaks a rule, or a key package is not valid.</exception>
    public async ValueTask<(PendingCommit Pending, MlsGroup Next)> CommitAsync(CommitRequest request, DateTimeOffset now, ExternalPskLookup? externalPsk = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        (CommitDraft draft, SecretTree keys) = await CommitDraft.CreateAsync(this, request, now, externalPsk, privately: true).ConfigureAwait(false);
        return (draft.Pending, new(_environment, _epoch, keys, _proposals, _past));
    }

    /// <summary>The proposals a commit will hold: what is asked for, then what others proposed and does not conflict with it (§12.2).</summary>
    internal List<QueuedProposal> Choose(CommitRequest request, ExternalPskLookup? externalPsk)
    {
        List<QueuedProposal> chosen = [];
        HashSet<LeafIndex> gone = [];
        KeySet newcomers = new();
        void ByValue(Proposal proposal) => chosen.Add(new(proposal, OwnIndex, null));

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
        foreach (byte[] psk in request.ExternalPsks)
            ByValue(new PskProposal(PreSharedKeyId.External(psk, _epoch.Crypto.RandomSecret(_epoch.Crypto.HashLength).Span.ToArray())));
        if (!request.IncludeProposals) return chosen;
        List<QueuedProposal> waiting = [.. _proposals.Where(queued => request.Accept?.Invoke(queued.Describe(_epoch.Tree)) ?? true)];

        // A Remove wins over an Update of the same leaf, and of two Updates the later one.
        foreach (QueuedProposal queued in waiting)
            if (queued.Proposal is RemoveProposal remove && remove.Removed != OwnIndex && gone.Add(remove.Removed)) chosen.Add(queued);
        HashSet<LeafIndex> updated = [];
        for (int i = waiting.Count - 1; i >= 0; i--)
        {
            QueuedProposal queued = waiting[i];
            if (queued.Proposal is UpdateProposal && queued.Sender != OwnIndex && !gone.Contains(queued.Sender) && updated.Add(queued.Sender)) chosen.Add(queued);
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
                PskProposal psk => FindPsk(psk.Id, externalPsk) is not null,
                _ => false,
            };
            if (take) chosen.Add(queued);
        }
        return chosen;
    }

    /// <summary>psk_secret for a commit's pre-shared keys (§8.4).</summary>
    internal Secret CombinePsks(IReadOnlyList<PreSharedKeyId> ids, ExternalPskLookup? externalPsk) => PskSecret.Combine(_epoch.Crypto, [.. ids.Select(id =>
        (id.Encode(), FindPsk(id, externalPsk) ?? throw new MlsException(MlsError.UnknownPsk, "12.4.2", "a pre-shared key is not known")))]);

    Secret? FindPsk(PreSharedKeyId id, ExternalPskLookup? externalPsk)
    {
        if (id.IsExternal) return externalPsk?.Invoke(id.ExternalId);
        if (!id.GroupId.AsSpan().SequenceEqual(GroupId)) return null;
        return id.Epoch == Epoch ? _epoch.Secrets.Resumption : _past.Find(past => past.Messages.Epoch == id.Epoch)?.Resumption;
    }
}

namespace Kavalek.Mls;

/// <summary>The proposals of a commit, validated as a list (RFC 9420 §12.2) and applied in order (§12.3); the same for who makes a commit and who receives it.</summary>
/// <param name="Proposals">In the commit's order.</param>
/// <param name="Committer">Who commits; for who joins by the commit, the leaf it will have.</param>
/// <param name="Tree">The tree with all of them applied, and room for who joins by the commit, without the commit's path.</param>
/// <param name="Extensions">The GroupContext's extensions afterwards.</param>
/// <param name="Added">New leaves with the key package of each.</param>
/// <param name="Removed">Removed leaves.</param>
/// <param name="Updated">Leaves replaced by an Update.</param>
/// <param name="Psks">Pre-shared keys, in order.</param>
internal sealed record CommitPlan(
    IReadOnlyList<QueuedProposal> Proposals,
    LeafIndex Committer,
    RatchetTree Tree,
    IReadOnlyList<Extension> Extensions,
    IReadOnlyList<(LeafIndex Leaf, KeyPackage KeyPackage)> Added,
    IReadOnlyList<LeafIndex> Removed,
    IReadOnlyList<LeafIndex> Updated,
    IReadOnlyList<PreSharedKeyId> Psks)
{
    /// <summary>The leaves that are new.</summary>
    public HashSet<LeafIndex> AddedLeaves { get; } = [.. Added.Select(added => added.Leaf)];

    /// <summary>"The path field MUST be populated" for an empty list and for types that say so (§12.4, §17.4).</summary>
    public bool NeedsPath { get; private init; }

    /// <summary>The ExternalInit of who joins by the commit (§8.3).</summary>
    public ExternalInitProposal? ExternalInit => Proposals.Select(queued => queued.Proposal).OfType<ExternalInitProposal>().FirstOrDefault();

    /// <summary>What the group is ended for (§11.2).</summary>
    public ReInit? ReInit => (Proposals.FirstOrDefault(queued => queued.Proposal is ReInitProposal)?.Proposal as ReInitProposal)?.ReInit;

    /// <summary>Validates and applies.</summary>
    /// <param name="epoch">The epoch that the commit ends.</param>
    /// <param name="environment">The authentication service, the limits and the rules.</param>
    /// <param name="committer">A member, or who joins by the commit.</param>
    /// <param name="proposals">In the commit's order.</param>
    /// <param name="founding">Whether it is the first commit of a group that re-initializes or branches from another.</param>
    public static async ValueTask<CommitPlan> CreateAsync(
        PublicEpoch epoch, MlsEnvironment environment, Sender committer, IReadOnlyList<QueuedProposal> proposals, bool founding = false)
    {
        if (proposals.Count > environment.Limits.MaxProposals) throw new MlsException(MlsError.LimitExceeded, "12.2", "more proposals than allowed");
        if (committer.Leaf is { } member) CheckList(proposals, member);
        else CheckExternalList(proposals);

        // Each by itself; those received before were.
        await Parallelism.ForEachAsync([.. proposals.Where(queued => queued.Reference is null)],
            queued => ProposalValidation.ValidateAsync(epoch, environment, queued, founding)).ConfigureAwait(false);

        // "GroupContextExtensions first, then Updates, then Removes, then Adds" (§12.3)
        IReadOnlyList<Extension> extensions = epoch.Context.Extensions;
        foreach (QueuedProposal queued in proposals)
            if (queued.Proposal is GroupContextExtensionsProposal change) extensions = change.Extensions;

        RatchetTree tree = epoch.Tree;
        List<LeafIndex> updated = [], removed = [];
        foreach (QueuedProposal queued in proposals)
        {
            if (queued.Proposal is not UpdateProposal update) continue;
            LeafIndex leaf = queued.Sender.Leaf ?? throw new MlsException(MlsError.InvalidSender, "12.1.8", "an Update from outside the group");
            tree = tree.Update(leaf, update.Leaf);
            updated.Add(leaf);
        }
        foreach (QueuedProposal queued in proposals)
        {
            if (queued.Proposal is not RemoveProposal remove) continue;
            // §12.1.3, again for one received before: a list may name it beside another that was by value.
            if (tree[remove.Removed] is null) throw new MlsException(MlsError.InvalidProposal, "12.1.3", "no member at the leaf");
            tree = tree.Remove(remove.Removed);
            removed.Add(remove.Removed);
        }
        KeyPackage[] keyPackages = [.. proposals.Select(queued => queued.Proposal).OfType<AddProposal>().Select(add => add.KeyPackage)];
        (tree, List<LeafIndex> leaves) = tree.Add([.. keyPackages.Select(keyPackage => keyPackage.Leaf)]);
        LeafIndex own = committer.Leaf ?? default;
        // "assigned the leftmost blank leaf", after the removals (§12.4.2)
        if (committer.Leaf is null) (tree, own) = tree.WithRoom();
        if (tree.Size > environment.Limits.MaxLeaves) throw new MlsException(MlsError.LimitExceeded, "12.1.1", "more leaves than allowed");

        CommitPlan plan = new(proposals, own, tree, extensions, [.. leaves.Zip(keyPackages)], removed, updated,
            [.. proposals.Select(queued => queued.Proposal).OfType<PskProposal>().Select(psk => psk.Id)])
        {
            NeedsPath = proposals.Count == 0 || proposals.Any(queued => NeedsPathFor(queued.Proposal, environment.Rules)),
        };
        plan.CheckCustom();
        plan.CheckTogether(epoch);
        return plan;
    }

    /// <summary>The rules of §12.2 for a commit by a member.</summary>
    static void CheckList(IReadOnlyList<QueuedProposal> proposals, LeafIndex committer)
    {
        HashSet<LeafIndex> changed = [];
        HashSet<string> psks = [];
        bool hasExtensions = false;
        foreach (QueuedProposal queued in proposals)
        {
            switch (queued.Proposal)
            {
                // "It contains an Update proposal generated by the committer."
                case UpdateProposal when queued.Sender.Leaf == committer:
                    throw Invalid("the committer's own Update");
                // "It contains multiple Update and/or Remove proposals that apply to the same leaf."
                case UpdateProposal when queued.Sender.Leaf is { } leaf && !changed.Add(leaf):
                    throw Invalid("two proposals change one leaf");
                // "It contains a Remove proposal that removes the committer."
                case RemoveProposal remove when remove.Removed == committer:
                    throw Invalid("the committer removes itself");
                case RemoveProposal remove when !changed.Add(remove.Removed):
                    throw Invalid("two proposals change one leaf");
                // "It contains multiple PreSharedKey proposals that reference the same PreSharedKeyID."
                case PskProposal psk when !psks.Add(Convert.ToHexString(psk.Id.Encode())):
                    throw Invalid("one pre-shared key twice");
                // "It contains multiple GroupContextExtensions proposals."
                case GroupContextExtensionsProposal when hasExtensions:
                    throw Invalid("two changes of the extensions");
                case GroupContextExtensionsProposal:
                    hasExtensions = true;
                    break;
                // "It contains a ReInit proposal together with any other proposal."
                case ReInitProposal when proposals.Count > 1:
                    throw Invalid("a ReInit beside another proposal");
                // "It contains an ExternalInit proposal."
                case ExternalInitProposal:
                    throw Invalid("ExternalInit in a member's commit");
                default:
                    break;
            }
        }
    }

    /// <summary>The rules of §12.2 for the commit of who joins by it: one ExternalInit, at most one Remove, pre-shared keys, all by value.</summary>
    static void CheckExternalList(IReadOnlyList<QueuedProposal> proposals)
    {
        int inits = 0, removes = 0;
        HashSet<string> psks = [];
        foreach (QueuedProposal queued in proposals)
        {
            // "MUST NOT include any proposals by reference" (§12.4.3.2)
            if (queued.Reference is not null) throw new MlsException(MlsError.InvalidProposalList, "12.4.3.2", "a proposal by reference in an external commit");
            bool allowed = queued.Proposal switch
            {
                ExternalInitProposal => ++inits == 1,
                RemoveProposal => ++removes == 1,
                PskProposal psk => psks.Add(Convert.ToHexString(psk.Id.Encode())),
                _ => false,
            };
            if (!allowed) throw Invalid("not to be in an external commit, or not once more");
        }
        if (inits == 0) throw Invalid("an external commit without ExternalInit");
    }

    static bool NeedsPathFor(Proposal proposal, MlsRules rules) =>
        proposal.Type is ProposalType.Update or ProposalType.Remove or ProposalType.ExternalInit or ProposalType.GroupContextExtensions
        || (proposal is ApplicationProposal custom && rules.Custom(custom.Type) is { NeedsPath: true });

    /// <summary>"a Proposal with a non-default proposal type that is not supported by some members of the group that will process the Commit" (§12.2)</summary>
    void CheckCustom()
    {
        ushort[] types = [.. Proposals.Select(queued => queued.Proposal).OfType<ApplicationProposal>().Select(custom => custom.Type).Distinct()];
        if (types.Length == 0) return;
        foreach ((uint index, LeafNode leaf) in Tree.LeafNodes.Entries())
            if (!AddedLeaves.Contains(new(index)) && types.Any(type => !leaf.Capabilities.SupportsProposal(type)))
                throw new MlsException(MlsError.UnsupportedCapability, "12.2", "a proposal type that a member does not support");
    }

    /// <summary>The rules of §7.3 and §12.2 that look at the tree as a whole: unique keys, and that all can do what all need.</summary>
    void CheckTogether(PublicEpoch epoch)
    {
        LeafIndex[] changed = [.. Updated, .. AddedLeaves];
        bool newExtensions = !ReferenceEquals(Extensions, epoch.Context.Extensions);
        if (changed.Length == 0 && !newExtensions) return;

        GroupRequirements requirements = GroupRequirements.Of(Extensions);
        if (newExtensions)
            foreach ((_, LeafNode leaf) in Tree.LeafNodes.Entries()) requirements.Check(leaf);
        else
            foreach (LeafIndex index in changed) requirements.Check(Tree[index]!);

        if (changed.Length == 0) return;
        TreeValidation.CheckCredentialTypes(Tree);
        KeySet signatureKeys = new(), encryptionKeys = new();
        foreach ((_, LeafNode leaf) in Tree.LeafNodes.Entries())
        {
            if (!signatureKeys.Add(leaf.SignatureKey)) throw new MlsException(MlsError.DuplicateKey, "7.3", "a signature key occurs twice");
            if (!encryptionKeys.Add(leaf.EncryptionKey)) throw new MlsException(MlsError.DuplicateKey, "7.3", "an encryption key occurs twice");
        }
        foreach ((_, ParentNode parent) in Tree.ParentNodes.Entries())
            if (!encryptionKeys.Add(parent.EncryptionKey)) throw new MlsException(MlsError.DuplicateKey, "7.3", "an encryption key occurs twice");
    }

    /// <summary>The path's keys are new (§12.4.2), and its leaf fits the group (§7.3).</summary>
    /// <param name="path">The committer's path.</param>
    /// <param name="before">The leaf that it replaces; <c>null</c> for who joins by the commit.</param>
    public void CheckPath(UpdatePath path, LeafNode? before)
    {
        KeySet fresh = new();
        if (!fresh.Add(path.Leaf.EncryptionKey)) throw Repeated();
        foreach (UpdatePathNode node in path.Nodes) if (!fresh.Add(node.EncryptionKey)) throw Repeated();
        // "Verify that none of the public keys in the UpdatePath appear in any node of the new ratchet tree."
        bool newSignatureKey = before is null || !before.SignatureKey.AsSpan().SequenceEqual(path.Leaf.SignatureKey);
        foreach ((uint index, LeafNode leaf) in Tree.LeafNodes.Entries())
        {
            if (fresh.Contains(leaf.EncryptionKey)) throw Repeated();
            if (newSignatureKey && leaf.SignatureKey.AsSpan().SequenceEqual(path.Leaf.SignatureKey))
                throw new MlsException(MlsError.DuplicateKey, "7.3", "a signature key occurs twice");
        }
        foreach ((_, ParentNode parent) in Tree.ParentNodes.Entries()) if (fresh.Contains(parent.EncryptionKey)) throw Repeated();

        GroupRequirements.Of(Extensions).Check(path.Leaf);
        if (before is null || path.Leaf.Credential.Type != before.Credential.Type || !path.Leaf.Capabilities.Credentials.SequenceEqual(before.Capabilities.Credentials))
            TreeValidation.CheckCredentialTypes(Tree.Merge(Committer, path.Leaf, []));

        static MlsException Repeated() => new(MlsError.DuplicateKey, "12.4.2", "a public key of the path is in the tree already");
    }

    /// <summary>What the commit does, given the tree it ends with.</summary>
    public CommitEffects Effects(PublicEpoch before, RatchetTree after, bool hasPath)
    {
        Member Was(LeafIndex leaf) => new(leaf, before.Tree[leaf]!);
        bool isExternal = ExternalInit is not null;
        IEnumerable<LeafIndex> updated = hasPath && !isExternal ? Updated.Append(Committer) : Updated;
        IEnumerable<Member> added = Added.Select(added => new Member(added.Leaf, added.KeyPackage.Leaf));
        Member committer = isExternal ? new(Committer, after[Committer]!) : Was(Committer);
        return new CommitEffects(
            committer,
            isExternal ? [committer] : [.. added],
            [.. Removed.Select(Was)],
            [.. updated.Select(leaf => new UpdatedMember(Was(leaf), new Member(leaf, after[leaf]!)))],
            before.Context.Extensions,
            Extensions,
            Proposals.Where(queued => queued.Proposal is RemoveProposal && queued.Sender.Leaf is { } sender && sender != Committer)
                .ToDictionary(queued => ((RemoveProposal)queued.Proposal).Removed, queued => queued.Sender.Leaf!.Value),
            hasPath)
        { IsExternal = isExternal }.With(Proposals, before);
    }

    static MlsException Invalid(string why) => new(MlsError.InvalidProposalList, "12.2", why);
}

namespace Kavalek.Mls;

/// <summary>What a commit does, for a policy to look at before the next epoch is kept.</summary>
/// <param name="Committer">Who made the commit, as it was before it; who joins by it, as it is after.</param>
/// <param name="Added">New members, at their new leaves.</param>
/// <param name="Removed">Members of the old epoch that are gone.</param>
/// <param name="Updated">Members with a new leaf: those whose Update was committed, and the committer if there is a path.</param>
/// <param name="ExtensionsBefore">The GroupContext's extensions in the old epoch.</param>
/// <param name="ExtensionsAfter">The GroupContext's extensions in the new epoch.</param>
/// <param name="Proposers">Who asked for a removal, by the leaf removed, where that was not the committer: a member that leaves asks itself.</param>
/// <param name="HasPath">Whether the committer renewed its keys, which heals the group from a theft of its old ones.</param>
public sealed record CommitEffects(
    Member Committer,
    IReadOnlyList<Member> Added,
    IReadOnlyList<Member> Removed,
    IReadOnlyList<UpdatedMember> Updated,
    IReadOnlyList<Extension> ExtensionsBefore,
    IReadOnlyList<Extension> ExtensionsAfter,
    IReadOnlyDictionary<LeafIndex, LeafIndex> Proposers,
    bool HasPath)
{
    /// <summary>Whether the committer came in by this commit (§12.4.3.2): it is among <see cref="Added"/> too, and whom it removed was an earlier self of it.</summary>
    public bool IsExternal { get; init; }

    /// <summary>
    /// The proposals that the lists do not tell all of: those of the application's own types, pre-shared keys, re-init, and all from
    /// senders outside the group.
    /// </summary>
    public IReadOnlyList<PendingProposal> Proposals { get; private init; } = [];

    /// <summary>What the group begins anew as; <c>null</c> where it goes on (§11.2).</summary>
    public ReInit? ReInit => Proposals.FirstOrDefault(proposal => proposal.ReInit is not null)?.ReInit;

    internal IReadOnlyList<QueuedProposal> Noted { get; private init; } = [];

    internal CommitEffects With(IEnumerable<QueuedProposal> proposals, PublicEpoch before)
    {
        QueuedProposal[] noted = [.. proposals.Where(queued =>
            queued.Proposal is ApplicationProposal or PskProposal or ReInitProposal || queued.Sender.Type is SenderType.External or SenderType.NewMemberProposal)];
        return this with { Noted = noted, Proposals = [.. noted.Select(queued => queued.Describe(before))] };
    }

    /// <summary>Whether the GroupContext's extensions changed.</summary>
    public bool ChangesExtensions => !ExtensionsBefore.SameAs(ExtensionsAfter);
}

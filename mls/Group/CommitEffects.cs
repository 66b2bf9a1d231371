namespace Kavalek.Mls;

/// <summary>What a commit does, for a policy to look at before the next epoch is kept.</summary>
/// <param name="Committer">Who made the commit, as it was before it.</param>
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
    /// <summary>Whether the GroupContext's extensions changed.</summary>
    public bool ChangesExtensions => !ExtensionsBefore.SameAs(ExtensionsAfter);
}

namespace Kavalek.Mls;

/// <summary>What a ratchet tree must satisfy before a joiner trusts it (RFC 9420 §12.4.3.1, §7.3, §7.9.2).</summary>
internal static class TreeValidation
{
    /// <summary>All rules; the tree hash was compared before.</summary>
    public static async ValueTask ValidateAsync(RatchetTree tree, GroupContext context, MlsEnvironment environment)
    {
        CheckParents(tree);
        CheckParentHashes(tree);
        CheckLeaves(tree, context.Extensions);
        await CheckSignaturesAsync(tree, context.GroupId, environment).ConfigureAwait(false);
    }

    /// <summary>Unmerged leaves: sorted, present, below the node, and known to every node between; each key occurs once (§12.4.3.1).</summary>
    public static void CheckParents(RatchetTree tree)
    {
        KeySet keys = new();
        foreach ((_, LeafNode leaf) in tree.LeafNodes.Entries())
            if (!keys.Add(leaf.EncryptionKey)) throw new MlsException(MlsError.DuplicateKey, "7.3", "an encryption key occurs twice");
        foreach ((uint half, ParentNode parent) in tree.ParentNodes.Entries())
        {
            NodeIndex node = new(2 * half + 1);
            if (node.Value >= TreeMath.NodeCount(tree.Size)) throw Invalid("a parent node outside the tree");
            if (!keys.Add(parent.EncryptionKey)) throw new MlsException(MlsError.DuplicateKey, "12.4.3.1", "an encryption key occurs twice");
            for (int i = 0; i < parent.UnmergedLeaves.Length; i++)
            {
                if (i > 0 && parent.UnmergedLeaves[i - 1] >= parent.UnmergedLeaves[i]) throw Invalid("unmerged leaves not in rising order");
                LeafIndex leaf = new(parent.UnmergedLeaves[i]);
                if (leaf.Value >= tree.Size || !node.Contains(leaf) || tree[leaf] is null) throw Invalid("an unmerged leaf that is no member below");
                for (NodeIndex between = leaf.Node.Parent; between != node; between = between.Parent)
                    if (tree.Parent(between) is { } inner && Array.BinarySearch(inner.UnmergedLeaves, leaf.Value) < 0)
                        throw Invalid("an unmerged leaf that a node between does not know");
            }
        }
    }

    /// <summary>Every parent node was made by one of its descendants (§7.9.2).</summary>
    public static void CheckParentHashes(RatchetTree tree)
    {
        foreach ((uint half, ParentNode parent) in tree.ParentNodes.Entries())
        {
            NodeIndex node = new(2 * half + 1);
            if (!IsParentHashValid(tree, node, parent, node.Left, node.Right) && !IsParentHashValid(tree, node, parent, node.Right, node.Left))
                throw new MlsException(MlsError.ParentHashMismatch, "7.9.2", "a parent node that none of its descendants vouches for");
        }
    }

    /// <summary>
    /// Whether a node D below <paramref name="child"/> carries the parent hash, D being all of the child's resolution but for the
    /// unmerged leaves of <paramref name="parent"/>.
    /// </summary>
    static bool IsParentHashValid(RatchetTree tree, NodeIndex node, ParentNode parent, NodeIndex child, NodeIndex sibling)
    {
        List<NodeIndex> resolution = tree.Resolution(child);
        ReadOnlySpan<uint> unmerged = RatchetTree.Below(child, parent.UnmergedLeaves);
        if (resolution.Count != unmerged.Length + 1) return false;
        NodeIndex? vouching = null;
        foreach (NodeIndex candidate in resolution)
        {
            if (candidate.IsLeaf && unmerged.BinarySearch(candidate.Leaf.Value) >= 0) continue;
            if (vouching is not null) return false;
            vouching = candidate;
        }
        if (vouching is not { } found) return false;
        byte[]? carried = found.IsLeaf ? tree[found.Leaf]!.ParentHash : tree.Parent(found)!.ParentHash;
        // An empty hash is never right: it would let a node without any commit pass for one with (it equals no digest anyway).
        return carried is { Length: > 0 } && carried.AsSpan().SequenceEqual(tree.ParentHash(parent, sibling));
    }

    /// <summary>What leaves must satisfy together: keys occur once, all can do what the group and the others need (§7.3).</summary>
    public static void CheckLeaves(RatchetTree tree, IReadOnlyList<Extension> groupExtensions)
    {
        KeySet keys = new();
        GroupRequirements requirements = GroupRequirements.Of(groupExtensions);
        foreach ((_, LeafNode leaf) in tree.LeafNodes.Entries())
        {
            if (!keys.Add(leaf.SignatureKey)) throw new MlsException(MlsError.DuplicateKey, "7.3", "a signature key occurs twice");
            LeafNodeValidation.CheckCapabilities(leaf);
            requirements.Check(leaf);
        }
        CheckCredentialTypes(tree);
    }

    /// <summary>Every member supports the credential type of every other (§7.3): the types in use against each leaf, not leaf against leaf.</summary>
    public static void CheckCredentialTypes(RatchetTree tree)
    {
        HashSet<ushort> used = [];
        foreach ((_, LeafNode leaf) in tree.LeafNodes.Entries()) used.Add(leaf.Credential.Type);
        foreach ((_, LeafNode leaf) in tree.LeafNodes.Entries())
            if (!Capabilities.HoldsAll(leaf.Capabilities.Credentials, used))
                throw new MlsException(MlsError.UnsupportedCapability, "7.3", "a member's credential type that another does not support");
    }

    /// <summary>Each leaf's signature and credential: the bulk of the work of joining, so every core takes part where there are several.</summary>
    static async ValueTask CheckSignaturesAsync(RatchetTree tree, byte[] groupId, MlsEnvironment environment)
    {
        Member[] members = [.. tree.Members];
        async ValueTask Check(Member member)
        {
            if (!await LeafNodeValidation.VerifySignatureAsync(member.Leaf, member.Index, tree.Crypto, groupId).ConfigureAwait(false))
                throw new MlsException(MlsError.InvalidSignature, "7.3", "leaf node signature");
            await LeafNodeValidation.ValidateCredentialAsync(member.Leaf, environment, groupId).ConfigureAwait(false);
        }
        await Parallelism.ForEachAsync(members, Check).ConfigureAwait(false);
    }

    static MlsException Invalid(string why) => new(MlsError.InvalidTree, "12.4.3.1", why);
}

namespace Kavalek.Mls;

/// <summary>
/// The public ratchet tree (RFC 9420 §4, §7). Immutable: a change gives another tree that shares all but the changed path, tree
/// hashes included, so that the hash of the next epoch costs a path and not the tree.
/// </summary>
internal sealed partial class RatchetTree
{
    readonly PersistentArray<LeafNode> _leaves;

    // By node index / 2, since every parent's is odd.
    readonly PersistentArray<ParentNode> _parents;

    // Tree hashes by node index; absent where not computed yet. Above an absent one all are absent. Filling it in changes nothing
    // that can be seen, so threads may race to it.
    PersistentArray<byte[]> _hashes;

    RatchetTree(SuiteCrypto crypto, PersistentArray<LeafNode> leaves, PersistentArray<ParentNode> parents, PersistentArray<byte[]> hashes, uint size, int members)
    {
        Crypto = crypto;
        _leaves = leaves;
        _parents = parents;
        _hashes = hashes;
        Size = size;
        MemberCount = members;
    }

    /// <summary>The tree of one member, which creates a group (§11).</summary>
    public static RatchetTree Of(SuiteCrypto crypto, LeafNode creator) =>
        new(crypto, PersistentArray<LeafNode>.Empty.With(0, creator), PersistentArray<ParentNode>.Empty, PersistentArray<byte[]>.Empty, 1, 1);

    /// <summary>The tree of stored nodes.</summary>
    public static RatchetTree Of(SuiteCrypto crypto, PersistentArray<LeafNode> leaves, PersistentArray<ParentNode> parents, uint size) =>
        new(crypto, leaves, parents, PersistentArray<byte[]>.Empty, size, leaves.Entries().Count);

    /// <summary>The tree of received nodes.</summary>
    public static RatchetTree From(SuiteCrypto crypto, IReadOnlyList<LeafNode?> leaves, IReadOnlyList<ParentNode?> parents, uint size) =>
        new(crypto, PersistentArray<LeafNode>.From(leaves), PersistentArray<ParentNode>.From(parents), PersistentArray<byte[]>.Empty, size, leaves.Count(leaf => leaf is not null));

    public SuiteCrypto Crypto { get; }

    /// <summary>Leaves, blank ones included: a power of two.</summary>
    public uint Size { get; }

    /// <summary>Leaves that are not blank.</summary>
    public int MemberCount { get; }

    public NodeIndex Root => TreeMath.Root(Size);

    public PersistentArray<LeafNode> LeafNodes => _leaves;

    public PersistentArray<ParentNode> ParentNodes => _parents;

    /// <summary>The member at a leaf; <c>null</c> where it is blank or outside the tree.</summary>
    public LeafNode? this[LeafIndex leaf] => leaf.Value < Size ? _leaves[leaf.Value] : null;

    /// <summary>The parent node; <c>null</c> where it is blank.</summary>
    public ParentNode? Parent(NodeIndex node) => _parents[node.Value >> 1];

    public bool IsBlank(NodeIndex node) => node.IsLeaf ? this[node.Leaf] is null : Parent(node) is null;

    /// <summary>The HPKE public key of a node; <c>null</c> where it is blank.</summary>
    public byte[]? EncryptionKey(NodeIndex node) => node.IsLeaf ? this[node.Leaf]?.EncryptionKey : Parent(node)?.EncryptionKey;

    /// <summary>All members by rising leaf.</summary>
    public IEnumerable<Member> Members
    {
        get
        {
            foreach ((uint index, LeafNode leaf) in _leaves.Entries()) yield return new(new LeafIndex(index), leaf);
        }
    }

    /// <summary>The nodes that together reach every member below <paramref name="node"/> (§4.1.1), in the RFC's order.</summary>
    public List<NodeIndex> Resolution(NodeIndex node)
    {
        List<NodeIndex> resolution = [];
        Resolve(node, resolution);
        return resolution;
    }

    /// <summary>Whether anybody is to be reached below <paramref name="node"/>.</summary>
    public bool ResolvesToNothing(NodeIndex node) =>
        node.IsLeaf ? this[node.Leaf] is null : Parent(node) is null && ResolvesToNothing(node.Left) && ResolvesToNothing(node.Right);

    /// <summary>
    /// The filtered direct path (§4.1.2): from the parent of <paramref name="leaf"/> to the root, without nodes whose other child
    /// resolves to nothing. Each comes with that other child, on the copath.
    /// </summary>
    public List<(NodeIndex Node, NodeIndex Copath)> FilteredDirectPath(LeafIndex leaf)
    {
        List<(NodeIndex, NodeIndex)> path = [];
        NodeIndex child = leaf.Node;
        foreach (NodeIndex node in TreeMath.DirectPath(leaf, Size))
        {
            NodeIndex copath = node.Left == child ? node.Right : node.Left;
            if (!ResolvesToNothing(copath)) path.Add((node, copath));
            child = node;
        }
        return path;
    }

    void Resolve(NodeIndex node, List<NodeIndex> into)
    {
        if (node.IsLeaf)
        {
            if (this[node.Leaf] is not null) into.Add(node);
        }
        else if (Parent(node) is { } parent)
        {
            into.Add(node);
            foreach (uint leaf in parent.UnmergedLeaves) into.Add(new LeafIndex(leaf).Node);
        }
        else
        {
            Resolve(node.Left, into);
            Resolve(node.Right, into);
        }
    }
}

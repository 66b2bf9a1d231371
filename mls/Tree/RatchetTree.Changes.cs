namespace Kavalek.Mls;

internal sealed partial class RatchetTree
{
    /// <summary>Adds members at the leftmost blank leaves, or beyond the right end (§7.7).</summary>
    public (RatchetTree Tree, List<LeafIndex> Added) Add(IReadOnlyList<LeafNode> members)
    {
        RatchetTree tree = this;
        List<LeafIndex> added = new(members.Count);
        // All leaves left of the cursor are taken, so that many adds look at each leaf once.
        uint cursor = 0;
        foreach (LeafNode member in members)
        {
            while (cursor < tree.Size && tree._leaves[cursor] is not null) cursor++;
            LeafIndex leaf = new(cursor);
            added.Add(leaf);
            tree = tree.AddAt(leaf, member);
        }
        return (tree, added);
    }

    /// <summary>Replaces a member's leaf and blanks the way to the root (§7.7).</summary>
    public RatchetTree Update(LeafIndex leaf, LeafNode member)
    {
        if (this[leaf] is null) throw new InvalidOperationException("no member at the leaf");
        return new(Crypto, _leaves.With(leaf.Value, member), WithoutPath(leaf), HashesWithout(leaf.Node), Size, MemberCount);
    }

    /// <summary>Blanks a leaf and the way to the root, and drops the right half while nobody is in it (§7.7).</summary>
    public RatchetTree Remove(LeafIndex leaf)
    {
        if (this[leaf] is null) throw new InvalidOperationException("no member at the leaf");
        PersistentArray<LeafNode> leaves = _leaves.With(leaf.Value, null);
        PersistentArray<ParentNode> parents = WithoutPath(leaf);
        PersistentArray<byte[]> hashes = HashesWithout(leaf.Node);
        uint size = Size, last = Size;
        while (last > 0 && leaves[last - 1] is null) last--;
        while (size > 1 && last <= size / 2)
        {
            size /= 2;
            // Of the half that is dropped every leaf is blank, and with them every parent; only hashes are left.
            hashes = hashes.With(2 * size - 1, null);
            for (uint node = 2 * size; node < 4 * size - 1; node++) hashes = hashes.With(node, null);
        }
        return new(Crypto, leaves, parents, hashes, size, MemberCount - 1);
    }

    /// <summary>A path's public keys put into the tree (§7.5): nodes on the direct path but not among <paramref name="nodes"/> go blank.</summary>
    public RatchetTree Merge(LeafIndex leaf, LeafNode member, IReadOnlyList<(NodeIndex Index, ParentNode Node)> nodes)
    {
        PersistentArray<ParentNode> parents = WithoutPath(leaf);
        foreach ((NodeIndex index, ParentNode node) in nodes) parents = parents.With(index.Value >> 1, node);
        int members = this[leaf] is null ? MemberCount + 1 : MemberCount;
        return new(Crypto, _leaves.With(leaf.Value, member), parents, HashesWithout(leaf.Node), Size, members);
    }

    /// <summary>The leftmost blank leaf, in a tree twice the size where there is none (§7.7): where who joins by itself will be.</summary>
    public (RatchetTree Tree, LeafIndex Leaf) WithRoom()
    {
        uint leaf = 0;
        while (leaf < Size && _leaves[leaf] is not null) leaf++;
        return (leaf < Size ? this : new(Crypto, _leaves, _parents, _hashes, Size * 2, MemberCount), new(leaf));
    }

    RatchetTree AddAt(LeafIndex leaf, LeafNode member)
    {
        uint size = leaf.Value < Size ? Size : Size * 2;
        PersistentArray<ParentNode> parents = _parents;
        foreach (NodeIndex node in TreeMath.DirectPath(leaf, size))
            if (parents[node.Value >> 1] is { } parent) parents = parents.With(node.Value >> 1, parent.WithUnmerged(leaf));
        RatchetTree grown = new(Crypto, _leaves.With(leaf.Value, member), parents, _hashes, size, MemberCount + 1);
        grown._hashes = grown.HashesWithout(leaf.Node);
        return grown;
    }

    PersistentArray<ParentNode> WithoutPath(LeafIndex leaf)
    {
        PersistentArray<ParentNode> parents = _parents;
        foreach (NodeIndex node in TreeMath.DirectPath(leaf, Size)) parents = parents.With(node.Value >> 1, null);
        return parents;
    }

    PersistentArray<byte[]> HashesWithout(NodeIndex changed)
    {
        PersistentArray<byte[]> hashes = _hashes;
        for (NodeIndex node = changed; hashes[node.Value] is not null || node == changed; node = node.Parent)
        {
            hashes = hashes.With(node.Value, null);
            if (node == Root) break;
        }
        return hashes;
    }
}

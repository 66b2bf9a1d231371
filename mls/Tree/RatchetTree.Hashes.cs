namespace Kavalek.Mls;

internal sealed partial class RatchetTree
{
    const byte LeafType = 1;
    const byte ParentType = 2;

    /// <summary>The hash of the whole tree (§7.8).</summary>
    public byte[] TreeHash() => TreeHash(Root);

    /// <summary>The hash of the subtree of <paramref name="node"/> (§7.8): what was hashed before is not hashed again.</summary>
    public byte[] TreeHash(NodeIndex node)
    {
        PersistentArray<byte[]> hashes = _hashes;
        byte[] hash = Fill(node, ref hashes);
        _hashes = hashes;
        return hash;
    }

    /// <summary>
    /// The hash of the subtree of <paramref name="node"/> as it was before the leaves <paramref name="without"/> were added (§7.9):
    /// computed anew below every node that knows one of them, blank nodes between included.
    /// </summary>
    public byte[] OriginalTreeHash(NodeIndex node, ReadOnlySpan<uint> without)
    {
        ReadOnlySpan<uint> below = Below(node, without);
        if (below.IsEmpty) return TreeHash(node);
        if (node.IsLeaf) return HashLeaf(node.Leaf, null);
        byte[] left = OriginalTreeHash(node.Left, below), right = OriginalTreeHash(node.Right, below);
        return HashParent(Parent(node)?.WithoutUnmerged(below), left, right);
    }

    /// <summary>The parent hash that the child of <paramref name="parent"/> beside <paramref name="sibling"/> carries (§7.9).</summary>
    public byte[] ParentHash(ParentNode parent, NodeIndex sibling)
    {
        using TlsWriter writer = new();
        writer.WriteVector(parent.EncryptionKey);
        writer.WriteVector(parent.ParentHash);
        writer.WriteVector(OriginalTreeHash(sibling, parent.UnmergedLeaves));
        return Crypto.Hash(writer.Written);
    }

    byte[] Fill(NodeIndex node, ref PersistentArray<byte[]> hashes)
    {
        if (hashes[node.Value] is { } known) return known;
        byte[] hash = node.IsLeaf
            ? HashLeaf(node.Leaf, this[node.Leaf])
            : HashParent(Parent(node), Fill(node.Left, ref hashes), Fill(node.Right, ref hashes));
        hashes = hashes.With(node.Value, hash);
        return hash;
    }

    byte[] HashLeaf(LeafIndex index, LeafNode? leaf)
    {
        using TlsWriter writer = new(512);
        writer.WriteUInt8(LeafType);
        writer.WriteUInt32(index.Value);
        writer.WriteOptional(leaf, static (w, value) => value.Write(w));
        return Crypto.Hash(writer.Written);
    }

    byte[] HashParent(ParentNode? parent, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        using TlsWriter writer = new();
        writer.WriteUInt8(ParentType);
        writer.WriteOptional(parent, static (w, value) => value.Write(w));
        writer.WriteVector(left);
        writer.WriteVector(right);
        return Crypto.Hash(writer.Written);
    }

    /// <summary>The part of a sorted list of leaves that lies below <paramref name="node"/>.</summary>
    internal static ReadOnlySpan<uint> Below(NodeIndex node, ReadOnlySpan<uint> sorted)
    {
        uint first = node.FirstLeaf.Value, end = first + node.LeafCount;
        int from = 0, to = sorted.Length;
        while (from < to && sorted[from] < first) from++;
        while (to > from && sorted[to - 1] >= end) to--;
        return sorted[from..to];
    }
}

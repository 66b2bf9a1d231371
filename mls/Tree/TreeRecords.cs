using System.Globalization;
using System.Numerics;

namespace Kavalek.Mls;

/// <summary>
/// The ratchet tree in stored pieces. A piece is a subtree of four levels (eight leaves and what is above them, or fifteen parents higher
/// up), so that a commit's path touches one piece in four levels: three at 1,000 members, some 5 kB.
/// </summary>
internal static class TreeRecords
{
    public const string Prefix = "tree/";

    const int Levels = 4;

    /// <summary>The pieces that differ from <paramref name="since"/>; all where that is <c>null</c>.</summary>
    public static IEnumerable<StateRecord> Changes(RatchetTree tree, RatchetTree? since)
    {
        SortedSet<(int Tier, uint Block)> pieces = [];
        PersistentArray<LeafNode> leavesBefore = since?.LeafNodes ?? PersistentArray<LeafNode>.Empty;
        PersistentArray<ParentNode> parentsBefore = since?.ParentNodes ?? PersistentArray<ParentNode>.Empty;
        foreach ((uint leaf, _, _) in tree.LeafNodes.ChangesSince(leavesBefore)) pieces.Add(PieceOf(new LeafIndex(leaf).Node));
        foreach ((uint half, _, _) in tree.ParentNodes.ChangesSince(parentsBefore)) pieces.Add(PieceOf(new(2 * half + 1)));
        foreach ((int tier, uint block) in pieces)
        {
            byte[]? value = Encode(tree, tier, block);
            yield return new(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{tier}/{block}"), value);
        }
    }

    /// <summary>The tree of stored pieces: over <paramref name="tree"/>, or alone where that is <c>null</c>.</summary>
    public static RatchetTree Load(SuiteCrypto crypto, RatchetTree? tree, uint size, IEnumerable<StateRecord> pieces)
    {
        if (!BitOperations.IsPow2(size)) throw Damaged();
        PersistentArray<LeafNode> leaves = tree?.LeafNodes ?? PersistentArray<LeafNode>.Empty;
        PersistentArray<ParentNode> parents = tree?.ParentNodes ?? PersistentArray<ParentNode>.Empty;
        foreach (StateRecord piece in pieces)
        {
            string[] parts = piece.Key.Split('/');
            if (parts.Length != 3 || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out int tier) || tier is < 0 or > 7
                || !uint.TryParse(parts[2], CultureInfo.InvariantCulture, out uint block)) throw Damaged();
            TlsReader reader = new(piece.Value);
            HashSet<uint> present = [];
            while (reader.Remaining > 0)
            {
                NodeIndex node = new(reader.ReadUInt32());
                if (PieceOf(node) != (tier, block) || node.Value >= TreeMath.NodeCount(size)) throw Damaged();
                present.Add(node.Value);
                if (node.IsLeaf) leaves = leaves.With(node.Leaf.Value, LeafNode.Read(ref reader));
                else parents = parents.With(node.Value >> 1, ParentNode.Read(ref reader));
            }
            if (tree is null) continue;
            foreach (NodeIndex node in NodesOf(tier, block))
            {
                if (present.Contains(node.Value)) continue;
                if (node.IsLeaf) leaves = leaves.With(node.Leaf.Value, null);
                else parents = parents.With(node.Value >> 1, null);
            }
        }
        return RatchetTree.Of(crypto, leaves, parents, size);
    }

    static byte[]? Encode(RatchetTree tree, int tier, uint block)
    {
        using TlsWriter writer = new(4096);
        foreach (NodeIndex node in NodesOf(tier, block))
        {
            if (tree.IsBlank(node)) continue;
            writer.WriteUInt32(node.Value);
            if (node.IsLeaf) tree[node.Leaf]!.Write(writer);
            else tree.Parent(node)!.Write(writer);
        }
        return writer.Length == 0 ? null : writer.ToArray();
    }

    static (int Tier, uint Block) PieceOf(NodeIndex node)
    {
        int tier = node.Level / Levels;
        return (tier, (uint)((ulong)node.Value >> (Levels * (tier + 1))));
    }

    static IEnumerable<NodeIndex> NodesOf(int tier, uint block)
    {
        ulong first = (ulong)block << (Levels * (tier + 1)), end = (ulong)(block + 1L) << (Levels * (tier + 1));
        for (int level = Levels * tier; level < Levels * (tier + 1) && level < 32; level++)
            for (ulong node = first + (1ul << level) - 1; node < end && node <= uint.MaxValue; node += 1ul << (level + 1))
                yield return new((uint)node);
    }

    static MlsException Damaged() => new(MlsError.InvalidState, "7", "a stored piece of the ratchet tree");
}

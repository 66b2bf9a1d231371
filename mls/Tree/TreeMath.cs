using System.Numerics;

namespace Kavalek.Mls;

/// <summary>A leaf of the ratchet tree, counted from the left (RFC 9420 §4.1).</summary>
/// <param name="Value">From 0.</param>
public readonly record struct LeafIndex(uint Value)
{
    /// <summary>The node at this leaf (appendix C).</summary>
    internal NodeIndex Node => new(2 * Value);

    /// <inheritdoc/>
    public override string ToString() => $"leaf {Value}";
}

/// <summary>A node of the array-based tree of RFC 9420 appendix C: leaves are even, parents odd.</summary>
internal readonly record struct NodeIndex(uint Value)
{
    public bool IsLeaf => (Value & 1) == 0;

    /// <summary>The leaf at this node, which must be one.</summary>
    public LeafIndex Leaf => IsLeaf ? new(Value / 2) : throw new InvalidOperationException("not a leaf");

    /// <summary>0 for a leaf, one more at each step towards the root.</summary>
    public int Level => BitOperations.TrailingZeroCount(~Value);

    /// <summary>The left child of a parent node.</summary>
    public NodeIndex Left => new(Value ^ (1u << (Level - 1)));

    /// <summary>The right child of a parent node.</summary>
    public NodeIndex Right => new(Value ^ (3u << (Level - 1)));

    /// <summary>The parent; only of a node that is not the root.</summary>
    public NodeIndex Parent
    {
        get
        {
            int level = Level;
            return new((Value | (1u << level)) & ~(1u << (level + 1)));
        }
    }

    /// <summary>The other child of the parent; only of a node that is not the root.</summary>
    public NodeIndex Sibling => this == Parent.Left ? Parent.Right : Parent.Left;

    /// <summary>The leftmost leaf below.</summary>
    public LeafIndex FirstLeaf => new((Value - ((1u << Level) - 1)) / 2);

    /// <summary>Leaves below: a power of two.</summary>
    public uint LeafCount => 1u << Level;

    /// <summary>Whether <paramref name="leaf"/> is in the subtree of this node.</summary>
    public bool Contains(LeafIndex leaf) => leaf.Value >= FirstLeaf.Value && leaf.Value - FirstLeaf.Value < LeafCount;
}

/// <summary>The shape of a tree of 2^d leaves (RFC 9420 appendix C).</summary>
internal static class TreeMath
{
    /// <summary>Leaves of the smallest full tree for <paramref name="leaves"/> leaves: the next power of two.</summary>
    public static uint FullSize(uint leaves) => BitOperations.RoundUpToPowerOf2(Math.Max(leaves, 1));

    /// <summary>Nodes of a tree of <paramref name="leaves"/> leaves, a power of two.</summary>
    public static uint NodeCount(uint leaves) => 2 * leaves - 1;

    /// <summary>The root of a tree of <paramref name="leaves"/> leaves, a power of two.</summary>
    public static NodeIndex Root(uint leaves) => new(leaves - 1);

    /// <summary>From the parent of <paramref name="leaf"/> up to the root (§4.1.2); empty in a tree of one leaf.</summary>
    public static IEnumerable<NodeIndex> DirectPath(LeafIndex leaf, uint leaves)
    {
        NodeIndex root = Root(leaves);
        for (NodeIndex node = leaf.Node; node != root;) yield return node = node.Parent;
    }

    /// <summary>The lowest node that has both leaves below it.</summary>
    public static NodeIndex CommonAncestor(LeafIndex a, LeafIndex b)
    {
        NodeIndex node = a.Node;
        while (!node.Contains(b)) node = node.Parent;
        return node;
    }
}

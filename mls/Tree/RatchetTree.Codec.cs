namespace Kavalek.Mls;

internal sealed partial class RatchetTree
{
    /// <summary>The ratchet_tree extension's content (§12.4.3.3): all nodes, without blank ones at the right end.</summary>
    public byte[] Encode()
    {
        using TlsWriter writer = new(MemberCount * 400 + 64);
        int start = writer.BeginVector();
        uint count = TreeMath.NodeCount(Size);
        while (count > 0 && IsBlank(new(count - 1))) count--;
        for (uint value = 0; value < count; value++)
        {
            NodeIndex node = new(value);
            if (node.IsLeaf && this[node.Leaf] is { } leaf)
            {
                writer.WriteUInt8(1);
                writer.WriteUInt8(LeafType);
                leaf.Write(writer);
            }
            else if (!node.IsLeaf && Parent(node) is { } parent)
            {
                writer.WriteUInt8(1);
                writer.WriteUInt8(ParentType);
                parent.Write(writer);
            }
            else
            {
                writer.WriteUInt8(0);
            }
        }
        writer.EndVector(start);
        return writer.ToArray();
    }

    /// <summary>Reads the ratchet_tree extension's content. Only its shape is checked: see <see cref="TreeValidation"/>.</summary>
    public static RatchetTree Decode(SuiteCrypto crypto, ReadOnlySpan<byte> encoded, MlsLimits limits)
    {
        TlsReader outer = new(encoded);
        TlsReader reader = new(outer.ReadVectorSpan());
        outer.End();
        List<LeafNode?> leaves = [];
        List<ParentNode?> parents = [];
        bool lastBlank = true;
        for (uint index = 0; reader.Remaining > 0; index++)
        {
            if (index / 2 >= limits.MaxLeaves) throw new MlsException(MlsError.LimitExceeded, "12.4.3.3", "more leaves than allowed");
            bool isLeaf = (index & 1) == 0;
            lastBlank = reader.ReadUInt8() switch
            {
                0 => true,
                1 => false,
                _ => throw TlsReader.Malformed("presence octet"),
            };
            if (!lastBlank && reader.ReadUInt8() != (isLeaf ? LeafType : ParentType))
                throw new MlsException(MlsError.InvalidTree, "7.8", "a node of the wrong type at its place");
            if (isLeaf) leaves.Add(lastBlank ? null : LeafNode.Read(ref reader));
            else parents.Add(lastBlank ? null : ParentNode.Read(ref reader));
        }
        // "the last node in the ratchet_tree is not blank", so that a tree has one encoding.
        if (lastBlank) throw new MlsException(MlsError.InvalidTree, "12.4.3.3", "the tree is empty or ends in a blank node");
        // Each parent in the array stands left of one more leaf, which may be blank and so left out.
        uint size = TreeMath.FullSize((uint)parents.Count + 1);
        return From(crypto, leaves, parents, size);
    }
}

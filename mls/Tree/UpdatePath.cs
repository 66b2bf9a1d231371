namespace Kavalek.Mls;

/// <summary>A fresh public key for a node, and its path secret for each node of the copath child's resolution (RFC 9420 §7.6).</summary>
internal sealed record UpdatePathNode(byte[] EncryptionKey, IReadOnlyList<HpkeCiphertext> PathSecrets)
{
    public static void Write(TlsWriter writer, UpdatePathNode node)
    {
        writer.WriteVector(node.EncryptionKey);
        writer.WriteList(node.PathSecrets, WriteCiphertext);
    }

    public static UpdatePathNode Read(ref TlsReader reader, int most) => new(reader.ReadVector(), reader.ReadList(ReadCiphertext, most));

    /// <summary>HPKECiphertext (§7.6).</summary>
    public static void WriteCiphertext(TlsWriter writer, HpkeCiphertext ciphertext)
    {
        writer.WriteVector(ciphertext.KemOutput);
        writer.WriteVector(ciphertext.Ciphertext);
    }

    public static HpkeCiphertext ReadCiphertext(ref TlsReader reader) => new(reader.ReadVector(), reader.ReadVector());
}

/// <summary>The committer's new leaf and the fresh keys from there to the root (RFC 9420 §7.6).</summary>
internal sealed record UpdatePath(LeafNode Leaf, IReadOnlyList<UpdatePathNode> Nodes)
{
    public void Write(TlsWriter writer)
    {
        Leaf.Write(writer);
        writer.WriteList(Nodes, UpdatePathNode.Write);
    }

    public static UpdatePath Read(ref TlsReader reader)
    {
        LeafNode leaf = LeafNode.Read(ref reader);
        // The copath's subtrees have no leaf in common: all nodes together have no more recipients than the tree has leaves.
        int left = ListLimits.Leaves;
        return new(leaf, reader.ReadList((ref TlsReader r) =>
        {
            UpdatePathNode node = UpdatePathNode.Read(ref r, left);
            left -= node.PathSecrets.Count;
            return node;
        }, ListLimits.PathNodes));
    }
}

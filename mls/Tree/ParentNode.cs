namespace Kavalek.Mls;

/// <summary>A node above the leaves: a key that all members below it know but the unmerged ones (RFC 9420 §7.1).</summary>
internal sealed class ParentNode(byte[] encryptionKey, byte[] parentHash, uint[] unmergedLeaves)
{
    /// <summary>The HPKE public key.</summary>
    public byte[] EncryptionKey { get; } = encryptionKey;

    /// <summary>The parent hash (§7.9).</summary>
    public byte[] ParentHash { get; } = parentHash;

    /// <summary>Leaves below that do not know the private key, by rising index.</summary>
    public uint[] UnmergedLeaves { get; } = unmergedLeaves;

    public ParentNode WithUnmerged(LeafIndex leaf)
    {
        int at = Array.BinarySearch(UnmergedLeaves, leaf.Value);
        return at >= 0 ? this : new(EncryptionKey, ParentHash, [.. UnmergedLeaves.AsSpan(0, ~at), leaf.Value, .. UnmergedLeaves.AsSpan(~at)]);
    }

    /// <summary>The node with the unmerged leaves that <paramref name="without"/> does not list: as it was before those were added (§7.9).</summary>
    public ParentNode WithoutUnmerged(ReadOnlySpan<uint> without)
    {
        if (UnmergedLeaves.Length == 0 || without.IsEmpty) return this;
        List<uint> kept = [];
        foreach (uint leaf in UnmergedLeaves) if (without.BinarySearch(leaf) < 0) kept.Add(leaf);
        return kept.Count == UnmergedLeaves.Length ? this : new(EncryptionKey, ParentHash, [.. kept]);
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteVector(EncryptionKey);
        writer.WriteVector(ParentHash);
        int start = writer.BeginVector();
        foreach (uint leaf in UnmergedLeaves) writer.WriteUInt32(leaf);
        writer.EndVector(start);
    }

    public static ParentNode Read(ref TlsReader reader)
    {
        byte[] encryptionKey = reader.ReadVector();
        byte[] parentHash = reader.ReadVector();
        TlsReader leaves = new(reader.ReadVectorSpan());
        if (leaves.Remaining % 4 != 0) throw TlsReader.Malformed("length of unmerged leaves");
        uint[] unmerged = new uint[leaves.Remaining / 4];
        for (int i = 0; i < unmerged.Length; i++) unmerged[i] = leaves.ReadUInt32();
        return new(encryptionKey, parentHash, unmerged);
    }
}

namespace Kavalek.Mls;

/// <summary>How a leaf came into the tree (RFC 9420 §7.2).</summary>
public enum LeafNodeSource : byte
{
    /// <summary>From a key package.</summary>
    KeyPackage = 1,
    /// <summary>From an Update proposal.</summary>
    Update = 2,
    /// <summary>From the path of a commit.</summary>
    Commit = 3,
}

/// <summary>A member's leaf: its keys, credential and capabilities, signed by itself (RFC 9420 §7.2).</summary>
public sealed class LeafNode
{
    internal LeafNode(
        byte[] encryptionKey, byte[] signatureKey, Credential credential, Capabilities capabilities, LeafNodeSource source,
        Lifetime? lifetime, byte[]? parentHash, IReadOnlyList<Extension> extensions, byte[] signature)
    {
        EncryptionKey = encryptionKey;
        SignatureKey = signatureKey;
        Credential = credential;
        Capabilities = capabilities;
        Source = source;
        Lifetime = lifetime;
        ParentHash = parentHash;
        Extensions = extensions;
        Signature = signature;
        using TlsWriter writer = new();
        WriteContent(writer);
        writer.WriteVector(signature);
        Encoded = writer.ToArray();
    }

    /// <summary>The HPKE public key for secrets sent to this leaf.</summary>
    public byte[] EncryptionKey { get; }

    /// <summary>The public key of everything this member signs.</summary>
    public byte[] SignatureKey { get; }

    /// <summary>Who it is.</summary>
    public Credential Credential { get; }

    /// <summary>What it can do.</summary>
    public Capabilities Capabilities { get; }

    /// <summary>How the leaf came into the tree.</summary>
    public LeafNodeSource Source { get; }

    /// <summary>When the key package may be used; only of source <see cref="LeafNodeSource.KeyPackage"/>.</summary>
    public Lifetime? Lifetime { get; }

    /// <summary>The parent hash (§7.9); only of source <see cref="LeafNodeSource.Commit"/>.</summary>
    internal byte[]? ParentHash { get; }

    /// <summary>Extensions of the leaf.</summary>
    public IReadOnlyList<Extension> Extensions { get; }

    /// <summary>The signature of the leaf over all of the above and, but in a key package, its place in a group.</summary>
    internal byte[] Signature { get; }

    /// <summary>The encoded leaf, signature included: made once, hashed and stored often.</summary>
    internal byte[] Encoded { get; }

    /// <summary>What is signed (§7.2, LeafNodeTBS). <paramref name="groupId"/> is left out of a key package's leaf.</summary>
    internal byte[] ToBeSigned(ReadOnlySpan<byte> groupId, LeafIndex leaf)
    {
        using TlsWriter writer = new(Encoded.Length + 64);
        WriteContent(writer);
        if (Source != LeafNodeSource.KeyPackage)
        {
            writer.WriteVector(groupId);
            writer.WriteUInt32(leaf.Value);
        }
        return writer.ToArray();
    }

    /// <summary>This leaf with its signature, given the bytes of <see cref="ToBeSigned"/> were signed.</summary>
    internal LeafNode Signed(byte[] signature) =>
        new(EncryptionKey, SignatureKey, Credential, Capabilities, Source, Lifetime, ParentHash, Extensions, signature);

    internal void Write(TlsWriter writer) => writer.WriteRaw(Encoded);

    internal static LeafNode Read(ref TlsReader reader)
    {
        byte[] encryptionKey = reader.ReadVector();
        byte[] signatureKey = reader.ReadVector();
        Credential credential = Credential.Read(ref reader);
        Capabilities capabilities = Capabilities.Read(ref reader);
        LeafNodeSource source = (LeafNodeSource)reader.ReadUInt8();
        Lifetime? lifetime = null;
        byte[]? parentHash = null;
        switch (source)
        {
            case LeafNodeSource.KeyPackage: lifetime = Lifetime.Read(ref reader); break;
            case LeafNodeSource.Update: break;
            case LeafNodeSource.Commit: parentHash = reader.ReadVector(); break;
            default: throw TlsReader.Malformed("leaf node source");
        }
        return new(encryptionKey, signatureKey, credential, capabilities, source, lifetime, parentHash,
            Extension.ReadList(ref reader), reader.ReadVector());
    }

    void WriteContent(TlsWriter writer)
    {
        writer.WriteVector(EncryptionKey);
        writer.WriteVector(SignatureKey);
        Credential.Write(writer);
        Capabilities.Write(writer);
        writer.WriteUInt8((byte)Source);
        Lifetime?.Write(writer);
        if (ParentHash is not null) writer.WriteVector(ParentHash);
        Extension.WriteList(writer, Extensions);
    }
}

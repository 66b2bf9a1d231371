namespace Kavalek.Mls;

/// <summary>A signed and encrypted message (RFC 9420 §6.3).</summary>
internal sealed record PrivateMessage(
    byte[] GroupId, ulong Epoch, ContentType ContentType, byte[] AuthenticatedData, byte[] EncryptedSenderData, byte[] Ciphertext)
{
    /// <summary>As an MLSMessage.</summary>
    public byte[] Encode()
    {
        using TlsWriter writer = new(Ciphertext.Length + AuthenticatedData.Length + GroupId.Length + 96);
        MlsMessage.WriteHeader(writer, WireFormat.PrivateMessage);
        writer.WriteVector(GroupId);
        writer.WriteUInt64(Epoch);
        writer.WriteUInt8((byte)ContentType);
        writer.WriteVector(AuthenticatedData);
        writer.WriteVector(EncryptedSenderData);
        writer.WriteVector(Ciphertext);
        return writer.ToArray();
    }

    /// <summary>Reads what follows the header of the MLSMessage.</summary>
    public static PrivateMessage Read(ref TlsReader reader) => new(
        reader.ReadVector(), reader.ReadUInt64(), FramedContent.ReadContentType(ref reader), reader.ReadVector(), reader.ReadVector(), reader.ReadVector());

    /// <summary>PrivateContentAAD (§6.3.1).</summary>
    public static byte[] ContentData(ReadOnlySpan<byte> groupId, ulong epoch, ContentType type, ReadOnlySpan<byte> authenticatedData)
    {
        using TlsWriter writer = new(authenticatedData.Length + groupId.Length + 24);
        writer.WriteVector(groupId);
        writer.WriteUInt64(epoch);
        writer.WriteUInt8((byte)type);
        writer.WriteVector(authenticatedData);
        return writer.ToArray();
    }

    /// <summary>SenderDataAAD (§6.3.2).</summary>
    public static byte[] SenderDataData(ReadOnlySpan<byte> groupId, ulong epoch, ContentType type)
    {
        using TlsWriter writer = new(groupId.Length + 16);
        writer.WriteVector(groupId);
        writer.WriteUInt64(epoch);
        writer.WriteUInt8((byte)type);
        return writer.ToArray();
    }
}

/// <summary>Who sent a PrivateMessage, hidden from who is not in the group (RFC 9420 §6.3.2).</summary>
internal readonly record struct SenderData(LeafIndex Leaf, uint Generation, uint ReuseGuard)
{
    public const int Length = 12;

    public byte[] Encode()
    {
        using TlsWriter writer = new(Length);
        writer.WriteUInt32(Leaf.Value);
        writer.WriteUInt32(Generation);
        writer.WriteUInt32(ReuseGuard);
        return writer.ToArray();
    }

    public static SenderData Read(ref TlsReader reader) => new(new LeafIndex(reader.ReadUInt32()), reader.ReadUInt32(), reader.ReadUInt32());
}

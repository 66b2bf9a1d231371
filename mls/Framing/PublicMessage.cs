namespace Kavalek.Mls;

/// <summary>A signed message in clear (RFC 9420 §6.2); a member's carries a tag that only members can make.</summary>
internal sealed record PublicMessage(AuthenticatedContent Message, byte[]? MembershipTag)
{
    /// <summary>As an MLSMessage.</summary>
    public byte[] Encode()
    {
        using TlsWriter writer = new(1024);
        MlsMessage.WriteHeader(writer, WireFormat.PublicMessage);
        Message.Content.Write(writer);
        Message.WriteAuth(writer);
        if (Message.Content.Sender.Type == SenderType.Member)
            writer.WriteVector(MembershipTag ?? throw new InvalidOperationException("a member's message without its tag"));
        return writer.ToArray();
    }

    /// <summary>Reads what follows the header of the MLSMessage.</summary>
    public static PublicMessage Read(ref TlsReader reader)
    {
        FramedContent content = FramedContent.Read(ref reader);
        AuthenticatedContent message = AuthenticatedContent.ReadAuth(ref reader, WireFormat.PublicMessage, content);
        return new(message, content.Sender.Type == SenderType.Member ? reader.ReadVector() : null);
    }

    /// <summary>AuthenticatedContentTBM (§6.2): what the membership tag covers.</summary>
    public static byte[] Tagged(AuthenticatedContent message, ReadOnlySpan<byte> groupContext)
    {
        using TlsWriter writer = new(1024);
        AuthenticatedContent.WriteToBeSigned(writer, WireFormat.PublicMessage, message.Content, groupContext);
        message.WriteAuth(writer);
        return writer.ToArray();
    }
}

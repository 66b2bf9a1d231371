namespace Kavalek.Mls;

/// <summary>Who sent a message (RFC 9420 §6).</summary>
internal enum SenderType : byte
{
    Member = 1,
    External = 2,
    NewMemberProposal = 3,
    NewMemberCommit = 4,
}

/// <summary>Who sent a message; <paramref name="Index"/> is a leaf for a member, an entry of external_senders for an external sender.</summary>
internal readonly record struct Sender(SenderType Type, uint Index)
{
    public static Sender Member(LeafIndex leaf) => new(SenderType.Member, leaf.Value);

    public static Sender NewMemberCommit { get; } = new(SenderType.NewMemberCommit, 0);

    public static Sender NewMemberProposal { get; } = new(SenderType.NewMemberProposal, 0);

    /// <summary>A member's leaf; <c>null</c> for a sender outside the group.</summary>
    public LeafIndex? Leaf => Type == SenderType.Member ? new LeafIndex(Index) : null;

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt8((byte)Type);
        if (Type is SenderType.Member or SenderType.External) writer.WriteUInt32(Index);
    }

    public static Sender Read(ref TlsReader reader) => (SenderType)reader.ReadUInt8() switch
    {
        SenderType.Member => new(SenderType.Member, reader.ReadUInt32()),
        SenderType.External => new(SenderType.External, reader.ReadUInt32()),
        SenderType.NewMemberProposal => new(SenderType.NewMemberProposal, 0),
        SenderType.NewMemberCommit => new(SenderType.NewMemberCommit, 0),
        _ => throw TlsReader.Malformed("sender type"),
    };
}

/// <summary>The content of a message with where it belongs (RFC 9420 §6). Exactly one of the last three is set.</summary>
internal sealed record FramedContent(
    byte[] GroupId, ulong Epoch, Sender Sender, byte[] AuthenticatedData, byte[]? Application, Proposal? Proposal, Commit? Commit)
{
    public ContentType ContentType =>
        Application is not null ? ContentType.Application : Proposal is not null ? ContentType.Proposal : ContentType.Commit;

    public void Write(TlsWriter writer)
    {
        writer.WriteVector(GroupId);
        writer.WriteUInt64(Epoch);
        Sender.Write(writer);
        writer.WriteVector(AuthenticatedData);
        writer.WriteUInt8((byte)ContentType);
        WriteBody(writer);
    }

    public static FramedContent Read(ref TlsReader reader)
    {
        byte[] groupId = reader.ReadVector();
        ulong epoch = reader.ReadUInt64();
        Sender sender = Sender.Read(ref reader);
        byte[] authenticatedData = reader.ReadVector();
        return ReadBody(ref reader, ReadContentType(ref reader), groupId, epoch, sender, authenticatedData);
    }

    public void WriteBody(TlsWriter writer)
    {
        if (Application is not null) writer.WriteVector(Application);
        Proposal?.Write(writer);
        Commit?.Write(writer);
    }

    public static FramedContent ReadBody(
        ref TlsReader reader, ContentType type, byte[] groupId, ulong epoch, Sender sender, byte[] authenticatedData) => type switch
        {
            ContentType.Application => new(groupId, epoch, sender, authenticatedData, reader.ReadVector(), null, null),
            ContentType.Proposal => new(groupId, epoch, sender, authenticatedData, null, Proposal.Read(ref reader), null),
            _ => new(groupId, epoch, sender, authenticatedData, null, null, Commit.Read(ref reader)),
        };

    public static ContentType ReadContentType(ref TlsReader reader)
    {
        ContentType type = (ContentType)reader.ReadUInt8();
        return type is >= ContentType.Application and <= ContentType.Commit ? type : throw TlsReader.Malformed("content type");
    }
}

/// <summary>A message with its signature and, for a commit, its confirmation tag (RFC 9420 §6).</summary>
internal sealed record AuthenticatedContent(WireFormat WireFormat, FramedContent Content, byte[] Signature, byte[]? ConfirmationTag)
{
    /// <summary>The encoding that a ProposalRef hashes (§5.2).</summary>
    public byte[] Encode()
    {
        using TlsWriter writer = new();
        writer.WriteUInt16((ushort)WireFormat);
        Content.Write(writer);
        WriteAuth(writer);
        return writer.ToArray();
    }

    /// <summary>FramedContentAuthData (§6.1).</summary>
    public void WriteAuth(TlsWriter writer)
    {
        writer.WriteVector(Signature);
        if (Content.ContentType == ContentType.Commit)
            writer.WriteVector(ConfirmationTag ?? throw new InvalidOperationException("a commit without its confirmation tag"));
    }

    public static AuthenticatedContent Read(ref TlsReader reader) => ReadAuth(ref reader, (WireFormat)reader.ReadUInt16(), FramedContent.Read(ref reader));

    public static AuthenticatedContent ReadAuth(ref TlsReader reader, WireFormat format, FramedContent content) =>
        new(format, content, reader.ReadVector(), content.ContentType == ContentType.Commit ? reader.ReadVector() : null);

    /// <summary>FramedContentTBS (§6.1): the content bound to its wire format and, from inside the group, to the epoch's context.</summary>
    public static byte[] ToBeSigned(WireFormat format, FramedContent content, ReadOnlySpan<byte> groupContext)
    {
        using TlsWriter writer = new((content.Application?.Length ?? 1024) + content.AuthenticatedData.Length + groupContext.Length + 64);
        WriteToBeSigned(writer, format, content, groupContext);
        return writer.ToArray();
    }

    public static void WriteToBeSigned(TlsWriter writer, WireFormat format, FramedContent content, ReadOnlySpan<byte> groupContext)
    {
        writer.WriteUInt16(KeyPackage.Mls10);
        writer.WriteUInt16((ushort)format);
        content.Write(writer);
        if (content.Sender.Type is SenderType.Member or SenderType.NewMemberCommit) writer.WriteRaw(groupContext);
    }

    /// <summary>ConfirmedTranscriptHashInput (§8.2).</summary>
    public byte[] TranscriptInput()
    {
        using TlsWriter writer = new(1024);
        writer.WriteUInt16((ushort)WireFormat);
        Content.Write(writer);
        writer.WriteVector(Signature);
        return writer.ToArray();
    }
}

using System.Buffers.Binary;

namespace Kavalek.Mls;

/// <summary>
/// What it takes to read and write the messages of one epoch, the current or a past one: its context, who sat at which leaf, and the
/// keys not used yet (RFC 9420 §6). Immutable.
/// </summary>
internal sealed record MessageEpoch(
    SuiteCrypto Crypto, byte[] GroupId, ulong Epoch, byte[] Context, PersistentArray<LeafNode> Roster, Secret SenderData, SecretTree Keys)
{
    /// <summary>Signs content as a member (§6.1). A commit's confirmation tag is added later, since it depends on the signature.</summary>
    public async ValueTask<AuthenticatedContent> SignAsync(WireFormat format, FramedContent content, Secret signatureKey)
    {
        byte[] signature = await Crypto.SignWithLabelAsync(
            signatureKey, "FramedContentTBS", AuthenticatedContent.ToBeSigned(format, content, Context)).ConfigureAwait(false);
        return new(format, content, signature, null);
    }

    /// <summary>Checks a member's signature (§6.1), and gives its leaf.</summary>
    public async ValueTask<LeafNode> VerifyAsync(AuthenticatedContent message)
    {
        LeafNode leaf = MemberAt(message.Content.Sender);
        await VerifyAsync(message, leaf.SignatureKey).ConfigureAwait(false);
        return leaf;
    }

    /// <summary>Checks a signature (§6.1), of a sender outside the group too.</summary>
    public async ValueTask VerifyAsync(AuthenticatedContent message, byte[] signatureKey)
    {
        byte[] signed = AuthenticatedContent.ToBeSigned(message.WireFormat, message.Content, Context);
        if (!await Crypto.VerifyWithLabelAsync(signatureKey, "FramedContentTBS", signed, message.Signature).ConfigureAwait(false))
            throw new MlsException(MlsError.InvalidSignature, "6.1", "message signature");
    }

    // Of a vector (§2.1.2).
    const int LongestHeader = 4;

    /// <summary>Encrypts a signed message (§6.3).</summary>
    /// <returns>The message, and the keys without the one used.</returns>
    public async ValueTask<(PrivateMessage Message, SecretTree Next)> ProtectAsync(AuthenticatedContent message, LeafIndex own, int padding)
    {
        FramedContent content = message.Content;
        ContentType type = content.ContentType;
        using RatchetStep step = Keys.Send(own.Value, KindFor(type));

        // State restored from a backup can repeat a generation, and with it the nonce; the random guard keeps (key, nonce)
        // unique even then (§6.3.1).
        byte[] guard = new byte[RatchetStep.ReuseGuardLength];
        Crypto.Provider.Random(guard);

        // A signature's length varies by itself, and a vector's header with what it holds: both are made up for here, so that messages
        // padded to one size are of one length.
        int missing = Math.Max(0, Crypto.Suite.Signature.MaxSignatureLength - message.Signature.Length);
        if (content.Application is { } data) missing += LongestHeader - TlsWriter.HeaderLength(data.Length);
        byte[] plaintext = Plaintext(message, padding + missing);
        byte[] ciphertext = await Crypto.Provider.SealAsync(
            Crypto.Suite.Aead, step.Key, step.Nonce(guard), PrivateMessage.ContentData(GroupId, Epoch, type, content.AuthenticatedData), plaintext).ConfigureAwait(false);

        using SenderDataKeys keys = SenderDataKeys.Derive(Crypto, SenderData, ciphertext);
        SenderData sender = new(own, step.Generation, BinaryPrimitives.ReadUInt32BigEndian(guard));
        byte[] encryptedSender = await Crypto.Provider.SealAsync(
            Crypto.Suite.Aead, keys.Key, keys.Nonce.Memory, PrivateMessage.SenderDataData(GroupId, Epoch, type), sender.Encode()).ConfigureAwait(false);
        return (new(GroupId, Epoch, type, content.AuthenticatedData, encryptedSender, ciphertext), step.Keep());
    }

    /// <summary>Decrypts who sent a message (§6.3.2). It is genuine only once the content opens.</summary>
    public async ValueTask<SenderData> OpenSenderAsync(PrivateMessage message)
    {
        using SenderDataKeys keys = SenderDataKeys.Derive(Crypto, SenderData, message.Ciphertext);
        byte[] data = await Crypto.Provider.OpenAsync(
            Crypto.Suite.Aead, keys.Key, keys.Nonce.Memory, PrivateMessage.SenderDataData(GroupId, Epoch, message.ContentType), message.EncryptedSenderData).ConfigureAwait(false)
            ?? throw new MlsException(MlsError.DecryptionFailed, "6.3.2", "sender data does not open");
        if (data.Length != Mls.SenderData.Length) throw TlsReader.Malformed("length of sender data");
        SenderData sender = TlsReader.ReadAll(data, Mls.SenderData.Read);
        MemberAt(Sender.Member(sender.Leaf));
        return sender;
    }

    /// <summary>Whether a message is of a generation that this state has not reached yet.</summary>
    public bool IsAhead(PrivateMessage message, SenderData sender) => sender.Generation >= Keys.Next(sender.Leaf.Value, KindFor(message.ContentType));

    /// <summary>Decrypts a message and checks its signature (§6.3.1, §6.1).</summary>
    /// <returns>The message, its sender's leaf, and the keys without the one used.</returns>
    public async ValueTask<(AuthenticatedContent Message, LeafNode Sender, SecretTree Next)> UnprotectAsync(
        PrivateMessage message, SenderData sender, RetentionPolicy retention)
    {
        using RatchetStep step = Keys.Receive(sender.Leaf.Value, KindFor(message.ContentType), sender.Generation, retention);
        byte[] guard = new byte[RatchetStep.ReuseGuardLength];
        BinaryPrimitives.WriteUInt32BigEndian(guard, sender.ReuseGuard);
        byte[] plaintext = await Crypto.Provider.OpenAsync(
            Crypto.Suite.Aead, step.Key, step.Nonce(guard), PrivateMessage.ContentData(GroupId, Epoch, message.ContentType, message.AuthenticatedData), message.Ciphertext).ConfigureAwait(false)
            ?? throw new MlsException(MlsError.DecryptionFailed, "6.3.1", "content does not open");
        AuthenticatedContent content = ReadPlaintext(message, sender.Leaf, plaintext);
        LeafNode leaf = await VerifyAsync(content).ConfigureAwait(false);
        return (content, leaf, step.Keep());
    }

    /// <summary>The member at the sender's leaf in this epoch.</summary>
    LeafNode MemberAt(Sender sender) =>
        sender.Type == SenderType.Member && sender.Index < Keys.LeafCount && Roster[sender.Index] is { } leaf
            ? leaf
            : throw new MlsException(MlsError.InvalidSender, "6.1", "the sender is no member of the epoch");

    static RatchetKind KindFor(ContentType type) => type == ContentType.Application ? RatchetKind.Application : RatchetKind.Handshake;

    /// <summary>PrivateMessageContent (§6.3.1).</summary>
    static byte[] Plaintext(AuthenticatedContent message, int padding)
    {
        using TlsWriter writer = new((message.Content.Application?.Length ?? 1024) + padding + 128);
        message.Content.WriteBody(writer);
        message.WriteAuth(writer);
        writer.WriteZeros(padding);
        return writer.ToArray();
    }

    static AuthenticatedContent ReadPlaintext(PrivateMessage message, LeafIndex sender, ReadOnlySpan<byte> plaintext)
    {
        TlsReader reader = new(plaintext);
        FramedContent content = FramedContent.ReadBody(
            ref reader, message.ContentType, message.GroupId, message.Epoch, Sender.Member(sender), message.AuthenticatedData);
        AuthenticatedContent authenticated = AuthenticatedContent.ReadAuth(ref reader, WireFormat.PrivateMessage, content);
        // "The padding field MUST be filled with all zero bytes" (§6.3.1)
        if (reader.Rest.ContainsAnyExcept((byte)0)) throw new MlsException(MlsError.InvalidPadding, "6.3.1", "padding is not all zeros");
        return authenticated;
    }
}

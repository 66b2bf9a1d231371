namespace Kavalek.Mls;

public sealed partial class MlsGroup
{
    /// <summary>Encrypts an application message (§6.3).</summary>
    /// <param name="content">The application's bytes.</param>
    /// <param name="authenticatedData">Bytes that travel in clear beside it, authenticated.</param>
    /// <param name="padding">
    /// Zero bytes appended inside the encryption, to hide the size: what is sent is of one length for all contents whose own length and
    /// padding have the same sum.
    /// </param>
    /// <exception cref="MlsException">
    /// <see cref="MlsError.CommitRequired"/>: proposals wait. <see cref="MlsError.GroupEnded"/>: the group was ended by a ReInit.
    /// </exception>
    public async ValueTask<OutgoingMessage> ProtectAsync(ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> authenticatedData = default, int padding = 0)
    {
        RequireAlive();
        // "A group member that has observed one or more valid proposals within an epoch MUST send a Commit message before sending
        // application data" (§12.4): so that nobody removed reads on.
        if (HasProposals) throw new MlsException(MlsError.CommitRequired, "12.4", "proposals wait for a commit");
        FramedContent framed = new(GroupId, Epoch, Sender.Member(OwnIndex), authenticatedData.ToArray(), content.ToArray(), null, null);
        MessageEpoch current = Current;
        AuthenticatedContent signed = await current.SignAsync(WireFormat.PrivateMessage, framed, _epoch.SignatureKey).ConfigureAwait(false);
        (PrivateMessage message, SecretTree keys) = await current.ProtectAsync(signed, OwnIndex, padding).ConfigureAwait(false);
        return new(message.Encode(), new(_environment, _epoch, keys, _proposals, _past));
    }

    /// <summary>Proposes to remove a member (§12.1.3): for oneself, the way to leave.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidProposal"/>: no such member.</exception>
    public ValueTask<OutgoingMessage> ProposeRemoveAsync(LeafIndex member, byte[]? authenticatedData = null) =>
        ProposeAsync(new RemoveProposal(member), authenticatedData);

    /// <summary>Proposes to add a client (§12.1.1).</summary>
    /// <exception cref="MlsException">The key package is not valid, now or at all.</exception>
    public ValueTask<OutgoingMessage> ProposeAddAsync(KeyPackage keyPackage, DateTimeOffset now, byte[]? authenticatedData = null)
    {
        ArgumentNullException.ThrowIfNull(keyPackage);
        KeyPackageValidation.CheckLifetime(keyPackage.Leaf, _environment.Limits, now);
        return ProposeAsync(new AddProposal(keyPackage), authenticatedData);
    }

    /// <summary>Proposes fresh keys for the own leaf (§12.1.2). They are in use once somebody else commits the proposal.</summary>
    public async ValueTask<OutgoingMessage> ProposeUpdateAsync(LeafChange? change = null, byte[]? authenticatedData = null)
    {
        KeyPair encryption = await _epoch.Crypto.GenerateKeyPairAsync().ConfigureAwait(false);
        Secret? signatureKey = change?.SignatureKey?.PrivateKey.Clone();
        LeafNode leaf = await LeafFactory.SignAsync(_epoch, change, signatureKey ?? _epoch.SignatureKey, encryption.PublicKey, null).ConfigureAwait(false);
        return await ProposeAsync(new UpdateProposal(leaf), authenticatedData, encryption.PrivateKey, signatureKey).ConfigureAwait(false);
    }

    /// <summary>Proposes new extensions of the GroupContext in place of all old ones (§12.1.7).</summary>
    public ValueTask<OutgoingMessage> ProposeExtensionsAsync(IReadOnlyList<Extension> extensions, byte[]? authenticatedData = null)
    {
        Extension.RefuseRepeated(extensions);
        return ProposeAsync(new GroupContextExtensionsProposal(extensions), authenticatedData);
    }

    /// <summary>Proposes to mix in a pre-shared key that every member has under this name of the application's (§12.1.4).</summary>
    public ValueTask<OutgoingMessage> ProposePskAsync(byte[] externalPsk, byte[]? authenticatedData = null) =>
        ProposeAsync(new PskProposal(PreSharedKeyId.External(externalPsk, PskNonce())), authenticatedData);

    /// <summary>Proposes to mix in the secret of an earlier epoch, which every member must have been in (§12.1.4, §8.6).</summary>
    public ValueTask<OutgoingMessage> ProposePskAsync(ResumptionPsk psk, byte[]? authenticatedData = null)
    {
        ArgumentNullException.ThrowIfNull(psk);
        return ProposeAsync(new PskProposal(PreSharedKeyId.Resumption(ResumptionUsage.Application, psk.GroupId, psk.Epoch, PskNonce())), authenticatedData);
    }

    /// <summary>Proposes to end the group in favour of a new one (§12.1.5).</summary>
    public ValueTask<OutgoingMessage> ProposeReInitAsync(ReInit reInit, byte[]? authenticatedData = null)
    {
        ArgumentNullException.ThrowIfNull(reInit);
        return ProposeAsync(ReInitProposal.Of(reInit), authenticatedData);
    }

    /// <summary>Proposes something of the application's own: see <see cref="MlsRules.CustomProposals"/>.</summary>
    public ValueTask<OutgoingMessage> ProposeAsync(CustomProposal proposal, byte[]? authenticatedData = null)
    {
        ArgumentNullException.ThrowIfNull(proposal);
        return ProposeAsync(new ApplicationProposal(proposal.Type, proposal.Data), authenticatedData);
    }

    byte[] PskNonce()
    {
        byte[] nonce = new byte[_epoch.Crypto.HashLength];
        _environment.Crypto.Random(nonce);
        return nonce;
    }

    async ValueTask<OutgoingMessage> ProposeAsync(Proposal proposal, byte[]? authenticatedData, Secret? leafKey = null, Secret? signatureKey = null)
    {
        RequireAlive();
        Sender own = Sender.Member(OwnIndex);
        await ProposalValidation.ValidateAsync(_epoch, _environment, new(proposal, own, null)).ConfigureAwait(false);
        FramedContent content = new(GroupId, Epoch, own, authenticatedData ?? [], null, proposal, null);
        WireFormat format = _environment.Rules.SendPublicHandshakes ? WireFormat.PublicMessage : WireFormat.PrivateMessage;
        AuthenticatedContent signed = await Current.SignAsync(format, content, _epoch.SignatureKey).ConfigureAwait(false);
        (byte[] message, SecretTree keys) = await EncodeHandshakeAsync(signed, 0).ConfigureAwait(false);
        byte[] encoded = signed.Encode();
        QueuedProposal queued = new(proposal, own, _epoch.Crypto.ProposalRef(encoded), leafKey, signatureKey) { SizeUpTo = SizeWith(encoded) };
        return new(message, new(_environment, _epoch, keys, _proposals.Add(queued), _past));
    }

    /// <summary>A signed proposal or commit as it is sent (§6.2, §6.3); the second value is the epoch's message keys without the one used.</summary>
    internal async ValueTask<(byte[] Message, SecretTree Keys)> EncodeHandshakeAsync(AuthenticatedContent message, int padding)
    {
        if (message.WireFormat == WireFormat.PrivateMessage)
        {
            (PrivateMessage encrypted, SecretTree keys) = await Current.ProtectAsync(message, OwnIndex, padding).ConfigureAwait(false);
            return (encrypted.Encode(), keys);
        }
        byte[] tag = _epoch.Crypto.Mac(_epoch.Secrets.Membership, PublicMessage.Tagged(message, _epoch.Context.Encoded));
        return (new PublicMessage(message, tag).Encode(), _keys);
    }
}

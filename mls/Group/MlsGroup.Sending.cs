namespace Kavalek.Mls;

public sealed partial class MlsGroup
{
    /// <summary>Encrypts an application message (§6.3).</summary>
    /// <param name="content">The application's bytes.</param>
    /// <param name="authenticatedData">Bytes that travel in clear beside it, authenticated.</param>
    /// <param name="padding">Zero bytes appended inside the encryption, to hide the size.</param>
    /// <exception cref="MlsException"><see cref="MlsError.CommitRequired"/>: proposals wait.</exception>
    public async ValueTask<OutgoingMessage> ProtectAsync(ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> authenticatedData = default, int padding = 0)
    {
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

    async ValueTask<OutgoingMessage> ProposeAsync(Proposal proposal, byte[]? authenticatedData, Secret? leafKey = null, Secret? signatureKey = null)
    {
        await ProposalValidation.ValidateAsync(_epoch, _environment, new(proposal, OwnIndex, null)).ConfigureAwait(false);
        FramedContent content = new(GroupId, Epoch, Sender.Member(OwnIndex), authenticatedData ?? [], null, proposal, null);
        MessageEpoch current = Current;
        AuthenticatedContent signed = await current.SignAsync(WireFormat.PrivateMessage, content, _epoch.SignatureKey).ConfigureAwait(false);
        (PrivateMessage message, SecretTree keys) = await current.ProtectAsync(signed, OwnIndex, 0).ConfigureAwait(false);
        QueuedProposal queued = new(proposal, OwnIndex, _epoch.Crypto.ProposalRef(signed.Encode()), leafKey, signatureKey);
        return new(message.Encode(), new(_environment, _epoch, keys, _proposals.Add(queued), _past));
    }
}

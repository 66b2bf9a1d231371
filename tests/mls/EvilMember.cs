namespace Kavalek.Mls.Tests;

/// <summary>A member with a real leaf that calls the library below its checks, so that it signs and encrypts what no honest client would.</summary>
sealed class EvilMember(MlsGroup group)
{
    public MlsGroup Group => group;

    public EpochState State => group.State;

    public SuiteCrypto Crypto => group.State.Crypto;

    /// <summary>Content from this member in this epoch.</summary>
    public FramedContent Content(byte[]? application = null, Proposal? proposal = null, Commit? commit = null) =>
        new(group.GroupId, group.Epoch, Sender.Member(group.OwnIndex), [], application, proposal, commit);

    /// <summary>Signs, tags and encrypts.</summary>
    public async Task<byte[]> PrivateAsync(FramedContent content, byte[]? tag = null, LeafIndex? claim = null, WireFormat signedAs = WireFormat.PrivateMessage, Secret? key = null)
    {
        AuthenticatedContent signed = await SignAsync(signedAs, content, tag, key);
        return (await group.Current.ProtectAsync(signed, claim ?? group.OwnIndex, padding: 0)).Message.Encode();
    }

    /// <summary>Signs, tags and sends in clear.</summary>
    public async Task<byte[]> PublicAsync(FramedContent content, byte[]? tag = null, byte[]? membershipTag = null, Secret? key = null)
    {
        AuthenticatedContent signed = await SignAsync(WireFormat.PublicMessage, content, tag, key);
        byte[] honest = Crypto.Mac(State.Secrets.Membership, PublicMessage.Tagged(signed, State.Context.Encoded));
        return new PublicMessage(signed, membershipTag ?? honest).Encode();
    }

    public Task<byte[]> ProposeAsync(Proposal proposal) => PrivateAsync(Content(proposal: proposal));

    /// <summary>A commit of these proposals by value. Its confirmation tag is zeros: what is refused for another reason is refused before.</summary>
    public Task<byte[]> CommitAsync(UpdatePath? path, params Proposal[] proposals) =>
        PrivateAsync(Content(commit: new Commit([.. proposals.Select(proposal => new ProposalOrRef(proposal, null))], path)), new byte[Crypto.HashLength]);

    /// <summary>A commit that names proposals by reference.</summary>
    public Task<byte[]> CommitReferencesAsync(UpdatePath? path, params byte[][] references) =>
        PrivateAsync(Content(commit: new Commit([.. references.Select(reference => new ProposalOrRef(null, reference))], path)), new byte[Crypto.HashLength]);

    /// <summary>An honest path over the current tree.</summary>
    public async Task<UpdatePath> PathAsync(Func<LeafDraft, LeafDraft>? change = null, LeafIndex? signedFor = null, byte[]? signedIn = null)
    {
        GroupContext provisional = State.Context with { Epoch = group.Epoch + 1 };
        using TreeKem.Created created = await TreeKem.CreateAsync(State.Tree, group.OwnIndex,
            async (encryptionKey, parentHash) =>
            {
                LeafDraft draft = Leaf(LeafNodeSource.Commit) with { EncryptionKey = encryptionKey, ParentHash = parentHash };
                return await (change?.Invoke(draft) ?? draft).SignAsync(Crypto, signedIn ?? group.GroupId, signedFor ?? group.OwnIndex);
            },
            treeHash => (provisional with { TreeHash = treeHash }).Encoded, new HashSet<LeafIndex>());
        return created.Path;
    }

    /// <summary>An Update of the own leaf.</summary>
    public async Task<Proposal> UpdateAsync(Func<LeafDraft, LeafDraft>? change = null, LeafIndex? signedFor = null, byte[]? signedIn = null)
    {
        KeyPair fresh = await Crypto.GenerateKeyPairAsync();
        LeafDraft draft = Leaf(LeafNodeSource.Update) with { EncryptionKey = fresh.PublicKey };
        return new UpdateProposal(await (change?.Invoke(draft) ?? draft).SignAsync(Crypto, signedIn ?? group.GroupId, signedFor ?? group.OwnIndex));
    }

    LeafDraft Leaf(LeafNodeSource source)
    {
        LeafNode own = State.OwnLeaf;
        return new(own.EncryptionKey, own.SignatureKey, own.Credential, own.Capabilities, source, null, null, own.Extensions, State.SignatureKey);
    }

    /// <summary>Signed in this epoch, with any confirmation tag.</summary>
    public async Task<AuthenticatedContent> SignAsync(WireFormat format, FramedContent content, byte[]? tag = null, Secret? key = null)
    {
        byte[] toSign = AuthenticatedContent.ToBeSigned(format, content, State.Context.Encoded);
        byte[] signature = await Crypto.SignWithLabelAsync(key ?? State.SignatureKey, "FramedContentTBS", toSign);
        return new(format, content, signature, content.Commit is null ? null : tag ?? new byte[Crypto.HashLength]);
    }
}

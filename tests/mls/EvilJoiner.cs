namespace Kavalek.Mls.Tests;

/// <summary>Somebody outside the group who joins by a commit that no honest client would make.</summary>
sealed class EvilJoiner(Client herself, Client member)
{
    public MlsGroup Group => member.Group;

    SuiteCrypto Crypto => Group.State.Crypto;

    /// <summary>An ExternalInit that the group can open.</summary>
    public async Task<Proposal> InitAsync()
    {
        using KeyPair external = await Group.State.Secrets.ExternalKeyPairAsync();
        (byte[] kemOutput, Secret secret) = (await Crypto.Hpke.SendExportAsync(
            external.PublicKey, ReadOnlyMemory<byte>.Empty, ExternalInitProposal.ExporterContext, Crypto.HashLength))!.Value;
        secret.Dispose();
        return new ExternalInitProposal(kemOutput);
    }

    /// <summary>A commit of these proposals. Its confirmation tag is zeros: what is refused for another reason is refused before.</summary>
    /// <param name="proposals">By value or by reference.</param>
    /// <param name="change">Changes the leaf before it is signed.</param>
    /// <param name="signedFor">The leaf index that the leaf is signed for.</param>
    /// <param name="key">Signs the message instead of the leaf's key.</param>
    /// <param name="withPath">Whether there is a path.</param>
    public async Task<byte[]> CommitAsync(
        IReadOnlyList<ProposalOrRef> proposals, Func<LeafDraft, LeafDraft>? change = null, LeafIndex? signedFor = null, Secret? key = null, bool withPath = true)
    {
        RatchetTree tree = Group.State.Tree;
        foreach (ProposalOrRef item in proposals)
            if (item.Proposal is RemoveProposal remove && tree[remove.Removed] is not null) tree = tree.Remove(remove.Removed);
        (tree, LeafIndex own) = tree.WithRoom();
        GroupContext provisional = Group.State.Context with { Epoch = Group.Epoch + 1 };
        KeyPackageBundle bundle = await herself.BundleAsync();
        LeafNode leaf = bundle.KeyPackage.Leaf;
        using TreeKem.Created created = await TreeKem.CreateAsync(tree, own,
            async (encryptionKey, parentHash) =>
            {
                LeafDraft draft = new(encryptionKey, leaf.SignatureKey, leaf.Credential, leaf.Capabilities, LeafNodeSource.Commit, null, parentHash, leaf.Extensions, bundle.SignatureKey);
                return await (change?.Invoke(draft) ?? draft).SignAsync(Crypto, Group.GroupId, signedFor ?? own);
            },
            treeHash => (provisional with { TreeHash = treeHash }).Encoded, new HashSet<LeafIndex>());
        FramedContent content = new(Group.GroupId, Group.Epoch, Sender.NewMemberCommit, [], null, null, new Commit(proposals, withPath ? created.Path : null));
        byte[] signature = await Crypto.SignWithLabelAsync(
            key ?? bundle.SignatureKey, "FramedContentTBS", AuthenticatedContent.ToBeSigned(WireFormat.PublicMessage, content, Group.State.Context.Encoded));
        return new PublicMessage(new(WireFormat.PublicMessage, content, signature, new byte[Crypto.HashLength]), null).Encode();
    }

    public Task<byte[]> CommitAsync(params Proposal[] proposals) => CommitAsync([.. proposals.Select(proposal => new ProposalOrRef(proposal, null))]);
}

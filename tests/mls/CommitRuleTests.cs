namespace Kavalek.Mls.Tests;

/// <summary>One test a rule of RFC 9420 §12.1, §12.2 and §12.4.2. The commits are properly signed and encrypted by a member.</summary>
public static class CommitRuleTests
{
    // §12.1: single proposals.

    // K-47
    [Theory]
    [InlineData(4u)]
    [InlineData(100u)]
    [InlineData(0xffff_ffffu)]
    public static async Task Section_12_1_3_removing_nobody_is_refused(uint leaf)
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.InvalidProposal, await scene.Eve.ProposeAsync(new RemoveProposal(new LeafIndex(leaf))));
        await scene.RefusedAsync(MlsError.InvalidProposal, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(), new RemoveProposal(new LeafIndex(leaf))));
    }

    // K-48, K-47
    [Fact]
    public static async Task Section_12_1_1_a_bad_key_package_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        KeyPackage good = await (await Client.CreateAsync("dan")).PublishAsync();
        KeyPackage unsigned = good.Signed(new byte[70]);
        await scene.RefusedAsync(MlsError.InvalidSignature, await scene.Eve.ProposeAsync(new AddProposal(unsigned)));
        await scene.RefusedAsync(MlsError.InvalidSignature, await scene.Eve.CommitAsync(null, new AddProposal(unsigned)));
        KeyPackage otherSuite = new(good.Version, CipherSuite.P384Aes256.Id, good.InitKey, good.Leaf, good.Extensions, good.Signature);
        await scene.RefusedAsync(MlsError.UnsupportedCipherSuite, await scene.Eve.CommitAsync(null, new AddProposal(otherSuite)));
    }

    // K-47
    [Fact]
    public static async Task Section_12_1_6_external_init_by_a_member_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        Proposal external = new ExternalInitProposal(new byte[65]);
        await scene.RefusedAsync(MlsError.UnsupportedProposal, await scene.Eve.ProposeAsync(external));
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(), external));
    }

    // K-47
    [Fact]
    public static async Task Section_12_1_a_proposal_of_unknown_type_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.UnsupportedProposal, await scene.Eve.ProposeAsync(new UnknownProposal()));
        await scene.RefusedAsync(MlsError.UnsupportedProposal, await scene.Eve.CommitAsync(null, new UnknownProposal()));
    }

    // K-47
    [Fact]
    public static async Task Section_12_1_4_pre_shared_keys_of_the_wrong_form_are_refused()
    {
        Scene scene = await Scene.CreateAsync();
        byte[] nonce = new byte[32];
        foreach (PreSharedKeyId id in (PreSharedKeyId[])[
            PreSharedKeyId.Resumption(ResumptionUsage.ReInit, scene.Eve.Group.GroupId, 0, nonce),
            PreSharedKeyId.Resumption(ResumptionUsage.Branch, scene.Eve.Group.GroupId, 0, nonce),
            PreSharedKeyId.External([1], nonce[1..]), PreSharedKeyId.External([1], [])])
        {
            await scene.RefusedAsync(MlsError.InvalidProposal, await scene.Eve.ProposeAsync(new PskProposal(id)));
            await scene.RefusedAsync(MlsError.InvalidProposal, await scene.Eve.CommitAsync(null, new PskProposal(id)));
        }
        await scene.RefusedAsync(MlsError.UnknownPsk, await scene.Eve.CommitAsync(null, new PskProposal(PreSharedKeyId.External([1], nonce))));
        await scene.RefusedAsync(MlsError.UnknownPsk, await scene.Eve.CommitAsync(null, new PskProposal(PreSharedKeyId.Resumption(ResumptionUsage.Application, [7], 0, nonce))));
    }

    // §12.2: the list.

    // K-47
    [Fact]
    public static async Task Section_12_2_the_committers_own_update_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(), await scene.Eve.UpdateAsync()));
    }

    // K-47
    [Fact]
    public static async Task Section_12_2_a_committer_that_removes_itself_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(), new RemoveProposal(scene.Eve.Group.OwnIndex)));
    }

    // K-47
    [Fact]
    public static async Task Section_12_2_two_proposals_for_one_leaf_are_refused()
    {
        Scene scene = await Scene.CreateAsync();
        Proposal remove = new RemoveProposal(new LeafIndex(3));
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(), remove, remove));

        // Cid's Update and its removal, both by reference; and two Updates of Cid's.
        EvilMember cid = new(scene.Cid.Group);
        List<byte[]> references = [];
        foreach (Proposal proposal in (Proposal[])[await cid.UpdateAsync(), await cid.UpdateAsync(), remove])
        {
            FramedContent content = cid.Content(proposal: proposal);
            AuthenticatedContent signed = await cid.Group.Current.SignAsync(WireFormat.PublicMessage, content, cid.State.SignatureKey);
            byte[] tag = cid.Crypto.Mac(cid.State.Secrets.Membership, PublicMessage.Tagged(signed, cid.State.Context.Encoded));
            Assert.IsType<ProcessResult.ProposalReceived>(await scene.Bob.ReceiveAsync(new PublicMessage(signed, tag).Encode()));
            references.Add(cid.Crypto.ProposalRef(signed.Encode()));
        }
        UpdatePath path = await scene.Eve.PathAsync();
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitReferencesAsync(path, references[0], references[2]));
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitReferencesAsync(path, references[0], references[1]));
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitReferencesAsync(path, references[0], references[0]));
        await scene.RefusedAsync(MlsError.UnknownProposal, await scene.Eve.CommitReferencesAsync(path, new byte[32]));
    }

    // K-47
    [Fact]
    public static async Task Section_12_2_one_client_added_twice_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        Client dan = await Client.CreateAsync("dan");
        await scene.RefusedAsync(MlsError.DuplicateKey, await scene.Eve.CommitAsync(null, new AddProposal(await dan.PublishAsync()), new AddProposal(await dan.PublishAsync())));
    }

    // K-47
    [Fact]
    public static async Task Section_12_2_a_client_that_is_a_member_already_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.DuplicateKey, await scene.Eve.CommitAsync(null, new AddProposal(await scene.Cid.PublishAsync())));
    }

    // K-47
    [Fact]
    public static async Task Section_12_2_one_pre_shared_key_twice_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        Proposal psk = new PskProposal(PreSharedKeyId.External([1], new byte[32]));
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitAsync(null, psk, psk));
    }

    // K-47
    [Fact]
    public static async Task Section_12_2_two_changes_of_the_extensions_are_refused()
    {
        Scene scene = await Scene.CreateAsync();
        Proposal none = new GroupContextExtensionsProposal([]);
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(), none, none));
    }

    // §12.4: the commit.

    [Fact]
    public static async Task Section_12_4_a_commit_that_needs_a_path_and_has_none_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.MissingPath, await scene.Eve.CommitAsync(null));
        await scene.RefusedAsync(MlsError.MissingPath, await scene.Eve.CommitAsync(null, new RemoveProposal(new LeafIndex(3))));
        await scene.RefusedAsync(MlsError.MissingPath, await scene.Eve.CommitAsync(null, new GroupContextExtensionsProposal([])));
    }

    // K-45
    [Fact]
    public static async Task Section_12_4_2_a_wrong_or_shortened_confirmation_tag_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        FramedContent content = scene.Eve.Content(commit: new Commit([], await scene.Eve.PathAsync()));
        await scene.RefusedAsync(MlsError.InvalidConfirmationTag, await scene.Eve.PrivateAsync(content, new byte[32]));
        await scene.RefusedAsync(MlsError.InvalidConfirmationTag, await scene.Eve.PrivateAsync(content, []));
        await scene.RefusedAsync(MlsError.InvalidConfirmationTag, await scene.Eve.PublicAsync(content, new byte[32]));
    }

    [Fact]
    public static Task Section_7_5_a_path_with_a_node_too_few_is_refused() =>
        PathRefused(MlsError.InvalidPath, path => path with { Nodes = [.. path.Nodes.Skip(1)] });

    [Fact]
    public static Task Section_7_5_a_path_with_a_node_too_many_is_refused() =>
        PathRefused(MlsError.InvalidPath, path => path with { Nodes = [.. path.Nodes, path.Nodes[0] with { EncryptionKey = FreshKey() }] });

    [Fact]
    public static Task Section_7_6_a_ciphertext_too_few_is_refused() =>
        PathRefused(MlsError.InvalidPath, path => path with { Nodes = [.. path.Nodes.Select(node => node with { PathSecrets = [.. node.PathSecrets.Skip(1)] })] });

    [Fact]
    public static Task Section_7_6_a_ciphertext_too_many_is_refused() =>
        PathRefused(MlsError.InvalidPath, path => path with { Nodes = [.. path.Nodes.Select(node => node with { PathSecrets = [.. node.PathSecrets, node.PathSecrets[0]] })] });

    [Fact]
    public static Task Section_7_5_a_path_secret_that_does_not_open_is_refused() =>
        PathRefused(MlsError.InvalidPath, path => path with
        {
            Nodes = [.. path.Nodes.Select(node => node with { PathSecrets = [.. node.PathSecrets.Select(secret => secret with { Ciphertext = new byte[48] })] })],
        });

    [Fact]
    public static Task Section_7_5_an_encapsulated_key_off_the_curve_is_refused() =>
        PathRefused(MlsError.InvalidPath, path => path with
        {
            Nodes = [.. path.Nodes.Select(node => node with { PathSecrets = [.. node.PathSecrets.Select(secret => secret with { KemOutput = [4, .. new byte[64]] })] })],
        });

    [Fact]
    public static Task Section_7_9_2_a_path_that_the_leaf_does_not_vouch_for_is_refused() =>
        PathRefused(MlsError.ParentHashMismatch, path => path with { Nodes = [.. path.Nodes.SkipLast(1), path.Nodes[^1] with { EncryptionKey = FreshKey() }] });

    [Fact]
    public static Task Section_12_4_2_one_key_at_two_nodes_of_the_path_is_refused() =>
        PathRefused(MlsError.DuplicateKey, path => path with { Nodes = [path.Nodes[0], .. path.Nodes.Skip(1).Select(node => node with { EncryptionKey = path.Nodes[0].EncryptionKey })] });

    [Fact]
    public static async Task Section_12_4_2_a_key_of_the_tree_in_the_path_is_refused()
    {
        Scene scene = await Scene.CreateAsync(filled: true);
        byte[] leafKey = scene.Ann.Group.Own.Leaf.EncryptionKey, parentKey = scene.Eve.State.Tree.ParentNodes.Entries().First().Value.EncryptionKey;
        UpdatePath path = await scene.Eve.PathAsync();
        foreach (byte[] used in (byte[][])[leafKey, parentKey])
            await scene.RefusedAsync(MlsError.DuplicateKey, await scene.Eve.CommitAsync(path with { Nodes = [.. path.Nodes.SkipLast(1), path.Nodes[^1] with { EncryptionKey = used }] }));
    }

    [Fact]
    public static async Task Section_12_4_2_a_public_key_that_the_path_secret_does_not_give_is_refused()
    {
        // The evil member vouches for the wrong key with a proper leaf: the path secrets, sealed for another tree, give it away.
        Scene scene = await Scene.CreateAsync(filled: true);
        foreach (bool top in (bool[])[true, false])
            await scene.RefusedAsync(MlsError.InvalidPath, await scene.Eve.CommitAsync(await WrongKeyPathAsync(scene.Eve, top, await FreshKeyAsync())));
    }

    [Fact]
    public static async Task Section_5_1_1_a_path_key_off_the_curve_is_refused()
    {
        Scene scene = await Scene.CreateAsync(filled: true);
        byte[] off = await FreshKeyAsync();
        off[^1] ^= 1;
        await scene.RefusedAsync(MlsError.InvalidPath, await scene.Eve.CommitAsync(await WrongKeyPathAsync(scene.Eve, true, off)));
    }

    [Fact]
    public static async Task An_own_commit_that_nobody_remembers_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        EvilMember bob = new(scene.Bob.Group);
        await scene.RefusedAsync(MlsError.UnknownOwnCommit, await bob.PublicAsync(bob.Content(commit: new Commit([], await bob.PathAsync()))));
    }

    /// <summary>A path with one node's key exchanged, and a leaf that vouches for it.</summary>
    static async Task<UpdatePath> WrongKeyPathAsync(EvilMember eve, bool top, byte[] key)
    {
        UpdatePath path = await eve.PathAsync();
        int at = top ? path.Nodes.Count - 1 : 0;
        UpdatePathNode[] nodes = [.. path.Nodes];
        nodes[at] = nodes[at] with { EncryptionKey = key };
        byte[] parentHash = [];
        RatchetTree tree = eve.State.Tree;
        var direct = tree.FilteredDirectPath(eve.Group.OwnIndex);
        for (int i = direct.Count - 1; i >= 0; i--) parentHash = tree.ParentHash(new ParentNode(nodes[i].EncryptionKey, parentHash, []), direct[i].Copath);
        LeafNode leaf = path.Leaf;
        LeafDraft draft = new(leaf.EncryptionKey, leaf.SignatureKey, leaf.Credential, leaf.Capabilities, leaf.Source, null, parentHash, leaf.Extensions, eve.State.SignatureKey);
        return new(await draft.SignAsync(eve.Crypto, eve.Group.GroupId, eve.Group.OwnIndex), nodes);
    }

    static async Task PathRefused(MlsError error, Func<UpdatePath, UpdatePath> change)
    {
        Scene scene = await Scene.CreateAsync(filled: true);
        await scene.RefusedAsync(error, await scene.Eve.CommitAsync(change(await scene.Eve.PathAsync())));
    }

    static async Task<byte[]> FreshKeyAsync() => (await Suites.P256.GenerateKeyPairAsync()).PublicKey;

    // A fixed point, in no tree: the curve's generator.
    static byte[] FreshKey() => Convert.FromHexString("046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5");

    sealed record UnknownProposal() : Proposal(0xf00d)
    {
        protected override void WriteBody(TlsWriter writer) => writer.WriteVector([1, 2, 3]);
    }
}

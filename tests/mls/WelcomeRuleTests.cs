namespace Kavalek.Mls.Tests;

/// <summary>
/// One test a rule of RFC 9420 §12.4.3.1 and §12.4.3.3 for who joins. The Welcomes are made by Eve, a real member, who signs and
/// seals whatever the test asks for: only the rule in question stands between the joiner and her group.
/// </summary>
public static class WelcomeRuleTests
{
    [Fact]
    public static async Task A_welcome_made_by_hand_is_joined()
    {
        Invitation invitation = await Invitation.CreateAsync();
        Assert.Equal("a group"u8.ToArray(), (await invitation.JoinAsync()).Group.GroupId);
    }

    [Fact]
    public static Task Section_12_4_3_1_a_group_info_signed_by_another_key_is_refused() =>
        Refused(MlsError.InvalidSignature, with => with with { SignWith = Secret.Copy([.. new byte[31], 3]) });

    [Fact]
    public static Task Section_12_4_3_1_a_signer_that_is_no_member_is_refused() =>
        Refused(MlsError.InvalidWelcome, with => with with { Signer = new LeafIndex(9) });

    [Fact]
    public static Task Section_12_4_3_1_a_signer_out_of_all_bounds_is_refused() =>
        Refused(MlsError.InvalidWelcome, with => with with { Signer = new LeafIndex(uint.MaxValue) });

    [Fact]
    public static Task Section_12_4_3_1_a_wrong_confirmation_tag_is_refused() =>
        Refused(MlsError.InvalidConfirmationTag, with => with with { Tag = new byte[32] });

    [Fact]
    public static Task Section_12_4_3_1_a_shortened_confirmation_tag_is_refused() =>
        Refused(MlsError.InvalidConfirmationTag, with => with with { Tag = [] });

    [Fact]
    public static Task Section_12_4_3_1_another_tree_hash_than_the_trees_is_refused() =>
        Refused(MlsError.TreeHashMismatch, with => with with { Context = with.Context with { TreeHash = new byte[32] } });

    [Fact]
    public static Task Section_12_4_3_1_another_suite_in_the_group_than_in_the_welcome_is_refused() =>
        Refused(MlsError.InvalidWelcome, with => with with { Context = with.Context with { CipherSuite = CipherSuite.P384Aes256.Id } });

    [Fact]
    public static Task Section_12_4_3_1_another_suite_in_the_welcome_than_in_the_key_package_is_refused() =>
        Refused(MlsError.UnsupportedCipherSuite, with => with with { WelcomeSuite = CipherSuite.P384Aes256.Id });

    [Fact]
    public static Task Section_12_4_3_1_a_tree_without_the_joiner_is_refused() =>
        Refused(MlsError.InvalidWelcome, with => with.WithTree(with.Group.State.Tree));

    [Fact]
    public static Task Section_12_4_3_1_a_path_secret_for_a_blank_node_is_refused() =>
        Refused(MlsError.InvalidPath, with => with with { PathSecret = Secret.Zero(32) });

    [Fact]
    public static async Task Section_12_4_3_1_a_path_secret_that_does_not_give_the_trees_keys_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        Client dan = await Client.CreateAsync("dan");
        KeyPackage package = await dan.PublishAsync();
        PendingCommit pending = await scene.EveHerself.CommitAsync(new CommitRequest { Add = [package], ForcePath = true });
        await scene.EveHerself.ReceiveAsync(pending.Message);
        MlsGroup group = scene.EveHerself.Group;
        Invitation honest = new Invitation(group, scene.Bob, dan, package, new(), group.State.Tree, group.State.Context, []).WithTree(group.State.Tree);
        await honest.JoinAsync();
        Assert.Equal(MlsError.InvalidPath, (await Assert.ThrowsAsync<MlsException>(() => (honest with { PathSecret = Secret.Zero(32) }).JoinAsync())).Error);
    }

    [Fact]
    public static Task Section_12_4_3_3_a_missing_tree_is_refused() =>
        Refused(MlsError.MissingTree, with => with with { Extensions = [] });

    [Fact]
    public static Task Section_12_4_3_3_a_tree_that_ends_in_a_blank_is_refused() =>
        Refused(MlsError.InvalidTree, with => with with { Extensions = [new Extension(Extension.RatchetTree, Rewrap(with.Extensions[0].Data, nodes => [.. nodes, 0, 0]))] });

    [Fact]
    public static Task Section_7_8_a_parent_where_a_leaf_belongs_is_refused() =>
        Refused(MlsError.InvalidTree, with => with with { Extensions = [new Extension(Extension.RatchetTree, Rewrap(with.Extensions[0].Data, nodes => [0, .. nodes]))] });

    [Fact]
    public static Task Section_12_4_3_3_an_empty_tree_is_refused() =>
        Refused(MlsError.InvalidTree, with => with with { Extensions = [new Extension(Extension.RatchetTree, [0])] });

    // K-49
    [Fact]
    public static Task A_tree_of_more_leaves_than_the_limit_is_refused() =>
        Refused(MlsError.LimitExceeded, with => with with { Extensions = [new Extension(Extension.RatchetTree, Rewrap(with.Extensions[0].Data, nodes => [.. nodes, .. new byte[10_000]]))] });

    // K-47
    [Fact]
    public static Task Section_7_3_a_leaf_with_a_bad_signature_in_the_tree_is_refused() =>
        Refused(MlsError.InvalidSignature, with => with.WithLeaf(1, leaf => leaf.Signed(new byte[70])));

    // K-47
    [Fact]
    public static Task Section_7_3_one_signature_key_at_two_leaves_is_refused() =>
        RefusedTree(MlsError.DuplicateKey, async with => with.WithLeaf(1, await Changed(with, 1, leaf => leaf with { SignatureKey = with.Group.Own.SignatureKey, SignWith = with.Group.State.SignatureKey })));

    // K-47
    [Fact]
    public static Task Section_7_3_one_encryption_key_at_two_leaves_is_refused() =>
        RefusedTree(MlsError.DuplicateKey, async with => with.WithLeaf(1, await Changed(with, 1, leaf => leaf with { EncryptionKey = with.Group.Own.Leaf.EncryptionKey })));

    // K-47
    [Fact]
    public static Task Section_7_3_a_leaf_without_capabilities_that_the_group_requires_is_refused() =>
        Refused(MlsError.UnsupportedCapability, with => with with { Context = with.Context with { Extensions = [new Extension(0xf123, [])] } });

    [Fact]
    public static Task Section_7_9_2_a_parent_that_no_descendant_vouches_for_is_refused() =>
        Refused(MlsError.ParentHashMismatch, with => with.WithParent(1, parent => new ParentNode(FreshKey, parent.ParentHash, parent.UnmergedLeaves)), filled: true);

    [Fact]
    public static Task Section_7_9_2_a_parent_added_to_a_blank_place_is_refused() =>
        Refused(MlsError.ParentHashMismatch, with => with.WithParent(5, _ => new ParentNode(FreshKey, [], [])));

    [Fact]
    public static Task Section_12_4_3_1_one_key_at_two_nodes_is_refused() =>
        Refused(MlsError.DuplicateKey, with => with.WithParent(1, parent => new ParentNode(with.Group.Own.Leaf.EncryptionKey, parent.ParentHash, parent.UnmergedLeaves)), filled: true);

    [Theory]
    [InlineData(new uint[] { 1, 0 })]
    [InlineData(new uint[] { 0, 0 })]
    [InlineData(new uint[] { 3 })]
    [InlineData(new uint[] { 5000 })]
    [InlineData(new uint[] { 0xffff_ffff })]
    public static Task Section_12_4_3_1_unmerged_leaves_out_of_order_or_place_are_refused(uint[] unmerged) =>
        Refused(MlsError.InvalidTree, with => with.WithParent(1, parent => new ParentNode(parent.EncryptionKey, parent.ParentHash, unmerged)), filled: true);

    [Fact]
    public static Task Section_12_4_3_1_an_unmerged_leaf_that_a_node_between_does_not_know_is_refused() =>
        Refused(MlsError.InvalidTree, with => with.WithParent(3, parent => new ParentNode(parent.EncryptionKey, parent.ParentHash, [1])), filled: true);

    [Fact]
    public static async Task Section_12_4_3_1_a_credential_that_the_application_refuses_is_refused()
    {
        Invitation invitation = await Invitation.CreateAsync();
        invitation.Book.Refused.Add("bob");
        Assert.Equal(MlsError.InvalidCredential, (await Assert.ThrowsAsync<MlsException>(() => invitation.JoinAsync())).Error);
    }

    // K-41
    [Fact]
    public static async Task Section_12_4_3_1_a_welcome_for_somebody_else_is_refused()
    {
        Invitation invitation = await Invitation.CreateAsync();
        byte[] welcome = await invitation.EncodeAsync();
        MlsException refused = await Assert.ThrowsAsync<MlsException>(async () =>
            await MlsGroup.JoinAsync(invitation.Dan.Environment, welcome, _ => ValueTask.FromResult<KeyPackageBundle?>(null)));
        Assert.Equal(MlsError.NoMatchingKeyPackage, refused.Error);
    }

    [Fact]
    public static async Task Section_12_4_3_1_pre_shared_keys_of_the_wrong_form_or_unknown_are_refused()
    {
        byte[] nonce = new byte[32];
        await Refused(MlsError.UnknownPsk, with => with with { Psks = [PreSharedKeyId.External([1], nonce)] });
        await Refused(MlsError.UnknownPsk, with => with with { Psks = [PreSharedKeyId.Resumption(ResumptionUsage.Application, [1], 1, nonce)] });
        await Refused(MlsError.InvalidWelcome, with => with with { Psks = [PreSharedKeyId.External([1], [])] });
    }

    static byte[] FreshKey => Convert.FromHexString("046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5");

    static Task Refused(MlsError error, Func<Invitation, Invitation> change, bool filled = false) =>
        RefusedTree(error, with => Task.FromResult(change(with)), filled);

    static async Task RefusedTree(MlsError error, Func<Invitation, Task<Invitation>> change, bool filled = false)
    {
        Invitation honest = await Invitation.CreateAsync(filled);
        await honest.JoinAsync();
        Invitation changed = await change(honest);
        MlsException refused = await Assert.ThrowsAsync<MlsException>(() => changed.JoinAsync());
        Assert.True(error == refused.Error, $"{error} was expected, but: {refused.Message}");
    }

    static byte[] Rewrap(byte[] tree, Func<byte[], byte[]> change)
    {
        TlsReader reader = new(tree);
        using TlsWriter writer = new();
        writer.WriteVector(change(reader.ReadVector()));
        return writer.ToArray();
    }

    /// <summary>The leaf of another member, changed and signed anew with that member's own key.</summary>
    static async Task<Func<LeafNode, LeafNode>> Changed(Invitation with, uint index, Func<LeafDraft, LeafDraft> change)
    {
        LeafNode leaf = with.Tree[new LeafIndex(index)]!;
        LeafDraft draft = new(leaf.EncryptionKey, leaf.SignatureKey, leaf.Credential, leaf.Capabilities, leaf.Source, leaf.Lifetime, leaf.ParentHash, leaf.Extensions, with.Bob.SignatureKey.PrivateKey);
        LeafNode signed = await change(draft).SignAsync(with.Group.State.Crypto, with.Group.GroupId, new LeafIndex(index));
        return _ => signed;
    }

    /// <summary>All that goes into a Welcome for Dan, to be changed at will before Eve signs and seals it.</summary>
    sealed record Invitation(MlsGroup Group, Client Bob, Client Dan, KeyPackage DansPackage, CredentialBook Book, RatchetTree Tree, GroupContext Context, IReadOnlyList<Extension> Extensions)
    {
        public LeafIndex Signer { get; init; } = Group.OwnIndex;
        public Secret SignWith { get; init; } = Group.State.SignatureKey;
        public byte[]? Tag { get; init; }
        public Secret? PathSecret { get; init; }
        public ushort WelcomeSuite { get; init; } = CipherSuite.P256Aes128.Id;
        public IReadOnlyList<PreSharedKeyId> Psks { get; init; } = [];

        public static async Task<Invitation> CreateAsync(bool filled = false)
        {
            CredentialBook book = new();
            Scene scene = await Scene.CreateAsync(filled, book);
            Client dan = await Client.CreateAsync("dan", book);
            KeyPackage package = await dan.PublishAsync();
            MlsGroup group = scene.EveHerself.Group;
            (RatchetTree tree, _) = group.State.Tree.Add([package.Leaf]);
            return new Invitation(group, scene.Bob, dan, package, book, tree, group.State.Context, []).WithTree(tree);
        }

        public Invitation WithTree(RatchetTree tree) => this with
        {
            Tree = tree,
            Context = Context with { TreeHash = tree.TreeHash() },
            Extensions = [new Extension(Extension.RatchetTree, tree.Encode())],
        };

        public Invitation WithLeaf(uint index, Func<LeafNode, LeafNode> change) => WithTree(RatchetTree.Of(
            Tree.Crypto, Tree.LeafNodes.With(index, change(Tree.LeafNodes[index]!)), Tree.ParentNodes, Tree.Size));

        public Invitation WithParent(uint node, Func<ParentNode, ParentNode> change) => WithTree(RatchetTree.Of(
            Tree.Crypto, Tree.LeafNodes, Tree.ParentNodes.With(node >> 1, change(Tree.ParentNodes[node >> 1]!)), Tree.Size));

        public async Task<byte[]> EncodeAsync()
        {
            SuiteCrypto crypto = Group.State.Crypto;
            using Secret joiner = crypto.RandomSecret(32), psk = Secret.Zero(32);
            using EpochSecrets secrets = EpochSecrets.FromJoiner(crypto, joiner, psk, Context.Encoded);
            GroupInfo info = new(Context, Extensions, Tag ?? secrets.ConfirmationTag(Context.ConfirmedTranscriptHash), Signer, []);
            info = info with { Signature = await crypto.SignWithLabelAsync(SignWith, "GroupInfoTBS", info.ToBeSigned()) };
            Welcome welcome = await Welcome.CreateAsync(crypto, info, joiner, psk, Psks, [(DansPackage, PathSecret)]);
            return (welcome with { CipherSuite = WelcomeSuite }).Encode();
        }

        public async Task<JoinedGroup> JoinAsync() => await Dan.JoinAsync(await EncodeAsync());
    }
}

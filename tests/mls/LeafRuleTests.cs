namespace Kavalek.Mls.Tests;

/// <summary>One test a rule of RFC 9420 §7.3, for leaves that come by an Update and by a commit's path. Each is properly signed unless that is the rule.</summary>
public static class LeafRuleTests
{
    static readonly Extension RequiresType = new(Extension.RequiredCapabilities, [2, 0xf1, 0x23, 0, 0]);

    [Fact]
    public static async Task An_honest_update_is_accepted()
    {
        Scene scene = await Scene.CreateAsync();
        Assert.IsType<ProcessResult.ProposalReceived>(await scene.Bob.ReceiveAsync(await scene.Eve.ProposeAsync(await scene.Eve.UpdateAsync())));
    }

    // K-47
    [Fact]
    public static Task Section_7_3_a_leaf_signed_by_another_key_is_refused() =>
        BothRefused(MlsError.InvalidSignature, (_, leaf) => leaf with { SignWith = Secret.Copy([.. new byte[31], 9]) });

    [Fact]
    public static Task Section_7_2_a_leaf_signed_for_another_place_is_refused() =>
        BothRefused(MlsError.InvalidSignature, signedFor: new LeafIndex(1));

    [Fact]
    public static Task Section_7_2_a_leaf_signed_for_another_group_is_refused() =>
        BothRefused(MlsError.InvalidSignature, signedIn: "another group"u8.ToArray());

    // K-47
    [Fact]
    public static async Task Section_7_3_a_leaf_of_another_source_is_refused()
    {
        Lifetime lifetime = Lifetime.Starting(Client.Now, TimeSpan.FromDays(1));
        await RefusedAsUpdate(MlsError.InvalidLeafNode, (_, leaf) => leaf with { Source = LeafNodeSource.KeyPackage, Lifetime = lifetime });
        await RefusedAsUpdate(MlsError.InvalidLeafNode, (_, leaf) => leaf with { Source = LeafNodeSource.Commit, ParentHash = [] });
        await RefusedInPath(MlsError.InvalidLeafNode, (_, leaf) => leaf with { Source = LeafNodeSource.Update, ParentHash = null });
        await RefusedInPath(MlsError.InvalidLeafNode, (_, leaf) => leaf with { Source = LeafNodeSource.KeyPackage, ParentHash = null, Lifetime = lifetime });
    }

    // K-47
    [Fact]
    public static Task Section_7_3_an_encryption_key_that_did_not_change_is_refused() =>
        BothRefused(MlsError.DuplicateKey, (scene, leaf) => leaf with { EncryptionKey = scene.Eve.State.OwnLeaf.EncryptionKey });

    // K-46, K-47
    [Fact]
    public static async Task Section_7_3_an_encryption_key_of_another_leaf_is_refused()
    {
        await RefusedInPath(MlsError.DuplicateKey, (scene, leaf) => leaf with { EncryptionKey = scene.Ann.Group.Own.Leaf.EncryptionKey });
        await RefusedAsCommittedUpdate(MlsError.DuplicateKey, (scene, leaf) => leaf with { EncryptionKey = scene.Ann.Group.Own.Leaf.EncryptionKey });
    }

    // K-46, K-47
    [Fact]
    public static async Task Section_7_3_a_signature_key_of_another_leaf_is_refused()
    {
        static LeafDraft AsCid(Scene scene, LeafDraft leaf) =>
            leaf with { SignatureKey = scene.Cid.SignatureKey.PublicKey, SignWith = scene.Cid.SignatureKey.PrivateKey };
        await RefusedInPath(MlsError.DuplicateKey, AsCid);
        await RefusedAsCommittedUpdate(MlsError.DuplicateKey, AsCid);
    }

    // K-47
    [Fact]
    public static Task Section_7_3_an_extension_outside_the_capabilities_is_refused() =>
        BothRefused(MlsError.UnsupportedCapability, (_, leaf) => leaf with { Extensions = [new Extension(0xf123, [])] });

    // K-47
    [Fact]
    public static Task Section_7_3_a_credential_type_outside_the_capabilities_is_refused() =>
        BothRefused(MlsError.UnsupportedCapability, (_, leaf) => leaf with { Capabilities = leaf.Capabilities with { Credentials = [Credential.X509Type] } });

    // K-47
    [Fact]
    public static async Task Section_7_3_capabilities_that_the_group_requires_must_stay()
    {
        static LeafDraft Less(Scene scene, LeafDraft leaf) => leaf with { Capabilities = leaf.Capabilities with { Extensions = [] } };
        Extension required = new(Extension.RequiredCapabilities, [2, 0, (byte)Extension.LastResort, 0, 0]);
        Scene scene = await Scene.CreateAsync(extensions: required);
        await scene.RefusedAsync(MlsError.UnsupportedCapability, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(leaf => Less(scene, leaf))));
    }

    // K-47
    [Fact]
    public static async Task Section_7_3_a_credential_type_that_another_member_does_not_support_is_refused()
    {
        static LeafDraft Other(Scene scene, LeafDraft leaf) =>
            leaf with { Credential = new Credential(0xf00d, leaf.Credential.Content), Capabilities = leaf.Capabilities with { Credentials = [Credential.BasicType, 0xf00d] } };
        Scene scene = await Scene.CreateAsync(authentication: new Gullible());
        await scene.RefusedAsync(MlsError.UnsupportedCapability, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(leaf => Other(scene, leaf))));
    }

    // K-46
    [Fact]
    public static Task Section_5_3_1_another_users_credential_is_refused() =>
        BothRefused(MlsError.InvalidCredential, (_, leaf) => leaf with { Credential = Credential.Basic("ann"u8.ToArray()) });

    [Fact]
    public static async Task Section_5_3_1_a_credential_that_the_application_refuses_is_refused()
    {
        CredentialBook book = new();
        Scene scene = await Scene.CreateAsync(authentication: book);
        byte[] update = await scene.Eve.ProposeAsync(await scene.Eve.UpdateAsync()), commit = await scene.Eve.CommitAsync(await scene.Eve.PathAsync());
        book.Refused.Add("eve");
        await scene.RefusedAsync(MlsError.InvalidCredential, update);
        await scene.RefusedAsync(MlsError.InvalidCredential, commit);
    }

    [Fact]
    public static Task Section_5_1_1_an_encryption_key_off_the_curve_is_refused() =>
        BothRefused(MlsError.InvalidLeafNode, (_, leaf) => leaf with { EncryptionKey = [.. leaf.EncryptionKey[..^1], (byte)(leaf.EncryptionKey[^1] ^ 1)] });

    [Fact]
    public static Task Section_13_an_extension_type_that_occurs_twice_is_refused() => BothRefused(MlsError.InvalidExtension, (_, leaf) => leaf with
    {
        Capabilities = leaf.Capabilities with { Extensions = [.. leaf.Capabilities.Extensions, 0xf123] },
        Extensions = [new Extension(0xf123, [1]), new Extension(0xf123, [2])],
    });

    // K-47
    [Fact]
    public static async Task Section_12_1_7_extensions_that_a_member_does_not_support_are_refused()
    {
        Scene scene = await Scene.CreateAsync();
        foreach (Extension extension in (Extension[])[RequiresType, new Extension(0xf123, [1])])
            await scene.RefusedAsync(MlsError.UnsupportedCapability, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(), new GroupContextExtensionsProposal([extension])));
        await scene.RefusedAsync(MlsError.InvalidExtension, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(), new GroupContextExtensionsProposal([new(Extension.RequiredCapabilities, [1])])));
    }

    static async Task BothRefused(MlsError error, Func<Scene, LeafDraft, LeafDraft>? change = null, LeafIndex? signedFor = null, byte[]? signedIn = null)
    {
        await RefusedAsUpdate(error, change, signedFor, signedIn);
        await RefusedInPath(error, change, signedFor, signedIn);
    }

    static async Task RefusedAsUpdate(MlsError error, Func<Scene, LeafDraft, LeafDraft>? change, LeafIndex? signedFor = null, byte[]? signedIn = null)
    {
        Scene scene = await Scene.CreateAsync();
        Proposal update = await scene.Eve.UpdateAsync(leaf => change?.Invoke(scene, leaf) ?? leaf, signedFor, signedIn);
        await scene.RefusedAsync(error, await scene.Eve.ProposeAsync(update));
    }

    static async Task RefusedInPath(MlsError error, Func<Scene, LeafDraft, LeafDraft>? change, LeafIndex? signedFor = null, byte[]? signedIn = null)
    {
        Scene scene = await Scene.CreateAsync();
        UpdatePath path = await scene.Eve.PathAsync(leaf => change?.Invoke(scene, leaf) ?? leaf, signedFor, signedIn);
        await scene.RefusedAsync(error, await scene.Eve.CommitAsync(path));
    }

    /// <summary>An Update that is fine by itself, and not in the tree: refused at the latest when Cid, as evil, commits it.</summary>
    static async Task RefusedAsCommittedUpdate(MlsError error, Func<Scene, LeafDraft, LeafDraft> change)
    {
        Scene scene = await Scene.CreateAsync();
        byte[] proposal = await scene.Eve.ProposeAsync(await scene.Eve.UpdateAsync(leaf => change(scene, leaf)));
        string before = scene.Bob.Snapshot();
        ProcessResult received = await scene.Bob.ReceiveAsync(proposal);
        if (received is ProcessResult.Refused refused)
        {
            Assert.Equal(error, refused.Error);
            Assert.Equal(before, scene.Bob.Snapshot());
            return;
        }
        EvilMember cid = new(scene.Cid.Group);
        byte[] kept = scene.Bob.Group.Changes(null).Single(record => record.Key.StartsWith("proposal/", StringComparison.Ordinal)).Value!;
        byte[] reference = TlsReader.ReadAll(kept, QueuedProposal.Read).Reference!;
        await scene.RefusedAsync(error, await cid.CommitReferencesAsync(await cid.PathAsync(), reference));
    }

    sealed class Gullible : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => true;
    }
}

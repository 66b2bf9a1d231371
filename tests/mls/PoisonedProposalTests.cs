namespace Kavalek.Mls.Tests;

/// <summary>
/// Proposals that are right by themselves and fit nothing: whoever commits leaves them out, or one member could keep the others from ever
/// committing, and with that from writing (§12.4).
/// </summary>
public static class PoisonedProposalTests
{
    const ushort Unheard = 0xf00d;

    // K-47
    [Theory]
    [InlineData("credential type that others lack")]
    [InlineData("capability that the group requires")]
    [InlineData("encryption key of a member")]
    [InlineData("encryption key of a parent")]
    [InlineData("signature key of a member")]
    public static async Task Section_12_2_an_add_that_does_not_fit_the_group_is_left_out(string what)
    {
        Extension required = new RequiredCapabilities([Extension.LastResort], [], []).ToExtension();
        Scene scene = await Scene.CreateAsync(filled: true, extensions: required);
        Client dan = await Client.CreateAsync("dan");
        KeyPackage honest = await dan.PublishAsync();
        EvilMember eve = scene.Eve;
        KeyPackage poison = await AddedAsync(eve.Crypto, leaf => what switch
        {
            "credential type that others lack" => leaf with
            {
                Credential = new Credential(Unheard, [1]),
                Capabilities = leaf.Capabilities with { Credentials = [Credential.BasicType, Unheard] },
            },
            "capability that the group requires" => leaf with { Capabilities = leaf.Capabilities with { Extensions = [] } },
            "encryption key of a member" => leaf with { EncryptionKey = scene.Cid.Group.Own.Leaf.EncryptionKey },
            "encryption key of a parent" => leaf with { EncryptionKey = scene.Cid.Group.State.Tree.ParentNodes.Entries()[0].Value.EncryptionKey },
            _ => leaf with { SignatureKey = scene.EveHerself.SignatureKey.PublicKey, SignWith = scene.EveHerself.SignatureKey.PrivateKey },
        });
        await HearAsync(scene, await eve.PublicAsync(eve.Content(proposal: new AddProposal(poison))));
        await HearAsync(scene, await eve.PublicAsync(eve.Content(proposal: new AddProposal(honest))));
        CommitEffects effects = await CommitAsync(scene, new());
        Assert.Equal("dan", System.Text.Encoding.UTF8.GetString(Assert.Single(effects.Added).Credential.Content));
    }

    // K-47
    [Theory]
    [InlineData("credential type that others lack")]
    [InlineData("capability that the group requires")]
    [InlineData("encryption key of a member")]
    [InlineData("signature key of a member")]
    public static async Task Section_12_2_an_update_that_does_not_fit_the_group_is_left_out(string what)
    {
        Extension required = new RequiredCapabilities([Extension.LastResort], [], []).ToExtension();
        Scene scene = await Scene.CreateAsync(filled: true, authentication: new Anybody(), extensions: required);
        EvilMember eve = scene.Eve;
        Proposal poison = await eve.UpdateAsync(leaf => what switch
        {
            "credential type that others lack" => leaf with
            {
                Credential = new Credential(Unheard, [1]),
                Capabilities = leaf.Capabilities with { Credentials = [Credential.BasicType, Unheard] },
            },
            "capability that the group requires" => leaf with { Extensions = [], Capabilities = leaf.Capabilities with { Extensions = [] } },
            "encryption key of a member" => leaf with { EncryptionKey = scene.Cid.Group.Own.Leaf.EncryptionKey },
            _ => leaf with { SignatureKey = scene.Cid.SignatureKey.PublicKey, SignWith = scene.Cid.SignatureKey.PrivateKey },
        });
        await HearAsync(scene, await scene.Cid.ProposeAsync(group => group.ProposeUpdateAsync()), from: scene.Cid);
        await HearAsync(scene, await eve.PublicAsync(eve.Content(proposal: poison)));
        CommitEffects effects = await CommitAsync(scene, new());
        Assert.Equal([scene.Cid.Group.OwnIndex, scene.Ann.Group.OwnIndex], effects.Updated.Select(member => member.After.Index));
    }

    // K-47
    [Fact]
    public static async Task Section_12_1_7_extensions_that_somebody_cannot_do_are_left_out()
    {
        Scene scene = await Scene.CreateAsync();
        EvilMember eve = scene.Eve;
        GroupContextExtensionsProposal beyond = new([new RequiredCapabilities([Unheard], [], []).ToExtension()]), possible = new([new RequiredCapabilities([Extension.LastResort], [], []).ToExtension()]);
        await HearAsync(scene, await eve.PublicAsync(eve.Content(proposal: beyond)));
        await HearAsync(scene, await eve.PublicAsync(eve.Content(proposal: possible)));
        Assert.True((await CommitAsync(scene, new())).ChangesExtensions);
        Assert.Equal(possible.Extensions, scene.Bob.Group.Extensions);
        // What is to be required decides about who was proposed, too.
        EvilMember cid = new(scene.Cid.Group);
        KeyPackage bare = await AddedAsync(cid.Crypto, leaf => leaf with { Capabilities = leaf.Capabilities with { Extensions = [] } });
        await HearAsync(scene, await cid.PublicAsync(cid.Content(proposal: new AddProposal(bare))), from: scene.Cid);
        Assert.Empty((await CommitAsync(scene, new() { Extensions = possible.Extensions })).Added);
    }

    // K-47
    [Fact]
    public static async Task Section_12_2_one_pre_shared_key_proposed_twice_is_taken_once()
    {
        Scene scene = await Scene.CreateAsync();
        using Secret psk = Secret.Copy([1, 2, 3]);
        foreach (Client client in (Client[])[scene.Ann, scene.Bob, scene.EveHerself, scene.Cid]) client.ExternalPsk = _ => psk;
        EvilMember eve = scene.Eve;
        PskProposal twice = new(PreSharedKeyId.External([7], new byte[32]));
        await HearAsync(scene, await eve.PublicAsync(eve.Content(proposal: twice)));
        await HearAsync(scene, await eve.PublicAsync(eve.Content(proposal: twice) with { AuthenticatedData = [1] }));
        Assert.Single((await CommitAsync(scene, new())).Proposals);
    }

    // K-47
    [Fact]
    public static async Task Section_12_2_more_proposals_than_a_commit_may_hold_leave_room_for_what_is_asked_for()
    {
        Scene scene = await Scene.CreateAsync();
        foreach (Client client in (Client[])[scene.Ann, scene.Bob, scene.EveHerself, scene.Cid]) client.Take(MlsGroup.Load(client.Environment with { Limits = new() { MaxProposals = 3 } }, client.Group.Changes(null)));
        EvilMember eve = scene.Eve;
        for (int i = 0; i < 3; i++)
            await HearAsync(scene, await eve.PublicAsync(eve.Content(proposal: new AddProposal(await (await Client.CreateAsync($"friend {i}")).PublishAsync()))));
        CommitEffects effects = await CommitAsync(scene, new() { Add = [await (await Client.CreateAsync("dan")).PublishAsync()] });
        Assert.Equal(["dan", "friend 0", "friend 1"], effects.Added.Select(member => System.Text.Encoding.UTF8.GetString(member.Credential.Content)));
    }

    // K-49
    [Fact]
    public static async Task Proposals_are_kept_up_to_a_size_and_no_more()
    {
        Scene scene = await Scene.CreateAsync();
        EvilMember eve = scene.Eve;
        MlsEnvironment tight = scene.Bob.Environment with { Limits = new() { MaxProposalsSize = 10_000 } };
        Task<byte[]> LargeAsync(byte number) =>
            eve.PublicAsync(eve.Content(proposal: new GroupContextExtensionsProposal([new Extension(Extension.LastResort, new byte[4_000])])) with { AuthenticatedData = [number] });
        // The count outlives a restart.
        scene.Bob.Take(MlsGroup.Load(tight, scene.Bob.Group.Changes(null)));
        Assert.IsType<ProcessResult.ProposalReceived>(await scene.Bob.ReceiveAsync(await LargeAsync(1)));
        Assert.IsType<ProcessResult.ProposalReceived>(await scene.Bob.ReceiveAsync(await LargeAsync(2)));
        scene.Bob.Take(MlsGroup.Load(tight, scene.Bob.Group.Changes(null)));
        string before = scene.Bob.Snapshot();
        Assert.Equal(MlsError.LimitExceeded, Assert.IsType<ProcessResult.Refused>(await scene.Bob.ReceiveAsync(await LargeAsync(3))).Error);
        Assert.Equal(before, scene.Bob.Snapshot());
        Assert.IsType<ProcessResult.ProposalReceived>(await scene.Bob.ReceiveAsync(await eve.PublicAsync(eve.Content(proposal: new RemoveProposal(eve.Group.OwnIndex)))));
    }

    /// <summary>Everybody but who made it takes the proposal. What Eve makes she knows too.</summary>
    static async Task HearAsync(Scene scene, byte[] proposal, Client? from = null)
    {
        foreach (Client client in (Client[])[scene.Ann, scene.Bob, scene.Cid])
        {
            if (client == from) continue;
            ProcessResult result = await client.ReceiveAsync(proposal);
            Assert.True(result is ProcessResult.ProposalReceived, result.ToString());
        }
    }

    /// <summary>Ann commits, Bob and Cid follow, and they write to each other again.</summary>
    static async Task<CommitEffects> CommitAsync(Scene scene, CommitRequest request)
    {
        PendingCommit pending = await scene.Ann.CommitAsync(request);
        foreach (Client client in (Client[])[scene.Ann, scene.Bob, scene.Cid])
        {
            ProcessResult result = await client.ReceiveAsync(pending.Message);
            Assert.True(result is ProcessResult.CommitReceived or ProcessResult.OwnCommitConfirmed, result.ToString());
        }
        Assert.Equal("on we go", await scene.Bob.ReadAsync(await scene.Ann.SendAsync("on we go")));
        return pending.Effects;
    }

    static async Task<KeyPackage> AddedAsync(SuiteCrypto crypto, Func<LeafDraft, LeafDraft> change)
    {
        KeyPair signer = await crypto.GenerateSignatureKeyPairAsync(), encryption = await crypto.GenerateKeyPairAsync(), init = await crypto.GenerateKeyPairAsync();
        LeafDraft draft = change(new(encryption.PublicKey, signer.PublicKey, Credential.Basic("mallory"u8.ToArray()), Capabilities.For(crypto.Suite),
            LeafNodeSource.KeyPackage, Lifetime.Starting(Client.Now, TimeSpan.FromDays(30)), null, [], signer.PrivateKey));
        LeafNode leaf = await draft.SignAsync(crypto, [], default);
        return (await new PackageDraft(KeyPackage.Mls10, crypto.Suite.Id, init.PublicKey, leaf, [], draft.SignWith).SignAsync(crypto)).Build();
    }

    sealed class Anybody : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => true;
    }
}

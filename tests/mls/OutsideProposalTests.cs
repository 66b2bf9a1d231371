namespace Kavalek.Mls.Tests;

/// <summary>Proposals from outside the group (RFC 9420 §12.1.8).</summary>
public static class OutsideProposalTests
{
    /// <summary>A group of three that names one external sender, who stands second in the extension.</summary>
    sealed class Stage
    {
        public required List<Client> Clients { get; init; }

        public required KeyPair Key { get; init; }

        public required OutsideProposer Proposer { get; init; }

        public Client First => Clients[0];

        public MlsGroup Group => First.Group;

        public static async Task<Stage> SetAsync(IAuthenticationService? authentication = null, MlsRules? rules = null, Capabilities? capabilities = null)
        {
            MlsEnvironment environment = new(NativeCryptoProvider.Shared, new CredentialBook()) { Rules = MlsRules.Open };
            KeyPair key = await environment.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
            KeyPair nobody = await environment.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
            Extension senders = ExternalSender.ToExtension([new(nobody.PublicKey, Named("nobody")), new(key.PublicKey, Named("door keeper"))]);
            return new()
            {
                Clients = await OpenGroup.OfAsync(3, rules: rules, authentication: authentication, capabilities: capabilities, extensions: senders),
                Key = key,
                Proposer = new(environment, CipherSuite.P256Aes128, 1, key.PrivateKey),
            };
        }

        /// <summary>A signed message of this sender, whatever it holds.</summary>
        public async Task<byte[]> SignAsync(Sender sender, Proposal? proposal = null, Commit? commit = null, byte[]? application = null, Secret? key = null)
        {
            FramedContent content = new(Group.GroupId, Group.Epoch, sender, [], application, proposal, commit);
            byte[] signature = await Group.State.Crypto.SignWithLabelAsync(key ?? Key.PrivateKey, "FramedContentTBS",
                AuthenticatedContent.ToBeSigned(WireFormat.PublicMessage, content, Group.State.Context.Encoded));
            return new PublicMessage(new(WireFormat.PublicMessage, content, signature, commit is null ? null : new byte[32]), null).Encode();
        }
    }

    static readonly Sender DoorKeeper = new(SenderType.External, 1);

    static Credential Named(string name) => Credential.Basic(System.Text.Encoding.UTF8.GetBytes(name));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task A_named_sender_proposes_to_add_and_to_remove(bool restarts)
    {
        Stage stage = await Stage.SetAsync();
        foreach (Client client in stage.Clients) client.Restarts = restarts;
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        await stage.Clients.HearAsync(await stage.Proposer.ProposeAddAsync(stage.Group.GroupId, stage.Group.Epoch, await newcomer.PublishAsync()));
        await stage.Clients.HearAsync(await stage.Proposer.ProposeRemoveAsync(stage.Group.GroupId, stage.Group.Epoch, new(2)));
        Assert.All(stage.Group.Proposals, proposal => Assert.True(proposal.Sender is null && proposal.External!.Credential == Named("door keeper")));

        PendingCommit pending = await stage.Clients[1].CommitAsync(new());
        Assert.Equal([ProposalType.Remove, ProposalType.Add], pending.Effects.Proposals.Select(proposal => proposal.Type));
        Assert.All(pending.Effects.Proposals, proposal => Assert.Equal(Named("door keeper"), proposal.External!.Credential));
        Assert.Empty(pending.Effects.Proposers);
        Assert.IsType<ProcessResult.RemovedFromGroup>(await stage.Clients[2].ReceiveAsync(pending.Message));
        stage.Clients.RemoveAt(2);
        byte[] welcome = pending.Welcome!;
        await stage.Clients.DeliverAsync(pending.Message);
        await newcomer.JoinAsync(welcome);
        stage.Clients.Add(newcomer);
        GroupLifeTests.AssertAgree(stage.Clients);
        await GroupLifeTests.AssertAllHearEachOtherAsync(stage.Clients);
    }

    [Fact]
    public static async Task A_named_sender_proposes_extensions_and_a_re_init()
    {
        Stage stage = await Stage.SetAsync();
        await stage.Clients.HearAsync(await stage.Proposer.ProposeExtensionsAsync(stage.Group.GroupId, stage.Group.Epoch, []));
        await stage.Clients.CommitAsync(stage.First);
        Assert.Empty(stage.Group.Extensions);
        // That took its name off the list.
        await stage.First.RefusesAsync(MlsError.InvalidSender, await stage.Proposer.ProposeRemoveAsync(stage.Group.GroupId, stage.Group.Epoch, new(2)));

        Stage second = await Stage.SetAsync();
        await second.Clients.HearAsync(await second.Proposer.ProposeReInitAsync(second.Group.GroupId, second.Group.Epoch, new([1], CipherSuite.P384Aes256.Id, [])));
        PendingCommit pending = await second.Clients.CommitAsync(second.First);
        Assert.Equal(CipherSuite.P384Aes256.Id, pending.Effects.ReInit!.CipherSuite);
        Assert.NotNull(second.Group.ReInit);
    }

    [Fact]
    public static async Task A_named_sender_proposes_a_pre_shared_key_and_something_of_the_applications_own()
    {
        MlsRules rules = MlsRules.Open with { CustomProposals = [new(0xf00d, FromOutside: true), new(0xf00e)] };
        Capabilities can = Capabilities.For([CipherSuite.P256Aes128], [], [0xf00d, 0xf00e]);
        Stage stage = await Stage.SetAsync(rules: rules, capabilities: can);
        using Secret psk = Secret.Copy("a secret of our own"u8);
        await stage.Clients.HearAsync(await stage.Proposer.ProposePskAsync(stage.Group.GroupId, stage.Group.Epoch, [7]));
        await stage.Clients.HearAsync(await stage.Proposer.ProposeAsync(stage.Group.GroupId, stage.Group.Epoch, new CustomProposal(0xf00d, [1, 2])));
        await stage.First.RefusesAsync(MlsError.InvalidSender, await stage.Proposer.ProposeAsync(stage.Group.GroupId, stage.Group.Epoch, new CustomProposal(0xf00e, [])));
        (PendingCommit pending, MlsGroup next) = await stage.Group.CommitAsync(new(), Client.Now, _ => psk);
        stage.First.Keep(next);
        var received = Assert.IsType<ProcessResult.CommitReceived>(await stage.Clients[1].Group.ProcessAsync(pending.Message, Client.Now, new() { ExternalPsk = _ => psk }));
        Assert.Equal([7], received.Effects.Proposals[0].ExternalPsk);
        Assert.Equal([1, 2], received.Effects.Proposals[1].Custom!.Data);
        Assert.Equal(pending.NextEpochAuthenticator, received.Next.EpochAuthenticator);
    }

    [Fact]
    public static async Task Anybody_proposes_to_be_added_and_joins_by_the_welcome()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        (byte[] groupId, ulong epoch) = (clients[0].Group.GroupId, clients[0].Group.Epoch);
        byte[] proposal = await OutsideProposer.ProposeOneselfAsync(newcomer.Environment, groupId, epoch, await newcomer.OfferAsync());
        foreach (Client client in clients)
        {
            var received = Assert.IsType<ProcessResult.ProposalReceived>(await client.ReceiveAsync(proposal));
            Assert.Null(received.Sender);
            Assert.Null(received.Proposal.External);
            Assert.Equal(Named("newcomer"), received.Proposal.KeyPackage!.Credential);
        }
        PendingCommit pending = await clients[1].CommitAsync(new());
        byte[] welcome = pending.Welcome!;
        await clients.DeliverAsync(pending.Message);
        await newcomer.JoinAsync(welcome);
        GroupLifeTests.AssertAgree([.. clients, newcomer]);
    }

    // K-47
    [Fact]
    public static async Task Section_12_1_8_who_is_outside_proposes_only_what_concerns_the_group()
    {
        Stage stage = await Stage.SetAsync();
        EvilMember member = new(stage.Clients[1].Group);
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        KeyPackageBundle own = await newcomer.BundleAsync();
        await stage.First.RefusesAsync(MlsError.InvalidSender, await stage.SignAsync(DoorKeeper, await member.UpdateAsync()));
        await stage.First.RefusesAsync(MlsError.InvalidSender, await stage.SignAsync(DoorKeeper, new ExternalInitProposal(new byte[65])));
        await stage.First.RefusesAsync(MlsError.InvalidSender, await stage.SignAsync(DoorKeeper, new ApplicationProposal(0xf00d, [])));
        await stage.First.RefusesAsync(MlsError.InvalidSender, await stage.SignAsync(DoorKeeper, commit: new Commit([], await member.PathAsync())));
        await stage.First.RefusesAsync(MlsError.UnencryptedApplicationMessage, await stage.SignAsync(DoorKeeper, application: [1]));
        foreach (Proposal proposal in (Proposal[])[new RemoveProposal(new(2)), await member.UpdateAsync(), new GroupContextExtensionsProposal([]), new ReInitProposal([1], 1, 2, [])])
            await stage.First.RefusesAsync(MlsError.InvalidSender, await stage.SignAsync(Sender.NewMemberProposal, proposal, key: own.SignatureKey));
        await stage.First.RefusesAsync(MlsError.InvalidSender, await stage.SignAsync(Sender.NewMemberProposal, commit: new Commit([], null), key: own.SignatureKey));
    }

    // K-47
    [Fact]
    public static async Task Section_12_1_8_a_proposal_from_outside_is_signed_by_the_named_key_and_by_the_one_to_be_added()
    {
        Stage stage = await Stage.SetAsync();
        Proposal remove = new RemoveProposal(new(2));
        using KeyPair other = await stage.First.Environment.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        await stage.First.RefusesAsync(MlsError.InvalidSignature, await stage.SignAsync(DoorKeeper, remove, key: other.PrivateKey));
        await stage.First.RefusesAsync(MlsError.InvalidSignature, await stage.SignAsync(DoorKeeper with { Index = 0 }, remove));
        await stage.First.RefusesAsync(MlsError.InvalidSender, await stage.SignAsync(DoorKeeper with { Index = 2 }, remove));
        await stage.First.RefusesAsync(MlsError.InvalidSender, await stage.SignAsync(DoorKeeper with { Index = uint.MaxValue }, remove));
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        await stage.First.RefusesAsync(MlsError.InvalidSignature, await stage.SignAsync(Sender.NewMemberProposal, new AddProposal(await newcomer.PublishAsync()), key: other.PrivateKey));
        // What is proposed is held to the same rules as from inside.
        await stage.First.RefusesAsync(MlsError.InvalidProposal, await stage.Proposer.ProposeRemoveAsync(stage.Group.GroupId, stage.Group.Epoch, new(9)));
        await stage.First.RefusesAsync(MlsError.EpochTooOld, await stage.Proposer.ProposeRemoveAsync(stage.Group.GroupId, 0, new(2)));
        await stage.First.RefusesAsync(MlsError.WrongGroup, await stage.Proposer.ProposeRemoveAsync([9], stage.Group.Epoch, new(2)));
    }

    // K-33
    [Fact]
    public static async Task A_proposal_from_outside_changed_at_any_byte_or_cut_at_any_length_leaves_the_group_bit_for_bit()
    {
        Stage stage = await Stage.SetAsync();
        byte[] message = await stage.Proposer.ProposeRemoveAsync(stage.Group.GroupId, stage.Group.Epoch, new(2));
        string before = stage.First.Snapshot();
        for (int i = 0; i < message.Length; i++)
        {
            byte[] changed = [.. message];
            changed[i] ^= (byte)(1 << (i % 8));
            Assert.IsType<ProcessResult.Refused>(await stage.Group.ProcessAsync(changed, Client.Now));
            Assert.IsType<ProcessResult.Refused>(await stage.Group.ProcessAsync(message.AsMemory()[..i], Client.Now));
        }
        Assert.Equal(before, stage.First.Snapshot());
    }

    [Fact]
    public static async Task Section_5_3_1_the_application_is_asked_about_each_external_sender()
    {
        CredentialBook book = new();
        Stage stage = await Stage.SetAsync(book);
        book.Refused.Add("door keeper");
        byte[] other = stage.Clients[1].Group.Extensions[0].Data;
        EvilMember member = new(stage.Clients[1].Group);
        await stage.First.RefusesAsync(MlsError.InvalidCredential, await member.ProposeAsync(new GroupContextExtensionsProposal([new(Extension.ExternalSenders, other)])));
        Client newcomer = await Client.CreateAsync("newcomer", book, rules: MlsRules.Open);
        byte[] info = await stage.First.InfoAsync();
        await OpenGroup.RefusesAsync(MlsError.InvalidCredential, () => newcomer.JoinExternallyAsync(info));
        await OpenGroup.RefusesAsync(MlsError.InvalidCredential, () => newcomer.CreateGroupAsync(new Extension(Extension.ExternalSenders, other)));
    }

    // K-47
    [Fact]
    public static async Task Section_12_1_8_1_external_senders_that_do_not_decode_are_refused()
    {
        Stage stage = await Stage.SetAsync();
        EvilMember member = new(stage.Clients[1].Group);
        byte[] good = stage.Group.Extensions[0].Data;
        foreach (byte[] bad in (byte[][])[[], [1], good[..^1], [.. good, 0]])
            await stage.First.RefusesAsync(MlsError.InvalidExtension, await member.ProposeAsync(new GroupContextExtensionsProposal([new(Extension.ExternalSenders, bad)])));
    }

    [Fact]
    public static async Task Under_rules_that_do_not_allow_it_nobody_proposes_from_outside()
    {
        List<Client> clients = await OpenGroup.OfAsync(2, MlsRules.Default);
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        await clients[0].RefusesAsync(MlsError.NotAllowed, await OutsideProposer.ProposeOneselfAsync(
            newcomer.Environment, clients[0].Group.GroupId, clients[0].Group.Epoch, await newcomer.BundleAsync()));
        OutsideProposer proposer = new(newcomer.Environment, CipherSuite.P256Aes128, 0, newcomer.SignatureKey.PrivateKey);
        await clients[0].RefusesAsync(MlsError.NotAllowed, await proposer.ProposeRemoveAsync(clients[0].Group.GroupId, clients[0].Group.Epoch, new(1)));
    }
}

namespace Kavalek.Mls.Tests;

/// <summary>Joining by a commit of one's own (RFC 9420 §12.4.3.2).</summary>
public static class ExternalJoinTests
{
    public static TheoryData<ushort> AllSuites => [.. CipherSuite.Known.Where(NativeCryptoProvider.Shared.Supports).Select(suite => suite.Id)];

    [Theory, MemberData(nameof(AllSuites))]
    public static async Task A_client_joins_by_the_group_info_alone_on_every_suite(ushort id)
    {
        CipherSuite suite = CipherSuite.Find(id)!;
        List<Client> clients = await OpenGroup.OfAsync(3, suite: suite);
        Client newcomer = await Client.CreateAsync("newcomer", suite: suite, rules: MlsRules.Open);
        ExternalJoin joined = await newcomer.JoinExternallyAsync(await clients[1].InfoAsync());
        await clients.DeliverAsync(joined.Message);
        clients.Add(newcomer);
        GroupLifeTests.AssertAgree(clients);
        await GroupLifeTests.AssertAllHearEachOtherAsync(clients);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task Who_joined_by_itself_is_a_member_like_any_other(bool restarts)
    {
        List<Client> clients = await OpenGroup.OfAsync(3, restarts: restarts);
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        newcomer.Restarts = restarts;
        ExternalJoin joined = await newcomer.JoinExternallyAsync(await clients[2].InfoAsync(), new() { AuthenticatedData = "hello"u8.ToArray() });
        foreach (Client client in clients)
        {
            var received = Assert.IsType<ProcessResult.CommitReceived>(await client.ReceiveAsync(joined.Message));
            Assert.True(received.Effects.IsExternal);
            Assert.Equal(new LeafIndex(3), received.Effects.Committer.Index);
            Assert.Equal("newcomer"u8.ToArray(), Assert.Single(received.Effects.Added).Credential.Content);
            Assert.Empty(received.Effects.Removed);
            Assert.Empty(received.Effects.Updated);
            Assert.Equal("hello"u8.ToArray(), received.AuthenticatedData);
        }
        clients.Add(newcomer);
        GroupLifeTests.AssertAgree(clients);
        foreach (Client client in clients) await clients.CommitAsync(client);
        Client invited = await Client.CreateAsync("invited", rules: MlsRules.Open);
        await GroupLifeTests.AddAsync(newcomer, clients.Where(client => client != newcomer), invited);
        clients.Add(invited);
        await GroupLifeTests.AssertAllHearEachOtherAsync(clients);
    }

    [Fact]
    public static async Task A_group_of_one_can_be_joined_and_a_full_tree_grows()
    {
        List<Client> clients = await OpenGroup.OfAsync(1);
        for (int i = 1; i < 6; i++)
        {
            Client newcomer = await Client.CreateAsync($"newcomer {i}", rules: MlsRules.Open);
            ExternalJoin joined = await newcomer.JoinExternallyAsync(await clients[^1].InfoAsync());
            Assert.Equal(new LeafIndex((uint)i), newcomer.Group.OwnIndex);
            await clients.DeliverAsync(joined.Message);
            clients.Add(newcomer);
            GroupLifeTests.AssertAgree(clients);
        }
        await GroupLifeTests.AssertAllHearEachOtherAsync(clients);
    }

    // K-47
    [Fact]
    public static async Task Section_12_4_3_2_who_joins_gets_the_leftmost_blank_leaf()
    {
        List<Client> clients = await OpenGroup.OfAsync(5);
        PendingCommit removal = await clients[0].CommitAsync(new() { Remove = [new(1), new(3)] });
        clients.RemoveAll(client => client.Name is "client 1" or "client 3");
        await clients.DeliverAsync(removal.Message);
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        ExternalJoin joined = await newcomer.JoinExternallyAsync(await clients[1].InfoAsync());
        Assert.Equal(new LeafIndex(1), newcomer.Group.OwnIndex);
        await clients.DeliverAsync(joined.Message);
        GroupLifeTests.AssertAgree([.. clients, newcomer]);
    }

    // K-47
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public static async Task Section_12_4_3_2_a_client_that_lost_its_state_replaces_its_earlier_self(int lost)
    {
        List<Client> clients = await OpenGroup.OfAsync(5);
        await clients.CommitAsync(clients[0]);
        Client returning = clients[lost];
        LeafIndex earlier = returning.Group.OwnIndex;
        ExternalJoin joined = await returning.JoinExternallyAsync(await clients[2].InfoAsync(), new() { EarlierSelf = earlier });
        // The leftmost blank leaf after the removal: the one it had.
        Assert.Equal(earlier, returning.Group.OwnIndex);
        foreach (Client client in clients.Where(client => client != returning))
        {
            var received = Assert.IsType<ProcessResult.CommitReceived>(await client.ReceiveAsync(joined.Message));
            Assert.Equal(earlier, Assert.Single(received.Effects.Removed).Index);
            Assert.Equal(earlier, Assert.Single(received.Effects.Added).Index);
        }
        GroupLifeTests.AssertAgree(clients);
        await GroupLifeTests.AssertAllHearEachOtherAsync(clients);
    }

    [Fact]
    public static async Task An_earlier_self_further_right_is_removed_and_the_leaf_further_left_is_taken()
    {
        List<Client> clients = await OpenGroup.OfAsync(5);
        PendingCommit removal = await clients[0].CommitAsync(new() { Remove = [new(1)] });
        clients.RemoveAt(1);
        await clients.DeliverAsync(removal.Message);
        Client returning = clients[^1];
        ExternalJoin joined = await returning.JoinExternallyAsync(await clients[0].InfoAsync(), new() { EarlierSelf = new LeafIndex(4) });
        Assert.Equal(new LeafIndex(1), returning.Group.OwnIndex);
        await clients.DeliverAsync(joined.Message, but: returning);
        GroupLifeTests.AssertAgree(clients);
    }

    [Fact]
    public static async Task The_earlier_self_learns_that_it_was_replaced()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        Client returning = clients[2];
        MlsGroup earlier = returning.Group;
        ExternalJoin joined = await returning.JoinExternallyAsync(await clients[0].InfoAsync(), new() { EarlierSelf = new LeafIndex(2) });
        Assert.IsType<ProcessResult.RemovedFromGroup>(await earlier.ProcessAsync(joined.Message, Client.Now));
    }

    [Fact]
    public static async Task Pre_shared_keys_and_the_earlier_membership_enter_the_external_commit()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        using Secret psk = Secret.Copy("a secret of our own"u8);
        Secret? Lookup(ReadOnlyMemory<byte> id) => id.Span.SequenceEqual("psk"u8) ? psk : null;
        Client returning = clients[2];
        MlsGroup earlier = returning.Group;
        ExternalJoin joined = await returning.JoinExternallyAsync(await clients[0].InfoAsync(), new()
        {
            EarlierSelf = earlier.OwnIndex,
            ExternalPsks = ["psk"u8.ToArray()],
            ExternalPsk = Lookup,
            ResumptionPsks = [new(earlier.GroupId, earlier.Epoch)],
            Groups = _ => earlier,
        });
        await clients[0].RefusesAsync(MlsError.UnknownPsk, joined.Message);
        foreach (Client client in clients.Take(2))
        {
            var received = Assert.IsType<ProcessResult.CommitReceived>(await client.Group.ProcessAsync(joined.Message, Client.Now, new() { ExternalPsk = Lookup }));
            Assert.Equal([ProposalType.Psk, ProposalType.Psk], received.Effects.Proposals.Select(proposal => proposal.Type));
            client.Keep(received.Next);
        }
        GroupLifeTests.AssertAgree(clients);
    }

    [Fact]
    public static async Task The_tree_may_come_beside_the_group_info_and_must_be_the_right_one()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        byte[] info = await clients[0].InfoAsync(withTree: false), tree = clients[0].Group.ExportRatchetTree();
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        await OpenGroup.RefusesAsync(MlsError.MissingTree, () => newcomer.JoinExternallyAsync(info));
        await clients.CommitAsync(clients[1]);
        await OpenGroup.RefusesAsync(MlsError.TreeHashMismatch, () => newcomer.JoinExternallyAsync(info, new() { RatchetTree = clients[0].Group.ExportRatchetTree() }));
        ExternalJoin stale = await newcomer.JoinExternallyAsync(info, new() { RatchetTree = tree });
        await clients[0].RefusesAsync(MlsError.EpochTooOld, stale.Message);
    }

    // K-47
    [Fact]
    public static async Task Section_12_4_3_2_without_external_pub_nobody_joins()
    {
        List<Client> clients = await OpenGroup.OfAsync(2);
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        async Task<byte[]> InfoAsync(params Extension[] extensions)
        {
            EpochState state = clients[0].Group.State;
            GroupInfo honest = GroupInfo.Decode(await clients[0].InfoAsync());
            Extension tree = honest.Extensions.Single(extension => extension.Type == Extension.RatchetTree);
            return (await (honest with { Extensions = [tree, .. extensions] }).SignAsync(state.Crypto, state.SignatureKey)).Encode();
        }
        await OpenGroup.RefusesAsync(MlsError.InvalidGroupInfo, async () => await newcomer.JoinExternallyAsync(await InfoAsync()));
        await OpenGroup.RefusesAsync(MlsError.InvalidGroupInfo, async () => await newcomer.JoinExternallyAsync(await InfoAsync(new Extension(Extension.ExternalPub, [3, 1, 2, 3]))));
        await OpenGroup.RefusesAsync(MlsError.Malformed, async () => await newcomer.JoinExternallyAsync(await InfoAsync(new Extension(Extension.ExternalPub, [3]))));
    }

    // K-33
    [Fact]
    public static async Task A_group_info_changed_at_any_byte_or_cut_at_any_length_joins_nothing()
    {
        List<Client> clients = await OpenGroup.OfAsync(2);
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        byte[] info = await clients[0].InfoAsync();
        for (int i = 0; i < info.Length; i++)
        {
            byte[] changed = [.. info];
            changed[i] ^= (byte)(1 << (i % 8));
            await Assert.ThrowsAsync<MlsException>(() => newcomer.JoinExternallyAsync(changed));
            await Assert.ThrowsAsync<MlsException>(() => newcomer.JoinExternallyAsync(info[..i]));
        }
        await newcomer.JoinExternallyAsync(info);
    }

    // K-33
    [Fact]
    public static async Task An_external_commit_changed_at_any_byte_or_cut_at_any_length_leaves_the_group_bit_for_bit()
    {
        List<Client> clients = await OpenGroup.OfAsync(2);
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        byte[] message = (await newcomer.JoinExternallyAsync(await clients[0].InfoAsync())).Message;
        string before = clients[1].Snapshot();
        for (int i = 0; i < message.Length; i++)
        {
            byte[] changed = [.. message];
            changed[i] ^= (byte)(1 << (i % 8));
            Assert.IsType<ProcessResult.Refused>(await clients[1].Group.ProcessAsync(changed, Client.Now));
            Assert.IsType<ProcessResult.Refused>(await clients[1].Group.ProcessAsync(message.AsMemory()[..i], Client.Now));
        }
        Assert.Equal(before, clients[1].Snapshot());
        await clients.DeliverAsync(message);
        GroupLifeTests.AssertAgree([.. clients, newcomer]);
    }

    // K-47
    [Fact]
    public static async Task Section_12_2_an_external_commit_holds_one_ExternalInit_and_at_most_one_Remove()
    {
        List<Client> clients = await OpenGroup.OfAsync(4);
        Client client = clients[0];
        Client eve = await Client.CreateAsync("client 3", rules: MlsRules.Open), dan = await Client.CreateAsync("dan");
        EvilJoiner evil = new(eve, client);
        Proposal init = await evil.InitAsync(), self = new RemoveProposal(new(3)), other = new RemoveProposal(new(2));
        await client.RefusesAsync(MlsError.InvalidConfirmationTag, await evil.CommitAsync(init));
        await client.RefusesAsync(MlsError.InvalidConfirmationTag, await evil.CommitAsync(init, self));
        await client.RefusesAsync(MlsError.InvalidProposalList, await evil.CommitAsync(self));
        await client.RefusesAsync(MlsError.InvalidProposalList, await evil.CommitAsync(init, await evil.InitAsync()));
        await client.RefusesAsync(MlsError.InvalidProposalList, await evil.CommitAsync(init, self, other));
        await client.RefusesAsync(MlsError.InvalidProposalList, await evil.CommitAsync(init, new AddProposal(await dan.PublishAsync())));
        await client.RefusesAsync(MlsError.InvalidProposalList, await evil.CommitAsync(init, new GroupContextExtensionsProposal([])));
        await client.RefusesAsync(MlsError.InvalidProposalList, await evil.CommitAsync(init, await new EvilMember(clients[1].Group).UpdateAsync()));
        await client.RefusesAsync(MlsError.InvalidProposalList, await evil.CommitAsync(init, new ReInitProposal([1], 1, 2, [])));
        await client.RefusesAsync(MlsError.InvalidProposalList, await evil.CommitAsync(init, new ApplicationProposal(0xf00d, [])));
        PskProposal psk = new(PreSharedKeyId.External([1], new byte[32]));
        await client.RefusesAsync(MlsError.InvalidProposalList, await evil.CommitAsync(init, psk, psk));
        await client.RefusesAsync(MlsError.InvalidProposal, await evil.CommitAsync(init, new RemoveProposal(new(9))));
    }

    // K-47
    [Fact]
    public static async Task Section_12_4_3_2_a_proposal_by_reference_is_refused()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        byte[] proposal = await clients[1].ProposeAsync(group => group.ProposeRemoveAsync(new(2)));
        await clients.HearAsync(proposal);
        byte[] reference = TlsReader.ReadAll(clients[0].Group.Changes(null).Single(record => record.Key.StartsWith("proposal/", StringComparison.Ordinal)).Value, QueuedProposal.Read).Reference!;
        EvilJoiner evil = new(await Client.CreateAsync("eve", rules: MlsRules.Open), clients[0]);
        await clients[0].RefusesAsync(MlsError.InvalidProposalList, await evil.CommitAsync((ProposalOrRef[])[new(await evil.InitAsync(), null), new(null, reference)]));
    }

    // K-47
    [Fact]
    public static async Task Section_12_4_3_2_an_external_commit_without_a_path_is_refused()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        EvilJoiner evil = new(await Client.CreateAsync("eve", rules: MlsRules.Open), clients[0]);
        await clients[0].RefusesAsync(MlsError.MissingPath, await evil.CommitAsync([new(await evil.InitAsync(), null)], withPath: false));
    }

    // K-47
    [Fact]
    public static async Task Section_12_4_3_2_an_external_commit_is_signed_by_the_key_it_brings_in()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        EvilJoiner evil = new(await Client.CreateAsync("eve", rules: MlsRules.Open), clients[0]);
        using KeyPair other = await clients[0].Environment.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        await clients[0].RefusesAsync(MlsError.InvalidSignature, await evil.CommitAsync([new(await evil.InitAsync(), null)], key: other.PrivateKey));
    }

    // K-47
    [Fact]
    public static async Task Section_7_3_the_leaf_of_who_joins_is_held_to_all_rules_of_a_leaf()
    {
        CredentialBook book = new();
        Extension required = new RequiredCapabilities([0xf0ca], [], []).ToExtension();
        Capabilities able = Capabilities.For([CipherSuite.P256Aes128], [0xf0ca]);
        List<Client> clients = await OpenGroup.OfAsync(4, authentication: book, capabilities: able, extensions: required);
        Client eve = await Client.CreateAsync("eve", rules: MlsRules.Open);
        eve.Capabilities = able;
        EvilJoiner evil = new(eve, clients[0]);
        ProposalOrRef init = new(await evil.InitAsync(), null);
        Task RefusesAsync(MlsError error, Func<LeafDraft, LeafDraft> change, ProposalOrRef? remove = null) => RefusesWithAsync(error, remove is null ? [init] : [init, remove], change, null);
        async Task RefusesWithAsync(MlsError error, ProposalOrRef[] proposals, Func<LeafDraft, LeafDraft>? change, LeafIndex? signedFor) =>
            await clients[0].RefusesAsync(error, await evil.CommitAsync(proposals, change, signedFor));

        await RefusesAsync(MlsError.InvalidConfirmationTag, leaf => leaf);
        await RefusesWithAsync(MlsError.InvalidSignature, [init], null, new LeafIndex(5));
        await RefusesAsync(MlsError.InvalidLeafNode, leaf => leaf with { Source = LeafNodeSource.Update, ParentHash = null });
        await RefusesAsync(MlsError.UnsupportedCapability, leaf => leaf with { Capabilities = able with { Extensions = [] } });
        await RefusesAsync(MlsError.UnsupportedCapability, leaf => leaf with { Capabilities = able with { CipherSuites = [1] } });
        await RefusesAsync(MlsError.UnsupportedCapability, leaf => leaf with { Capabilities = able with { Versions = [2] } });
        await RefusesAsync(MlsError.UnsupportedCapability, leaf => leaf with { Capabilities = able with { Credentials = [2] } });
        await RefusesAsync(MlsError.UnsupportedCapability, leaf => leaf with { Extensions = [new(0xf0cb, [])] });
        LeafNode member = clients[1].Group.Own.Leaf;
        await RefusesAsync(MlsError.DuplicateKey, leaf => leaf with { EncryptionKey = member.EncryptionKey });
        await RefusesAsync(MlsError.ParentHashMismatch, leaf => leaf with { ParentHash = [1] });
        // §12.2: as in an Update of the leaf that is removed.
        ProposalOrRef remove = new(new RemoveProposal(new(1)), null);
        await RefusesAsync(MlsError.InvalidCredential, leaf => leaf, remove);
        await RefusesAsync(MlsError.InvalidConfirmationTag, leaf => leaf with { Credential = member.Credential }, remove);
        await RefusesAsync(MlsError.DuplicateKey, leaf => leaf with { Credential = member.Credential, EncryptionKey = member.EncryptionKey }, remove);
        book.Refused.Add("eve");
        await RefusesAsync(MlsError.InvalidCredential, leaf => leaf);
    }

    // K-47
    [Fact]
    public static async Task Section_7_3_a_signature_key_joins_once()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        byte[] info = await clients[0].InfoAsync();
        await OpenGroup.RefusesAsync(MlsError.DuplicateKey, () => clients[1].JoinExternallyAsync(info));
        EvilJoiner evil = new(clients[1], clients[0]);
        await clients[0].RefusesAsync(MlsError.DuplicateKey, await evil.CommitAsync(await evil.InitAsync()));
    }

    [Fact]
    public static async Task Section_8_3_a_KEM_output_that_does_not_open_is_refused()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        EvilJoiner evil = new(await Client.CreateAsync("eve", rules: MlsRules.Open), clients[0]);
        await clients[0].RefusesAsync(MlsError.InvalidProposal, await evil.CommitAsync(new ExternalInitProposal(new byte[65])));
        await clients[0].RefusesAsync(MlsError.InvalidProposal, await evil.CommitAsync(new ExternalInitProposal([])));
    }

    // K-47
    [Fact]
    public static async Task Section_12_4_3_2_a_sender_that_joins_sends_nothing_but_a_commit()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        EvilMember member = new(clients[1].Group);
        await clients[0].RefusesAsync(MlsError.InvalidSender, await member.PublicAsync(member.Content(proposal: new RemoveProposal(new(2))) with { Sender = Sender.NewMemberCommit }));
    }

    // K-47
    [Fact]
    public static async Task Under_rules_that_do_not_allow_it_nobody_joins_by_itself()
    {
        List<Client> clients = await OpenGroup.OfAsync(2, MlsRules.Default);
        byte[] info = await clients[0].InfoAsync();
        Client polite = await Client.CreateAsync("polite"), rude = await Client.CreateAsync("rude", rules: MlsRules.Open);
        await OpenGroup.RefusesAsync(MlsError.NotAllowed, () => polite.JoinExternallyAsync(info));
        await clients[0].RefusesAsync(MlsError.NotAllowed, (await rude.JoinExternallyAsync(info)).Message);
    }
}

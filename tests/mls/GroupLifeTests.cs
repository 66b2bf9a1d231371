namespace Kavalek.Mls.Tests;

public static class GroupLifeTests
{
    /// <summary>A group of clients that took every step together.</summary>
    internal static async Task<List<Client>> GroupOfAsync(int size, bool restarts = false)
    {
        List<Client> clients = [];
        for (int i = 0; i < size; i++)
        {
            Client client = await Client.CreateAsync($"client {i}");
            client.Restarts = restarts;
            clients.Add(client);
        }
        await clients[0].CreateGroupAsync();
        await AddAsync(clients[0], [], [.. clients.Skip(1)]);
        return clients;
    }

    internal static async Task AddAsync(Client committer, IEnumerable<Client> others, params Client[] added)
    {
        List<KeyPackage> keyPackages = [];
        foreach (Client client in added) keyPackages.Add(await client.PublishAsync());
        PendingCommit pending = await committer.CommitAsync(new() { Add = keyPackages });
        byte[] welcome = pending.Welcome!;
        await DeliverAsync(pending.Message, [committer, .. others]);
        foreach (Client client in added) await client.JoinAsync(welcome);
    }

    internal static async Task DeliverAsync(byte[] commit, IEnumerable<Client> clients)
    {
        foreach (Client client in clients)
        {
            ProcessResult result = await client.ReceiveAsync(commit);
            Assert.True(result is ProcessResult.CommitReceived or ProcessResult.OwnCommitConfirmed, $"{client.Name}: {result}");
        }
    }

    internal static void AssertAgree(IEnumerable<Client> clients)
    {
        Client[] all = [.. clients];
        foreach (Client client in all)
        {
            Assert.Equal(all[0].Group.Epoch, client.Group.Epoch);
            Assert.Equal(all[0].Group.EpochAuthenticator, client.Group.EpochAuthenticator);
            Assert.Equal(all[0].Group.ExportRatchetTree(), client.Group.ExportRatchetTree());
        }
    }

    internal static async Task AssertAllHearEachOtherAsync(List<Client> clients)
    {
        foreach (Client sender in clients)
        {
            byte[] message = await sender.SendAsync($"from {sender.Name}");
            foreach (Client receiver in clients)
            {
                if (receiver != sender) Assert.Equal($"from {sender.Name}", await receiver.ReadAsync(message));
                else Assert.Equal(new ProcessResult.Ignored(IgnoreReason.OwnMessage), await receiver.ReceiveAsync(message));
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task A_group_lives_through_adds_removes_updates_and_messages(bool restarts)
    {
        List<Client> clients = await GroupOfAsync(5, restarts);
        AssertAgree(clients);
        await AssertAllHearEachOtherAsync(clients);

        // Everybody renews its keys: the tree fills.
        foreach (Client committer in clients)
        {
            await DeliverAsync((await committer.CommitAsync(new())).Message, clients);
            AssertAgree(clients);
        }
        await AssertAllHearEachOtherAsync(clients);

        // One is removed, and reads nothing after that.
        Client removed = clients[2];
        PendingCommit pending = await clients[1].CommitAsync(new() { Remove = [removed.Group.OwnIndex] });
        var gone = Assert.IsType<ProcessResult.RemovedFromGroup>(await removed.ReceiveAsync(pending.Message));
        Assert.Equal("client 2", System.Text.Encoding.UTF8.GetString(Assert.Single(gone.Effects.Removed).Credential.Content));
        clients.Remove(removed);
        await DeliverAsync(pending.Message, clients);
        AssertAgree(clients);
        byte[] after = await clients[0].SendAsync("without you");
        Assert.Equal(MlsError.EpochInFuture, Assert.IsType<ProcessResult.Refused>(await removed.ReceiveAsync(after)).Error);

        // Two come in its place and beside it, with a path in the same commit.
        Client[] added = [await Client.CreateAsync("client 5"), await Client.CreateAsync("client 6")];
        KeyPackage[] keyPackages = [await added[0].PublishAsync(), await added[1].PublishAsync()];
        pending = await clients[3].CommitAsync(new() { Add = keyPackages, ForcePath = true });
        byte[] welcome = pending.Welcome!;
        await DeliverAsync(pending.Message, clients);
        foreach (Client client in added) await client.JoinAsync(welcome);
        clients.AddRange(added);
        AssertAgree(clients);
        await AssertAllHearEachOtherAsync(clients);
        foreach (Client committer in clients)
        {
            await DeliverAsync((await committer.CommitAsync(new())).Message, clients);
            AssertAgree(clients);
        }
        await AssertAllHearEachOtherAsync(clients);
    }

    [Fact]
    public static async Task Proposals_are_committed_by_reference()
    {
        List<Client> clients = await GroupOfAsync(4, restarts: true);
        Client newcomer = await Client.CreateAsync("newcomer");
        KeyPackage keyPackage = await newcomer.PublishAsync();
        byte[][] proposals =
        [
            await clients[1].ProposeAsync(group => group.ProposeUpdateAsync()),
            await clients[2].ProposeAsync(group => group.ProposeRemoveAsync(group.OwnIndex)),
            await clients[3].ProposeAsync(group => group.ProposeAddAsync(keyPackage, Client.Now)),
        ];
        foreach (byte[] proposal in proposals)
            foreach (Client client in clients)
                Assert.True(await client.ReceiveAsync(proposal) is ProcessResult.ProposalReceived or ProcessResult.Ignored { Reason: IgnoreReason.OwnMessage });
        MlsException refusal = await Assert.ThrowsAsync<MlsException>(async () => await clients[0].Group.ProtectAsync("too early"u8.ToArray()));
        Assert.Equal(MlsError.CommitRequired, refusal.Error);

        PendingCommit pending = await clients[0].CommitAsync(new());
        Assert.Equal(new LeafIndex(2), Assert.Single(pending.Effects.Proposers).Value);
        byte[] welcome = pending.Welcome!;
        Assert.IsType<ProcessResult.RemovedFromGroup>(await clients[2].ReceiveAsync(pending.Message));
        clients.RemoveAt(2);
        await DeliverAsync(pending.Message, clients);
        JoinedGroup joined = await newcomer.JoinAsync(welcome);
        Assert.Equal("client 0", System.Text.Encoding.UTF8.GetString(joined.Inviter.Credential.Content));
        clients.Add(newcomer);
        AssertAgree(clients);
        await AssertAllHearEachOtherAsync(clients);
    }

    [Fact]
    public static async Task Twenty_commits_of_one_epoch_have_one_winner_and_all_converge()
    {
        List<Client> clients = await GroupOfAsync(20, restarts: true);
        // Everybody wants something of its own: its own renewal, and a change that all must see at the end.
        Dictionary<Client, Client> wanted = [];
        foreach (Client client in clients) wanted[client] = await Client.CreateAsync($"friend of {client.Name}");
        HashSet<Client> waiting = [.. clients];
        List<Client> everybody = [.. clients];
        while (waiting.Count > 0)
        {
            List<(Client Client, PendingCommit Pending)> rivals = [];
            foreach (Client client in waiting)
                rivals.Add((client, await client.CommitAsync(new() { Add = [await wanted[client].PublishAsync()], ForcePath = true })));

            (Client winner, PendingCommit winning) = rivals[7 % rivals.Count];
            byte[] message = winning.Message, welcome = winning.Welcome!;
            await DeliverAsync(message, everybody);
            await wanted[winner].JoinAsync(welcome);
            everybody.Add(wanted[winner]);
            waiting.Remove(winner);
            AssertAgree(everybody);
            // The losers' commits come late, and change nothing.
            foreach ((Client loser, PendingCommit lost) in rivals)
                if (loser != winner)
                    Assert.Equal(MlsError.EpochTooOld, Assert.IsType<ProcessResult.Refused>(await clients[0].ReceiveAsync(lost.Message)).Error);
        }
        Assert.Equal(40, everybody.Count);
        Assert.Equal(40, clients[0].Group.MemberCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task Messages_arrive_in_any_order_across_epochs_each_once(bool restarts)
    {
        List<Client> clients = await GroupOfAsync(3, restarts);
        List<byte[]> sent = [];
        for (int epoch = 0; epoch < 3; epoch++)
        {
            for (int i = 0; i < 10; i++) sent.Add(await clients[1].SendAsync($"{sent.Count}"));
            if (epoch == 2) break;
            await DeliverAsync((await clients[2].CommitAsync(new())).Message, clients);
        }
        int[] order = [.. Enumerable.Range(0, sent.Count)];
        new Random(7).Shuffle(order);
        foreach (int i in order)
        {
            Assert.Equal($"{i}", await clients[0].ReadAsync(sent[i]));
            Assert.Equal(new ProcessResult.Ignored(IgnoreReason.Replay), await clients[0].ReceiveAsync(sent[i]));
        }
    }

    [Fact]
    public static async Task A_sender_who_left_can_still_be_read_in_a_past_epoch()
    {
        List<Client> clients = await GroupOfAsync(3, restarts: true);
        byte[] late = await clients[2].SendAsync("my last words");
        Client replacement = await Client.CreateAsync("replacement");
        PendingCommit pending = await clients[0].CommitAsync(new() { Remove = [new LeafIndex(2)], Add = [await replacement.PublishAsync()] });
        byte[] welcome = pending.Welcome!;
        clients.RemoveAt(2);
        await DeliverAsync(pending.Message, clients);
        await replacement.JoinAsync(welcome);
        Assert.Equal(new LeafIndex(2), replacement.Group.OwnIndex);
        Assert.Single(pending.Effects.Added);
        Assert.Single(pending.Effects.Removed);
        var received = Assert.IsType<ProcessResult.ApplicationReceived>(await clients[1].ReceiveAsync(late));
        Assert.Equal("client 2", System.Text.Encoding.UTF8.GetString(received.Sender.Credential.Content));
        Assert.IsType<ProcessResult.Refused>(await replacement.ReceiveAsync(late));
    }

    [Fact]
    public static async Task Past_epochs_are_dropped_by_count_and_by_age()
    {
        List<Client> clients = await GroupOfAsync(2, restarts: true);
        List<byte[]> sent = [];
        for (int i = 0; i < 6; i++)
        {
            sent.Add(await clients[1].SendAsync($"{i}"));
            await DeliverAsync((await clients[0].CommitAsync(new())).Message, clients);
        }
        for (int i = 0; i < 6; i++)
        {
            ProcessResult result = await clients[0].Group.ProcessAsync(sent[i], Client.Now);
            if (i < 2) Assert.Equal(MlsError.EpochTooOld, Assert.IsType<ProcessResult.Refused>(result).Error);
            else Assert.IsType<ProcessResult.ApplicationReceived>(result);
        }
        int before = clients[0].Group.Changes(null).Count;
        MlsGroup group = clients[0].Group;
        Assert.Same(group, group.Prune(Client.Now + TimeSpan.FromDays(1)));
        clients[0].Keep(group.Prune(Client.Now + TimeSpan.FromDays(3)));
        Assert.True(clients[0].Group.Changes(null).Count < before);
        Assert.Equal(MlsError.EpochTooOld, Assert.IsType<ProcessResult.Refused>(await clients[0].ReceiveAsync(sent[5])).Error);
    }

    [Fact]
    public static async Task A_member_changes_its_signature_key_by_commit_and_by_update()
    {
        List<Client> clients = await GroupOfAsync(3, restarts: true);
        using KeyPair first = await clients[1].Environment.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        using KeyPair second = await clients[2].Environment.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        PendingCommit pending = await clients[1].CommitAsync(new() { OwnLeaf = new() { SignatureKey = first } });
        Assert.True(Assert.Single(pending.Effects.Updated).ChangesIdentity);
        await DeliverAsync(pending.Message, clients);
        byte[] proposal = await clients[2].ProposeAsync(group => group.ProposeUpdateAsync(new() { SignatureKey = second }));
        foreach (Client client in clients.Take(2)) Assert.IsType<ProcessResult.ProposalReceived>(await client.ReceiveAsync(proposal));
        await DeliverAsync((await clients[1].CommitAsync(new())).Message, clients);
        AssertAgree(clients);
        Assert.Equal(first.PublicKey, clients[0].Group.Find(new LeafIndex(1))!.SignatureKey);
        Assert.Equal(second.PublicKey, clients[0].Group.Find(new LeafIndex(2))!.SignatureKey);
        await AssertAllHearEachOtherAsync(clients);
    }

    [Fact]
    public static async Task Extensions_of_the_group_are_agreed_and_joiners_see_them()
    {
        const ushort Roles = 0xf1f0;
        Capabilities capabilities = Capabilities.For([CipherSuite.P256Aes128], [Roles]);
        Client founder = await Client.CreateAsync("founder"), friend = await Client.CreateAsync("friend"), old = await Client.CreateAsync("old client");
        founder.Keep(await MlsGroup.CreateAsync(founder.Environment, "a group"u8.ToArray(), await founder.BundleAsync(capabilities), []));
        PendingCommit pending = await founder.CommitAsync(new() { Add = [await friend.PublishAsync(capabilities)] });
        byte[] welcome = pending.Welcome!;
        await DeliverAsync(pending.Message, [founder]);
        await friend.JoinAsync(welcome);

        Extension roles = new(Roles, "founder: owner"u8.ToArray());
        pending = await friend.CommitAsync(new() { Extensions = [roles] });
        var seen = Assert.IsType<ProcessResult.CommitReceived>(await founder.ReceiveAsync(pending.Message));
        Assert.True(seen.Effects.ChangesExtensions);
        Assert.Equal(roles, Assert.Single(founder.Group.Extensions));
        await DeliverAsync(pending.Message, [friend]);
        AssertAgree([founder, friend]);

        // Who does not know the extension cannot be added (§7.3).
        KeyPackage unable = await old.PublishAsync();
        MlsException refusal = await Assert.ThrowsAsync<MlsException>(async () => await founder.Group.CommitAsync(new() { Add = [unable] }, Client.Now));
        Assert.Equal(MlsError.UnsupportedCapability, refusal.Error);
        // Nor can an extension be set that a member does not know (§12.1.7).
        refusal = await Assert.ThrowsAsync<MlsException>(async () => await founder.Group.CommitAsync(new() { Extensions = [new(0xf1f1, [])] }, Client.Now));
        Assert.Equal(MlsError.UnsupportedCapability, refusal.Error);
    }

    [Fact]
    public static async Task Pre_shared_keys_enter_the_key_schedule_of_members_and_joiners()
    {
        List<Client> clients = await GroupOfAsync(2);
        using Secret psk = Secret.Copy("a secret of our own"u8);
        Secret? Lookup(ReadOnlyMemory<byte> id) => id.Span.SequenceEqual("psk"u8) ? psk : null;
        Client newcomer = await Client.CreateAsync("newcomer");
        (PendingCommit pending, MlsGroup next) = await clients[0].Group.CommitAsync(
            new() { Add = [await newcomer.PublishAsync()], ExternalPsks = ["psk"u8.ToArray()] }, Client.Now, Lookup);
        clients[0].Keep(next);
        ProcessResult without = await clients[1].Group.ProcessAsync(pending.Message, Client.Now);
        Assert.Equal(MlsError.UnknownPsk, Assert.IsType<ProcessResult.Refused>(without).Error);
        var with = Assert.IsType<ProcessResult.CommitReceived>(await clients[1].Group.ProcessAsync(pending.Message, Client.Now, new() { ExternalPsk = Lookup }));
        clients[1].Keep(with.Next);
        clients[0].Keep(pending.Apply(clients[0].Group, Client.Now));
        await Assert.ThrowsAsync<MlsException>(async () => await newcomer.JoinAsync(pending.Welcome!));
        await newcomer.JoinAsync(pending.Welcome!, new() { ExternalPsk = Lookup });
        AssertAgree([.. clients, newcomer]);
    }

    [Fact]
    public static async Task A_tree_may_come_beside_the_welcome_and_must_be_the_right_one()
    {
        List<Client> clients = await GroupOfAsync(3);
        Client newcomer = await Client.CreateAsync("newcomer");
        byte[] before = clients[0].Group.ExportRatchetTree();
        PendingCommit pending = await clients[0].CommitAsync(new() { Add = [await newcomer.PublishAsync()], TreeInWelcome = false });
        byte[] tree = pending.ExportRatchetTree(), welcome = pending.Welcome!;
        await DeliverAsync(pending.Message, clients);
        Assert.Equal(MlsError.MissingTree, (await Assert.ThrowsAsync<MlsException>(() => newcomer.JoinAsync(welcome))).Error);
        Assert.Equal(MlsError.TreeHashMismatch, (await Assert.ThrowsAsync<MlsException>(() => newcomer.JoinAsync(welcome, new() { RatchetTree = before }))).Error);
        await newcomer.JoinAsync(welcome, new() { RatchetTree = tree });
        AssertAgree([.. clients, newcomer]);
    }

    [Fact]
    public static async Task A_pending_commit_is_confirmed_after_messages_of_its_epoch_and_refused_after_a_rival()
    {
        List<Client> clients = await GroupOfAsync(3, restarts: true);
        PendingCommit pending = await clients[0].CommitAsync(new());
        byte[] early = await clients[1].SendAsync("before your commit");
        Assert.Equal("before your commit", await clients[0].ReadAsync(early));
        await DeliverAsync(pending.Message, clients);
        AssertAgree(clients);
        // What was read before the commit is a replay after it.
        Assert.Equal(new ProcessResult.Ignored(IgnoreReason.Replay), await clients[0].ReceiveAsync(early));

        PendingCommit lost = await clients[0].CommitAsync(new());
        byte[] stored = lost.Encode();
        await DeliverAsync((await clients[1].CommitAsync(new())).Message, clients);
        Assert.Throws<MlsException>(() => lost.Apply(clients[0].Group, Client.Now));
        Assert.Equal(MlsError.EpochTooOld, Assert.Throws<MlsException>(() => PendingCommit.Decode(clients[0].Group, stored)).Error);
        AssertAgree(clients);
    }

    [Fact]
    public static async Task An_own_commit_that_nobody_remembers_is_refused_as_such()
    {
        List<Client> clients = await GroupOfAsync(2);
        PendingCommit forgotten = await clients[0].CommitAsync(new());
        clients[0].Pending = null;
        Assert.Equal(MlsError.UnknownOwnCommit, Assert.IsType<ProcessResult.Refused>(await clients[0].ReceiveAsync(forgotten.Message)).Error);
    }

    [Fact]
    public static async Task A_last_resort_key_package_is_used_twice_and_says_so()
    {
        Client founder = await Client.CreateAsync("founder"), other = await Client.CreateAsync("other"), friend = await Client.CreateAsync("friend");
        KeyPackageBundle bundle = await friend.BundleAsync(lastResort: true);
        foreach (Client creator in new[] { founder, other })
        {
            await creator.CreateGroupAsync();
            PendingCommit pending = await creator.CommitAsync(new() { Add = [bundle.KeyPackage] });
            JoinedGroup joined = await MlsGroup.JoinAsync(friend.Environment, pending.Welcome!, _ => ValueTask.FromResult<KeyPackageBundle?>(bundle));
            Assert.True(joined.LastResort);
            Assert.Equal(bundle.Ref, joined.KeyPackageRef);
            Assert.Equal(pending.NextEpochAuthenticator, joined.Group.EpochAuthenticator);
        }
    }
}

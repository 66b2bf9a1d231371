namespace Kavalek.Mls.Tests;

/// <summary>Groups that go on for another: re-initialized (RFC 9420 §11.2) and branched (§11.3).</summary>
public static class SuccessionTests
{
    static ReInit Anew(CipherSuite suite, params Extension[] extensions) => new("anew"u8.ToArray(), suite.Id, extensions);

    /// <summary>A group of four that one of them has ended, and who will be in the new one: the same people on its cipher suite.</summary>
    static async Task<(List<Client> Old, List<Client> Next)> EndedAsync(ReInit reInit, bool restarts = false)
    {
        List<Client> old = await OpenGroup.OfAsync(4, restarts: restarts), next = [];
        await old.CommitAsync(old[1], new() { ReInit = reInit });
        CipherSuite suite = CipherSuite.Find(reInit.CipherSuite)!;
        foreach (Client client in old) next.Add(await Client.CreateAsync(client.Name, suite: suite, rules: MlsRules.Open));
        return (old, next);
    }

    static async Task<List<KeyPackage>> PackagesAsync(IEnumerable<Client> clients)
    {
        List<KeyPackage> packages = [];
        foreach (Client client in clients) packages.Add(await client.PublishAsync());
        return packages;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task A_group_begins_anew_on_another_cipher_suite(bool restarts)
    {
        ReInit reInit = Anew(CipherSuite.P384Aes256);
        (List<Client> old, List<Client> next) = await EndedAsync(reInit, restarts);
        Assert.All(old, client => Assert.Equal("anew"u8.ToArray(), client.Group.ReInit!.GroupId));
        FoundedGroup founded = await old[2].Group.ReInitializeAsync(await next[2].BundleAsync(), await PackagesAsync(next.Where(client => client != next[2])), Client.Now);
        Assert.Equal(1ul, founded.Group.Epoch);
        next[2].Take(founded.Group);
        foreach (int i in (int[])[0, 1, 3])
        {
            await OpenGroup.RefusesAsync(MlsError.UnknownPsk, () => next[i].JoinAsync(founded.Welcome!));
            await next[i].JoinAsync(founded.Welcome!, new() { Groups = id => id.Span.SequenceEqual(old[i].Group.GroupId) ? old[i].Group : null });
        }
        GroupLifeTests.AssertAgree(next);
        Assert.Equal(CipherSuite.P384Aes256, next[0].Group.Suite);
        await GroupLifeTests.AssertAllHearEachOtherAsync(next);
        await next.CommitAsync(next[3]);
    }

    [Fact]
    public static async Task A_re_init_that_somebody_proposed_is_committed_after_everything_else()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        await clients.HearAsync(await clients[0].ProposeAsync(group => group.ProposeReInitAsync(Anew(CipherSuite.P256Aes128))));
        await clients.HearAsync(await clients[1].ProposeAsync(group => group.ProposeUpdateAsync()));
        PendingCommit first = await clients.CommitAsync(clients[2]);
        Assert.Null(first.Effects.ReInit);
        await clients.HearAsync(await clients[0].ProposeAsync(group => group.ProposeReInitAsync(Anew(CipherSuite.P256Aes128))));
        PendingCommit second = await clients.CommitAsync(clients[2]);
        Assert.Equal("anew"u8.ToArray(), second.Effects.ReInit!.GroupId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task Section_11_2_of_an_ended_group_only_what_was_sent_before_can_be_read(bool restarts)
    {
        List<Client> clients = await OpenGroup.OfAsync(3, restarts: restarts);
        byte[] late = await clients[0].SendAsync("late");
        await clients.CommitAsync(clients[1], new() { ReInit = Anew(CipherSuite.P256Aes128) });
        Client client = clients[2];
        Assert.Equal("late", await client.ReadAsync(late));
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        KeyPackage keyPackage = await newcomer.PublishAsync();
        foreach (Func<Task> action in (Func<Task>[])[
            () => client.SendAsync("no more"), () => client.CommitAsync(new()), () => client.CommitAsync(new() { Add = [keyPackage] }),
            () => client.ProposeAsync(group => group.ProposeUpdateAsync()), () => client.InfoAsync(),
            async () => await client.Group.BranchAsync([1], await client.BundleAsync(), [], [], Client.Now)])
            await OpenGroup.RefusesAsync(MlsError.GroupEnded, action);

        EvilMember evil = new(clients[0].Group);
        await client.RefusesAsync(MlsError.GroupEnded, await evil.PrivateAsync(evil.Content(application: [1])));
        await client.RefusesAsync(MlsError.GroupEnded, await evil.CommitAsync(await evil.PathAsync()));
        await client.RefusesAsync(MlsError.GroupEnded, await evil.PublicAsync(evil.Content(proposal: new RemoveProposal(new(1)))));
    }

    [Fact]
    public static async Task Section_12_2_a_re_init_beside_another_proposal_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        ReInitProposal reInit = new("anew"u8.ToArray(), 1, 2, []);
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(), reInit, new RemoveProposal(new(3))));
        await scene.RefusedAsync(MlsError.InvalidProposalList, await scene.Eve.CommitAsync(null, reInit, reInit));
        await OpenGroup.RefusesAsync(MlsError.InvalidProposalList, () => scene.Ann.CommitAsync(new() { ReInit = reInit.ReInit, Remove = [new(3)] }));
    }

    [Fact]
    public static async Task Section_12_1_5_a_re_init_to_an_older_version_or_an_unknown_suite_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.InvalidProposal, await scene.Eve.ProposeAsync(new ReInitProposal([1], 0, 2, [])));
        await scene.RefusedAsync(MlsError.InvalidProposal, await scene.Eve.CommitAsync(null, new ReInitProposal([1], 2, 2, [])));
        await scene.RefusedAsync(MlsError.UnsupportedCipherSuite, await scene.Eve.ProposeAsync(new ReInitProposal([1], 1, 0x0fff, [])));
    }

    [Fact]
    public static async Task Section_11_2_a_new_group_that_is_not_what_was_asked_for_is_refused()
    {
        (List<Client> old, List<Client> next) = await EndedAsync(Anew(CipherSuite.P256Aes128));
        MlsGroup ended = old[0].Group;
        ReInit asked = ended.ReInit!;
        Task RefusedAsync(byte[] welcome) => OpenGroup.RefusesAsync(MlsError.InvalidSuccessor, () => next[1].JoinAsync(welcome, new() { Groups = _ => old[1].Group }));
        async Task<byte[]> WelcomeAsync(IEnumerable<Client> members, byte[]? groupId = null, IReadOnlyList<Extension>? extensions = null, ResumptionUsage usage = ResumptionUsage.ReInit, ulong? epoch = null, bool later = false) =>
            await FoundAsync(ended, next[0], members, groupId ?? asked.GroupId, extensions ?? asked.Extensions, usage, epoch ?? ended.Epoch, later);

        await RefusedAsync(await WelcomeAsync(next.Skip(1), groupId: "another"u8.ToArray()));
        await RefusedAsync(await WelcomeAsync(next.Skip(1), extensions: [new RequiredCapabilities([], [], []).ToExtension()]));
        await RefusedAsync(await WelcomeAsync(next.Skip(1).Take(2)));
        await RefusedAsync(await WelcomeAsync([.. next.Skip(1), await Client.CreateAsync("stranger", rules: MlsRules.Open)]));
        await RefusedAsync(await WelcomeAsync(next.Skip(1), epoch: ended.Epoch - 1));
        await RefusedAsync(await WelcomeAsync(next.Skip(1), later: true));
        // The same on another suite than was asked for.
        List<Client> other = [];
        foreach (Client client in old) other.Add(await Client.CreateAsync(client.Name, suite: CipherSuite.P384Aes256, rules: MlsRules.Open));
        byte[] welcome = await FoundAsync(ended, other[0], other.Skip(1), asked.GroupId, [], ResumptionUsage.ReInit, ended.Epoch, later: false);
        await OpenGroup.RefusesAsync(MlsError.InvalidSuccessor, () => other[1].JoinAsync(welcome, new() { Groups = _ => old[1].Group }));
        // And by who founds it.
        await OpenGroup.RefusesAsync(MlsError.InvalidSuccessor, async () => await ended.ReInitializeAsync(await next[0].BundleAsync(), await PackagesAsync(next.Skip(2)), Client.Now));
        // What was asked for is joined.
        await next[1].JoinAsync(await WelcomeAsync(next.Skip(1)), new() { Groups = _ => old[1].Group });
    }

    [Fact]
    public static async Task Section_11_2_a_group_that_was_not_ended_is_not_begun_anew()
    {
        List<Client> clients = await OpenGroup.OfAsync(2);
        byte[] welcome = await FoundAsync(clients[0].Group, clients[0], clients.Skip(1), "anew"u8.ToArray(), [], ResumptionUsage.ReInit, clients[0].Group.Epoch, later: false);
        MlsGroup group = clients[1].Group;
        await OpenGroup.RefusesAsync(MlsError.InvalidSuccessor, () => clients[1].JoinAsync(welcome, new() { Groups = _ => group }));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await group.ReInitializeAsync(await clients[1].BundleAsync(), [], Client.Now));
    }

    [Fact]
    public static async Task Some_members_branch_off_and_only_they_can()
    {
        List<Client> clients = await OpenGroup.OfAsync(5);
        List<Client> part = [clients[3], clients[1], clients[4]];
        MlsGroup[] whole = [.. part.Select(client => client.Group)];
        FoundedGroup founded = await whole[0].BranchAsync("part"u8.ToArray(), await part[0].BundleAsync(), await PackagesAsync(part.Skip(1)), [], Client.Now);
        part[0].Take(founded.Group);
        await OpenGroup.RefusesAsync(MlsError.UnknownPsk, () => part[1].JoinAsync(founded.Welcome!));
        // The whole goes on meanwhile: who joins later still knows the epoch.
        PendingCommit commit = await clients[0].CommitAsync(new());
        var later = Assert.IsType<ProcessResult.CommitReceived>(await whole[1].ProcessAsync(commit.Message, Client.Now));
        await part[1].JoinAsync(founded.Welcome!, new() { Groups = _ => later.Next });
        await part[2].JoinAsync(founded.Welcome!, new() { Groups = _ => whole[2] });
        GroupLifeTests.AssertAgree(part);
        await GroupLifeTests.AssertAllHearEachOtherAsync(part);
    }

    [Fact]
    public static async Task Section_11_3_a_branch_with_a_stranger_or_another_suite_is_refused()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        MlsGroup[] whole = [.. clients.Select(client => client.Group)];
        Client stranger = await Client.CreateAsync("stranger", rules: MlsRules.Open);
        async Task<byte[]> WelcomeAsync(Client founder, IEnumerable<Client> members, ulong epoch, bool later = false) =>
            await FoundAsync(whole[0], founder, members, "part"u8.ToArray(), [], ResumptionUsage.Branch, epoch, later);
        Task RefusedAsync(byte[] welcome) => OpenGroup.RefusesAsync(MlsError.InvalidSuccessor, () => clients[1].JoinAsync(welcome, new() { Groups = _ => whole[1] }));

        await RefusedAsync(await WelcomeAsync(clients[0], [clients[1], stranger], whole[0].Epoch));
        await RefusedAsync(await WelcomeAsync(clients[0], [clients[1]], whole[0].Epoch, later: true));
        await OpenGroup.RefusesAsync(MlsError.InvalidSuccessor, async () => await whole[0].BranchAsync([1], await clients[0].BundleAsync(), await PackagesAsync([stranger]), [], Client.Now));
        Client founder = await Client.CreateAsync("client 0", suite: CipherSuite.P384Aes256, rules: MlsRules.Open), member = await Client.CreateAsync("client 1", suite: CipherSuite.P384Aes256, rules: MlsRules.Open);
        byte[] other = await WelcomeAsync(founder, [member], whole[0].Epoch);
        await OpenGroup.RefusesAsync(MlsError.InvalidSuccessor, () => member.JoinAsync(other, new() { Groups = _ => whole[1] }));
        await clients[1].JoinAsync(await WelcomeAsync(clients[0], [clients[1]], whole[0].Epoch), new() { Groups = _ => whole[1] });
    }

    [Fact]
    public static async Task Section_12_4_3_1_a_group_goes_on_for_one_other_at_most()
    {
        List<Client> clients = await OpenGroup.OfAsync(2);
        PreSharedKeyId Id(ResumptionUsage usage, byte nonce) => PreSharedKeyId.Resumption(usage, clients[0].Group.GroupId, 1, [.. Enumerable.Repeat(nonce, 32)]);
        foreach (ResumptionUsage usage in (ResumptionUsage[])[ResumptionUsage.ReInit, ResumptionUsage.Branch])
        {
            MlsException refusal = Assert.Throws<MlsException>(() => Successor.OriginOf([Id(ResumptionUsage.Branch, 1), Id(usage, 2)], MlsRules.Open, Suites.P256));
            Assert.Equal(MlsError.InvalidWelcome, refusal.Error);
        }
        Assert.Equal(MlsError.InvalidWelcome, Assert.Throws<MlsException>(() => Successor.OriginOf([Id(ResumptionUsage.Branch, 1), Id(ResumptionUsage.Branch, 1)], MlsRules.Open, Suites.P256)).Error);
        PreSharedKeyId application = Id(ResumptionUsage.Application, 3);
        Assert.Null(Successor.OriginOf([application], MlsRules.Open, Suites.P256));
        Assert.NotNull(Successor.OriginOf([application, Id(ResumptionUsage.ReInit, 4)], MlsRules.Open, Suites.P256));
    }

    [Fact]
    public static async Task The_secret_of_an_earlier_epoch_is_a_pre_shared_key_to_who_was_there()
    {
        List<Client> clients = await OpenGroup.OfAsync(2);
        ResumptionPsk before = new(clients[0].Group.GroupId, clients[0].Group.Epoch);
        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        await GroupLifeTests.AddAsync(clients[0], clients.Skip(1), newcomer);
        PendingCommit pending = await clients[0].CommitAsync(new() { ResumptionPsks = [before] });
        Assert.Equal(before.Epoch, pending.Effects.Proposals.Single().ResumptionPsk!.Epoch);
        await newcomer.RefusesAsync(MlsError.UnknownPsk, pending.Message);
        await clients.DeliverAsync(pending.Message);
        GroupLifeTests.AssertAgree(clients);
        // By proposal too; who cannot know it leaves it out.
        await clients.HearAsync(await clients[1].ProposeAsync(group => group.ProposePskAsync(before)));
        Assert.Single((await clients.CommitAsync(clients[0])).Effects.Proposals);
        await OpenGroup.RefusesAsync(MlsError.UnknownPsk, () => clients[0].CommitAsync(new() { ResumptionPsks = [before with { Epoch = 77 }] }));
    }

    [Fact]
    public static async Task The_secret_of_another_group_is_a_pre_shared_key_to_members_of_both()
    {
        List<Client> clients = await OpenGroup.OfAsync(2), elsewhere = await OpenGroup.OfAsync(2);
        FoundedGroup founded = await elsewhere[0].Group.BranchAsync("elsewhere"u8.ToArray(), await elsewhere[0].BundleAsync(), [await elsewhere[1].PublishAsync()], [], Client.Now);
        MlsGroup other = elsewhere[1].Group;
        await elsewhere[1].JoinAsync(founded.Welcome!, new() { Groups = _ => other });
        ResumptionPsk there = new("elsewhere"u8.ToArray(), 1);
        (PendingCommit pending, MlsGroup next) = await clients[0].Group.CommitAsync(new() { ResumptionPsks = [there] }, Client.Now, groups: _ => founded.Group);
        clients[0].Keep(next);
        await clients[1].RefusesAsync(MlsError.UnknownPsk, pending.Message);
        await clients[1].RefusesAsync(MlsError.UnknownPsk, pending.Message, new() { Groups = _ => other });
        var received = Assert.IsType<ProcessResult.CommitReceived>(await clients[1].Group.ProcessAsync(pending.Message, Client.Now, new() { Groups = _ => elsewhere[1].Group }));
        Assert.Equal(pending.NextEpochAuthenticator, received.Next.EpochAuthenticator);
    }

    /// <summary>A Welcome to a group that claims to go on for another, with nothing checked that its joiners check.</summary>
    static async Task<byte[]> FoundAsync(
        MlsGroup old, Client founder, IEnumerable<Client> members, byte[] groupId, IReadOnlyList<Extension> extensions, ResumptionUsage usage, ulong epoch, bool later)
    {
        MlsGroup first = await MlsGroup.CreateAsync(founder.Environment, groupId, await founder.BundleAsync(), extensions);
        if (later)
        {
            (PendingCommit renewal, MlsGroup next) = await first.CommitAsync(new(), Client.Now);
            first = renewal.Apply(next, Client.Now);
        }
        PreSharedKeyId origin = PreSharedKeyId.Resumption(usage, old.GroupId, epoch, new byte[first.Suite.HashLength]);
        (CommitDraft draft, _) = await CommitDraft.CreateAsync(first, new() { Add = await PackagesAsync(members), Origin = origin }, Client.Now, new(null, _ => old, first), privately: true);
        return draft.Pending.Welcome!;
    }
}

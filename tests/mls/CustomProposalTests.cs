namespace Kavalek.Mls.Tests;

/// <summary>Proposals and extensions of the application's own (RFC 9420 §12.1, §12.2, §11.1, §13).</summary>
public static class CustomProposalTests
{
    const ushort Vote = 0xf00d;
    const ushort Renewal = 0xf00e;
    static readonly MlsRules Rules = MlsRules.Default with { CustomProposals = [new(Vote), new(Renewal, NeedsPath: true)] };
    static readonly Capabilities Able = Capabilities.For([CipherSuite.P256Aes128], [], [Vote, Renewal]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task A_proposal_of_the_applications_own_is_delivered_with_the_commit(bool restarts)
    {
        List<Client> clients = await OpenGroup.OfAsync(3, Rules, restarts, capabilities: Able, extensions: new RequiredCapabilities([], [Vote], []).ToExtension());
        byte[] proposed = await clients[0].ProposeAsync(group => group.ProposeAsync(new CustomProposal(Vote, [1, 2, 3])));
        foreach (Client client in clients.Skip(1))
        {
            var received = Assert.IsType<ProcessResult.ProposalReceived>(await client.ReceiveAsync(proposed));
            Assert.Equal(Vote, received.Type);
            Assert.Equal([1, 2, 3], received.Proposal.Custom!.Data);
        }
        PendingCommit pending = await clients[1].CommitAsync(new() { Custom = [new(Vote, [])] });
        Assert.False(pending.Effects.HasPath);
        Assert.Equal([0, 3], pending.Effects.Proposals.Select(proposal => proposal.Custom!.Data.Length));
        foreach (Client client in clients.Where(client => client != clients[1]))
        {
            var received = Assert.IsType<ProcessResult.CommitReceived>(await client.ReceiveAsync(pending.Message));
            Assert.Equal([new LeafIndex(1), new LeafIndex(0)], received.Effects.Proposals.Select(proposal => proposal.Sender!.Index));
        }
        await clients[1].ReceiveAsync(pending.Message);
        GroupLifeTests.AssertAgree(clients);
    }

    [Fact]
    public static async Task Section_17_4_a_type_that_says_so_needs_a_path()
    {
        List<Client> clients = await OpenGroup.OfAsync(2, Rules, capabilities: Able);
        Assert.True((await clients.CommitAsync(clients[0], new() { Custom = [new(Renewal, [])] })).Effects.HasPath);
        await clients[0].RefusesAsync(MlsError.MissingPath, await new EvilMember(clients[1].Group).CommitAsync(null, new ApplicationProposal(Renewal, [])));
    }

    // K-47
    [Fact]
    public static async Task Section_12_2_a_type_that_a_member_does_not_support_is_refused()
    {
        List<Client> clients = await OpenGroup.OfAsync(2, Rules, capabilities: Able);
        Client unable = await Client.CreateAsync("unable", rules: Rules);
        await GroupLifeTests.AddAsync(clients[0], clients.Skip(1), unable);
        await OpenGroup.RefusesAsync(MlsError.UnsupportedCapability, () => clients[0].CommitAsync(new() { Custom = [new(Vote, [])] }));
        EvilMember evil = new(clients[1].Group);
        await clients[0].RefusesAsync(MlsError.UnsupportedCapability, await evil.CommitAsync(null, new ApplicationProposal(Vote, [])));
        // Proposed meanwhile, it waits: a commit leaves it out until who is unable has gone, and then holds both.
        Client[] all = [.. clients, unable];
        await all.HearAsync(await clients[1].ProposeAsync(group => group.ProposeAsync(new CustomProposal(Vote, [7]))));
        (PendingCommit without, MlsGroup next) = await clients[0].Group.CommitAsync(new(), Client.Now);
        Assert.Empty(without.Effects.Proposals);
        without.Dispose();
        clients[0].Keep(next);
        PendingCommit with = await clients[0].CommitAsync(new() { Remove = [unable.Group.OwnIndex] });
        Assert.Single(with.Effects.Proposals);
        await clients.DeliverAsync(with.Message);
        GroupLifeTests.AssertAgree(clients);
    }

    // K-47
    [Fact]
    public static async Task Section_12_1_a_type_that_the_rules_do_not_name_is_refused()
    {
        List<Client> clients = await OpenGroup.OfAsync(2, Rules, capabilities: Able);
        EvilMember evil = new(clients[1].Group);
        await clients[0].RefusesAsync(MlsError.UnsupportedProposal, await evil.ProposeAsync(new ApplicationProposal(0xf00f, [])));
        await clients[0].RefusesAsync(MlsError.UnsupportedProposal, await evil.CommitAsync(null, new ApplicationProposal(0x0a0a, [])));
        await OpenGroup.RefusesAsync(MlsError.UnsupportedProposal, () => clients[0].ProposeAsync(group => group.ProposeAsync(new CustomProposal(0xf00f, []))));
    }

    [Theory]
    [InlineData("extension")]
    [InlineData("proposal")]
    [InlineData("credential")]
    public static async Task Section_11_1_who_lacks_what_the_group_requires_neither_comes_in_nor_stays(string kind)
    {
        Extension required = (kind switch
        {
            "extension" => new RequiredCapabilities([0xf0ca], [], []),
            "proposal" => new RequiredCapabilities([], [Vote], []),
            _ => new RequiredCapabilities([], [], [Credential.X509Type]),
        }).ToExtension();
        Capabilities able = Capabilities.For([CipherSuite.P256Aes128], [0xf0ca], [Vote]);
        able = able with { Credentials = [.. able.Credentials, Credential.X509Type] };
        MlsRules rules = MlsRules.Open;
        List<Client> clients = await OpenGroup.OfAsync(2, rules, capabilities: able, extensions: required);
        Client unable = await Client.CreateAsync("unable", rules: rules);
        KeyPackage keyPackage = await unable.PublishAsync();
        await OpenGroup.RefusesAsync(MlsError.UnsupportedCapability, () => clients[0].CommitAsync(new() { Add = [keyPackage] }));
        await clients[0].RefusesAsync(MlsError.UnsupportedCapability, await new EvilMember(clients[1].Group).CommitAsync(null, new AddProposal(keyPackage)));
        byte[] info = await clients[0].InfoAsync();
        await OpenGroup.RefusesAsync(MlsError.UnsupportedCapability, () => unable.JoinExternallyAsync(info));
        await OpenGroup.RefusesAsync(MlsError.UnsupportedCapability, () => unable.CreateGroupAsync(required));
        await OpenGroup.RefusesAsync(MlsError.UnsupportedCapability, () => clients[0].CommitAsync(new() { OwnLeaf = new() { Capabilities = Capabilities.For(CipherSuite.P256Aes128) } }));
        // A group of which one is unable cannot come to require it.
        List<Client> mixed = await OpenGroup.OfAsync(2, rules);
        await OpenGroup.RefusesAsync(MlsError.UnsupportedCapability, () => mixed[0].CommitAsync(new() { Extensions = [required] }));
        await mixed[0].RefusesAsync(MlsError.UnsupportedCapability, await new EvilMember(mixed[1].Group).CommitAsync(await new EvilMember(mixed[1].Group).PathAsync(), new GroupContextExtensionsProposal([required])));
        Assert.Equal(required, RequiredCapabilities.Of([required])!.ToExtension());
    }
}

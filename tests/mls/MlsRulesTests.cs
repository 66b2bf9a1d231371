namespace Kavalek.Mls.Tests;

/// <summary>What <see cref="MlsRules"/> forbids is refused, from peers as from the own application.</summary>
public static class MlsRulesTests
{
    static readonly MlsRules Strict = MlsRules.MembersOnly;

    [Fact]
    public static async Task Members_only_refuses_what_others_commit_beyond_adds_updates_removes_and_extensions()
    {
        List<Client> clients = await OpenGroup.OfAsync(3);
        // One of them keeps to stricter rules than the others.
        clients[0].Take(MlsGroup.Load(clients[0].Environment with { Rules = Strict }, clients[0].Group.Changes(null)));
        ResumptionPsk here = new(clients[1].Group.GroupId, clients[1].Group.Epoch);
        ReInit reInit = new("anew"u8.ToArray(), CipherSuite.P256Aes128.Id, []);
        foreach (CommitRequest request in (CommitRequest[])[new() { ResumptionPsks = [here] }, new() { ReInit = reInit }, new() { Extensions = [ExternalSender.ToExtension([])] }])
        {
            (PendingCommit pending, MlsGroup next) = await clients[1].Group.CommitAsync(request, Client.Now);
            clients[1].Keep(next);
            await clients[0].RefusesAsync(MlsError.NotAllowed, pending.Message);
            pending.Dispose();
        }
        foreach (Func<MlsGroup, ValueTask<OutgoingMessage>> propose in (Func<MlsGroup, ValueTask<OutgoingMessage>>[])[
            group => group.ProposePskAsync(here), group => group.ProposePskAsync([1]), group => group.ProposeReInitAsync(reInit)])
            await clients[0].RefusesAsync(MlsError.NotAllowed, (await propose(clients[1].Group)).Message);

        Client newcomer = await Client.CreateAsync("newcomer", rules: MlsRules.Open);
        byte[] info = await clients[1].InfoAsync();
        await clients[0].RefusesAsync(MlsError.NotAllowed, (await newcomer.JoinExternallyAsync(info)).Message);
        await clients[0].RefusesAsync(MlsError.NotAllowed,
            await OutsideProposer.ProposeOneselfAsync(newcomer.Environment, here.GroupId, here.Epoch, await newcomer.BundleAsync()));
        await clients[0].RefusesAsync(MlsError.NotAllowed, await new EvilMember(clients[1].Group).PublicAsync(new EvilMember(clients[1].Group).Content(proposal: new RemoveProposal(new(2)))));
        // What members do among themselves goes on.
        PendingCommit honest = await clients[1].CommitAsync(new());
        await clients.DeliverAsync(honest.Message);
        GroupLifeTests.AssertAgree(clients);
    }

    [Fact]
    public static async Task Members_only_refuses_what_the_own_application_asks_for()
    {
        List<Client> clients = await OpenGroup.OfAsync(2, Strict);
        MlsGroup group = clients[0].Group;
        Task CommitAsync(CommitRequest request) => group.CommitAsync(request, Client.Now, _ => group.ExportSecret("a", [], 32)).AsTask();
        await OpenGroup.RefusesAsync(MlsError.NotAllowed, () => CommitAsync(new() { ExternalPsks = [[1]] }));
        await OpenGroup.RefusesAsync(MlsError.NotAllowed, () => CommitAsync(new() { ResumptionPsks = [new(group.GroupId, group.Epoch)] }));
        await OpenGroup.RefusesAsync(MlsError.NotAllowed, () => CommitAsync(new() { ReInit = new([1], 2, []) }));
        await OpenGroup.RefusesAsync(MlsError.NotAllowed, () => CommitAsync(new() { Extensions = [ExternalSender.ToExtension([])] }));
        await OpenGroup.RefusesAsync(MlsError.UnsupportedProposal, () => CommitAsync(new() { Custom = [new(0xf00d, [])] }));
        await OpenGroup.RefusesAsync(MlsError.NotAllowed, async () => await group.BranchAsync([1], await clients[0].BundleAsync(), [], [], Client.Now));
        await OpenGroup.RefusesAsync(MlsError.NotAllowed, async () => await MlsGroup.CreateAsync(group.Environment, [1], await clients[0].BundleAsync(), [ExternalSender.ToExtension([])]));
    }

    [Fact]
    public static async Task Members_only_refuses_a_welcome_with_pre_shared_keys_or_external_senders()
    {
        List<Client> clients = await OpenGroup.OfAsync(2);
        using Secret psk = Secret.Copy("a secret of our own"u8);
        Client strict = await Client.CreateAsync("strict", rules: Strict);
        (PendingCommit withPsk, MlsGroup next) = await clients[0].Group.CommitAsync(
            new() { Add = [await strict.PublishAsync()], ExternalPsks = ["psk"u8.ToArray()] }, Client.Now, _ => psk);
        clients[0].Keep(next);
        await OpenGroup.RefusesAsync(MlsError.NotAllowed, () => strict.JoinAsync(withPsk.Welcome!, new() { ExternalPsk = _ => psk }));
        PendingCommit withSenders = await clients[0].CommitAsync(new() { Add = [await strict.PublishAsync()], Extensions = [ExternalSender.ToExtension([])] });
        await OpenGroup.RefusesAsync(MlsError.NotAllowed, () => strict.JoinAsync(withSenders.Welcome!));
        FoundedGroup branch = await clients[1].Group.BranchAsync("part"u8.ToArray(), await clients[1].BundleAsync(), [await clients[0].PublishAsync()], [], Client.Now);
        MlsGroup whole = MlsGroup.Load(clients[0].Environment with { Rules = Strict }, clients[0].Group.Changes(null));
        clients[0].Take(whole);
        await OpenGroup.RefusesAsync(MlsError.NotAllowed, () => clients[0].JoinAsync(branch.Welcome!, new() { Groups = _ => whole }, whole.Environment));
    }

    [Fact]
    public static async Task Section_6_2_a_group_may_send_its_handshakes_in_clear()
    {
        List<Client> clients = await OpenGroup.OfAsync(3, MlsRules.Default with { SendPublicHandshakes = true });
        byte[] update = await clients[1].ProposeAsync(group => group.ProposeUpdateAsync());
        Assert.Equal(WireFormat.PublicMessage, MlsMessage.Peek(update).WireFormat);
        await clients.HearAsync(update);
        PendingCommit pending = await clients.CommitAsync(clients[2]);
        Assert.Equal(WireFormat.PublicMessage, MlsMessage.Peek(pending.Message).WireFormat);
        Assert.Equal(2, pending.Effects.Updated.Count);
        await GroupLifeTests.AssertAllHearEachOtherAsync(clients);
    }

    [Fact]
    public static async Task Section_13_5_GREASE_is_sent_unless_asked_not_to()
    {
        Client ann = await Client.CreateAsync("ann");
        KeyPackageBundle greased = await ann.BundleAsync(), plain = await KeyPackageBundle.CreateAsync(ann.Environment, new()
        {
            Suite = ann.Suite,
            Credential = Credential.Basic([1]),
            SignatureKey = ann.SignatureKey,
            Lifetime = Lifetime.Starting(Client.Now, TimeSpan.FromDays(1)),
            Grease = false,
        });
        Capabilities can = greased.KeyPackage.Leaf.Capabilities;
        Assert.All((IReadOnlyList<ushort>[])[can.CipherSuites, can.Extensions, can.Proposals, can.Credentials], list => Assert.Contains(list, Extension.IsGrease));
        Assert.True(Extension.IsGrease(Assert.Single(greased.KeyPackage.Extensions).Type));
        Assert.True(Extension.IsGrease(Assert.Single(greased.KeyPackage.Leaf.Extensions).Type));
        Assert.Empty(plain.KeyPackage.Extensions);
        Assert.Empty(plain.KeyPackage.Leaf.Extensions);
        await greased.KeyPackage.ValidateAsync(ann.Environment, Client.Now);
        HashSet<ushort> drawn = [.. Enumerable.Range(0, 1000).Select(_ => Extension.RandomGrease())];
        Assert.Equal(15, drawn.Count);
        Assert.All(drawn, value => Assert.True(Extension.IsGrease(value)));
    }
}

using System.Collections;

namespace Kavalek.Mls.Tests;

/// <summary>Numbers at the end of their range and lists as long as a message allows, from who may be in the group: a typed refusal, in bounded time.</summary>
public static class EdgeTests
{
    // K-50
    [Fact]
    public static async Task Section_8_1_after_the_last_epoch_there_is_none()
    {
        // Eve founds a group that begins at its end, and has Dan join it.
        (Client dan, MlsGroup eves) = await InvitedAsync(context => context with { Epoch = ulong.MaxValue });
        Assert.Equal(ulong.MaxValue, dan.Group.Epoch);
        EvilMember eve = new(eves);
        Proposal add = new AddProposal(await (await Client.CreateAsync("fay")).PublishAsync());
        byte[] commit = await eve.PublicAsync(eve.Content(commit: new Commit([new(add, null)], null)));
        await dan.RefusesAsync(MlsError.LimitExceeded, commit);
        await OpenGroup.RefusesAsync(MlsError.LimitExceeded, async () => await dan.Group.CommitAsync(new(), Client.Now));
        Assert.Equal("still here", System.Text.Encoding.UTF8.GetString(Assert.IsType<ProcessResult.ApplicationReceived>(
            await eves.ProcessAsync(await dan.SendAsync("still here"), Client.Now)).Content));

        Client gus = await Client.CreateAsync("gus", rules: MlsRules.Open);
        byte[] info = await dan.InfoAsync();
        await OpenGroup.RefusesAsync(MlsError.LimitExceeded, () => gus.JoinExternallyAsync(info));
        // One before it there is one.
        (dan, eves) = await InvitedAsync(context => context with { Epoch = ulong.MaxValue - 1 });
        await dan.CommitAsync(new());
        Assert.IsType<ProcessResult.CommitReceived>(await eves.ProcessAsync(dan.Pending!.Message, Client.Now));
    }

    // K-49
    [Fact]
    public static async Task Section_8_4_a_welcome_names_no_more_pre_shared_keys_than_a_commit_can()
    {
        using Secret psk = Secret.Copy([1, 2, 3]);
        PreSharedKeyId[] Named(int count) => [.. Enumerable.Range(0, count).Select(i => PreSharedKeyId.External([1], [.. new byte[28], .. BitConverter.GetBytes(i)]))];
        foreach (int count in (int[])[MlsLimits.Default.MaxProposals + 1, ushort.MaxValue + 1])
        {
            MlsException refused = await Assert.ThrowsAsync<MlsException>(() => InvitedAsync(context => context, Named(count), psk));
            Assert.Equal(MlsError.LimitExceeded, refused.Error);
        }
        await InvitedAsync(context => context, Named(2), psk);
    }

    // K-49
    [Fact]
    public static async Task Section_7_3_capabilities_as_long_as_a_message_allows_are_looked_up_and_not_searched()
    {
        // As many types as there are, at the end of a long list: searched one by one they would be looked at thousands of millions of times.
        ushort[] every = [.. Enumerable.Range(0x100, 0xfe00).Select(type => (ushort)type)];
        Counted list = new([.. new ushort[10_000], .. every]);
        Capabilities can = Capabilities.For(CipherSuite.P256Aes128) with { Extensions = list, Proposals = list, Credentials = list };
        Assert.True(GroupRequirements.Of([new RequiredCapabilities([.. every, .. every], every, every).ToExtension()]).AreMetBy(can));
        Assert.False(GroupRequirements.Of([new RequiredCapabilities(every, every, [.. every, Credential.BasicType]).ToExtension()]).AreMetBy(can));

        LeafNode leaf = (await (await Client.CreateAsync("eve")).PublishAsync()).Leaf;
        LeafNode Leaf(int type, IReadOnlyList<Extension> extensions) => new(
            leaf.EncryptionKey, leaf.SignatureKey, new Credential((ushort)type, []), can, leaf.Source, leaf.Lifetime, null, extensions, leaf.Signature);
        LeafNodeValidation.CheckCapabilities(Leaf(0x100, [.. every.Select(used => new Extension(used, []))]));
        TreeValidation.CheckCredentialTypes(RatchetTree.From(Suites.P256, [.. Enumerable.Range(0x100, 16).Select(type => Leaf(type, []))], new ParentNode?[15], 16));
        // Each of the look-ups above goes through the list once or a few times; each leaf is written once, too.
        Assert.InRange(list.Looks, list.Count, 100L * list.Count);
    }

    [Fact]
    public static async Task Section_12_4_3_1_a_look_up_that_always_gives_the_own_key_package_finds_its_place_among_others()
    {
        Client ann = await Client.CreateAsync("ann"), bob = await Client.CreateAsync("bob"), cid = await Client.CreateAsync("cid");
        await ann.CreateGroupAsync();
        KeyPackageBundle cids = await cid.OfferAsync(), another = await cid.OfferAsync();
        PendingCommit pending = await ann.CommitAsync(new() { Add = [await bob.PublishAsync(), cids.KeyPackage] });
        JoinedGroup joined = await MlsGroup.JoinAsync(cid.Environment, pending.Welcome!, _ => ValueTask.FromResult<KeyPackageBundle?>(cids));
        Assert.Equal(cids.Ref, joined.KeyPackageRef);
        await OpenGroup.RefusesAsync(MlsError.NoMatchingKeyPackage, async () =>
            await MlsGroup.JoinAsync(cid.Environment, pending.Welcome!, _ => ValueTask.FromResult<KeyPackageBundle?>(another)));
    }

    [Fact]
    public static async Task A_commit_that_was_given_up_cannot_be_applied()
    {
        List<Client> clients = await OpenGroup.OfAsync(2);
        PendingCommit pending = await clients[0].CommitAsync(new());
        pending.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pending.Apply(clients[0].Group, Client.Now));
        // What it shares with the group lives on.
        PendingCommit again = await clients[0].CommitAsync(new());
        Assert.Equal(again.NextEpochAuthenticator, again.Apply(clients[0].Group, Client.Now).EpochAuthenticator);
    }

    /// <summary>Eve founds a group with a context of her choice and has Dan join it.</summary>
    static async Task<(Client Dan, MlsGroup Eves)> InvitedAsync(Func<GroupContext, GroupContext> change, PreSharedKeyId[]? psks = null, Secret? psk = null)
    {
        Client eve = await Client.CreateAsync("eve"), dan = await Client.CreateAsync("dan");
        await eve.CreateGroupAsync();
        EpochState state = eve.Group.State;
        SuiteCrypto crypto = state.Crypto;
        KeyPackage package = await dan.PublishAsync();
        (RatchetTree tree, _) = state.Tree.Add([package.Leaf]);
        GroupContext context = change(state.Context) with { TreeHash = tree.TreeHash() };
        using Secret joiner = crypto.RandomSecret(32), mixed = psks is null or { Length: > ushort.MaxValue } ? Secret.Zero(32) : PskSecret.Combine(crypto, [.. psks.Select(id => (id.Encode(), psk!))]);
        EpochSecrets secrets = EpochSecrets.FromJoiner(crypto, joiner, mixed, context.Encoded);
        byte[] tag = secrets.ConfirmationTag(context.ConfirmedTranscriptHash);
        GroupInfo info = await new GroupInfo(context, [new Extension(Extension.RatchetTree, tree.Encode())], tag, state.Own, []).SignAsync(crypto, state.SignatureKey);
        Welcome welcome = await Welcome.CreateAsync(crypto, info, joiner, mixed, psks ?? [], [(package, null)]);
        await dan.JoinAsync(welcome.Encode(), new() { ExternalPsk = _ => psk });
        EpochState shared = state with { Context = context, Tree = tree, Secrets = secrets, InterimHash = TranscriptHash.Interim(crypto, context.ConfirmedTranscriptHash, tag) };
        return (dan, new MlsGroup(eve.Environment, shared, secrets.StartSecretTree(tree.Size), [], []));
    }

    /// <summary>A list that counts how often somebody looks at one of its values.</summary>
    sealed class Counted(ushort[] values) : IReadOnlyList<ushort>
    {
        public long Looks { get; private set; }

        public int Count => values.Length;

        public ushort this[int index]
        {
            get
            {
                Looks++;
                return values[index];
            }
        }

        public IEnumerator<ushort> GetEnumerator()
        {
            for (int i = 0; i < values.Length; i++) yield return this[i];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

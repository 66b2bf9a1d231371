using Google.Protobuf;
using Kavalek.Protocol;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>Welcomes that are withheld, exchanged, repeated, or come when nobody can say whose they are.</summary>
[Collection(nameof(Cast))]
public sealed class WelcomeTests(Cast cast)
{
    // K-41
    [Theory]
    [InlineData("withheld")]
    [InlineData("of another group")]
    [InlineData("of a key package that is not ours")]
    [InlineData("cut short")]
    public async Task A_Welcome_that_is_not_the_right_one_leaves_nothing_behind_and_a_new_add_brings_the_joiner_in(string what)
    {
        KavalekClient joiner = await cast.PersonAsync();
        await using var _ = joiner;
        await joiner.SyncAsync();
        KavalekClient marie = cast.Marie;
        Conversation other = await cast.Zoe.CreateGroupAsync("Other", [(await cast.Zoe.FindAsync(joiner.Me.Handle)).Account]);
        Conversation strangers = await cast.Zoe.CreateGroupAsync("Strangers", [(await cast.Zoe.FindAsync("lea")).Account]);
        byte[] foreign = await WelcomeOfAsync(joiner, await cast.Zoe.StreamAsync(other)), strange = await WelcomeOfAsync(cast.Lea, await cast.Zoe.StreamAsync(strangers));
        await joiner.SyncAsync();
        await cast.Lea.SyncAsync();
        string before = await joiner.StateAsync("conv/inbox");

        Conversation group = await marie.CreateGroupAsync("Right", [(await marie.FindAsync(joiner.Me.Handle)).Account]);
        Id stream = await marie.StreamAsync(group);
        using (cast.Hostile.Lie(async (request, next) =>
        {
            Answer honest = await next(request);
            if (!request.Is("GET", $"api/v1/streams/{stream}/welcomes/*")) return honest;
            return what switch
            {
                "withheld" => Answer.Problem(404, ErrorCodes.NotFound),
                "of another group" => honest with { Body = foreign },
                "of a key package that is not ours" => honest with { Body = strange },
                _ => honest with { Body = honest.Body[..^1] },
            };
        }))
        {
            await joiner.SyncAsync();
        }
        Assert.Null(joiner.Conversation(group.Id));
        // No group, no key and no person came of it: all that is new is that this device asks to be added, with a key package made for that.
        string[] after = (await joiner.StateAsync("conv/inbox")).Split('\n');
        Assert.Empty(before.Split('\n').Except(after));
        Assert.Equal(["conv/r/", "key-package/"], after.Except(before.Split('\n')).Select(line => line[..(line.LastIndexOf('/', line.IndexOf(' ', StringComparison.Ordinal)) + 1)]).Order());

        await SyncAsync(marie, joiner);
        Conversation joined = joiner.Conversation(group.Id)!;
        await joined.AcceptAsync();
        await group.SendAsync("now you are in");
        await SyncAsync(marie, joiner);
        Assert.Equal(["now you are in"], await joined.TextsAsync());
    }

    // K-41
    [Fact]
    public async Task A_Welcome_of_a_commit_that_lost_takes_nobody_in_and_is_noticed_with_the_first_message()
    {
        KavalekClient joiner = await cast.PersonAsync(), marie = await cast.PersonAsync();
        await using var _ = joiner;
        await using var __ = marie;
        await joiner.SyncAsync();
        byte[]? lost = null;
        using (cast.Hostile.Lie(async (request, next) =>
        {
            if (!request.Is("POST", "api/v1/streams/*/entries") || lost is not null) return await next(request);
            // The server keeps her first commit's Welcome and refuses the commit.
            lost = Wire.Append.Parser.ParseFrom(request.Body).Change.Welcome.ToByteArray();
            return Answer.Problem(400, ErrorCodes.Invalid);
        }))
            await Assert.ThrowsAsync<KavalekException>(async () => await marie.CreateGroupAsync("Lost", [(await marie.FindAsync(joiner.Me.Handle)).Account]));
        Conversation hers = marie.Conversations.Single();
        await hers.AddAsync([joiner.Me.Id]);
        Id stream = await marie.StreamAsync(hers);
        using (cast.Hostile.Lie(async (request, next) =>
            await next(request) is var honest && request.Is("GET", $"api/v1/streams/{stream}/welcomes/*") ? honest with { Body = lost! } : honest))
            await joiner.SyncAsync();
        Conversation his = joiner.Conversation(hers.Id)!;
        await his.AcceptAsync();
        await hers.SendAsync("for the winning epoch");
        await SyncAsync(marie, joiner);
        await SyncAsync(marie, joiner);
        Assert.Empty(await his.TextsAsync());
        Assert.Equal(ClientErrors.Apart, his.CannotSend?.Code);
        Assert.Equal(ClientErrors.Apart, hers.CannotSend?.Code);
        await hers.StartAfreshAsync([]);
        await SyncAsync(marie, joiner);
        await hers.SendAsync("now you are in");
        await SyncAsync(marie, joiner);
        Assert.Equal(["now you are in"], await his.TextsAsync());
    }

    // K-41
    [Fact]
    public async Task A_Welcome_into_a_group_that_is_there_already_changes_nothing_however_often_it_comes()
    {
        KavalekClient joiner = await cast.PersonAsync();
        await using var _ = joiner;
        List<Wire.Entry> notices = [];
        Queue<Wire.Entry> again = [];
        using IDisposable lens = cast.Hostile.Lie(new StreamLens(joiner.Me.Device, joiner.Me.Device, entries =>
        {
            notices.AddRange(entries.Where(entry => entry.Kind == Wire.Kind.Welcome));
            Wire.Entry[] repeated = [.. again];
            again.Clear();
            return entries.Concat(repeated);
        }));
        Conversation[] group = await GroupAsync("Once", cast.Marie, joiner);
        await group[0].SendAsync("hello");
        await SyncAsync(cast.Marie, joiner);
        await SyncAsync(cast.Marie, joiner);
        string before = await joiner.StateAsync("conv/inbox", "conv/e/");
        Assert.NotEmpty(notices);
        foreach (Wire.Entry notice in notices.ToArray()) again.Enqueue(new Wire.Entry(notice) { Id = ByteString.CopyFrom(Id.New().ToArray()) });
        await joiner.SyncAsync();
        Assert.Empty(again);
        Assert.Equal(before, await joiner.StateAsync("conv/inbox", "conv/e/"));
        await group[0].SendAsync("and on");
        await SyncAsync(cast.Marie, joiner);
        Assert.Equal(["hello", "and on"], await group[1].TextsAsync());
    }

    // K-41
    [Fact]
    public async Task While_the_directory_cannot_be_asked_a_Welcome_waits_and_nothing_of_it_is_kept()
    {
        KavalekClient joiner = await cast.PersonAsync();
        await using var _ = joiner;
        await joiner.SyncAsync();
        Conversation group = await cast.Marie.CreateGroupAsync("Asked later", [(await cast.Marie.FindAsync(joiner.Me.Handle)).Account]);
        await group.SendAsync("hello");
        await cast.Marie.SyncAsync();
        string before = await joiner.StateAsync();
        using (cast.Hostile.Lose("GET", $"auth/v1/accounts/{cast.Marie.Me.Id}", before: true))
        {
            for (int i = 0; i < 3; i++) Assert.Equal(ClientErrors.Offline, await CodeAsync(() => joiner.SyncAsync()));
            Assert.Null(joiner.Conversation(group.Id));
            Assert.Equal(before, await joiner.StateAsync());
        }
        await joiner.SyncAsync();
        Assert.Equal(["hello"], await joiner.Conversation(group.Id)!.TextsAsync());
    }

    // K-41
    [Fact]
    public async Task A_group_that_claims_to_carry_on_a_conversation_without_the_right_is_another_conversation()
    {
        (KavalekClient marie, KavalekClient karim, KavalekClient zoe, KavalekClient lea) = (cast.Marie, cast.Karim, cast.Zoe, cast.Lea);
        Conversation[] group = await GroupAsync("Ours", marie, karim, zoe);
        await group[0].SendAsync("before");
        await SyncAsync(marie, karim, zoe);
        int conversations = karim.Conversations.Count;

        // Zoe, a member, would take it over: with herself as owner, or without Marie.
        ConversationExtension mine = new() { Kind = ConversationKind.Group, Created = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 100, Title = "Ours", Roles = new Dictionary<Id, Role> { [zoe.Me.Id] = Role.Owner }, Continues = group[0].Id };
        await zoe.SyncAsync();
        await TakeOverAsync(zoe, mine, [marie.Me.Id, karim.Me.Id]);
        await TakeOverAsync(zoe, mine, [karim.Me.Id]);
        // And Lea, who was never in it.
        await TakeOverAsync(lea, mine with { Roles = new Dictionary<Id, Role> { [lea.Me.Id] = Role.Owner } }, [karim.Me.Id, zoe.Me.Id]);
        await SyncAsync(marie, karim);
        Assert.Equal(conversations + 3, karim.Conversations.Count);
        Assert.Equal(Role.Owner, group[1].Members.Single(m => m.Contact.Account == marie.Me.Id).Role);
        Assert.DoesNotContain(SystemKind.StartedAfresh, await group[1].KindsAsync());
        await group[1].SendAsync("still ours");
        await SyncAsync(karim, marie);
        Assert.Equal(["before", "still ours"], await group[0].TextsAsync());

        // The allow twin: a member may bring all together again, with every role as it was.
        await group[1].StartAfreshAsync([]);
        await SyncAsync(marie, karim, zoe);
        Assert.Contains(SystemKind.StartedAfresh, await group[0].KindsAsync());
        await group[0].SendAsync("afresh");
        await SyncAsync(marie, karim, zoe);
        Assert.Equal("afresh", (await group[1].TextsAsync())[^1]);
        Assert.Equal("afresh", (await group[2].TextsAsync())[^1]);
    }

    [Fact]
    public async Task Whom_a_group_begun_afresh_brings_in_is_said_and_gets_nothing_of_what_waited()
    {
        (KavalekClient marie, KavalekClient karim, KavalekClient zoe, KavalekClient lea) = (cast.Marie, cast.Karim, cast.Zoe, cast.Lea);
        Conversation[] group = await GroupAsync("Kept out", marie, karim, zoe);
        ConversationExtension afresh = new() { Kind = ConversationKind.Group, Created = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 100, Title = "Kept out", Roles = new Dictionary<Id, Role> { [marie.Me.Id] = Role.Owner }, Continues = group[0].Id };
        // With somebody new, as an admin may: Karim's text was written for the three of them.
        await lea.SyncAsync();
        await TakeOverAsync(marie, afresh, [karim.Me.Id, zoe.Me.Id, lea.Me.Id]);
        await group[1].SendAsync("for the three of us");
        await SyncAsync(karim, zoe, lea);
        Assert.Equal([SystemKind.StartedAfresh, SystemKind.Joined], (await group[1].KindsAsync())[^2..]);
        SystemBody joined = (await group[1].LinesAsync())[^1];
        Assert.Equal((marie.Me.Id, lea.Me.Id), (joined.By, Assert.Single(joined.Accounts)));
        Assert.Equal(MessageState.Failed, (await group[1].MessageAsync("for the three of us")).State);
        await group[1].SendAsync("for the four of us");
        await SyncAsync(karim, zoe);
        Assert.Equal(["for the four of us"], await group[2].TextsAsync());
    }

    [Fact]
    public async Task Who_was_removed_comes_back_by_a_commit_and_not_by_a_group_that_an_admin_who_did_not_see_it_begins_afresh()
    {
        (KavalekClient marie, KavalekClient karim, KavalekClient zoe) = (cast.Marie, cast.Karim, cast.Zoe);
        MemoryClientStore store = new();
        KavalekClient witness = await cast.PersonAsync(store);
        Conversation[] group = await GroupAsync("Removed", marie, karim, zoe, witness);
        await group[0].SetRoleAsync(karim.Me.Id, Role.Admin);
        await SyncAsync(marie, karim, zoe, witness);
        Dictionary<Id, Role> roles = new() { [marie.Me.Id] = Role.Owner, [karim.Me.Id] = Role.Admin };
        ConversationExtension afresh = new() { Kind = ConversationKind.Group, Created = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 100, Title = "Removed", Roles = roles, Continues = group[0].Id };
        await group[0].RemoveAsync(zoe.Me.Id);
        await SyncAsync(marie, witness);
        // Also after a restart.
        await witness.DisposeAsync();
        witness = await KavalekClient.UnlockAsync(cast.Options(store), TestPeople.Phrase);
        Conversation seen = witness.Conversation(group[0].Id)!;
        int conversations = witness.Conversations.Count;
        await seen.SendAsync("not for her");
        // Karim has not seen it: his device still takes her for a member.
        await TakeOverAsync(karim, afresh, [marie.Me.Id, zoe.Me.Id, witness.Me.Id]);
        await SyncAsync(witness, marie, zoe);
        Assert.Equal(conversations + 1, witness.Conversations.Count);
        Assert.Equal(3, seen.Members.Count);
        Assert.DoesNotContain(SystemKind.StartedAfresh, await seen.KindsAsync());
        Assert.Equal(["not for her"], await group[0].TextsAsync());
        foreach (Conversation hers in zoe.Conversations) Assert.DoesNotContain("not for her", await hers.TextsAsync());

        // The allow twin: added again by a commit that all see, she stays in a group that is begun afresh.
        await group[0].AddAsync([zoe.Me.Id]);
        await SyncAsync(marie, witness);
        await TakeOverAsync(karim, afresh with { Created = afresh.Created + 1 }, [marie.Me.Id, zoe.Me.Id, witness.Me.Id]);
        await SyncAsync(witness, marie);
        Assert.Equal(conversations + 1, witness.Conversations.Count);
        Assert.Equal(4, seen.Members.Count);
        Assert.Contains(SystemKind.StartedAfresh, await seen.KindsAsync());
        await witness.DisposeAsync();
    }

    // Begins a group as the SDK would, but for any extension.
    static async Task TakeOverAsync(KavalekClient client, ConversationExtension extension, IReadOnlyList<Id> others)
    {
        ClientCore core = client.Core;
        Id stream = Id.New();
        using Mls.KeyPackageBundle own = await Mls.KeyPackageBundle.CreateAsync(core.Mls, new Mls.KeyPackageRequest
        {
            Suite = ConversationSuite.Suite,
            Credential = core.Identity.Credential,
            SignatureKey = core.Identity.DeviceKey,
            Lifetime = Mls.Lifetime.Starting(DateTimeOffset.UtcNow, TimeSpan.FromDays(1)),
            Capabilities = ConversationSuite.Capabilities,
        });
        Mls.MlsGroup alone = await Mls.MlsGroup.CreateAsync(core.Mls, stream.ToArray(), own, CommitPolicy.Write(extension));
        List<ClaimedDevice> devices = [];
        foreach (Id other in others) devices.AddRange(await core.People.ClaimAsync(other, default));
        (Mls.PendingCommit pending, _) = await alone.CommitAsync(new Mls.CommitRequest { Add = [.. devices.Select(d => d.KeyPackage)] }, DateTimeOffset.UtcNow);
        await core.Streams.CreateAsync(stream, default);
        Wire.Append append = new()
        {
            Stream = ByteString.CopyFrom(stream.ToArray()),
            Id = ByteString.CopyFrom(Id.New().ToArray()),
            Kind = Wire.Kind.Commit,
            Payload = ByteString.CopyFrom(pending.Message),
            Change = new Wire.Change { Welcome = ByteString.CopyFrom(pending.Welcome!) },
        };
        append.Change.Add.AddRange(devices.Select(d => ByteString.CopyFrom(d.Certificate.Content.Device.ToArray())));
        Assert.IsType<AppendStored>(await core.Streams.AppendAsync(append, default));
    }

    static async Task<byte[]> WelcomeOfAsync(KavalekClient client, Id stream) => (await client.Core.Streams.WelcomeAsync(stream, 1, default))!;
}

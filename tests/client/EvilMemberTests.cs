using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client.Tests;

/// <summary>A member with real keys that breaks the rules: the others keep their epoch, and the conversation goes on (K-23, K-34, K-52).</summary>
public static class EvilMemberTests
{
    [Theory]
    [InlineData("rename")]
    [InlineData("make itself owner")]
    [InlineData("remove somebody")]
    [InlineData("drop the extension")]
    [InlineData("mix in a key of an earlier epoch")]
    [InlineData("begin the group anew")]
    [InlineData("empty, under a wrong kind")]
    public static async Task What_a_member_may_not_commit_the_others_refuse_and_go_on(string what)
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await using RawMember evil = await RawMember.OpenAsync(zoe, group[0].Id);
        ConversationExtension agreed = CommitPolicy.Read(evil.Group.Extensions);
        switch (what)
        {
            case "rename": await evil.CommitAsync(new CommitRequest { Extensions = CommitPolicy.Write(agreed.WithTitle("Mine")) }); break;
            case "make itself owner": await evil.CommitAsync(new CommitRequest { Extensions = CommitPolicy.Write(agreed.WithRole(zoe.Me.Id, Role.Owner)) }); break;
            // The server is not told, as it would believe it: what members hold counts.
            case "remove somebody": await evil.CommitAsync(new CommitRequest { Remove = evil.Leaves(karim.Me.Id) }, tellServer: false); break;
            case "drop the extension": await evil.CommitAsync(new CommitRequest { Extensions = [evil.Group.Extensions[0]] }); break;
            case "mix in a key of an earlier epoch": await evil.CommitAsync(new CommitRequest { ResumptionPsks = [new ResumptionPsk(evil.Group.GroupId, evil.Group.Epoch)] }); break;
            case "begin the group anew": await evil.CommitAsync(new CommitRequest { ReInit = new ReInit(Id.New().ToArray(), evil.Group.Suite.Id, evil.Group.Extensions) }); break;
            default:
                {
                    (PendingCommit pending, _) = await evil.Group.CommitAsync(new CommitRequest(), DateTimeOffset.UtcNow);
                    await evil.AppendAsync(Wire.Kind.Application, pending.Message, null);
                    break;
                }
        }
        await SyncAsync(marie, karim);
        foreach (Conversation seen in group[..2])
        {
            Assert.Equal("Trio", seen.Title);
            Assert.Equal(3, seen.Members.Count);
            Assert.Equal(Role.Member, seen.Members.Single(m => m.Contact.Account == zoe.Me.Id).Role);
            Assert.Null(seen.CannotSend);
        }

        await group[1].SendAsync("as before");
        await SyncAsync(karim, marie);
        Assert.Equal(["as before"], await group[0].TextsAsync());
        await group[0].RemoveAsync(zoe.Me.Id);
        await group[0].SendAsync("without her");
        await SyncAsync(marie, karim);
        Assert.Equal(["as before", "without her"], await group[1].TextsAsync());
        Assert.Equal(2, group[1].Members.Count);
    }

    [Fact]
    public static async Task Who_joins_after_a_refused_commit_can_write()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        await using KavalekClient lea = await SignUpAsync(server, "lea");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await using RawMember evil = await RawMember.OpenAsync(zoe, group[0].Id);
        await evil.CommitAsync(new CommitRequest { Extensions = CommitPolicy.Write(CommitPolicy.Read(evil.Group.Extensions).WithTitle("Mine")) });
        await SyncAsync(marie, karim);

        // The stream has counted one commit more than the group: the newcomer learns that from the server's answer.
        await lea.SyncAsync();
        await group[0].AddAsync([(await marie.FindAsync("lea")).Account]);
        await lea.SyncAsync();
        Conversation hers = lea.Conversation(group[0].Id)!;
        await hers.AcceptAsync();
        await hers.SendAsync("hello");
        await SyncAsync(lea, marie, karim);
        Assert.Equal(["hello"], await group[1].TextsAsync());
    }

    [Fact]
    public static async Task Proposals_other_than_to_leave_are_ignored_with_the_commits_that_name_them()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await using RawMember evil = await RawMember.OpenAsync(zoe, group[0].Id);
        await evil.ProposeAsync(g => g.ProposeRemoveAsync(evil.Leaves(karim.Me.Id)[0]));
        await evil.ProposeAsync(g => g.ProposeExtensionsAsync(CommitPolicy.Write(CommitPolicy.Read(g.Extensions).WithTitle("Mine"))));
        await evil.ProposeAsync(g => g.ProposeUpdateAsync());
        await SyncAsync(marie, karim);
        Assert.All(group[0].Members, m => Assert.Equal(PendingChange.None, m.Pending));
        await group[1].SendAsync("nothing to commit");
        await SyncAsync(karim, marie);
        Assert.Equal(["nothing to commit"], await group[0].TextsAsync());

        await evil.CommitAsync(new CommitRequest(), tellServer: false);
        await SyncAsync(marie, karim);
        await group[0].SendAsync("still three");
        await SyncAsync(marie, karim);
        Assert.Equal(["nothing to commit", "still three"], await group[1].TextsAsync());
        Assert.Equal(3, group[1].Members.Count);
    }

    [Fact]
    public static async Task The_last_owner_who_proposes_to_leave_stops_nothing()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await using RawMember evil = await RawMember.OpenAsync(marie, group[0].Id);
        await evil.ProposeAsync(g => g.ProposeRemoveAsync(g.OwnIndex));
        await group[1].SendAsync("we go on");
        await SyncAsync(karim, zoe);
        Assert.Equal(["we go on"], await group[2].TextsAsync());
    }

    [Fact]
    public static async Task An_invented_epoch_stops_nobody_for_long() // K-45
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await using RawMember evil = await RawMember.OpenAsync(zoe, group[0].Id);
        byte[] later = (await evil.Group.ProtectAsync(new byte[] { 1 })).Message;
        // version, wire format, group id with its length; then the epoch, which nothing authenticates for who has not its keys.
        later[2 + 2 + 1 + Limits.IdLength]++;
        await evil.AppendAsync(Wire.Kind.Application, later, null);
        await SyncAsync(marie, karim);
        Assert.All(group[..2], seen => Assert.NotNull(seen.CannotSend));

        // Out she goes; and whoever hears of somebody else is where the others are.
        await group[0].RemoveAsync(zoe.Me.Id);
        await SyncAsync(karim, marie);
        await group[1].SendAsync("we go on");
        await SyncAsync(karim, marie);
        Assert.All(group[..2], seen => Assert.Null(seen.CannotSend));
        Assert.Contains("we go on", await group[0].TextsAsync());
    }

    [Fact]
    public static async Task A_content_said_twice_or_garbage_shows_once_or_not_at_all()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await hers.SendAsync("hers");
        await SyncAsync(marie, karim);
        Id taken = (await his.MessageAsync("hers")).Id.Content;

        await using RawMember evil = await RawMember.OpenAsync(karim, his.Id);
        Content twice = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        twice.Text = new() { Text_ = "once" };
        await evil.SayAsync(twice);
        await evil.SayAsync(twice);
        await evil.SayAsync([1, 2, 3]);
        // Her id under his name is another message, and hers stays what it was.
        Content stolen = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        stolen.Id = ByteString.CopyFrom(taken.ToArray());
        stolen.Text = new() { Text_ = "his" };
        await evil.SayAsync(stolen);
        await evil.AppendAsync(Wire.Kind.Application, [1, 2, 3], null);
        await evil.AppendAsync(Wire.Kind.Commit, [1, 2, 3], null);
        await marie.SyncAsync();
        Assert.Equal(["hers", "once", "his"], await hers.TextsAsync());
        await hers.SendAsync("and on");
        await marie.SyncAsync();
        Assert.Equal(MessageState.Sent, (await hers.MessageAsync("and on")).State);
    }

    [Fact]
    public static async Task A_message_that_the_server_keeps_back_is_noticed_with_the_next()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await using RawMember member = await RawMember.OpenAsync(karim, his.Id);
        Content one = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow), three = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        one.Text = new() { Text_ = "one" };
        three.Text = new() { Text_ = "three" };
        await member.SayAsync(one);
        // Said, and dropped on the way.
        await member.SkipAsync();
        await member.CommitAsync(new CommitRequest { ForcePath = true });
        await member.SayAsync(three);
        await marie.SyncAsync();
        Assert.Equal(["one", "three"], await hers.TextsAsync());
        Assert.Equal("1", (await hers.LinesAsync()).Last(l => l.Kind == SystemKind.MessagesMissing).Text);
    }
}

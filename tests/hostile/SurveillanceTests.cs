using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using static Kavalek.Client.Tests.TestConversations;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>What people can learn of each other without being told, and what nobody can do to the messages of others.</summary>
[Collection(nameof(Cast))]
public sealed class SurveillanceTests(Cast cast)
{
    // K-69, K-24
    [Fact]
    public async Task In_a_group_with_a_blocked_person_nothing_is_said_of_delivery_or_reading()
    {
        Conversation[] group = await GroupAsync("With one too many", cast.Marie, cast.Karim, cast.Zoe);
        await cast.Karim.BlockAsync(cast.Zoe.Me.Id, true);
        try
        {
            await group[2].SendAsync("do you read me?");
            await group[0].SendAsync("hello");
            await SyncAsync(cast.Marie, cast.Zoe, cast.Karim);
            Assert.Equal(["hello"], await group[1].TextsAsync());
            await group[1].MarkReadAsync((await group[1].MessageAsync("hello")).Id);
            await SyncAsync(cast.Karim, cast.Marie, cast.Zoe);
            Assert.Equal([cast.Marie.Me.Id], (await group[2].MessageAsync("do you read me?")).DeliveredTo);
            Assert.Equal([cast.Zoe.Me.Id], (await group[0].MessageAsync("hello")).DeliveredTo);
            Assert.Empty((await group[0].MessageAsync("hello")).ReadBy);
        }
        finally
        {
            await cast.Karim.BlockAsync(cast.Zoe.Me.Id, false);
        }
        await SyncAsync(cast.Karim, cast.Marie);
        Assert.Contains(cast.Karim.Me.Id, (await group[0].MessageAsync("hello")).ReadBy);
    }

    // K-69
    [Fact]
    public async Task Nothing_fleeting_leaves_a_client_nothing_fleeting_shows_and_nobody_is_told_when_somebody_was_there()
    {
        KavalekClient writer = await cast.PersonAsync();
        await using var _ = writer;
        (Conversation from, Conversation to) = await DirectAsync(writer, cast.Lea);
        int left = 0, said = 0;
        using IDisposable lie = cast.Hostile.Lie(new FrameRule(async (frame, next) =>
        {
            if (frame.FromClient && Wire.ClientFrame.Parser.ParseFrom(frame.Bytes).Ephemeral is not null) left++;
            await next(frame);
            if (frame.FromClient || frame.Link.Caller?.Device != writer.Me.Device) return;
            // The server says that somebody types, wherever it likes.
            said++;
            Wire.Ephemeral typing = new() { Stream = ByteString.CopyFrom((await writer.StreamAsync(from)).ToArray()), Payload = ByteString.CopyFromUtf8("typing") };
            await next(frame with { Bytes = new Wire.ServerFrame { Ephemeral = typing }.ToByteArray() });
        }));
        await using (EventsOf seen = new(writer))
        {
            await writer.StartAsync();
            await from.SendAsync("written in one go");
            await seen.NextStateAsync("written in one go", MessageState.Sent);
            await writer.StopAsync();
        }
        Assert.True(said > 0);
        Assert.Equal(0, left);
        await SyncAsync(cast.Lea, writer);
        Assert.Equal(["written in one go"], await to.TextsAsync());
        Assert.Equal(["written in one go"], await from.TextsAsync());
        // What the directory says of somebody: no time of anything that they did.
        Assert.Equal(["Account", "AccountKey", "Certificates", "DeviceList", "Handle"], typeof(AccountRecord).GetProperties().Where(p => p.Name != "EqualityContract").Select(p => p.Name).Order());
    }

    // K-52
    [Fact]
    public async Task Nobody_reacts_edits_or_deletes_for_another_or_beyond_their_rights_and_what_is_unknown_changes_nothing()
    {
        Assert.Equal(["accepted", "ask", "delete", "edit", "offer", "passed", "profile", "reaction", "receipt", "text"], Content.Descriptor.Oneofs.Single(o => o.Name == "body").Fields.Select(f => f.Name).Order());
        Conversation[] group = await GroupAsync("Mine", cast.Marie, cast.Karim, cast.Zoe);
        await group[0].SendAsync("mine stays mine");
        await group[2].SendAsync("zoe's, too");
        await SyncAsync(cast.Marie, cast.Zoe, cast.Karim);
        await group[2].ReactAsync((await group[2].MessageAsync("mine stays mine")).Id, "🎉");
        await SyncAsync(cast.Zoe, cast.Marie, cast.Karim);
        MessageId mine = (await group[1].MessageAsync("mine stays mine")).Id, zoes = (await group[1].MessageAsync("zoe's, too")).Id;
        await using RawMember evil = await RawMember.OpenAsync(cast.Karim, group[1].Id);
        string[] lines = await StandAsync(group[0]);
        foreach (MessageId named in (MessageId[])[mine, zoes])
        {
            MessageRef of = ContentCodec.Ref(named.Account, named.Content);
            // Her words, his; her message, taken away; by a member, who has no right to it.
            foreach (uint version in (uint[])[1, 10]) await evil.SayAsync(Say(c => c.Edit = new() { Of = of, Text = "his words", Version = version }));
            await evil.SayAsync(Say(c => c.Delete = new() { Of = of }));
            // In her own content id, as if his were hers; and of a message that nobody wrote.
            Content stolen = Say(c => c.Edit = new() { Of = ContentCodec.Ref(cast.Karim.Me.Id, named.Content), Text = "his words", Version = 1 });
            stolen.Id = ByteString.CopyFrom(named.Content.ToArray());
            await evil.SayAsync(stolen);
            await evil.SayAsync(Say(c => c.Delete = new() { Of = ContentCodec.Ref(named.Account, Id.New()) }));
            await evil.SayAsync(Say(c => c.Reaction = new() { To = ContentCodec.Ref(named.Account, Id.New()), Emoji = "👍", Version = 1 }));
            // Beyond the limits, or what is no reaction.
            await evil.SayAsync(Say(c => c.Reaction = new() { To = of, Emoji = "👍", Version = uint.MaxValue }));
            await evil.SayAsync(Say(c => c.Reaction = new() { To = of, Emoji = "<img src=x>", Version = 1 }));
            await evil.SayAsync(Say(c => c.Text = new() { Text_ = "@you", Mentions = { new Client.Contents.Mention { Account = of.Account, Start = 0, Length = uint.MaxValue } } }));
        }
        for (int field = 23; field < 40; field++)
        {
            // A body of the future, which names her message: a pin, a vote.
            byte[] target = ContentCodec.Ref(mine.Account, mine.Content).ToByteArray();
            Content plain = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
            plain.Number = (ulong)(2_000 + field);
            await evil.SayAsync([.. plain.ToByteArray(), (byte)((field << 3 | 2) & 0x7f | 0x80), (byte)(field >> 4), (byte)target.Length, .. target]);
        }
        // A line about the conversation is nobody's message.
        Message line = (await group[0].MessagesAsync(100)).First(m => m.Body is SystemBody);
        await evil.SayAsync(Say(c => c.Reaction = new() { To = ContentCodec.Ref(line.Id.Account, line.Id.Content), Emoji = "👍", Version = 1 }));
        await SyncAsync(cast.Marie, cast.Zoe);
        Assert.Equal(lines, await StandAsync(group[0]));
        Assert.Equal(lines, await StandAsync(group[2]));

        // The allow twins, by the same member: his own reaction counts, and his own words; twice they count once, and after a deletion nothing does.
        Content his = Say(c => c.Text = new() { Text_ = "his" }), liked = Say(c => c.Reaction = new() { To = ContentCodec.Ref(mine.Account, mine.Content), Emoji = "👍", Version = 7 });
        MessageRef own = ContentCodec.Ref(cast.Karim.Me.Id, Id.Read(his.Id.Span));
        Content edit = Say(c => c.Edit = new() { Of = own, Text = "his, edited", Version = 3 });
        foreach (Content content in (Content[])[his, liked, liked, edit, edit, Say(c => c.Reaction = new() { To = liked.Reaction.To, Emoji = "👎", Version = 6 }), Say(c => c.Edit = new() { Of = own, Text = "an older version", Version = 2 })])
            await evil.SayAsync(content);
        await SyncAsync(cast.Marie, cast.Zoe);
        foreach (Conversation side in (Conversation[])[group[0], group[2]])
        {
            Assert.Equal([new Client.Reaction(cast.Zoe.Me.Id, "🎉"), new Client.Reaction(cast.Karim.Me.Id, "👍")], (await side.MessageAsync(mine))!.Reactions.OrderBy(r => r.Account != cast.Zoe.Me.Id));
            Message edited = await side.MessageAsync("his, edited");
            Assert.Equal(["his", "an older version"], edited.FormerVersions.Select(v => v.Text));
        }
        await evil.SayAsync(Say(c => c.Delete = new() { Of = own }));
        await evil.SayAsync(Say(c => c.Edit = new() { Of = own, Text = "and yet", Version = 9 }));
        await evil.SayAsync(his);
        await SyncAsync(cast.Marie, cast.Zoe);
        foreach (Conversation side in (Conversation[])[group[0], group[2]])
        {
            Message deleted = (await side.MessageAsync(new MessageId(cast.Karim.Me.Id, Id.Read(his.Id.Span))))!;
            Assert.Equal(new DeletedBody(cast.Karim.Me.Id), deleted.Body);
            Assert.Empty(deleted.FormerVersions);
            Assert.Equal(["mine stays mine", "zoe's, too"], await side.TextsAsync());
        }
        // An admin may take back what a member wrote, and not what the owner did.
        Content other = Say(c => c.Text = new() { Text_ = "his other" });
        await evil.SayAsync(other);
        await SyncAsync(cast.Marie, cast.Zoe);
        await group[0].SetRoleAsync(cast.Zoe.Me.Id, Role.Admin);
        await SyncAsync(cast.Marie, cast.Zoe);
        MessageId others = new(cast.Karim.Me.Id, Id.Read(other.Id.Span));
        await using RawMember admin = await RawMember.OpenAsync(cast.Zoe, group[2].Id);
        foreach (MessageId named in (MessageId[])[mine, others]) await admin.SayAsync(Say(c => c.Delete = new() { Of = ContentCodec.Ref(named.Account, named.Content) }));
        await cast.Marie.SyncAsync();
        Assert.Equal(["mine stays mine", "zoe's, too"], await group[0].TextsAsync());
        Assert.Equal(new DeletedBody(cast.Zoe.Me.Id), (await group[0].MessageAsync(others))!.Body);
        // Her own words go on.
        await group[0].SendAsync("and these");
        await cast.Marie.SyncAsync();
        Assert.Equal(["mine stays mine", "zoe's, too", "and these"], await group[0].TextsAsync());
    }

    static Content Say(Action<Content> say)
    {
        Content content = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        say(content);
        return content;
    }

    // All messages as they are shown, but how far they got.
    static async Task<string[]> StandAsync(Conversation conversation) => [.. (await conversation.MessagesAsync(100)).Where(m => m.Body is not SystemBody)
        .Select(m => $"{m.Id} {m.Body} {m.EditedAt} {m.FormerVersions.Count} {string.Join(' ', m.Reactions)}")];
}

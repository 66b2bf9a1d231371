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
    public async Task There_is_no_content_that_edits_deletes_pins_or_answers_for_somebody_else_and_what_is_unknown_changes_nothing()
    {
        Assert.Equal(["accepted", "ask", "offer", "passed", "profile", "receipt", "text"], Content.Descriptor.Oneofs.Single(o => o.Name == "body").Fields.Select(f => f.Name).Order());
        Conversation[] group = await GroupAsync("Mine", cast.Marie, cast.Karim);
        await group[0].SendAsync("mine stays mine");
        await SyncAsync(cast.Marie, cast.Karim);
        MessageId named = (await group[1].MessageAsync("mine stays mine")).Id;
        await using RawMember evil = await RawMember.OpenAsync(cast.Karim, group[1].Id);
        string[] lines = [.. (await group[0].MessagesAsync(100)).Select(m => m.ToString())];
        for (int field = 17; field < 40; field++)
        {
            // A body of the future, which names her message: an edit, a deletion, a reaction, a vote.
            byte[] target = ContentCodec.Ref(named.Account, named.Content).ToByteArray();
            Content plain = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
            plain.Number = (ulong)(1_000 + field);
            await evil.SayAsync([.. plain.ToByteArray(), (byte)((field << 3 | 2) & 0x7f | 0x80), (byte)(field >> 4), (byte)target.Length, .. target]);
        }
        await cast.Marie.SyncAsync();
        Assert.Equal(lines, (await group[0].MessagesAsync(100)).Where(m => m.Body is not SystemBody { Kind: SystemKind.MessagesMissing }).Select(m => m.ToString()));
        // The allow twin: her own words go on.
        await group[0].SendAsync("and these");
        await cast.Marie.SyncAsync();
        Assert.Equal(["mine stays mine", "and these"], await group[0].TextsAsync());
    }
}

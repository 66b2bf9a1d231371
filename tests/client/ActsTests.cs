using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client.Tests;

/// <summary>What is done to messages (docs/PROTOCOL.md §7.15), by itself.</summary>
public static class ActsTests
{
    [Theory]
    [InlineData("👍")]
    [InlineData("👍🏽")]
    [InlineData("❤️")]
    [InlineData("❤")]
    [InlineData("1️⃣")]
    [InlineData("🇫🇷")]
    [InlineData("👩‍👩‍👧‍👦")]
    [InlineData("👁️‍🗨️")]
    [InlineData("🏴󠁧󠁢󠁳󠁣󠁴󠁿")]
    [InlineData("👩🏿‍❤️‍💋‍👨🏻")]
    [InlineData("‼️")]
    [InlineData("ℹ️")]
    [InlineData("🫩")]
    public static void One_emoji_is_a_reaction(string emoji) => Assert.True(Emoji.IsEmoji(emoji));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("1")]
    [InlineData("👍👍")]
    [InlineData("👍a")]
    [InlineData("👍\u0300")]
    [InlineData("\u200d")]
    [InlineData("👍\u200d")]
    [InlineData("🇫")]
    [InlineData("🇫🇷🇫🇷")]
    [InlineData("\ufffd")]
    [InlineData("\ud83d")]
    [InlineData("🏴\U000e0067")]
    [InlineData("<b>")]
    [InlineData("\u202e👍")]
    [InlineData("👩‍👩‍👩‍👩‍👩‍👩‍👩‍👩‍👩‍👩‍👩‍👩")]
    public static void Anything_else_is_none(string text) => Assert.False(Emoji.IsEmoji(text));

    [Fact]
    public static void Mentions_stand_in_the_text_in_their_order_apart_and_between_whole_characters()
    {
        const string text = "@a 👍 @b";
        Assert.True(Allowed(text));
        Assert.True(Allowed(text, (0, 2), (6, 2)));
        Assert.True(Allowed(text, (0, 2), (2, 3)));
        Assert.False(Allowed(text, (0, 0)));
        Assert.False(Allowed(text, (0, 9)));
        Assert.False(Allowed(text, (8, 1)));
        Assert.False(Allowed(text, (0, 4)));
        Assert.False(Allowed(text, (4, 1)));
        Assert.False(Allowed(text, (6, 2), (0, 2)));
        Assert.False(Allowed(text, (0, 3), (2, 2)));
        Assert.False(Allowed(text, (uint.MaxValue, uint.MaxValue)));
        Assert.True(Allowed(new string('a', 64), [.. Enumerable.Range(0, 64).Select(at => ((uint)at, 1U))]));
        Assert.False(Allowed(new string('a', 65), [.. Enumerable.Range(0, 65).Select(at => ((uint)at, 1U))]));
    }

    [Fact]
    public static void Contents_beyond_their_limits_are_malformed()
    {
        MessageRef of = ContentCodec.Ref(Id.New(), Id.New());
        Assert.NotNull(Read(c => c.Reaction = new() { To = of, Emoji = "👍", Version = 1 }));
        Assert.NotNull(Read(c => c.Reaction = new() { To = of, Version = 1_000_000 }));
        Assert.Null(Read(c => c.Reaction = new() { To = of, Emoji = "👍" }));
        Assert.Null(Read(c => c.Reaction = new() { To = of, Emoji = "👍", Version = 1_000_001 }));
        Assert.Null(Read(c => c.Reaction = new() { To = of, Emoji = "yes", Version = 1 }));
        Assert.Null(Read(c => c.Reaction = new() { Emoji = "👍", Version = 1 }));
        Assert.NotNull(Read(c => c.Edit = new() { Of = of, Text = "a", Version = 10 }));
        Assert.Null(Read(c => c.Edit = new() { Of = of, Text = "a", Version = 11 }));
        Assert.Null(Read(c => c.Edit = new() { Of = of, Text = "a" }));
        Assert.Null(Read(c => c.Edit = new() { Of = of, Version = 1 }));
        Assert.Null(Read(c => c.Edit = new() { Of = of, Text = "a", Version = 1, Mentions = { new Contents.Mention { Account = of.Account, Start = 1, Length = 1 } } }));
        Assert.NotNull(Read(c => c.Delete = new() { Of = of }));
        Assert.Null(Read(c => c.Delete = new()));
        Assert.Null(Read(c => c.Delete = new() { Of = new() { Account = of.Account, Id = ByteString.CopyFrom(1, 2) } }));
    }

    [Fact]
    public static void In_whatever_order_and_however_often_acts_come_and_by_whatever_devices_they_are_merged_they_lead_to_the_same() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            Random random = new(seed);
            Id author = Name(1), other = Name(2);
            List<(Id Actor, WaitingRow Act)> acts = [];
            for (int n = random.Next(1, 12); n > 0; n--)
                acts.Add(random.Next(8) switch
                {
                    < 4 => (random.Next(2) == 0 ? author : other, new WaitingRow { Reaction = new() { Emoji = random.Next(4) == 0 ? "" : "👍", Version = (uint)random.Next(1, 4), Id = Bytes(random.Next(100, 110)) } }),
                    < 7 => (author, new WaitingRow { Edits = { new EditRow { Version = (uint)random.Next(1, 4), Id = Bytes(random.Next(200, 206)), Sent = 2_000 } } }),
                    _ => (author, new WaitingRow { Deletion = new() { Sent = 3_000 } }),
                });
            foreach ((Id actor, WaitingRow act) in acts)
            {
                if (act.Reaction is { } reaction) reaction.Account = Step.Bytes(actor);
                foreach (EditRow edit in act.Edits) edit.Text = $"version {edit.Version} {edit.Id.ToBase64()}";
            }
            MessageRow straight = Done(acts), shuffled = Done([.. acts.Concat(acts).OrderBy(_ => random.Next())]);
            Assert.True(Acts.AreAlike(straight, shuffled), $"{straight}\n{shuffled}");
            MessageRow one = Done(acts.Where((_, at) => at % 2 == 0)), two = Done(acts.Where((_, at) => at % 2 == 1)), oneBefore = one.Clone();
            Acts.Merge(one, two);
            Acts.Merge(two, oneBefore);
            Assert.True(Acts.AreAlike(one, two), $"{one}\n{two}");
            Assert.True(Acts.AreAlike(one, straight), $"{one}\n{straight}");
            Assert.False(Acts.Merge(one, two));
            Assert.True(straight.Acts is null || Acts.AreValid(straight.Acts));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public static void What_came_with_a_message_that_was_passed_on_counts_behind_what_its_own_account_says_and_stays_behind()
    {
        ReactionRow claimed = new() { Account = Bytes(2), Emoji = "👎", Version = Acts.MostReactionVersions, Id = Bytes(9), Passed = true };
        ReactionRow said = new() { Account = Bytes(2), Emoji = "👍", Version = 1, Id = Bytes(1) };
        EditRow claims = new() { Version = 2, Id = Bytes(9), Text = "claimed", Passed = true }, says = new() { Version = 2, Id = Bytes(1), Text = "said" };
        EditRow last = new() { Version = 3, Id = Bytes(9), Text = "claimed last", Passed = true };
        MessageRow passed = Message();
        Assert.True(Acts.React(passed, claimed.Clone()));
        Assert.True(Acts.Edit(passed, claims.Clone()));
        Assert.True(Acts.Edit(passed, last.Clone()));
        MessageRow itself = Message();
        Assert.False(Acts.Merge(itself, passed));
        Assert.Equal(Message(), itself);
        Assert.True(Acts.React(passed, said.Clone()));
        Assert.False(Acts.React(passed, claimed.Clone()));
        Assert.True(Acts.Edit(passed, says.Clone()));
        Assert.False(Acts.Edit(passed, claims.Clone()));
        Assert.Equal("claimed last", passed.Text.Text);
        Assert.True(Acts.Merge(itself, passed));
        Assert.Equal(("said", said), (itself.Text.Text, Assert.Single(itself.Acts.Reactions)));
        Assert.Equal([0u, 2u], itself.Acts.Edits.Select(edit => edit.Version).ToArray());
    }

    [Fact]
    public static void An_edit_or_deletion_that_comes_too_late_by_its_own_word_changes_nothing()
    {
        MessageRow message = Message();
        Assert.False(Acts.Edit(message, new EditRow { Version = 1, Id = Bytes(9), Sent = message.Sent + Acts.EditableFor + 1, Text = "late" }));
        Assert.True(Acts.Edit(message, new EditRow { Version = 1, Id = Bytes(9), Sent = message.Sent + Acts.EditableFor, Text = "in time" }));
        Assert.True(Acts.Edit(message, new EditRow { Version = 2, Id = Bytes(8), Sent = 0, Text = "a clock that is behind" }));
        WaitingRow late = new() { Deletion = new() { Sent = message.Sent + Acts.DeletableFor + 1 } };
        Assert.False(Acts.Apply(message, Name(1), late));
        late.Deletion.ByRole = true;
        Assert.True(Acts.Apply(message, Name(1), late));
        Assert.Equal(MessageRow.BodyOneofCase.Deletion, message.BodyCase);
        Assert.DoesNotContain("in time", message.ToString(), StringComparison.Ordinal);
        Assert.False(Acts.Edit(message, new EditRow { Version = 3, Id = Bytes(7), Sent = 0, Text = "after all" }));
        Assert.False(Acts.React(message, new ReactionRow { Account = Bytes(2), Emoji = "👍", Version = 1, Id = Bytes(6) }));
    }

    [Fact]
    public static void The_largest_history_of_a_message_fits_a_segment_of_the_archive_and_what_is_passed_on_of_it_a_content()
    {
        MessageRow message = Message();
        for (uint version = 1; version <= Acts.MostEdits; version++)
            Assert.True(Acts.Edit(message, new EditRow { Version = version, Id = Bytes((int)version), Sent = 1, Text = new string((char)('a' + version), ContentCodec.TextBytes) }));
        for (int n = 0; n < 600; n++) Acts.React(message, new ReactionRow { Account = Bytes(n), Emoji = "👩🏿‍❤️‍💋‍👨🏻", Version = 1_000_000, Id = Bytes(n) });
        Assert.Equal(Acts.MostReactions, message.Acts.Reactions.Count);
        Assert.Equal(10U, message.Acts.Edits[^1].Version);
        Assert.True(Acts.AreValid(message.Acts));
        Assert.InRange(message.CalculateSize(), 2 * ContentCodec.TextBytes, SegmentSeal.BatchBytes - 2_000);
        message.Acts = Acts.ForOthers(message.Acts);
        Assert.InRange(message.CalculateSize(), ContentCodec.TextBytes, 98_304 - 3_000);
    }

    static MessageRow Done(IEnumerable<(Id Actor, WaitingRow Act)> acts)
    {
        MessageRow message = Message();
        foreach ((Id actor, WaitingRow act) in acts) Acts.Apply(message, actor, act.Clone());
        return message;
    }

    static MessageRow Message() => new() { Account = Bytes(1), Id = Bytes(1_000), Sent = 1_000, Text = new() { Text = "first" } };

    static Id Name(int n) => Id.Read(Bytes(n).Span);

    static ByteString Bytes(int n)
    {
        byte[] bytes = new byte[Limits.IdLength];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), n);
        return ByteString.CopyFrom(bytes);
    }

    static bool Allowed(string text, params (uint Start, uint Length)[] mentions) =>
        Mention.AreIn(text, [.. mentions.Select(m => new Contents.Mention { Account = Bytes(1), Start = m.Start, Length = m.Length })]);

    static Content? Read(Action<Content> say)
    {
        Content content = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        say(content);
        return ContentCodec.Decode(content.ToByteArray());
    }
}

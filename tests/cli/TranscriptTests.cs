using System.Text.RegularExpressions;
using Kavalek.Cli.Chat;
using Kavalek.Cli.Text;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.Tests;

/// <summary>Messages as rows of a terminal.</summary>
public static partial class TranscriptTests
{
    static readonly Id s_me = new(1, 1);
    static readonly Id s_marie = new(2, 2);
    static readonly DateTimeOffset s_start = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public static void A_name_stands_once_over_what_is_said_within_minutes()
    {
        List<string> rows = Draw([Text(1, s_marie, "one"), Text(2, s_marie, "two"), Text(30, s_marie, "later")]);
        Assert.Equal(2, rows.Count(row => row.Contains("Marie")));
    }

    [Fact]
    public static void The_newest_message_of_each_state_bears_the_words()
    {
        List<string> rows = Draw(
        [
            Text(1, s_me, "a", MessageState.Read), Text(2, s_me, "b", MessageState.Read), Text(3, s_me, "c", MessageState.Sent),
            Text(4, s_me, "d", MessageState.Queued), Text(5, s_me, "e", MessageState.Failed) with { Failure = "you were removed" },
        ]);
        Assert.EndsWith("a  ✓✓", rows[1]);
        Assert.EndsWith("b  ✓✓ read", rows[2]);
        Assert.EndsWith("c  ✓ sent", rows[3]);
        Assert.EndsWith("d  ⧗ queued", rows[4]);
        Assert.EndsWith("e  ✗ not sent: you were removed", rows[5]);
    }

    [Fact]
    public static void The_line_of_unread_messages_stands_above_the_first_of_them()
    {
        Message[] messages = [Text(1, s_marie, "read"), Text(2, s_marie, "unread")];
        (List<string> rows, int at) = new Transcript(Name).Draw(messages, new TranscriptLook(80, FirstUnread: messages[1].Id, Unread: 1));
        Assert.Contains("1 unread", rows[at]);
        Assert.Contains("unread", Plain(rows[at + 1]));
    }

    [Fact]
    public static void An_answer_quotes_what_it_answers()
    {
        Message first = Text(1, s_marie, "Où es-tu ?");
        Assert.Contains(Draw([first, Text(2, s_me, "Ici", answered: first.Id)]), row => row.EndsWith("↪ Marie: Où es-tu ?", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(12)]
    [InlineData(30)]
    [InlineData(55)]
    [InlineData(56)]
    [InlineData(120)]
    public static void No_row_is_wider_than_the_window(int width)
    {
        Message[] messages =
        [
            Text(1, s_marie, string.Concat(Enumerable.Repeat("une phrase 日本語 👩\u200D👩\u200D👧 العربية ", 20))), Text(2, s_me, new string('x', 500), MessageState.Read),
            Text(3, s_me, "y", MessageState.Failed) with { Failure = new string('z', 200) },
        ];
        Assert.All(Draw(messages, width), row => Assert.True(CellWidth.Of(row) <= width, row));
    }

    [Fact]
    public static void A_hostile_name_and_text_send_nothing_to_the_terminal()
    {
        (List<string> rows, _) = new Transcript(_ => "M\e[2J\nallory").Draw([Text(1, s_marie, "a\e]0;x\a\u009Bb")], new TranscriptLook(80));
        Assert.All(rows, row => Assert.DoesNotContain(Plain(row).ToCharArray(), char.IsControl));
    }

    [Fact]
    public static void What_was_done_to_a_message_is_said_under_it_and_whoever_is_named_has_the_name_the_reader_knows()
    {
        Message hello = Text(1, s_marie, "hello @boss!") with
        {
            Body = new TextBody("hello @boss!") { Mentions = [new Mention(s_me, 6, 5)] },
            EditedAt = s_start,
            Reactions = [new Reaction(s_me, "👍"), new Reaction(s_marie, "👍")],
        };
        Message gone = Text(2, s_marie, "") with { Body = new DeletedBody(s_marie) }, removed = Text(3, s_marie, "") with { Body = new DeletedBody(s_me) };
        List<string> rows = Draw([hello, gone, removed]);
        Assert.Contains(rows, row => row.EndsWith("hello @you!", StringComparison.Ordinal));
        Assert.Contains(rows, row => row.EndsWith("edited · 👍 you, Marie", StringComparison.Ordinal));
        Assert.Contains(rows, row => row.EndsWith("Marie deleted this message", StringComparison.Ordinal));
        Assert.Contains(rows, row => row.EndsWith("you deleted a message of Marie", StringComparison.Ordinal));
        (List<string> hostile, _) = new Transcript(_ => "M\e[2J\nallory").Draw([hello, gone, removed], new TranscriptLook(80));
        Assert.All(hostile, row => Assert.DoesNotContain(Plain(row).ToCharArray(), char.IsControl));
    }

    static List<string> Draw(IReadOnlyList<Message> messages, int width = 80) =>
        [.. new Transcript(Name).Draw(messages, new TranscriptLook(width)).Rows.Select(Plain)];

    static string Name(Id account) => account == s_me ? "you" : "Marie";

    static Message Text(int minute, Id sender, string text, MessageState state = MessageState.Received, MessageId? answered = null) => new(
        new MessageId(sender, new Id(9, (ulong)minute)), new Id(7, 7), sender, new Id(8, 8), sender == s_me, s_start.AddMinutes(minute),
        new TextBody(text, answered), state, new MessagePosition((ulong)minute));

    static string Plain(string row) => OwnSequences().Replace(row, "");

    /// <summary>The sequences that the transcript itself uses: bold, dim, colours.</summary>
    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex OwnSequences();
}

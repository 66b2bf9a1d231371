using System.Globalization;
using Kavalek.Cli.Output;
using Kavalek.Cli.Text;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.Chat;

/// <summary>How a transcript is to look.</summary>
/// <param name="Width">Cells of a row.</param>
/// <param name="Numbers">Whether messages show their number, counted from below, instead of their time.</param>
/// <param name="FirstUnread">The message above which the line of unread ones stands.</param>
/// <param name="Unread">How many are unread.</param>
sealed record TranscriptLook(int Width, bool Numbers = false, MessageId? FirstUnread = null, int Unread = 0)
{
    /// <summary>Messages to show whole, however long.</summary>
    public IReadOnlySet<MessageId> Whole { get; init; } = new HashSet<MessageId>();
}

/// <summary>Messages as rows of a terminal: a column for the time, one for the name, and the text beside them.</summary>
sealed class Transcript(Func<Id, string> name)
{
    const int TimeCells = 5;
    const int MaximumName = 16;

    /// <summary>Below this the name stands above the text, not beside it.</summary>
    const int NarrowWidth = 56;

    /// <summary>Messages of one person closer than this stand under one name.</summary>
    static readonly TimeSpan Together = TimeSpan.FromMinutes(5);

    /// <summary>The rows, and the index of the row of unread messages (−1 without one).</summary>
    public (List<string> Rows, int UnreadRow) Draw(IReadOnlyList<Message> messages, TranscriptLook look)
    {
        var rows = new List<string>();
        int unreadRow = -1;
        var page = new Page(look, Columns(messages, look.Width), Latest(messages), messages.ToDictionary(m => m.Id),
            look.Numbers ? ChatRoom.Numbering(messages).Select((m, i) => (m.Id, i)).ToDictionary(p => p.Id, p => p.i + 1) : []);
        Message? before = null;
        foreach (Message message in messages)
        {
            DateTimeOffset at = message.SentAt.ToLocalTime();
            if (before is null || before.SentAt.ToLocalTime().Date != at.Date)
                rows.Add(Rule(at.ToString("dddd d MMMM yyyy", CultureInfo.InvariantCulture), look.Width));
            if (look.FirstUnread == message.Id)
            {
                unreadRow = rows.Count;
                rows.Add(Ansi.Bold(RuleText($"{look.Unread} unread", look.Width)));
                before = null;
            }
            DrawMessage(message, before, at, page, rows);
            before = message;
        }
        return (rows, unreadRow);
    }

    /// <summary>A line across with words in it.</summary>
    public static string Rule(string words, int width) => Ansi.Dim(RuleText(words, width));

    static string RuleText(string words, int width)
    {
        string middle = words.Length == 0 ? "" : $" {Wrap.Fit(words, width - 2)} ";
        int rest = Math.Max(0, width - CellWidth.Of(middle));
        return new string('─', rest / 2) + middle + new string('─', rest - rest / 2);
    }

    sealed record Page(TranscriptLook Look, int NameCells, HashSet<MessageId> Worded, Dictionary<MessageId, Message> Known, Dictionary<MessageId, int> Numbers)
    {
        public bool Narrow => Look.Width < NarrowWidth;
        public int Indent => Narrow ? 2 : TimeCells + 1 + NameCells + 2;
        public int TextCells => Math.Max(4, Look.Width - Indent);
    }

    int Columns(IReadOnlyList<Message> messages, int width) =>
        Math.Min(messages.Select(m => m.Sender).Distinct().Select(id => CellWidth.Of(Named(id))).DefaultIfEmpty(3).Max(), Math.Min(MaximumName, width / 4));

    string Named(Id account) => SafeText.Line(name(account));

    /// <summary>The newest own message of each state bears the words; older ones only the sign.</summary>
    static HashSet<MessageId> Latest(IReadOnlyList<Message> messages) =>
        [.. messages.Where(m => m.IsMine && m.Body is TextBody).GroupBy(m => m.State).Select(same => same.Last().Id)];

    void DrawMessage(Message message, Message? before, DateTimeOffset at, Page page, List<string> rows)
    {
        string clock = page.Numbers.TryGetValue(message.Id, out int number)
            ? number.ToString(CultureInfo.InvariantCulture).PadLeft(TimeCells) : at.ToString("HH:mm", CultureInfo.InvariantCulture);
        if (message.Body is not TextBody body)
        {
            string what = message.Body switch
            {
                SystemBody system => SafeText.Line(Describe.System(system, name)),
                DeletedBody deleted => SafeText.Line(ActWords.Deleted(deleted, message.Sender, name)),
                _ => "",
            };
            foreach (string line in Wrap.Lines($"{clock} · {what}", page.Look.Width))
                rows.Add(Ansi.Dim(line));
            return;
        }
        bool together = before is { Body: TextBody } && before.Sender == message.Sender && message.SentAt - before.SentAt < Together && !page.Look.Numbers;
        string head = Head(message, clock, together, page, rows);
        var lines = new List<string>();
        if (body.ReplyTo is MessageId answered)
            lines.Add(Ansi.Dim(Wrap.Fit($"↪ {Quote(answered, page)}", page.TextCells)));
        if (message.PassedOnBy is Id passed)
            lines.Add(Ansi.Dim(Wrap.Fit($"passed on by {Named(passed)}", page.TextCells)));
        int firstOfText = lines.Count;
        lines.AddRange(Wrap.Lines(MessageLines.Shown(FileLines.Text(body, ActWords.Named(body, name)), page.Look.Whole.Contains(message.Id), out _), page.TextCells));
        if (ActWords.Of(message, name) is { Length: > 0 } acts)
            lines.AddRange(Wrap.Lines(acts, page.TextCells).Select(Ansi.Dim));
        AddState(message, page, lines, firstOfText);
        for (int i = 0; i < lines.Count; i++)
            rows.Add((i == 0 ? head : new string(' ', page.Indent)) + lines[i]);
    }

    string Head(Message message, string clock, bool together, Page page, List<string> rows)
    {
        if (page.Narrow)
        {
            if (!together)
                rows.Add($"{Ansi.Dim(clock)} {Who(message, Wrap.Fit(Named(message.Sender), page.Look.Width - TimeCells - 1))}");
            return new string(' ', page.Indent);
        }
        if (together)
            return new string(' ', page.Indent);
        string who = Wrap.Fit(Named(message.Sender), page.NameCells);
        string space = new(' ', Math.Max(0, page.NameCells - CellWidth.Of(who)));
        return $"{Ansi.Dim(clock)} {space}{Who(message, who)}  ";
    }

    static string Who(Message message, string shown) => message.IsMine ? Ansi.Bold(shown) : Ansi.Name(shown, message.Sender);

    string Quote(MessageId answered, Page page) => page.Known.TryGetValue(answered, out Message? found) && found.Body is TextBody text
        ? $"{Named(found.Sender)}: {SafeText.Line(text.Text[..Math.Min(text.Text.Length, 300)])}" : "an earlier message";

    static void AddState(Message message, Page page, List<string> lines, int firstOfText)
    {
        if (!message.IsMine)
            return;
        string state = Describe.State(message);
        if (message.State == MessageState.Failed)
            state += message.Failure is string why ? $": {SafeText.Line(why)}" : "";
        else if (!page.Worded.Contains(message.Id))
            state = state.Split(' ')[0];
        int used = CellWidth.Of(lines[^1]);
        string drawn = message.State == MessageState.Failed ? Ansi.Alarm(state) : Ansi.Dim(state);
        if (lines.Count > firstOfText && used + 2 + CellWidth.Of(state) <= page.TextCells)
        {
            lines[^1] += "  " + drawn;
            return;
        }
        foreach (string line in Wrap.Lines(state, page.TextCells))
            lines.Add(message.State == MessageState.Failed ? Ansi.Alarm(line) : Ansi.Dim(line));
    }
}

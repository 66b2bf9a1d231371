using System.Globalization;
using Kavalek.Cli.Text;
using Kavalek.Client;

namespace Kavalek.Cli.Output;

/// <summary>
/// A message as plain lines: time, who, text. Further lines are indented, so that a message cannot look like the next one.
/// </summary>
sealed class MessageLines(KavalekClient client)
{
    /// <summary>Characters of a text that are shown unless all of it is asked for.</summary>
    public const int ShownCharacters = 2_000;

    /// <summary>Lines of a text that are shown unless all of it is asked for.</summary>
    public const int ShownLines = 40;

    const string Indent = "      ";

    /// <summary>The lines of one message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="answered">The message it answers, where that is known.</param>
    /// <param name="full">Whether to show a very long text whole.</param>
    /// <param name="withDate">Whether the date stands before the time.</param>
    public string Of(Message message, Message? answered = null, bool full = false, bool withDate = true)
    {
        string time = message.SentAt.ToLocalTime().ToString(withDate ? "yyyy-MM-dd HH:mm" : "HH:mm", CultureInfo.InvariantCulture);
        if (message.Body is SystemBody system)
            return $"{time} · {SafeText.Line(Describe.System(system, Name))}";
        if (message.Body is DeletedBody deleted)
            return $"{time} · {SafeText.Line(ActWords.Deleted(deleted, message.Sender, Name))}";
        string text = message.Body is TextBody body ? Shown(FileLines.Text(body, ActWords.Named(body, Name)), full, out _) : "";
        string state = message.IsMine ? $"  [{Describe.State(message)}{(message.Failure is string why ? $": {SafeText.Line(why)}" : "")}]" : "";
        string acts = ActWords.Of(message, Name) is { Length: > 0 } words ? $"  ({words})" : "";
        string quote = Quote(message, answered);
        string passed = message.PassedOnBy is Protocol.Id by ? $" (passed on by {SafeText.Line(Name(by))})" : "";
        string ends = message.EndsAt is DateTimeOffset end ? $"  [ends {end.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}]" : "";
        return $"{time} {SafeText.Line(Name(message.Sender))}{passed}: {quote}{text.Replace("\n", "\n" + Indent, StringComparison.Ordinal)}{acts}{state}{ends}";
    }

    /// <summary>A person's name, or “you”.</summary>
    public string Name(Protocol.Id account) => Describe.Name(client, account);

    /// <summary>A text, clean, and cut where it is very long.</summary>
    public static string Shown(string text, bool full, out bool cut)
    {
        cut = false;
        if (full)
            return SafeText.Lines(text);
        string shown = text;
        if (shown.Length > ShownCharacters)
        {
            shown = shown[..ShownCharacters];
            cut = true;
        }
        string[] lines = SafeText.Lines(shown).Split('\n');
        if (lines.Length > ShownLines)
        {
            lines = lines[..ShownLines];
            cut = true;
        }
        shown = string.Join('\n', lines);
        return cut ? $"{shown}\n… ({text.Length.ToString("#,0", CultureInfo.InvariantCulture)} characters in all; 'kavalek history --full' shows them)" : shown;
    }

    string Quote(Message message, Message? answered)
    {
        if (message.Body is not TextBody { ReplyTo: not null })
            return "";
        return answered?.Body is TextBody text
            ? $"[> {SafeText.Line(Name(answered.Sender))}: {Wrap.Fit(SafeText.Line(text.Text[..Math.Min(text.Text.Length, 200)]), 40)}] "
            : "[> an earlier message] ";
    }
}

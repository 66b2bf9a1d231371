using System.Text;

namespace Kavalek.Cli.Input;

/// <summary>
/// Reads keys on a thread of its own. A paste arrives as one text (bracketed paste), so that its line breaks do not send half of it.
/// </summary>
sealed class KeyReader(Action<ConsoleKeyInfo> pressed, Action<string> pasted)
{
    const string PasteStart = "[200~";
    const string PasteEnd = "\e[201~";

    /// <summary>Characters of one paste that are kept; a message has no more.</summary>
    const int MaximumPaste = 70_000;

    /// <summary>Asks the terminal to mark pastes.</summary>
    public const string Begin = "\e[?2004h";

    /// <summary>Takes that back.</summary>
    public const string End = "\e[?2004l";

    /// <summary>Begins to read; the thread ends with the process.</summary>
    public void Start() => new Thread(Read) { IsBackground = true, Name = "keys" }.Start();

    void Read()
    {
        try
        {
            while (true)
            {
                ConsoleKeyInfo key = Console.ReadKey(intercept: true);
                if (key.KeyChar == '\e' && Console.KeyAvailable)
                    ReadEscape();
                else
                    pressed(key);
            }
        }
        catch (InvalidOperationException)
        {
            // The terminal is gone; the hang-up signal ends the process.
        }
    }

    /// <summary>An escape with more right behind it: a paste, Alt with a key, or a sequence that .NET does not know, which is dropped.</summary>
    void ReadEscape()
    {
        ConsoleKeyInfo key = Console.ReadKey(intercept: true);
        if (key.KeyChar != '[')
        {
            pressed(new ConsoleKeyInfo(key.KeyChar, key.Key, key.Modifiers.HasFlag(ConsoleModifiers.Shift), alt: true, key.Modifiers.HasFlag(ConsoleModifiers.Control)));
            return;
        }
        var sequence = new StringBuilder("[");
        while (Console.KeyAvailable && sequence.Length < PasteStart.Length + 16)
        {
            char next = Console.ReadKey(intercept: true).KeyChar;
            sequence.Append(next);
            if (next is >= '@' and <= '~')
                break;
        }
        if (sequence.Equals(PasteStart))
            ReadPaste();
    }

    void ReadPaste()
    {
        var text = new StringBuilder();
        int matched = 0;
        while (matched < PasteEnd.Length)
        {
            char next = Console.ReadKey(intercept: true).KeyChar;
            matched = next == PasteEnd[matched] ? matched + 1 : next == PasteEnd[0] ? 1 : 0;
            if (text.Length < MaximumPaste + PasteEnd.Length)
                text.Append(next);
        }
        string whole = text.ToString();
        pasted(whole.EndsWith(PasteEnd, StringComparison.Ordinal) ? whole[..^PasteEnd.Length] : whole[..MaximumPaste]);
    }
}

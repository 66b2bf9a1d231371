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
                    ReadEscape(key);
                else
                    pressed(key);
            }
        }
        catch (InvalidOperationException)
        {
            // The terminal is gone; the hang-up signal ends the process.
        }
    }

    void ReadEscape(ConsoleKeyInfo escape)
    {
        var read = new List<ConsoleKeyInfo> { escape };
        for (int at = 0; at < PasteStart.Length; at++)
        {
            if (!Console.KeyAvailable)
                break;
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            read.Add(key);
            if (key.KeyChar != PasteStart[at])
                break;
        }
        if (read.Count == PasteStart.Length + 1 && read[^1].KeyChar == PasteStart[^1])
        {
            ReadPaste();
            return;
        }
        foreach (ConsoleKeyInfo key in read)
            pressed(key);
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

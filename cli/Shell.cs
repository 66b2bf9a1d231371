using System.Text;
using Kavalek.Cli.Output;
using Kavalek.Cli.Text;
using Spectre.Console;

namespace Kavalek.Cli;

/// <summary>The terminal or pipe that the command was started in. Answers go to standard output, everything about them to standard error.</summary>
sealed class Shell
{
    readonly Lazy<IAnsiConsole> _drawing = new(() => AnsiConsole.Console);

    /// <summary>The width of the window that shows standard error; null where it is a file or a pipe.</summary>
    readonly int? _columns = Console.IsErrorRedirected ? null : Columns();

    static int? Columns()
    {
        try
        {
            return Console.WindowWidth > 20 ? Console.WindowWidth : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The process' own streams, as UTF-8 whatever the locale says.</summary>
    public static Shell OfProcess()
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        if (Console.OutputEncoding.CodePage != utf8.CodePage)
            Console.OutputEncoding = utf8;
        if (Console.InputEncoding.CodePage != utf8.CodePage)
            Console.InputEncoding = utf8;
        return new Shell();
    }

    /// <summary>Standard output.</summary>
    public TextWriter Out { get; } = Console.Out;

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; } = Console.Error;

    /// <summary>Whether a person reads standard output.</summary>
    public bool DrawsForPerson { get; } = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";

    /// <summary>Whether a person types at standard input.</summary>
    public bool PersonTypes { get; } = !Console.IsInputRedirected;

    /// <summary>Something worth knowing that does not stop the command.</summary>
    public void Warn(string text) => Tell($"kavalek: {text}");

    /// <summary>Something the person asked for was done; it goes to standard error, so that pipes carry answers only.</summary>
    public void Tell(string text)
    {
        foreach (string line in SafeText.Lines(text).Split('\n'))
        {
            // A link or a command to copy stays in one piece: only words are wrapped.
            if (_columns is int columns && !line.Split(' ').Any(word => CellWidth.Of(word) > columns))
            {
                foreach (string part in Wrap.Lines(line, columns))
                    Error.WriteLine(part);
            }
            else
            {
                Error.WriteLine(line);
            }
        }
    }

    /// <summary>
    /// Rows under headings: a drawn table for a person, one line a row with tabs between the columns for a program. Cells may hold other people's text.
    /// </summary>
    public void Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows, string whenEmpty)
    {
        List<string[]> clean = [.. rows.Select(row => row.Select(SafeText.Line).ToArray())];
        if (clean.Count == 0)
        {
            Tell(whenEmpty);
            return;
        }
        if (!DrawsForPerson)
        {
            foreach (string[] row in clean)
                Out.WriteLine(string.Join('\t', row));
            return;
        }
        var table = new Table().Border(TableBorder.Simple).BorderColor(Color.Grey);
        foreach (string heading in headings)
            table.AddColumn(new TableColumn(new Markup($"[bold]{Markup.Escape(heading)}[/]")));
        foreach (string[] row in clean)
            table.AddRow(row.Select(cell => new Spectre.Console.Text(cell)));
        _drawing.Value.Write(table);
    }

    /// <summary>A QR code to scan from the screen; where the window is too small for it, a line that says so.</summary>
    public void Qr(string content)
    {
        IReadOnlyList<string> rows = QrBlocks.Rows(content);
        if (_drawing.Value.Profile.Width < rows[0].Length)
        {
            Tell($"(The window is too narrow for the QR code: it needs {rows[0].Length} columns.)");
            return;
        }
        Out.WriteLine();
        foreach (string row in rows)
            Out.WriteLine(Ansi.LightOnDark(row));
        Out.WriteLine();
    }

    /// <summary>Asks a question whose answer is yes or no; without a person it is no.</summary>
    public bool Confirm(string question)
    {
        if (!PersonTypes)
            return false;
        Error.Write($"{SafeText.Line(question)} [y/N] ");
        string? answer = Console.ReadLine();
        return answer?.Trim().ToUpperInvariant() is "Y" or "YES" or "O" or "OUI";
    }

    /// <summary>Asks a question whose answer is yes or no, of a person or of a program that writes a line.</summary>
    public bool ConfirmByLine(string question)
    {
        Error.Write($"{SafeText.Line(question)} [y/N] ");
        Error.Flush();
        string? answer = Console.In.ReadLine();
        return answer?.Trim().ToUpperInvariant() is "Y" or "YES" or "O" or "OUI";
    }

    /// <summary>Asks until the answer will do; null without a person, and for an empty line.</summary>
    /// <param name="question">What to ask.</param>
    /// <param name="problem">What is wrong with an answer; null where it will do.</param>
    public string? AskUntil(string question, Func<string, string?> problem)
    {
        while (Ask(question) is string answer)
        {
            if (problem(answer) is not string wrong)
                return answer;
            Tell($"{wrong} Try again; an empty line stops.");
        }
        return null;
    }

    /// <summary>Asks for a line of text; null without a person.</summary>
    public string? Ask(string question)
    {
        if (!PersonTypes)
            return null;
        Error.Write(question);
        string? answer = Console.ReadLine()?.Trim();
        return string.IsNullOrEmpty(answer) ? null : answer;
    }
}

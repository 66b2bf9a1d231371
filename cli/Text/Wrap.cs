using System.Globalization;

namespace Kavalek.Cli.Text;

/// <summary>Breaks text into lines of a terminal, between words where it can and never inside a user-perceived character.</summary>
static class Wrap
{
    /// <summary>The lines of <paramref name="text"/> (which may contain <c>\n</c>), each at most <paramref name="cells"/> wide; at least one.</summary>
    public static IReadOnlyList<string> Lines(string text, int cells)
    {
        var lines = new List<string>();
        foreach (string paragraph in text.Split('\n'))
            AddParagraph(paragraph, Math.Max(2, cells), lines);
        return lines;
    }

    /// <summary>The text cut to <paramref name="cells"/>, with … where something is missing.</summary>
    public static string Fit(string text, int cells)
    {
        if (cells <= 0)
            return "";
        if (CellWidth.Of(text) <= cells)
            return text;
        return text[..Prefix(text, cells - 1, out _)] + "…";
    }

    static void AddParagraph(string paragraph, int cells, List<string> lines)
    {
        ReadOnlySpan<char> rest = paragraph;
        while (true)
        {
            int length = Prefix(rest, cells, out bool whole);
            if (whole)
            {
                lines.Add(rest.ToString());
                return;
            }
            // A space right after the full line is where it breaks best; else the last one within it, unless that wastes most of the line.
            int end = length;
            int next = length;
            if (rest[length] == ' ')
            {
                next = length + 1;
            }
            else if (rest[..length].LastIndexOf(' ') is int space && space > length / 3)
            {
                end = space;
                next = space + 1;
            }
            lines.Add(rest[..end].ToString());
            rest = rest[next..];
        }
    }

    /// <summary>The length of the longest beginning that fits; at least one user-perceived character.</summary>
    static int Prefix(ReadOnlySpan<char> text, int cells, out bool whole)
    {
        int used = 0;
        int at = 0;
        while (at < text.Length)
        {
            int length = StringInfo.GetNextTextElementLength(text[at..]);
            int width = CellWidth.OfElement(text.Slice(at, length));
            if (used + width > cells && at > 0)
            {
                whole = false;
                return at;
            }
            used += width;
            at += length;
        }
        whole = true;
        return at;
    }
}

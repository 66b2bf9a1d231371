using System.Globalization;
using Kavalek.Cli.Text;

namespace Kavalek.Cli.Chat;

/// <summary>The prompt as rows, with the cell of the cursor.</summary>
/// <param name="Rows">At most as many rows as were allowed: those around the cursor.</param>
/// <param name="CursorRow">The cursor's row among them.</param>
/// <param name="CursorCell">The cursor's cell in its row.</param>
sealed record PromptLayout(IReadOnlyList<string> Rows, int CursorRow, int CursorCell)
{
    /// <summary>What stands before the first row.</summary>
    public const string Mark = "› ";

    /// <summary>Lays a text out.</summary>
    /// <param name="text">What is written, without control characters but <c>\n</c>.</param>
    /// <param name="cursor">The index before which the cursor stands.</param>
    /// <param name="width">Cells of a row.</param>
    /// <param name="maximumRows">How many rows there may be.</param>
    public static PromptLayout Of(string text, int cursor, int width, int maximumRows)
    {
        int indent = CellWidth.Of(Mark);
        var rows = new List<string>();
        int cursorRow = 0, cursorCell = indent;
        int start = 0, cells = indent, at = 0;
        while (at < text.Length)
        {
            if (at == cursor)
                (cursorRow, cursorCell) = (rows.Count, cells);
            if (text[at] == '\n')
            {
                Close(at, at + 1);
                at++;
                continue;
            }
            int length = StringInfo.GetNextTextElementLength(text.AsSpan(at));
            int element = CellWidth.OfElement(text.AsSpan(at, length));
            // One cell stays free at the end of a row, for the cursor.
            if (cells + element > width - 1 && cells > indent)
            {
                Close(at, at);
                if (at == cursor)
                    (cursorRow, cursorCell) = (rows.Count, cells);
            }
            cells += element;
            at += length;
        }
        if (cursor >= text.Length)
            (cursorRow, cursorCell) = (rows.Count, cells);
        Close(at, at);
        int first = Math.Clamp(cursorRow - maximumRows + 1, 0, Math.Max(0, rows.Count - maximumRows));
        return new PromptLayout(rows.Skip(first).Take(maximumRows).ToList(), cursorRow - first, cursorCell);

        void Close(int end, int next)
        {
            rows.Add((rows.Count == 0 ? Mark : new string(' ', indent)) + text[start..end]);
            start = next;
            cells = indent;
        }
    }
}

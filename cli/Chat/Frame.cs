using System.Text;
using Kavalek.Cli.Output;

namespace Kavalek.Cli.Chat;

/// <summary>Puts rows on the terminal and sends only those that changed, so that nothing flickers.</summary>
sealed class Frame(TextWriter terminal)
{
    string[] _shown = [];

    /// <summary>Forgets what is on the screen: the next frame is sent whole.</summary>
    public void Forget() => _shown = [];

    /// <summary>Shows rows from the top of the window, and the cursor.</summary>
    public void Show(string[] rows, int cursorRow, int cursorCell)
    {
        var output = new StringBuilder(Ansi.BeginFrame);
        bool all = _shown.Length != rows.Length;
        if (all)
            output.Append("\e[2J");
        for (int row = 0; row < rows.Length; row++)
        {
            if (all || rows[row] != _shown[row])
                output.Append(Ansi.MoveTo(row, 0)).Append(Ansi.EraseRight).Append(rows[row]).Append("\e[0m");
        }
        output.Append(Ansi.MoveTo(cursorRow, cursorCell)).Append(Ansi.EndFrame);
        _shown = rows;
        terminal.Write(output.ToString());
        terminal.Flush();
    }
}

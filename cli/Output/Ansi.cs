namespace Kavalek.Cli.Output;

/// <summary>The few sequences that the drawn chat sends to a terminal (ECMA-48, and the usual private modes).</summary>
static class Ansi
{
    /// <summary>A second screen, so that what stood in the window comes back; no line wrapping; pastes are marked.</summary>
    public const string Enter = "\e[?1049h\e[?7l" + Input.KeyReader.Begin + "\e[2J";

    /// <summary>The first screen again, as it was.</summary>
    public const string Leave = Input.KeyReader.End + "\e[?7h\e[?25h\e[0m\e[?1049l";

    /// <summary>Hides the cursor and asks the terminal to show the frame at once.</summary>
    public const string BeginFrame = "\e[?2026h\e[?25l";

    /// <summary>The end of a frame.</summary>
    public const string EndFrame = "\e[?25h\e[?2026l";

    /// <summary>Erases what is right of the cursor.</summary>
    public const string EraseRight = "\e[K";

    static readonly bool Colourless = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    static readonly string[] NameColours = ["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"];

    /// <summary>The cursor to a cell; both count from 0.</summary>
    public static string MoveTo(int row, int column) => $"\e[{row + 1};{column + 1}H";

    /// <summary>Less important.</summary>
    public static string Dim(string text) => $"\e[2m{text}\e[22m";

    /// <summary>More important.</summary>
    public static string Bold(string text) => $"\e[1m{text}\e[22m";

    /// <summary>Exchanges ink and paper.</summary>
    public static string Reverse(string text) => $"\e[7m{text}\e[27m";

    /// <summary>Something that must be seen.</summary>
    public static string Alarm(string text) => Colourless ? Bold(text) : $"\e[1;31m{text}\e[22;39m";

    /// <summary>White on black whatever the terminal's colours are: what is light in a QR code must be.</summary>
    public static string LightOnDark(string text) => Colourless ? text : $"\e[97;40m{text}\e[0m";

    /// <summary>A name in the colour of its account.</summary>
    public static string Name(string text, Protocol.Id account) => Colourless ? Bold(text) : $"\e[{NameColours[(int)(account.Low % (ulong)NameColours.Length)]}m{text}\e[39m";
}

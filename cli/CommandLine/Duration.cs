using System.Globalization;
using Kavalek.Cli.Text;
using Kavalek.Client;

namespace Kavalek.Cli.CommandLine;

/// <summary>How long messages live, as it is typed and as it is said.</summary>
static class Duration
{
    static readonly (char Letter, int Seconds)[] Units = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

    /// <summary>Reads <c>30s</c>, <c>5m</c>, <c>12h</c>, <c>7d</c>, <c>4w</c>, or <c>off</c>, which is zero.</summary>
    /// <exception cref="CliException">It is none of these.</exception>
    public static TimeSpan Parse(string text)
    {
        if (text == "off")
            return TimeSpan.Zero;
        foreach ((char letter, int seconds) in Units)
        {
            if (text.EndsWith(letter) && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0)
                return TimeSpan.FromSeconds((double)count * seconds);
        }
        throw new CliException(ExitCode.Usage, $"'{SafeText.Line(text)}' is no time: write 30s, 5m, 12h, 7d, 4w, or off. Nothing changed.");
    }

    /// <summary>Seconds in words: “1 hour”, “90 minutes”.</summary>
    public static string Words(string seconds) =>
        uint.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out uint count) ? TimeInWords.Of(TimeSpan.FromSeconds(count)) : "some time";

    /// <summary>What holds in a conversation.</summary>
    public static string Sentence(TimeSpan? timer) => timer is TimeSpan life ? $"Messages end {TimeInWords.Of(life)} after they were sent, for everybody." : "Messages stay.";
}

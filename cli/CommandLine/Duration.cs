using System.Globalization;
using Kavalek.Cli.Text;

namespace Kavalek.Cli.CommandLine;

/// <summary>How long messages live, as it is typed and as it is said.</summary>
static class Duration
{
    static readonly (char Letter, string Word, int Seconds)[] Units = [('w', "week", 604_800), ('d', "day", 86_400), ('h', "hour", 3_600), ('m', "minute", 60), ('s', "second", 1)];

    /// <summary>Reads <c>30s</c>, <c>5m</c>, <c>12h</c>, <c>7d</c>, <c>4w</c>, or <c>off</c>, which is zero.</summary>
    /// <exception cref="CliException">It is none of these.</exception>
    public static TimeSpan Parse(string text)
    {
        if (text == "off")
            return TimeSpan.Zero;
        foreach ((char letter, _, int seconds) in Units)
        {
            if (text.EndsWith(letter) && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0)
                return TimeSpan.FromSeconds((double)count * seconds);
        }
        throw new CliException(ExitCode.Usage, $"'{SafeText.Line(text)}' is no time: write 30s, 5m, 12h, 7d, 4w, or off. Nothing changed.");
    }

    /// <summary>Seconds in words: “1 hour”, “90 minutes”.</summary>
    public static string Words(string seconds) =>
        uint.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out uint count) ? Words(TimeSpan.FromSeconds(count)) : "some time";

    /// <summary>A time in words, in the largest unit that fits.</summary>
    public static string Words(TimeSpan time)
    {
        long seconds = (long)time.TotalSeconds;
        (_, string word, int unit) = Units.First(u => seconds % u.Seconds == 0);
        long count = seconds / unit;
        return $"{count.ToString(CultureInfo.InvariantCulture)} {word}{(count == 1 ? "" : "s")}";
    }

    /// <summary>What holds in a conversation.</summary>
    public static string Sentence(TimeSpan? timer) => timer is TimeSpan life ? $"Messages end {Words(life)} after they were sent, for everybody." : "Messages stay.";
}

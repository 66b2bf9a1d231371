namespace Kavalek.Client;

/// <summary>Times as people say them.</summary>
public static class TimeInWords
{
    static readonly (string Word, int Seconds)[] Units = [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

    /// <summary>A time of whole seconds, in the largest unit that fits: “1 hour”, “90 minutes”.</summary>
    public static string Of(TimeSpan time)
    {
        long seconds = (long)time.TotalSeconds;
        (string word, int unit) = Units.First(u => seconds % u.Seconds == 0);
        long count = seconds / unit;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{count} {word}{(count == 1 ? "" : "s")}");
    }

    /// <summary>How long to wait at the most: at least a second, and from a hundred seconds on in whole minutes.</summary>
    public static string Wait(TimeSpan time)
    {
        double seconds = Math.Max(1, Math.Ceiling(time.TotalSeconds));
        return Of(TimeSpan.FromSeconds(seconds < 100 ? seconds : Math.Ceiling(seconds / 60) * 60));
    }
}

namespace Kavalek.Auth;

/// <summary>Time as the tables hold it.</summary>
internal static class Days
{
    /// <summary>Seconds of a day.</summary>
    public const long Seconds = 24 * 3600;

    /// <summary>Seconds since 1970.</summary>
    public static long Now(this TimeProvider clock) => clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Days since 1970.</summary>
    public static long Today(this TimeProvider clock) => clock.Now() / Seconds;
}

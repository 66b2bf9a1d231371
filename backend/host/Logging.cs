using Microsoft.Extensions.Logging.Console;

namespace Kavalek.Host;

/// <summary>One line an event on the console: for people in a terminal, as JSON where something collects it.</summary>
internal static class Logging
{
    public static void Configure(ILoggingBuilder logging, LogLevel level)
    {
        logging.SetMinimumLevel(level);
        // The framework's finer levels print addresses, headers, paths and bodies. No setting turns them on: logs must be
        // useless to whoever takes them, at every level (K-62). What it warns of names none of these.
        LogLevel framework = level > LogLevel.Warning ? level : LogLevel.Warning;
        logging.AddFilter("Microsoft", framework);
        logging.AddFilter("System", framework);
        if (Console.IsOutputRedirected) logging.AddJsonConsole(o => Time(o));
        else logging.AddSimpleConsole(o => { Time(o); o.SingleLine = true; });
    }

    static void Time(ConsoleFormatterOptions options)
    {
        options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss'Z' ";
        options.UseUtcTimestamp = true;
    }
}

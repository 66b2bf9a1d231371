using System.CommandLine;
using System.Globalization;
using Kavalek.Cli.Text;
using Kavalek.Client;

namespace Kavalek.Cli.CommandLine;

/// <summary>What of the past is shown to somebody: <c>--last N</c> or <c>--since DATE</c>; nothing without either.</summary>
sealed class ShareOptions
{
    /// <summary>So many of the newest messages.</summary>
    public Option<int?> Last { get; } = new("--last") { Description = "Show them the last N messages (1 to 1,000).", HelpName = "N" };

    /// <summary>Those since a day.</summary>
    public Option<string?> Since { get; } = new("--since") { Description = "Show them the messages since a day, 2026-11-22.", HelpName = "DATE" };

    /// <summary>What was chosen; null for nothing.</summary>
    /// <exception cref="CliException">Both, or not so.</exception>
    public HistoryShare? Read(Run run)
    {
        int? last = run.Get(Last);
        string? since = run.Get(Since);
        if (last is null && since is null)
            return null;
        if (last is not null && since is not null)
            throw new CliException(ExitCode.Usage, "Either --last or --since. Nothing changed.");
        if (last is int count)
            return count is >= 1 and <= HistoryShare.Most ? HistoryShare.TheLast(count) : throw new CliException(ExitCode.Usage, "--last takes a number from 1 to 1,000. Nothing changed.");
        return DateTime.TryParseExact(since, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTime day)
            ? HistoryShare.AllSince(day)
            : throw new CliException(ExitCode.Usage, $"'{SafeText.Line(since!)}' is no day: write 2026-11-22. Nothing changed.");
    }
}

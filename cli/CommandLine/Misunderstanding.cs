using System.CommandLine;
using System.CommandLine.Parsing;
using Kavalek.Cli.Text;

namespace Kavalek.Cli.CommandLine;

/// <summary>What to say about a command line that is not understood: what is wrong, what was perhaps meant, where the help is.</summary>
static class Misunderstanding
{
    /// <summary>Letters that may be wrong in a command's name for it to be suggested.</summary>
    const int MaximumDistance = 2;

    /// <summary>Says it, and gives the exit code.</summary>
    public static int Explain(ParseResult parsed, Shell shell)
    {
        CommandResult at = parsed.CommandResult;
        List<string> problems = [.. Missing(at)];
        if (problems.Count == 0)
            problems = [.. parsed.Errors.Select(e => SafeText.Line(e.Message)).Distinct()];
        foreach (string problem in problems)
            shell.Error.WriteLine($"kavalek: {problem}");
        if (parsed.UnmatchedTokens is [string typed, ..] && Meant(at.Command, typed) is string meant)
            shell.Error.WriteLine($"Did you mean '{string.Join(' ', Words(at).Append(meant))}'?");
        shell.Error.WriteLine($"Nothing was done. See: {string.Join(' ', Words(at).Append("--help"))}");
        return ExitCode.Usage;
    }

    static IEnumerable<string> Missing(CommandResult command) => command.Command.Arguments
        .Where(a => a.Arity.MinimumNumberOfValues > 0 && (command.GetResult(a)?.Tokens.Count ?? 0) == 0)
        .Select(a => $"'{string.Join(' ', Words(command))}' needs {a.HelpName ?? a.Name}: {a.Description}");

    static IEnumerable<string> Words(CommandResult command)
    {
        var words = new Stack<string>();
        for (SymbolResult? at = command; at is not null; at = at.Parent)
        {
            if (at is CommandResult { Command: not RootCommand } one)
                words.Push(one.Command.Name);
        }
        return words.Prepend("kavalek");
    }

    static string? Meant(Command command, string typed)
    {
        var near = command.Subcommands.Select(c => c.Name).Concat(command.Options.Select(o => o.Name))
            .Select(name => (Name: name, Distance: Distance(name, typed))).OrderBy(n => n.Distance).FirstOrDefault();
        return near.Name is not null && near.Distance <= MaximumDistance && near.Distance < typed.Length ? near.Name : null;
    }

    /// <summary>How many letters must be changed, left out or added (Levenshtein).</summary>
    static int Distance(string left, string right)
    {
        if (Math.Abs(left.Length - right.Length) > MaximumDistance)
            return int.MaxValue;
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[right.Length];
    }
}

using System.CommandLine;

namespace Kavalek.Cli.CommandLine;

/// <summary>Turns what a command does into what the parser calls: every failure becomes a text and an exit code.</summary>
sealed class Commands(GlobalOptions global, Shell shell)
{
    /// <summary>Gives a command its work.</summary>
    public void Does(Command command, Func<Run, CancellationToken, Task<int>> work) => command.SetAction(async (parsed, cancel) =>
    {
        try
        {
            return await work(new Run(parsed, global, shell), cancel);
        }
        catch (Exception e) when (cancel.IsCancellationRequested && e is not CliException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e)
        {
            return Output.Failure.Report(e, shell);
        }
    });
}

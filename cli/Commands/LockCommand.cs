using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Kavalek.Cli.CommandLine;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek lock</c>: ends the process that has the profile open. Keys exist only inside such a process.</summary>
static class LockCommand
{
    const int Sigterm = 15;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static Command Create(CommandLine.Commands with)
    {
        var command = new Verb("lock", "Lock the profile: end a chat or listen that has it open.")
        {
            Notes = "The profile is sealed whenever no kavalek uses it; this ends one that does. Opening it again needs the password.",
            Examples = [new("kavalek lock")],
        };
        with.Does(command, async (run, cancel) =>
        {
            if (!await run.Folder.IsHeldAsync())
            {
                run.Shell.Tell("Locked: nothing has the profile open.");
                return ExitCode.Ok;
            }
            if (run.Folder.Holder is not int process || process == Environment.ProcessId || OperatingSystem.IsWindows())
                throw new CliException(ExitCode.InUse, "Another kavalek uses the profile and does not say which process it is; end it yourself.");
            long start = Stopwatch.GetTimestamp();
            if (Kill(process, Sigterm) != 0 && await run.Folder.IsHeldAsync())
                throw new CliException(ExitCode.InUse, $"The process {process} cannot be ended from here; it may belong to another user. The profile is still open.");
            while (await run.Folder.IsHeldAsync())
            {
                if (Stopwatch.GetElapsedTime(start) > Patience)
                    throw new CliException(ExitCode.InUse, $"The process {process} does not end. The profile is still open; end that process yourself.");
                await Task.Delay(Pause, cancel);
            }
            run.Shell.Tell($"Locked: the kavalek that had it open (process {process}) has ended.");
            return ExitCode.Ok;
        });
        return command;
    }

    [DllImport("libc", EntryPoint = "kill")]
    static extern int Kill(int process, int signal);
}

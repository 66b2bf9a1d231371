using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Kavalek.Cli.CommandLine;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek lock</c>: ends the process that has the profile open. Keys exist only inside such a process.</summary>
static class LockCommand
{
    const int Sigterm = 15;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static Command Create(CommandLine.Commands with)
    {
        var after = new Option<string?>("--after") { Description = "Set after how many minutes without a key pressed a chat locks itself; 'never' for not at all.", HelpName = "MINUTES" };
        var command = new Verb("lock", "Lock the profile: end a chat or listen that has it open.")
        {
            Notes = "The profile is sealed whenever no kavalek uses it; this ends one that does. Opening it again needs the password.",
            Examples = [new("kavalek lock"), new("kavalek lock --after 10", "Lock a chat that nobody uses for ten minutes")],
        };
        command.Options.Add(after);
        with.Does(command, async (run, cancel) =>
        {
            if (!run.Folder.HasStore)
            {
                run.Shell.Tell($"There is no account in {run.Folder.Path}, so there is nothing to lock.");
                return ExitCode.Ok;
            }
            if (run.Get(after) is { } time)
            {
                await SetAsync(run, time, cancel);
                return ExitCode.Ok;
            }
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

    static async Task SetAsync(Run run, string time, CancellationToken cancel)
    {
        TimeSpan? idle = null;
        if (!time.Equals("never", StringComparison.OrdinalIgnoreCase))
        {
            if (!double.TryParse(time, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double minutes))
                throw new CliException(ExitCode.Usage, "--after takes minutes, or 'never'. Nothing was changed.");
            idle = TimeSpan.FromMinutes(minutes);
        }
        await using KavalekClient client = await run.OpenAsync(cancel);
        await client.SetAutoLockAsync(idle, cancel);
        run.Shell.Tell(idle is null ? "A chat does not lock itself." : $"A chat locks itself after {time} minutes without a key pressed.");
    }

    [DllImport("libc", EntryPoint = "kill")]
    static extern int Kill(int process, int signal);
}

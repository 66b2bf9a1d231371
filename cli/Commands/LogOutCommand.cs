using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek logout</c>: ends the session; with <c>--wipe</c> nothing of the account stays on this computer.</summary>
static class LogOutCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var wipe = new Option<bool>("--wipe") { Description = "Also remove this device from the account and delete everything in the profile folder." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var local = new Option<bool>("--local") { Description = "With --wipe: delete the folder's contents without the password and without telling the server." };
        var command = new Verb("logout", "End this device's session; with --wipe delete it from here.") { wipe, yes, local };
        command.Notes = """
            Without --wipe your messages and keys stay here, sealed; 'kavalek login' goes on with them.
            With --wipe they are gone from this computer. If this is your only device, only the recovery key brings you back in; without one you can just begin afresh.
            """;
        command.Examples = [new("kavalek logout"), new("kavalek logout --wipe", "Leave nothing on this computer")];
        with.Does(command, async (run, cancel) =>
        {
            bool everything = run.Get(wipe);
            if (run.Get(local) && !everything)
                throw new CliException(ExitCode.Usage, "--local goes together with --wipe. Nothing was done.");
            if (everything && !run.Get(yes)
                && !run.Shell.Confirm($"Delete all messages and keys in {run.Folder.Path}? If this is your only device and you have no recovery key, your conversations are lost for good."))
            {
                throw new CliException(ExitCode.Usage, "Nothing was deleted. Without a terminal to ask at, confirm with --yes.");
            }
            if (run.Get(local))
            {
                await run.Folder.WipeAsync(run.Patience(), cancel);
                run.Shell.Tell($"{run.Folder.Path} holds no account any more. The server still counts this device; remove it from another one with: kavalek devices remove ID");
                return ExitCode.Ok;
            }
            await using (KavalekClient client = await run.OpenAsync(cancel))
                await client.LogOutAsync(everything, cancel);
            if (everything)
                await run.Folder.WipeAsync(run.Patience(), cancel);
            run.Shell.Tell(everything
                ? $"Logged out. This device is removed from the account, and {run.Folder.Path} holds nothing of it any more."
                : $"Logged out. Messages and keys stay here, sealed; '{run.Hint("login")}' goes on with them.");
            return ExitCode.Ok;
        });
        return command;
    }
}

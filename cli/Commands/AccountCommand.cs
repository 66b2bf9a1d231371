using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek account</c>: the account as a whole.</summary>
static class AccountCommand
{
    public static Command Create(CommandLine.Commands with) => new Verb("account", "Delete the account.") { Delete(with) };

    static Verb Delete(CommandLine.Commands with)
    {
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var command = new Verb("delete", "Delete the account, at the server and here. Nothing brings it back.") { yes };
        command.Notes = "Your conversations are left, your handle and address become free, and everything in the profile folder is deleted. What others received stays theirs. Your other devices keep what they have until you wipe them.";
        command.Examples = [new("kavalek account delete")];
        with.Does(command, async (run, cancel) =>
        {
            if (!run.Get(yes) && !run.Shell.Confirm("Delete your account with all its devices, at the server and here? Nothing brings it back."))
                throw new CliException(ExitCode.Usage, "Nothing was deleted. Without a terminal to ask at, confirm with --yes.");
            ClientOptions options = await run.TakeProfileAsync(cancel);
            try
            {
                string password = run.Password.Read(cancel: cancel);
                await using KavalekClient client = await KavalekClient.UnlockAsync(options, password, cancel);
                await client.DeleteAccountAsync(password, cancel);
            }
            finally
            {
                await options.Store.DisposeAsync();
            }
            await run.Folder.WipeAsync(run.Patience(), cancel);
            run.Shell.Tell($"The account is deleted, and {run.Folder.Path} holds nothing of it any more.");
            return ExitCode.Ok;
        });
        return command;
    }
}

using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Input;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek password</c>: another password for the account and this device.</summary>
static class PasswordCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var next = new Option<string?>("--new-password-file") { Description = "Read the new password from this file instead of asking.", HelpName = "FILE" };
        var command = new Verb("password", "Change the password; your other devices log in again with the new one.") { next };
        command.Notes = "Your other devices keep everything. They open with their old password until they have logged in with the new one.";
        command.Examples = [new("kavalek password"), new("kavalek --password-file old password --new-password-file new", "From files with mode 0600")];
        with.Does(command, async (run, cancel) =>
        {
            ClientOptions options = await run.TakeProfileAsync(cancel);
            try
            {
                string current = run.Password.Read("Present password: ", cancel);
                await using KavalekClient client = await KavalekClient.UnlockAsync(options, current, cancel);
                string changed = new PasswordSource(run.Get(next), run.Shell).ReadChanged(fromFile: run.Get(next) is not null, cancel);
                await client.ChangePasswordAsync(current, changed, cancel);
            }
            finally
            {
                await options.Store.DisposeAsync();
            }
            run.Shell.Tell("The password is changed, for the account and for this device. Your other devices were logged out: log in there with the new one.");
            return ExitCode.Ok;
        });
        return command;
    }
}

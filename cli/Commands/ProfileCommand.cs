using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek profile</c>: what others see of oneself.</summary>
static class ProfileCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var name = new Argument<string>("name") { Description = "The name, in quotes if it has spaces.", HelpName = "NAME" };
        var set = new Verb("name", "Set the name that people you talk with see; it travels encrypted.") { name };
        set.Examples = [new("kavalek profile name 'Marie'")];
        with.Does(set, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            await client.SetDisplayNameAsync(run.Get(name)!, cancel);
            try
            {
                await client.SyncAsync(cancel);
            }
            catch (KavalekException e) when (Failure.IsUnreachable(e))
            {
                run.Shell.Warn($"{e.Message} The name is set here and goes out the next time kavalek is connected.");
                return ExitCode.Unreachable;
            }
            run.Shell.Tell($"Your name is {client.Me.DisplayName} now.");
            return ExitCode.Ok;
        });
        var command = new Verb("profile", "Change what others see of you.") { set };
        command.Examples = [new("kavalek profile name 'Marie'")];
        return command;
    }
}

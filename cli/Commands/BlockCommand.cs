using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek block</c> and <c>unblock</c>.</summary>
static class BlockCommand
{
    public static Command Create(CommandLine.Commands with, bool blocked)
    {
        var who = new Argument<string>("who") { Description = "The person.", HelpName = "@HANDLE" };
        var command = new Verb(blocked ? "block" : "unblock", blocked
            ? "Drop a person's messages and requests from now on; they are not told."
            : "Let a blocked person reach you again.") { who };
        command.Examples = [new($"kavalek {command.Name} @mallory")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            Contact contact = await Targets.PersonAsync(client, run.Get(who)!, cancel);
            contact = await client.BlockAsync(contact.Account, blocked, cancel);
            run.Shell.Tell(blocked ? $"{Targets.Handle(contact)} is blocked. Undo with: kavalek unblock {Targets.Handle(contact)}" : $"{Targets.Handle(contact)} is not blocked any more.");
            return ExitCode.Ok;
        });
        return command;
    }
}

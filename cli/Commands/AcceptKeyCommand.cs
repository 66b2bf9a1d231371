using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek accept-key</c>: go on with a person whose account key changed.</summary>
static class AcceptKeyCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var who = new Argument<string>("who") { Description = "Whose new key to accept.", HelpName = "@HANDLE" };
        var command = new Verb("accept-key", "Accept the changed key of a person; they are unverified then.") { who };
        command.Notes = "A key changes when somebody starts afresh without their old devices, or when somebody else pretends to be them. Ask first.";
        command.Examples = [new("kavalek accept-key @marie")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            Contact contact = await Targets.PersonAsync(client, run.Get(who)!, cancel);
            if (contact.Trust is not (Trust.Changed or Trust.VerifiedChanged))
            {
                run.Shell.Tell($"The key of {Targets.Handle(contact)} has not changed ({Describe.Trust(contact)}); there is nothing to accept.");
                return ExitCode.Ok;
            }
            contact = await client.AcceptKeyAsync(contact.Account, cancel);
            run.Shell.Tell($"Accepted. {Targets.Handle(contact)} is not verified; compare the new number with: kavalek verify {Targets.Handle(contact)}");
            return ExitCode.Ok;
        });
        return command;
    }
}

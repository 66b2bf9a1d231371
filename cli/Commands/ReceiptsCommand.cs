using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek receipts</c>: what others may know of what arrived and was read here.</summary>
static class ReceiptsCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var choice = new Argument<string?>("choice") { Description = "What this device says of the messages it gets; nothing shows what holds.", HelpName = "none|delivered|read", Arity = ArgumentArity.ZeroOrOne };
        var command = new Verb("receipts", "Choose whether others see that their messages arrived, and were read.") { choice };
        command.Notes = """
            At first nothing is said: when you read is your own business. 'read' says both. Receipts are encrypted like messages, go to people you have accepted, and
            to groups of at most 32. Your own devices learn in the same way what you have read on another one.
            """;
        command.Examples = [new("kavalek receipts"), new("kavalek receipts delivered"), new("kavalek receipts none")];
        with.Does(command, async (run, cancel) =>
        {
            string? chosen = run.Get(choice);
            if (chosen is not (null or "none" or "delivered" or "read")) throw new CliException(ExitCode.Usage, "The choice is none, delivered or read. Nothing was changed.");
            await using KavalekClient client = await run.OpenAsync(cancel);
            if (chosen is not null) await client.SetReceiptsAsync(delivered: chosen != "none", read: chosen == "read", cancel);
            if (client.Policy is { Receipts: false })
                run.Shell.Tell("This server's policy allows no receipts.");
            run.Shell.Out.WriteLine(client.Receipts switch
            {
                { Read: true, Delivered: true } => "This device says what arrived and what was read.",
                { Read: true } => "This device says what was read.",
                { Delivered: true } => "This device says what arrived, not what was read.",
                _ => "This device says nothing of what arrived or was read.",
            });
            return ExitCode.Ok;
        });
        return command;
    }
}

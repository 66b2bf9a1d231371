using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek report</c>: shows messages of others to those who run the instance.</summary>
static class ReportCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var to = new Argument<string>("conversation") { Description = "A handle, a group's title, or the beginning of an id.", HelpName = "@HANDLE|GROUP" };
        var ids = new Argument<string[]>("ids") { Description = "The ids of the messages, as 'kavalek history --json' prints them; up to 20.", HelpName = "ID", Arity = ArgumentArity.OneOrMore };
        var reason = new Option<string>("--reason") { Description = "harassment, threat, spam, impersonation, unlawful or other.", HelpName = "REASON", DefaultValueFactory = _ => "other" };
        var words = new Option<string>("--words") { Description = "What you want to say about it.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var command = new Verb("report", "Report messages of others to those who run the server.") { to, ids, reason, words, yes };
        command.Notes = """
            They read the messages, earlier words of them, and the title and the owners and admins of the group, and can check who wrote them. Nobody in
            the conversation is told, and the server keeps nowhere who reported; in a conversation of two it is easily guessed.
            """;
        command.Examples = [new("kavalek report 'Night shift' --reason threat 6f…a1.03…9c")];
        with.Does(command, async (run, cancel) =>
        {
            MessageId[] messages = [.. run.Get(ids)!.Select(id => Describe.ParseId(id) ?? throw new CliException(ExitCode.Usage, "A message is named by an id as 'kavalek history --json' prints it. Nothing was reported."))];
            if (!Enum.TryParse(run.Get(reason), ignoreCase: true, out ReportReason why) || !Enum.IsDefined(why))
                throw new CliException(ExitCode.Usage, "A reason is harassment, threat, spam, impersonation, unlawful or other. Nothing was reported.");
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Conversation conversation = await Targets.ConversationAsync(client, run.Get(to)!, open: false, cancel);
            Moderators moderators = await client.ModeratorsAsync(cancel);
            foreach (Moderator one in moderators.All)
                run.Shell.Tell($"It goes to {Targets.Handle(one.Contact)}, {one.Rank} since {Describe.Time(one.Since)}{(one.GivenBy is string by ? $" (by @{by})" : "")}{(one.Contact.Trust == Trust.Verified ? ", verified" : "")}.");
            foreach (Contact changed in moderators.Changed)
                run.Shell.Warn($"It does not go to {Targets.Handle(changed)}: their key changed. Compare safety numbers, or accept the new key.");
            if (!moderators.IsLogWhole)
                run.Shell.Warn("The audit log, which says who they are, is not what this device saw before. That is so after a backup was put back; else ask whoever runs the server.");
            if (!run.Get(yes) && !run.Shell.Confirm("Show the messages to them?"))
                throw new CliException(ExitCode.Usage, "Nothing was reported. Without a terminal to ask at, confirm with --yes.");
            await conversation.ReportAsync(messages, why, run.Get(words)!, moderators, cancel);
            run.Shell.Tell("Reported.");
            return ExitCode.Ok;
        });
        return command;
    }
}

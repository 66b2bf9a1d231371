using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek afresh</c> and <c>kavalek go-on</c>: the ways out where people no longer see the same conversation (docs/PROTOCOL.md §7.10, §7.11).</summary>
static class AfreshCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var target = Target();
        var without = new Option<string[]>("--without") { Description = "Leave this person out; may be given several times.", HelpName = "@HANDLE", Arity = ArgumentArity.OneOrMore };
        var command = new Verb("afresh", "Start a conversation afresh, with new keys, in the same line of messages.") { target, without };
        command.Notes = """
            For when people in it were shown different conversations, or somebody made a change that others could not follow: nothing is sent then. All who
            stay are brought in by new keys of all of their devices. What was said stays where it was read. In a group, who leaves others out must be
            allowed to remove them.
            """;
        command.Examples = [new("kavalek afresh Plans"), new("kavalek afresh Plans --without @mallory"), new("kavalek afresh @marie")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Conversation conversation = await Targets.ConversationAsync(client, run.Get(target)!, open: false, cancel);
            IReadOnlyList<Contact> gone = await Targets.PeopleAsync(client, run.Get(without) ?? [], cancel);
            if (gone.FirstOrDefault(person => conversation.Members.All(m => m.Contact.Account != person.Account)) is { } absent)
                throw new CliException(ExitCode.NotFound, $"{Targets.Handle(absent)} is not in that conversation. Nothing changed.");
            await conversation.StartAfreshAsync([.. gone.Select(person => person.Account)], cancel);
            run.Shell.Tell(gone.Count == 0 ? "Started afresh." : $"Started afresh without {string.Join(", ", gone.Select(Targets.Handle))}.");
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command GoOn(CommandLine.Commands with)
    {
        var target = Target();
        var command = new Verb("go-on", "Go on in a conversation with those who see the same as you.") { target };
        command.Notes = "Who sees another conversation does not get what you write from then on, until they come back or it is started afresh: kavalek afresh.";
        command.Examples = [new("kavalek go-on Plans")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Conversation conversation = await Targets.ConversationAsync(client, run.Get(target)!, open: false, cancel);
            if (conversation.CannotSend?.Code != ClientErrors.Apart)
            {
                run.Shell.Tell("Everybody in it sees the same conversation, as far as this device knows. There is nothing to do.");
                return ExitCode.Ok;
            }
            await conversation.GoOnAsync(cancel);
            await client.SyncAsync(cancel);
            run.Shell.Tell("You can write again. Who sees another conversation does not get it.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Argument<string> Target() => new("conversation") { Description = "A person, a group's title, or the beginning of an id.", HelpName = "@HANDLE|GROUP" };
}

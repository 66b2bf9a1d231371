using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Input;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek react</c>, <c>edit</c> and <c>delete</c>: what is done to a message that was said.</summary>
static class ActCommands
{
    public static Command React(CommandLine.Commands with)
    {
        Argument<string> to = In(), id = Which();
        var emoji = new Argument<string>("emoji") { Description = "One emoji, in place of the one before; 'off' takes it back.", HelpName = "EMOJI|off" };
        var command = new Verb("react", "React to a message with an emoji.") { to, id, emoji };
        command.Examples = [new("kavalek react @marie 6f…a1.03…9c 👍")];
        with.Does(command, (run, cancel) => DoAsync(run, to, id, (conversation, message) => conversation.ReactAsync(message, run.Get(emoji) is "off" ? null : run.Get(emoji)!, cancel), cancel));
        return command;
    }

    public static Command Edit(CommandLine.Commands with)
    {
        Argument<string> to = In(), id = Which();
        var words = new Argument<string[]>("text") { Description = "What the message is to say.", HelpName = "TEXT", Arity = ArgumentArity.OneOrMore };
        var command = new Verb("edit", "Change the words of a message of yours, within 24 hours.") { to, id, words };
        command.Notes = "What it said before stays to be seen by everybody in the conversation.";
        command.Examples = [new("kavalek edit @marie 6f…a1.03…9c 'At noon, not at one'")];
        with.Does(command, (run, cancel) =>
        {
            string text = MessageText.Checked(string.Join(' ', run.Get(words)!));
            return DoAsync(run, to, id, (conversation, message) => conversation.EditAsync(message, text, NamedPeople.In(text, conversation), cancel), cancel);
        });
        return command;
    }

    public static Command Delete(CommandLine.Commands with)
    {
        Argument<string> to = In();
        var ids = new Argument<string[]>("ids") { Description = "The ids of the messages, as 'kavalek history --json' prints them.", HelpName = "ID", Arity = ArgumentArity.OneOrMore };
        var mine = new Option<bool>("--for-me") { Description = "Only for this account: nobody else hears of it." };
        var command = new Verb("delete", "Take messages back for everybody, within 48 hours.") { to, ids, mine };
        command.Notes = """
            Admins of a group can delete what members wrote, and owners what anybody wrote, at any time; everybody sees that they did. Whoever has
            read or copied a message still has it.
            """;
        command.Examples = [new("kavalek delete @marie 6f…a1.03…9c"), new("kavalek delete 'Night shift' --for-me 6f…a1.03…9c")];
        with.Does(command, async (run, cancel) =>
        {
            MessageId[] messages = [.. run.Get(ids)!.Select(Parse)];
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Conversation conversation = await Targets.ConversationAsync(client, run.Get(to)!, open: false, cancel);
            if (run.Get(mine))
            {
                await conversation.HideAsync(messages, cancel);
                return ExitCode.Ok;
            }
            await conversation.DeleteAsync(messages, cancel);
            await client.SyncAsync(cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    static async Task<int> DoAsync(Run run, Argument<string> to, Argument<string> id, Func<Conversation, MessageId, Task> act, CancellationToken cancel)
    {
        MessageId message = Parse(run.Get(id)!);
        await using KavalekClient client = await run.OpenOnlineAsync(cancel);
        await act(await Targets.ConversationAsync(client, run.Get(to)!, open: false, cancel), message);
        await client.SyncAsync(cancel);
        return ExitCode.Ok;
    }

    static Argument<string> In() => new("conversation") { Description = "A handle, a group's title, or the beginning of an id.", HelpName = "@HANDLE|GROUP" };

    static Argument<string> Which() => new("id") { Description = "The id of the message, as 'kavalek history --json' prints it.", HelpName = "ID" };

    static MessageId Parse(string id) => Describe.ParseId(id) ?? throw new CliException(ExitCode.Usage, "A message is named by an id as 'kavalek history --json' prints it. Nothing changed.");
}

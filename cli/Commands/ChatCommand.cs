using System.CommandLine;
using Kavalek.Cli.Chat;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek chat</c>: a conversation as it happens.</summary>
static class ChatCommand
{
    const int UsualHistory = 20;

    public static Command Create(CommandLine.Commands with)
    {
        var to = new Argument<string>("with") { Description = "A handle, a group's title, or the beginning of an id.", HelpName = "@HANDLE|GROUP" };
        var history = new Option<int>("--history") { Description = "Without a terminal: how many earlier messages to print first.", HelpName = "N", DefaultValueFactory = _ => UsualHistory };
        var command = new Verb("chat", "Talk: read along and write, on a terminal or through pipes.") { to, history };
        command.Notes = $"""
            Enter sends, Alt+Enter begins a new line, PgUp and PgDn scroll, ↑ recalls what you sent. In the chat:
            {ChatRoom.Help}

            Your messages are marked: ⧗ queued here, ✓ on the server, ✓✓ delivered, ✓✓ read, ✗ not sent.
            """;
        command.Examples =
        [
            new("kavalek chat @marie"),
            new("kavalek chat 'Night shift'"),
            new("echo 'Bonjour' | kavalek chat @marie", "Every line is a message; ends when the server has them"),
        ];
        with.Does(command, async (run, cancel) =>
        {
            if (run.Get(history) < 0)
                throw new CliException(ExitCode.Usage, "--history takes a number from 0 on.");
            await using KavalekClient client = await run.OpenAsync(cancel, usualPatience: 0);
            Conversation conversation = await EnterAsync(run, client, run.Get(to)!, cancel);
            var room = new ChatRoom(client, conversation);
            return run.Shell.PersonTypes && run.Shell.DrawsForPerson
                ? await new ChatOnTerminal(room).RunAsync(cancel)
                : await new ChatOverPipe(room, run.Shell, run.Get(history)).RunAsync(cancel);
        });
        return command;
    }

    /// <summary>What is here already opens at once; somebody new is looked up on the server.</summary>
    static async Task<Conversation> EnterAsync(Run run, KavalekClient client, string target, CancellationToken cancel)
    {
        try
        {
            return await Targets.ConversationAsync(client, target, open: false, cancel);
        }
        catch (CliException e) when (e.ExitCode == ExitCode.NotFound)
        {
            // Perhaps they wrote first, or it is somebody new.
        }
        try
        {
            await client.SyncAsync(cancel);
            return await Targets.ConversationAsync(client, target, open: true, cancel);
        }
        catch (KavalekException e) when (Failure.IsUnreachable(e))
        {
            throw new CliException(ExitCode.Unreachable, $"{e.Message} A conversation with somebody new needs the server; nothing was sent.");
        }
    }
}

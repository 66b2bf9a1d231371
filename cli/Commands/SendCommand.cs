using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Files;
using Kavalek.Cli.Input;
using Kavalek.Cli.Output;
using Kavalek.Cli.Text;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek send</c>: one message; it returns when the server has stored it.</summary>
static class SendCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var to = new Argument<string>("to") { Description = "A handle, a group's title, or the beginning of an id.", HelpName = "@HANDLE|GROUP" };
        var words = new Argument<string[]>("text") { Description = "The message; '-' or nothing reads standard input (UTF-8, up to 64 KiB).", HelpName = "TEXT|-", Arity = ArgumentArity.ZeroOrMore };
        var reply = new Option<string?>("--reply-to") { Description = "The id of the message it answers, as --json prints it.", HelpName = "ID" };
        var paths = new Option<string[]>("--file") { Description = $"A file to send with it; up to {Attachment.Most} times. Then the text may be left out.", HelpName = "PATH", AllowMultipleArgumentsPerToken = false };
        var json = new Option<bool>("--json") { Description = "Print the message as a JSON object." };
        var command = new Verb("send", "Send one message and wait until the server has it.") { to, words, reply, paths, json };
        command.Notes = """
            Exit code 0: the server has stored it. 3: the server was not reached; the message is stored here and goes out the next time
            kavalek is connected: do not send it again. Anything else: it was not sent, and the text says why.
            """;
        command.Examples =
        [
            new("kavalek send @marie 'On se voit à midi ?'"),
            new("uptime | kavalek send 'Night shift' -", "Standard input, to a group"),
            new("kavalek send @marie --file report.pdf 'As promised'", "With a file"),
            new("kavalek send @marie -- --help me", "A text that begins with dashes"),
        ];
        with.Does(command, async (run, cancel) =>
        {
            MessageId? answered = run.Get(reply) is string id ? Describe.ParseId(id)
                ?? throw new CliException(ExitCode.Usage, "--reply-to takes an id as 'kavalek history --json' prints it. Nothing was sent.") : null;
            string[] attached = run.Get(paths) ?? [];
            if (attached.Length > Attachment.Most)
                throw new CliException(ExitCode.Usage, $"A message takes {Attachment.Most} files at most. Nothing was sent.");
            string text = attached.Length > 0 && run.Get(words)!.Length == 0 ? "" : await TextAsync(run, run.Get(words)!, cancel);
            List<OutgoingFile> files = LocalFiles.Open(attached);
            try
            {
                await using KavalekClient client = await run.OpenAsync(cancel);
                return await SendAsync(run, client, run.Get(to)!, text, files, answered, run.Get(json), cancel);
            }
            finally
            {
                foreach (OutgoingFile file in files)
                    await file.Content.DisposeAsync();
            }
        });
        return command;
    }

    static async Task<string> TextAsync(Run run, string[] words, CancellationToken cancel)
    {
        if (words is not ([] or ["-"]))
            return MessageText.Checked(string.Join(' ', words));
        if (run.Shell.PersonTypes)
            run.Shell.Tell("Type the message; Ctrl-D on a line of its own sends it, Ctrl-C does not.");
        return await MessageText.FromInputAsync(cancel);
    }

    static async Task<int> SendAsync(Run run, KavalekClient client, string to, string text, IReadOnlyList<OutgoingFile> files, MessageId? answered, bool json, CancellationToken cancel)
    {
        KavalekException? unreached;
        try
        {
            unreached = await SyncAsync(client, cancel);
        }
        catch (KavalekException e)
        {
            throw new CliException(Failure.ExitCodeOf(e.Code), $"Not sent: {e.Message}");
        }
        Conversation conversation = await OpenAsync(client, to, cancel);
        // From here on the message is safe in the profile, whatever happens to the connection or this process.
        Message message = await QueueAsync(conversation, text, files, answered, cancel);
        unreached ??= await SyncAsync(client, cancel);
        Message now = (await conversation.MessagesAsync(1, new MessagePosition(message.Position.Value + 1), cancel)).FirstOrDefault(m => m.Id == message.Id) ?? message;
        if (json)
            run.Shell.Out.WriteLine(JsonLine.Object(o => Describe.Message(o, now, client)));
        switch (now.State)
        {
            case MessageState.Failed:
                throw new CliException(ExitCode.Refused, $"Not sent: {now.Failure ?? "the conversation changed meanwhile"}.");
            case MessageState.Queued:
                run.Shell.Warn($"{unreached?.Message ?? "The server has not confirmed it yet."} The message is stored here and goes out the next time kavalek is connected; do not send it again.");
                return ExitCode.Unreachable;
            default:
                if (!json && run.Shell.DrawsForPerson)
                    run.Shell.Tell(Describe.State(now));
                return ExitCode.Ok;
        }
    }

    static async Task<Message> QueueAsync(Conversation conversation, string text, IReadOnlyList<OutgoingFile> files, MessageId? answered, CancellationToken cancel)
    {
        try
        {
            return files.Count > 0
                ? await conversation.SendAsync(text, files, answered, NamedPeople.In(text, conversation), cancel: cancel)
                : await conversation.SendAsync(text, answered, NamedPeople.In(text, conversation), cancel);
        }
        catch (KavalekException e) when (e.NothingChanged)
        {
            string how = conversation.State == ConversationState.Request ? $" Accept with: kavalek requests accept {Describe.Target(conversation)}" : "";
            throw new CliException(Failure.ExitCodeOf(e.Code), $"Not sent: {e.Message}{how}");
        }
    }

    /// <summary>
    /// The conversation to write to. Whom nobody here has written with yet has to be asked of the server; without it nothing can be kept for
    /// later, and exit code 3 would promise that it was.
    /// </summary>
    static async Task<Conversation> OpenAsync(KavalekClient client, string to, CancellationToken cancel)
    {
        try
        {
            return await Targets.ConversationAsync(client, to, open: true, cancel);
        }
        catch (KavalekException e) when (Failure.IsUnreachable(e))
        {
            throw new CliException(ExitCode.Error,
                $"{e.Message} There is no conversation with '{SafeText.Line(to)}' yet, so the message was not sent and is not stored here: send it again when the server answers.");
        }
    }

    /// <summary>Catches up and empties the outbox; gives why the server was not reached, or null.</summary>
    static async Task<KavalekException?> SyncAsync(KavalekClient client, CancellationToken cancel)
    {
        try
        {
            await client.SyncAsync(cancel);
            return null;
        }
        catch (KavalekException e) when (Failure.IsUnreachable(e))
        {
            return e;
        }
    }
}

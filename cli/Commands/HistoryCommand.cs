using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek history</c>: the messages of a conversation, oldest first.</summary>
static class HistoryCommand
{
    const int Page = 500;
    const int UsualLimit = 50;

    public static Command Create(CommandLine.Commands with)
    {
        var of = new Argument<string>("conversation") { Description = "A handle, a group's title, or the beginning of an id.", HelpName = "@HANDLE|GROUP" };
        var limit = new Option<int?>("--limit", "-n") { Description = $"How many of the newest messages (default: {UsualLimit}).", HelpName = "N" };
        var all = new Option<bool>("--all") { Description = "All messages on this device." };
        var full = new Option<bool>("--full") { Description = "Show very long messages whole." };
        var read = new Option<bool>("--read") { Description = "Mark them as read, and tell the others." };
        var json = new Option<bool>("--json") { Description = "One JSON object a line, texts whole." };
        var offline = new Option<bool>("--offline") { Description = "Do not ask the server for news." };
        var command = new Verb("history", "Print the messages of a conversation.") { of, limit, all, full, read, json, offline };
        command.Examples = [new("kavalek history @marie"), new("kavalek history 'Night shift' --all --json > night.jsonl", "Everything, for a program")];
        with.Does(command, async (run, cancel) =>
        {
            int count = run.Get(all) ? int.MaxValue : run.Get(limit) ?? UsualLimit;
            if (count < 1)
                throw new CliException(ExitCode.Usage, "--limit takes a number from 1 on.");
            await using KavalekClient client = await run.OpenFreshAsync(run.Get(offline), cancel);
            Conversation conversation = await Targets.ConversationAsync(client, run.Get(of)!, open: false, cancel);
            List<Message> messages = await NewestAsync(conversation, count, cancel);
            Print(run, client, messages, run.Get(json), run.Get(full));
            if (run.Get(read) && messages.Count > 0)
            {
                await conversation.MarkReadAsync(messages[^1].Id, cancel);
                if (!run.Get(offline))
                    await client.SyncAsync(cancel);
            }
            return ExitCode.Ok;
        });
        return command;
    }

    static async Task<List<Message>> NewestAsync(Conversation conversation, int count, CancellationToken cancel)
    {
        var pages = new List<IReadOnlyList<Message>>();
        MessagePosition? before = null;
        for (int missing = count; missing > 0;)
        {
            IReadOnlyList<Message> page = await conversation.MessagesAsync(Math.Min(Page, missing), before, cancel);
            if (page.Count == 0)
                break;
            pages.Add(page);
            missing -= page.Count;
            before = page[0].Position;
        }
        pages.Reverse();
        return [.. pages.SelectMany(page => page)];
    }

    static void Print(Run run, KavalekClient client, List<Message> messages, bool json, bool full)
    {
        var lines = new MessageLines(client);
        Dictionary<MessageId, Message> known = [];
        foreach (Message message in messages)
        {
            known[message.Id] = message;
            Message? answered = message.Body is TextBody { ReplyTo: MessageId id } ? known.GetValueOrDefault(id) : null;
            run.Shell.Out.WriteLine(json ? JsonLine.Object(o => Describe.Message(o, message, client)) : lines.Of(message, answered, full));
        }
        if (messages.Count == 0)
            run.Shell.Tell("No messages here yet.");
    }
}

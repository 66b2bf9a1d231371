using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek history</c>: the messages of a conversation, oldest first; and the account's archive of them.</summary>
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
        command.Subcommands.Add(Status(with));
        command.Subcommands.Add(Restore(with));
        command.Subcommands.Add(Switch(with, on: true));
        command.Subcommands.Add(Switch(with, on: false));
        command.Subcommands.Add(Pass(with));
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

    static Verb Status(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var command = new Verb("status", "Show how the account's encrypted archive stands.") { json };
        command.Notes = "What is read and sent on any of your devices is kept for all of them, encrypted by them, on the server. Nobody else can read it.";
        command.Examples = [new("kavalek history status")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenFreshAsync(offline: false, cancel);
            Tell(run, await client.HistoryAsync(cancel), run.Get(json));
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Restore(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "Progress and end as JSON objects, one a line." };
        var command = new Verb("restore", "Fetch everything the archive has; it goes on where it stopped.") { json };
        command.Examples = [new("kavalek history restore", "On a new device; 'chat' and 'listen' do it by themselves")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            Task progress = ProgressAsync(run, client.Events(end.Token), run.Get(json));
            await client.RestoreHistoryAsync(cancel);
            await end.CancelAsync();
            await progress;
            Tell(run, await client.HistoryAsync(cancel), run.Get(json));
            return ExitCode.Ok;
        });
        return command;
    }

    static async Task ProgressAsync(Run run, IAsyncEnumerable<ClientEvent> events, bool json)
    {
        try
        {
            await foreach (ClientEvent item in events)
            {
                if (item is not HistoryChanged { Status: HistoryStatus status })
                    continue;
                if (json)
                    run.Shell.Out.WriteLine(JsonLine.Object(o => Describe.History(o, status)));
                else
                    run.Shell.Tell($"{status.Restored} messages; {status.Unread} of {status.Segments} parts to come.");
            }
        }
        catch (OperationCanceledException)
        {
            // All is here.
        }
    }

    static Verb Switch(CommandLine.Commands with, bool on)
    {
        var command = on ? new Verb("on", "Keep an archive again; it begins with what your devices have.")
            : new Verb("off", "Keep no archive, and delete it from the server, for all of your devices.");
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        if (!on)
            command.Options.Add(yes);
        command.Examples = [new($"kavalek history {(on ? "on" : "off")}")];
        with.Does(command, async (run, cancel) =>
        {
            if (!on && !run.Get(yes) && !run.Shell.Confirm("Delete the archive from the server, for all of your devices? They keep what they have; a new device, or one that you recover, begins empty."))
                throw new CliException(ExitCode.Usage, "Nothing was deleted. Without a terminal to ask at, confirm with --yes.");
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            await client.SetHistoryAsync(on, cancel);
            if (on)
                await client.SaveHistoryAsync(cancel);
            run.Shell.Tell(on ? "The archive is on." : "The archive is off and deleted. What your devices have stays on them; a new device begins empty.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Pass(CommandLine.Commands with)
    {
        var of = new Argument<string>("conversation") { Description = "A handle, a group's title, or the beginning of an id.", HelpName = "@HANDLE|GROUP" };
        var who = new Argument<string[]>("people") { Description = "Whom to show it to; members of it.", HelpName = "@HANDLE", Arity = ArgumentArity.OneOrMore };
        var share = new ShareOptions();
        var command = new Verb("pass", "Show members what was said before; everybody in the conversation sees that you do.") { of, who, share.Last, share.Since };
        command.Notes = "This device answers theirs when they next connect, so keep it connected: kavalek listen, or kavalek chat. They see the messages as passed on by you.";
        command.Examples = [new("kavalek history pass 'Night shift' @amina --last 50"), new("kavalek history pass @jean @jean --since 2026-11-01", "Who lost all devices")];
        with.Does(command, async (run, cancel) =>
        {
            HistoryShare wanted = share.Read(run) ?? throw new CliException(ExitCode.Usage, "Say what: --last N, or --since DATE. Nothing was passed on.");
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Conversation conversation = await Targets.ConversationAsync(client, run.Get(of)!, open: false, cancel);
            IReadOnlyList<Contact> people = await Targets.PeopleAsync(client, run.Get(who)!, cancel);
            await conversation.PassOnAsync([.. people.Select(p => p.Account)], wanted, cancel);
            await client.SyncAsync(cancel);
            run.Shell.Tell("Offered; their devices fetch it from this one.");
            return ExitCode.Ok;
        });
        return command;
    }

    static void Tell(Run run, HistoryStatus status, bool json)
    {
        if (json)
        {
            run.Shell.Out.WriteLine(JsonLine.Object(o => Describe.History(o, status)));
            return;
        }
        if (!status.IsOn)
        {
            run.Shell.Out.WriteLine("The archive is off: a new device begins empty.");
            return;
        }
        string room = status.Quota > 0 ? $" of {status.Quota >> 20} MiB" : "";
        run.Shell.Out.WriteLine(status.IsComplete ? "Everything that the archive has is on this device." : $"{status.Unread} of {status.Segments} parts of the archive are still to come to this device.");
        run.Shell.Out.WriteLine($"It takes {((double)status.Bytes / (1 << 20)).ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)} MiB{room} on the server; {status.Waiting} messages wait to be added.");
        if (status.Problem is string problem)
            run.Shell.Warn(problem);
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

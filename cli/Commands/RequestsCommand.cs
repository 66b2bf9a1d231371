using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek requests</c>: people and groups that ask to talk.</summary>
static class RequestsCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var command = new Verb("requests", "List, accept or decline those who ask to talk with you.") { List(with, "list"), Accept(with), Decline(with) };
        Verb list = List(with, "requests");
        foreach (Option option in list.Options)
            command.Options.Add(option);
        command.Action = list.Action;
        command.Notes = "Until you accept, nothing at all is sent to them: no receipt, no name.";
        command.Examples = [new("kavalek requests"), new("kavalek requests accept @jean"), new("kavalek requests decline @jean --block")];
        return command;
    }

    static Verb List(CommandLine.Commands with, string name)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var offline = new Option<bool>("--offline") { Description = "Do not ask the server for news." };
        var command = new Verb(name, "List requests.") { json, offline };
        command.Examples = [new("kavalek requests list")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenFreshAsync(run.Get(offline), cancel);
            List<Conversation> requests = [.. client.Conversations.Where(c => c.State == ConversationState.Request)];
            if (run.Get(json))
            {
                foreach (Conversation request in requests)
                    run.Shell.Out.WriteLine(JsonLine.Object(o => Describe.Conversation(o, request)));
                return ExitCode.Ok;
            }
            run.Shell.Table(["From", "Asks for", "Calls themselves", "Key", "Id"], requests.Select(r => (string[])
            [
                From(r) is Contact who ? Targets.Handle(who) : "", r.Kind == ConversationKind.Group ? $"group “{r.Title}”" : "conversation",
                From(r)?.DisplayName ?? "", From(r) is Contact person ? Describe.Trust(person) : "", r.Id.ToString()[..8],
            ]), "No requests.");
            if (requests.Count > 0)
                run.Shell.Tell("Answer with 'kavalek requests accept WHO' or 'decline WHO', where WHO is a handle, a title or an id.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Contact? From(Conversation request) => request.Peer ?? request.Inviter;

    static Verb Accept(CommandLine.Commands with)
    {
        var who = Who();
        var command = new Verb("accept", "Accept a request; they learn that you did.") { who };
        command.Examples = [new("kavalek requests accept @jean")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Conversation request = await FindAsync(client, run.Get(who)!, cancel);
            await request.AcceptAsync(cancel);
            await client.SyncAsync(cancel);
            run.Shell.Tell($"Accepted. Write with: kavalek chat {Describe.Target(request)}");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Decline(CommandLine.Commands with)
    {
        var who = Who();
        var block = new Option<bool>("--block") { Description = "Also block the person: further requests are dropped." };
        var command = new Verb("decline", "Decline a request, without a word to its sender.") { who, block };
        command.Examples = [new("kavalek requests decline @jean"), new("kavalek requests decline @jean --block")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Conversation request = await FindAsync(client, run.Get(who)!, cancel);
            string target = Describe.Target(request);
            await request.DeclineAsync(run.Get(block), cancel);
            run.Shell.Tell($"Declined {target}; they are not told.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Argument<string> Who() => new("who") { Description = "A handle, a group's title, or the beginning of an id.", HelpName = "@HANDLE|GROUP|ID" };

    static async Task<Conversation> FindAsync(KavalekClient client, string target, CancellationToken cancel)
    {
        Conversation found = await Targets.ConversationAsync(client, target, open: false, cancel);
        return found.State == ConversationState.Request ? found
            : throw new CliException(ExitCode.NotFound, $"There is no open request from {Describe.Target(found)}. Nothing was changed.");
    }
}

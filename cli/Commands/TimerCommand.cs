using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek timer</c>: how long messages live.</summary>
static class TimerCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var of = new Argument<string>("conversation") { Description = "A handle, a group's title, the beginning of an id; or 'default', for conversations you begin.", HelpName = "@HANDLE|GROUP|default" };
        var time = new Argument<string?>("time") { Description = "30s, 5m, 12h, 7d, 4w, or off; nothing shows what holds.", HelpName = "TIME|off", Arity = ArgumentArity.ZeroOrOne };
        var command = new Verb("timer", "Set how long messages live, for everybody in a conversation.") { of, time };
        command.Notes = """
            Messages end so long after they were sent, read or not, on every device and on the server. It holds for messages written from then on.
            In a group only admins and owners set it. What somebody has copied, or a terminal has scrolled by, no timer takes back.
            """;
        command.Examples = [new("kavalek timer @marie 7d"), new("kavalek timer 'Night shift' off"), new("kavalek timer default 30d", "For conversations begun from now on")];
        with.Does(command, async (run, cancel) =>
        {
            string which = run.Get(of)!;
            TimeSpan? life = run.Get(time) is string typed ? Duration.Parse(typed) : null;
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            if (which == "default")
            {
                if (life is TimeSpan usual)
                    await client.SetDefaultTimerAsync(usual, cancel);
                run.Shell.Out.WriteLine($"In conversations you begin: {Duration.Sentence(client.DefaultTimer)}");
                return ExitCode.Ok;
            }
            Conversation conversation = await Targets.ConversationAsync(client, which, open: false, cancel);
            if (life is TimeSpan wanted)
            {
                await conversation.SetTimerAsync(wanted, cancel);
                await client.SyncAsync(cancel);
            }
            run.Shell.Out.WriteLine(Duration.Sentence(conversation.Timer));
            return ExitCode.Ok;
        });
        return command;
    }
}

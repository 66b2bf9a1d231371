using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Listening;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek listen</c>: what happens, as it happens; with <c>--json</c> the base of bots.</summary>
static class ListenCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line for every event (docs/CLI.md has them all)." };
        var only = new Option<string?>("--in") { Description = "Only this conversation's messages.", HelpName = "@HANDLE|GROUP" };
        var unread = new Option<bool>("--unread") { Description = "Begin with the messages that are unread." };
        var markRead = new Option<bool>("--mark-read") { Description = "Mark every message that was printed as read." };
        var commands = new Option<bool>("--commands") { Description = "Also read commands from standard input, one JSON object a line: how a bot answers." };
        var count = new Option<int?>("--count") { Description = "End after this many messages of others.", HelpName = "N" };
        var timeout = new Option<double?>("--timeout") { Description = "End after this time, with exit code 1 if --count was not reached.", HelpName = "SECONDS" };
        var command = new Verb("listen", "Print messages and events as they happen, for people or (--json) bots.")
        {
            json, only, unread, markRead, commands, count, timeout,
        };
        command.Notes = """
            A bot that must not miss anything runs 'kavalek listen --json --unread --mark-read': a message printed before a crash may come again,
            none is lost. With --commands it answers through the same process:
              {"do":"send","to":"@marie","text":"Bonjour","ref":"1"}    {"do":"accept","to":"@marie"}    {"do":"quit"}
            """;
        command.Examples =
        [
            new("kavalek listen"),
            new("kavalek listen --json | jq -r 'select(.event == \"message\" and (.mine | not)) | .text'", "The texts of others"),
            new("kavalek listen --in @marie --count 1 --timeout 60", "Wait for one answer"),
        ];
        with.Does(command, async (run, cancel) =>
        {
            var settings = new ListenSettings
            {
                Json = run.Get(json),
                Unread = run.Get(unread),
                MarkRead = run.Get(markRead),
                Commands = run.Get(commands),
                Count = run.Get(count),
                Timeout = run.Get(timeout) is double seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 1e6)) : null,
            };
            if (settings.Commands && !settings.Json)
                throw new CliException(ExitCode.Usage, "--commands goes together with --json.");
            if (settings.Count is < 1)
                throw new CliException(ExitCode.Usage, "--count takes a number from 1 on.");
            await using KavalekClient client = await run.OpenAsync(cancel, usualPatience: 0);
            Conversation? conversation = run.Get(only) is string target ? await Targets.ConversationAsync(client, target, open: false, cancel) : null;
            return await new Listener(client, run.Shell, settings, conversation).RunAsync(cancel);
        });
        return command;
    }
}

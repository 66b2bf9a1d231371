using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek pin</c>, <c>archive</c>, <c>mute</c> and <c>unread</c>: what the account's devices share of a conversation.</summary>
static class NoteCommands
{
    public static Command Pin(CommandLine.Commands with) => Switch(with, "pin", "Put a conversation on top of the list.", "Take it down again.",
        (conversation, on) => conversation.PinAsync(on), on => on ? "It stands on top." : "It stands where its messages put it.");

    public static Command Archive(CommandLine.Commands with) => Switch(with, "archive", "Put a conversation away, until somebody writes in it.", "Bring it back.",
        (conversation, on) => conversation.ArchiveAsync(on), on => on ? "It is put away; a muted one stays so." : "It is back.");

    public static Command Unread(CommandLine.Commands with) => Switch(with, "unread", "Mark a conversation as unread.", "Take the mark away.",
        (conversation, on) => conversation.MarkUnreadAsync(on), on => on ? "It is marked as unread." : "The mark is gone.");

    public static Command Mute(CommandLine.Commands with)
    {
        Argument<string> of = Target();
        var time = new Argument<string>("time") { Description = "1h, 8h, 1w or any other time; always; or off.", HelpName = "TIME|always|off" };
        var command = new Verb("mute", "Let nothing be said of a conversation for a while.") { of, time };
        command.Notes = "It holds on all your devices. Messages come as always; they are only not announced, and not counted.";
        command.Examples = [new("kavalek mute 'Night shift' 8h"), new("kavalek mute @marie always"), new("kavalek mute @marie off")];
        with.Does(command, async (run, cancel) =>
        {
            string typed = run.Get(time)!;
            TimeSpan? life = typed == "always" ? null : Duration.Parse(typed);
            DateTimeOffset? until = life is not TimeSpan length ? DateTimeOffset.MaxValue : length == TimeSpan.Zero ? null : DateTimeOffset.UtcNow + length;
            await ChangeAsync(run, run.Get(of)!, conversation => conversation.MuteAsync(until), cancel);
            run.Shell.Out.WriteLine(until is null ? "It is not muted." : life is TimeSpan some ? $"It is muted for {TimeInWords.Of(some)}." : "It is muted.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Switch(CommandLine.Commands with, string name, string what, string back, Func<Conversation, bool, Task> change, Func<bool, string> said)
    {
        Argument<string> of = Target();
        var off = new Option<bool>("--off") { Description = back };
        var command = new Verb(name, what) { of, off };
        command.Notes = "It holds on all your devices; the server does not learn of it.";
        command.Examples = [new($"kavalek {name} @marie"), new($"kavalek {name} 'Night shift' --off")];
        with.Does(command, async (run, cancel) =>
        {
            bool on = !run.Get(off);
            await ChangeAsync(run, run.Get(of)!, conversation => change(conversation, on), cancel);
            run.Shell.Out.WriteLine(said(on));
            return ExitCode.Ok;
        });
        return command;
    }

    // The other devices hear of it now, or at the next connection.
    static async Task ChangeAsync(Run run, string target, Func<Conversation, Task> change, CancellationToken cancel)
    {
        await using KavalekClient client = await run.OpenFreshAsync(offline: false, cancel);
        await change(await Targets.ConversationAsync(client, target, open: false, cancel));
        try
        {
            await client.SyncAsync(cancel);
        }
        catch (KavalekException e) when (Output.Failure.IsUnreachable(e))
        {
            run.Shell.Tell("Your other devices hear of it with the next connection.");
        }
    }

    static Argument<string> Target() => new("conversation") { Description = "A handle, a group's title, or the beginning of an id.", HelpName = "@HANDLE|GROUP" };
}

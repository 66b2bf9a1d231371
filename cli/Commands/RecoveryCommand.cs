using System.CommandLine;
using System.Security.Cryptography;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek recovery</c>: the twelve words that let a new device in when no other one is at hand.</summary>
static class RecoveryCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var command = new Verb("recovery", "Show whether there is a recovery key, or make a new one.") { New(with) };
        command.Examples = [new("kavalek recovery"), new("kavalek recovery new", "Twelve new words; the old ones open nothing from then on")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            run.Shell.Out.WriteLine(Describe(run, client.Recovery));
            return client.Recovery == RecoveryState.Refused ? ExitCode.Refused : ExitCode.Ok;
        });
        return command;
    }

    static Verb New(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "Print the words as one JSON object and do not ask any back." };
        var french = new Option<bool>("--french") { Description = "French words." };
        var command = new Verb("new", "Make a new recovery key; the old one opens nothing from then on.") { json, french };
        command.Notes = "The words are shown once. Whoever has them and your password is you: write them on paper, and keep that where your papers are.";
        command.Examples = [new("kavalek recovery new")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            await MakeAsync(run, client, run.Get(json), run.Get(french) ? RecoveryLanguage.French : RecoveryLanguage.English, cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Makes a recovery key: shown, asked back, and only then in force.</summary>
    /// <exception cref="CliException">There is nobody to show it to, or it was not written down; the old one is in force still.</exception>
    public static async Task MakeAsync(Run run, KavalekClient client, bool json, RecoveryLanguage language, CancellationToken cancel)
    {
        using RecoveryKey recoveryKey = RecoveryKey.Generate();
        Show(run, recoveryKey, json, "If you lose all your devices, these words and your password are the only way back to your conversations.", language);
        await client.SetRecoveryKeyAsync(recoveryKey, cancel);
        run.Shell.Tell("This is your recovery key from now on. An earlier one opens nothing any more.");
    }

    /// <summary>Shows the words and asks two of them back; with JSON, prints them.</summary>
    public static void Show(Run run, RecoveryKey recoveryKey, bool json, string why, RecoveryLanguage language = RecoveryLanguage.English)
    {
        IReadOnlyList<string> words = recoveryKey.Words(language);
        if (json)
        {
            run.Shell.Out.WriteLine(JsonLine.Object(o =>
            {
                o.WriteString("event", "recovery-key");
                o.WriteString("recoveryKey", string.Join(' ', words));
            }));
            return;
        }
        if (!run.Shell.PersonTypes)
            throw new CliException(ExitCode.Usage, "There is no terminal to show a recovery key at, so none was made and nothing was changed. For programs there is --json.");
        run.Shell.Tell($"{why} Write them down, now; they are not shown again:");
        for (int i = 0; i < words.Count; i += 4)
            run.Shell.Out.WriteLine("  " + string.Join("  ", words.Skip(i).Take(4).Select((word, at) => $"{i + at + 1,2}. {word,-10}")));
        foreach (int asked in Enumerable.Range(0, words.Count).OrderBy(_ => RandomNumberGenerator.GetInt32(int.MaxValue)).Take(2).Order().ToArray())
        {
            while (true)
            {
                string answer = run.Shell.Ask($"Word {asked + 1}: ")
                    ?? throw new CliException(ExitCode.Usage, $"The recovery key was not made, because you did not repeat its words. Make one with: {run.Hint("recovery new")}");
                if (string.Equals(answer.Trim(), words[asked], StringComparison.OrdinalIgnoreCase))
                    break;
                run.Shell.Tell("That is another word. Look at what you wrote down and try again; an empty line stops.");
            }
        }
    }

    /// <summary>In one line.</summary>
    public static string Describe(Run run, RecoveryState state) => state switch
    {
        RecoveryState.Present => "There is a recovery key.",
        RecoveryState.Missing => $"There is no recovery key. Make one: {run.Hint("recovery new")}",
        RecoveryState.Refused => $"The server shows something else for your recovery key than your devices stored: make a new one ({run.Hint("recovery new")}), and tell whoever runs the server.",
        _ => "Not known without the server.",
    };
}

using System.CommandLine;
using System.Globalization;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Files;
using Kavalek.Cli.Output;
using Kavalek.Cli.Text;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek files</c> and <c>kavalek save</c>: what was sent with messages.</summary>
static class FilesCommand
{
    const int LookedThrough = 1_000;

    public static Command Create(CommandLine.Commands with)
    {
        Argument<string> of = Conversation();
        var json = new Option<bool>("--json") { Description = "One JSON object a file." };
        var offline = new Option<bool>("--offline") { Description = "Only what this computer has." };
        var command = new Verb("files", "List the files of a conversation, the newest last.") { of, json, offline };
        command.Examples = [new("kavalek files @marie"), new("kavalek save @marie 4f2a", "Save one, by the beginning of its id")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenFreshAsync(run.Get(offline), cancel);
            Conversation conversation = await Targets.ConversationAsync(client, run.Get(of)!, open: false, cancel);
            foreach ((Message message, Attachment file) in await AllAsync(conversation, cancel))
            {
                run.Shell.Out.WriteLine(run.Get(json)
                    ? JsonLine.Object(o =>
                    {
                        o.WriteString("message", Describe.Id(message.Id));
                        Describe.Attachment(o, file);
                    })
                    : string.Join('\t', file.Id.ToString()[..8], message.SentAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
                        SafeText.Line(Describe.Name(client, message.Sender)), FileLines.Size(file.Size), SafeText.Line(file.Name)));
            }
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command Save(CommandLine.Commands with)
    {
        Argument<string> of = Conversation();
        var which = new Argument<string>("file") { Description = "The beginning of a file's id, as 'kavalek files' prints it; or 'last'.", HelpName = "ID|last" };
        var to = new Option<string>("--to") { Description = "The folder to save into; by default the present one.", HelpName = "DIR", DefaultValueFactory = _ => "." };
        var command = new Verb("save", "Fetch a file of a conversation, check it, and save it.") { of, which, to };
        command.Notes = """
            The file gets the name that its sender chose, without anything in it that could lead elsewhere; where that is taken, the next free one. Nothing
            is written before all of it has come and is what was sent. What is in it is its sender's business: open it with care.
            """;
        command.Examples = [new("kavalek save @marie last"), new("kavalek save 'Night shift' 4f2a --to ~/reports")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenFreshAsync(offline: false, cancel);
            Conversation conversation = await Targets.ConversationAsync(client, run.Get(of)!, open: false, cancel);
            IReadOnlyList<(Message Message, Attachment File)> all = await AllAsync(conversation, cancel);
            string wanted = run.Get(which)!;
            (Message message, Attachment file) = wanted == "last" && all.Count > 0 ? all[^1] : Targets.ById(all, found => found.File.Id, wanted, "file");
            LocalFiles.RequireFolder(run.Get(to)!);
            await conversation.FetchAsync(message.Id, file.Id, cancel);
            run.Shell.Out.WriteLine(await LocalFiles.SaveAsync(run.Get(to)!, file.Name, stream => conversation.SaveAsync(message.Id, file.Id, stream, cancel)));
            return ExitCode.Ok;
        });
        return command;
    }

    static Argument<string> Conversation() => new("conversation") { Description = "A handle, a group's title, or the beginning of an id.", HelpName = "@HANDLE|GROUP" };

    static async Task<IReadOnlyList<(Message Message, Attachment File)>> AllAsync(Conversation conversation, CancellationToken cancel) =>
        [.. (await conversation.MessagesAsync(LookedThrough, cancel: cancel)).SelectMany(m => m.Body is TextBody text ? text.Attachments.Select(file => (m, file)) : [])];
}

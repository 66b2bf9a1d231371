using System.CommandLine;
using System.Globalization;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Cli.Text;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek search</c>: messages by their words. No network.</summary>
static class SearchCommand
{
    const int Most = 200;

    public static Command Create(CommandLine.Commands with)
    {
        var words = new Argument<string[]>("words") { Description = "Words or their beginnings; a message has all of them.", HelpName = "WORD", Arity = ArgumentArity.OneOrMore };
        var where = new Option<string?>("--in") { Description = "In this conversation alone.", HelpName = "@HANDLE|GROUP" };
        var from = new Option<string?>("--from") { Description = "Written by this person alone, or by 'me'.", HelpName = "@HANDLE" };
        var limit = new Option<int>("--limit") { Description = "So many at most.", DefaultValueFactory = _ => 20, HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb("search", "Find messages by their words, the newest first. It needs no connection.") { words, where, from, limit, json };
        command.Notes = "Case, accents and vowel points make no difference. What is in the archive and not on this device yet is not found.";
        command.Examples = [new("kavalek search harbour dates"), new("kavalek search --from @awa annex"), new("kavalek search --in 'Night shift' --limit 100 key --json")];
        with.Does(command, async (run, cancel) =>
        {
            if (run.Get(limit) is < 1 or > Most)
                throw new CliException(ExitCode.Usage, $"--limit is from 1 to {Most.ToString(CultureInfo.InvariantCulture)}.");
            await using KavalekClient client = await run.OpenAsync(cancel);
            Id? conversation = run.Get(where) is string place ? (await Targets.ConversationAsync(client, place, open: false, cancel)).Id : null;
            Id? sender = run.Get(from) switch
            {
                null => null,
                "me" => client.Me.Id,
                string who => (await Targets.PersonAsync(client, who, cancel)).Account,
            };
            SearchPage page = await client.SearchAsync(new SearchQuery(string.Join(' ', run.Get(words)!)) { Conversation = conversation, Sender = sender, Limit = run.Get(limit) }, cancel);
            foreach (SearchHit hit in page.Hits)
            {
                if (client.Conversation(hit.Message.Conversation) is Conversation found)
                    run.Shell.Out.WriteLine(run.Get(json) ? JsonLine.Object(o => Describe.Message(o, hit.Message, client)) : Line(client, found, hit));
            }
            if (page.Hits.Count == 0)
                run.Shell.Tell("Nothing found.");
            else if (page.Next is not null)
                run.Shell.Tell("There is more; see --limit.");
            return ExitCode.Ok;
        });
        return command;
    }

    static string Line(KavalekClient client, Conversation conversation, SearchHit hit) => string.Create(CultureInfo.InvariantCulture,
        $"{hit.Message.SentAt.ToLocalTime():yyyy-MM-dd HH:mm}  {SafeText.Line(Describe.Target(conversation))}  {SafeText.Line(Describe.Name(client, hit.Message.Sender))}: {SafeText.Line(hit.Excerpt)}");
}

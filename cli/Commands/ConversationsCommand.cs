using System.CommandLine;
using System.Globalization;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Cli.Text;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek conversations</c>: all of them, newest activity first.</summary>
static class ConversationsCommand
{
    const int PreviewCells = 40;

    public static Command Create(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var offline = new Option<bool>("--offline") { Description = "Do not ask the server for news." };
        var command = new Verb("conversations", "List conversations, newest activity first, with what is unread.") { json, offline };
        command.Examples = [new("kavalek conversations"), new("kavalek conversations --json | jq -r 'select(.unread > 0) | .title'", "Those with unread messages")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenFreshAsync(run.Get(offline), cancel);
            if (run.Get(json))
            {
                foreach (Conversation conversation in client.Conversations)
                    run.Shell.Out.WriteLine(JsonLine.Object(o => Describe.Conversation(o, conversation)));
                return ExitCode.Ok;
            }
            var rows = new List<string[]>();
            foreach (Conversation conversation in client.Conversations)
            {
                rows.Add(
                [
                    conversation.Peer is { DisplayName: string named } peer ? $"{named} ({Targets.Handle(peer)})" : Describe.Target(conversation),
                    conversation.Unread == 0 ? "" : conversation.Unread.ToString(CultureInfo.InvariantCulture),
                    await PreviewAsync(conversation, client, cancel), Marks(conversation), conversation.Id.ToString()[..8],
                ]);
            }
            run.Shell.Table(["With", "Unread", "Last", "", "Id"], rows, "No conversations yet. Open one with: kavalek chat @handle");
            return ExitCode.Ok;
        });
        return command;
    }

    static string Marks(Conversation conversation) => string.Join(", ", ((string[])
    [
        Describe.State(conversation), conversation.PinnedAt is null ? "" : "pinned", conversation.IsArchived ? "archived" : "",
        conversation.MutedUntil is null ? "" : "muted", conversation.IsMarkedUnread ? "marked unread" : "",
    ]).Where(mark => mark.Length > 0));

    /// <summary>The newest line; nothing of a request, whose words nobody has agreed to hear.</summary>
    static async Task<string> PreviewAsync(Conversation conversation, KavalekClient client, CancellationToken cancel)
    {
        if (conversation.State == ConversationState.Request || await conversation.LastAsync(cancel) is not Message last)
            return "";
        string text = last.Body switch
        {
            TextBody body => $"{Describe.Name(client, last.Sender)}: {FileLines.Text(body, ActWords.Named(body, id => Describe.Name(client, id)))}",
            DeletedBody deleted => ActWords.Deleted(deleted, last.Sender, id => Describe.Name(client, id)),
            SystemBody body => Describe.System(body, id => Describe.Name(client, id)),
            _ => "",
        };
        return $"{last.SentAt.ToLocalTime().ToString("MM-dd HH:mm", CultureInfo.InvariantCulture)} {Wrap.Fit(SafeText.Line(text[..Math.Min(text.Length, 400)]), PreviewCells)}";
    }
}

using System.Text.Json;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Input;
using Kavalek.Cli.Output;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.Listening;

/// <summary>What a bot asks for on standard input, one JSON object a line (docs/CLI.md, "Commands of a bot"). Each gets one answer, in order.</summary>
sealed class BotCommands(KavalekClient client, Action<string> print)
{
    /// <summary>Characters of a line: a message of the largest size, escaped.</summary>
    const int MaximumLine = 12 * MessageText.MaximumBytes;

    /// <summary>Obeys until the input ends or <c>quit</c>; only <c>quit</c> ends the listening.</summary>
    public async Task RunAsync(CancellationTokenSource stop)
    {
        try
        {
            await foreach (string line in InputLines.ReadAsync(stop.Token))
            {
                if (line.Trim().Length > 0 && !await ObeyAsync(line, stop.Token))
                {
                    await stop.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The listening ended first.
        }
    }

    async Task<bool> ObeyAsync(string line, CancellationToken cancel)
    {
        string? reference = null;
        try
        {
            if (line.Length > MaximumLine)
                throw new CliException(ExitCode.Usage, "The line is too long.");
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement asked = document.RootElement;
            reference = Text(asked, "ref");
            switch (Text(asked, "do"))
            {
                case "send":
                    Done(reference, await SendAsync(asked, cancel));
                    return true;
                case "read":
                    await (await TargetAsync(asked, cancel)).MarkReadAsync(Named(asked), cancel);
                    break;
                case "react":
                    await (await TargetAsync(asked, cancel)).ReactAsync(Named(asked), Text(asked, "emoji"), cancel);
                    break;
                case "edit":
                    Conversation edited = await TargetAsync(asked, cancel);
                    string words = MessageText.Checked(Text(asked, "text") ?? throw new CliException(ExitCode.Usage, "'text' is missing."));
                    await edited.EditAsync(Named(asked), words, NamedPeople.In(words, edited), cancel);
                    break;
                case "delete":
                    await (await TargetAsync(asked, cancel)).DeleteAsync([Named(asked)], cancel);
                    break;
                case "accept":
                    await (await TargetAsync(asked, cancel)).AcceptAsync(cancel);
                    break;
                case "decline":
                    await (await TargetAsync(asked, cancel)).DeclineAsync(block: false, cancel);
                    break;
                case "quit":
                    return false;
                default:
                    throw new CliException(ExitCode.Usage, "'do' is not one of send, react, edit, delete, read, accept, decline, quit.");
            }
            Done(reference, null);
        }
        catch (JsonException)
        {
            Failed(reference, ErrorCodes.Invalid, "That line is not a JSON object.");
        }
        catch (CliException e)
        {
            Failed(reference, e.ExitCode == ExitCode.NotFound ? ErrorCodes.NotFound : ErrorCodes.Invalid, e.Message);
        }
        catch (KavalekException e)
        {
            Failed(reference, e.Code, e.Message);
        }
        return true;
    }

    async Task<Message> SendAsync(JsonElement asked, CancellationToken cancel)
    {
        string text = MessageText.Checked(Text(asked, "text") ?? throw new CliException(ExitCode.Usage, "'text' is missing."));
        Conversation to = await TargetAsync(asked, cancel);
        return await to.SendAsync(text, Message(asked, "replyTo"), NamedPeople.In(text, to), cancel);
    }

    async Task<Conversation> TargetAsync(JsonElement asked, CancellationToken cancel) => await Targets.ConversationAsync(
        client, Text(asked, "to") ?? throw new CliException(ExitCode.Usage, "'to' is missing: a handle, a group's title, or a conversation id."), open: true, cancel);

    static MessageId Named(JsonElement asked) => Message(asked, "id") ?? throw new CliException(ExitCode.Usage, "'id' is missing.");

    static MessageId? Message(JsonElement asked, string name) => Text(asked, name) is string id
        ? Describe.ParseId(id) ?? throw new CliException(ExitCode.Usage, $"'{name}' is not the id of a message.") : null;

    static string? Text(JsonElement asked, string name)
    {
        if (asked.ValueKind != JsonValueKind.Object)
            throw new CliException(ExitCode.Usage, "That line is not a JSON object.");
        if (!asked.TryGetProperty(name, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw new CliException(ExitCode.Usage, $"'{name}' is not a string.");
    }

    void Done(string? reference, Message? message) => print(JsonLine.Object(o =>
    {
        o.WriteString("event", "done");
        if (reference is not null)
            o.WriteString("ref", reference);
        if (message is not null)
        {
            o.WriteString("id", Describe.Id(message.Id));
            o.WriteString("conversation", message.Conversation.ToString());
            o.WriteString("state", Describe.Lower(message.State));
        }
    }));

    void Failed(string? reference, string code, string text) => print(JsonLine.Object(o =>
    {
        o.WriteString("event", "failed");
        if (reference is not null)
            o.WriteString("ref", reference);
        o.WriteString("code", code);
        o.WriteString("text", text);
    }));
}

using System.Text;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Commands;
using Kavalek.Cli.Files;
using Kavalek.Cli.Input;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Chat;

/// <summary>What a line typed into a chat led to.</summary>
/// <param name="Text">What to tell the person; null for nothing.</param>
/// <param name="Quit">Whether the chat is over.</param>
/// <param name="Sent">The message that was queued, if one was.</param>
/// <param name="Keep">Whether to leave the typed line in the prompt: nothing was sent.</param>
/// <param name="Show">A message to show whole.</param>
sealed record ChatAnswer(string? Text = null, bool Quit = false, Message? Sent = null, bool Keep = false, Message? Show = null);

/// <summary>One conversation, as both the drawn chat and the one over pipes use it: lines to send, and commands that begin with a slash.</summary>
sealed class ChatRoom(KavalekClient client, Conversation conversation)
{
    /// <summary>The commands, as /help shows them.</summary>
    public const string Help = """
        /reply [N] TEXT   answer the Nth message from below (without N: the last one of somebody else)
        /react [N] EMOJI  react to it, or to the last one of somebody else; off takes it back
        /edit [N] TEXT    give a message of yours other words (24 hours)
        /delete N         take it back for everybody (48 hours); /hide N only for you
        /show N           show the Nth message from below whole
        /file PATH [TEXT]  send a file; /save [N] [DIR] saves those of the Nth message from below
        /read             mark everything as read
        /members          who is in this conversation
        /verify           the safety number; /verified [NUMBER] after you have compared it
        /accept-key       accept a changed key
        /accept /decline  answer a request
        /afresh [@HANDLE]  start it afresh with new keys, without somebody; /go-on with those who see the same
        /timer [TIME|off] how long messages live: 30s, 5m, 12h, 7d
        /add @HANDLE  /remove @HANDLE  /rename TITLE  /leave     in groups
        /quit             or Ctrl-D
        //TEXT            a message that begins with a slash
        """;

    readonly MessageLines _lines = new(client);

    // What /verify showed last. A key may change while people compare: it is this number that they compared, and no other.
    string? _shown;

    /// <summary>The client.</summary>
    public KavalekClient Client => client;

    /// <summary>The conversation.</summary>
    public Conversation Conversation => conversation;

    /// <summary>How messages are written as lines.</summary>
    public MessageLines Lines => _lines;

    /// <summary>Sends the line, or does what it asks for.</summary>
    /// <param name="line">What was typed, of any number of lines.</param>
    /// <param name="shown">The messages on the screen, oldest first: what numbers count.</param>
    /// <param name="cancel">Ends a change of the group.</param>
    public async Task<ChatAnswer> TakeAsync(string line, IReadOnlyList<Message> shown, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(line))
            return new ChatAnswer();
        try
        {
            if (line.StartsWith("//", StringComparison.Ordinal))
                return await SendAsync(line[1..], null, cancel);
            return line[0] == '/' ? await ObeyAsync(line, shown, cancel) : await SendAsync(line, null, cancel);
        }
        catch (CliException e)
        {
            return new ChatAnswer(e.Message, Keep: true);
        }
        catch (KavalekException e)
        {
            return new ChatAnswer(e.Message, Keep: true);
        }
    }

    /// <summary>Why a text would not be sent now; null where it would.</summary>
    public string? Obstacle => conversation.State == ConversationState.Request
        ? "They ask to talk with you: /accept or /decline. Nothing is sent to them before."
        : conversation.CannotSend?.Reason;

    async Task<ChatAnswer> SendAsync(string text, MessageId? answered, CancellationToken cancel)
    {
        if (Obstacle is string obstacle)
            return new ChatAnswer($"Not sent: {obstacle}", Keep: true);
        return new ChatAnswer(Sent: await conversation.SendAsync(MessageText.Checked(text), answered, NamedPeople.In(text, conversation), cancel));
    }

    async Task<ChatAnswer> ObeyAsync(string line, IReadOnlyList<Message> shown, CancellationToken cancel)
    {
        string[] parts = line.Split((char[])[' ', '\n'], 2);
        string rest = parts.Length > 1 ? parts[1].Trim() : "";
        switch (parts[0])
        {
            case "/help" or "/?":
                return new ChatAnswer(Help);
            case "/quit" or "/exit" or "/q":
                return new ChatAnswer(Quit: true);
            case "/reply" or "/r":
                return await ReplyAsync(rest, shown, cancel);
            case "/react":
                return await ReactAsync(rest, shown, cancel);
            case "/edit":
                return await EditAsync(rest, shown, cancel);
            case "/delete" or "/hide":
                Message named = Numbered(rest, shown) ?? throw new CliException(ExitCode.Usage, $"{parts[0]} takes the number of a message, counted from below.");
                if (parts[0] == "/delete")
                    await conversation.DeleteAsync([named.Id], cancel);
                else
                    await conversation.HideAsync([named.Id], cancel);
                return new ChatAnswer(parts[0] == "/delete" ? "Deleted for everybody." : "Deleted for you.");
            case "/show":
                return new ChatAnswer(Show: Numbered(rest, shown) ?? throw new CliException(ExitCode.Usage, "/show takes the number of a message, counted from below."));
            case "/file":
                return await SendFileAsync(rest, cancel);
            case "/save":
                return await SaveAsync(rest, shown, cancel);
            case "/read":
                if (shown.LastOrDefault(m => !m.IsMine) is Message last)
                    await conversation.MarkReadAsync(last.Id, cancel);
                return new ChatAnswer("Everything is marked as read.");
            case "/timer" when rest.Length == 0:
                return new ChatAnswer(Duration.Sentence(conversation.Timer));
            case "/timer":
                await conversation.SetTimerAsync(Duration.Parse(rest), cancel);
                return new ChatAnswer(Duration.Sentence(conversation.Timer));
            case "/members":
                return new ChatAnswer(Members());
            case "/verify":
                return new ChatAnswer(ShowNumber());
            case "/verified":
                return await VerifiedAsync(rest, cancel);
            case "/accept-key":
                Contact accepted = await client.AcceptKeyAsync(Peer().Account, cancel);
                return new ChatAnswer($"Accepted the new key of {Targets.Handle(accepted)}; it is not verified. Compare numbers: /verify");
            case "/accept":
                await conversation.AcceptAsync(cancel);
                return new ChatAnswer("Accepted. You can write now.");
            case "/decline":
                await conversation.DeclineAsync(block: false, cancel);
                return new ChatAnswer("Declined; they are not told.", Quit: true);
            case "/add":
                IReadOnlyList<Contact> added = await Targets.PeopleAsync(client, rest.Split(' ', StringSplitOptions.RemoveEmptyEntries), cancel);
                await conversation.AddAsync([.. added.Select(p => p.Account)], cancel);
                return new ChatAnswer($"Added {string.Join(", ", added.Select(Targets.Handle))}.");
            case "/remove":
                Member gone = conversation.Members.FirstOrDefault(m => m.Contact.Handle == Targets.Bare(rest))
                    ?? throw new CliException(ExitCode.NotFound, $"@{Targets.Bare(rest)} is not in this conversation.");
                await conversation.RemoveAsync(gone.Contact.Account, cancel);
                return new ChatAnswer($"Removed {Targets.Handle(gone.Contact)}.");
            case "/rename":
                await conversation.RenameAsync(rest.Length > 0 ? rest : throw new CliException(ExitCode.Usage, "/rename takes the new title."), cancel);
                return new ChatAnswer();
            case "/afresh":
                IReadOnlyList<Contact> without = await Targets.PeopleAsync(client, rest.Split(' ', StringSplitOptions.RemoveEmptyEntries), cancel);
                await conversation.StartAfreshAsync([.. without.Select(p => p.Account)], cancel);
                return new ChatAnswer("Started afresh.");
            case "/go-on":
                await conversation.GoOnAsync(cancel);
                return new ChatAnswer("You go on with those who see the same conversation.");
            case "/leave":
                await conversation.LeaveAsync(cancel);
                return new ChatAnswer("You left.", Quit: true);
            default:
                return new ChatAnswer($"There is no command {parts[0]}; /help lists them. A message that begins with a slash is written with two: /{parts[0]}", Keep: true);
        }
    }

    // The path ends at the first space, unless it is quoted.
    async Task<ChatAnswer> SendFileAsync(string rest, CancellationToken cancel)
    {
        if (Obstacle is string obstacle)
            return new ChatAnswer($"Not sent: {obstacle}", Keep: true);
        char quote = rest.Length > 0 && rest[0] is '\'' or '"' ? rest[0] : ' ';
        int end = rest.IndexOf(quote, quote == ' ' ? 0 : 1);
        string path = quote == ' ' ? (end < 0 ? rest : rest[..end]) : end < 0 ? rest[1..] : rest[1..end];
        if (path.Length == 0)
            throw new CliException(ExitCode.Usage, "/file takes the path of a file, in quotes if it has spaces, and what to say with it.");
        List<OutgoingFile> files = LocalFiles.Open([path]);
        await using Stream content = files[0].Content;
        return new ChatAnswer(Sent: await conversation.SendAsync(end < 0 ? "" : rest[(end + 1)..].Trim(), files, cancel: cancel));
    }

    async Task<ChatAnswer> SaveAsync(string rest, IReadOnlyList<Message> shown, CancellationToken cancel)
    {
        string[] parts = rest.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Message? message = parts.Length > 0 ? Numbered(parts[0], shown) : null;
        string folder = (message is null ? rest : parts.ElementAtOrDefault(1)) is { Length: > 0 } given ? given : ".";
        message ??= shown.LastOrDefault(m => m.Body is TextBody { Attachments.Count: > 0 });
        if (message?.Body is not TextBody { Attachments: { Count: > 0 } files })
            throw new CliException(ExitCode.NotFound, "There is no file in that message.");
        List<string> saved = [];
        foreach (Attachment file in files)
        {
            await conversation.FetchAsync(message.Id, file.Id, cancel);
            saved.Add(await LocalFiles.SaveAsync(folder, file.Name, stream => conversation.SaveAsync(message.Id, file.Id, stream, cancel)));
        }
        return new ChatAnswer($"Saved {string.Join(", ", saved)}");
    }

    async Task<ChatAnswer> ReplyAsync(string rest, IReadOnlyList<Message> shown, CancellationToken cancel)
    {
        string[] parts = rest.Split(' ', 2);
        Message? answered = parts.Length == 2 ? Numbered(parts[0], shown) : null;
        string text = answered is null ? rest : parts[1];
        answered ??= shown.LastOrDefault(m => !m.IsMine && m.Body is TextBody);
        if (answered is null)
            throw new CliException(ExitCode.NotFound, "There is no message to answer yet.");
        return await SendAsync(text, answered.Id, cancel);
    }

    async Task<ChatAnswer> ReactAsync(string rest, IReadOnlyList<Message> shown, CancellationToken cancel)
    {
        string[] parts = rest.Split(' ', 2, StringSplitOptions.TrimEntries);
        Message? named = parts.Length == 2 ? Numbered(parts[0], shown) : shown.LastOrDefault(m => !m.IsMine && m.Body is TextBody);
        if (named is null)
            throw new CliException(ExitCode.NotFound, "/react takes the number of a message, counted from below, and an emoji.");
        await conversation.ReactAsync(named.Id, parts[^1] is "off" ? null : parts[^1], cancel);
        return new ChatAnswer();
    }

    async Task<ChatAnswer> EditAsync(string rest, IReadOnlyList<Message> shown, CancellationToken cancel)
    {
        string[] parts = rest.Split(' ', 2);
        Message? named = parts.Length == 2 ? Numbered(parts[0], shown) : null;
        string text = named is null ? rest : parts[1];
        named ??= shown.LastOrDefault(m => m.IsMine && m.Body is TextBody);
        if (named is null)
            throw new CliException(ExitCode.NotFound, "There is no message of yours to edit.");
        await conversation.EditAsync(named.Id, MessageText.Checked(text), NamedPeople.In(text, conversation), cancel);
        return new ChatAnswer();
    }

    /// <summary>The texts among <paramref name="shown"/>, the newest first: number 1 is the first.</summary>
    public static IEnumerable<Message> Numbering(IReadOnlyList<Message> shown) => shown.Where(m => m.Body is TextBody).Reverse();

    static Message? Numbered(string number, IReadOnlyList<Message> shown) =>
        int.TryParse(number, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int n) && n > 0
            ? Numbering(shown).ElementAtOrDefault(n - 1) : null;

    string Members() => string.Join('\n', conversation.Members.Select(m =>
        $"{Targets.Handle(m.Contact)} {m.Contact.DisplayName} · {Describe.Role(m.Role)} · {(m.IsMe ? "you" : Describe.Trust(m.Contact))}"
        + m.Pending switch { PendingChange.Joining => " · joining…", PendingChange.Removing => " · removing…", _ => "" }));

    string ShowNumber()
    {
        var text = new StringBuilder();
        SafetyNumber number = Peer().SafetyNumber;
        _shown = number.Digits;
        foreach (string[] row in number.Groups.Chunk(6))
            text.Append("  ").AppendJoin("  ", row).Append('\n');
        return text.Append("Compare by telephone or face to face; the same on both sides: /verified").ToString();
    }

    async Task<ChatAnswer> VerifiedAsync(string given, CancellationToken cancel)
    {
        Contact peer = Peer();
        string compared = given.Length > 0 ? VerifyCommand.Compared(given)
            : VerifyCommand.HasChanged(peer) ? throw new CliException(ExitCode.Refused,
                $"The key of {Targets.Handle(peer)} changed. Say which number you compared: /verified 12345 67890 … Or accept the key with /accept-key, and compare then. Nothing was changed.")
            : _shown ?? throw new CliException(ExitCode.Usage, "See the number first, and compare all of it: /verify. Nothing was changed.");
        Contact verified = await client.VerifyAsync(peer.Account, compared, cancel);
        return new ChatAnswer($"{Targets.Handle(verified)} is verified.");
    }

    Contact Peer() => conversation.Peer ?? throw new CliException(ExitCode.Usage, "In a group, verify each person: kavalek verify @HANDLE");
}

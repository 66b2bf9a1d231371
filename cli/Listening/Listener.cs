using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Cli.Text;
using Kavalek.Client;

namespace Kavalek.Cli.Listening;

/// <summary>How to listen.</summary>
sealed record ListenSettings
{
    /// <summary>JSON lines instead of lines for people.</summary>
    public bool Json { get; init; }
    /// <summary>Begin with what is unread.</summary>
    public bool Unread { get; init; }
    /// <summary>Mark what was printed as read.</summary>
    public bool MarkRead { get; init; }
    /// <summary>Obey commands on standard input.</summary>
    public bool Commands { get; init; }
    /// <summary>End after this many messages of others.</summary>
    public int? Count { get; init; }
    /// <summary>End after this time.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>Prints events until it is told to stop. Its lines never mix with those of commands that answer.</summary>
sealed class Listener(KavalekClient client, Shell shell, ListenSettings settings, Conversation? only)
{
    const int Page = 200;

    readonly Lock _output = new();
    readonly HashSet<MessageId> _printed = [];
    readonly MessageLines _lines = new(client);
    int _heard;

    public async Task<int> RunAsync(CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (settings.Timeout is TimeSpan limit)
            stop.CancelAfter(limit);
        IAsyncEnumerable<ClientEvent> events = client.Events(stop.Token);
        try
        {
            if (settings.Json)
                Print(EventJson.Ready(client));
            else
                shell.Tell(only is null ? "Listening; Ctrl-C stops." : $"Listening to {only.Title}; Ctrl-C stops.");
            if (settings.Unread && await PrintUnreadAsync(stop.Token))
                return ExitCode.Ok;
            await client.StartAsync(stop.Token);
            Task commands = settings.Commands ? new BotCommands(client, Print).RunAsync(stop) : Task.CompletedTask;
            int code = await PrintEventsAsync(events, stop.Token);
            await stop.CancelAsync();
            await commands;
            return code;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            if (settings.Timeout is not null && settings.Count is int wanted && _heard < wanted)
            {
                shell.Warn($"Time is up; {_heard} of {wanted} messages came.");
                return ExitCode.Error;
            }
            return ExitCode.Ok;
        }
        finally
        {
            await Farewell.StopAsync(client);
        }
    }

    async Task<int> PrintEventsAsync(IAsyncEnumerable<ClientEvent> events, CancellationToken cancel)
    {
        await foreach (ClientEvent item in events.WithCancellation(cancel))
        {
            switch (item)
            {
                case MessageAdded added:
                    if (await HearAsync(added.Message, cancel))
                        return ExitCode.Ok;
                    break;
                case SessionEnded ended:
                    if (settings.Json)
                        Print(EventJson.Line(item, client));
                    throw ended.Reason;
                default:
                    PrintOther(item);
                    break;
            }
        }
        return ExitCode.Ok;
    }

    async Task<bool> PrintUnreadAsync(CancellationToken cancel)
    {
        foreach (Conversation conversation in client.Conversations.Where(c => c.Unread > 0 && c.State != ConversationState.Request && Concerns(c.Id)).Reverse().ToList())
        {
            int unread = conversation.Unread;
            IReadOnlyList<Message> newest = await conversation.MessagesAsync(Math.Max(Page, 2 * unread), cancel: cancel);
            foreach (Message message in newest.Where(m => !m.IsMine && m.Body is TextBody).TakeLast(unread))
            {
                if (await HearAsync(message, cancel))
                    return true;
            }
        }
        return false;
    }

    /// <summary>Prints a message once; true when it was the last one wanted.</summary>
    async Task<bool> HearAsync(Message message, CancellationToken cancel)
    {
        if (!Concerns(message.Conversation) || !_printed.Add(message.Id))
            return false;
        if (settings.Json)
            Print(JsonLine.Object(o => EventJson.Added(o, message, client)));
        else
            Print(only is null ? $"{SafeText.Line(Where(message))}  {_lines.Of(message)}" : _lines.Of(message));
        if (message.IsMine || message.Body is not TextBody)
            return false;
        if (settings.MarkRead && client.Conversation(message.Conversation) is { State: ConversationState.Active } conversation)
            await conversation.MarkReadAsync(message.Id, cancel);
        return ++_heard >= settings.Count;
    }

    void PrintOther(ClientEvent item)
    {
        if (settings.Json)
        {
            if (Subject(item) is not Protocol.Id subject || Concerns(subject))
                Print(EventJson.Line(item, client));
            return;
        }
        string? line = item switch
        {
            RequestReceived request => $"{Describe.Target(request.Conversation)} asks to talk with you: kavalek requests",
            KeyChanged changed => $"The key of {changed.Contact.Name} changed. Compare numbers before you write: kavalek verify @{changed.Contact.Handle}",
            DevicesChanged { Added.Count: > 0 } => "Your account has a new device. If that was not you: kavalek devices",
            ConnectionChanged { State: ConnectionState.Connecting, Reason: KavalekException reason } => $"Not connected: {reason.Message} Trying again…",
            ConnectionChanged { State: ConnectionState.Online } => "Connected.",
            AuditLogBroken broken => broken.Break.Text,
            Notice notice => notice.Text,
            _ => null,
        };
        if (line is not null)
            shell.Tell(line);
    }

    static Protocol.Id? Subject(ClientEvent item) => item switch
    {
        MessageChanged changed => changed.Message.Conversation,
        MessageRemoved removed => removed.Conversation,
        ConversationChanged changed => changed.Conversation.Id,
        _ => null,
    };

    bool Concerns(Protocol.Id conversation) => only is null || only.Id == conversation;

    string Where(Message message) => client.Conversation(message.Conversation) is { Kind: ConversationKind.Group } group ? $"[{group.Title}]" : "";

    void Print(string line)
    {
        lock (_output)
        {
            shell.Out.WriteLine(line);
            shell.Out.Flush();
        }
    }
}

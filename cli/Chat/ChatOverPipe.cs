using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Input;
using Kavalek.Cli.Text;
using Kavalek.Client;

namespace Kavalek.Cli.Chat;

/// <summary>A chat without a terminal: every line read is sent or obeyed, every message is a line printed.</summary>
sealed class ChatOverPipe(ChatRoom room, Shell shell, int history)
{
    /// <summary>How long the end of the input waits for the server to take what was sent.</summary>
    static readonly TimeSpan TimeToDeliver = TimeSpan.FromSeconds(30);

    readonly List<Message> _shown = [];
    readonly Dictionary<MessageId, Message> _pending = [];
    readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock _output = new();
    bool _ended;
    bool _refused;

    public async Task<int> RunAsync(CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        IAsyncEnumerable<ClientEvent> events = room.Client.Events(stop.Token);
        foreach (Message message in await room.Conversation.MessagesAsync(history, cancel: cancel))
            Print(message);
        if (room.Obstacle is string obstacle)
            shell.Tell(obstacle);
        await room.Client.StartAsync(cancel);
        Task listening = ListenAsync(events, stop.Token);
        try
        {
            Task<bool> reading = ReadAsync(cancel);
            // A session that ends (the listening then throws) is told at once, not after the next line.
            if (await Task.WhenAny(reading, listening) == listening)
                await listening;
            await reading;
            return await SettleAsync(cancel);
        }
        finally
        {
            await stop.CancelAsync();
            await Farewell.StopAsync(room.Client);
        }
    }

    async Task<bool> ReadAsync(CancellationToken cancel)
    {
        await foreach (string line in InputLines.ReadAsync(cancel))
        {
            ChatAnswer answer;
            Message[] shown;
            lock (_output)
                shown = [.. _shown];
            answer = await room.TakeAsync(line, shown, cancel);
            _refused |= answer.Keep;
            if (answer.Sent is Message sent)
                Await(sent);
            if (answer.Show is { Body: TextBody text })
                shell.Out.WriteLine(SafeText.Lines(text.Text));
            if (answer.Text is not null)
                shell.Tell(answer.Text);
            if (answer.Quit)
                return true;
        }
        return true;
    }

    async Task<int> SettleAsync(CancellationToken cancel)
    {
        lock (_output)
        {
            _ended = true;
            if (_pending.Count == 0)
                return Done;
        }
        try
        {
            await _settled.Task.WaitAsync(TimeToDeliver, cancel);
            return Done;
        }
        catch (TimeoutException)
        {
            shell.Warn($"{_pending.Count} of your messages are stored here but not yet on the server; they go out the next time kavalek is connected. Do not send them again.");
            return ExitCode.Unreachable;
        }
    }

    /// <summary>A program that pipes lines in has to learn when one of them was not taken.</summary>
    int Done => _refused ? ExitCode.Refused : ExitCode.Ok;

    async Task ListenAsync(IAsyncEnumerable<ClientEvent> events, CancellationToken cancel)
    {
        try
        {
            await foreach (ClientEvent item in events.WithCancellation(cancel))
            {
                switch (item)
                {
                    case MessageAdded added when added.Message.Conversation == room.Conversation.Id:
                        if (!added.Message.IsMine || added.Message.Body is SystemBody)
                            Print(added.Message);
                        else
                            Await(added.Message);
                        break;
                    case MessageChanged changed when changed.Message.Conversation == room.Conversation.Id:
                        Settle(changed.Message);
                        break;
                    case KeyChanged changed when room.Conversation.Members.Any(m => m.Contact.Account == changed.Contact.Account):
                        shell.Tell($"The key of {changed.Contact.Name} changed. Compare numbers before you write: /verify");
                        break;
                    case ConnectionChanged { State: ConnectionState.Connecting, Reason: KavalekException reason }:
                        shell.Tell($"Not connected: {reason.Message} What you write is stored and goes out later.");
                        break;
                    case AuditLogBroken broken:
                        shell.Tell(broken.Break.Text);
                        break;
                    case Notice notice:
                        shell.Tell(notice.Text);
                        break;
                    case SessionEnded ended:
                        throw ended.Reason;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The chat ended first.
        }
    }

    /// <summary>An own message is printed when it is known how it went.</summary>
    void Await(Message sent)
    {
        if (sent.State != MessageState.Queued)
        {
            Settle(sent);
            return;
        }
        lock (_output)
        {
            if (!_shown.Exists(m => m.Id == sent.Id))
                _pending.TryAdd(sent.Id, sent);
        }
    }

    void Settle(Message message)
    {
        lock (_output)
        {
            int at = _shown.FindIndex(m => m.Id == message.Id);
            if (at >= 0)
                _shown[at] = message;
            if (!message.IsMine || message.State == MessageState.Queued || at >= 0)
                return;
            _pending.Remove(message.Id);
            _refused |= message.State == MessageState.Failed;
            PrintLocked(message);
            if (_ended && _pending.Count == 0)
                _settled.TrySetResult();
        }
    }

    void Print(Message message)
    {
        lock (_output)
            PrintLocked(message);
    }

    void PrintLocked(Message message)
    {
        if (_shown.Exists(m => m.Id == message.Id))
            return;
        Message? answered = message.Body is TextBody { ReplyTo: MessageId id } ? _shown.Find(m => m.Id == id) : null;
        _shown.Add(message);
        shell.Out.WriteLine(room.Lines.Of(message, answered));
        shell.Out.Flush();
    }
}

using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Input;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Chat;

/// <summary>A chat drawn in the window of a terminal. Keys, events and answers come through one queue; what takes time is done beside it, in order.</summary>
sealed class ChatOnTerminal(ChatRoom room)
{
    const int Page = 100;
    const int MaximumOpening = 1_000;

    readonly Channel<ChatInput> _inputs = Channel.CreateUnbounded<ChatInput>(new UnboundedChannelOptions { SingleReader = true });
    readonly Channel<Func<CancellationToken, Task>> _work = Channel.CreateUnbounded<Func<CancellationToken, Task>>(new UnboundedChannelOptions { SingleReader = true });
    readonly ChatScreen _screen = new(room, new Frame(Console.Out));
    readonly Lock _drawing = new();
    MessageId? _markedRead;
    bool _loading;
    bool _all;

    public async Task<int> RunAsync(CancellationToken cancel)
    {
        int unread = room.Conversation.Unread;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        IAsyncEnumerable<ClientEvent> events = room.Client.Events(stop.Token);
        _screen.Open(await room.Conversation.MessagesAsync(Math.Clamp(2 * unread, Page, MaximumOpening), cancel: cancel), unread);
        using PosixSignalRegistration? resize = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => _inputs.Writer.TryWrite(new Resized()));
        bool before = Console.TreatControlCAsInput;
        Console.TreatControlCAsInput = true;
        Console.Out.Write(Ansi.Enter);
        try
        {
            new KeyReader(key => _inputs.Writer.TryWrite(new KeyPressed(key)), text => _inputs.Writer.TryWrite(new Pasted(text))).Start();
            await room.Client.StartAsync(cancel);
            room.Client.Touch();
            Task telling = TellAsync(events, stop.Token);
            Task working = WorkAsync(stop.Token);
            await ReactAsync(stop.Token);
            _work.Writer.Complete();
            await working;
            await stop.CancelAsync();
            await telling;
            return ExitCode.Ok;
        }
        finally
        {
            Console.Out.Write(Ansi.Leave);
            Console.TreatControlCAsInput = before;
            await Farewell.StopAsync(room.Client);
        }
    }

    async Task TellAsync(IAsyncEnumerable<ClientEvent> events, CancellationToken cancel)
    {
        try
        {
            await foreach (ClientEvent item in events.WithCancellation(cancel))
                _inputs.Writer.TryWrite(new Told(item));
        }
        catch (OperationCanceledException)
        {
            // The chat ended.
        }
    }

    async Task WorkAsync(CancellationToken cancel)
    {
        await foreach (Func<CancellationToken, Task> work in _work.Reader.ReadAllAsync(cancel))
        {
            try
            {
                await work(cancel);
            }
            catch (KavalekException e)
            {
                _inputs.Writer.TryWrite(new Answered("", new ChatAnswer(e.Message)));
            }
        }
    }

    async Task ReactAsync(CancellationToken cancel)
    {
        Draw();
        while (await _inputs.Reader.WaitToReadAsync(cancel))
        {
            // Everything that waits is taken in before the next frame: a burst of messages is drawn once.
            while (_inputs.Reader.TryRead(out ChatInput? input))
            {
                if (!React(input))
                    return;
            }
            Draw();
            MarkRead();
            LoadOlder();
        }
    }

    void Draw()
    {
        lock (_drawing)
            _screen.Draw(Console.WindowWidth, Console.WindowHeight);
    }

    /// <summary>Takes one input; false ends the chat.</summary>
    bool React(ChatInput input)
    {
        switch (input)
        {
            case KeyPressed pressed:
                room.Client.Touch();
                return Press(pressed.Key);
            case Pasted pasted:
                _screen.Notice = null;
                _screen.Prompt.Insert(Printable(pasted.Text));
                return true;
            case Resized:
                return true;
            case Told { Event: Locked }:
                return false;
            case Told told:
                Hear(told.Event);
                return true;
            case Loaded loaded:
                _loading = false;
                _all = loaded.Older.Count == 0;
                _screen.PutOlder(loaded.Older);
                return true;
            case Answered answered:
                return TakeAnswer(answered);
            default:
                return true;
        }
    }

    bool Press(ConsoleKeyInfo key)
    {
        bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        bool alt = key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        LineEditor prompt = _screen.Prompt;
        if (control && key.Key == ConsoleKey.C)
        {
            if (prompt.IsEmpty)
                return false;
            prompt.Take();
            _screen.Notice = "Ctrl-C again leaves; ↑ brings the text back.";
            return true;
        }
        if (control && key.Key == ConsoleKey.D && prompt.IsEmpty)
            return false;
        bool scrolls = key.Key is ConsoleKey.PageUp or ConsoleKey.PageDown;
        if (!scrolls)
            _screen.Notice = null;
        switch (key.Key)
        {
            case ConsoleKey.Enter when alt || key.Modifiers.HasFlag(ConsoleModifiers.Shift) || control || key.KeyChar == '\n':
                prompt.Insert("\n");
                break;
            case ConsoleKey.Enter:
                Submit(prompt.Take());
                break;
            case ConsoleKey.PageUp:
                _screen.ScrollPages(1);
                break;
            case ConsoleKey.PageDown:
                _screen.ScrollPages(-1);
                break;
            case ConsoleKey.UpArrow when control || alt || key.Modifiers.HasFlag(ConsoleModifiers.Shift):
                _screen.ScrollRows(1);
                break;
            case ConsoleKey.DownArrow when control || alt || key.Modifiers.HasFlag(ConsoleModifiers.Shift):
                _screen.ScrollRows(-1);
                break;
            case ConsoleKey.End when prompt.IsEmpty || control:
                _screen.ScrollToEnd();
                break;
            case ConsoleKey.Home when prompt.IsEmpty || control:
                _screen.ScrollToTop();
                break;
            case ConsoleKey.L when control:
                _screen.Redraw();
                break;
            default:
                Edit(prompt, key, control, alt);
                break;
        }
        return true;
    }

    static void Edit(LineEditor prompt, ConsoleKeyInfo key, bool control, bool alt)
    {
        switch (key.Key)
        {
            case ConsoleKey.UpArrow:
                prompt.Previous();
                break;
            case ConsoleKey.DownArrow:
                prompt.Next();
                break;
            case ConsoleKey.Backspace when control || alt:
            case ConsoleKey.W when control:
                prompt.DeleteWord();
                break;
            case ConsoleKey.Backspace:
                prompt.Backspace();
                break;
            case ConsoleKey.Delete:
            case ConsoleKey.D when control:
                prompt.Delete();
                break;
            case ConsoleKey.LeftArrow when control || alt:
            case ConsoleKey.B when alt:
                prompt.WordLeft();
                break;
            case ConsoleKey.RightArrow when control || alt:
            case ConsoleKey.F when alt:
                prompt.WordRight();
                break;
            case ConsoleKey.LeftArrow:
                prompt.Left();
                break;
            case ConsoleKey.RightArrow:
                prompt.Right();
                break;
            case ConsoleKey.Home:
            case ConsoleKey.A when control:
                prompt.Home();
                break;
            case ConsoleKey.End:
            case ConsoleKey.E when control:
                prompt.End();
                break;
            case ConsoleKey.U when control:
                prompt.DeleteToStart();
                break;
            case ConsoleKey.K when control:
                prompt.DeleteToEnd();
                break;
            default:
                if (!control && !alt && !char.IsControl(key.KeyChar))
                    prompt.Insert(key.KeyChar.ToString());
                break;
        }
    }

    void Submit(string line)
    {
        _screen.ScrollToEnd();
        Message[] shown = [.. _screen.Messages];
        _work.Writer.TryWrite(async cancel => _inputs.Writer.TryWrite(new Answered(line, await room.TakeAsync(line, shown, cancel))));
    }

    bool TakeAnswer(Answered answered)
    {
        ChatAnswer answer = answered.Answer;
        if (answer.Sent is Message sent && !_screen.Messages.Any(m => m.Id == sent.Id))
            _screen.Put(sent);
        if (answer.Show is Message whole)
            _screen.ShowWhole(whole.Id);
        _screen.Notice = answer.Text ?? _screen.Notice;
        // What was not sent is not lost: it stands in the prompt again.
        if (answer.Keep && _screen.Prompt.IsEmpty)
            _screen.Prompt.Insert(answered.Line);
        return !answer.Quit;
    }

    void Hear(ClientEvent item)
    {
        switch (item)
        {
            case MessageAdded added when added.Message.Conversation == room.Conversation.Id:
                _screen.Put(added.Message);
                break;
            case MessageChanged changed when changed.Message.Conversation == room.Conversation.Id:
                _screen.Put(changed.Message);
                break;
            case MessageRemoved removed when removed.Conversation == room.Conversation.Id:
                _screen.Remove(removed.Message);
                break;
            case MessageAdded { Message: { IsMine: false, Body: TextBody } elsewhere }:
                _screen.Notice = $"{room.Lines.Name(elsewhere.Sender)} wrote elsewhere: {Where(elsewhere)}";
                break;
            case RequestReceived request when request.Conversation.Id != room.Conversation.Id:
                _screen.Notice = $"{Describe.Target(request.Conversation)} asks to talk with you: kavalek requests";
                break;
            case KeyChanged changed when room.Conversation.Members.Any(m => m.Contact.Account == changed.Contact.Account):
                _screen.Notice = $"The key of {changed.Contact.Name} changed: a new device without recovery, or somebody in between. Compare numbers: /verify, then /accept-key";
                break;
            case ConnectionChanged { State: ConnectionState.Connecting, Reason: KavalekException reason }:
                _screen.Notice = $"{reason.Message} What you write is stored and goes out later.";
                break;
            case ConnectionChanged { State: ConnectionState.Online }:
                _screen.Notice = null;
                break;
            case DevicesChanged { Added.Count: > 0 }:
                _screen.Notice = "Your account has a new device. If that was not you: kavalek devices";
                break;
            case SessionEnded ended:
                _screen.Notice = ended.Reason.Message;
                break;
            case AuditLogBroken broken:
                _screen.Notice = broken.Break.Text;
                break;
            case Notice notice:
                _screen.Notice = notice.Text;
                break;
        }
        _screen.Refresh();
    }

    string Where(Message message) => room.Client.Conversation(message.Conversation) is Conversation conversation ? Describe.Target(conversation) : "";

    void MarkRead()
    {
        if (_screen.Scrolled > 0 || room.Conversation.State != ConversationState.Active
            || _screen.Messages.LastOrDefault(m => !m.IsMine && m.Body is TextBody) is not Message newest || newest.Id == _markedRead)
        {
            return;
        }
        _markedRead = newest.Id;
        if (room.Conversation.Unread > 0)
            _work.Writer.TryWrite(cancel => room.Conversation.MarkReadAsync(newest.Id, cancel));
    }

    void LoadOlder()
    {
        if (_loading || _all || !_screen.AtTop || _screen.Messages.Count == 0)
            return;
        _loading = true;
        MessagePosition oldest = _screen.Messages[0].Position;
        _work.Writer.TryWrite(async cancel => _inputs.Writer.TryWrite(new Loaded(await room.Conversation.MessagesAsync(Page, oldest, cancel))));
    }

    /// <summary>A paste without what would move the cursor: line breaks become one kind, tabs spaces, other controls go.</summary>
    static string Printable(string text)
    {
        var kept = new StringBuilder(text.Length);
        foreach (char c in text.ReplaceLineEndings("\n"))
        {
            if (c == '\t')
                kept.Append("    ");
            else if (c == '\n' || !char.IsControl(c))
                kept.Append(c);
        }
        return kept.ToString();
    }
}

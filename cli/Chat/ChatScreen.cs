using Kavalek.Cli.Input;
using Kavalek.Cli.Output;
using Kavalek.Cli.Text;
using Kavalek.Client;

namespace Kavalek.Cli.Chat;

/// <summary>
/// What the drawn chat shows: a heading, the messages, a line for news, the prompt. New messages do not move what a person reads further up.
/// </summary>
sealed class ChatScreen(ChatRoom room, Frame frame)
{
    const int MaximumNotice = 16;

    readonly List<Message> _messages = [];
    readonly HashSet<MessageId> _whole = [];
    readonly Transcript _transcript = new(room.Lines.Name);
    List<string> _rows = [];
    TranscriptLook? _drawn;
    bool _changed = true;
    int _body = 1;
    MessageId? _firstUnread;
    int _unread;
    bool _landOnUnread;

    /// <summary>What is being written.</summary>
    public LineEditor Prompt { get; } = new();

    /// <summary>The messages, oldest first.</summary>
    public IReadOnlyList<Message> Messages => _messages;

    /// <summary>Rows between the last one shown and the newest; 0 at the bottom.</summary>
    public int Scrolled { get; private set; }

    /// <summary>Messages that came while scrolled up.</summary>
    public int Below { get; private set; }

    /// <summary>Whether the oldest message that is loaded can be seen.</summary>
    public bool AtTop => Scrolled + _body >= _rows.Count;

    /// <summary>Text above the prompt until something is typed.</summary>
    public string? Notice { get; set; }

    /// <summary>Opens on the first unread message, if there is one.</summary>
    public void Open(IReadOnlyList<Message> newest, int unread)
    {
        _messages.AddRange(newest);
        if (unread > 0 && newest.Where(m => !m.IsMine && m.Body is TextBody).TakeLast(unread).FirstOrDefault() is Message first)
        {
            _firstUnread = first.Id;
            _unread = unread;
            _landOnUnread = true;
        }
    }

    /// <summary>Puts a message where it belongs, or replaces its older form.</summary>
    public void Put(Message message)
    {
        _changed = true;
        int at = _messages.FindIndex(m => m.Id == message.Id && m.Position == message.Position);
        if (at < 0 && message.Body is TextBody)
            at = _messages.FindIndex(m => m.Id == message.Id);
        if (at >= 0)
        {
            _messages[at] = message;
            return;
        }
        int place = _messages.FindLastIndex(m => m.Position < message.Position) + 1;
        // Older than everything that is loaded: scrolling up brings it.
        if (place == 0 && _messages.Count > 0)
            return;
        _messages.Insert(place, message);
        if (Scrolled > 0 && !message.IsMine)
            Below++;
    }

    /// <summary>Takes a message away that is gone.</summary>
    public void Remove(MessageId id)
    {
        _changed = true;
        _messages.RemoveAll(m => m.Id == id);
    }

    /// <summary>Adds older messages above.</summary>
    public void PutOlder(IReadOnlyList<Message> older)
    {
        _changed = true;
        _messages.InsertRange(0, older.Where(o => !_messages.Exists(m => m.Position == o.Position)));
    }

    /// <summary>Shows a long message whole.</summary>
    public void ShowWhole(MessageId id)
    {
        _changed = true;
        _whole.Add(id);
    }

    /// <summary>What a name, a role or a trust says changed.</summary>
    public void Refresh() => _changed = true;

    /// <summary>Scrolls by pages; up is positive.</summary>
    public void ScrollPages(double pages) => ScrollTo(Scrolled + (int)(pages * Math.Max(1, _body - 1)));

    /// <summary>Scrolls by rows; up is positive.</summary>
    public void ScrollRows(int rows) => ScrollTo(Scrolled + rows);

    /// <summary>To the newest message.</summary>
    public void ScrollToEnd() => ScrollTo(0);

    /// <summary>To the oldest message that is loaded.</summary>
    public void ScrollToTop() => ScrollTo(int.MaxValue / 2);

    /// <summary>Draws the next frame whole: something else wrote on the screen.</summary>
    public void Redraw() => frame.Forget();

    void ScrollTo(int rows)
    {
        Scrolled = Math.Clamp(rows, 0, Math.Max(0, _rows.Count - _body));
        if (Scrolled == 0)
            Below = 0;
    }

    /// <summary>Draws everything.</summary>
    public void Draw(int width, int height)
    {
        width = Math.Max(width, 10);
        height = Math.Max(height, 4);
        PromptLayout prompt = PromptLayout.Of(Prompt.Text, Prompt.Cursor, width, Math.Max(1, height * 2 / 5));
        List<string> notice = NoticeRows(width);
        _body = Math.Max(1, height - 2 - prompt.Rows.Count - notice.Count);
        Lay(width);
        var rows = new List<string>(height) { Heading(width) };
        int end = Math.Max(0, _rows.Count - Scrolled);
        int start = Math.Max(0, end - _body);
        rows.AddRange(Enumerable.Repeat("", _body - (end - start)));
        rows.AddRange(_rows.GetRange(start, end - start));
        rows.Add(Transcript.Rule(NewsLine(), width));
        rows.AddRange(notice);
        int promptRow = rows.Count;
        rows.AddRange(prompt.Rows);
        frame.Show([.. rows.Take(height)], Math.Min(height - 1, promptRow + prompt.CursorRow), prompt.CursorCell);
    }

    void Lay(int width)
    {
        var look = new TranscriptLook(width, Numbers, _firstUnread, _unread) { Whole = _whole };
        if (_changed || _drawn != look)
        {
            int before = _rows.Count;
            MessageId? last = Scrolled > 0 && _messages.Count > 0 ? _messages[^1].Id : null;
            (_rows, int unreadRow) = _transcript.Draw(_messages, look);
            // Keep in place what is being read: rows that came below push the view up by as many.
            if (Scrolled > 0 && _drawn == look && last != _lastDrawn)
                Scrolled += Math.Max(0, _rows.Count - before);
            if (_landOnUnread && unreadRow >= 0)
                Scrolled = _rows.Count - unreadRow - _body;
            _landOnUnread = false;
            _drawn = look;
            _changed = false;
            _lastDrawn = _messages.Count > 0 ? _messages[^1].Id : null;
        }
        ScrollTo(Scrolled);
    }

    MessageId? _lastDrawn;

    /// <summary>While a number is being typed, messages show theirs.</summary>
    bool Numbers => Prompt.Text.StartsWith("/r", StringComparison.Ordinal) && !Prompt.Text.StartsWith("/rea", StringComparison.Ordinal)
        && !Prompt.Text.StartsWith("/rem", StringComparison.Ordinal) && !Prompt.Text.StartsWith("/ren", StringComparison.Ordinal)
        || Prompt.Text.StartsWith("/show", StringComparison.Ordinal);

    string Heading(int width)
    {
        Conversation conversation = room.Conversation;
        string who = conversation.Peer is Contact peer
            ? (peer.DisplayName is string named ? $"{SafeText.Line(named)} (@{peer.Handle})" : $"@{peer.Handle}") + $" · {Describe.Trust(peer)}"
            : $"{SafeText.Line(conversation.Title)} · {conversation.Members.Count} members";
        string connection = room.Client.Connection switch
        {
            ConnectionState.Online => "online",
            ConnectionState.Syncing => "catching up…",
            ConnectionState.Connecting => "connecting…",
            _ => "offline",
        };
        string left = Wrap.Fit($" {who}", Math.Max(1, width - CellWidth.Of(connection) - 3));
        int space = Math.Max(1, width - CellWidth.Of(left) - CellWidth.Of(connection) - 1);
        return Ansi.Reverse(Wrap.Fit(left + new string(' ', space) + connection + " ", width));
    }

    string NewsLine()
    {
        if (Below > 0)
            return $"↓ {Below} new (End)";
        if (Scrolled > 0)
            return "PgDn or End for newer";
        return "";
    }

    List<string> NoticeRows(int width)
    {
        string? text = Notice ?? (room.Obstacle is string obstacle ? obstacle : null);
        return text is null ? [] : [.. Wrap.Lines(SafeText.Lines(text), width).Take(MaximumNotice).Select(Ansi.Dim)];
    }
}

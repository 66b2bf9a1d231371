using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>The kind of a conversation; it never changes.</summary>
public enum ConversationKind
{
    /// <summary>Two accounts.</summary>
    Direct = 1,
    /// <summary>Any number of accounts, with a title and roles.</summary>
    Group = 2,
}

/// <summary>What an account may do in a group (docs/PROTOCOL.md §7.2).</summary>
public enum Role
{
    /// <summary>Reads and writes.</summary>
    Member = 1,
    /// <summary>Also adds and removes members, and sets the title.</summary>
    Admin = 2,
    /// <summary>Also sets roles and removes anyone.</summary>
    Owner = 3,
}

/// <summary>Where the own account stands in a conversation.</summary>
public enum ConversationState
{
    /// <summary>Somebody asks to talk; undecided, and nothing is sent.</summary>
    Request,
    /// <summary>In use.</summary>
    Active,
    /// <summary>Left.</summary>
    Left,
    /// <summary>Removed by somebody.</summary>
    Removed,
    /// <summary>The request was declined.</summary>
    Declined,
    /// <summary>Known from the archive: to be read, until somebody brings this device in.</summary>
    Restored,
}

/// <summary>A change of a member that is asked for but not agreed on yet.</summary>
public enum PendingChange
{
    /// <summary>None.</summary>
    None,
    /// <summary>Being added.</summary>
    Joining,
    /// <summary>Being removed; until it is done, they read along.</summary>
    Removing,
}

/// <summary>A member of a conversation, from its MLS tree alone.</summary>
/// <param name="Contact">Who it is.</param>
/// <param name="Role">What they may do.</param>
/// <param name="Devices">With how many devices.</param>
/// <param name="IsMe">Whether it is the own account.</param>
/// <param name="Pending">What is under way.</param>
public sealed record Member(Contact Contact, Role Role, int Devices, bool IsMe, PendingChange Pending = PendingChange.None);

/// <summary>Why nothing can be sent.</summary>
/// <param name="Code">A code of <see cref="ClientErrors"/>.</param>
/// <param name="Reason">For a person: why, and what to do.</param>
public sealed record SendBlock(string Code, string Reason);

/// <summary>A conversation: a live view, safe to keep. Changes come as <see cref="ConversationChanged"/>.</summary>
public sealed class Conversation
{
    readonly ConversationEngine _engine;
    readonly ConversationThread _thread;

    internal Conversation(ConversationEngine engine, ConversationThread thread) => (_engine, _thread) = (engine, thread);

    /// <summary>Of a group, the id of its MLS group; of a direct conversation, an id of the pair, the same on both sides and for every group they ever open.</summary>
    public Id Id => _thread.Id;

    /// <summary>Two people or a group.</summary>
    public ConversationKind Kind => _thread.Kind;

    /// <summary>The title; of a direct conversation, the other person's name.</summary>
    public string Title => Kind == ConversationKind.Group ? _thread.View.Title : Peer?.Name ?? "";

    /// <summary>The other person of a direct conversation.</summary>
    public Contact? Peer => _thread.View.Peer is { } peer ? _engine.Core.People.Find(peer) : null;

    /// <summary>Who brought us in; <c>null</c> where this account began it.</summary>
    public Contact? Inviter => _thread.View.Inviter is { } inviter ? _engine.Core.People.Find(inviter) : null;

    /// <summary>Where the own account stands.</summary>
    public ConversationState State => _thread.View.State;

    /// <summary>Whether it stands on top of the list, and since when; on all devices of the account.</summary>
    public DateTimeOffset? PinnedAt => _engine.Notes.Of(Id) is { Pinned: true } note ? Time(note.PinnedAt) : null;

    /// <summary>Whether it was put away. It comes back when somebody says something in it, unless it is muted.</summary>
    public bool IsArchived => _engine.Notes.Of(Id) is { Archived: not null };

    /// <summary>Until when nothing is said of it; <see cref="DateTimeOffset.MaxValue"/> for good, <c>null</c> where it is not muted.</summary>
    public DateTimeOffset? MutedUntil => _engine.Notes.Of(Id) is { } note && Time(note.MutedUntil) is var until && until > _engine.Core.Clock.GetUtcNow() ? until : null;

    /// <summary>Whether its owner marked it as unread; reading it takes the mark away.</summary>
    public bool IsMarkedUnread => _engine.Notes.Of(Id) is { Unread: true };

    /// <summary>Puts it on top of the list of all devices of the account, or takes it down.</summary>
    public Task PinAsync(bool pinned) => Setback.ToldAsync(_engine.PinAsync(_thread, pinned));

    /// <summary>Puts it away on all devices of the account, or brings it back.</summary>
    public Task ArchiveAsync(bool archived) => Setback.ToldAsync(_engine.ArchiveAsync(_thread, archived));

    /// <summary>Mutes it on all devices of the account until then; <see cref="DateTimeOffset.MaxValue"/> for good, <c>null</c> for not any more.</summary>
    public Task MuteAsync(DateTimeOffset? until) => Setback.ToldAsync(_engine.MuteAsync(_thread,
        until is null ? 0 : until == DateTimeOffset.MaxValue ? AccountNotes.Always : (ulong)Math.Max(0, until.Value.ToUnixTimeMilliseconds())));

    /// <summary>Marks it as unread on all devices of the account, or takes the mark away.</summary>
    public Task MarkUnreadAsync(bool unread) => Setback.ToldAsync(_engine.MarkUnreadAsync(_thread, unread));

    static DateTimeOffset Time(ulong milliseconds) =>
        milliseconds > (ulong)DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.MaxValue : DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds);

    /// <summary>Who is in it, from the MLS tree alone; empty once this device is no member.</summary>
    public IReadOnlyList<Member> Members
    {
        get
        {
            ConversationView view = _thread.View;
            List<Member> members = [];
            foreach (IGrouping<Id, MemberDevice> account in view.Devices.GroupBy(device => device.Account))
                if (_engine.ContactOf(account.First()) is { } contact)
                    members.Add(new Member(contact, view.Roles.GetValueOrDefault(account.Key, Role.Member), account.Count(), account.Key == _engine.Core.Identity.Account,
                        view.Leaving.Contains(account.Key) ? PendingChange.Removing : PendingChange.None));
            return members;
        }
    }

    /// <summary>The own role.</summary>
    public Role MyRole => _thread.View.Roles.GetValueOrDefault(_engine.Core.Identity.Account, Role.Member);

    /// <summary>How long messages live from their sending; <c>null</c> where they stay.</summary>
    public TimeSpan? Timer => _thread.View.Timer is > 0 and uint seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>How many messages are unread.</summary>
    public int Unread => _thread.View.Unread;

    /// <summary>How many of the unread messages name the own account.</summary>
    public int UnreadMentions => _thread.View.UnreadMentions;

    /// <summary>When something was last said, or the conversation came to be.</summary>
    public DateTimeOffset LastActivity => DateTimeOffset.FromUnixTimeMilliseconds((long)_thread.View.Activity);

    /// <summary>Why nothing can be sent; <c>null</c> where it can.</summary>
    public SendBlock? CannotSend => _engine.Block(_thread);

    /// <summary>Who no longer sees the same conversation as this device, by their own signed word; nothing is sent while there is somebody.</summary>
    public IReadOnlyList<Contact> Apart => [.. _thread.View.Apart.Select(_engine.ContactOf).OfType<Contact>()];

    /// <summary>
    /// 30 digits that are the same for all who are in the same epoch of the same history, for comparing by another way; <c>null</c> where this
    /// device is no member.
    /// </summary>
    public string? EpochNumber => _thread.View.Epoch is { } state ? SafetyNumber.ToDigits(state) : null;

    /// <summary>
    /// Starts the conversation afresh with everybody in it but <paramref name="without"/>, whatever went wrong with its keys; the line of messages
    /// goes on. The others' devices take it where the own role would have allowed the same change.
    /// </summary>
    /// <exception cref="KavalekException">For instance <see cref="ClientErrors.NotAllowed"/>, <see cref="ClientErrors.KeyChanged"/>.</exception>
    public Task StartAfreshAsync(IReadOnlyList<Id> without, CancellationToken cancel = default) => Setback.ToldAsync(_engine.StartAfreshAsync(_thread, without, cancel));

    /// <summary>Goes on without those of <see cref="Apart"/>: they are still members, and cannot read what is sent.</summary>
    public Task GoOnAsync(CancellationToken cancel = default) => Setback.ToldAsync(_engine.GoOnAsync(_thread, cancel));

    /// <summary>The newest message; <c>null</c> where there is none.</summary>
    public Task<Message?> LastAsync(CancellationToken cancel = default) => _engine.Log.LastAsync(_thread, cancel);

    /// <summary>The newest messages before <paramref name="before"/>, oldest first.</summary>
    public Task<IReadOnlyList<Message>> MessagesAsync(int limit, MessagePosition? before = null, CancellationToken cancel = default) =>
        _engine.Log.PageAsync(_thread, limit, before, cancel);

    /// <summary>The oldest messages after <paramref name="after"/>, oldest first.</summary>
    public Task<IReadOnlyList<Message>> MessagesAfterAsync(int limit, MessagePosition after, CancellationToken cancel = default) =>
        _engine.Log.AfterAsync(_thread, limit, after, cancel);

    /// <summary>A message by its name; <c>null</c> where it is not here.</summary>
    public async Task<Message?> FindAsync(MessageId message, CancellationToken cancel = default) =>
        await _engine.Log.FindAsync(Id, message.Account, message.Content, cancel).ConfigureAwait(false) is { } position
            ? await _engine.Log.AtAsync(_thread, position, cancel).ConfigureAwait(false) : null;

    /// <summary>What was begun here and not sent; <c>null</c> where there is nothing.</summary>
    public Draft? Draft => _thread.View.Draft;

    /// <summary>Keeps what was begun and not sent, for after a restart; <c>null</c>, or only spaces and nothing to answer, for nothing. Sending forgets it, too.</summary>
    public Task SetDraftAsync(Draft? draft, CancellationToken cancel = default) => Setback.ToldAsync(_engine.SetDraftAsync(_thread, draft, cancel));

    /// <summary>Stores a text and queues it; it is safe when this returns. Its state changes by events.</summary>
    /// <exception cref="KavalekException">Nothing can be sent here now; the text was not stored.</exception>
    public Task<Message> SendAsync(string text, MessageId? replyTo = null, CancellationToken cancel = default) => Setback.MessageToldAsync(_engine.SendAsync(_thread, text, replyTo, cancel));

    /// <summary>Stores a text that names people, and queues it.</summary>
    /// <exception cref="KavalekException">Nothing can be sent here now, or the mentions do not stand in the text; it was not stored.</exception>
    public Task<Message> SendAsync(string text, MessageId? replyTo, IReadOnlyList<Mention> mentions, CancellationToken cancel = default) =>
        Setback.MessageToldAsync(_engine.SendAsync(_thread, text, replyTo, mentions, cancel));

    /// <summary>A message by its name; <c>null</c> where it is not here.</summary>
    public Task<Message?> MessageAsync(MessageId message, CancellationToken cancel = default) => _engine.MessageAsync(_thread, message, cancel);

    /// <summary>Reacts to a message with one emoji, in place of the own one before; <c>null</c> takes it back. It is safe when this returns.</summary>
    /// <exception cref="KavalekException">Nothing can be sent here now, it is no emoji, or there is no such message. Nothing changed.</exception>
    public Task ReactAsync(MessageId message, string? emoji, CancellationToken cancel = default) => Setback.MessageToldAsync(_engine.ReactAsync(_thread, message, emoji, cancel));

    /// <summary>Gives an own message new words; what it said before stays to be seen. It is safe when this returns.</summary>
    /// <exception cref="KavalekException">It is too old, was edited too often, or nothing can be sent here now. Nothing changed.</exception>
    public Task<Message> EditAsync(MessageId message, string text, IReadOnlyList<Mention> mentions, CancellationToken cancel = default) =>
        Setback.MessageToldAsync(_engine.EditAsync(_thread, message, text, mentions, cancel));

    /// <summary>Takes messages back for everybody: own ones, or what the own role allows. What was not sent yet just goes. It is safe when this returns.</summary>
    /// <exception cref="KavalekException">One of them is too old, or the role does not allow it. Nothing changed.</exception>
    public Task DeleteAsync(IReadOnlyList<MessageId> messages, CancellationToken cancel = default) => Setback.ToldAsync(_engine.DeleteAsync(_thread, messages, cancel));

    /// <summary>Takes messages away for the own account only: here at once, and through the archive on its other devices. Nobody else hears of it.</summary>
    public Task HideAsync(IReadOnlyList<MessageId> messages, CancellationToken cancel = default) => Setback.ToldAsync(_engine.HideAsync(_thread, messages, cancel));

    /// <summary>Whether <see cref="ReportAsync"/> can show who wrote a message.</summary>
    public static bool MayReport(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Reporting.MayReport(message);
    }

    /// <summary>
    /// Discloses messages of others to those who run the instance, with what shows who wrote them: their words and former words, and with them the group's title and who its owners and admins were.
    /// Sealed to <paramref name="to"/>, but for whoever wrote one of the messages. Who reported is not in it, and is not kept by the server; nobody in the conversation hears of it.
    /// </summary>
    /// <param name="messages">1 to 20.</param>
    /// <param name="reason">Why.</param>
    /// <param name="words">What the reporter says about it, at most 2,000 characters.</param>
    /// <param name="to">Those who were shown to the reporter: <see cref="KavalekClient.ModeratorsAsync"/>.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="KavalekException">Nothing was reported, and why.</exception>
    public Task ReportAsync(IReadOnlyList<MessageId> messages, ReportReason reason, string words, Moderators to, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(to);
        return Reporting.FileAsync(_engine.Core, _thread, _engine.Log, messages, reason, words, to, cancel);
    }

    /// <summary>Sends a text that failed once more, as a new message in its place at the end; its owner has seen why it failed.</summary>
    /// <exception cref="KavalekException">It did not fail, or nothing can be sent here now. Nothing changed.</exception>
    public Task<Message> RetryAsync(MessageId message, CancellationToken cancel = default) => Setback.MessageToldAsync(_engine.RetryAsync(_thread, message, cancel));

    /// <summary>Whether <see cref="DeleteAsync"/> would take a message back for everybody now.</summary>
    public bool MayDelete(Message message) => _engine.MayDelete(_thread, message);

    /// <summary>Whether <see cref="EditAsync"/> would give a message new words now.</summary>
    public bool MayEdit(Message message) => _engine.MayEdit(_thread, message);

    /// <summary>
    /// Encrypts files into the store and queues a text with them, which may be empty; all of it is safe when this returns. They are uploaded beside, and the
    /// message is sent once the server has them; texts that are written meanwhile go past it. Their progress then comes as <see cref="AttachmentProgressed"/>.
    /// </summary>
    /// <param name="text">What is said with them.</param>
    /// <param name="files">The files.</param>
    /// <param name="replyTo">What it answers.</param>
    /// <param name="mentions">Who is named.</param>
    /// <param name="read">Told now and then how many bytes of all these files were read and encrypted.</param>
    /// <param name="cancel">Stops it before it is stored, and nothing of it stays.</param>
    /// <exception cref="KavalekException">Nothing can be sent here now, or a file cannot be read; nothing was stored.</exception>
    public Task<Message> SendAsync(
        string text, IReadOnlyList<OutgoingFile> files, MessageId? replyTo = null, IReadOnlyList<Mention>? mentions = null, IProgress<long>? read = null, CancellationToken cancel = default) =>
        Setback.MessageToldAsync(_engine.SendAsync(_thread, text, files, replyTo, mentions ?? [], read, cancel));

    /// <summary>
    /// Sends the files of a message into another conversation, or the same one, under a text of its own; they are fetched where they are not here, and encrypted anew. A message without files sends the text alone.
    /// What was begun there and not sent stays. It is safe when this returns.
    /// </summary>
    /// <exception cref="ArgumentException">The other conversation is of another client.</exception>
    /// <exception cref="KavalekException">Nothing can be sent there now, or a file cannot be had; nothing was stored.</exception>
    public Task<Message> ForwardAsync(MessageId message, Conversation to, string text, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(to);
        if (to._engine != _engine) throw new ArgumentException("the conversation is of another client", nameof(to));
        return Setback.MessageToldAsync(_engine.ForwardAsync(_thread, message, to._thread, text, cancel));
    }

    /// <summary>Has an attachment on this device when it completes; what was begun before goes on where it was.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.AttachmentDamaged"/>, <see cref="ClientErrors.AttachmentGone"/>, <see cref="ClientErrors.Offline"/>.</exception>
    public Task FetchAsync(MessageId message, Id attachment, CancellationToken cancel = default) => Setback.ToldAsync(_engine.FetchAsync(_thread, message, attachment, cancel));

    /// <summary>Fetches an attachment where it is not here, and writes it. Nothing is written before all of it is here and is what its message says.</summary>
    /// <exception cref="KavalekException">As <see cref="FetchAsync"/>.</exception>
    public Task SaveAsync(MessageId message, Id attachment, Stream to, CancellationToken cancel = default) => Setback.ToldAsync(_engine.SaveAsync(_thread, message, attachment, to, cancel));

    /// <summary>
    /// Fetches an attachment, and says under which type it may be shown or played in place: only one of a fixed list, that the file begins as, and pictures no
    /// larger than a device can bear. <c>null</c>: it is to be saved, whatever it says of itself.
    /// </summary>
    /// <exception cref="KavalekException">As <see cref="FetchAsync"/>.</exception>
    public Task<string?> InlineTypeAsync(MessageId message, Id attachment, CancellationToken cancel = default) => Setback.ToldAsync(_engine.InlineTypeAsync(_thread, message, attachment, cancel));

    /// <summary>Marks everything up to <paramref name="upTo"/> as read, and tells the others.</summary>
    public Task MarkReadAsync(MessageId upTo, CancellationToken cancel = default) => Setback.ToldAsync(_engine.MarkReadAsync(_thread, upTo, cancel));

    /// <summary>Accepts a request.</summary>
    public Task AcceptAsync(CancellationToken cancel = default) => Setback.ToldAsync(_engine.AcceptAsync(_thread, cancel));

    /// <summary>Declines a request without a word to its sender, and forgets what was said in it.</summary>
    public Task DeclineAsync(bool block, CancellationToken cancel = default) => Setback.ToldAsync(_engine.DeclineAsync(_thread, block, cancel));

    /// <summary>Adds accounts to a group. Completes when the group has agreed.</summary>
    public Task AddAsync(IReadOnlyList<Id> accounts, CancellationToken cancel = default) => Setback.ToldAsync(_engine.AddAsync(_thread, accounts, null, cancel));

    /// <summary>Adds accounts to a group and passes on to them what was said before, which everybody sees. Completes when the group has agreed.</summary>
    public Task AddAsync(IReadOnlyList<Id> accounts, HistoryShare share, CancellationToken cancel = default) => Setback.ToldAsync(_engine.AddAsync(_thread, accounts, share, cancel));

    /// <summary>
    /// Passes on to accounts of this conversation what was said before, which everybody sees; this device answers theirs as they ask. They see it as passed on by
    /// the own account.
    /// </summary>
    public Task PassOnAsync(IReadOnlyList<Id> accounts, HistoryShare share, CancellationToken cancel = default) => Setback.ToldAsync(_engine.PassOnAsync(_thread, accounts, share, cancel));

    /// <summary>Removes an account from a group. Completes when the group has agreed.</summary>
    public Task RemoveAsync(Id account, CancellationToken cancel = default) => Setback.ToldAsync(_engine.RemoveAsync(_thread, account, cancel));

    /// <summary>Leaves. What was queued is dropped; the others see it when one of them has committed it.</summary>
    public Task LeaveAsync(CancellationToken cancel = default) => Setback.ToldAsync(_engine.LeaveAsync(_thread, cancel));

    /// <summary>Sets the title of a group. Completes when the group has agreed.</summary>
    public Task RenameAsync(string title, CancellationToken cancel = default) => Setback.ToldAsync(_engine.RenameAsync(_thread, title, cancel));

    /// <summary>Sets how long messages live from their sending, for everybody and from now on; <see cref="TimeSpan.Zero"/>: they stay. Completes when the conversation has agreed.</summary>
    /// <exception cref="KavalekException">The instance does not allow it, or the own role does not.</exception>
    public Task SetTimerAsync(TimeSpan life, CancellationToken cancel = default) => Setback.ToldAsync(_engine.SetTimerAsync(_thread, life, cancel));

    /// <summary>Sets the role of a member. Completes when the group has agreed.</summary>
    public Task SetRoleAsync(Id account, Role role, CancellationToken cancel = default) => Setback.ToldAsync(_engine.SetRoleAsync(_thread, account, role, cancel));
}

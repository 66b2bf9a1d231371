using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// One step of a conversation: everything it changes lands in one batch, and only then is anything acknowledged, sent or shown. A
/// step that fails leaves the store as it was, and memory is read from it again.
/// </summary>
sealed class Step(ClientCore core, MessageLog log, ConversationThread thread)
{
    readonly HashSet<GroupStream> _streams = [];
    readonly HashSet<Id> _accounts = [];
    readonly List<(ulong Position, MessageRow Row, bool Added)> _messages = [];
    readonly Dictionary<string, ulong> _indexed = [];
    readonly Dictionary<ulong, MessageRow?> _rows = [];
    readonly List<ClientEvent> _events = [];
    readonly List<Action> _after = [];
    readonly SortedDictionary<ulong, MessageRow?> _found = [];
    IReadOnlyList<NumberedMessage>? _newest;
    (ulong From, ulong To)? _progress;

    /// <summary>What the parts share.</summary>
    public ClientCore Core => core;

    /// <summary>The conversation.</summary>
    public ConversationThread Thread => thread;

    /// <summary>The messages as they are stored.</summary>
    public MessageLog Log => log;

    /// <summary>What will be stored.</summary>
    public StoreBatch Batch { get; } = new();

    /// <summary>When the step began.</summary>
    public DateTimeOffset Now { get; } = core.Clock.GetUtcNow();

    /// <summary>The same, milliseconds since 1970.</summary>
    public ulong NowMilliseconds => (ulong)Math.Max(0, Now.ToUnixTimeMilliseconds());

    /// <summary>The entry that is being processed: what follows from it is the same on every device of the account.</summary>
    public (Id Stream, ulong Seq)? Place { get; set; }

    /// <summary>Offers of history as this step changed them, <c>null</c> where it took one away: what follows in it sees them so.</summary>
    public Dictionary<Id, OfferRow?> Offers { get; } = [];

    /// <summary>Whether <see cref="SaveAsync"/> has anything to do.</summary>
    public bool Changed { get; set; }

    /// <summary>The stream's row, and its group where it moved, go into the batch.</summary>
    public void Touch(GroupStream stream)
    {
        _streams.Add(stream);
        Changed = true;
    }

    /// <summary>The row of another account, made if need be; it goes into the batch.</summary>
    public AccountRow Account(Id account)
    {
        _accounts.Add(account);
        Changed = true;
        if (!thread.Accounts.TryGetValue(account, out AccountRow? row)) thread.Accounts.Add(account, row = new());
        return row;
    }

    /// <summary>To be published once all is stored.</summary>
    public void Publish(ClientEvent item) => _events.Add(item);

    /// <summary>To be done once all is stored.</summary>
    public void Afterwards(Action action) => _after.Add(action);

    /// <summary>Where a content of this conversation stands, those of this step included; <c>null</c> where it is not here.</summary>
    public async ValueTask<ulong?> FindAsync(Id account, Id content) => (await FindRowAsync(account, content).ConfigureAwait(false))?.Position;

    /// <summary>A content of this conversation, those of this step included; <c>null</c> where it is not here.</summary>
    public ValueTask<(ulong Position, MessageRow Row)?> FindRowAsync(Id account, Id content) => FindRowAsync(StoreKeys.Index(thread.Id, account, content));

    /// <summary>A text or line that came from elsewhere; <c>null</c> where it is not here.</summary>
    public ValueTask<(ulong Position, MessageRow Row)?> FindRowAsync(MessageRow row) => FindRowAsync(IndexOf(row));

    // What an index names is never somebody else's: of a damaged one nothing is edited or deleted, and the message itself can still come.
    async ValueTask<(ulong Position, MessageRow Row)?> FindRowAsync(string index)
    {
        if (!_indexed.TryGetValue(index, out ulong position))
        {
            if (await core.Store.GetAsync(index).ConfigureAwait(false) is not { } stored) return null;
            position = IndexRow.Parser.ParseFrom(stored).Position;
        }
        return await RowAsync(position).ConfigureAwait(false) is { } row && IndexOf(row) == index ? (position, row) : null;
    }

    /// <summary>
    /// The newest messages that have their place, the newest first, as they will be once this step is stored. Those in the store are read once, and without what they say: a step may
    /// ask for each of its entries.
    /// </summary>
    public async Task<IReadOnlyList<NumberedMessage>> NewestAsync()
    {
        _newest ??= await ReadNewestAsync().ConfigureAwait(false);
        return [.. _newest.Where(message => !_rows.ContainsKey(message.Position))
            .Concat(_rows.Where(entry => entry is { Value: not null, Key: < ConversationThread.QueuedPositions }).Select(entry => NumberedMessage.Of(entry.Key, entry.Value!)))
            .OrderByDescending(message => message.Position).Take(Newest)];
    }

    async Task<List<NumberedMessage>> ReadNewestAsync()
    {
        List<NumberedMessage> newest = [];
        string to = StoreKeys.Message(thread.Id, ConversationThread.QueuedPositions);
        while (newest.Count < Newest)
        {
            IReadOnlyList<StoreEntry> page = await core.Store.ScanAsync(new StoreRange(StoreKeys.Messages(thread.Id), to, NewestPage, Reverse: true)).ConfigureAwait(false);
            newest.AddRange(page.Select(entry => NumberedMessage.Of(StoreKeys.NumberOf(entry.Key), MessageRow.Parser.ParseFrom(entry.Value))));
            if (page.Count < NewestPage) break;
            to = page[^1].Key;
        }
        return newest;
    }

    const int Newest = 512, NewestPage = 64;

    /// <summary>The nearest message beneath a position, as it will be once this step is stored; <c>null</c> where there is none.</summary>
    public async Task<(ulong Position, MessageRow Row)?> BeneathAsync(ulong above)
    {
        (ulong Position, MessageRow Row)? own = null;
        foreach ((ulong position, MessageRow? row) in _rows)
            if (row is not null && position < above && position >= (own?.Position ?? 0)) own = (position, row);
        string from = StoreKeys.Messages(thread.Id), to = StoreKeys.Message(thread.Id, above);
        while (await core.Store.ScanAsync(new StoreRange(from, to, 1, Reverse: true)).ConfigureAwait(false) is [{ } entry])
        {
            ulong position = StoreKeys.NumberOf(entry.Key);
            if (own?.Position >= position) break;
            if (!_rows.ContainsKey(position)) return (position, MessageRow.Parser.ParseFrom(entry.Value));
            to = entry.Key; // this step takes it away
        }
        return own;
    }

    /// <summary>A message as it stands, changes of this step included; <c>null</c> where there is none.</summary>
    public async ValueTask<MessageRow?> RowAsync(ulong position) =>
        _rows.TryGetValue(position, out MessageRow? row) ? row : await log.GetAsync(thread.Id, position, default).ConfigureAwait(false);

    /// <summary>Where a line stands that every device of the account says.</summary>
    public async ValueTask<ulong?> FindLineAsync(Id line) =>
        await core.Store.GetAsync(StoreKeys.Line(thread.Id, line)).ConfigureAwait(false) is { } stored ? IndexRow.Parser.ParseFrom(stored).Position : null;

    string IndexOf(MessageRow row) => row is { System.Shared: true } ? StoreKeys.Line(thread.Id, Id.Read(row.Id.Span)) : StoreKeys.Index(thread.Id, Id.Read(row.Account.Span), Id.Read(row.Id.Span));

    /// <summary>Puts a message at the end of what is in the stream.</summary>
    public ulong Append(MessageRow row, bool added = true)
    {
        ulong position = thread.Row.NextPosition = ConversationThread.PositionAfter(thread.Row.NextPosition);
        Put(position, row, added);
        if (Lines.IsArchived(row)) Mark(position);
        return position;
    }

    /// <summary>A message is to be found by its words from now on; where it is <c>null</c> or has none, not any more.</summary>
    public void Find(ulong position, MessageRow? row) => _found[position] = row;

    /// <summary>Puts a message that came late at its place among the others.</summary>
    public ulong Insert(ulong position, MessageRow row, bool added = true)
    {
        Put(position, row, added);
        if (Lines.IsArchived(row)) Mark(position);
        return position;
    }

    /// <summary>Stores a message at a position, and where to find it.</summary>
    public void Put(ulong position, MessageRow row, bool added)
    {
        Changed = true;
        _rows[position] = row;
        Batch.Put(StoreKeys.Message(thread.Id, position), row.ToByteArray());
        if (row.Ends != 0)
        {
            Batch.Put(StoreKeys.End(row.Ends, thread.Id, position), Present);
            Afterwards(() => core.Ends(row.Ends));
        }
        string index = IndexOf(row);
        Batch.Put(index, new IndexRow { Position = position }.ToByteArray());
        _indexed[index] = position;
        _messages.Add((position, row, added));
        Find(position, row);
        thread.Row.Activity = Math.Max(thread.Row.Activity, row.Received);
    }

    /// <summary>Moves a message that was queued to the end of what is in the stream, or to its place there if it came late.</summary>
    public async Task<ulong?> PlaceAsync(ulong queued, Action<MessageRow> change, ulong? at = null)
    {
        MessageRow? row = await RowAsync(queued).ConfigureAwait(false);
        if (row is null) return null;
        if (row.Ends != 0) Batch.Delete(StoreKeys.End(row.Ends, thread.Id, queued));
        change(row);
        _rows[queued] = null;
        Batch.Delete(StoreKeys.Message(thread.Id, queued));
        Find(queued, null);
        return at is { } place ? Insert(place, row, added: false) : Append(row, added: false);
    }

    /// <summary>Changes a message where it stands.</summary>
    public async Task ChangeAsync(ulong position, Action<MessageRow> change)
    {
        if (await RowAsync(position).ConfigureAwait(false) is not { } row) return;
        if (row.Ends != 0) Batch.Delete(StoreKeys.End(row.Ends, thread.Id, position));
        string? said = SearchIndex.TextOf(row);
        bool pending = _found.ContainsKey(position);
        change(row);
        Put(position, row, added: false);
        // How far a message got makes no difference to its words.
        if (!pending && said == SearchIndex.TextOf(row)) _found.Remove(position);
    }

    /// <summary>Changes what a message says, or what was done to it, where <paramref name="change"/> says that it changed anything.</summary>
    public async Task<bool> ReviseAsync(ulong position, Func<MessageRow, bool> change)
    {
        if (await RowAsync(position).ConfigureAwait(false) is not { } row) return false;
        (uint unread, uint named) before = Unread(position, row);
        MessageRow was = row.Clone();
        if (!change(row)) return false;
        // Whoever wrote it takes its files off the server, too; who only hides it lets the others have them.
        if (was.Text is not null && row.Deletion is { } deletion) ForgetAttachments(was, atServer: was.Mine && !deletion.Hidden);
        // Nothing comes of what would be said about it now; what is encrypted has its number, and goes out.
        if (was.Deletion is null && row.Deletion is { Hidden: false }) DropActs(row, (waiting, content) => waiting.Sealed is null && content.BodyCase != Content.BodyOneofCase.Delete);
        (uint unread, uint named) after = Unread(position, row);
        if (before != after)
        {
            thread.Row.Unread = thread.Row.Unread + after.unread > before.unread ? thread.Row.Unread + after.unread - before.unread : 0;
            thread.Row.UnreadMentions = thread.Row.UnreadMentions + after.named > before.named ? thread.Row.UnreadMentions + after.named - before.named : 0;
            Publish(new ConversationChanged(thread.Face));
        }
        Put(position, row, added: false);
        if (position < ConversationThread.QueuedPositions) Mark(position);
        if (row.Deletion is not { Hidden: true }) return true;
        _messages.RemoveAll(message => message.Position == position);
        Publish(new MessageRemoved(thread.Id, new MessageId(Id.Read(row.Account.Span), Id.Read(row.Id.Span))));
        Publish(new ConversationChanged(thread.Face));
        return true;
    }

    // Whether a message counts as unread, and as one that names the own account.
    (uint Unread, uint Named) Unread(ulong position, MessageRow row)
    {
        if (row.Mine || row.BodyCase != MessageRow.BodyOneofCase.Text || position <= thread.Row.ReadPosition || position >= ConversationThread.QueuedPositions) return (0, 0);
        return (1, NamesMe(row) ? 1U : 0U);
    }

    /// <summary>Whether a text names the own account.</summary>
    public bool NamesMe(MessageRow row) => row.Text?.Mentions.Any(mention => mention.Account.Span.SequenceEqual(core.Identity.Account.ToArray())) == true;

    /// <summary>What one account did to a message that is not here yet; <c>null</c> where it waits no longer.</summary>
    public void KeepWaiting((Id Author, Id Content, Id Actor) name, WaitingRow? row)
    {
        Changed = true;
        string key = StoreKeys.Waiting(thread.Id, name.Author, name.Content, name.Actor);
        if (row is null) Batch.Delete(key);
        else Batch.Put(key, row.ToByteArray());
    }

    /// <summary>Stores a text that came from elsewhere than its stream; nobody is told of it one by one.</summary>
    public void Restore(ulong position, MessageRow row)
    {
        Put(position, row, added: false);
        _messages.RemoveAt(_messages.Count - 1);
    }

    /// <summary>The text is to be archived.</summary>
    public void Mark(ulong position)
    {
        if (!core.IsArchiving) return;
        Batch.Put(StoreKeys.DueAt(thread.Id, position), Present);
        Afterwards(core.Marked);
    }

    /// <summary>The archive has the text, or shall not have it.</summary>
    public void Unmark(ulong position)
    {
        Changed = true;
        Batch.Delete(StoreKeys.DueAt(thread.Id, position));
    }

    /// <summary>What is kept of a message's attachments goes with it; with <paramref name="atServer"/>, from the server as well.</summary>
    public void ForgetAttachments(MessageRow row, bool atServer)
    {
        MessageId message = new(Id.Read(row.Account.Span), Id.Read(row.Id.Span));
        foreach (Attachment attachment in row.Text?.Attachments.Select(Attachment.Read) ?? [])
        {
            KeptFiles.Forget(Batch, new KeptFile(thread.Id, message, attachment.Id));
            if (!atServer) continue;
            Batch.Put(StoreKeys.UnwantedAt(attachment.Id), attachment.Id.ToArray());
            Afterwards(core.Unwanted);
        }
        Changed = true;
    }

    /// <summary>Takes a message away with everything that was kept of it.</summary>
    public async Task RemoveAsync(ulong position, bool keepsFiles = false)
    {
        if (await RowAsync(position).ConfigureAwait(false) is not { } row) return;
        Changed = true;
        (uint unread, uint named) = Unread(position, row);
        _rows[position] = null;
        Id account = Id.Read(row.Account.Span), id = Id.Read(row.Id.Span);
        Batch.Delete(StoreKeys.Message(thread.Id, position)).Delete(IndexOf(row));
        if (row.Ends != 0) Batch.Delete(StoreKeys.End(row.Ends, thread.Id, position));
        // What never got its place in the stream is nobody's but this device's, and is at the server in vain.
        if (!keepsFiles) ForgetAttachments(row, atServer: row.Mine && position >= ConversationThread.QueuedPositions);
        Unmark(position);
        Find(position, null);
        foreach (ulong number in thread.Outbox.Where(entry => entry.Value.Position == position).Select(entry => entry.Key).ToArray()) Drop(number);
        // What the server has is on its way back, and is counted when it comes.
        DropActs(row, (waiting, _) => !thread.OnServer.Contains(Id.Read(waiting.Entry.Span)));
        if (thread.Row.Unread > 0) thread.Row.Unread -= unread;
        if (thread.Row.UnreadMentions > 0) thread.Row.UnreadMentions -= named;
        Publish(new MessageRemoved(thread.Id, new MessageId(account, id)));
        Publish(new ConversationChanged(thread.Face));
    }

    /// <summary>Keeps what was begun and not sent, in the place of what was kept before; <c>null</c> for nothing.</summary>
    public void SetDraft(DraftRow? draft)
    {
        if (draft is null && thread.Draft is null) return;
        Changed = true;
        if (thread.Draft is { Ends: > 0 } before) Batch.Delete(StoreKeys.End(before.Ends, thread.Id, DraftPosition));
        thread.Draft = draft;
        if (draft is null) Batch.Delete(StoreKeys.Draft(thread.Id));
        else Batch.Put(StoreKeys.Draft(thread.Id), draft.ToByteArray());
        if (draft is { Ends: > 0 and ulong ends })
        {
            Batch.Put(StoreKeys.End(ends, thread.Id, DraftPosition), Present);
            Afterwards(() => core.Ends(ends));
        }
        Publish(new ConversationChanged(thread.Face));
    }

    /// <summary>Where the end of a draft is marked: no message stands there.</summary>
    public const ulong DraftPosition = 0;

    /// <summary>
    /// The message itself has come, which another member had passed on: nothing that that one said of it stays. What was done to it since does; whether that is news to the message.
    /// </summary>
    /// <param name="passed">What was passed on, and where it stands.</param>
    /// <param name="message">The message, which has no place yet.</param>
    public bool Displace((ulong Position, MessageRow Row) passed, MessageRow message)
    {
        (ulong position, MessageRow row) = passed;
        bool changed = Acts.Merge(message, row);
        if (message.Text is not null) message.Proofs.AddRange(row.Proofs);
        foreach (ByteString same in message.Text?.Attachments ?? []) row.Text?.Attachments.Remove(same);
        ForgetAttachments(row, atServer: false);
        Batch.Delete(StoreKeys.Message(thread.Id, position));
        if (row.Ends != 0) Batch.Delete(StoreKeys.End(row.Ends, thread.Id, position));
        _rows[position] = null;
        _messages.RemoveAll(shown => shown.Position == position);
        Unmark(position);
        Find(position, null);
        Publish(new HistoryRestored(thread.Face)); // it stands elsewhere
        return changed;
    }

    /// <summary>A line about the conversation that concerns this device alone, and where it stands.</summary>
    public ulong Say(SystemKind kind, Id? by, IEnumerable<Id> accounts, string text = "", ulong count = 0, SystemRow? about = null) =>
        Append(Line(core.Mls.Crypto.NewId(), by, System(kind, by, accounts, text, count, about)));

    /// <summary>A line that every device of the account says from the entry that is being processed, or, for an offer of history, from its content. Nothing where it is here already.</summary>
    public async Task SayAsync(SystemKind kind, Id? by, IEnumerable<Id> accounts, string text = "", Id? offer = null)
    {
        SystemRow system = System(kind, by, accounts, text, 0);
        system.Shared = true;
        if (offer is { } content) system.Offer = Bytes(content);
        (Id Stream, ulong Seq) place = Place ?? default;
        MessageRow row = Line(offer is not null ? Lines.IdOfOffer(system) : Place is null ? core.Mls.Crypto.NewId() : Lines.IdOf(place.Stream, place.Seq, system), by, system);
        if (await FindRowAsync(row).ConfigureAwait(false) is not null) return;
        if (Place is not null) (row.Stream, row.Seq) = (Bytes(place.Stream), place.Seq);
        Sharing.Remember(this, Append(row), row);
    }

    MessageRow Line(Id id, Id? by, SystemRow system) => new()
    {
        Id = Bytes(id),
        Account = Bytes(by ?? default),
        Device = Bytes(default),
        Sent = NowMilliseconds,
        Received = NowMilliseconds,
        System = system,
    };

    static SystemRow System(SystemKind kind, Id? by, IEnumerable<Id> accounts, string text, ulong count, SystemRow? about = null)
    {
        SystemRow system = about ?? new();
        (system.Kind, system.Text, system.Count) = ((uint)kind, text, count);
        if (by is { } actor) system.Actor = Bytes(actor);
        foreach (Id account in accounts) system.Accounts.Add(Bytes(account));
        return system;
    }

    /// <summary>A content with a fresh id, said now.</summary>
    public Content NewContent(Id? id = null) => ContentCodec.New(id ?? core.Mls.Crypto.NewId(), Now);

    /// <summary>Queues a content behind all others.</summary>
    /// <param name="content">The content.</param>
    /// <param name="position">Of its message, where it is one.</param>
    /// <param name="ends">Of its message.</param>
    /// <param name="undo">Of a reaction: the one before it.</param>
    /// <param name="yields">Whether what is written later goes first.</param>
    public void Queue(Content content, ulong position = 0, ulong ends = 0, ReactionRow? undo = null, bool yields = false)
    {
        ulong number = ++thread.Row.NextQueued;
        OutboxRow row = new() { Content = content.ToByteString(), Entry = Bytes(core.Mls.Crypto.NewId()), KeyChanges = thread.Row.KeyChanges, Position = position, Ends = ends, Undo = undo, Uploading = content.Text?.Attachments.Count > 0, Yields = yields };
        thread.Outbox.Add(number, row);
        Keep(number, row);
    }

    /// <summary>An outbox row changed.</summary>
    public void Keep(ulong number, OutboxRow row)
    {
        Changed = true;
        Batch.Put(StoreKeys.Outbox(thread.Id, number), row.ToByteArray());
    }

    /// <summary>An outbox row is done with.</summary>
    public void Drop(ulong number)
    {
        Changed = true;
        if (thread.Outbox.Remove(number, out OutboxRow? row)) thread.OnServer.Remove(Id.Read(row.Entry.Span));
        Batch.Delete(StoreKeys.Outbox(thread.Id, number));
    }

    /// <summary>Own acts on a message that wait, and are to go, are done with.</summary>
    public void DropActs(MessageRow message, Func<OutboxRow, Content, bool> go)
    {
        foreach ((ulong number, OutboxRow waiting) in thread.Outbox.ToArray())
            if (waiting.Position == 0 && Content.Parser.ParseFrom(waiting.Content) is var content && ActsOfMine.IsOn(content, message) && go(waiting, content)) Drop(number);
    }

    /// <summary>Own messages in this range got further.</summary>
    public void Progressed(ulong from, ulong to) =>
        _progress = _progress is { } known ? (Math.Min(known.From, from), Math.Max(known.To, to)) : (from, to);

    /// <summary>Stores everything, then shows it.</summary>
    public async Task SaveAsync()
    {
        if (Changed)
        {
            foreach (GroupStream stream in _streams)
            {
                stream.WriteGroup(Batch);
                Batch.Put(StoreKeys.Stream(stream.Id), stream.Row.ToByteArray());
            }
            foreach (Id account in _accounts)
                if (thread.Accounts.TryGetValue(account, out AccountRow? row)) Batch.Put(StoreKeys.Account(thread.Id, account), row.ToByteArray());
            Batch.Put(StoreKeys.Conversation(thread.Id), thread.Row.ToByteArray());
            if (_found.Count > 0) await core.Index.WriteAsync(thread.Id, _found, Batch).ConfigureAwait(false);
            await core.Store.ApplyAsync(Batch).ConfigureAwait(false);
            core.Index.Stored(thread.Id, Batch);
            foreach (GroupStream stream in _streams) stream.GroupStored();
            thread.Refresh();
        }
        foreach ((ulong position, MessageRow row, bool added) in _messages)
        {
            if (row.Deletion is { Hidden: true }) continue;
            Message message = log.Read(thread.Id, thread.View, position, row);
            core.Events.Publish(added ? new MessageAdded(message) : new MessageChanged(message));
        }
        if (_progress is { } range)
            foreach (Message message in await log.OwnAsync(thread, range.From, range.To, ProgressEvents).ConfigureAwait(false))
                core.Events.Publish(new MessageChanged(message));
        foreach (ClientEvent item in _events) core.Events.Publish(item);
        foreach (Action action in _after) action();
    }

    static readonly byte[] Present = [1];

    // After a long absence one receipt may settle thousands; the newest are those on a screen.
    const int ProgressEvents = 200;

    /// <summary>The 16 bytes of an id.</summary>
    public static ByteString Bytes(Id id) => ByteString.CopyFrom(id.ToArray());
}

/// <summary>Where a message stands, and its number among its device's contents.</summary>
readonly record struct NumberedMessage(ulong Position, ByteString Stream, ByteString Device, ulong Number)
{
    public static NumberedMessage Of(ulong position, MessageRow row) => new(position, row.Stream, row.Device, row.Number);
}

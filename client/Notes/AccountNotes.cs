using Google.Protobuf;
using Kavalek.Client.Noted;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>
/// What the account's devices know of its conversations, and what they call themselves (docs/PROTOCOL.md §10.7): kept here, and brought together with what the others
/// know whenever there is a connection.
/// </summary>
sealed class AccountNotes : IAsyncDisposable
{
    /// <summary>A conversation that is muted until then is muted for good.</summary>
    public const ulong Always = 1UL << 63;

    const int Attempts = 5;
    const ulong Year = 365UL * 86_400_000;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly ClientCore _core;
    readonly ConversationEngine _engine;
    readonly SegmentSeal _seal;
    readonly SemaphoreSlim _turn = new(1, 1);
    readonly SemaphoreSlim _syncing = new(1, 1);
    readonly ITimer _timer;
    NotesRow _row = new() { Notes = new Notes() };
    volatile Dictionary<Id, ConversationNote> _conversations = [];

    public AccountNotes(ClientCore core, ConversationEngine engine)
    {
        (_core, _engine) = (core, engine);
        OwnIdentity own = core.Identity;
        _seal = new SegmentSeal(core.Mls.Crypto, own.Instance, own.Account, () => own.HistoryKey ?? throw new InvalidOperationException("a certified device has the history keys"));
        _timer = core.Clock.CreateTimer(_ => engine.InBackground(TrySyncAsync), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Reads what this device knows.</summary>
    public async Task LoadAsync(CancellationToken cancel)
    {
        if (await _core.Store.GetAsync(StoreKeys.Notes, cancel).ConfigureAwait(false) is { } stored) _row = NotesRow.Parser.ParseFrom(stored);
        _row.Notes ??= new Notes();
        Refresh();
    }

    /// <summary>What is known of a conversation; <c>null</c> for nothing. It must not be changed.</summary>
    public ConversationNote? Of(Id conversation) => _conversations.GetValueOrDefault(conversation);

    /// <summary>What a device of the account calls itself; <c>null</c> where it does not.</summary>
    public string? NameOf(Id device) => Volatile.Read(ref _row).Notes.Devices.FirstOrDefault(note => note.Device.Span.SequenceEqual(device.ToArray())) is { Name.Length: > 0 } note ? note.Name : null;

    /// <summary>Changes what is known of a conversation, for all devices.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="change">Sets fields; given the note and the least time that the change may have. Whether anything changed.</param>
    public async Task SetAsync(Id conversation, Func<ConversationNote, ulong, bool> change)
    {
        bool changed = await ChangeAsync(notes =>
        {
            ConversationNote? note = notes.Conversations.FirstOrDefault(one => one.Conversation.Span.SequenceEqual(conversation.ToArray()));
            if (note is null) notes.Conversations.Add(note = new ConversationNote { Conversation = Step.Bytes(conversation) });
            return change(note, Now);
        }).ConfigureAwait(false);
        if (changed) Publish(conversation);
    }

    /// <summary>Names this device.</summary>
    public Task NameAsync(string name) => ChangeAsync(notes =>
    {
        ByteString own = Step.Bytes(_core.Identity.Device);
        DeviceNote? note = notes.Devices.FirstOrDefault(one => one.Device.Equals(own));
        if (note is null) notes.Devices.Add(note = new DeviceNote { Device = own });
        if (note.Name == name) return false;
        (note.Name, note.At) = (name, Later(note.At, Now));
        return true;
    });

    /// <summary>The time of a change: now, but after the one that it replaces.</summary>
    public static ulong Later(ulong before, ulong now) => Math.Max(now, before == ulong.MaxValue ? before : before + 1);

    /// <summary>Asks what the others know, and says what is known here alone.</summary>
    public async Task SyncAsync(CancellationToken cancel)
    {
        await _syncing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            for (int attempt = 0; attempt < Attempts; attempt++)
            {
                Wire.ArchiveNotes shown = await _core.Archive.NotesAsync(cancel).ConfigureAwait(false);
                Notes theirs = await ReadAsync(shown, cancel).ConfigureAwait(false);
                (bool learned, Notes all) = await MergeAsync(theirs, shown.Version, cancel).ConfigureAwait(false);
                if (learned) await ApplyAsync(cancel).ConfigureAwait(false);
                if (all.ToByteArray().AsSpan().SequenceEqual(theirs.ToByteArray()) || all.CalculateSize() == 0)
                {
                    await SettledAsync(all, cancel).ConfigureAwait(false);
                    return;
                }
                try
                {
                    ulong version = shown.Version + 1;
                    await _core.Archive.PutNotesAsync(new Wire.ArchiveNotes { Version = version, Sealed = ByteString.CopyFrom(await _seal.SealNotesAsync(version, Fitting(all)).ConfigureAwait(false)) }, cancel).ConfigureAwait(false);
                    await SettledAsync(all, cancel).ConfigureAwait(false);
                    return;
                }
                catch (KavalekException e) when (e.Code == ErrorCodes.StaleArchive)
                {
                    // Another device was first: merge what it said.
                }
            }
        }
        finally
        {
            _syncing.Release();
        }
    }

    /// <summary>Does what the notes say where that is more than to show them: reading up to where another device has read, and taking out of the archive what went on.</summary>
    public async Task ApplyAsync(CancellationToken cancel)
    {
        foreach ((Id id, ConversationNote note) in _conversations)
        {
            if (_engine.Thread(id) is not { } thread) continue;
            if (note.ReadAt > 0 && thread.View.Unread > 0 && Id.TryRead(note.ReadAccount.Span, out Id account) && Id.TryRead(note.ReadId.Span, out Id message))
                await _engine.ReadElsewhereAsync(thread, new MessageId(account, message), cancel).ConfigureAwait(false);
            if (note.Archived is not null && await _engine.NewestForeignAsync(thread).ConfigureAwait(false) is { } newest) await ReturnAsync(id, newest.Stream, newest.Seq).ConfigureAwait(false);
        }
    }

    /// <summary>Somebody else said something: a conversation that was archived before it is so no longer, unless it is muted.</summary>
    public Task ReturnAsync(Id conversation, ByteString stream, ulong seq)
    {
        if (Of(conversation) is not { Archived: { } archived } note || note.MutedUntil > Now) return Task.CompletedTask;
        if (stream.IsEmpty || (archived.Stream.Equals(stream) && seq <= archived.Seq)) return Task.CompletedTask;
        return SetAsync(conversation, (present, now) =>
        {
            if (present.Archived is null) return false;
            (present.Archived, present.ArchivedAt) = (null, Later(present.ArchivedAt, now));
            return true;
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _timer.DisposeAsync().ConfigureAwait(false);

    ulong Now => (ulong)Math.Max(0, _core.Clock.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Asks soon, where there is a connection; else the next one asks.</summary>
    public void SyncSoon(TimeSpan? after = null)
    {
        try
        {
            _timer.Change(after ?? Patience, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // It is closing.
        }
    }

    /// <summary>Asks now; what goes wrong with it is for the next connection.</summary>
    public async Task TrySyncAsync()
    {
        if (!_engine.IsConnected) return;
        try
        {
            await SyncAsync(_engine.Stopping).ConfigureAwait(false);
        }
        catch (Exception e) when (Setback.Is(e))
        {
            // The next connection asks.
        }
    }

    // What does not open, or only under a key that a lost device holds too, is nobody's word: what is known here is put in its place.
    async Task<Notes> ReadAsync(Wire.ArchiveNotes shown, CancellationToken cancel)
    {
        if (shown.Version == 0) return new Notes();
        Opened<Notes>? opened = await _seal.OpenNotesAsync(shown.Version, shown.Sealed.Memory).ConfigureAwait(false);
        if (opened is null)
        {
            // Another device may have replaced the keys.
            uint before = _seal.Generation;
            await _core.Devices.RefreshAsync(cancel).ConfigureAwait(false);
            if (_seal.Generation != before) opened = await _seal.OpenNotesAsync(shown.Version, shown.Sealed.Memory).ConfigureAwait(false);
        }
        return opened is not null && opened.Generation == _seal.Generation ? opened.What : new Notes();
    }

    async Task<bool> ChangeAsync(Func<Notes, bool> change)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            NotesRow next = _row.Clone();
            if (!change(next.Notes)) return false;
            next.Due = true;
            await SaveAsync(next, default).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
        SyncSoon();
        return true;
    }

    async Task<(bool Learned, Notes All)> MergeAsync(Notes theirs, ulong version, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        Dictionary<Id, ConversationNote> before = _conversations;
        DeviceNote[] named = [.. _row.Notes.Devices];
        bool learned;
        try
        {
            NotesRow next = _row.Clone();
            learned = NoteMerge.Into(next.Notes, theirs);
            bool pruned = Prune(next.Notes);
            if (learned || pruned || version > next.Version)
            {
                next.Version = Math.Max(next.Version, version);
                await SaveAsync(next, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
        if (learned)
            foreach ((Id id, ConversationNote note) in _conversations)
                if (!note.Equals(before.GetValueOrDefault(id))) Publish(id);
        if (learned && !named.SequenceEqual(_row.Notes.Devices)) _core.Events.Publish(new DeviceNamesChanged());
        return (learned, _row.Notes.Clone());
    }

    // What was said meanwhile is due still.
    async Task SettledAsync(Notes said, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (!_row.Due || !_row.Notes.Equals(said)) return;
            NotesRow next = _row.Clone();
            next.Due = false;
            await SaveAsync(next, cancel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    async Task SaveAsync(NotesRow next, CancellationToken cancel)
    {
        await _core.Store.ApplyAsync(new StoreBatch().Put(StoreKeys.Notes, next.ToByteArray()), cancel).ConfigureAwait(false);
        Volatile.Write(ref _row, next);
        Refresh();
    }

    void Refresh()
    {
        Dictionary<Id, ConversationNote> conversations = [];
        foreach (ConversationNote note in _row.Notes.Conversations)
            if (Id.TryRead(note.Conversation.Span, out Id id)) conversations[id] = note;
        _conversations = conversations;
    }

    // Devices that are gone, and what has been nothing for a year.
    bool Prune(Notes notes)
    {
        int before = notes.Devices.Count + notes.Conversations.Count;
        HashSet<Id> devices = [.. _core.Devices.Known.Certificates.Select(certificate => certificate.Content.Device), _core.Identity.Device];
        foreach (DeviceNote gone in notes.Devices.Where(note => !Id.TryRead(note.Device.Span, out Id device) || !devices.Contains(device)).ToArray()) notes.Devices.Remove(gone);
        ulong now = Now, old = now > Year ? now - Year : 0;
        foreach (ConversationNote gone in notes.Conversations.Where(note => IsNothing(note, old) || (Id.TryRead(note.Conversation.Span, out Id id) && _engine.Thread(id)?.View.State == ConversationState.Declined)).ToArray())
            notes.Conversations.Remove(gone);
        return notes.Devices.Count + notes.Conversations.Count != before;
    }

    static bool IsNothing(ConversationNote note, ulong old) => note is { Pinned: false, Archived: null, MutedUntil: 0, Unread: false }
        && Math.Max(Math.Max(Math.Max(note.PinnedAt, note.ArchivedAt), Math.Max(note.MutedAt, note.UnreadAt)), note.ReadAt) < old;

    // Where reading stands is what may be missing first.
    static byte[] Fitting(Notes notes)
    {
        Notes fitting = notes.Clone();
        foreach (ConversationNote note in fitting.Conversations.Where(note => note.ReadAt > 0).OrderBy(note => note.ReadAt).ToArray())
        {
            if (fitting.CalculateSize() <= SegmentSeal.BatchBytes) break;
            (note.ReadAccount, note.ReadId, note.ReadAt) = (ByteString.Empty, ByteString.Empty, 0);
        }
        return fitting.ToByteArray();
    }

    void Publish(Id conversation)
    {
        if (_engine.Find(conversation) is { } found) _core.Events.Publish(new ConversationChanged(found));
    }
}

using Kavalek.Protocol;

namespace Kavalek.Client.Browser;

/// <summary>
/// The account of this browser, opened by this tab: locked or in use, with what the page is told of it. The browser lets one tab sit here
/// at a time; the others ask it.
/// </summary>
sealed partial class Seat(Uri server, string database, Action<EventView> emit)
{
    SessionView _session = new("starting");
    KavalekClient? _client;
    int _entering;
    RecoveryKey? _recoveryKey;
    DeviceLink? _link;
    string _whyLocked = "start";

    /// <summary>What this browser holds.</summary>
    public async Task OpenAsync()
    {
        if (_client is null) await ClosedAsync().ConfigureAwait(false);
    }

    /// <summary>Closes without a word to the store: another tab writes to it now.</summary>
    public async Task LeaveAsync()
    {
        KavalekClient? client = Interlocked.Exchange(ref _client, null);
        if (client is not null) await client.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Everything there is to draw.</summary>
    public async Task<SnapshotView> SnapshotAsync()
    {
        if (_client is not { } client || client.Me.IsWaiting || IsClosing) return Nothing();
        ConversationView[] conversations = await Task.WhenAll(client.Conversations.Select(c => Draw.ConversationAsync(client, c))).ConfigureAwait(false);
        HistoryView history = Draw.History(await client.HistoryAsync().ConfigureAwait(false));
        SettingsView settings = await Draw.SettingsAsync(client).ConfigureAwait(false);
        return IsClosing ? Nothing() : new(_session, Draw.Connection(client.Connection, null), conversations, [.. client.Contacts.Select(Draw.Contact)], history, settings);
    }

    SnapshotView Nothing() => new(_session, Draw.Connection(ConnectionState.Offline, null), [], [], null, null);

    bool IsClosing => _session.State == "closing";

    /// <summary>Why there is nothing to ask.</summary>
    public static KavalekException NotOpen() => new("not_open", "No account is open here. Unlock it, or log in.");

    KavalekClient Client => _client ?? throw NotOpen();

    /// <summary>Opens a client by one of the three ways, and tells what it does.</summary>
    async Task EnterAsync(string doing, Func<ClientOptions, Task<KavalekClient>> open)
    {
        if (_client is not null || Interlocked.Exchange(ref _entering, 1) == 1)
            throw new KavalekException(ClientErrors.ProfileInUse, "An account is open already, or being opened. Lock it or log out first.");
        try
        {
            SessionView before = _session;
            Tell(new SessionView("busy") { Doing = doing });
            IndexedDbStore store = await IndexedDbStore.OpenAsync(database).ConfigureAwait(false);
            try
            {
                KavalekClient client = await open(Options(store)).ConfigureAwait(false);
                _client = client;
                _ = PumpAsync(client, client.Events());
                await EnteredAsync(client).ConfigureAwait(false);
            }
            catch
            {
                await store.DisposeAsync().ConfigureAwait(false);
                // A sign-up may have left a profile, or emptied one.
                if (before.State is "locked" or "removed") Tell(before);
                else await ClosedAsync().ConfigureAwait(false);
                throw;
            }
        }
        finally
        {
            Volatile.Write(ref _entering, 0);
        }
    }

    /// <summary>It is open, or has just been let in: connects, and gives the page everything.</summary>
    async Task EnteredAsync(KavalekClient client)
    {
        if (client.Me.IsWaiting)
        {
            Tell(new SessionView("waiting") { Me = Draw.Me(client) });
            return;
        }
        client.Touch();
        _session = new SessionView("ready") { Me = Draw.Me(client) };
        emit(new EventView("snapshot"));
        await client.StartAsync().ConfigureAwait(false);
    }

    /// <summary>No client is open: what does the browser hold?</summary>
    async Task ClosedAsync()
    {
        await using IndexedDbStore store = await IndexedDbStore.OpenAsync(database).ConfigureAwait(false);
        ProfileInfo info = await KavalekClient.InspectAsync(store).ConfigureAwait(false);
        Tell(info.State == ProfileState.Empty ? new SessionView("empty") : new SessionView("locked") { Why = _whyLocked });
    }

    /// <summary>What the page drew goes at once, however long the client takes to close.</summary>
    void Closing() => Tell(new SessionView("closing"));

    void Tell(SessionView session)
    {
        _session = session;
        emit(new EventView("session") { Session = session });
    }

    ClientOptions Options(IndexedDbStore store) => new()
    {
        Store = store,
        Transport = address => address == server ? new BrowserTransport(address) : throw new KavalekException(ClientErrors.OtherAccount,
            $"The account in this browser is on {address.Host}. Open it there."),
        Crypto = WebCryptoProvider.Shared,
        Stretching = WebPasswordStretching.Shared,
    };

    /// <summary>Tells the page what happens, until the client is closed; then, what is left.</summary>
    async Task PumpAsync(KavalekClient client, IAsyncEnumerable<ClientEvent> events)
    {
        KavalekException? ended = null;
        await foreach (ClientEvent happened in events.ConfigureAwait(false))
        {
            if (happened is SessionEnded end) ended = end.Reason;
            if (happened is Locked)
            {
                _whyLocked = "idle";
                Closing();
            }
            try
            {
                await TellAsync(client, happened).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ObjectDisposedException or KavalekException or IOException)
            {
                // It is closing while this is drawn; the end of the events says so.
            }
        }
        if (Interlocked.CompareExchange(ref _client, null, client) != client) return;
        _recoveryKey?.Dispose();
        (_recoveryKey, _link, _dashboard) = (null, null, null);
        if (ended is { Code: ErrorCodes.DeviceRemoved }) Tell(new SessionView("removed") { Error = Draw.Error(ended) });
        else await ClosedAsync().ConfigureAwait(false);
        emit(new EventView("snapshot"));
    }

    async Task TellAsync(KavalekClient client, ClientEvent happened)
    {
        switch (happened)
        {
            case ConnectionChanged connection:
                emit(new EventView("connection") { Connection = Draw.Connection(connection.State, connection.Reason) });
                if (connection.State == ConnectionState.Online) await TellSettingsAsync(client).ConfigureAwait(false);
                break;
            case MessageAdded added:
                emit(new EventView("message.added") { Message = Draw.Message(client, added.Message) });
                await TellOfAsync(client, added.Message.Conversation).ConfigureAwait(false);
                break;
            case MessageChanged changed:
                emit(new EventView("message.changed") { Message = Draw.Message(client, changed.Message) });
                await TellOfAsync(client, changed.Message.Conversation).ConfigureAwait(false);
                break;
            case MessageRemoved removed:
                emit(new EventView("message.removed") { Conversation = removed.Conversation.ToString(), Message = Draw.Name(removed.Message) });
                await TellOfAsync(client, removed.Conversation).ConfigureAwait(false);
                break;
            case ConversationChanged changed:
                await TellOfAsync(client, changed.Conversation.Id).ConfigureAwait(false);
                break;
            case RequestReceived request:
                emit(new EventView("request") { Conversation = await Draw.ConversationAsync(client, request.Conversation).ConfigureAwait(false) });
                break;
            case HistoryRestored restored:
                emit(new EventView("history.restored") { Conversation = restored.Conversation.Id.ToString() });
                await TellOfAsync(client, restored.Conversation.Id).ConfigureAwait(false);
                break;
            case HistoryChanged history:
                emit(new EventView("history") { History = Draw.History(history.Status) });
                break;
            case ContactChanged contact:
                emit(new EventView("contact") { Contact = Draw.Contact(contact.Contact) });
                break;
            case KeyChanged changed:
                emit(new EventView("key.changed") { Contact = Draw.Contact(changed.Contact) });
                break;
            case DevicesChanged devices:
                emit(new EventView("devices")
                {
                    Devices = [.. devices.Devices.Select(Draw.Device)],
                    Added = [.. devices.Added.Select(id => id.ToString())],
                    Removed = [.. devices.Removed.Select(id => id.ToString())],
                });
                break;
            case DeviceNamesChanged:
                emit(new EventView("devices.named"));
                break;
            case SessionEnded end when _session.State == "ready":
                Tell(_session with { Ended = Draw.Error(end.Reason) });
                break;
            case AttachmentProgressed file:
                emit(new EventView("transfer")
                {
                    Transfer = new TransferView(file.Conversation.ToString(), Draw.Name(file.Message), file.Attachment.ToString(), Draw.Word(file.State), file.Done, file.Total),
                });
                break;
            case AuditLogBroken:
                await TellSettingsAsync(client).ConfigureAwait(false);
                break;
            case Notice notice:
                emit(new EventView("notice") { Text = notice.Text });
                break;
        }
    }

    async Task TellSettingsAsync(KavalekClient client) => emit(new EventView("settings") { Settings = await Draw.SettingsAsync(client).ConfigureAwait(false) });

    // What is drawn is how it is now: an event that was overtaken says it once too often, never wrongly.
    async Task TellOfAsync(KavalekClient client, Id id)
    {
        if (_client == client && client.Conversation(id) is { } conversation)
            emit(new EventView("conversation") { Conversation = await Draw.ConversationAsync(client, conversation).ConfigureAwait(false) });
    }
}

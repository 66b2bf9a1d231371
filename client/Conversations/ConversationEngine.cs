using System.Collections.Concurrent;
using Kavalek.Client.Records;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>All conversations of the device: fed by the link, one operation at a time in each conversation.</summary>
sealed partial class ConversationEngine : IAsyncDisposable
{
    /// <summary>Entries that share one batch of the store, at most.</summary>
    const int BatchEntries = 256;

    /// <summary>Entries of streams that this device does not know, before it lets the server send on: a quarter of what it sends ahead.</summary>
    const int MostUnknown = Limits.MaximumWindow / 4;

    readonly ClientCore _core;
    readonly ConcurrentDictionary<Id, ConversationThread> _threads = new();
    readonly ConcurrentDictionary<Id, ConversationThread> _byStream = new();
    readonly ConcurrentDictionary<ITimer, byte> _timers = new();
    readonly ConcurrentDictionary<(Id Account, string Key), byte> _asked = new();
    readonly ConcurrentDictionary<Task, byte> _background = new();
    readonly ConcurrentDictionary<Id, byte> _lookedAt = new();
    readonly ConcurrentDictionary<Id, byte> _openingAnew = new();
    readonly Dictionary<Id, ulong> _unknown = [];
    readonly SemaphoreSlim _joining = new(1);
    readonly CancellationTokenSource _stop = new();
    readonly Intents _intents = new();
    readonly Intake _intake;
    readonly Sender _sender;
    readonly Receipts _receipts;
    readonly Welcomes _welcomes;
    readonly Opening _opening;
    readonly Expiry _expiry;
    volatile bool _running;
    ulong _inboxNext = 1;
    byte[] _inboxLast = [];
    int _saidRewound, _saidDamaged, _unknownEntries;
    ulong _rewoundAt;

    ConversationEngine(ClientCore core)
    {
        _core = core;
        Log = new MessageLog(core.Store, core.Identity.Account, core.Clock);
        Renewal = new Renewal(core.Renewal, core.Mls.Crypto);
        _receipts = new Receipts(core, Log);
        InStep inStep = new(core);
        Searching = new Searching(core, this);
        Notes = new AccountNotes(core, this);
        Returns = new Returns(core, this, _intents);
        _intake = new Intake(core, new ContentIntake(core), inStep, _intents, Returns);
        _sender = new Sender(core, this, new CommitBuilder(_intents), inStep, _intents, _receipts);
        _welcomes = new Welcomes(core, Renewal);
        _opening = new Opening(core, _intents, Renewal);
        _expiry = new Expiry(core, this);
        Uploads = new Uploads(core, this);
        Downloads = new Downloads(core);
        core.Unwanted = () => { if (_running) InBackground(TransferAsync); };
        core.Ends = end => _expiry.Expect(end);
        core.Returned = (conversation, stream, seq) =>
        {
            if (Notes.Of(conversation) is { Archived: not null }) InBackground(() => Notes.ReturnAsync(conversation, stream, seq));
        };
        core.Asked = () => After(AnswerAfter, () => InBackground(TryAnswerDueAsync));
    }

    /// <summary>The messages.</summary>
    public MessageLog Log { get; }

    /// <summary>What the account's devices know of the conversations.</summary>
    public AccountNotes Notes { get; }

    /// <summary>Finds messages by their words.</summary>
    public Searching Searching { get; }

    /// <summary>The way back for devices that cannot follow.</summary>
    public Returns Returns { get; }

    /// <summary>Attachments on their way to the server.</summary>
    public Uploads Uploads { get; }

    /// <summary>Attachments on their way here.</summary>
    public Downloads Downloads { get; }

    /// <summary>When keys are renewed.</summary>
    public Renewal Renewal { get; }

    /// <summary>What the parts of the client share.</summary>
    public ClientCore Core => _core;

    /// <summary>All conversations, from the inside; for tests, while nothing runs.</summary>
    public IEnumerable<ConversationThread> Threads => _threads.Values;

    /// <summary>Newest activity first.</summary>
    public IReadOnlyList<Conversation> All =>
        [.. _threads.Values.Where(thread => thread.View.State != ConversationState.Declined).OrderByDescending(thread => thread.View.Activity).Select(thread => thread.Face)];

    /// <summary>Loads what is stored.</summary>
    public static async Task<ConversationEngine> OpenAsync(ClientCore core, CancellationToken cancel)
    {
        ConversationEngine engine = new(core);
        IReadOnlyList<StoreEntry> streams = await core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Streams), cancel).ConfigureAwait(false);
        ILookup<Id, (Id Id, StreamRow Row)> byConversation = streams
            .Select(entry => (Id: StoreKeys.IdOf(entry.Key), Row: StreamRow.Parser.ParseFrom(entry.Value)))
            .ToLookup(stream => Id.Read(stream.Row.Conversation.Span));
        PreloadedStore preloaded = await PreloadedStore.ReadAsync(core.Store, StoreKeys.OfThreads, cancel).ConfigureAwait(false);
        foreach (StoreEntry entry in await core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Conversations), cancel).ConfigureAwait(false))
        {
            ConversationThread thread = new(engine, StoreKeys.IdOf(entry.Key), ConversationRow.Parser.ParseFrom(entry.Value));
            await thread.LoadAsync(core, byConversation[thread.Id], cancel, preloaded).ConfigureAwait(false);
            engine.Add(thread);
        }
        if (await core.Store.GetAsync(StoreKeys.Inbox, cancel).ConfigureAwait(false) is { } inbox && IndexRow.Parser.ParseFrom(inbox) is var row)
            (engine._inboxNext, engine._inboxLast) = (row.Position, row.Last.ToByteArray());
        if (await core.Store.GetAsync(StoreKeys.Rewound, cancel).ConfigureAwait(false) is { } rewound) engine._rewoundAt = IndexRow.Parser.ParseFrom(rewound).Position;
        await engine.Notes.LoadAsync(cancel).ConfigureAwait(false);
        await engine._receipts.LoadAsync(cancel).ConfigureAwait(false);
        // Before anything is drawn.
        await engine._expiry.SweepAsync(cancel).ConfigureAwait(false);
        await core.Files.SweepAsync(cancel).ConfigureAwait(false);
        await engine.EndOffersAsync(cancel).ConfigureAwait(false);
        engine.InBackground(engine.BuildSearchAsync);
        return engine;
    }

    /// <summary>Somebody known, the own account among them.</summary>
    public Contact? ContactOf(Id account)
    {
        if (account != _core.Identity.Account) return _core.People.Find(account);
        (Id, byte[]) me = (account, _core.Identity.PublicAccountKey);
        return new Contact(account, _core.Profile.Data.Handle, me.Item2, () => SafetyNumber.Of(_core.Identity.Instance, me, me))
        {
            DisplayName = _core.DisplayName,
            Trust = Trust.Verified,
        };
    }

    /// <summary>Somebody as a conversation shows them.</summary>
    public Contact? ContactOf(MemberDevice device) =>
        device.Account == _core.Identity.Account ? ContactOf(device.Account) : _core.People.FindAs(device.Account, device.AccountKey);

    /// <summary>A conversation by its id.</summary>
    public Conversation? Find(Id id) => _threads.GetValueOrDefault(id)?.Face;

    /// <summary>Processes what the link brings and sends what waits, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        _running = true;
        using ITimer tick = _core.Clock.CreateTimer(_ => Tick(), null, TickEvery, TickEvery);
        try
        {
            List<Wire.Entry> entries = [];
            bool looked = false;
            await foreach (LinkEvent first in _core.Link.Incoming.ReadAllAsync(cancel).ConfigureAwait(false))
            {
                LinkEvent? next = first;
                bool up = false;
                while (next is not null)
                {
                    if (next is LinkEntry entry) entries.Add(entry.Entry);
                    up |= next is LinkUp;
                    next = entries.Count < BatchEntries && _core.Link.Incoming.TryRead(out LinkEvent? more) ? more : null;
                }
                // Before anything of a new connection is taken: a server that was put back gives other entries the numbers that are known.
                if (up) looked = await LookBackAsync(cancel).ConfigureAwait(false);
                // What came over a connection that was given up comes again over the next one.
                if (looked && !await TakeAsync(entries, cancel).ConfigureAwait(false)) After(TryAgain, () => InBackground(CaughtUpAsync));
                entries.Clear();
                if (up && looked) InBackground(CaughtUpAsync);
            }
        }
        finally
        {
            _running = false;
        }
    }

    // Whether the server still has what it gave out. Where it does not say, nothing is taken over this connection until it does. False where the connection is over:
    // the next one looks.
    async Task<bool> LookBackAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await LookBackOnceAsync(cancel).ConfigureAwait(false);
                return true;
            }
            catch (Exception e)
            {
                // Whoever stops is told that it stopped, and not why it could not look any more.
                cancel.ThrowIfCancellationRequested();
                // Not the weather: a connection that looks up, and over which nothing is ever taken, would say nothing of it to anybody.
                if (e is KavalekException { Code: ClientErrors.ServerMisbehaves } || !Setback.Is(e))
                {
                    await _core.Link.BreakAsync(Setback.InWords(e)).ConfigureAwait(false);
                    return false;
                }
                if (!IsConnected) return false;
            }
            await Task.Delay(TryAgain, _core.Clock, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>One complete catch-up over REST; whatever the link brings meanwhile is the same.</summary>
    public async Task SyncAsync(CancellationToken cancel)
    {
        await _expiry.SweepAsync(cancel).ConfigureAwait(false);
        await CatchUpAllAsync(cancel).ConfigureAwait(false);
        await AskAgainAsync(cancel).ConfigureAwait(false);
        await ResolveDoubtsAsync(cancel).ConfigureAwait(false);
        await MatchOwnDevicesAsync(cancel).ConfigureAwait(false);
        await LetInAllAsync(cancel).ConfigureAwait(false);
        await AnswerDueAsync(cancel).ConfigureAwait(false);
        // What becomes of files keeps no text from going out.
        KavalekException? setback = await TransferAsync(Uploads.TakeBackAsync(cancel)).ConfigureAwait(false);
        foreach (ConversationThread thread in _threads.Values)
        {
            setback = await TransferAsync(Uploads.RunAsync(thread, cancel)).ConfigureAwait(false) ?? setback;
            await FlushAsync(thread, cancel).ConfigureAwait(false);
        }
        if (setback is not null) throw setback;
    }

    static async Task<KavalekException?> TransferAsync(Task transfer)
    {
        try
        {
            await transfer.ConfigureAwait(false);
            return null;
        }
        catch (KavalekException e)
        {
            return e;
        }
    }

    /// <summary>Sends what waits in a conversation and waits until it has its place there.</summary>
    public async Task FlushAsync(ConversationThread thread, CancellationToken cancel)
    {
        try
        {
            await _sender.FlushAsync(thread, fetch: true, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e)
        {
            _intents.Postpone(thread, e);
            throw;
        }
    }

    /// <summary>One step of a conversation, alone. Where it fails, memory is read from the store again.</summary>
    public async Task<T> StepAsync<T>(ConversationThread thread, Func<Step, Task<T>> body, CancellationToken cancel)
    {
        await thread.Gate.WaitAsync(cancel).ConfigureAwait(false);
        Step step = new(_core, Log, thread);
        try
        {
            T result = await body(step).ConfigureAwait(false);
            await step.SaveAsync().ConfigureAwait(false);
            return result;
        }
        // That nothing changed is what whoever asked is told; memory may be ahead of the store all the same.
        catch (Exception e) when (step.Changed || e is not KavalekException { NothingChanged: true })
        {
            _core.Index.Forget(thread.Id);
            await thread.ReloadAsync(_core).ConfigureAwait(false);
            throw;
        }
        finally
        {
            thread.Gate.Release();
        }
    }

    /// <summary>Sends what waits, in the background, where the client is connected.</summary>
    public void Kick(ConversationThread thread)
    {
        if (_running && Uploads.IsDue(thread)) InBackground(TransferAsync);
        // 0: idle; 1: sending; 2: sending, and something came since.
        if (!_running || Interlocked.Exchange(ref thread.Kicked, 2) != 0) return;
        InBackground(() => SendInBackgroundAsync(thread));
    }

    /// <summary>Looks after a conversation again in a while.</summary>
    public void Later(ConversationThread thread, TimeSpan delay) => After(delay, () => Kick(thread));

    void After(TimeSpan delay, Action action)
    {
        ITimer? timer = null;
        timer = _core.Clock.CreateTimer(_ =>
        {
            if (timer is not null && _timers.TryRemove(timer, out byte _)) timer.Dispose();
            if (_running) action();
        }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timers.TryAdd(timer, 0);
        timer.Change(delay + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether a person's changed key stops all sending until it is accepted.</summary>
    public bool IsHeld(ConversationThread thread) =>
        thread.Live is { } stream && stream.Devices.Any(IsChanged);

    bool IsChanged(MemberDevice device) => _core.People.FindAs(device.Account, device.AccountKey) is { Trust: Trust.VerifiedChanged };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _running = false;
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await _expiry.DisposeAsync().ConfigureAwait(false);
            await Notes.DisposeAsync().ConfigureAwait(false);
            foreach (ITimer timer in _timers.Keys) await timer.DisposeAsync().ConfigureAwait(false);
            await Task.WhenAll(_background.Keys).ConfigureAwait(false);
        }
        finally
        {
            foreach (ConversationThread thread in _threads.Values)
            {
                await thread.Gate.WaitAsync().ConfigureAwait(false);
                thread.Close();
            }
            await Downloads.DisposeAsync().ConfigureAwait(false);
            Returns.Dispose();
            _stop.Dispose();
        }
    }

    // Renewals and receipts that came due without an occasion.
    static readonly TimeSpan TickEvery = TimeSpan.FromMinutes(1), TryAgain = TimeSpan.FromSeconds(5);

    /// <summary>Whether the link is up, so that it brings what is in the streams.</summary>
    public bool IsConnected => _running && _core.Link.State is ConnectionState.Syncing or ConnectionState.Online;

    async Task BuildSearchAsync()
    {
        try
        {
            await Searching.BuildAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The next start goes on.
        }
        catch (Exception e) when (Setback.Is(e))
        {
            // As does it where the disk was full.
        }
    }

    // After each connection: what happened meanwhile comes by pages, which is faster than by the window of the socket.
    async Task CaughtUpAsync()
    {
        try
        {
            await CatchUpAllAsync(_stop.Token).ConfigureAwait(false);
            await AskAgainAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            if (e is not KavalekException { Code: not ClientErrors.ProfileDamaged }) Report(e);
            if (IsConnected) After(TryAgain, () => InBackground(CaughtUpAsync)); // else the next connection does it
            return;
        }
        _core.Link.CaughtUp();
        KickAll();
        foreach (StoreEntry entry in await _core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Peers)).ConfigureAwait(false)) LetInSoon(StoreKeys.IdOf(entry.Key));
        foreach (ConversationThread thread in _threads.Values.Where(IsForgotten)) BeginAfreshSoon(thread);
    }

    /// <summary>Says what went wrong where no caller waits for it; that something is damaged, which no trying again mends, once.</summary>
    void Report(Exception e)
    {
        if (e is KavalekException && Interlocked.Exchange(ref _saidDamaged, 1) != 0) return;
        _core.Events.Publish(new Notice(Setback.InWords(e).Message));
    }

    /// <summary>The conversation that is kept under an id, declined ones too.</summary>
    public ConversationThread? Thread(Id id) => _threads.GetValueOrDefault(id);

    // What the server said it had stored has not come with all the rest: it may have lost it, and to repeat it is harmless.
    async Task AskAgainAsync(CancellationToken cancel)
    {
        foreach (ConversationThread thread in _threads.Values)
            await StepAsync(thread, step =>
            {
                thread.OnServer.Clear();
                return Task.FromResult(true);
            }, cancel).ConfigureAwait(false);
    }

    /// <summary>Does something beside; it ends before the engine does, and what it ends with keeps nobody from closing.</summary>
    public void InBackground(Func<Task> work)
    {
        Task task = Task.Run(() => ReportedAsync(work));
        _background.TryAdd(task, 0);
        _ = task.ContinueWith(done => _background.TryRemove(done, out byte _), TaskScheduler.Default);
    }

    async Task ReportedAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // What the server or the network did shows by itself.
            if (e is not KavalekException && !_stop.IsCancellationRequested) Report(e);
        }
    }

    /// <summary>Over when the engine closes: for what is done beside.</summary>
    public CancellationToken Stopping => _stop.Token;

    void Add(ConversationThread thread)
    {
        _threads[thread.Id] = thread;
        foreach (Id stream in thread.Streams.Keys) _byStream[stream] = thread;
    }

    void Tick()
    {
        KickAll();
        if (!_running || !IsConnected) return;
        InBackground(LookForReadersAsync);
        InBackground(TryAnswerDueAsync);
    }

    // One at a time looks at all conversations; what is asked for meanwhile is one more look.
    async Task TransferAsync()
    {
        if (Interlocked.Exchange(ref _transferring, 2) != 0) return;
        do
        {
            Volatile.Write(ref _transferring, 1);
            try
            {
                await Task.WhenAll(_threads.Values.Select(thread => Uploads.RunAsync(thread, _stop.Token)).Append(Uploads.TakeBackAsync(_stop.Token))).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (e is not KavalekException) Report(e);
                if (IsConnected) After(TryAgain, () => InBackground(TransferAsync)); // else the next connection does it
            }
        }
        while (Interlocked.CompareExchange(ref _transferring, 0, 1) != 1);
    }

    int _transferring;

    void KickAll()
    {
        foreach (ConversationThread thread in _threads.Values) Kick(thread);
    }

    async Task SendInBackgroundAsync(ConversationThread thread)
    {
        do
        {
            Volatile.Write(ref thread.Kicked, 1);
            try
            {
                await _sender.FlushAsync(thread, fetch: false, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (e is not KavalekException) Report(e);
                if (e is KavalekException reason) _intents.Postpone(thread, reason);
                if (IsConnected) Later(thread, TryAgain); // else it goes out when the link is up again
            }
        }
        while (Interlocked.CompareExchange(ref thread.Kicked, 0, 1) != 1);
    }
}

using System.Threading.Channels;
using Google.Protobuf;
using Kavalek.Client.Archived;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// The account's history archive as this device keeps it (docs/PROTOCOL.md §10): agrees on whether there is one, reads what others wrote, writes what they have not, and
/// fills this device from it. One operation at a time; where it stands is stored with each.
/// </summary>
sealed partial class HistoryArchive : IAsyncDisposable
{
    /// <summary>Marked texts that are written at once.</summary>
    public const int FullMarks = 128;

    /// <summary>How long a marked text waits for more, at most.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    static readonly TimeSpan TryAgain = TimeSpan.FromMinutes(1);

    readonly ClientCore _core;
    readonly ConversationEngine _engine;
    readonly SegmentSeal _seal;
    readonly SemaphoreSlim _turn = new(1, 1);
    readonly Channel<bool> _kicks = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly ITimer _timer;
    HistoryRow _row;
    int _marked, _timed;

    HistoryArchive(ClientCore core, ConversationEngine engine, HistoryRow row)
    {
        (_core, _engine, _row) = (core, engine, row);
        OwnIdentity own = core.Identity;
        _seal = new SegmentSeal(core.Mls.Crypto, own.Instance, own.Account, () => own.HistoryKey ?? throw new InvalidOperationException("a certified device has the history keys"));
        _timer = core.Clock.CreateTimer(_ => Kick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        core.IsArchiving = !row.Off;
        core.Marked = OnMarked;
    }

    /// <summary>Reads where this device stands.</summary>
    public static async Task<HistoryArchive> OpenAsync(ClientCore core, ConversationEngine engine, CancellationToken cancel) => new(core, engine,
        await core.Store.GetAsync(StoreKeys.History, cancel).ConfigureAwait(false) is { } row ? HistoryRow.Parser.ParseFrom(row) : new HistoryRow());

    /// <summary>How it stands.</summary>
    public async Task<HistoryStatus> StatusAsync(CancellationToken cancel)
    {
        int waiting = (await _core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Due), cancel).ConfigureAwait(false)).Count;
        return Status(waiting);
    }

    /// <summary>Reads what is new, writes what is due, and reads a page further down.</summary>
    /// <param name="all">Write everything that is marked, however new.</param>
    /// <param name="cancel">Stops.</param>
    public Task SyncAsync(bool all, CancellationToken cancel) => InTurnAsync(async () =>
    {
        if (!await AgreeAsync(cancel).ConfigureAwait(false)) return;
        await RebuiltAsync(cancel).ConfigureAwait(false);
        if (!_row.Rebuilding) await WriteAsync(all, cancel).ConfigureAwait(false);
        await FillPageAsync(cancel).ConfigureAwait(false);
    }, cancel);

    /// <summary>Reads the archive to its end; goes on where it stopped.</summary>
    public async Task FillAsync(CancellationToken cancel)
    {
        await SyncAsync(all: false, cancel).ConfigureAwait(false);
        while (!_row.Off && _row.Low != 1)
        {
            // Reading may begin anew, once: then the head has to be asked for first.
            if (_row.Low == 0) await SyncAsync(all: false, cancel).ConfigureAwait(false);
            else await InTurnAsync(() => FillPageAsync(cancel), cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Switches the archive on, or off for all devices of the account, which deletes it on the server.</summary>
    public Task SetAsync(bool on, CancellationToken cancel) => InTurnAsync(async () =>
    {
        if (await AgreeAsync(cancel).ConfigureAwait(false) == on) return;
        await PutAsync(_version, on ? _core.Mls.Crypto.NewId() : null, cancel).ConfigureAwait(false);
        await PublishAsync(cancel).ConfigureAwait(false);
    }, cancel);

    /// <summary>Keeps the archive while connected, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        IAsyncEnumerable<ClientEvent> events = _core.Events.Subscribe(cancel);
        Task listening = ListenAsync(events, cancel);
        await foreach (bool _ in _kicks.Reader.ReadAllAsync(cancel).ConfigureAwait(false))
        {
            (_marked, _timed) = (0, 0);
            try
            {
                await FillAsync(cancel).ConfigureAwait(false);
            }
            catch (KavalekException e)
            {
                // The next connection, or the next minute.
                if (e.Code is not (ClientErrors.Offline or ErrorCodes.SessionEnded)) _timer.Change(TryAgain, Timeout.InfiniteTimeSpan);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                if (!Setback.IsOfStore(e)) _core.Events.Publish(new Notice(Setback.InWords(e).Message));
                _timer.Change(TryAgain, Timeout.InfiniteTimeSpan);
            }
        }
        await listening.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _core.Marked = () => { };
        await _timer.DisposeAsync().ConfigureAwait(false);
        _kicks.Writer.TryComplete();
    }

    void Kick() => _kicks.Writer.TryWrite(true);

    // Not exactly after so long: the other devices of the account have read the same, and who comes second finds it written.
    void OnMarked()
    {
        if (Interlocked.Increment(ref _marked) >= FullMarks) Kick();
        else if (Interlocked.Exchange(ref _timed, 1) == 0)
            _timer.Change(Patience + TimeSpan.FromMilliseconds(_core.Mls.Crypto.Between(0, 30_000)), Timeout.InfiniteTimeSpan);
    }

    async Task ListenAsync(IAsyncEnumerable<ClientEvent> events, CancellationToken cancel)
    {
        await foreach (ClientEvent item in events.WithCancellation(cancel).ConfigureAwait(false))
            if (item is ConnectionChanged { State: ConnectionState.Online }) Kick();
    }

    async Task InTurnAsync(Func<Task> work, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        HistoryRow before = _row.Clone();
        try
        {
            await work().ConfigureAwait(false);
        }
        catch
        {
            // Memory goes no further than the store.
            _row = await _core.Store.GetAsync(StoreKeys.History, CancellationToken.None).ConfigureAwait(false) is { } stored ? HistoryRow.Parser.ParseFrom(stored) : before;
            throw;
        }
        finally
        {
            _page.Clear();
            _turn.Release();
        }
    }

    Id Archive => Id.Read(_row.Archive.Span);

    ulong NowSeconds => (ulong)Math.Max(0, _core.Clock.GetUtcNow().ToUnixTimeSeconds());

    Task SaveAsync(StoreBatch batch, CancellationToken cancel) => _core.Store.ApplyAsync(batch.Put(StoreKeys.History, _row.ToByteArray()), cancel).AsTask();

    HistoryStatus Status(int waiting) => new(!_row.Off, _row.Head, _row.Off || _row.Serial == 0 ? 0 : _row.Low == 0 ? _row.Head : _row.Low - 1, _row.Restored, waiting, _row.Bytes, _row.Quota)
    {
        Problem = _row.Problem.Length > 0 ? _row.Problem : null,
    };

    // Counted as far as a person would want to know: where all is written anew there may be very many.
    async Task PublishAsync(CancellationToken cancel)
    {
        int waiting = (await _core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Due, CountedMarks), cancel).ConfigureAwait(false)).Count;
        _core.Events.Publish(new HistoryChanged(Status(waiting)));
    }

    const int CountedMarks = 1_000;

    // Said once; nothing here is deleted or changed because of what a server shows.
    void Tell(string problem)
    {
        if (_row.Problem == problem) return;
        _row.Problem = problem;
        _core.Events.Publish(new Notice(problem));
    }
}

using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Takes away what has ended (docs/PROTOCOL.md §7.7): at every start before anything is drawn, and as each end comes.</summary>
sealed class Expiry : IAsyncDisposable
{
    const int Page = 256;
    const ulong ClockSlack = 60_000;
    // 2026-01-01: what a clock shows that was never set is no time to reckon by.
    const ulong FirstCredible = 1_767_225_600_000;
    static readonly TimeSpan LongestWait = TimeSpan.FromHours(1), TryAgain = TimeSpan.FromMinutes(1);

    readonly ClientCore _core;
    readonly ConversationEngine _engine;
    readonly SemaphoreSlim _turn = new(1, 1);
    readonly ITimer _timer;
    readonly Lock _lock = new();
    ulong _next = ulong.MaxValue;
    bool _disposed;

    public Expiry(ClientCore core, ConversationEngine engine)
    {
        (_core, _engine) = (core, engine);
        _timer = core.Clock.CreateTimer(_ => engine.InBackground(TrySweepAsync), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A message ends then: it is swept away in time.</summary>
    public void Expect(ulong ends)
    {
        lock (_lock)
        {
            if (_disposed || ends >= _next) return;
            _next = ends;
            ulong now = Now;
            TimeSpan wait = TimeSpan.FromMilliseconds(ends <= now ? 1 : Math.Min(ends - now + 1, LongestWait.TotalMilliseconds));
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Takes away everything that has ended by now.</summary>
    public async Task SweepAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            ulong now = Now;
            await FollowClockAsync(now, cancel).ConfigureAwait(false);
            while (true)
            {
                IReadOnlyList<StoreEntry> ended = await _core.Store.ScanAsync(new StoreRange(StoreKeys.Ends, StoreKeys.EndsBefore(now + 1), Page), cancel).ConfigureAwait(false);
                foreach (IGrouping<Id, StoreEntry> conversation in ended.GroupBy(ConversationOf))
                    await RemoveAsync(conversation.Key, [.. conversation], now, cancel).ConfigureAwait(false);
                if (ended.Count < Page) break;
            }
            lock (_lock) _next = ulong.MaxValue;
            if (await _core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Ends, 1), cancel).ConfigureAwait(false) is [{ } first]) Expect(EndOf(first));
        }
        catch
        {
            ExpectAgain();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock) _disposed = true;
        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    ulong Now => (ulong)Math.Max(0, _core.Clock.GetUtcNow().ToUnixTimeMilliseconds());

    // The timer is used up, and what was to be next was not taken away: without this nothing would be until the next start.
    void ExpectAgain()
    {
        lock (_lock)
        {
            ulong now = Now, soon = now + (ulong)TryAgain.TotalMilliseconds;
            ulong due = _next > now && _next < soon ? _next : soon;
            _next = ulong.MaxValue;
            Expect(due);
        }
    }

    async Task TrySweepAsync()
    {
        try
        {
            await SweepAsync(_engine.Stopping).ConfigureAwait(false);
        }
        catch (Exception e) when (Setback.IsOfStore(e))
        {
            // The disk: nothing that has ended is shown, and it is tried again.
        }
    }

    async Task RemoveAsync(Id conversation, IReadOnlyList<StoreEntry> ended, ulong now, CancellationToken cancel)
    {
        if (_engine.Thread(conversation) is not { } thread)
        {
            StoreBatch batch = new();
            foreach (StoreEntry entry in ended) batch.Delete(entry.Key);
            await _core.Store.ApplyAsync(batch, cancel).ConfigureAwait(false);
            return;
        }
        await _engine.StepAsync(thread, async step =>
        {
            foreach (StoreEntry entry in ended)
            {
                ulong position = StoreKeys.NumberOf(entry.Key);
                if (position == Step.DraftPosition && thread.Draft is { Ends: > 0 } draft && draft.Ends <= now) step.SetDraft(null);
                // The message may have moved, or its end with it: then another mark stands for it.
                if (await _engine.Log.GetAsync(conversation, position, cancel).ConfigureAwait(false) is { Ends: > 0 } row && row.Ends <= now)
                    await step.RemoveAsync(position).ConfigureAwait(false);
                step.Batch.Delete(entry.Key);
            }
            step.Changed = true;
            return true;
        }, cancel).ConfigureAwait(false);
    }

    // A clock that is set back would make everything last longer: the ends go back as far as it did.
    async Task FollowClockAsync(ulong now, CancellationToken cancel)
    {
        if (now < FirstCredible) return;
        ulong latest = await _core.Store.GetAsync(StoreKeys.Clock, cancel).ConfigureAwait(false) is { } stored ? IndexRow.Parser.ParseFrom(stored).Position : 0;
        if (latest > now + ClockSlack) await MoveEndsAsync(latest - now, cancel).ConfigureAwait(false);
        else if (now < latest + ClockSlack) return;
        await _core.Store.ApplyAsync(new StoreBatch().Put(StoreKeys.Clock, new IndexRow { Position = now }.ToByteArray()), cancel).ConfigureAwait(false);
    }

    async Task MoveEndsAsync(ulong by, CancellationToken cancel)
    {
        IReadOnlyList<StoreEntry> all = await _core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Ends), cancel).ConfigureAwait(false);
        foreach (IGrouping<Id, StoreEntry> conversation in all.GroupBy(ConversationOf))
        {
            if (_engine.Thread(conversation.Key) is not { } thread) continue;
            await _engine.StepAsync(thread, async step =>
            {
                foreach (StoreEntry entry in conversation)
                {
                    ulong position = StoreKeys.NumberOf(entry.Key);
                    if (position == Step.DraftPosition && thread.Draft is { Ends: > 0 } draft) step.SetDraft(new(draft) { Ends = draft.Ends > by ? draft.Ends - by : 1 });
                    await step.ChangeAsync(position, row => row.Ends = row.Ends > by ? row.Ends - by : 1).ConfigureAwait(false);
                }
                return true;
            }, cancel).ConfigureAwait(false);
        }
    }

    // conv/z/END/CONVERSATION/POSITION
    static Id ConversationOf(StoreEntry entry) => Id.Parse(entry.Key.Split('/')[3]);

    static ulong EndOf(StoreEntry entry) => StoreKeys.NumberOf(entry.Key[..(StoreKeys.Ends.Length + 16)]);
}

using Kavalek.Client.Archived;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What comes into conversations beside their streams: from the archive, and passed on by members.</summary>
sealed partial class ConversationEngine
{
    static readonly TimeSpan AnswerAfter = TimeSpan.FromSeconds(1);

    async Task TryAnswerDueAsync()
    {
        try
        {
            await AnswerDueAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (Setback.Is(e) || e is OperationCanceledException)
        {
            // The next minute.
        }
    }

    /// <summary>Passes on what was asked for: of this device's own offers, and of those that another device of the account does not answer.</summary>
    async Task AnswerDueAsync(CancellationToken cancel)
    {
        foreach (StoreEntry open in await _core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Asks), cancel).ConfigureAwait(false))
        {
            // conv/a/CONVERSATION/OFFER
            if (_threads.GetValueOrDefault(Id.Parse(open.Key.Split('/')[2])) is not { } thread) continue;
            await StepAsync(thread, async step =>
            {
                if (thread.State == ConversationState.Active && thread.Live is not null) await Sharing.AnswerDueAsync(step, StoreKeys.IdOf(open.Key)).ConfigureAwait(false);
                return true;
            }, cancel).ConfigureAwait(false);
            Kick(thread);
        }
        await EndOffersAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Deletes the keys of offers that were never answered; looks once a day.</summary>
    async Task EndOffersAsync(CancellationToken cancel)
    {
        ulong now = Milliseconds();
        if (now < _offersLookedAt + Day && now >= _offersLookedAt) return;
        _offersLookedAt = now;
        foreach (StoreEntry entry in await _core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.AllOffers), cancel).ConfigureAwait(false))
        {
            // conv/k/CONVERSATION/OFFER
            if (!Sharing.HasEnded(OfferRow.Parser.ParseFrom(entry.Value), now) || _threads.GetValueOrDefault(Id.Parse(entry.Key.Split('/')[2])) is not { } thread) continue;
            await StepAsync(thread, async step =>
            {
                await Sharing.EndAsync(step, StoreKeys.IdOf(entry.Key)).ConfigureAwait(false);
                return true;
            }, cancel).ConfigureAwait(false);
        }
    }

    const ulong Day = 24 * 60 * 60 * 1000UL;
    ulong _offersLookedAt;

    /// <summary>
    /// Puts texts of one conversation where they belong, those that are here already excepted; the marks of these for the archive go, because it has them. A conversation
    /// that is not known here is made, to be read only.
    /// </summary>
    /// <returns>How many are new here.</returns>
    public async Task<int> RestoreAsync(ArchivedConversation about, IReadOnlyList<MessageRow> newestFirst, CancellationToken cancel)
    {
        await _joining.WaitAsync(cancel).ConfigureAwait(false);
        ConversationThread thread;
        try
        {
            Id id = Id.Read(about.Id.Span);
            thread = _threads.GetValueOrDefault(id) ?? new ConversationThread(this, id, new ConversationRow
            {
                Kind = about.Kind,
                Peer = about.Peer,
                Title = about.Title,
                State = (uint)ConversationState.Restored,
            });
            if (thread.View.State == ConversationState.Declined) return 0; // what was said in it was forgotten on purpose
            if (!_threads.ContainsKey(id))
            {
                await StepAsync(thread, step => Task.FromResult(step.Changed = true), cancel).ConfigureAwait(false);
                Add(thread);
            }
        }
        finally
        {
            _joining.Release();
        }
        return await StepAsync(thread, async step =>
        {
            step.Batch.IsPostponable = true; // where reading stands is stored after it: what is lost is read again
            Restoring restoring = new(step);
            int added = await restoring.PutAsync(newestFirst).ConfigureAwait(false);
            // Pages come from the newest down: the first word on it is the last that was said.
            if (thread.State == ConversationState.Restored && !thread.Row.Settled && restoring.Place is { } place)
            {
                thread.Row.Settled = true;
                if (place != ConversationState.Active) thread.State = place;
            }
            if (!restoring.Any) return 0;
            step.Publish(new HistoryRestored(thread.Face));
            step.Publish(new ConversationChanged(thread.Face));
            return added;
        }, cancel).ConfigureAwait(false);
    }
}

using Kavalek.Client.Archived;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What comes into conversations beside their streams: from the archive, and passed on by members.</summary>
sealed partial class ConversationEngine
{
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
            int added = await new Restoring(step).PutAsync(newestFirst).ConfigureAwait(false);
            if (added == 0) return 0;
            step.Publish(new HistoryRestored(thread.Face));
            step.Publish(new ConversationChanged(thread.Face));
            return added;
        }, cancel).ConfigureAwait(false);
    }
}

using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What a device, or the whole account, leaves behind in conversations.</summary>
sealed partial class ConversationEngine
{
    /// <summary>The conversations that an own device is in.</summary>
    public IReadOnlyList<Conversation> Holding(Id device) =>
        [.. _threads.Values.Where(thread => thread.View.Devices.Any(d => d.Account == _core.Identity.Account && d.Device == device)).Select(thread => thread.Face)];

    /// <summary>From which epoch on a removed device reads nothing in the conversations that it was in.</summary>
    public async Task<OffboardingReceipt> ReceiptAsync(Id device, IReadOnlyList<Conversation> held, CancellationToken cancel)
    {
        List<OffboardedConversation> entries = [];
        foreach (Conversation conversation in held.OrderBy(c => c.Title, StringComparer.CurrentCultureIgnoreCase))
        {
            ulong? epoch = _threads.GetValueOrDefault(conversation.Id) is { } thread
                ? await StepAsync(thread, step => Task.FromResult(thread.Streams.Values.Any(s => s.Devices.Any(d => d.Device == device)) ? null : thread.Live?.Group?.Epoch), cancel).ConfigureAwait(false)
                : null;
            entries.Add(new OffboardedConversation(conversation.Id, conversation.Title, epoch));
        }
        return new OffboardingReceipt(device, _core.Clock.GetUtcNow(), entries);
    }

    /// <summary>Leaves every conversation, as far as that can be done: where nobody else owns a group, or the server does not answer, the account just vanishes.</summary>
    public async Task LeaveAllAsync(CancellationToken cancel)
    {
        foreach (ConversationThread thread in _threads.Values.Where(IsInUse))
        {
            try
            {
                await LeaveAsync(thread, cancel).ConfigureAwait(false);
            }
            catch (KavalekException)
            {
                // The account is deleted all the same.
            }
        }
    }
}

using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What a connected client does beside its conversations: keeps key packages in stock and looks after its devices.</summary>
sealed class Upkeep(ClientCore core, Func<ConversationEngine?> engine)
{
    /// <summary>Once, now.</summary>
    public async Task OnceAsync(CancellationToken cancel)
    {
        await core.KeyPackages.RefillAsync(cancel).ConfigureAwait(false);
        if (await core.Devices.RefreshAsync(cancel).ConfigureAwait(false) && engine() is { } conversations)
            await conversations.OwnDevicesChangedAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>At each connection, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        await foreach (ClientEvent item in core.Events.Subscribe(cancel).ConfigureAwait(false))
        {
            if (item is not ConnectionChanged { State: ConnectionState.Syncing }) continue;
            try
            {
                await OnceAsync(cancel).ConfigureAwait(false);
            }
            catch (KavalekException e)
            {
                // The next connection brings the next occasion; only what is not the weather is worth a line.
                if (e.Code is not (ClientErrors.Offline or ErrorCodes.RateLimited or ErrorCodes.Unavailable or ErrorCodes.SessionEnded))
                    core.Events.Publish(new Notice(e.Message));
            }
        }
    }
}

using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What a connected client does beside its conversations: keeps key packages in stock, looks after its devices, and asks who strangers are.</summary>
sealed class Upkeep(ClientCore core, Func<ConversationEngine?> engine)
{
    readonly HashSet<Id> _asked = [];

    /// <summary>Once, now.</summary>
    public async Task OnceAsync(CancellationToken cancel)
    {
        // What the instance says of itself holds nothing else up.
        await TryAsync(core.Policy.RefreshAsync, cancel).ConfigureAwait(false);
        // First of all: where the account has a new key, key packages are made under the new certificate.
        bool changed = await core.Devices.RefreshAsync(cancel).ConfigureAwait(false);
        await core.KeyPackages.RefillAsync(cancel).ConfigureAwait(false);
        // Also what was begun and cut off: the list is stored before the conversations have followed it.
        if (engine() is { } conversations && (changed || conversations.IsBehindOwnDevices))
            await conversations.OwnDevicesChangedAsync(cancel).ConfigureAwait(false);
        if (engine() is { } noted) await noted.Notes.SyncAsync(cancel).ConfigureAwait(false);
        await NameStrangersAsync(cancel).ConfigureAwait(false);
        await TryAsync(core.Audit.LookAsync, cancel).ConfigureAwait(false);
    }

    /// <summary>Once, now; what goes wrong with it is for the next occasion.</summary>
    public Task TryOnceAsync(CancellationToken cancel) => TryAsync(OnceAsync, cancel);

    /// <summary>At each connection, and who strangers are when one comes; until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        await foreach (ClientEvent item in core.Events.Subscribe(cancel).ConfigureAwait(false))
        {
            if (item is ConnectionChanged { State: ConnectionState.Syncing }) await TryAsync(OnceAsync, cancel).ConfigureAwait(false);
            // What another device had read may have come only now.
            else if (item is ConnectionChanged { State: ConnectionState.Online } && engine() is { } online) await TryAsync(online.Notes.ApplyAsync, cancel).ConfigureAwait(false);
            else if (item is RequestReceived or ConversationChanged) await TryAsync(NameStrangersAsync, cancel).ConfigureAwait(false);
        }
    }

    // Only what is not the weather is worth a line.
    async Task TryAsync(Func<CancellationToken, Task> work, CancellationToken cancel)
    {
        try
        {
            await work(cancel).ConfigureAwait(false);
        }
        catch (KavalekException e)
        {
            if (e.Code is not (ClientErrors.Offline or ErrorCodes.RateLimited or ErrorCodes.Unavailable or ErrorCodes.SessionEnded or ErrorCodes.DeviceRemoved))
                core.Events.Publish(new Notice(e.Message));
        }
        catch (Exception e) when (Setback.IsOfStore(e))
        {
            // The next occasion.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One occasion that went wrong is not the last one.
            core.Events.Publish(new Notice(Setback.InWords(e).Message));
        }
    }

    // A stranger is met in a conversation, by key; the directory knows the handle. Each is asked for once while the client is open.
    async Task NameStrangersAsync(CancellationToken cancel)
    {
        foreach (Id account in core.People.Nameless)
        {
            lock (_asked)
                if (!_asked.Add(account)) continue;
            try
            {
                await core.People.RefreshAsync(account, cancel).ConfigureAwait(false);
            }
            catch (KavalekException e) when (e.Code is ClientErrors.Offline or ErrorCodes.RateLimited or ErrorCodes.Unavailable or ErrorCodes.SessionEnded or ErrorCodes.DeviceRemoved)
            {
                // Not now. A name is not worth failing for: the next connection brings the next occasion.
                lock (_asked) _asked.Remove(account);
                return;
            }
            catch (KavalekException)
            {
                // Gone from the server, or its answer is not to be believed: they stay without a handle.
            }
        }
    }
}

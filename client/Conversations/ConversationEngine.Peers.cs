using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// New devices of other people: whoever shares a conversation with them lets them in (docs/PROTOCOL.md §7.9). What the account key has
/// certified needs nobody's consent; what it has not gets in nowhere, whatever the server says.
/// </summary>
sealed partial class ConversationEngine
{
    // The account's own devices go first, then the others one after another, so that a device is let in once and not by all at the same time.
    static readonly TimeSpan OwnersTurn = TimeSpan.FromSeconds(5), EachTurn = TimeSpan.FromSeconds(3), LastTurn = TimeSpan.FromMinutes(1);

    /// <summary>Notes that somebody's devices changed, together with the inbox entry that says so.</summary>
    void ExpectPeer(Id account, StoreBatch batch)
    {
        if (account != _core.Identity.Account) batch.Put(StoreKeys.Peer(account), []);
    }

    /// <summary>When it is this device's turn, if nobody has done it by then.</summary>
    void LetInSoon(Id account)
    {
        if (SharedWith(account).FirstOrDefault() is not { } thread) return;
        Id[] turns = [.. thread.View.Devices.Select(d => d.Account).Distinct().Where(other => other != account)];
        TimeSpan turn = OwnersTurn + EachTurn * Math.Max(0, Array.IndexOf(turns, _core.Identity.Account));
        After(turn < LastTurn ? turn : LastTurn, () => InBackground(() => LetInQuietlyAsync(account, FirstLook)));
    }

    /// <summary>Everybody whose devices changed and were not looked at yet.</summary>
    async Task LetInAllAsync(CancellationToken cancel)
    {
        foreach (StoreEntry entry in await _core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Peers), cancel).ConfigureAwait(false))
            await LetInAsync(StoreKeys.IdOf(entry.Key), cancel).ConfigureAwait(false);
    }

    async Task LetInQuietlyAsync(Id account, TimeSpan next)
    {
        bool complete = false;
        try
        {
            complete = await LetInAsync(account, _stop.Token).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.RateLimited)
        {
            // Each conversation takes one key package, and so many an hour are given: the rest follows.
            After(Rest(e, next), () => InBackground(() => LetInQuietlyAsync(account, next)));
            return;
        }
        catch (Exception e) when (Setback.Is(e))
        {
            // As below; or the next connection does it.
        }
        // A device that was certified a moment ago has still to publish its key packages.
        if (!complete && next <= LastLook) After(next, () => InBackground(() => LetInQuietlyAsync(account, next * 2)));
    }

    /// <summary>Holds every shared conversation against the account's device list; false where a device has no key package yet.</summary>
    async Task<bool> LetInAsync(Id account, CancellationToken cancel)
    {
        if (await _core.Store.GetAsync(StoreKeys.Peer(account), cancel).ConfigureAwait(false) is null) return true;
        bool complete = true;
        try
        {
            if (SharedWith(account).Any())
            {
                CertifiedAccount peer = await _core.People.RefreshAsync(account, cancel).ConfigureAwait(false);
                foreach (ConversationThread thread in SharedWith(account)) complete &= await LetInAsync(thread, peer, cancel).ConfigureAwait(false);
            }
        }
        catch (KavalekException e) when (e.Code is ClientErrors.KeyChanged or ClientErrors.DeviceListRefused or ErrorCodes.NotFound)
        {
            // Another account key is a change that people have to look at, and a list that was taken back is no list: nobody is let in.
        }
        if (complete) await _core.Store.ApplyAsync(new StoreBatch().Delete(StoreKeys.Peer(account)), cancel).ConfigureAwait(false);
        return complete;
    }

    async Task<bool> LetInAsync(ConversationThread thread, CertifiedAccount peer, CancellationToken cancel)
    {
        Id account = peer.Contact.Account;
        MemberDevice[] present = [.. thread.View.Devices.Where(d => d.Account == account)];
        HashSet<Id> missing = [.. peer.Certificates.Select(c => c.Content.Device).Except(present.Select(d => d.Device))];
        if (present.Length == 0 || missing.Count == 0 || !present[0].AccountKey.AsSpan().SequenceEqual(peer.Contact.AccountKey)) return true;
        IntentRow add = new() { Kind = (uint)IntentKind.AddDevices };
        add.KeyPackages.AddRange((await _opening.ClaimAsync([account], cancel).ConfigureAwait(false)).Where(row => missing.Contains(Id.Read(row.Device.Span))));
        if (add.KeyPackages.Count > 0) await AskAsync(thread, add, cancel).ConfigureAwait(false);
        return add.KeyPackages.Count == missing.Count;
    }

    IEnumerable<ConversationThread> SharedWith(Id account) => _threads.Values.Where(thread => IsInUse(thread) && thread.View.Devices.Any(d => d.Account == account));
}

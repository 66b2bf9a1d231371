using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Members to whom the server delivers nothing any more, though nobody took them out of the group: a member can have said so beside its commit, and
/// a server that was put back can have forgotten them. Whoever notices brings them in again (docs/PROTOCOL.md §7.14).
/// </summary>
sealed partial class ConversationEngine
{
    static readonly TimeSpan EveryDay = TimeSpan.FromDays(1), OnceMore = TimeSpan.FromMinutes(2);

    readonly Dictionary<Id, (DateTimeOffset At, IReadOnlySet<Id> Missing)> _looks = [];
    int _looking;

    // Each conversation once a day, and first within the hour. Twice, since a commit may be on its way between the server's list and this device's.
    async Task LookForReadersAsync()
    {
        if (Interlocked.Exchange(ref _looking, 1) != 0) return;
        try
        {
            foreach (ConversationThread thread in _threads.Values.Where(IsInUse))
            {
                DateTimeOffset now = _core.Clock.GetUtcNow();
                if (!_looks.TryGetValue(thread.Id, out var look)) _looks.Add(thread.Id, look = (now + TimeSpan.FromSeconds(_core.Mls.Crypto.Between(0, 3_600)), new HashSet<Id>()));
                if (now < look.At) continue;
                IReadOnlySet<Id> missing = await WithoutReaderAsync(thread, _stop.Token).ConfigureAwait(false);
                HashSet<Id> still = [.. missing.Where(look.Missing.Contains)];
                _looks[thread.Id] = (now + (missing.Count > 0 && still.Count == 0 ? OnceMore : EveryDay), missing);
                if (still.Count > 0) await SeatAsync(thread, still, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (Setback.Is(e))
        {
            // The next minute looks again.
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }

    async Task<IReadOnlySet<Id>> WithoutReaderAsync(ConversationThread thread, CancellationToken cancel)
    {
        if (await StepAsync(thread, step => Task.FromResult(thread.Live?.Id), cancel).ConfigureAwait(false) is not { } stream) return new HashSet<Id>();
        IReadOnlySet<Id> readers = await _core.Streams.SubscribersAsync(stream, cancel).ConfigureAwait(false);
        return await StepAsync(thread, step => Task.FromResult(thread.Live is not { } live || live.Id != stream ? [] : live.Devices
            .Where(d => !readers.Contains(d.Device) && d.Device != _core.Identity.Device && live.SeatedAt(d.Device) == 0 && !live.ProposedRemovals.Contains(d.Leaf))
            .Select(d => d.Device).ToHashSet()), cancel).ConfigureAwait(false);
    }

    // Their certificates are held against the newest device lists: a removed device stays out.
    async Task SeatAsync(ConversationThread thread, HashSet<Id> devices, CancellationToken cancel)
    {
        IntentRow seat = new() { Kind = (uint)IntentKind.Seat };
        foreach (Id account in thread.View.Devices.Where(d => devices.Contains(d.Device)).Select(d => d.Account).Distinct().ToArray())
            seat.KeyPackages.AddRange((await _core.People.ClaimAsync(account, cancel).ConfigureAwait(false)).Where(d => devices.Contains(d.Certificate.Content.Device)).Select(d => new KeyPackageRow
            {
                Account = Step.Bytes(account),
                Device = Step.Bytes(d.Certificate.Content.Device),
                KeyPackage = ByteString.CopyFrom(d.KeyPackage.Encode()),
            }));
        if (seat.KeyPackages.Count > 0) await StoreAsync(thread, seat, cancel).ConfigureAwait(false);
    }
}

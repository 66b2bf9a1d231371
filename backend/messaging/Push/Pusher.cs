using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging.Push;

/// <summary>
/// Wakes the devices that sleep when something waits for them (docs/PROTOCOL.md §11). Where several nodes run, whichever stored the entry does; the rows in the database say where to, and that it
/// is done once.
/// </summary>
sealed class Pusher(Sleepers sleepers, PushSender sender, Database database, GroupCommit writer, Sockets.Sockets sockets, IPresence presence, IEventBus bus, TimeProvider clock, ILogger<Pusher> log) : IHostedService, IDisposable
{
    const int AtOnce = 16;
    const int RowsAtOnce = 500;

    readonly SemaphoreSlim _room = new(AtOnce);
    readonly CancellationTokenSource _stopping = new();
    ITimer? _timer;
    int _keeping;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        using (DbConnection connection = database.OpenReader())
        {
            foreach (PushRow row in PushChores.Read(connection))
                sleepers.Put(row.Device, row.Subscription.Account, row.IsWoken, isConnected: false);
        }
        _timer = clock.CreateTimer(_ => Turn(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        // Who was connected until now may be woken again, by whoever goes on.
        await KeepAsync();
        await _stopping.CancelAsync();
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _room.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Where the device is to be woken, on whichever node it said so; null where it has not.</summary>
    public Task<PushSubscription?> FindAsync(Id device) => Task.Run(() => Row(device)?.Subscription);

    /// <summary>Wakes one device now, whether it sleeps or not: its person tries whether it works. Null where it has no subscription.</summary>
    public async Task<PushAnswer?> TryAsync(Id device) => await FindAsync(device) is { } subscription ? await SendAsync(device, subscription) : null;

    void Turn()
    {
        _ = KeepAsync();
        foreach (DueSleeper due in sleepers.TakeDue())
            _ = WakeAsync(due);
    }

    // Tells the database who was here, and reads the rows that changed.
    async Task KeepAsync()
    {
        if (Interlocked.Exchange(ref _keeping, 1) == 1)
            return;
        try
        {
            foreach (Id[] devices in sleepers.TakeBack().Chunk(RowsAtOnce))
            {
                BackPushChore back = new(devices);
                if ((await writer.DoAsync(back)).Code is not null)
                    sleepers.GiveBack(devices);
                else
                    back.Woken.ForEach(device => bus.Publish(new PushChanged(device)));
            }
            if (sleepers.TakeChanged() is { Length: > 0 } changed)
                await Task.Run(() => Read(changed));
        }
        finally
        {
            _keeping = 0;
        }
    }

    void Read(Id[] devices)
    {
        foreach (Id device in devices)
        {
            try
            {
                if (Row(device) is { } row)
                    sleepers.Put(device, row.Subscription.Account, row.IsWoken, sockets.IsConnected(device));
                else
                    sleepers.Remove(device);
            }
            catch (DbException)
            {
                sleepers.Changed(device); // The next time.
            }
        }
    }

    async Task WakeAsync(DueSleeper due)
    {
        try
        {
            // Something may have been stored for it meanwhile.
            for (DueSleeper? next = due; next is { } one; next = sleepers.TakeDue(one.Device))
                await WakeOnceAsync(one);
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // The server is going down: what waits, waits.
        }
        catch (Exception e)
        {
            log.LogWarning("a device could not be woken: {Type}", e.GetType().Name);
        }
    }

    async Task WakeOnceAsync(DueSleeper due)
    {
        try
        {
            if (await presence.IsElsewhereAsync(due.Device))
            {
                // Another node's socket brings it, or its grace there ends with a wake; unless that node dies.
                sleepers.LookAgain(due);
            }
            else if (!due.IsSure && !await Task.Run(() => Waits(due.Device), _stopping.Token))
            {
                sleepers.Nothing(due);
            }
            else
            {
                await _room.WaitAsync(_stopping.Token);
                try
                {
                    await ClaimAsync(due);
                }
                finally
                {
                    _room.Release();
                }
            }
        }
        catch (DbException)
        {
            // As whatever else goes wrong, but nothing to tell: a database that is away tells so itself.
        }
        finally
        {
            // Where no outcome was told, whatever the reason: nobody else asks for it before one is.
            sleepers.Later(due);
        }
    }

    async Task ClaimAsync(DueSleeper due)
    {
        if (!sleepers.Sleeps(due))
            return;
        bool isBack = sleepers.TakeBack(due.Device);
        ClaimPushChore claim = new(due.Device, isBack);
        if ((await writer.DoAsync(claim)).Code is not null)
        {
            sleepers.GiveBack(isBack ? [due.Device] : []);
            sleepers.Later(due);
        }
        else if (!claim.IsThere)
            sleepers.Remove(due.Device);
        else if (claim.Subscription is { } to)
            await SendAsync(due, claim, to);
        else if (claim.IsWoken)
            sleepers.Woken(due);
        else
            sleepers.LookAgain(due);
    }

    async Task SendAsync(DueSleeper due, ClaimPushChore claim, PushSubscription to)
    {
        switch (await SendAsync(due.Device, to))
        {
            case PushAnswer.Gone:
                sleepers.Nothing(due);
                break;
            case PushAnswer.Later:
                await writer.DoAsync(new SettlePushChore(due.Device, claim.Now, isWoken: sleepers.IsLastTry(due)));
                sleepers.Later(due);
                break;
            default:
                await writer.DoAsync(new SettlePushChore(due.Device, claim.Now, isWoken: true));
                sleepers.Woken(due);
                break;
        }
    }

    async Task<PushAnswer> SendAsync(Id device, PushSubscription subscription)
    {
        PushAnswer answer = await sender.SendAsync(subscription, _stopping.Token);
        if (answer == PushAnswer.Gone)
        {
            // Unless there is another one by now.
            await writer.DoAsync(new DropPushChore(device, subscription.Endpoint));
            bus.Publish(new PushChanged(device));
        }
        return answer;
    }

    PushRow? Row(Id device)
    {
        using DbConnection connection = database.OpenReader();
        return PushChores.Find(connection, device);
    }

    // It went without a word, and something came before that was noticed.
    bool Waits(Id device)
    {
        using DbConnection connection = database.OpenReader();
        using var waiting = new Statement(connection, """
            SELECT 1 FROM subscriber JOIN stream ON stream.key = subscriber.stream
             WHERE subscriber.device = @device AND subscriber.last IS NULL AND subscriber.acked < stream.head
             LIMIT 1
            """, "@device");
        using DbDataReader row = waiting.Read(device);
        return row.Read();
    }
}

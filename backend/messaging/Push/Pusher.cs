using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Microsoft.Extensions.Hosting;

namespace Kavalek.Messaging.Push;

/// <summary>Wakes the devices that sleep when something waits for them (docs/PROTOCOL.md §11).</summary>
sealed class Pusher(Sleepers sleepers, PushSender sender, Database database, GroupCommit writer, IPresence presence, TimeProvider clock) : IHostedService, IDisposable
{
    const int AtOnce = 16;

    readonly SemaphoreSlim _room = new(AtOnce);
    readonly CancellationTokenSource _stopping = new();
    ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        using (DbConnection connection = database.OpenReader())
        {
            foreach ((Id device, PushSubscription subscription) in PushChores.Read(connection))
                sleepers.Put(device, subscription, isConnected: false);
        }
        _timer = clock.CreateTimer(_ => Look(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        await _stopping.CancelAsync();
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _room.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Wakes one device now, whether it sleeps or not: its person tries whether it works.</summary>
    public Task<PushAnswer> TryAsync(Id device, PushSubscription subscription) => SendAsync(device, subscription);

    void Look()
    {
        foreach ((Id device, PushSubscription subscription, bool isSure) in sleepers.TakeDue())
            _ = WakeAsync(device, subscription, isSure);
    }

    async Task WakeAsync(Id device, PushSubscription subscription, bool isSure)
    {
        try
        {
            if (!isSure && !(await Task.Run(() => Waits(device), _stopping.Token) && sleepers.TryWake(device)))
                return;
            // Another node's socket brings it, or its grace there ends with a wake of its own.
            if (await presence.IsElsewhereAsync(device))
                return;
            await _room.WaitAsync(_stopping.Token);
            try
            {
                if (await SendAsync(device, subscription) == PushAnswer.Later)
                    sleepers.Later(device);
            }
            finally
            {
                _room.Release();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server is going down: what waits, waits.
        }
        catch (DbException)
        {
            sleepers.Later(device);
        }
    }

    async Task<PushAnswer> SendAsync(Id device, PushSubscription subscription)
    {
        PushAnswer answer = await sender.SendAsync(subscription, _stopping.Token);
        if (answer == PushAnswer.Gone && sleepers.Remove(device, subscription))
            await writer.DoAsync(new DropPushChore(device));
        return answer;
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

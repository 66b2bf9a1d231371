using System.Collections.Concurrent;
using System.Data.Common;
using Kavalek.Messaging.Access;
using Kavalek.Messaging.Archives;
using Kavalek.Messaging.Attachments;
using Kavalek.Messaging.Push;
using Kavalek.Messaging.Sockets;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging;

/// <summary>What happens without a client asking: news of other parts of the server, the clock, the end.</summary>
sealed class Housekeeping(
    GroupCommit writer, StreamQueries reader, Sockets.Sockets sockets, Intake intake, Retention retention, Topics topics, EndedSessions ended, RemovedDevices removed, Sleepers sleepers, Admin.StaffTokens staff, AttachmentStore attachments, Admin.Figures figures, MessagingMetrics metrics, IEventBus bus,
    MessagingOptions options, TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<Housekeeping> log) : IHostedService, IDisposable
{
    const int CatchUpSeconds = 3;
    const int NodeSeconds = 10;

    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongSilence = TimeSpan.FromSeconds(4);

    // What the event bus asked for is repeated until it is stored.
    readonly ConcurrentQueue<Func<Task<Outcome>>> _owed = new();
    readonly List<IDisposable> _running = [];
    readonly ConcurrentDictionary<Task, byte> _background = new();
    int _ticks, _catchingUp;
    bool _silent;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running.Add(metrics);
        if (options.Policy is { } policy)
            Hear(policy);
        _running.Add(bus.Listen(Hear));
        _running.Add(lifetime.ApplicationStopping.Register(() => sockets.CloseAll(ErrorCodes.ShuttingDown)));
        _running.Add(clock.CreateTimer(_ => Tick(), null, Second, Second));
        Every(TimeSpan.Zero, TimeSpan.FromDays(1), () => Task.Run(() => TryAsync("the sweep of attachments", attachments.SweepAsync)));
        Every(TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), () => Task.Run(() => TryAsync("the note of the day's sizes", figures.NoteDayAsync)));
        TimeSpan expiry = TimeSpan.FromSeconds(options.ExpirySeconds);
        Every(expiry, expiry, ExpireAsync);
        return Task.CompletedTask;
    }

    /// <summary>Waits for what is under way, as long as the host does: what is read after the end finds no database.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        await Task.WhenAll(_background.Keys).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        foreach (IDisposable running in _running)
            running.Dispose();
        _running.Clear();
    }

    void Hear(BusEvent news)
    {
        switch (news)
        {
            case SessionEnded session:
                ended.Add(session.Session);
                sockets.CloseSession(session.Session);
                // Whoever is not logged in is not to be told that there is something (K-72). A device that logs in again says so again; this news may be an old one, told at a start.
                sleepers.Changed(session.Device);
                _ = DoAsync(() => new DropPushOfSessionChore(session.Session));
                break;
            case PushChanged push:
                sleepers.Changed(push.Device);
                break;
            case DeviceRemoved device:
                Remove(device.Device);
                break;
            case AccountClosed account:
                _ = DoAsync(() => attachments.DropAccountAsync(account.Account, account.Number));
                break;
            case StoragePurged purged:
                _ = DoAsync(() => attachments.PurgeAsync(purged.Account, purged.Before));
                break;
            case Revoked revoked:
                foreach (Id session in revoked.Sessions)
                    ended.Add(session);
                // What is known as removed is out of the streams, too: one transaction did both.
                foreach (Id device in revoked.Devices.Where(device => !removed.Contains(device)))
                    Remove(device);
                break;
            case RankChanged changed:
                staff.Void(changed.Account);
                break;
            case PolicyChanged policy:
                retention.Seconds = (uint)policy.RetentionDays * 86_400;
                attachments.Follow(policy);
                break;
            case DevicesChanged changed:
                _ = DoAsync(() => new NoticeOperation(changed.Account, changed.Devices, changed.News));
                break;
            case NotesChanged notes:
                if (sockets.DevicesOf(notes.Account).Where(device => device != notes.By).ToArray() is { Length: > 0 } others)
                    _ = DoAsync(() => new NotesNoticeOperation(others));
                break;
            case DevicesSubscribed subscribed:
                foreach (Id device in subscribed.Devices)
                    sockets.Open(device, subscribed.Stream);
                break;
            case EventsMissed:
                Follow(CatchUpAsync());
                sockets.OpenAll();
                break;
            default:
                break;
        }
    }

    // One at a time, since it may wait for a database that many ask at once; what was asked for meanwhile is one more.
    void Every(TimeSpan first, TimeSpan period, Func<Task> work)
    {
        int asked = 0;
        _running.Add(clock.CreateTimer(
            _ =>
            {
                if (Interlocked.Increment(ref asked) == 1)
                    Follow(WorkAsync());
            }, null, first, period));

        async Task WorkAsync()
        {
            int answered;
            do
            {
                answered = Volatile.Read(ref asked);
                await work();
            }
            while (Interlocked.Add(ref asked, -answered) > 0);
        }
    }

    void Follow(Task task)
    {
        _background[task] = 0;
        task.ContinueWith(done => _background.TryRemove(done, out _), TaskScheduler.Default);
    }

    // A node that dies says nothing of what it stored last, and Redis may be gone: now and then what the database has is compared with what was heard.
    async Task CatchUpAsync()
    {
        if (Interlocked.Exchange(ref _catchingUp, 1) == 1)
            return;
        try
        {
            await topics.CatchUpAsync(reader);
        }
        catch (DbException)
        {
            // The next time.
        }
        finally
        {
            _catchingUp = 0;
        }
    }

    void Remove(Id device)
    {
        removed.Add(device);
        sleepers.Remove(device);
        sockets.CloseDevice(device);
        _ = DoAsync(() => new RemoveDeviceChore(device));
    }

    Task DoAsync(Func<AwaitedOperation> operation) => DoAsync(() => writer.DoAsync(operation()));

    async Task DoAsync(Func<Task<Outcome>> work)
    {
        if ((await work()).Code is not null)
            _owed.Enqueue(work);
    }

    void Tick()
    {
        sockets.Check();
        intake.Forget();
        topics.Sweep();
        LookAtDatabase();
        if (bus.IsShared && ++_ticks % (bus.IsLive ? CatchUpSeconds : 1) == 0)
            Follow(CatchUpAsync());
        if (bus.IsShared && _ticks % NodeSeconds == 1)
            _ = figures.NoteNodeAsync();
        for (int owed = _owed.Count; owed > 0 && _owed.TryDequeue(out Func<Task<Outcome>>? work); owed--)
            _ = DoAsync(work);
    }

    // Another node's line may be whole: whoever is connected here comes again, and is sent there.
    void LookAtDatabase()
    {
        TimeSpan silence = reader.Silence;
        if (bus.IsShared && silence > LongSilence)
            sockets.CloseAll(ErrorCodes.Unavailable);
        if (_silent == silence > TimeSpan.Zero)
            return;
        _silent = !_silent;
        if (_silent)
            log.LogError("The database does not answer");
        else
            log.LogInformation("The database answers again");
    }

    async Task ExpireAsync()
    {
        await TryAsync("the expiry of entries", () => writer.DoAsync(new ExpireChore()));
        await TryAsync("the expiry of archives", () => writer.DoAsync(new ExpireArchivesChore()));
        await TryAsync("the expiry of attachments", attachments.ExpireAsync);
    }

    // Whatever is wrong with one thing, the others go on, and it has its turn again.
    async Task TryAsync(string what, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            log.LogError("{What} failed: {Type}. It is tried again at its time.", what, e.GetType().Name);
        }
    }
}

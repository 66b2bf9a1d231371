using System.Data.Common;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Kavalek.Messaging.Push;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging.Streams;

/// <summary>What a batch took.</summary>
/// <param name="Operations">How many it was of.</param>
/// <param name="Appends">How many of these brought an entry.</param>
/// <param name="IsStored">Whether the database has it.</param>
/// <param name="Seconds">Since it was begun.</param>
/// <param name="SinceArrival">Seconds since the first of it came.</param>
readonly record struct MeasuredBatch(int Operations, int Appends, bool IsStored, double Seconds, double SinceArrival);

/// <summary>
/// The one thread that changes streams. It takes whatever waits, decides it in memory, stores it in one transaction and answers when the
/// database has committed (group commit). Acknowledgements only save repetition, so they are collected and written some times a second.
/// </summary>
sealed class GroupCommit : IDisposable
{
    const int Capacity = 65_536;             // operations that may wait
    const int BatchOperations = 8_192;       // in one transaction
    const long BatchBytes = 16L << 20;

    const int Attempts = 5;                  // of a transaction that lost a race with another node

    readonly TimeSpan _acksWait;
    readonly long _capacityBytes;
    readonly Database _database;
    readonly StreamStore _store;
    readonly StreamCache _cache;
    readonly RemovedDevices _removed;
    readonly Sleepers _sleepers;
    readonly Retention _retention;
    readonly IEventBus _bus;
    readonly TimeProvider _clock;
    readonly ILogger<GroupCommit> _log;
    readonly Thread _thread;
    readonly object _gate = new();
    List<Operation> _incoming = [];
    List<Operation> _taken = [];
    long _incomingBytes;
    bool _waits, _stopping, _unsure;
    long _acksSince = long.MaxValue;
    long _incomingSince, _takenSince;

    public GroupCommit(Database database, RemovedDevices removed, Sleepers sleepers, Retention retention, IEventBus bus, TimeProvider clock, MessagingOptions options, ILogger<GroupCommit> log)
    {
        (_removed, _sleepers, _retention, _bus, _clock, _log) = (removed, sleepers, retention, bus, clock, log);
        (_acksWait, _capacityBytes) = (options.AcksWait, options.QueueBytes);
        _database = database;
        _store = database.OpenStore(log);
        _cache = new StreamCache(options.CachedStreams);
        _thread = new Thread(Run) { IsBackground = true, Name = "stream writer" };
        _thread.Start();
    }

    /// <summary>Hears of each batch, once its listeners were told.</summary>
    public Action<MeasuredBatch>? Measured { get; set; }

    /// <summary>Operations that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _incoming.Count;
        }
    }

    /// <summary>Hands an operation to the writer; false if too many wait already, the database does not answer, or the server is going down.</summary>
    public bool TryAdd(Operation operation)
    {
        if (_database.Silence > TimeSpan.Zero)
            return false;
        lock (_gate)
        {
            if (_stopping || _incoming.Count >= Capacity || _incomingBytes + operation.Bytes > _capacityBytes)
                return false;
            if (_incoming.Count == 0)
                _incomingSince = Stopwatch.GetTimestamp();
            _incoming.Add(operation);
            _incomingBytes += operation.Bytes;
            if (_waits)
            {
                _waits = false;
                Monitor.Pulse(_gate);
            }
            return true;
        }
    }

    /// <summary>Does an operation and answers what became of it.</summary>
    public Task<Outcome> DoAsync(AwaitedOperation operation) =>
        TryAdd(operation) ? operation.Answered : Task.FromResult(Outcome.Refused(ErrorCodes.Unavailable));

    /// <summary>Does what waits, then stops.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }
        _thread.Join();
        _store.Dispose();
    }

    void Run()
    {
        while (Take())
        {
            Span<Operation> taken = CollectionsMarshal.AsSpan(_taken);
            do
            {
                int count = Fitting(taken);
                Store(taken[..count]);
                taken = taken[count..];
                if (!taken.IsEmpty && taken[0] is Chore chore)
                {
                    Store(chore);
                    taken = taken[1..];
                }
            }
            while (!taken.IsEmpty);
            _taken.Clear();
        }
        Store([], last: true);
    }

    /// <summary>Waits for operations, or until acknowledgements are due; false when the server is going down and nothing is left.</summary>
    bool Take()
    {
        lock (_gate)
        {
            while (_incoming.Count == 0 && !_stopping)
            {
                int wait = !_cache.AcksWait ? Timeout.Infinite : (int)Math.Ceiling((_acksWait - Stopwatch.GetElapsedTime(_acksSince)).TotalMilliseconds);
                if (wait is <= 0 and not Timeout.Infinite)
                    break;
                _waits = true;
                Monitor.Wait(_gate, wait);
                _waits = false;
            }
            (_incoming, _taken) = (_taken, _incoming);
            _incomingBytes = 0;
            _takenSince = _incomingSince;
            return _taken.Count > 0 || !_stopping;
        }
    }

    static int Fitting(ReadOnlySpan<Operation> operations)
    {
        int count = 0;
        for (long bytes = 0; count < operations.Length && count < BatchOperations && bytes < BatchBytes && operations[count] is not Chore; count++)
            bytes += operations[count].Bytes;
        return count;
    }

    void Store(ReadOnlySpan<Operation> operations, bool last = false)
    {
        _cache.Turn();
        long begin = Stopwatch.GetTimestamp();
        bool stored = false;
        for (int attempt = 1; !stored; attempt++)
        {
            var batch = new Batch(_store, _cache, _removed, _sleepers, _retention, _clock.GetUtcNow().ToUnixTimeSeconds());
            try
            {
                Decide(operations, batch, last);
                stored = true;
            }
            catch (DbException e)
            {
                _store.Rollback();
                batch.Abandon();
                _unsure |= _store.IsBroken(e);
                if (MayRepeat(e, attempt))
                    continue;
                Report(e);
                break;
            }
            batch.Settle(_bus);
            if (_store.IsShared && batch.FlushAcks && _cache.AcksWait)
                stored = WriteToldAcks();
            break;
        }
        if (!_cache.AcksWait)
            _acksSince = long.MaxValue;
        Answer(operations, stored);
        if (operations.Length > 0)
            Measured?.Invoke(new MeasuredBatch(operations.Length, Appends(operations), stored, Stopwatch.GetElapsedTime(begin).TotalSeconds, Stopwatch.GetElapsedTime(_takenSince).TotalSeconds));
        _store.AfterCommit();
        if (stored && _unsure)
        {
            // What was committed when the connection broke is there, and nobody was told.
            _unsure = false;
            _bus.Publish(new EventsMissed());
        }
    }

    void Decide(ReadOnlySpan<Operation> operations, Batch batch, bool last)
    {
        if (_store.IsShared)
        {
            HashSet<StreamName> subjects = [];
            foreach (Operation operation in operations)
            {
                if (operation.Subject is { } subject)
                    subjects.Add(subject);
            }
            _store.Hold(subjects, _cache);
        }
        foreach (Operation operation in operations)
            operation.Outcome = operation.Apply(batch);
        if (_cache.AcksWait)
        {
            if (_acksSince == long.MaxValue)
                _acksSince = Stopwatch.GetTimestamp();
            batch.FlushAcks |= last || Stopwatch.GetElapsedTime(_acksSince) >= _acksWait;
        }
        if (!batch.IsEmpty || (batch.FlushAcks && _cache.WaitingAcks.Count > 0))
        {
            _store.Begin();
            batch.Write();
            _store.Commit();
        }
        else
        {
            _store.Rollback(); // Nothing but locks.
        }
    }

    bool WriteToldAcks()
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                List<DeviceUnsubscribed> gone = _store.WriteAcks(_cache.ToldAcks);
                _cache.ToldAcksWritten();
                gone.ForEach(_bus.Publish);
                return true;
            }
            catch (DbException e)
            {
                _store.Rollback();
                if (MayRepeat(e, attempt))
                    continue;
                Report(e);
                _acksSince = Stopwatch.GetTimestamp();
                return false;
            }
        }
    }

    void Store(Chore chore)
    {
        if (chore.IsOver?.Invoke() == true)
        {
            chore.Outcome = Outcome.Refused(ErrorCodes.Unauthenticated);
            Answer([chore], stored: true);
            return;
        }
        // What waits goes first: a chore changes the database behind the cache.
        Store([], last: true);
        bool stored = false;
        for (int attempt = 1; !stored; attempt++)
        {
            try
            {
                chore.Now = _clock.GetUtcNow().ToUnixTimeSeconds();
                chore.Changed.Clear();
                chore.Outcome = Outcome.Done;
                _store.Begin();
                chore.Run(_store);
                _store.Changed(chore.Changed);
                _store.Commit();
                stored = true;
            }
            catch (DbException e)
            {
                _store.Rollback();
                if (MayRepeat(e, attempt))
                    continue;
                Report(e);
                break;
            }
        }
        if (stored)
            _cache.Remove(chore.Changed);
        Answer([chore], stored);
    }

    static int Appends(ReadOnlySpan<Operation> operations)
    {
        int count = 0;
        foreach (Operation operation in operations)
        {
            if (operation is AppendOperation { Outcome.Code: null })
                count++;
        }
        return count;
    }

    static void Answer(ReadOnlySpan<Operation> operations, bool stored)
    {
        foreach (Operation operation in operations)
        {
            if (!stored)
                operation.Outcome = Outcome.Refused(ErrorCodes.Unavailable);
            operation.Answer();
        }
    }

    // A connection that a restart of the database left behind is replaced once; a database that is away keeps nobody waiting.
    bool MayRepeat(DbException e, int attempt) => attempt < (_store.IsBroken(e) ? 2 : Attempts) && _store.MayRepeat(e);

    void Report(DbException e)
    {
        // That the database does not answer is said once.
        if (_database.Silence == TimeSpan.Zero)
            _log.LogError("A transaction failed: {Error}. Nothing of it was stored.", _store.Name(e));
    }
}

using Google.Protobuf;
using Kavalek.Messaging.Push;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Streams;

/// <summary>A Welcome that the commit at <c>Seq</c> brought, and whom it is for.</summary>
sealed record PendingWelcome(StreamState Stream, ulong Seq, long Expires, byte[] Payload, List<(Id Device, ulong Notice)> Devices);

/// <summary>
/// What one transaction changes, staged in memory by the operations and then written at once. If writing fails, nothing of it happened:
/// the touched states are dropped from memory.
/// </summary>
sealed class Batch(StreamStore store, StreamCache cache, RemovedDevices removed, Sleepers sleepers, Retention retention, long now)
{
    readonly List<StreamState> _touched = [];
    readonly List<PendingWelcome> _welcomes = [];
    readonly List<BusEvent> _news = [];
    readonly List<(Id Account, StreamState State)> _heard = [];
    readonly HashSet<StreamState> _looseEnds = [];
    readonly HashSet<StreamName> _gone = [];

    /// <summary>Seconds since 1970.</summary>
    public long Now => now;

    /// <summary>When something ends that is stored now, and whose sender asked for so many seconds; 0 for as long as it is kept at all.</summary>
    public long Ends(uint asked) => now + retention.Keep(asked);

    /// <summary>Whether there is anything to write.</summary>
    public bool IsEmpty => _touched.Count == 0;

    /// <summary>The acknowledgements are to be written with this batch.</summary>
    public bool FlushAcks { get; set; }

    /// <summary>Whether other nodes write too.</summary>
    public bool IsShared => store.IsShared;

    /// <summary>Whether the device was removed from its account.</summary>
    public bool IsRemoved(Id device) => removed.Contains(device);

    /// <summary>The stream, null if there is none.</summary>
    public StreamState? Find(StreamName name)
    {
        store.Hold([name], cache);
        // What went in this batch is in the database until the batch is written: read from there it would live on without its row.
        if (_gone.Contains(name))
            return null;
        return cache.Find(name) ?? (store.Load(name) is { } loaded ? cache.Add(loaded) : null);
    }

    /// <summary>Devices, others than these, that share a stream with one of them.</summary>
    public HashSet<Id> Peers(Id[] devices)
    {
        HashSet<Id> peers = [];
        foreach (Id device in devices)
            store.AddPeers(device, peers);
        peers.ExceptWith(devices);
        return peers;
    }

    /// <summary>Makes a stream with one subscriber.</summary>
    public StreamState Create(StreamName name, Id device)
    {
        _gone.Remove(name);
        StreamState state = cache.Add(new StreamState(store.NewKey(), name, epoch: 0, head: 0) { Created = now / 86_400 });
        Touch(state);
        state.IsNew = true;
        Subscribe(state, new Subscriber(device, first: 1, last: null, leftEpoch: null, acked: 0));
        return state;
    }

    /// <summary>Adds an entry at the head and answers the run it is in.</summary>
    public PendingRun Append(StreamState state, Kind kind, Id id, ReadOnlyMemory<byte> payload, long expires)
    {
        Touch(state);
        state.Moved = true;
        state.Head++;
        PendingRun? run = state.Pending.Count > 0 ? state.Pending[^1] : null;
        if (run?.Takes(kind, payload.Length, expires) != true)
        {
            run = new PendingRun(state.Name, state.Head, state.Epoch, expires);
            state.Pending.Add(run);
        }
        run.Add(kind, id, payload);
        state.Epoch = run.EpochAfter;
        if (kind == Kind.Commit)
            state.Rekeyed = now / 86_400;
        state.Entries[id] = new Stored(state.Head, state.Epoch);
        return run;
    }

    /// <summary>These devices' inboxes are used next: where other nodes write, they are locked together and not one by one.</summary>
    public void Expect(IEnumerable<Id> devices)
    {
        if (IsShared)
            store.Hold([.. devices.Select(device => new StreamName(device, Inbox: true))], cache);
    }

    /// <summary>Adds an entry to a device's inbox, which is made if there is none yet, and answers its seq.</summary>
    public ulong Notify(Id device, Kind kind, IMessage payload, Id? id = null)
    {
        var name = new StreamName(device, Inbox: true);
        StreamState inbox = Find(name) ?? Create(name, device);
        if (id is { } known && inbox.Entries.TryGetValue(known, out Stored there))
            return there.Seq; // Another node was faster.
        Append(inbox, kind, id ?? Id.New(), payload.ToByteArray(), Ends(0));
        return inbox.Head;
    }

    public void Add(PendingWelcome welcome) => _welcomes.Add(welcome);

    public void Subscribe(StreamState state, Subscriber subscriber)
    {
        Touch(state);
        if (state.Subscribers.TryGetValue(subscriber.Device, out Subscriber? before))
            cache.ForgetAck(state, before);
        // Who left in the same batch is back.
        state.Left.RemoveAll(s => s.Device == subscriber.Device);
        state.Subscribers[subscriber.Device] = subscriber;
        Store(state, subscriber);
    }

    /// <summary>The device reads up to the head and nothing after it.</summary>
    public void Remove(StreamState state, Subscriber subscriber)
    {
        Touch(state);
        subscriber.Last = state.Head;
        subscriber.LeftEpoch = state.Epoch;
        state.HasLeavers = true;
        Store(state, subscriber);
    }

    /// <summary>The device receives nothing more; without subscribers the stream goes.</summary>
    public void Unsubscribe(StreamState state, Subscriber subscriber)
    {
        Touch(state);
        FlushAcks = true; // The state is read again afterwards, and the others' acknowledgements with it.
        cache.ForgetAck(state, subscriber);
        state.Subscribers.Remove(subscriber.Device);
        state.Joined.RemoveAll(s => s.Device == subscriber.Device);
        state.Left.Add(subscriber);
        _looseEnds.Add(state);
        _news.Add(new DeviceUnsubscribed(state.Name, subscriber.Device));
        if (state.Subscribers.Count == 0)
        {
            state.Gone = true;
            _gone.Add(state.Name);
            cache.Remove(state);
        }
    }

    /// <summary>An acknowledgement that the database alone counts, as far as it goes.</summary>
    public void Ack(StreamName stream, Id device, ulong seq)
    {
        if (seq > 0)
            cache.AwaitAck(stream, device, seq);
    }

    public void Ack(StreamState state, Subscriber subscriber, ulong seq)
    {
        if (IsShared)
        {
            Ack(state.Name, subscriber.Device, seq);
            return;
        }
        subscriber.Acked = seq;
        cache.AwaitAck(state, subscriber);
        FlushAcks |= subscriber.Finished;
    }

    /// <summary>Tells the other parts of the server, once the batch is stored and its entries are told.</summary>
    public void Tell(BusEvent news) => _news.Add(news);

    /// <summary>Somebody of this account wrote, or brought people in: who sleeps is woken, once the batch is stored.</summary>
    public void Wake(Id account, StreamState state)
    {
        if (!sleepers.IsEmpty)
            _heard.Add((account, state));
    }

    /// <summary>Writes everything; called within a transaction.</summary>
    public void Write()
    {
        if (FlushAcks && !IsShared)
            WriteAcks();
        foreach (StreamState state in _touched)
        {
            if (state.Gone && !state.IsNew)
                store.Drop(state.Key);
        }
        foreach (StreamState state in _touched)
        {
            if (state.Gone)
                continue;
            foreach (PendingRun run in state.Pending)
                run.Encode();
            store.Write(state);
        }
        foreach (PendingWelcome welcome in _welcomes)
        {
            if (!welcome.Stream.Gone)
                store.AddWelcome(welcome);
        }
        foreach (StreamState state in _looseEnds)
        {
            if (!state.Gone)
                store.DropReadByAll(state.Key);
        }
    }

    /// <summary>The database has it: memory follows, and the listeners are told.</summary>
    public void Settle(IEventBus bus)
    {
        if (FlushAcks)
            cache.AcksWritten();
        foreach (StreamState state in _touched)
        {
            foreach (PendingRun run in state.Gone ? [] : state.Pending)
            {
                state.Runs.Enqueue(new StoredRun(run.Last, run.Ids()));
                bus.Publish(new EntriesAppended(state.Name, run.First, run.Last, run.Encoded, run.Removed));
            }
            state.Settle();
            if (state.Runs.Count > state.MostRuns)
                cache.Remove(state);
        }
        foreach (StreamState state in _looseEnds)
            cache.Remove(state); // What was deleted is known to the database only.
        foreach (BusEvent news in _news)
            bus.Publish(news);
        foreach ((Id account, StreamState state) in _heard)
            sleepers.Stored(account, state.Subscribers.Values.Where(s => s.Last is null).Select(s => s.Device));
    }

    /// <summary>The database does not have it: memory forgets.</summary>
    public void Abandon()
    {
        foreach (StreamState state in _touched)
            cache.Remove(state);
        cache.AcksLost();
    }

    void WriteAcks()
    {
        List<(StreamState State, Subscriber Subscriber)> finished = [];
        foreach ((StreamState state, Subscriber subscriber) in cache.WaitingAcks)
        {
            store.WriteAck(state, subscriber);
            if (subscriber.Finished)
                finished.Add((state, subscriber));
        }
        foreach ((StreamState state, _) in cache.WaitingAcks)
        {
            if (state.HasLeavers)
            {
                _looseEnds.Add(state);
                Touch(state);
            }
            else if (state.Floor() is ulong floor && state.Forget(floor))
            {
                Touch(state);
                store.DropRead(state, floor);
            }
        }
        foreach ((StreamState state, Subscriber subscriber) in finished)
            Unsubscribe(state, subscriber);
    }

    static void Store(StreamState state, Subscriber subscriber)
    {
        if (!state.Joined.Contains(subscriber))
            state.Joined.Add(subscriber);
    }

    void Touch(StreamState state)
    {
        if (!state.Touched)
        {
            state.Touched = true;
            _touched.Add(state);
        }
    }
}

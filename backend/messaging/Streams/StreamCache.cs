using System.Diagnostics.CodeAnalysis;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>The streams the writer has in memory, and the acknowledgements it has not written yet.</summary>
/// <param name="capacity">Streams above which the longest unused half is dropped.</param>
sealed class StreamCache(int capacity)
{
    readonly Dictionary<StreamName, StreamState> _states = [];
    readonly List<(StreamState State, Subscriber Subscriber)> _acks = [];
    readonly Dictionary<(StreamName Stream, Id Device), ulong> _told = [];
    long _batch;

    /// <summary>Acknowledgements to write, each subscriber once.</summary>
    public IReadOnlyList<(StreamState State, Subscriber Subscriber)> WaitingAcks => _acks;

    /// <summary>Acknowledgements of streams that other nodes write too, by name: they are counted in SQL alone.</summary>
    public IReadOnlyDictionary<(StreamName Stream, Id Device), ulong> ToldAcks => _told;

    /// <summary>Whether there is any acknowledgement to write.</summary>
    public bool AcksWait => _acks.Count > 0 || _told.Count > 0;

    public StreamState? Find(StreamName name)
    {
        if (!_states.TryGetValue(name, out StreamState? state))
            return null;
        state.LastUsed = _batch;
        return state;
    }

    [return: NotNull]
    public StreamState Add(StreamState state)
    {
        _states[state.Name] = state;
        state.LastUsed = _batch;
        return state;
    }

    public void Remove(StreamState state)
    {
        if (_states.TryGetValue(state.Name, out StreamState? known) && ReferenceEquals(known, state))
            _states.Remove(state.Name);
        if (state.AcksWaiting > 0)
        {
            _acks.RemoveAll(ack => ReferenceEquals(ack.State, state));
            state.AcksWaiting = 0;
        }
    }

    /// <summary>Forgets these streams, if they are here.</summary>
    public void Remove(HashSet<long> keys)
    {
        StreamState[] changed = keys.Count == 0 ? [] : [.. _states.Values.Where(state => keys.Contains(state.Key))];
        foreach (StreamState state in changed)
            Remove(state);
    }

    /// <summary>A batch begins: makes room. What it uses stays until it ends.</summary>
    public void Turn()
    {
        _batch++;
        if (_states.Count <= capacity)
            return;
        StreamState[] idle = [.. _states.Values.Where(state => state.AcksWaiting == 0).OrderBy(state => state.LastUsed).Take(capacity / 2)];
        foreach (StreamState state in idle)
            _states.Remove(state.Name);
    }

    public void AwaitAck(StreamState state, Subscriber subscriber)
    {
        if (subscriber.AckWaits)
            return;
        subscriber.AckWaits = true;
        state.AcksWaiting++;
        _acks.Add((state, subscriber));
    }

    public void AwaitAck(StreamName stream, Id device, ulong seq) =>
        _told[(stream, device)] = Math.Max(seq, _told.GetValueOrDefault((stream, device)));

    /// <summary>They are in the database.</summary>
    public void ToldAcksWritten() => _told.Clear();

    public void ForgetAck(StreamState state, Subscriber subscriber)
    {
        if (!subscriber.AckWaits)
            return;
        subscriber.AckWaits = false;
        state.AcksWaiting--;
        _acks.RemoveAll(ack => ReferenceEquals(ack.Subscriber, subscriber));
    }

    public void AcksWritten()
    {
        foreach ((StreamState state, Subscriber subscriber) in _acks)
        {
            subscriber.AckWaits = false;
            state.AcksWaiting--;
        }
        _acks.Clear();
    }

    /// <summary>
    /// A transaction failed: the states whose acknowledgements it may have carried are read again. An acknowledgement lost like this is repeated
    /// by the device's next one, because they are cumulative.
    /// </summary>
    public void AcksLost()
    {
        foreach ((StreamState state, _) in _acks)
            _states.Remove(state.Name);
        _acks.Clear();
    }
}

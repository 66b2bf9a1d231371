using System.Collections.Concurrent;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Sockets;

/// <summary>The streams that somebody connected to this node reads.</summary>
sealed class Topics(IEventBus bus)
{
    readonly ConcurrentDictionary<StreamName, Topic> _topics = new();
    readonly RecentBytes _recent = new();

    /// <summary>From now on the feed hears of its stream.</summary>
    public void Add(Feed feed)
    {
        while (true)
        {
            if (_topics.GetOrAdd(feed.Stream, static (name, topics) => new Topic(name, topics.Bus, topics._recent), this).TryAdd(feed))
                return;
        }
    }

    public void Remove(Feed feed)
    {
        if (_topics.TryGetValue(feed.Stream, out Topic? topic) && topic.Remove(feed))
            _topics.TryRemove(new KeyValuePair<StreamName, Topic>(feed.Stream, topic));
    }

    IEventBus Bus => bus;

    /// <summary>What the topic remembers behind <paramref name="after"/>; null if the database must be asked.</summary>
    public List<EntryRun>? Recent(StreamName stream, ulong after, ulong last, int entries, int bytes) =>
        _topics.TryGetValue(stream, out Topic? topic) ? topic.Recent(after, last, entries, bytes) : null;

    /// <summary>Compares what was heard with what the database has.</summary>
    public async Task CatchUpAsync(StreamQueries reader)
    {
        foreach (StreamName[] names in _topics.Keys.Chunk(1_000))
        {
            foreach ((StreamName name, ulong head) in await reader.HeadsAsync(names))
            {
                if (_topics.TryGetValue(name, out Topic? topic))
                    topic.Note(head);
            }
        }
    }

    /// <summary>Forgets what was remembered longer than a moment.</summary>
    public void Sweep()
    {
        foreach (Topic topic in _topics.Values)
            topic.Sweep();
    }
}

/// <summary>How much all topics together remember.</summary>
sealed class RecentBytes
{
    const long Most = 64L << 20;

    long _bytes;

    public bool IsFull => Volatile.Read(ref _bytes) > Most;

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}

/// <summary>One stream with the feeds of the sockets that read it.</summary>
sealed class Topic(StreamName stream, IEventBus bus, RecentBytes total)
{
    const int RememberedBytes = 512 * 1024;

    readonly Lock _gate = new();
    readonly List<Feed> _feeds = [];
    Queue<EntriesAppended>? _recent;
    int _recentBytes;
    ulong _newest;
    bool _quiet, _closed;
    IDisposable? _listening;

    /// <summary>False if the topic ended meanwhile.</summary>
    public bool TryAdd(Feed feed)
    {
        lock (_gate)
        {
            if (_closed)
                return false;
            _feeds.Add(feed);
            _listening ??= bus.Listen(stream, Hear);
            return true;
        }
    }

    /// <summary>True if nobody is left.</summary>
    public bool Remove(Feed feed)
    {
        lock (_gate)
        {
            _feeds.Remove(feed);
            if (_feeds.Count > 0 || _closed)
                return false;
            _closed = true;
            Forget();
            _listening?.Dispose();
            return true;
        }
    }

    public List<EntryRun>? Recent(ulong after, ulong last, int entries, int bytes)
    {
        lock (_gate)
        {
            if (_recent is null || !_recent.TryPeek(out EntriesAppended? oldest) || oldest.First > after + 1)
                return null;
            List<EntryRun> found = [];
            foreach (EntriesAppended run in _recent)
            {
                if (run.Last <= after || run.First > last)
                    continue;
                if (entries <= 0 || bytes <= 0)
                    break;
                EntryRun clipped = StreamQueries.Clip(new EntryRun(run.Entries, run.First, run.Last, null), after, last, entries);
                entries -= checked((int)(clipped.Last - clipped.First + 1));
                bytes -= clipped.Bytes.Length;
                found.Add(clipped);
            }
            return found.Count > 0 ? found : null;
        }
    }

    /// <summary>The database has entries up to here.</summary>
    public void Note(ulong head)
    {
        lock (_gate)
        {
            for (int i = _feeds.Count - 1; i >= 0; i--)
                _feeds[i].Session.Note(_feeds[i], head);
        }
    }

    public void Sweep()
    {
        lock (_gate)
        {
            if (_quiet)
                Forget();
            _quiet = true;
        }
    }

    void Hear(StreamEvent news)
    {
        lock (_gate)
        {
            if (news is EntriesAppended entries)
                Remember(entries);
            // Backwards: a session may take its feed away while it hears.
            for (int i = _feeds.Count - 1; i >= 0; i--)
                _feeds[i].Session.Hear(_feeds[i], news);
        }
    }

    void Remember(EntriesAppended entries)
    {
        _quiet = false;
        // Other nodes' news may come late, or never: what is remembered has no gap.
        if (_recent is { Count: > 0 } && entries.First != _newest + 1)
        {
            if (entries.Last <= _newest)
                return;
            Forget();
        }
        _newest = entries.Last;
        _recent ??= new Queue<EntriesAppended>(4);
        _recent.Enqueue(entries);
        Count(entries.Entries.Length);
        while (_recentBytes > RememberedBytes)
            Count(-_recent.Dequeue().Entries.Length);
        if (total.IsFull)
            Forget();
    }

    void Forget()
    {
        _recent = null;
        Count(-_recentBytes);
    }

    void Count(int bytes)
    {
        _recentBytes += bytes;
        total.Add(bytes);
    }
}

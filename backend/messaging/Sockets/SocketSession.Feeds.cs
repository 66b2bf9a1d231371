using Google.Protobuf;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Sockets;

/// <summary>This part decides what is delivered: live entries straight from memory, older ones page by page as the window allows.</summary>
sealed partial class SocketSession
{
    /// <summary>Entries waiting to be sent, above which live ones are left to be read again later.</summary>
    const int WaitingEntryBytes = 512 * 1024;
    const int PageBytes = 256 * 1024;

    readonly Dictionary<StreamName, Feed> _feeds = [];
    Queue<Feed>? _behind;
    HashSet<StreamName>? _toOpen;
    bool _openAll;
    int _window, _unacknowledged;

    /// <summary>The device was subscribed to another stream.</summary>
    public void Open(StreamName stream)
    {
        lock (_gate)
        {
            // Before Ready everything is still to be opened anyhow.
            if (_closing || _window == 0)
                return;
            (_toOpen ??= []).Add(stream);
            Wake();
        }
    }

    /// <summary>News may have been missed: all of the device's streams are looked up again.</summary>
    public void OpenAgain()
    {
        lock (_gate)
        {
            if (_closing || _window == 0)
                return;
            _openAll = true;
            Wake();
        }
    }

    /// <summary>The database has entries up to <paramref name="head"/>. The topic's gate is held.</summary>
    public void Note(Feed feed, ulong head)
    {
        lock (_gate)
        {
            if (_closing || feed.Dropped || head <= feed.Head)
                return;
            (feed.Head, feed.Unsure) = (head, true);
            if (!feed.Behind && feed.Cursor < feed.End)
                FallBehind(feed);
            // The news of a conversation that the inbox tells of was missed, too.
            if (feed.Stream.Inbox)
            {
                _openAll = true;
                Wake();
            }
        }
    }

    /// <summary>Takes all feeds from their topics; the socket has ended.</summary>
    public void Leave()
    {
        Feed[] feeds;
        lock (_gate)
        {
            if (!_closing)
                _closingSince = _services.Clock.GetTimestamp();
            _closing = true;
            feeds = [.. _feeds.Values];
            _feeds.Clear();
            DropDeliveries();
            if (_frameBytes is not null && !_pumping)
            {
                System.Buffers.ArrayPool<byte>.Shared.Return(_frameBytes);
                (_frameBytes, _frameLength) = (null, 0);
            }
        }
        foreach (Feed feed in feeds)
            _services.Topics.Remove(feed);
    }

    /// <summary>Something happened in a stream. The topic's gate is held: it comes before the session's.</summary>
    public void Hear(Feed feed, StreamEvent news)
    {
        switch (news)
        {
            case EntriesAppended entries:
                lock (_gate)
                    Offer(feed, entries);
                break;
            case DeviceUnsubscribed gone when gone.Device == Device:
                Drop(feed);
                break;
            case EphemeralSent ephemeral when ephemeral.Sender != Device:
                lock (_gate)
                {
                    if (!_closing && feed.Limit == ulong.MaxValue && _frameLength + _segmentBytes < DeliverBytes)
                        Write(FrameWriter.Message(new ServerFrame
                        {
                            Ephemeral = new Ephemeral
                            {
                                Stream = ByteString.CopyFrom(feed.Stream.Id.ToArray()),
                                Payload = UnsafeByteOperations.UnsafeWrap(ephemeral.Payload),
                            },
                        }));
                }
                break;
            default:
                break;
        }
    }

    void OpenAll()
    {
        lock (_gate)
        {
            _openAll = true;
            Wake();
        }
    }

    void Offer(Feed feed, EntriesAppended run)
    {
        if (_closing || feed.Dropped)
            return;
        feed.Unsure |= run.First > feed.Head + 1;
        feed.Head = Math.Max(feed.Head, run.Last);
        if (run.Removed.Length > 0 && run.Removed.Contains(Device))
            feed.Limit = Math.Min(feed.Limit, run.Last);
        if (feed.Behind || feed.Cursor >= feed.End)
            return;
        int room = _window - _unacknowledged;
        ulong end = Math.Min(Math.Min(run.Last, feed.Limit), feed.Cursor + (ulong)Math.Max(room, 0));
        if (run.First == feed.Cursor + 1 && end > feed.Cursor && _segmentBytes < WaitingEntryBytes)
        {
            (int offset, int length) = end == run.Last ? (0, run.Entries.Length) : StreamQueries.Slice(run.Entries, run.First, run.First, end);
            Send(feed, run.Entries, offset, length, end);
            Wake();
        }
        if (feed.Cursor < feed.End)
            FallBehind(feed);
    }

    void Send(Feed feed, byte[] entries, int offset, int length, ulong end)
    {
        Push(entries, offset, length);
        int count = checked((int)(end - feed.Cursor));
        feed.Unacknowledged += count;
        _unacknowledged += count;
        feed.Cursor = end;
    }

    void FallBehind(Feed feed)
    {
        feed.Behind = true;
        if (feed.Queued)
            return;
        feed.Queued = true;
        (_behind ??= new Queue<Feed>(4)).Enqueue(feed);
        if (_unacknowledged < _window)
            Wake();
    }

    /// <summary>Reads on where a feed is behind.</summary>
    async ValueTask ReadOnAsync(Feed feed)
    {
        if (feed.Unsure && !await MakeSureAsync(feed))
            return;
        ulong after, end;
        int room;
        lock (_gate)
        {
            (after, end, room) = (feed.Cursor, feed.End, Math.Min(_window - _unacknowledged, Limits.PageEntries));
        }
        List<EntryRun> runs = [];
        if (after < end && room > 0)
        {
            runs = _services.Topics.Recent(feed.Stream, after, end, room, PageBytes)
                ?? await _services.Reader.EntriesAsync(
                    feed.Stream, after, end, _services.Clock.GetUtcNow().ToUnixTimeSeconds(), room, PageBytes, detached: false);
        }
        lock (_gate)
        {
            if (_closing || feed.Dropped)
                return;
            foreach (EntryRun run in runs)
            {
                if (run.Last <= feed.Cursor || run.First > feed.End)
                    continue; // acknowledged meanwhile, elsewhere
                EntryRun rest = StreamQueries.Clip(run, feed.Cursor, feed.End, int.MaxValue);
                feed.Cursor = rest.First - 1; // Before it is only what has expired.
                Send(feed, rest.Bytes, 0, rest.Bytes.Length, rest.Last);
            }
            if (runs.Count == 0 && room > 0)
                feed.Cursor = Math.Max(feed.Cursor, end); // All of it has expired.
            if (feed.Cursor < feed.End)
                FallBehind(feed);
            else
                feed.Behind = false;
        }
    }

    /// <summary>Reads a feed's subscription again; false if it is over.</summary>
    async ValueTask<bool> MakeSureAsync(Feed feed)
    {
        Subscription? now = await _services.Reader.SubscriptionAsync(Device, feed.Stream);
        bool goesOn = now is not null && (now.First == feed.First || feed.First == 0);
        lock (_gate)
        {
            if (goesOn)
            {
                feed.Unsure = false;
                feed.Head = Math.Max(feed.Head, now!.Head);
                feed.Limit = Math.Min(feed.Limit, now.Last ?? ulong.MaxValue);
            }
        }
        if (goesOn)
            return true;
        Drop(feed);
        if (now is not null)
            Open(feed.Stream); // Removed and added again.
        return false;
    }

    /// <summary>Everything up to <paramref name="seq"/> is safely on the device.</summary>
    void Acknowledge(StreamName stream, ulong seq)
    {
        Feed? done = null;
        lock (_gate)
        {
            if (!_feeds.TryGetValue(stream, out Feed? feed))
                return;
            // What the device fetched over REST may be newer than what this socket has heard of.
            seq = Math.Min(seq, feed.End);
            if (seq == 0)
                return;
            int left = seq >= feed.Cursor ? 0 : (int)Math.Min((ulong)feed.Unacknowledged, feed.Cursor - seq);
            _unacknowledged -= feed.Unacknowledged - left;
            feed.Unacknowledged = left;
            feed.Cursor = Math.Max(feed.Cursor, seq);
            feed.Ack ??= new FeedAck(Device, stream);
            if (feed.Ack.Advance(seq) && !_services.Writer.TryAdd(feed.Ack))
                feed.Ack.Reset(); // The next acknowledgement covers this one.
            if (seq >= feed.Limit)
                done = feed;
            if (_behind?.Count > 0 && _unacknowledged < _window)
                Wake();
        }
        if (done is not null)
            Drop(done);
    }

    /// <summary>Finds the device's streams and starts to deliver them. The database is asked twice: once before listening, to know to what, and
    /// once after, to know from where; so nothing falls between.</summary>
    async ValueTask OpenAsync()
    {
        bool all;
        HashSet<StreamName> names;
        lock (_gate)
        {
            (all, names) = (_openAll, _toOpen ?? []);
            (_openAll, _toOpen) = (false, null);
        }
        var inbox = new StreamName(Device, Inbox: true);
        if (all)
        {
            names.Add(inbox);
            foreach (Subscription subscription in await _services.Reader.SubscriptionsAsync(Device))
                names.Add(subscription.Name);
        }
        foreach (StreamName name in names)
        {
            Feed feed = new(this, name);
            lock (_gate)
            {
                if (_closing || !_feeds.TryAdd(name, feed))
                    continue;
            }
            _services.Topics.Add(feed);
        }
        await _services.Bus.SettledAsync();
        Dictionary<StreamName, Subscription> subscriptions = [];
        if (all)
        {
            foreach (Subscription subscription in await _services.Reader.SubscriptionsAsync(Device))
                subscriptions[subscription.Name] = subscription;
        }
        else
        {
            foreach (StreamName name in names)
            {
                if (await _services.Reader.SubscriptionAsync(Device, name) is { } subscription)
                    subscriptions[name] = subscription;
            }
        }
        foreach (StreamName name in names.OrderByDescending(name => name.Inbox))
        {
            if (subscriptions.TryGetValue(name, out Subscription? subscription))
                Begin(subscription);
            else if (name == inbox)
                Begin(new Subscription(inbox, 0, 0, First: 1, null, 0)); // Nothing was ever put into it.
            else if (Find(name) is { } feed)
                Drop(feed);
        }
    }

    void Begin(Subscription subscription)
    {
        Feed? outdated = null;
        lock (_gate)
        {
            if (_closing || !_feeds.TryGetValue(subscription.Name, out Feed? feed))
                return;
            if (feed.First == subscription.First)
            {
                feed.Head = Math.Max(feed.Head, subscription.Head);
                feed.Limit = Math.Min(feed.Limit, subscription.Last ?? ulong.MaxValue);
                if (!feed.Behind && feed.Cursor < feed.End)
                    FallBehind(feed);
            }
            else if (feed.First != 0)
            {
                outdated = feed; // The device was removed and added again.
            }
            else
            {
                feed.First = subscription.First;
                feed.Cursor = Math.Max(subscription.Acked, subscription.First - 1);
                feed.Head = Math.Max(feed.Head, subscription.Head);
                feed.Limit = Math.Min(feed.Limit, subscription.Last ?? ulong.MaxValue);
                if (feed.Cursor < feed.End)
                    FallBehind(feed);
                else
                    feed.Behind = false;
            }
        }
        if (outdated is not null)
        {
            Drop(outdated);
            Open(subscription.Name);
        }
    }

    Feed? Find(StreamName name)
    {
        lock (_gate)
            return _feeds.GetValueOrDefault(name);
    }

    void Drop(Feed feed)
    {
        lock (_gate)
        {
            if (feed.Dropped)
                return;
            feed.Dropped = true;
            if (_feeds.TryGetValue(feed.Stream, out Feed? present) && ReferenceEquals(present, feed))
                _feeds.Remove(feed.Stream);
            _unacknowledged -= feed.Unacknowledged;
            if (_behind?.Count > 0 && _unacknowledged < _window)
                Wake();
        }
        _services.Topics.Remove(feed);
    }
}

using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>What comes in: entries of conversations, and the inbox.</summary>
sealed partial class ConversationEngine
{
    /// <summary>
    /// Fetches and processes everything a stream holds for this device.
    /// </summary>
    /// <param name="thread">The conversation.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="epoch">The stream's epoch, where the server has just said it.</param>
    public async Task CatchUpAsync(ConversationThread thread, Id stream, CancellationToken cancel, ulong epoch = 0)
    {
        while (true)
        {
            ulong next = await StepAsync(thread, step => Task.FromResult(NextSeq(thread, stream)), cancel).ConfigureAwait(false);
            if (next == 0) return;
            Wire.EntryList page;
            try
            {
                page = await _core.Streams.EntriesAsync(stream, next - 1, BatchEntries, cancel).ConfigureAwait(false);
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
            {
                await UnknownAsync(thread, stream, cancel).ConfigureAwait(false);
                return;
            }
            if (page.Entries.Count == 0)
            {
                if (page.Head + 1 != next) epoch = await EpochAsync(stream, cancel).ConfigureAwait(false);
                if (page.Head + 1 >= next) await StepAsync(thread, step => LevelAsync(step, stream, page.Head, epoch), cancel).ConfigureAwait(false);
                else if (epoch != ulong.MaxValue) await StepAsync(thread, step => RewindAsync(step, stream, next, page.Head, epoch), cancel).ConfigureAwait(false);
                return;
            }
            await TakeAsync(thread, stream, page.Entries, complete: true, cancel).ConfigureAwait(false);
        }
    }

    async Task<ulong> EpochAsync(Id stream, CancellationToken cancel) =>
        (await _core.Streams.ListAsync(cancel).ConfigureAwait(false)).FirstOrDefault(info => info.Stream.Span.SequenceEqual(stream.ToArray()))?.Epoch ?? ulong.MaxValue;

    static ulong NextSeq(ConversationThread thread, Id stream) =>
        thread.Streams.GetValueOrDefault(stream) is { State: StreamState.Live or StreamState.Lost } followed ? followed.Row.NextSeq : 0;

    /// <summary>This device cannot follow a stream any more.</summary>
    public Task<bool> LoseAsync(Step step, Id stream)
    {
        if (step.Thread.Streams.GetValueOrDefault(stream) is { IsLive: true } live) _intake.Lose(step, live);
        return Task.FromResult(true);
    }

    // The server has less than it had given out before it was asked.
    Task<bool> RewindAsync(Step step, Id stream, ulong next, ulong head, ulong epoch)
    {
        if (step.Thread.Streams.GetValueOrDefault(stream) is not { } group || group.Row.NextSeq != next) return Task.FromResult(false);
        _intake.Rewind(step, group, head + 1, epoch);
        NoteRewound(step.Batch);
        step.Afterwards(SayRewound);
        return Task.FromResult(true);
    }

    void SayRewound()
    {
        if (Interlocked.Exchange(ref _saidRewound, 1) == 0)
            _core.Events.Publish(new Notice("The server was put back to an earlier state. Your conversations go on; a message that was sent since then may be missing on some devices."));
    }

    // Nothing more is there: what this device has counted is held against what the server says.
    Task<bool> LevelAsync(Step step, Id stream, ulong head, ulong epoch)
    {
        if (step.Thread.Streams.GetValueOrDefault(stream) is { State: StreamState.Lost } lost && head >= lost.Row.NextSeq)
        {
            (lost.Row.NextSeq, lost.Row.Last) = (head + 1, ByteString.Empty);
            step.Touch(lost);
        }
        if (step.Thread.Streams.GetValueOrDefault(stream) is not { IsLive: true } live) return Task.FromResult(true);
        if (head >= live.Row.NextSeq) _intake.Skip(step, live, head + 1, epoch);
        else if (epoch > live.Row.Epoch && !live.Row.EpochKnown)
        {
            live.Row.Epoch = epoch; // joined after commits that the members refused: the stream counts those, MLS does not
            step.Touch(live);
        }
        return Task.FromResult(true);
    }

    // A batch of the link: runs of one stream share a step. False where some could not be taken: nothing of those was acknowledged, and on this
    // connection they do not come again by themselves.
    async Task<bool> TakeAsync(List<Wire.Entry> entries, CancellationToken cancel)
    {
        bool complete = true;
        foreach (IGrouping<ByteString, Wire.Entry> run in entries.GroupBy(entry => entry.Stream))
        {
            Id stream = Id.Read(run.Key.Span);
            try
            {
                if (stream == _core.Identity.Device) await TakeInboxAsync([.. run], cancel).ConfigureAwait(false);
                else if (_byStream.GetValueOrDefault(stream) is { } thread) await TakeAsync(thread, stream, [.. run], complete: false, cancel).ConfigureAwait(false);
                else
                {
                    // Received and not known: this device asked to be let in, and its request ends with the epoch.
                    if (run.Any(entry => entry.Kind == Wire.Kind.Commit)) LookAfterLostSoon();
                    await PassOverAsync(stream, [.. run], cancel).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Whatever it is: one run that cannot be processed does not end the processing of all that follow.
                if (e is not KavalekException { Code: not ClientErrors.ProfileDamaged }) Report(e);
                complete = false;
            }
        }
        return complete;
    }

    // All streams share what the server sends ahead, and what nobody acknowledges would fill it: somebody could stop all conversations of a device with one that it cannot open.
    // A Welcome is in the inbox before what follows it in its stream, so whatever came of a stream that is unknown after that was read will never be readable here.
    async Task PassOverAsync(Id stream, Wire.Entry[] entries, CancellationToken cancel)
    {
        _unknown[stream] = entries[^1].Seq;
        _unknownEntries += entries.Length;
        if (_unknownEntries < MostUnknown) return;
        await CatchUpInboxAsync(cancel).ConfigureAwait(false);
        foreach ((Id unknown, ulong seq) in _unknown)
            if (!_byStream.ContainsKey(unknown)) await AckAsync(unknown, seq, cancel).ConfigureAwait(false);
        _unknown.Clear();
        _unknownEntries = 0;
    }

    /// <summary>Processes entries of one stream in one step, then acknowledges them.</summary>
    /// <param name="thread">The conversation.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="entries">In their order.</param>
    /// <param name="complete">Whether they are all the server has from where they begin: a gap before them will not be filled.</param>
    /// <param name="cancel">Stops.</param>
    async Task TakeAsync(ConversationThread thread, Id stream, IReadOnlyList<Wire.Entry> entries, bool complete, CancellationToken cancel)
    {
        (bool gap, ulong acked) = await StepAsync(thread, async step =>
        {
            if (thread.Streams.GetValueOrDefault(stream) is not { } group) return (false, 0UL);
            foreach (Wire.Entry entry in entries)
            {
                if (complete && group.IsLive && entry.Seq > group.Row.NextSeq) _intake.Skip(step, group, entry.Seq, entry.Epoch);
                if (!await _intake.TakeAsync(step, group, entry).ConfigureAwait(false)) return (true, group.Row.NextSeq - 1);
            }
            // Never more than was shown: a server that has gone back will give other entries the same numbers.
            return (false, Math.Min(group.Row.NextSeq - 1, entries[^1].Seq));
        }, cancel).ConfigureAwait(false);
        if (acked > 0) await AckAsync(stream, acked, cancel).ConfigureAwait(false);
        if (gap) await CatchUpAsync(thread, stream, cancel).ConfigureAwait(false);
        Kick(thread);
        // Any member can add a device that the account key has certified, and a removed device holds that key.
        if (!_running || entries.All(entry => entry.Kind != Wire.Kind.Commit)) return;
        if (IsInUse(thread) && Gone(thread).Any()) InBackground(LookAfterDevicesAsync);
        if (Doubts(thread).Any()) InBackground(() => ResolveDoubtsAsync(_stop.Token));
    }

    IEnumerable<MemberDevice> Doubts(ConversationThread thread) => thread.View.Devices.Where(d => _core.People.IsDoubtful(d.Account, d.AccountKey));

    // A committer alone can bring anybody's name in under any key. If the directory shows the same key, it is a change of that person; if not, it stays
    // a doubt about this conversation.
    async Task ResolveDoubtsAsync(CancellationToken cancel)
    {
        foreach (MemberDevice device in _threads.Values.SelectMany(Doubts).ToArray())
        {
            (Id, string) doubt = (device.Account, Convert.ToHexString(device.AccountKey));
            if (!_asked.TryAdd(doubt, 0)) continue;
            try
            {
                await _core.People.RefreshAsync(device.Account, cancel).ConfigureAwait(false);
            }
            catch (KavalekException e)
            {
                if (e.Code is ClientErrors.Offline or ErrorCodes.RateLimited or ErrorCodes.Unavailable) _asked.TryRemove(doubt, out _); // not now
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    async Task AckAsync(Id stream, ulong seq, CancellationToken cancel)
    {
        if (IsConnected)
        {
            await _core.Link.AckAsync(stream, seq, cancel).ConfigureAwait(false);
            return;
        }
        try
        {
            await _core.Streams.AckAsync(stream, seq, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            // Acknowledged before, and with its last entry the subscription ended.
        }
    }

    async Task CatchUpAllAsync(CancellationToken cancel)
    {
        IReadOnlyList<Wire.StreamInfo> streams = await _core.Streams.ListAsync(cancel).ConfigureAwait(false);
        // An inbox begins with its first entry.
        if (streams.FirstOrDefault(IsInbox) is { } inbox)
        {
            if (inbox.Acked >= _inboxNext) Returns.SayOlderCopy();
            await CatchUpInboxAsync(cancel).ConfigureAwait(false);
        }
        else await RewindInboxAsync(_inboxNext, 0, cancel).ConfigureAwait(false);
        foreach (Wire.StreamInfo info in streams)
            if (_byStream.GetValueOrDefault(Id.Read(info.Stream.Span)) is { } thread) await LookAsync(thread, info, cancel).ConfigureAwait(false);
        await ReturnAllAsync(streams, cancel).ConfigureAwait(false);
    }

    // Only what went back is looked into; what is new comes by itself.
    async Task LookBackOnceAsync(CancellationToken cancel)
    {
        IReadOnlyList<Wire.StreamInfo> streams = await _core.Streams.ListAsync(cancel).ConfigureAwait(false);
        if (streams.FirstOrDefault(IsInbox) is not { } inbox) await RewindInboxAsync(_inboxNext, 0, cancel).ConfigureAwait(false);
        else if (inbox.Acked + 1 < _inboxNext) await CatchUpInboxAsync(cancel).ConfigureAwait(false);
        foreach (Wire.StreamInfo info in streams)
        {
            Id stream = Id.Read(info.Stream.Span);
            if (_byStream.GetValueOrDefault(stream) is not { } thread) continue;
            bool back = await StepAsync(thread, step => Task.FromResult(info.Head + 1 < NextSeq(thread, stream)), cancel).ConfigureAwait(false);
            if (back || await RewoundAsync(thread, info, cancel).ConfigureAwait(false)) await CatchUpAsync(thread, stream, cancel).ConfigureAwait(false);
        }
    }

    // A server that was put back may have taken as much since as it had forgotten. Where it says that this device had not acknowledged all that it
    // has read, the last of that is looked at again: under its number stands what stood there, or the stream went back.
    async Task<bool> RewoundAsync(ConversationThread thread, Wire.StreamInfo info, CancellationToken cancel)
    {
        Id stream = Id.Read(info.Stream.Span);
        (ulong next, ByteString last) = await StepAsync(thread, step => Task.FromResult(
            NextSeq(thread, stream) is > 1 and var seq ? (seq, thread.Streams[stream].Row.Last) : (0UL, ByteString.Empty)), cancel).ConfigureAwait(false);
        if (last.IsEmpty || info.Acked + 1 >= next) return false;
        Wire.EntryList page = await _core.Streams.EntriesAsync(stream, next - 2, 1, cancel).ConfigureAwait(false);
        if (page.Entries is not [{ } entry, ..] || entry.Seq != next - 1 || entry.Id.Equals(last)) return false;
        // All that it has not seen acknowledged comes again; what is known of it is known by its keys.
        page = await _core.Streams.EntriesAsync(stream, info.Acked, 1, cancel).ConfigureAwait(false);
        return page.Entries is [{ } first, ..]
            && await StepAsync(thread, step => RewindAsync(step, stream, next, first.Seq - 1, first.Epoch), cancel).ConfigureAwait(false);
    }

    bool IsInbox(Wire.StreamInfo info) => info.Stream.Span.SequenceEqual(_core.Identity.Device.ToArray());

    /// <summary>
    /// Before the first thing is sent after the profile was opened: whether it is what this device had last. Put back from a backup, it
    /// would use keys again that were used.
    /// </summary>
    public async Task LookAsync(ConversationThread thread, CancellationToken cancel)
    {
        Id[] unseen = await StepAsync(thread, step => Task.FromResult<Id[]>(
            [.. thread.Streams.Values.Where(s => s.IsLive && !_lookedAt.ContainsKey(s.Id)).Select(s => s.Id)]), cancel).ConfigureAwait(false);
        if (unseen.Length == 0) return;
        IReadOnlyList<Wire.StreamInfo> streams = await _core.Streams.ListAsync(cancel).ConfigureAwait(false);
        foreach (Id stream in unseen)
        {
            if (streams.FirstOrDefault(info => info.Stream.Span.SequenceEqual(stream.ToArray())) is { } info) await LookAsync(thread, info, cancel).ConfigureAwait(false);
            else _lookedAt.TryAdd(stream, 0); // the server does not take anything for it, and says so
        }
    }

    // What this device has acknowledged it had stored: a profile that knows less is an older copy of it.
    async Task LookAsync(ConversationThread thread, Wire.StreamInfo info, CancellationToken cancel)
    {
        Id stream = Id.Read(info.Stream.Span);
        bool behind = await StepAsync(thread, step =>
        {
            if (thread.Streams.GetValueOrDefault(stream) is not { IsLive: true } live || info.Acked < live.Row.NextSeq) return Task.FromResult(false);
            step.Afterwards(Returns.SayOlderCopy);
            _intake.Lose(step, live);
            return Task.FromResult(true);
        }, cancel).ConfigureAwait(false);
        if (!behind && (info.Head + 1 != NextSeq(thread, stream) | await RewoundAsync(thread, info, cancel).ConfigureAwait(false))) await CatchUpAsync(thread, stream, cancel).ConfigureAwait(false);
        _lookedAt.TryAdd(stream, 0);
    }

    /// <summary>The same, in a while.</summary>
    public void LookAfterLostSoon() => After(TryAgain, LookAfterLost);

    /// <summary>Looks, in the background, for conversations that this device cannot follow, and asks to be let in again.</summary>
    public void LookAfterLost()
    {
        if (!_running) return;
        InBackground(async () =>
        {
            try
            {
                await ReturnAllAsync(await _core.Streams.ListAsync(_stop.Token).ConfigureAwait(false), _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // Over.
            }
            catch (Exception e)
            {
                if (e is not KavalekException) Report(e);
                After(TryAgain, LookAfterLost);
            }
        });
    }

    // Streams that this device receives and does not know: their Welcome was lost, or could not be opened. Those that it knows and lost.
    async Task ReturnAllAsync(IReadOnlyList<Wire.StreamInfo> streams, CancellationToken cancel)
    {
        foreach (Wire.StreamInfo info in streams.Where(info => !IsInbox(info)))
        {
            Id stream = Id.Read(info.Stream.Span);
            ulong epoch = info.Epoch;
            // Looked at anew for each try: it may have been let in meanwhile.
            for (int attempt = 0; attempt < 3 && await IsWorthReturningAsync(stream, cancel).ConfigureAwait(false); attempt++)
            {
                if (await Returns.AskAsync(stream, epoch, cancel).ConfigureAwait(false) is not { } refused)
                {
                    if (_byStream.GetValueOrDefault(stream) is { Kind: ConversationKind.Direct } pair) After(PairsPatience, () => OpenAnewSoon(pair));
                    break;
                }
                if (refused.Code == ErrorCodes.StaleEpoch) epoch = refused.Epoch;
                else if (refused.Code == ErrorCodes.NotFound && _byStream.GetValueOrDefault(stream) is { } thread)
                    await StepAsync(thread, step => EndAsync(step, stream), cancel).ConfigureAwait(false);
                else break;
            }
        }
        HashSet<Id> subscribed = [.. streams.Select(info => Id.Read(info.Stream.Span))];
        foreach ((Id stream, ConversationThread thread) in _byStream)
        {
            if (subscribed.Contains(stream)) continue;
            // Somebody took it off the server's list: asked for it, the server says so.
            if (await StepAsync(thread, step => Task.FromResult(thread.Streams.GetValueOrDefault(stream) is { IsLive: true }), cancel).ConfigureAwait(false))
                await CatchUpAsync(thread, stream, cancel).ConfigureAwait(false);
            await StepAsync(thread, step => EndAsync(step, stream), cancel).ConfigureAwait(false);
        }
    }

    async Task<bool> IsWorthReturningAsync(Id stream, CancellationToken cancel) => _byStream.GetValueOrDefault(stream) is not { } thread
        || await StepAsync(thread, step => Task.FromResult(IsWorthReturning(step, stream)), cancel).ConfigureAwait(false);

    // A group that was left, or that a newer one of the pair has replaced, is not worth the trouble.
    static bool IsWorthReturning(Step step, Id stream)
    {
        if (step.Thread.Streams.GetValueOrDefault(stream) is not { State: StreamState.Lost } lost) return false;
        if (step.Thread.State == ConversationState.Active && step.Thread.Live is null) return true;
        if (step.Thread.State == ConversationState.Request) return false;
        lost.State = StreamState.Unsubscribing;
        step.Touch(lost);
        return false;
    }

    // Lost, and not even a subscriber any more: there is no way back but somebody's invitation.
    Task<bool> EndAsync(Step step, Id stream)
    {
        if (step.Thread.Streams.GetValueOrDefault(stream) is not { State: StreamState.Lost } lost) return Task.FromResult(false);
        // A pair needs nobody's invitation: it stays lost until the group that takes its place is there.
        if (IsPairAdrift(step.Thread))
        {
            ConversationThread pair = step.Thread;
            step.Afterwards(() => OpenAnewSoon(pair));
            return Task.FromResult(false);
        }
        lost.State = StreamState.Ended;
        step.Touch(lost);
        step.Batch.Delete(StoreKeys.Return(stream));
        step.Publish(new ConversationChanged(step.Thread.Face));
        return Task.FromResult(true);
    }

    // How long the other side of a pair has to let this device in again, before it opens another group of the two.
    static readonly TimeSpan PairsPatience = TimeSpan.FromSeconds(30);

    static bool IsPairAdrift(ConversationThread thread) =>
        thread is { Kind: ConversationKind.Direct, State: ConversationState.Active, Peer: not null, Live: null, Newest.State: StreamState.Lost };

    // The other side may be away, undecided, or cannot bring anybody back; whoever can write to a person can open another group with them.
    void OpenAnewSoon(ConversationThread thread) => InBackground(async () =>
    {
        if (!_openingAnew.TryAdd(thread.Id, 0)) return;
        try
        {
            bool adrift = await StepAsync(thread, step => Task.FromResult(IsPairAdrift(thread)), _stop.Token).ConfigureAwait(false);
            if (!adrift || _core.People.Find(thread.Peer!.Value) is not { IsBlocked: false }) return;
            await OpenDirectAsync(thread.Id, thread.Peer.Value, _stop.Token).ConfigureAwait(false);
            LookAfterLost();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Over.
        }
        catch (Exception e) when (Setback.Is(e))
        {
            // The next connection looks again.
        }
        finally
        {
            _openingAnew.TryRemove(thread.Id, out _);
        }
    });

    async Task CatchUpInboxAsync(CancellationToken cancel)
    {
        while (true)
        {
            ulong asked = _inboxNext;
            // With the last one that was taken, if it is there still: it is the same, or the server went back.
            Wire.EntryList page = await _core.Streams.EntriesAsync(_core.Identity.Device, asked - Math.Min(asked, 2), BatchEntries, cancel).ConfigureAwait(false);
            if (page.Entries is [{ } last, ..] && last.Seq == asked - 1 && _inboxLast.Length > 0 && !_inboxLast.SequenceEqual(Digest(last)))
            {
                await RewindInboxAsync(asked, 0, cancel).ConfigureAwait(false);
                continue;
            }
            if (page.Entries.All(entry => entry.Seq < asked))
            {
                if (page.Head + 1 < asked) await RewindInboxAsync(asked, page.Head, cancel).ConfigureAwait(false);
                return;
            }
            await TakeInboxAsync(page.Entries, cancel).ConfigureAwait(false);
        }
    }

    // As with conversations: what comes next has numbers that were given once before.
    async Task RewindInboxAsync(ulong asked, ulong head, CancellationToken cancel)
    {
        if (asked == head + 1) return;
        await _joining.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (_inboxNext != asked) return;
            StoreBatch batch = new StoreBatch().Put(StoreKeys.Inbox, new IndexRow { Position = head + 1 }.ToByteArray());
            NoteRewound(batch);
            await _core.Store.ApplyAsync(batch, cancel).ConfigureAwait(false);
            (_inboxNext, _inboxLast) = (head + 1, []);
        }
        finally
        {
            _joining.Release();
        }
        SayRewound();
    }

    async Task TakeInboxAsync(IReadOnlyList<Wire.Entry> entries, CancellationToken cancel)
    {
        await _joining.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            foreach (Wire.Entry entry in entries)
            {
                if (entry.Seq < _inboxNext) continue;
                byte[] digest = Digest(entry);
                StoreBatch cursor = new StoreBatch().Put(StoreKeys.Inbox, new IndexRow { Position = entry.Seq + 1, Last = ByteString.CopyFrom(digest) }.ToByteArray());
                if (entry.Kind == Wire.Kind.Welcome) await WelcomedAsync(entry, cursor, cancel).ConfigureAwait(false);
                else
                {
                    Id? peer = entry.Kind == Wire.Kind.Notice ? PeerOf(entry) : null;
                    if (peer is { } noted) ExpectPeer(noted, cursor);
                    await _core.Store.ApplyAsync(cursor, cancel).ConfigureAwait(false);
                    if (peer is { } changed) LetInSoon(changed);
                    else if (entry.Kind == Wire.Kind.Notice && IsOfNotes(entry)) Notes.SyncSoon(TimeSpan.FromMilliseconds(1));
                    else if (entry.Kind == Wire.Kind.Notice) InBackground(LookAfterDevicesAsync);
                }
                (_inboxNext, _inboxLast) = (entry.Seq + 1, digest);
            }
            await AckAsync(_core.Identity.Device, Math.Min(_inboxNext - 1, entries[^1].Seq), cancel).ConfigureAwait(false);
        }
        finally
        {
            _joining.Release();
        }
    }

    static byte[] Digest(Wire.Entry entry) => System.Security.Cryptography.SHA256.HashData([(byte)entry.Kind, .. entry.Id.Span, .. entry.Payload.Span]);

    async Task WelcomedAsync(Wire.Entry entry, StoreBatch cursor, CancellationToken cancel)
    {
        if (Notice(entry) is not { } notice || !Id.TryRead(notice.Stream.Span, out Id stream))
        {
            await _core.Store.ApplyAsync(cursor, cancel).ConfigureAwait(false);
            return;
        }
        if (_byStream.GetValueOrDefault(stream) is { } known) await CatchUpAsync(known, stream, cancel).ConfigureAwait(false);
        OpenedWelcome? opened = null;
        bool unreadable = false;
        bool live = _byStream.GetValueOrDefault(stream)?.View is not null && IsLive(stream);
        if (!live)
        {
            byte[]? welcome = await _core.Streams.WelcomeAsync(stream, notice.Seq, cancel).ConfigureAwait(false);
            (opened, unreadable) = welcome is null ? (null, true) : await _welcomes.OpenAsync(stream, welcome).ConfigureAwait(false);
        }
        if (opened is not null && !await IsTakenAsync(stream, opened, cancel).ConfigureAwait(false)) opened = null;
        if (opened is null)
        {
            // Nothing stays behind; what is in use already goes on. What could not be opened was perhaps meant well: this device asks for another.
            if (!live && !unreadable) await UnsubscribeAsync(stream, cancel).ConfigureAwait(false);
            await _core.Store.ApplyAsync(cursor, cancel).ConfigureAwait(false);
            if (unreadable) LookAfterLost();
            return;
        }
        await JoinAsync(stream, notice.Seq, opened, cursor, cancel).ConfigureAwait(false);
        await CatchUpAsync(_byStream[stream], stream, cancel).ConfigureAwait(false);
        Kick(_byStream[stream]);
    }

    bool IsLive(Id stream) => _byStream.GetValueOrDefault(stream)?.Streams.GetValueOrDefault(stream) is { IsLive: true };

    // Whose devices changed, where it is somebody else.
    static Id? PeerOf(Wire.Entry entry)
    {
        return UntrustedMessage.TryRead(Wire.Notice.Parser, entry.Payload.Span, out Wire.Notice? notice)
            && notice.About == Wire.Notice.Types.About.PeerDevices && Id.TryRead(notice.Account.Span, out Id account) ? account : null;
    }

    static bool IsOfNotes(Wire.Entry entry) =>
        UntrustedMessage.TryRead(Wire.Notice.Parser, entry.Payload.Span, out Wire.Notice? notice) && notice.About == Wire.Notice.Types.About.OwnNotes;

    static Wire.WelcomeNotice? Notice(Wire.Entry entry)
    {
        return UntrustedMessage.TryRead(Wire.WelcomeNotice.Parser, entry.Payload.Span, out Wire.WelcomeNotice? notice) ? notice : null;
    }

    // False leaves nothing of the group, and so does a directory that cannot be asked: then the Welcome is opened again at the next occasion.
    async Task<bool> IsTakenAsync(Id stream, OpenedWelcome opened, CancellationToken cancel)
    {
        bool taken = false;
        try
        {
            return taken = IsWanted(stream, opened) && await IsCredibleAsync(stream, opened, cancel).ConfigureAwait(false);
        }
        finally
        {
            if (!taken) opened.Joined.Group.Dispose();
        }
    }

    // Blocked and declined people open nothing here, whatever they call it (K-24).
    bool IsWanted(Id stream, OpenedWelcome opened)
    {
        Id inviter = opened.Inviter.Account;
        // A device that was lost knows the key of before.
        if (inviter == _core.Identity.Account) return opened.Inviter.AccountKey.AsSpan().SequenceEqual(_core.Identity.PublicAccountKey);
        if (_core.People.Find(inviter) is { IsBlocked: true }) return false;
        if (_byStream.GetValueOrDefault(stream) is { View.State: ConversationState.Declined }) return false;
        if (opened.Extension.Continues is { } conversation && _threads.GetValueOrDefault(conversation) is { View.State: ConversationState.Declined }) return false;
        return !_threads.Values.Any(thread => thread.View.State == ConversationState.Declined && (thread.View.Inviter == inviter || thread.View.Peer == inviter));
    }

    // Who invites, and whoever of the others is known, must be who the directory says; and a Welcome takes this device into an epoch once.
    async Task<bool> IsCredibleAsync(Id stream, OpenedWelcome opened, CancellationToken cancel)
    {
        if (_byStream.GetValueOrDefault(stream)?.Streams.GetValueOrDefault(stream) is { } known && Welcomes.IsRepeated(known, opened)) return false;
        foreach (MemberDevice member in opened.Members.Where(m => m.Account == opened.Inviter.Account || _core.People.Find(m.Account) is not null))
            if (CertificateAuthentication.Read(opened.Joined.Group.Find(member.Leaf)!.Credential) is { } certificate
                && !await _core.People.IsBorneOutAsync(certificate, cancel).ConfigureAwait(false)) return false;
        return true;
    }

    async Task JoinAsync(Id stream, ulong seq, OpenedWelcome opened, StoreBatch cursor, CancellationToken cancel)
    {
        ConversationThread? known = Carried(stream, opened, out Id id);
        ConversationThread fresh = _welcomes.Begin(this, id, opened);
        ConversationThread thread = known ?? fresh;
        await StepAsync(thread, async step =>
        {
            bool mine = opened.Inviter.Account == _core.Identity.Account;
            // The account accepted it on a device that wrote its archive; whoever its people were then may bring this one in.
            bool returns = thread.State == ConversationState.Restored && _core.People.Find(opened.Inviter.Account) is { Trust: Trust.Unverified or Trust.Verified } person
                && person.AccountKey.AsSpan().SequenceEqual(opened.Inviter.AccountKey);
            foreach (MemberDevice member in opened.Members)
                if (member.Account != _core.Identity.Account && CertificateAuthentication.Read(opened.Joined.Group.Find(member.Leaf)!.Credential) is { } certificate)
                    await _core.People.ObserveAsync(certificate, borneOut: true, cancel).ConfigureAwait(false);
            bool accepted = mine || returns || _core.People.Find(opened.Inviter.Account) is { IsAdded: true };
            // A group that the server had forgotten, begun afresh by one of its members: nobody is asked again.
            bool isKept = IsForgotten(thread) || thread.Live is not null || thread.Streams.ContainsKey(stream);
            bool isNew = thread == fresh || thread.State is not (ConversationState.Active or ConversationState.Request) || !isKept;
            GroupStream? before = thread.Streams.GetValueOrDefault(stream);
            // It left, and nobody had confirmed it: the one who brings it back does not know. It goes on leaving.
            bool leaves = thread.State == ConversationState.Left && before is { Row.LeavingSince: > 0 };
            bool again = leaves || before?.State is StreamState.Lost or StreamState.Between || (before is not null && thread.State == ConversationState.Active);
            if (leaves) accepted = false;
            else if (isNew || accepted) thread.State = accepted ? ConversationState.Active : ConversationState.Request;
            if (thread.Kind == ConversationKind.Group && isNew) thread.Row.Inviter = fresh.Row.Inviter;
            await _welcomes.KeepAsync(step, stream, seq, opened, again).ConfigureAwait(false);
            if (leaves) thread.Streams[stream].Row.Leaving = true;
            thread.Row.Activity = step.NowMilliseconds;
            step.Batch.Append(cursor);
            if (accepted && !mine && thread.Kind == ConversationKind.Direct) Chronicle.Accept(step);
            step.Publish(new ConversationChanged(thread.Face));
            if (thread.State == ConversationState.Request) step.Publish(new RequestReceived(thread.Face));
            return true;
        }, cancel).ConfigureAwait(false);
        Add(thread);
        _lookedAt.TryAdd(stream, 0);
    }

    // The conversation that an opened group belongs to here; null, with the id for a new one, where it belongs to none.
    ConversationThread? Carried(Id stream, OpenedWelcome opened, out Id id)
    {
        id = opened.Extension.Kind == ConversationKind.Direct ? _welcomes.PairOf(opened) : opened.Extension.Continues ?? stream;
        if (_byStream.GetValueOrDefault(stream) is { } same) return same;
        if (_threads.GetValueOrDefault(id) is not { } known || opened.Extension.Kind == ConversationKind.Direct) return _threads.GetValueOrDefault(id);
        // Known from the archive alone: nothing here to hold it against, and whether it is accepted is decided by who invites.
        if (known.View.State == ConversationState.Restored) return known;
        // A device that lost track remembers no roles to judge by: it asks its owner, unless it is a contact who brings it back, with nobody whom it saw removed.
        if (known.View is { State: ConversationState.Active, Stream: StreamState.Lost } && !Continuation.BringsBack(known.View, opened.Members) && _core.People.FindAs(opened.Inviter.Account, opened.Inviter.AccountKey) is { Trust: Trust.Unverified or Trust.Verified }) return known;
        ulong newest = known.Streams.Values.Select(s => s.Row.Created).DefaultIfEmpty().Max();
        if (Continuation.Breach(known.View, newest, opened.Inviter, opened.Extension, opened.Members) is null) return known;
        id = Welcomes.OtherId(stream);
        return null;
    }

    async Task UnsubscribeAsync(Id stream, CancellationToken cancel)
    {
        try
        {
            await _core.Streams.UnsubscribeAsync(stream, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            // Not subscribed any more.
        }
    }
}

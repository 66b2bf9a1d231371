using Google.Protobuf;
using Kavalek.Client.Archived;
using Kavalek.Client.Records;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>Reading: what others wrote since, and downwards what was before (docs/PROTOCOL.md §10.3, §10.5).</summary>
sealed partial class HistoryArchive
{
    const int FirstPage = 1, PageSegments = 16;

    /// <summary>Reads up to the head that the server shows.</summary>
    async Task CatchUpAsync(ulong head, CancellationToken cancel)
    {
        if (_row.Low == 0)
        {
            if (head < _row.Promised)
            {
                Tell("The server shows less of the history archive than your account had when this device was let in. What it shows is read; what another device of yours has is put there anew.");
                _row.Promised = 0;
            }
            if (head == 0) (_row.Low, _row.Link) = (1, ByteString.CopyFrom(_seal.FirstLink(Archive)));
            else await BeginAsync(head, cancel).ConfigureAwait(false);
            await SaveAsync(new StoreBatch(), cancel).ConfigureAwait(false);
            return;
        }
        if (head < _row.Head)
        {
            await BrokenAsync("The server lost the newest part of the history archive, or holds it back. What this device has is put there anew.", head, cancel).ConfigureAwait(false);
            return;
        }
        HashSet<ulong> gone = [];
        while (_row.Head < head)
        {
            Wire.ArchivePage page = await _core.Archive.AboveAsync(Archive, _row.Head, PageSegments, cancel).ConfigureAwait(false);
            ulong before = _row.Head;
            StoreBatch read = new();
            foreach (Wire.ArchiveSegment segment in page.Segments)
            {
                if (await Chain.LookAsync(_seal, Archive, segment).ConfigureAwait(false) is not { } next || next.Header.Number != _row.Head + 1 || !_row.Link.Span.SequenceEqual(next.Header.Previous)) break;
                if (next is { Batch: null, IsGone: false } && await HaveKeysChangedAsync(cancel).ConfigureAwait(false))
                {
                    MindKeys();
                    next = (await Chain.LookAsync(_seal, Archive, segment).ConfigureAwait(false))!;
                }
                if (_row.Low == 0 || (next.Batch is not null && IsDoubtful(next)))
                {
                    // From the top down, it shows what of it was vouched for; what this device has and that lacks is put there anew. No honest device writes under an older key behind the first
                    // segment under a newer one, since it has to read that first.
                    if (next.Generation < _row.Generation) Tell(Lacking);
                    if (_row.Low != 0) await RebuildAsync(cancel).ConfigureAwait(false);
                    await CatchUpAsync(head, cancel).ConfigureAwait(false);
                    return;
                }
                if (next.Batch is not null) await AbsorbAsync([next.Batch], cancel).ConfigureAwait(false);
                else if (!next.IsGone || !Chain.MayBeGone(next, [], NowSeconds)) gone.Add(next.Header.Number);
                gone.ExceptWith(next.Header.Replaces);
                Index(next, read);
                Follow(next);
            }
            if (_row.Head == before)
            {
                await BrokenAsync("The server shows another history archive than before. What this device has is put there anew.", head, cancel).ConfigureAwait(false);
                return;
            }
            await SaveAsync(read, cancel).ConfigureAwait(false);
        }
        if (gone.Count > 0) await BrokenAsync(Lacking, head, cancel).ConfigureAwait(false);
    }

    // It is reported, and read on as far as it opens; from then on what is shown now is held on to.
    async Task BrokenAsync(string problem, ulong head, CancellationToken cancel)
    {
        Tell(problem);
        await RebuildAsync(cancel).ConfigureAwait(false);
        await CatchUpAsync(head, cancel).ConfigureAwait(false);
    }

    const string Lacking = "The server has lost or changed a part of the history archive. Nothing on this device changed; what it has is put there anew.";

    // Under a key that whoever has a lost device knows, too, behind what this device had followed when it was replaced; or another one vouches for less than this one had followed, or for something else.
    bool IsDoubtful(LookedAt next) => next.Generation < _seal.Generation
        || (next.Batch!.Vouch is { } vouch && (vouch.Number != _row.Head || !vouch.Link.Span.SequenceEqual(_row.Link.Span)));

    // Once the keys were replaced, what is under older ones counts as far as this device had followed it. Where it was still reading downwards, it begins anew.
    void MindKeys()
    {
        uint keys = _seal.Generation + 1;
        if (_row.Keys == keys) return;
        if (_row.Keys != 0 && _row.Low != 0)
        {
            (_row.Promised, _row.PromisedLink) = (_row.Head, _row.Link);
            if (_row.Low > 1)
            {
                (_row.Low, _row.Below) = (0, ByteString.Empty);
                _row.Replaced.Clear();
                _page.Clear();
            }
        }
        _row.Keys = keys;
    }

    // Its link, its size: the chain goes on from here.
    void Follow(LookedAt newest)
    {
        (_row.Head, _row.Link) = (newest.Header.Number, ByteString.CopyFrom(newest.Link));
        _row.Generation = Math.Max(_row.Generation, newest.Generation);
        foreach (ulong number in newest.Header.Replaces) _row.Small.Remove(number);
        if (newest.IsSmall) _row.Small.Add(newest.Header.Number);
        else if (newest.Header.Expires == 0) _row.Small.Clear();
    }

    async Task BeginAsync(ulong head, CancellationToken cancel)
    {
        Wire.ArchivePage page = await _core.Archive.BelowAsync(Archive, head + 1, FirstPage, cancel).ConfigureAwait(false);
        if (page.Segments is not [{ } newest] || newest.Number != head || await Chain.LookAsync(_seal, Archive, newest).ConfigureAwait(false) is not { } look)
            throw ServerErrors.Misbehaves("does not show the history archive it says it has");
        StoreBatch read = new();
        Follow(look);
        (_row.Low, _row.Below, _row.Chained, _row.Doubtful) = (head + 1, ByteString.CopyFrom(look.Link), false, false);
        if (!await DownAsync(look, read, cancel).ConfigureAwait(false)) return;
        await AbsorbPageAsync(cancel).ConfigureAwait(false);
        await SaveAsync(read, cancel).ConfigureAwait(false);
    }

    /// <summary>Reads a page further down.</summary>
    async Task FillPageAsync(CancellationToken cancel)
    {
        MindKeys();
        if (_row.Off || _row.Low <= 1) return;
        Wire.ArchivePage page = await _core.Archive.BelowAsync(Archive, _row.Low, PageSegments, cancel).ConfigureAwait(false);
        if (page.Segments.Count == 0)
        {
            await DamagedAsync(cancel).ConfigureAwait(false);
            _row.Low = 1;
        }
        StoreBatch read = new();
        foreach (Wire.ArchiveSegment segment in page.Segments)
        {
            if (segment.Number >= _row.Low || segment.Number == 0) throw ServerErrors.Misbehaves("sent a part of the history archive that was not asked for");
            LookedAt? look = await Chain.LookAsync(_seal, Archive, segment).ConfigureAwait(false);
            if (look is null || look.Header.Number != _row.Low - 1 || (!_row.Below.IsEmpty && !_row.Below.Span.SequenceEqual(look.Link)))
            {
                _row.Chained = false;
                if (await DamagedAsync(cancel).ConfigureAwait(false)) return;
            }
            if (look is null) (_row.Low, _row.Below) = (segment.Number, ByteString.Empty);
            else if (!await DownAsync(look, read, cancel).ConfigureAwait(false)) return;
        }
        await AbsorbPageAsync(cancel).ConfigureAwait(false);
        await SaveAsync(read, cancel).ConfigureAwait(false);
        await RebuiltAsync(cancel).ConfigureAwait(false);
        await PublishAsync(cancel).ConfigureAwait(false);
    }

    // Everything that is there is known now; what is still marked is written.
    async Task RebuiltAsync(CancellationToken cancel)
    {
        if (_row.Low != 1 || !_row.Rebuilding) return;
        await WriteAsync(all: true, cancel).ConfigureAwait(false);
        _row.Rebuilding = false;
        await SaveAsync(new StoreBatch(), cancel).ConfigureAwait(false);
    }

    // False where reading begins anew.
    async Task<bool> DownAsync(LookedAt segment, StoreBatch batch, CancellationToken cancel)
    {
        ulong number = segment.Header.Number;
        if (number == _row.Promised && !_row.PromisedLink.Span.SequenceEqual(segment.Link) && await DamagedAsync(cancel).ConfigureAwait(false)) return false;
        // What is under an older key counts where the chain leads to it from what was vouched for: whoever has a lost device knows that key. The rest is passed over.
        _row.Chained |= number == _row.Promised && _row.PromisedLink.Span.SequenceEqual(segment.Link);
        bool counts = segment.Batch is not null && (_row.Chained || segment.Generation == _seal.Generation);
        if (counts)
        {
            Index(segment, batch);
            _page.Add(segment.Batch!);
            if (segment.Batch!.Vouch is { } vouch) (_row.Promised, _row.PromisedLink, _row.Chained) = (vouch.Number, vouch.Link, false);
        }
        if (counts && segment.Generation == _seal.Generation && _row.Doubtful) Tell(Lacking);
        _row.Doubtful = !counts && segment.Batch is not null;
        if (segment.Batch is null && (!segment.IsGone || !Chain.MayBeGone(segment, _row.Replaced, NowSeconds)) && await DamagedAsync(cancel).ConfigureAwait(false)) return false;
        if (number == 1 && !segment.Header.Previous.AsSpan().SequenceEqual(_seal.FirstLink(Archive)) && await DamagedAsync(cancel).ConfigureAwait(false)) return false;
        _row.Replaced.Remove(number);
        if (counts || segment.Batch is null) _row.Replaced.AddRange(segment.Header.Replaces.Where(replaced => replaced < number && !_row.Replaced.Contains(replaced)));
        (_row.Low, _row.Below) = (number, ByteString.CopyFrom(segment.Header.Previous));
        return true;
    }

    // Once for each archive all is marked and read again from the top; after that it is read on past what is damaged. True where it begins anew.
    async Task<bool> DamagedAsync(CancellationToken cancel)
    {
        if (_row.Rebuilding) return false;
        Tell(Lacking);
        await RebuildAsync(cancel).ConfigureAwait(false);
        return true;
    }

    // The newest first. A page is taken in at once: each conversation in it is a transaction, however many of the segments it is in.
    async Task AbsorbPageAsync(CancellationToken cancel)
    {
        ArchiveBatch[] batches = [.. _page];
        _page.Clear();
        await AbsorbAsync(batches, cancel).ConfigureAwait(false);
    }

    async Task AbsorbAsync(IReadOnlyList<ArchiveBatch> newestFirst, CancellationToken cancel)
    {
        Dictionary<Id, (ArchivedConversation About, List<MessageRow> Newest)> conversations = [];
        foreach (ArchiveBatch batch in newestFirst)
        {
            foreach (ArchivedPerson person in batch.People)
                if (Id.TryRead(person.Account.Span, out Id account) && person.Key.Length == KeyBytes && ContentCodec.IsName(person.Name))
                    await _core.People.LearnAsync(new Pin(account, person.Handle, person.Key.ToByteArray(), PinSource.Archive)
                    {
                        DisplayName = person.Name.Length > 0 ? person.Name : null,
                        IsVerified = person.Verified,
                        IsAdded = person.Added,
                    }, cancel).ConfigureAwait(false);
            foreach ((ArchivedConversation conversation, IReadOnlyList<MessageRow> newest) in new BatchReader(batch).Conversations(_core.Identity.Account, lines: true))
            {
                Id id = Id.Read(conversation.Id.Span);
                if (!conversations.TryGetValue(id, out (ArchivedConversation, List<MessageRow> Newest) known)) conversations[id] = known = (conversation, []);
                known.Newest.AddRange(newest);
            }
        }
        foreach ((ArchivedConversation about, List<MessageRow> newest) in conversations.Values)
            _row.Restored += (ulong)await _engine.RestoreAsync(about, newest, cancel).ConfigureAwait(false);
    }

    readonly List<ArchiveBatch> _page = [];

    const int KeyBytes = 65;
}

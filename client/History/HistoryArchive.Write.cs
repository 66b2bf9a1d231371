using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Client.Archived;
using Kavalek.Client.Records;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>Writing what is marked (docs/PROTOCOL.md §10.4).</summary>
sealed partial class HistoryArchive
{
    const int MergeAt = 16;
    const ulong Minute = 60, HourSeconds = 3_600, Day = 86_400;

    async Task WriteAsync(bool all, CancellationToken cancel)
    {
        await BeginGenerationAsync(cancel).ConfigureAwait(false);
        for (int lost = 0; ;)
        {
            IReadOnlyList<StoreEntry> marks = await _core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Due, PageTexts), cancel).ConfigureAwait(false);
            List<DueText> due = await ReadAsync(marks, cancel).ConfigureAwait(false);
            if (due.Count == 0 && marks.Count == PageTexts) continue;
            if (due.Count == 0) break;
            if (!all && !_row.Rebuilding && due.Count < FullMarks && !IsOld(due)) break;
            try
            {
                await RedactAsync(due, cancel).ConfigureAwait(false);
                foreach (IGrouping<ulong, DueText> ending in due.GroupBy(text => Expires(text.Row)))
                    await WriteAsync(ending.Key, [.. ending], cancel).ConfigureAwait(false);
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.StaleArchive && lost++ < Attempts)
            {
                // Another device wrote first: what it wrote loses its mark here.
                if (!await AgreeAsync(cancel).ConfigureAwait(false)) return;
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.OverQuota)
            {
                Tell(e.Message);
                await SaveAsync(new StoreBatch(), cancel).ConfigureAwait(false);
                return;
            }
        }
        if (_row.Small.Count >= MergeAt && _row.Low == 1) await MergeAsync(cancel).ConfigureAwait(false);
        await PublishAsync(cancel).ConfigureAwait(false);
    }

    // At once, though there may be nothing to write: what is before it cannot be changed any more.
    async Task BeginGenerationAsync(CancellationToken cancel)
    {
        try
        {
            if (_row.Low != 0) await VouchAsync(cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code is ErrorCodes.StaleArchive or ErrorCodes.OverQuota)
        {
            // Next time, if another device has not done so.
        }
    }

    bool IsOld(List<DueText> due)
    {
        ulong now = NowSeconds * 1000, patience = (ulong)Patience.TotalMilliseconds;
        return due.Min(text => text.Row.Received) + patience <= now;
    }

    // What is gone, or would end too soon, loses its mark.
    async Task<List<DueText>> ReadAsync(IReadOnlyList<StoreEntry> marks, CancellationToken cancel)
    {
        List<DueText> due = [];
        StoreBatch done = new();
        foreach (StoreEntry mark in marks)
        {
            Id conversation = Id.Parse(mark.Key.Split('/')[2]);
            ulong position = StoreKeys.NumberOf(mark.Key);
            MessageRow? row = await _engine.Log.GetAsync(conversation, position, cancel).ConfigureAwait(false);
            if (_engine.Thread(conversation) is { } thread && row is not null && Lines.IsArchived(row) && (row.Ends == 0 || Expires(row) >= NowSeconds + Minute))
                due.Add(new DueText(thread, position, row));
            else done.Delete(mark.Key);
        }
        if (!done.IsEmpty) await _core.Store.ApplyAsync(done, cancel).ConfigureAwait(false);
        return due;
    }

    // Rounded down: the server's copy goes no later than the message.
    static ulong Expires(MessageRow row)
    {
        if (row.Ends == 0) return 0;
        ulong life = row.Ends > row.Sent ? (row.Ends - row.Sent) / 1000 : 0, ends = row.Ends / 1000;
        ulong step = life / 8 >= Day ? Day : life / 8 >= HourSeconds ? HourSeconds : Minute;
        return ends - ends % step;
    }

    async Task WriteAsync(ulong expires, List<DueText> due, CancellationToken cancel)
    {
        for (int at = 0; at < due.Count;)
        {
            BatchWriter writer = new(PersonOf, SegmentSeal.BatchBytes);
            int first = at;
            while (at < due.Count && writer.TryAdd(due[at].Thread, due[at].Row)) at++;
            await AppendAsync(writer.Batch, expires, [], due[first..at], cancel).ConfigureAwait(false);
        }
    }

    // The first segment under a new key holds nothing but how far what is under older ones may be believed, and stays for good.
    async Task VouchAsync(CancellationToken cancel)
    {
        if (_row.Generation >= _seal.Generation) return;
        await AppendSegmentAsync(new ArchiveBatch { Vouch = new ArchiveVouch { Number = _row.Promised, Link = _row.PromisedLink } }, 0, [], [], cancel).ConfigureAwait(false);
    }

    async Task AppendAsync(ArchiveBatch batch, ulong expires, IReadOnlyList<ulong> replaces, IReadOnlyList<DueText> written, CancellationToken cancel)
    {
        await VouchAsync(cancel).ConfigureAwait(false);
        await AppendSegmentAsync(batch, expires, replaces, written, cancel).ConfigureAwait(false);
    }

    async Task AppendSegmentAsync(ArchiveBatch batch, ulong expires, IReadOnlyList<ulong> replaces, IReadOnlyList<DueText> written, CancellationToken cancel)
    {
        SegmentHeader header = new(Archive, _row.Head + 1, _row.Link.ToByteArray(), expires, replaces);
        byte[] bytes = await _seal.SealAsync(header, batch).ConfigureAwait(false);
        Wire.ArchiveSegment segment = new()
        {
            Archive = _row.Archive,
            Number = header.Number,
            Previous = _row.Link,
            Expires = expires,
            Sealed = ByteString.CopyFrom(bytes),
        };
        segment.Replaces.AddRange(replaces);
        await _core.Archive.AppendAsync(segment, cancel).ConfigureAwait(false);
        // Killed before this is stored, it is read back as somebody else's, and the marks go then.
        foreach (IGrouping<ConversationThread, DueText> texts in written.GroupBy(text => text.Thread)) await _engine.StepAsync(texts.Key, step => UnmarkAsync(step, texts), cancel).ConfigureAwait(false);
        StoreBatch stored = new();
        LookedAt appended = new(header, _seal.Link(header, SHA256.HashData(bytes)), batch, _seal.Generation, false, expires == 0 && bytes.Length == SegmentSeal.SmallBytes);
        Index(appended, stored);
        Follow(appended);
        _row.Bytes += (ulong)bytes.Length;
        await SaveAsync(stored, cancel).ConfigureAwait(false);
    }

    // What was done to a message while it was on its way is not in the segment: it keeps its mark.
    static async Task<bool> UnmarkAsync(Step step, IEnumerable<DueText> written)
    {
        step.Batch.IsPostponable = true;
        foreach (DueText text in written)
            if (await step.RowAsync(text.Position).ConfigureAwait(false) is not { } now || Acts.AreAlike(now, text.Row)) step.Unmark(text.Position);
        return true;
    }

    // The newest small segments become one: who writes a little at a time would else fill the archive with padding.
    async Task MergeAsync(CancellationToken cancel)
    {
        ulong[] numbers = [.. _row.Small.Order().Take(Limits.ArchivePageSegments)];
        Wire.ArchivePage page = await _core.Archive.BelowAsync(Archive, numbers[^1] + 1, Limits.ArchivePageSegments, cancel).ConfigureAwait(false);
        BatchWriter writer = new(null, SegmentSeal.BatchBytes);
        List<ulong> merged = [];
        foreach (Wire.ArchiveSegment segment in page.Segments.Reverse())
        {
            if (!numbers.Contains(segment.Number) || await Chain.LookAsync(_seal, Archive, segment).ConfigureAwait(false) is not { Batch: { } batch, Header.Expires: 0 } look) continue;
            // Under a key that a lost device knows it is not looked at again: what would be copied from it would be vouched for anew.
            if (look.Generation != _seal.Generation || batch.Vouch is not null) continue;
            BatchReader reader = new(batch);
            foreach (ArchivedPerson person in batch.People) writer.Add(person);
            // Sixteen of the smallest fit the largest many times over.
            if (!batch.Texts.All(text => text.Conversation < batch.Conversations.Count && writer.TryAdd(reader, text, batch.Conversations[(int)text.Conversation]))) return;
            merged.Add(segment.Number);
        }
        if (merged.Count < MergeAt / 2) return;
        try
        {
            await AppendAsync(writer.Batch, 0, merged, [], cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code is ErrorCodes.StaleArchive or ErrorCodes.OverQuota)
        {
            // Next time.
        }
    }

    ArchivedPerson? PersonOf(Id account)
    {
        if (_core.People.PinOf(account) is not { ChangedKey: null } pin) return null;
        ArchivedPerson person = new() { Account = Step.Bytes(account), Key = ByteString.CopyFrom(pin.Key), Handle = pin.Handle, Verified = pin.IsVerified, Added = pin.IsAdded };
        if (pin.DisplayName is { } name) person.Name = name;
        return person;
    }
}

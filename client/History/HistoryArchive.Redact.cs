using Google.Protobuf;
using Kavalek.Client.Archived;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>Taking out of the archive what was deleted (docs/PROTOCOL.md §10.4): a segment that holds it is replaced by one without it, and the server deletes the old one.</summary>
sealed partial class HistoryArchive
{
    // Which contents a segment holds, for as long as it is there: else every deletion would mean to read the whole archive.
    static void Index(LookedAt segment, StoreBatch batch)
    {
        foreach (ulong replaced in segment.Header.Replaces) batch.Delete(StoreKeys.Segment(replaced));
        if (segment.Batch is not { } held) return;
        batch.Put(StoreKeys.Segment(segment.Header.Number), [.. held.Texts.Where(text => text.Id.Length == Limits.IdLength && text.Deletion is null).SelectMany(text => text.Id.ToByteArray())]);
    }

    async Task RedactAsync(List<DueText> due, CancellationToken cancel)
    {
        HashSet<(ByteString Account, ByteString Id)> gone = [.. due.Where(text => text.Row.Deletion is not null).Select(text => (text.Row.Account, text.Row.Id))];
        if (gone.Count == 0) return;
        HashSet<ByteString> ids = [.. gone.Select(name => name.Id)];
        foreach (StoreEntry entry in await _core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Segments), cancel).ConfigureAwait(false))
            if (Holds(entry.Value, ids)) await ReplaceAsync(StoreKeys.NumberOf(entry.Key), gone, cancel).ConfigureAwait(false);
    }

    static bool Holds(byte[] index, HashSet<ByteString> ids)
    {
        for (int at = 0; at + Limits.IdLength <= index.Length; at += Limits.IdLength)
            if (ids.Contains(ByteString.CopyFrom(index, at, Limits.IdLength))) return true;
        return false;
    }

    async Task ReplaceAsync(ulong number, HashSet<(ByteString Account, ByteString Id)> gone, CancellationToken cancel)
    {
        Wire.ArchivePage page = await _core.Archive.BelowAsync(Archive, number + 1, 1, cancel).ConfigureAwait(false);
        if (page.Segments is not [{ } segment] || segment.Number != number || await Chain.LookAsync(_seal, Archive, segment).ConfigureAwait(false) is not { Batch: { } batch } look)
        {
            // It has expired, or the server has lost it: there is nothing left to take out.
            await SaveAsync(new StoreBatch().Delete(StoreKeys.Segment(number)), cancel).ConfigureAwait(false);
            return;
        }
        // What is copied is vouched for anew: of a segment under a key that a lost device knows, only what was read in it when the chain led there.
        byte[]? known = look.Generation == _seal.Generation ? null : await _core.Store.GetAsync(StoreKeys.Segment(number), cancel).ConfigureAwait(false) ?? [];
        BatchReader reader = new(batch);
        BatchWriter writer = new(null, int.MaxValue);
        foreach (ArchivedPerson person in batch.People) writer.Add(person);
        foreach (ArchivedText text in batch.Texts)
            if (text.Conversation < batch.Conversations.Count && (known is null || Holds(known, [text.Id])) && (text.Deletion is not null || !gone.Contains((Step.Bytes(reader.IdAt(text.Account)), text.Id))))
                writer.TryAdd(reader, text, batch.Conversations[(int)text.Conversation]);
        // It takes the place of one segment, and holds less.
        await AppendAsync(writer.Batch, look.Header.Expires, [number], [], cancel).ConfigureAwait(false);
    }
}

using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>Whether there is an archive, and which one (docs/PROTOCOL.md §10.3).</summary>
sealed partial class HistoryArchive
{
    const int Attempts = 5;

    ulong _version, _serverHead;

    /// <summary>Holds what the server shows against what is known, and begins an archive where there is none. Whether it is on.</summary>
    async Task<bool> AgreeAsync(CancellationToken cancel)
    {
        for (int attempt = 0; ; attempt++)
        {
            MindKeys();
            Wire.ArchiveInfo info = await _core.Archive.InfoAsync(cancel).ConfigureAwait(false);
            Take(info);
            Opened<ArchiveState>? opened = info.Version == 0 ? null : await _seal.OpenStateAsync(info.State.Memory).ConfigureAwait(false);
            // Another device may have replaced the keys.
            if (opened is null && info.Version > 0 && await HaveKeysChangedAsync(cancel).ConfigureAwait(false)) continue;
            // Under an older key, only what was known already is what it was: whoever lost a device knows that key, and could write another.
            bool isOld = opened is not null && opened.Generation < _seal.Generation;
            ArchiveState? state = isOld && _row.Serial > 0 && opened!.What.Serial != _row.Serial ? null : opened?.What;
            Id? shown = Id.TryRead(info.Archive.Span, out Id id) ? id : null;
            Id? known = _row.Archive.IsEmpty ? null : Archive;
            if (state is not null && state.Archive == shown && (state.Serial > _row.Serial || (state.Serial == _row.Serial && shown == known)))
            {
                if (state.Serial > _row.Serial) await AdoptAsync(state, cancel).ConfigureAwait(false);
                if (isOld)
                {
                    // From here on under the present key.
                    try
                    {
                        await PutAsync(info.Version, _row.Off ? null : Archive, cancel).ConfigureAwait(false);
                    }
                    catch (KavalekException e) when (e.Code == ErrorCodes.StaleArchive && attempt < Attempts)
                    {
                        continue;
                    }
                }
                if (_row.Off) return false;
                await CatchUpAsync(info.Head, cancel).ConfigureAwait(false);
                return true;
            }
            if (info.Version > 0 || _row.Serial > 0)
                Tell("The server shows an older history archive than it had before, or none. Nothing on this device changed; what it has is put there anew.");
            try
            {
                await PutAsync(info.Version, _row.Off ? null : shown is not null && shown == known ? known : _core.Mls.Crypto.NewId(), cancel).ConfigureAwait(false);
                if (_row.Off) return false;
                await CatchUpAsync(_serverHead, cancel).ConfigureAwait(false);
                return true;
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.StaleArchive && attempt < Attempts)
            {
                // Another device was first: see what it said.
            }
        }
    }

    async Task<bool> HaveKeysChangedAsync(CancellationToken cancel)
    {
        uint before = _seal.Generation;
        await _core.Devices.RefreshAsync(cancel).ConfigureAwait(false);
        return _seal.Generation != before;
    }

    void Take(Wire.ArchiveInfo info) => (_version, _serverHead, _row.Bytes, _row.Quota) = (info.Version, info.Head, info.Bytes, info.Quota);

    async Task PutAsync(ulong version, Id? archive, CancellationToken cancel)
    {
        ArchiveState next = new(_row.Serial + 1, archive);
        Wire.PutArchive put = new()
        {
            Version = version,
            State = ByteString.CopyFrom(await _seal.SealAsync(next).ConfigureAwait(false)),
            Archive = archive is { } id ? Step.Bytes(id) : ByteString.Empty,
        };
        Take(await _core.Archive.PutAsync(put, cancel).ConfigureAwait(false));
        await AdoptAsync(next, cancel).ConfigureAwait(false);
    }

    // A state newer than any seen here. Where it names another archive, that one lacks whatever this device has until it has been looked at.
    async Task AdoptAsync(ArchiveState state, CancellationToken cancel)
    {
        bool first = _row.Serial == 0, other = state.Archive is { } id && (_row.Archive.IsEmpty || id != Archive);
        (_row.Serial, _row.Off) = (state.Serial, state.Archive is null);
        StoreBatch batch = new();
        if (_row.Off)
        {
            StartOver(ByteString.Empty, batch);
            batch.DeletePrefix(StoreKeys.Due);
        }
        else if (other) StartOver(Step.Bytes(state.Archive!.Value), batch);
        _core.IsArchiving = !_row.Off;
        await SaveAsync(batch, cancel).ConfigureAwait(false);
        if (other && !first) await RebuildAsync(cancel).ConfigureAwait(false);
    }

    void StartOver(ByteString archive, StoreBatch batch)
    {
        batch.DeletePrefix(StoreKeys.Segments);
        (_row.Archive, _row.Head, _row.Low, _row.Link, _row.Below, _row.Rebuilding) = (archive, 0, 0, ByteString.Empty, ByteString.Empty, false);
        (_row.Promised, _row.PromisedLink, _row.Chained, _row.Doubtful) = (0, ByteString.Empty, false, false);
        _row.Replaced.Clear();
        _row.Small.Clear();
        _page.Clear();
    }

    /// <summary>Marks everything this device has, and reads the archive again from its top: what it has loses its mark, the rest is written.</summary>
    async Task RebuildAsync(CancellationToken cancel)
    {
        StoreBatch begun = new();
        // As long as nothing in it is under the present key, this device alone knows how far the rest may be believed.
        (ulong number, ByteString link) = _row.Generation < _seal.Generation ? (_row.Promised, _row.PromisedLink) : (0, ByteString.Empty);
        StartOver(_row.Archive, begun);
        (_row.Promised, _row.PromisedLink) = (number, link);
        foreach (ConversationThread thread in _engine.Threads)
        {
            string from = StoreKeys.Messages(thread.Id), end = StoreKeys.Message(thread.Id, ConversationThread.QueuedPositions);
            while (true)
            {
                IReadOnlyList<StoreEntry> page = await _core.Store.ScanAsync(new StoreRange(from, end, PageTexts), cancel).ConfigureAwait(false);
                if (page.Count == 0) break;
                StoreBatch batch = new();
                foreach (StoreEntry entry in page)
                    if (Lines.IsArchived(MessageRow.Parser.ParseFrom(entry.Value)))
                        batch.Put(StoreKeys.DueAt(thread.Id, StoreKeys.NumberOf(entry.Key)), [1]);
                await _core.Store.ApplyAsync(batch, cancel).ConfigureAwait(false);
                from = page[^1].Key + " ";
            }
        }
        _row.Rebuilding = true;
        await SaveAsync(begun, cancel).ConfigureAwait(false);
    }

    const int PageTexts = 512;
}

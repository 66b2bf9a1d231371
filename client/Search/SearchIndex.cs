using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// The words of all messages of this device (docs/STORE.md, "Search"). It changes in the batch that changes the messages, so neither is ever ahead of the
/// other; conversations change it alone, one step at a time.
/// </summary>
sealed class SearchIndex(ClientCore core)
{
    /// <summary>Messages of the newest segment of a conversation, which is written with every message, before it joins a larger one.</summary>
    const int Small = 32;

    /// <summary>Messages of a segment, and how far one may grow from within before it is split.</summary>
    const int Full = 512, Most = 768;

    // While somebody searches, what was read stays for the next letter; what is larger is read each time.
    const int WarmBytes = 32_000_000;

    readonly Lock _lock = new();
    readonly Dictionary<Id, (ulong Key, byte[] Bytes)> _newest = [];
    SortedDictionary<string, byte[]>? _warm;
    ulong _version;

    /// <summary>What a message is found by: its text and the names of its files; <c>null</c> where it is not.</summary>
    public static string? TextOf(MessageRow row) => row.BodyCase == MessageRow.BodyOneofCase.Text ? TextOf(row.Text.Text, row.Text.Attachments.Select(Attachment.Read)) : null;

    /// <summary>The same of a message as it is shown.</summary>
    public static string TextOf(TextBody body) => TextOf(body.Text, body.Attachments);

    static string TextOf(string text, IEnumerable<Attachment> files) => string.Join('\n', files.Select(file => file.Name).Prepend(text).Where(part => part.Length > 0));

    /// <summary>Writes what becomes of messages of one conversation into the batch that does it.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="changes">By position: the message as it is now, or <c>null</c> where it is gone.</param>
    /// <param name="batch">The batch.</param>
    public async Task WriteAsync(Id conversation, SortedDictionary<ulong, MessageRow?> changes, StoreBatch batch)
    {
        Edit edit = new(this, conversation);
        foreach ((ulong position, MessageRow? row) in changes)
        {
            if (row is null || TextOf(row) is not { } text) await edit.RemoveAsync(position).ConfigureAwait(false);
            else await edit.PutAsync(new IndexedMessage(position, Math.Min(row.Sent, MostMilliseconds), Id.Read(row.Account.Span)), SearchWords.Of(text)).ConfigureAwait(false);
        }
        await edit.EndAsync(batch).ConfigureAwait(false);
    }

    /// <summary>A batch with changes of this index is stored.</summary>
    public void Stored(Id conversation, StoreBatch batch)
    {
        string prefix = StoreKeys.Words(conversation);
        lock (_lock)
        {
            _version++;
            if (_newest.Count > MostConversations) _newest.Clear();
            foreach (StoreChange change in batch.Changes)
                switch (change)
                {
                    case StorePut put when put.Key.StartsWith(prefix, StringComparison.Ordinal):
                        _warm?[put.Key] = put.Value;
                        ulong key = StoreKeys.NumberOf(put.Key);
                        if (_newest.TryGetValue(conversation, out var known) && key >= known.Key) _newest[conversation] = (key, put.Value);
                        break;
                    case StoreDelete delete when delete.Key.StartsWith(prefix, StringComparison.Ordinal):
                        _warm?.Remove(delete.Key);
                        if (_newest.TryGetValue(conversation, out var gone) && gone.Key == StoreKeys.NumberOf(delete.Key)) _newest.Remove(conversation);
                        break;
                    case StoreDeleteRange range when range.From == prefix:
                        _warm = null;
                        _newest.Remove(conversation);
                        break;
                }
        }
    }

    /// <summary>What was not stored is not known either.</summary>
    public void Forget(Id conversation)
    {
        lock (_lock)
        {
            _newest.Remove(conversation);
            _warm = null;
            _version++;
        }
    }

    /// <summary>The segments of all conversations, or of one; in no order that matters.</summary>
    public async IAsyncEnumerable<(Id Conversation, byte[] Segment)> SegmentsAsync(Id? conversation, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        string prefix = conversation is { } only ? StoreKeys.Words(only) : StoreKeys.AllWords;
        KeyValuePair<string, byte[]>[]? warm;
        ulong version;
        lock (_lock)
        {
            warm = _warm is null ? null : [.. conversation is null ? _warm : _warm.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))];
            version = _version;
        }
        if (warm is not null)
        {
            foreach ((string key, byte[] segment) in warm) yield return (ConversationOf(key), segment);
            yield break;
        }
        SortedDictionary<string, byte[]>? kept = conversation is null ? new(StringComparer.Ordinal) : null;
        long bytes = 0;
        for (string from = prefix, end = StoreRange.End(prefix); ;)
        {
            IReadOnlyList<StoreEntry> page = await core.Store.ScanAsync(new StoreRange(from, end, Page), cancel).ConfigureAwait(false);
            foreach (StoreEntry entry in page)
            {
                bytes += entry.Value.Length;
                if (bytes > WarmBytes) kept = null;
                kept?.Add(entry.Key, entry.Value);
                yield return (ConversationOf(entry.Key), entry.Value);
            }
            if (page.Count < Page) break;
            from = page[^1].Key + " ";
        }
        lock (_lock)
            if (kept is not null && version == _version) _warm = kept;
    }

    const int Page = 64, MostConversations = 64;
    static readonly ulong MostMilliseconds = (ulong)DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    static Id ConversationOf(string key) => Id.Parse(key[StoreKeys.AllWords.Length..(StoreKeys.AllWords.Length + 2 * Limits.IdLength)]);

    async Task<(ulong Key, byte[] Bytes)?> ReadAsync(Id conversation, ulong upTo)
    {
        (ulong Key, byte[] Bytes) newest;
        bool known;
        lock (_lock) known = _newest.TryGetValue(conversation, out newest);
        if (!known)
        {
            if (await core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Words(conversation), 1, reverse: true)).ConfigureAwait(false) is not [{ } last]) return null;
            newest = (StoreKeys.NumberOf(last.Key), last.Value);
            lock (_lock) _newest[conversation] = newest;
        }
        if (newest.Key <= upTo) return newest;
        StoreRange range = new(StoreKeys.Words(conversation), StoreKeys.WordsAt(conversation, upTo) + " ", 1, Reverse: true);
        return await core.Store.ScanAsync(range).ConfigureAwait(false) is [{ } entry] ? (StoreKeys.NumberOf(entry.Key), entry.Value) : null;
    }

    // The key of the first segment behind a position; null where there is none.
    async Task<ulong?> NextAsync(Id conversation, ulong position)
    {
        lock (_lock)
            if (_newest.TryGetValue(conversation, out var newest) && newest.Key <= position) return null;
        StoreRange range = new(StoreKeys.WordsAt(conversation, position) + " ", StoreRange.End(StoreKeys.Words(conversation)), 1);
        return await core.Store.ScanAsync(range).ConfigureAwait(false) is [{ } entry] ? StoreKeys.NumberOf(entry.Key) : null;
    }

    async Task<(ulong Key, byte[] Bytes)?> FirstAsync(Id conversation) =>
        await core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Words(conversation), 1)).ConfigureAwait(false) is [{ } entry] ? (StoreKeys.NumberOf(entry.Key), entry.Value) : null;

    /// <summary>Changes of one conversation: segments are read once, changed in memory, and written together.</summary>
    sealed class Edit(SearchIndex index, Id conversation)
    {
        readonly SortedDictionary<ulong, SearchSegment> _open = [];

        // Stretches of positions that belong to one stored segment, or to none: not looked for twice.
        readonly List<(ulong From, ulong To, ulong? Key)> _looked = [];

        public async Task RemoveAsync(ulong position)
        {
            if (await AtAsync(position).ConfigureAwait(false) is { } segment) segment.Remove(position);
        }

        public async Task PutAsync(IndexedMessage message, IReadOnlyList<string> words)
        {
            SearchSegment? segment = await AtAsync(message.Position).ConfigureAwait(false);
            if (segment is null)
            {
                // Before all others: into the first one while there is room.
                segment = await index.FirstAsync(conversation).ConfigureAwait(false) is { } first ? Open(first) : _open.Count > 0 ? _open.First().Value : null;
                if (segment is null || segment.Count >= Full) segment = Add(message.Position);
                else Move(segment, message.Position);
            }
            else if (message.Position > segment.Last && (segment.Count >= Full || (segment.Count >= Small && !segment.Changed)))
            {
                segment = Add(message.Position);
            }
            segment.Put(message, words);
            if (segment.Count > Most)
            {
                SearchSegment later = segment.Split();
                _open[later.Key] = later;
            }
        }

        public async Task EndAsync(StoreBatch batch)
        {
            foreach (SearchSegment segment in _open.Values.Where(segment => segment is { Changed: true, Count: >= Small and < Full, Key: > 0 }).Reverse().ToArray())
                if (await AtAsync(segment.Key - 1).ConfigureAwait(false) is { Count: > 0 } before && before.Count + segment.Count <= Full) before.Take(segment);
            foreach (SearchSegment segment in _open.Values)
            {
                if (segment.Stored is { } stored && (segment.Count == 0 || stored != segment.Key)) batch.Delete(StoreKeys.WordsAt(conversation, stored));
                if (segment.Changed && segment.Count > 0) batch.Put(StoreKeys.WordsAt(conversation, segment.Key), segment.Encode());
            }
        }

        // The one that holds a position, or would: the last that begins there or before.
        async Task<SearchSegment?> AtAsync(ulong position)
        {
            SearchSegment? open = null;
            foreach (SearchSegment one in _open.Values)
            {
                if (one.Key > position) break;
                open = one;
            }
            (ulong Key, byte[] Bytes)? read = null;
            int known = _looked.FindIndex(one => position >= one.From && position <= one.To);
            if (known < 0)
            {
                read = await index.ReadAsync(conversation, position).ConfigureAwait(false);
                ulong? next = await index.NextAsync(conversation, position).ConfigureAwait(false);
                known = _looked.Count;
                _looked.Add((read?.Key ?? 0, next is { } after ? after - 1 : ulong.MaxValue, read?.Key));
            }
            if (_looked[known].Key is not { } key || (open is not null && open.Key >= key)) return open;
            // It may be open already, or have been moved from there.
            if (_open.Values.FirstOrDefault(one => one.Stored == key) is { } opened) return opened;
            read ??= await index.ReadAsync(conversation, position).ConfigureAwait(false);
            return read is { } found ? Open(found) : open;
        }

        SearchSegment Open((ulong Key, byte[] Bytes) read)
        {
            if (_open.Values.FirstOrDefault(one => one.Stored == read.Key) is { } open) return open;
            return _open[read.Key] = SearchSegment.Decode(read.Key, read.Bytes);
        }

        SearchSegment Add(ulong key) => _open[key] = new SearchSegment(key);

        void Move(SearchSegment segment, ulong key)
        {
            _open.Remove(segment.Key);
            segment.Key = key;
            _open[key] = segment;
        }
    }
}

using System.Globalization;
using System.Text;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Finds messages by their words, and brings what was there before there was an index into it.</summary>
sealed class Searching(ClientCore core, ConversationEngine engine)
{
    /// <summary>The form of the index: what was written in another one is made anew.</summary>
    const uint Form = 1;

    const int MostHits = 200, BuildPage = 256;

    /// <summary>A page of what has the words of the query.</summary>
    public async Task<SearchPage> FindAsync(SearchQuery query, CancellationToken cancel)
    {
        string[] words = [.. SearchWords.Of(query.Text).Distinct()];
        // A word that another one begins with says nothing more.
        words = [.. words.Where(word => !words.Any(other => other.Length > word.Length && other.StartsWith(word, StringComparison.Ordinal)))];
        int limit = Math.Clamp(query.Limit, 1, MostHits);
        if (words.Length == 0) return new SearchPage([], null);
        byte[][] prefixes = [.. words.Select(Encoding.UTF8.GetBytes)];
        Place? after = query.After is { } text ? Place.Parse(text) : null;
        // The newest so many, the oldest of them first out.
        PriorityQueue<Place, Place> newest = new();
        await foreach ((Id conversation, byte[] segment) in core.Index.SegmentsAsync(query.Conversation, cancel).ConfigureAwait(false))
        {
            SearchReader reader = new(segment);
            if (reader.Find(prefixes) is not { } found) continue;
            IndexedMessage[] messages = reader.Messages();
            for (int i = messages.Length - 1; i >= 0; i--)
            {
                if (!found[i] || (query.Sender is { } sender && messages[i].Account != sender)) continue;
                Place place = new(messages[i].Sent, messages[i].Position, conversation);
                if (after is { } end && place.CompareTo(end) >= 0) continue;
                if (newest.Count <= limit) newest.Enqueue(place, place);
                else if (place.CompareTo(newest.Peek()) > 0) newest.EnqueueDequeue(place, place);
            }
        }
        bool more = newest.Count > limit;
        if (more) newest.Dequeue();
        Place[] places = new Place[newest.Count];
        for (int i = places.Length - 1; i >= 0; i--) places[i] = newest.Dequeue();
        Message?[] read = await Task.WhenAll(places.Select(place => ReadAsync(place, cancel))).ConfigureAwait(false);
        List<SearchHit> hits = [];
        foreach (Message message in read.OfType<Message>())
        {
            if (message.Body is not TextBody body) continue;
            (string excerpt, IReadOnlyList<TextMark> marks) = Excerpt.Of(SearchIndex.TextOf(body), words);
            hits.Add(new SearchHit(message, excerpt, marks));
        }
        return new SearchPage(hits, more ? places[^1].ToString() : null);
    }

    /// <summary>Whether everything that is here can be found.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Brings what was stored before there was an index, or in another form of it, into it. It goes on where it was cut off.</summary>
    public async Task BuildAsync(CancellationToken cancel)
    {
        SearchRow row = await core.Store.GetAsync(StoreKeys.Search, cancel).ConfigureAwait(false) is { } stored ? SearchRow.Parser.ParseFrom(stored) : new SearchRow();
        if (row.Form != Form)
        {
            row = new SearchRow { Form = Form };
            await core.Store.ApplyAsync(new StoreBatch().DeletePrefix(StoreKeys.AllWords).Put(StoreKeys.Search, Google.Protobuf.MessageExtensions.ToByteArray(row)), cancel).ConfigureAwait(false);
            foreach (ConversationThread thread in engine.Threads) core.Index.Forget(thread.Id);
        }
        if (!row.Complete)
        {
            HashSet<Id> done = [.. row.Done.Select(id => Id.Read(id.Span))];
            foreach (ConversationThread thread in engine.Threads.Where(thread => !done.Contains(thread.Id)).OrderByDescending(thread => thread.View.Activity).ToArray())
            {
                ulong from = row.Current.Span.SequenceEqual(thread.Id.ToArray()) ? row.Next : 0;
                while (await BuildAsync(thread, row, from, cancel).ConfigureAwait(false) is { } next) from = next;
            }
            row.Complete = true;
            await core.Store.ApplyAsync(new StoreBatch().Put(StoreKeys.Search, Google.Protobuf.MessageExtensions.ToByteArray(row)), cancel).ConfigureAwait(false);
        }
        IsComplete = true;
    }

    // One page of one conversation, with where it stands in the same batch. What is new meanwhile goes in by itself.
    Task<ulong?> BuildAsync(ConversationThread thread, SearchRow row, ulong from, CancellationToken cancel) => engine.StepAsync<ulong?>(thread, async step =>
    {
        IReadOnlyList<StoreEntry> page = await core.Store.ScanAsync(
            new StoreRange(StoreKeys.Message(thread.Id, from), StoreRange.End(StoreKeys.Messages(thread.Id)), BuildPage), cancel).ConfigureAwait(false);
        foreach (StoreEntry entry in page) step.Find(StoreKeys.NumberOf(entry.Key), MessageRow.Parser.ParseFrom(entry.Value));
        step.Changed = true;
        ulong? next = page.Count < BuildPage ? null : StoreKeys.NumberOf(page[^1].Key) + 1;
        if (next is { } position)
        {
            (row.Current, row.Next) = (Step.Bytes(thread.Id), position);
        }
        else
        {
            row.Done.Add(Step.Bytes(thread.Id));
            (row.Current, row.Next) = (Google.Protobuf.ByteString.Empty, 0);
        }
        step.Batch.Put(StoreKeys.Search, Google.Protobuf.MessageExtensions.ToByteArray(row));
        step.Batch.IsPostponable = true;
        return next;
    }, cancel);

    async Task<Message?> ReadAsync(Place place, CancellationToken cancel) =>
        engine.Thread(place.Conversation) is { View.State: not ConversationState.Declined } thread ? await engine.Log.AtAsync(thread, place.Position, cancel).ConfigureAwait(false) : null;

    /// <summary>Where a hit stands among all of them: by the time it was sent.</summary>
    readonly record struct Place(ulong Sent, ulong Position, Id Conversation) : IComparable<Place>
    {
        public int CompareTo(Place other)
        {
            int order = Sent.CompareTo(other.Sent);
            if (order == 0) order = Position.CompareTo(other.Position);
            if (order == 0) order = Conversation.High.CompareTo(other.Conversation.High);
            return order != 0 ? order : Conversation.Low.CompareTo(other.Conversation.Low);
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Sent:x}-{Position:x}-{Conversation}");

        public static Place Parse(string text) =>
            text.Split('-') is [var sent, var position, var conversation] && ulong.TryParse(sent, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong s)
            && ulong.TryParse(position, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong p) && Id.TryParse(conversation, out Id c)
                ? new Place(s, p, c)
                : throw new KavalekException(ErrorCodes.Invalid, "This is not where a page of a search ended. Search anew.");
    }
}

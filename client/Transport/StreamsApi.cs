using Google.Protobuf;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>The streams over REST (docs/PROTOCOL.md §6.3). Failures are <see cref="KavalekException"/> with the server's code.</summary>
sealed class StreamsApi(Rest rest, Tokens tokens)
{
    const string Streams = "api/v1/streams";

    /// <summary>Creates a stream with this device as its only subscriber; one that exists is <see cref="ErrorCodes.IdTaken"/>.</summary>
    public Task CreateAsync(Id stream, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, Streams, () => Rest.Protobuf(new Wire.CreateStream { Stream = Bytes(stream) }), cancel);

    /// <summary>All streams this device subscribes to, the inbox among them.</summary>
    public async Task<IReadOnlyList<Wire.StreamInfo>> ListAsync(CancellationToken cancel)
    {
        List<Wire.StreamInfo> all = [];
        ByteString after = ByteString.Empty;
        for (string path = Streams; ;)
        {
            Wire.StreamList page = await ProtobufAsync(HttpMethod.Get, path, null, Wire.StreamList.Parser, cancel).ConfigureAwait(false);
            if (!page.Streams.All(IsStream)) throw ServerErrors.Misbehaves("sent a list of conversations that is none");
            all.AddRange(page.Streams);
            if (page.Next.IsEmpty) return all;
            // A server that pages forever, or in a circle, would keep this loop busy forever.
            if (page.Streams.Count == 0 || !Id.TryRead(page.Next.Span, out Id next) || page.Next.Span.SequenceCompareTo(after.Span) <= 0)
                throw ServerErrors.Misbehaves("sent a list of conversations without end");
            after = page.Next;
            path = $"{Streams}?after={next}";
        }
    }

    // Whether the id is one, and the numbers leave room to count on; nothing below looks again.
    static bool IsStream(Wire.StreamInfo info) =>
        info.Stream.Length == Limits.IdLength && info is { Epoch: < long.MaxValue, Head: < long.MaxValue, Acked: < long.MaxValue };

    /// <summary>Appends an entry.</summary>
    public async Task<AppendOutcome> AppendAsync(Wire.Append append, CancellationToken cancel)
    {
        Id stream = Id.Read(append.Stream.Span);
        try
        {
            Wire.Appended appended = await ProtobufAsync(HttpMethod.Post, $"{Streams}/{stream}/entries", append, Wire.Appended.Parser, cancel).ConfigureAwait(false);
            return new AppendStored(appended.Seq, appended.Epoch);
        }
        catch (KavalekException e) when (e.Code is ErrorCodes.StaleEpoch or ErrorCodes.NotFound or ErrorCodes.TooLarge
            or ErrorCodes.RateLimited or ErrorCodes.Unavailable or ErrorCodes.Invalid)
        {
            return new AppendRefused(e.Code, e.Data["epoch"] is ulong epoch ? epoch : 0);
        }
    }

    /// <summary>A page of entries after <paramref name="after"/>, none of them detached.</summary>
    public async Task<Wire.EntryList> EntriesAsync(Id stream, ulong after, int limit, CancellationToken cancel)
    {
        Wire.EntryList page = await ProtobufAsync(
            HttpMethod.Get, $"{Streams}/{stream}/entries?after={after}&limit={limit}", null, Wire.EntryList.Parser, cancel).ConfigureAwait(false);
        // Else a page of what was asked for already, or of what is to be asked for again, would be asked for without end.
        if (page.Head > long.MaxValue || page.Entries.Any(entry => !IsEntry(entry) || entry.Detached || entry.Seq <= after || !entry.Stream.Span.SequenceEqual(stream.ToArray())))
            throw ServerErrors.Misbehaves("sent entries that were not asked for");
        return page;
    }

    /// <summary>Whether ids and numbers of an entry are such; nothing below looks again.</summary>
    public static bool IsEntry(Wire.Entry entry) =>
        entry.Stream.Length == Limits.IdLength && entry.Id.Length == Limits.IdLength && entry.Seq is > 0 and < long.MaxValue && entry.Epoch < long.MaxValue;

    /// <summary>Acknowledges everything up to and with <paramref name="seq"/>.</summary>
    public Task AckAsync(Id stream, ulong seq, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, $"{Streams}/{stream}/ack", () => Rest.Protobuf(new Wire.Ack { Stream = Bytes(stream), Seq = seq }), cancel);

    /// <summary>The Welcome of the commit at <paramref name="seq"/>; <c>null</c> where there is none for this device.</summary>
    public async Task<byte[]?> WelcomeAsync(Id stream, ulong seq, CancellationToken cancel)
    {
        try
        {
            return await SendAsync(HttpMethod.Get, $"{Streams}/{stream}/welcomes/{seq}", null, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            return null;
        }
    }

    /// <summary>The devices that the server delivers a stream to, by its own word.</summary>
    public async Task<IReadOnlySet<Id>> SubscribersAsync(Id stream, CancellationToken cancel)
    {
        Wire.SubscriberList list = await ProtobufAsync(HttpMethod.Get, $"{Streams}/{stream}/subscribers", null, Wire.SubscriberList.Parser, cancel).ConfigureAwait(false);
        HashSet<Id> devices = [];
        foreach (ByteString device in list.Devices)
            if (Id.TryRead(device.Span, out Id id)) devices.Add(id);
        return devices;
    }

    /// <summary>Ends the subscription: nothing more is received.</summary>
    public Task UnsubscribeAsync(Id stream, CancellationToken cancel) => SendAsync(HttpMethod.Delete, $"{Streams}/{stream}/subscription", null, cancel);

    static ByteString Bytes(Id id) => ByteString.CopyFrom(id.ToArray());

    Task<byte[]> SendAsync(HttpMethod method, string path, Func<HttpContent>? body, CancellationToken cancel) =>
        tokens.WithMessagingAsync((token, stop) => rest.SendAsync(method, path, token, body?.Invoke(), stop), cancel);

    Task<T> ProtobufAsync<T>(HttpMethod method, string path, IMessage? body, MessageParser<T> parser, CancellationToken cancel) where T : class, IMessage<T> =>
        tokens.WithMessagingAsync((token, stop) => rest.ProtobufAsync(method, path, token, body, parser, stop), cancel);
}

using System.Globalization;
using Google.Protobuf;
using Kavalek.Messaging.Access;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using static Kavalek.Messaging.Streams.StreamBodies;

namespace Kavalek.Messaging.Streams;

/// <summary><c>/api/v1/streams</c>: the same operations as the socket's, for scripts and bad networks (docs/PROTOCOL.md §6.3).</summary>
static class StreamEndpoints
{
    const int PageBytes = Limits.EntryBytes;
    const int StreamBytes = 512; // on the disk, as good as

    public static void MapStreams(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder streams = routes.MapGroup("/api/v1/streams").AddEndpointFilter(Authentication.RequireDevice).AddEndpointFilter(CallRefusedException.Answer);
        streams.MapPost("/", Create);
        streams.MapGet("/", List);
        streams.MapPost("/{stream}/entries", Append);
        streams.MapGet("/{stream}/entries", Entries);
        streams.MapPut("/{stream}/ack", Acknowledge);
        streams.MapGet("/{stream}/welcomes/{seq}", Welcome);
        streams.MapGet("/{stream}/subscribers", Subscribers);
        streams.MapDelete("/{stream}/subscription", Unsubscribe);
    }

    static async Task<IResult> Create(HttpContext context, GroupCommit writer, StreamQueries reader, Sockets.Intake intake, DiskRoom disk, MessagingOptions options)
    {
        Id device = Authentication.Device(context);
        if (!intake.TryTakeStream(device))
            return Problems.Of(ErrorCodes.RateLimited, "too many new streams", after: 30);
        CreateStream? body = await ReadAsync(context, CreateStream.Parser, maximum: 1024);
        if (body is null || !Id.TryRead(body.Stream.Span, out Id stream))
            return Invalid();
        if (await reader.SubscribedAsync(device, options.DeviceStreams) == options.DeviceStreams)
            return Problems.Of(ErrorCodes.RateLimited, "the device has all streams that it may have", after: 3_600);
        if (!disk.TryTake(StreamBytes))
            return Full();
        Outcome outcome = await writer.DoAsync(new CreateOperation(device, stream));
        return outcome.Code is null ? Results.StatusCode(StatusCodes.Status201Created) : Refused(outcome);
    }

    static async Task<IResult> List(HttpContext context, StreamQueries reader, string? after)
    {
        Id device = Authentication.Device(context);
        Id from = default;
        if (after is not null && !Id.TryParse(after, out from))
            return Invalid();
        List<Subscription> page = await reader.SubscriptionsAsync(device, after is null ? null : from, Limits.PageEntries + 1);
        var list = new StreamList();
        foreach (Subscription subscription in page.Take(Limits.PageEntries))
        {
            list.Streams.Add(new StreamInfo
            {
                Stream = ByteString.CopyFrom(subscription.Name.Id.ToArray()),
                Epoch = subscription.Epoch,
                Head = subscription.Head,
                First = subscription.First,
                Acked = subscription.Acked,
            });
        }
        if (page.Count > Limits.PageEntries)
            list.Next = list.Streams[^1].Stream;
        return Message(list);
    }

    static async Task<IResult> Append(HttpContext context, string stream, GroupCommit writer, Sockets.Sockets sockets, Sockets.Intake intake)
    {
        if (!TryName(context, stream, out StreamName name))
            return Missing();
        Id device = Authentication.Device(context);
        if (!sockets.TryTakeAppend(device))
            return Problems.Of(ErrorCodes.RateLimited, "too many appends");
        Append? body = await ReadAsync(context, Protocol.Wire.Append.Parser, maximum: (2 * Limits.EntryBytes) + (64 * 1024));
        if (body is null || !Id.TryRead(body.Id.Span, out Id id) || body.Kind is < Kind.Application or > Kind.Commit || body.Payload.IsEmpty
            || (!body.Stream.IsEmpty && !body.Stream.Span.SequenceEqual(name.Id.ToArray())))
        {
            return Invalid();
        }
        MemberChange? change = null;
        if (body.Change is not null && (body.Kind != Kind.Commit || (change = MemberChange.Read(body.Change, name.Id)) is null))
            return Invalid();
        int more = Sockets.Sockets.Cost(body.Kind == Kind.Commit) - 1 + (change?.Add.Length ?? 0);
        if (more > 0 && !sockets.TryTakeAppend(device, more))
            return Problems.Of(ErrorCodes.RateLimited, "too many appends");
        if (body.Payload.Length > Limits.EntryBytes)
            return Problems.Of(ErrorCodes.TooLarge, "a payload has at most 8 MiB");
        long bytes = AppendOperation.Stored(body.Payload.Length, change);
        if (intake.TryTake(Authentication.Account(context), device, bytes) is { } full)
            return full == ErrorCodes.RateLimited ? Problems.Of(full, "too many bytes", after: 60) : Full();
        var answered = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var append = new AppendOperation(Authentication.Account(context), device, name, id, done => answered.TrySetResult(done.Outcome))
        {
            Kind = body.Kind,
            Epoch = body.Epoch,
            Payload = body.Payload.Memory,
            Change = change,
            ExpiresIn = body.ExpiresIn,
        };
        Outcome outcome = writer.TryAdd(append) ? await answered.Task : Outcome.Refused(ErrorCodes.Unavailable);
        if (outcome.Code == ErrorCodes.StaleEpoch && body.Kind == Kind.Commit)
            sockets.GiveBackCommit(device);
        if (outcome.Code is null)
            sockets.CountStored();
        else
            intake.GiveBack(Authentication.Account(context), device, bytes);
        return outcome.Code is null
            ? Message(new Appended { Stream = ByteString.CopyFrom(name.Id.ToArray()), Id = body.Id, Seq = outcome.Seq, Epoch = outcome.Epoch })
            : Refused(outcome);
    }

    static async Task<IResult> Entries(HttpContext context, string stream, StreamQueries reader, TimeProvider clock, string? after, string? limit)
    {
        if (!TryName(context, stream, out StreamName name))
            return Missing();
        ulong from = 0;
        int count = Limits.PageEntries;
        if ((after is not null && !ulong.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out from)) || from > long.MaxValue
            || (limit is not null && !int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count)) || count is < 1 or > Limits.PageEntries)
        {
            return Invalid();
        }
        if (await reader.SubscriptionAsync(Authentication.Device(context), name) is not { } subscription)
            return Missing();
        from = Math.Max(from, subscription.First - 1);
        if (from >= subscription.Head)
            return new EntryPage([], subscription.Head);
        long now = clock.GetUtcNow().ToUnixTimeSeconds();
        long bytes = await reader.BytesAsync(name, from, subscription.Head, now, count, PageBytes);
        // Twice while it is read: the database holds it, too.
        BodyMemory.Lease? lease = bytes <= BodyMemory.Free ? null : await TakeAsync(context, 2 * bytes);
        List<EntryRun> runs = await reader.EntriesAsync(name, from, subscription.Head, now, count, (int)Math.Min(PageBytes, bytes), detached: true);
        lease?.Shrink(bytes);
        return new EntryPage(runs, subscription.Head);
    }

    static async Task<IResult> Acknowledge(HttpContext context, string stream, GroupCommit writer, Sockets.Intake intake)
    {
        if (!TryName(context, stream, out StreamName name))
            return Missing();
        if (!intake.TryTakeAcknowledgement(Authentication.Device(context)))
            return Problems.Of(ErrorCodes.RateLimited, "too many acknowledgements");
        Ack? body = await ReadAsync(context, Ack.Parser, maximum: 1024);
        if (body is null || body.Seq > long.MaxValue || (!body.Stream.IsEmpty && !body.Stream.Span.SequenceEqual(name.Id.ToArray())))
            return Invalid();
        Outcome outcome = await writer.DoAsync(new AckOperation(Authentication.Device(context), name, body.Seq));
        return outcome.Code is null ? Results.NoContent() : Refused(outcome);
    }

    static async Task<IResult> Welcome(HttpContext context, string stream, string seq, StreamQueries reader, TimeProvider clock)
    {
        Id device = Authentication.Device(context);
        long now = clock.GetUtcNow().ToUnixTimeSeconds();
        if (!TryName(context, stream, out StreamName name)
            || !long.TryParse(seq, NumberStyles.None, CultureInfo.InvariantCulture, out long at)
            || await reader.WelcomeBytesAsync(name.Id, (ulong)at, device, now) is not { } bytes)
        {
            return Missing();
        }
        BodyMemory.Lease? lease = bytes <= BodyMemory.Free ? null : await TakeAsync(context, 2 * bytes);
        if (await reader.WelcomeAsync(name.Id, (ulong)at, device, now) is not { } welcome)
            return Missing();
        lease?.Shrink(bytes);
        return Bytes(welcome);
    }

    // Members hold it against who is in their group: the list is theirs anyway, and a subscriber that is missing in it is one that they bring back.
    static async Task<IResult> Subscribers(HttpContext context, string stream, StreamQueries reader)
    {
        if (!TryName(context, stream, out StreamName name) || await reader.SubscriptionAsync(Authentication.Device(context), name) is not { Last: null })
            return Missing();
        var list = new SubscriberList();
        list.Devices.AddRange((await reader.SubscribersAsync(name)).Select(device => ByteString.CopyFrom(device.ToArray())));
        return Message(list);
    }

    static async Task<IResult> Unsubscribe(HttpContext context, string stream, GroupCommit writer)
    {
        if (!TryName(context, stream, out StreamName name))
            return Missing();
        Outcome outcome = await writer.DoAsync(new UnsubscribeOperation(Authentication.Device(context), name));
        return outcome.Code is null ? Results.NoContent() : Refused(outcome);
    }

    static bool TryName(HttpContext context, string stream, out StreamName name)
    {
        bool parsed = Id.TryParse(stream, out Id id);
        name = new StreamName(id, Inbox: id == Authentication.Device(context));
        return parsed;
    }
}

using System.Globalization;
using System.Security.Cryptography;
using Kavalek.Messaging.Access;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using static Kavalek.Messaging.Streams.StreamBodies;

namespace Kavalek.Messaging.Archives;

/// <summary><c>/api/v1/archive</c>: what an account's devices keep for each other (docs/PROTOCOL.md §10.1). Always of the account that calls.</summary>
static class ArchiveEndpoints
{
    // What a PUT counts against the device's rate of appends: it may delete what there is.
    const int PutCost = 10;

    public static void MapArchive(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder archive = routes.MapGroup("/api/v1/archive").AddEndpointFilter(Authentication.RequireDevice).AddEndpointFilter(CallRefusedException.Answer);
        archive.MapGet("/", Info);
        archive.MapPut("/", Put);
        archive.MapPost("/segments", Append);
        archive.MapGet("/segments", Page);
        archive.MapGet("/notes", Notes);
        archive.MapPut("/notes", PutNotes);
    }

    static async Task<IResult> Info(HttpContext context, ArchiveQueries reader, MessagingOptions options) =>
        Message(await reader.InfoAsync(Authentication.Account(context), options.ArchiveBytes));

    static async Task<IResult> Put(HttpContext context, GroupCommit writer, Sockets.Sockets sockets, ArchiveQueries reader, MessagingOptions options)
    {
        if (!sockets.TryTakeAppend(Authentication.Device(context), PutCost))
            return Problems.Of(ErrorCodes.RateLimited, "too many calls");
        PutArchive? body = await ReadAsync(context, PutArchive.Parser, maximum: 1024);
        if (body is null || body.State.Length is 0 or > Limits.ArchiveStateBytes || body.Archive.Length is not (0 or Limits.IdLength) || body.Version >= long.MaxValue)
            return Invalid();
        Id account = Authentication.Account(context);
        Outcome outcome = await writer.DoAsync(new PutArchiveChore(account, body.Version, body.State.ToByteArray(), body.Archive.ToByteArray()) { IsOver = Authentication.IsOver(context) });
        return outcome.Code is null ? Message(await reader.InfoAsync(account, options.ArchiveBytes)) : Refused(outcome);
    }

    static async Task<IResult> Append(HttpContext context, GroupCommit writer, Sockets.Sockets sockets, DiskRoom disk, MessagingOptions options)
    {
        if (!sockets.TryTakeAppend(Authentication.Device(context)))
            return Problems.Of(ErrorCodes.RateLimited, "too many appends");
        ArchiveSegment? body = await ReadAsync(context, ArchiveSegment.Parser, maximum: Limits.ArchiveSegmentBytes + 4096);
        if (body is null || Read(body) is not { } segment)
            return Invalid();
        if (segment.Sealed.Length > Limits.ArchiveSegmentBytes)
            return Problems.Of(ErrorCodes.TooLarge, "a segment has at most 264 KiB");
        if (!disk.TryTake(segment.Sealed.Length))
            return Full();
        Outcome outcome = await writer.DoAsync(new AppendSegmentChore(Authentication.Account(context), segment, options.ArchiveBytes) { IsOver = Authentication.IsOver(context) });
        return outcome.Code is null ? Results.NoContent() : Refused(outcome);
    }

    static async Task<IResult> Page(HttpContext context, ArchiveQueries reader, TimeProvider clock, string? archive, string? before, string? after, string? limit)
    {
        ulong? below = null, above = null;
        int count = Limits.ArchivePageSegments;
        if (!Id.TryParse(archive ?? "", out Id id) || !TryNumber(before, ref below) || !TryNumber(after, ref above) || (below is null) == (above is null)
            || (limit is not null && !int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count)) || count is < 1 or > Limits.ArchivePageSegments)
        {
            return Invalid();
        }
        BodyMemory.Lease lease = await TakeAsync(context, 2 * Limits.ArchivePageBytes);
        ArchivePage? page = await reader.PageAsync(Authentication.Account(context), id, below, above, count, clock.GetUtcNow().ToUnixTimeSeconds());
        lease.Shrink(page?.CalculateSize() ?? 0);
        return page is null ? Problems.Of(ErrorCodes.NotFound, "there is no such archive") : Message(page);
    }

    static async Task<IResult> Notes(HttpContext context, ArchiveQueries reader)
    {
        BodyMemory.Lease lease = await TakeAsync(context, 2 * Limits.ArchiveNotesBytes);
        ArchiveNotes notes = await reader.NotesAsync(Authentication.Account(context));
        lease.Shrink(notes.Sealed.Length);
        return Message(notes);
    }

    static async Task<IResult> PutNotes(HttpContext context, GroupCommit writer, Sockets.Sockets sockets, DiskRoom disk, IEventBus bus)
    {
        if (!sockets.TryTakeAppend(Authentication.Device(context)))
            return Problems.Of(ErrorCodes.RateLimited, "too many appends");
        ArchiveNotes? body = await ReadAsync(context, ArchiveNotes.Parser, maximum: Limits.ArchiveNotesBytes + 64);
        if (body is null || body.Sealed.IsEmpty || body.Version is 0 or > long.MaxValue)
            return Invalid();
        if (body.Sealed.Length > Limits.ArchiveNotesBytes)
            return Problems.Of(ErrorCodes.TooLarge, "notes have at most 256 KiB and 80 bytes");
        if (!disk.TryTake(body.Sealed.Length))
            return Full();
        Id account = Authentication.Account(context);
        Outcome outcome = await writer.DoAsync(new PutNotesChore(account, body.Version, body.Sealed.ToByteArray()) { IsOver = Authentication.IsOver(context) });
        if (outcome.Code is not null)
            return Refused(outcome);
        bus.Publish(new NotesChanged(account, Authentication.Device(context)));
        return Results.NoContent();
    }

    static NewSegment? Read(ArchiveSegment body)
    {
        if (!Id.TryRead(body.Archive.Span, out Id archive) || body.Number is 0 or > long.MaxValue || body.Previous.Length != SHA256.HashSizeInBytes
            || body.Expires > long.MaxValue || body.Sealed.IsEmpty || !body.Digest.IsEmpty || body.Replaces.Count > Limits.ArchivePageSegments)
        {
            return null;
        }
        ulong last = 0;
        foreach (ulong number in body.Replaces)
        {
            if (number <= last || number >= body.Number)
                return null;
            last = number;
        }
        return new NewSegment(archive, body.Number, body.Previous.ToByteArray(), (long)body.Expires, [.. body.Replaces], body.Sealed.ToByteArray());
    }

    static bool TryNumber(string? text, ref ulong? number)
    {
        if (text is null)
            return true;
        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong parsed) || parsed > long.MaxValue)
            return false;
        number = parsed;
        return true;
    }
}

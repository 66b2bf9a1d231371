using Google.Protobuf;
using Kavalek.Messaging.Access;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kavalek.Messaging.Streams;

/// <summary>The bodies of the stream endpoints: protobuf in, protobuf out.</summary>
static class StreamBodies
{
    const string Protobuf = "application/x-protobuf";

    /// <summary>Bytes that are set aside on the word of a Content-Length alone.</summary>
    const int BelievedBytes = 64 * 1024;

    /// <summary>Reads a body; null if it is no such message or of another type.</summary>
    /// <exception cref="BadHttpRequestException">It is larger than <paramref name="maximum"/> bytes.</exception>
    /// <exception cref="EndedException">Whoever sent it was logged out or removed meanwhile.</exception>
    public static async Task<T?> ReadAsync<T>(HttpContext context, MessageParser<T> parser, int maximum)
        where T : class, IMessage<T>
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = maximum;
        if (context.Request.ContentLength > maximum)
            throw new BadHttpRequestException("too large", StatusCodes.Status413PayloadTooLarge);
        if (context.Request.ContentType != Protobuf)
            return null;
        using var body = new MemoryStream((int)Math.Min(context.Request.ContentLength ?? 0, BelievedBytes));
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (Authentication.IsOver(context)())
            throw new EndedException();
        return UntrustedMessage.TryRead(parser, body.GetBuffer().AsSpan(0, (int)body.Length), out T? message) ? message : null;
    }

    public static IResult Message(IMessage message) => Results.Bytes(message.ToByteArray(), Protobuf);

    public static IResult Invalid() => Problems.Of(ErrorCodes.Invalid, "the request is malformed");

    /// <summary>The same for what does not exist and for what belongs to others.</summary>
    public static IResult Missing() => Problems.Of(ErrorCodes.NotFound, "there is no such stream");

    public static IResult Refused(Outcome outcome) => outcome.Code switch
    {
        ErrorCodes.NotFound => Missing(),
        ErrorCodes.Unauthenticated => Authentication.Ended(),
        ErrorCodes.Invalid => Invalid(),
        ErrorCodes.StaleEpoch => Problems.Of(ErrorCodes.StaleEpoch, "the stream moved on", outcome.Epoch),
        ErrorCodes.StaleArchive => Problems.Of(ErrorCodes.StaleArchive, "the archive moved on", outcome.Epoch),
        ErrorCodes.OverQuota => Problems.Of(ErrorCodes.OverQuota, "the account's archive is full"),
        ErrorCodes.IdTaken => Problems.Of(ErrorCodes.IdTaken, "the id is in use"),
        ErrorCodes.TooLarge => Problems.Of(ErrorCodes.TooLarge, "a stream has at most 1,000 devices"),
        _ => Problems.Of(ErrorCodes.Unavailable, "busy or out of disk; nothing was stored"),
    };
}

/// <summary>An <c>EntryList</c>, put together from entries as they are stored.</summary>
sealed class EntryPage(List<EntryRun> runs, ulong head) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        // EntryList.entries has the number of Deliver.entries, 1: the stored bytes are the field.
        httpContext.Response.ContentType = "application/x-protobuf";
        foreach (EntryRun run in runs)
        {
            if (run.Detached is null)
                await httpContext.Response.BodyWriter.WriteAsync(run.Bytes, httpContext.RequestAborted);
            else
                await httpContext.Response.BodyWriter.WriteAsync(Whole(run), httpContext.RequestAborted);
        }
        await httpContext.Response.BodyWriter.WriteAsync(new EntryList { Head = head }.ToByteArray(), httpContext.RequestAborted);
    }

    static byte[] Whole(EntryRun run)
    {
        EntryList list = EntryList.Parser.ParseFrom(run.Bytes);
        Entry entry = list.Entries.Single();
        entry.Detached = false;
        entry.Payload = UnsafeByteOperations.UnsafeWrap(run.Detached);
        return list.ToByteArray();
    }
}

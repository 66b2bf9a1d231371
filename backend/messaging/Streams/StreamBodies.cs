using Google.Protobuf;
using Kavalek.Messaging.Access;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Messaging.Streams;

/// <summary>The bodies of the stream endpoints: protobuf in, protobuf out.</summary>
static class StreamBodies
{
    const string Protobuf = "application/x-protobuf";

    /// <summary>Reads a body; null if it is no such message or of another type.</summary>
    /// <exception cref="BadHttpRequestException">It is larger than <paramref name="maximum"/> bytes.</exception>
    /// <exception cref="EndedException">Whoever sent it was logged out or removed meanwhile.</exception>
    /// <exception cref="CallRefusedException">It comes too slowly, or there is no memory for it.</exception>
    public static async Task<T?> ReadAsync<T>(HttpContext context, MessageParser<T> parser, int maximum)
        where T : class, IMessage<T>
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = maximum;
        if (context.Request.ContentLength > maximum)
            throw new BadHttpRequestException("too large", StatusCodes.Status413PayloadTooLarge);
        if (context.Request.ContentType != Protobuf)
            return null;
        BodyMemory.Lease lease = context.RequestServices.GetRequiredService<BodyMemory>().Begin(Authentication.Account(context));
        context.Response.RegisterForDispose(lease);
        using var pace = new Pace(context.RequestServices.GetRequiredService<TimeProvider>(), context.RequestAborted);
        // What is announced takes no memory, what comes does; one byte more than is announced shows that nothing follows.
        long most = (context.Request.ContentLength ?? maximum) + 1;
        byte[] body = new byte[Math.Min(most, BodyMemory.Free)];
        int length = 0;
        try
        {
            for (int read; (read = await pace.ReadAsync(context.Request.Body, body.AsMemory(length))) > 0;)
            {
                length += read;
                if (length == body.Length)
                    Array.Resize(ref body, Grow(lease, length, most));
            }
            if (Authentication.IsOver(context)())
                throw new EndedException();
        }
        catch
        {
            // The answer may be long on its way.
            lease.Dispose();
            throw;
        }
        T? message = UntrustedMessage.TryRead(parser, body.AsSpan(0, length), out T? sound) ? sound : null;
        // The message has copied what it is of.
        lease.Shrink(length);
        return message;
    }

    // Twice: the body, and the message that is read from it.
    static int Grow(BodyMemory.Lease lease, int length, long most)
    {
        int larger = (int)Math.Min(2L * length, most);
        return lease.TryGrow(2L * larger) ? larger : throw NoMemory();
    }

    /// <summary>Takes memory for an answer, until it is out.</summary>
    /// <exception cref="CallRefusedException">There is none for now.</exception>
    public static async Task<BodyMemory.Lease> TakeAsync(HttpContext context, long bytes)
    {
        BodyMemory memory = context.RequestServices.GetRequiredService<BodyMemory>();
        BodyMemory.Lease lease = await memory.TakeAsync(Authentication.Account(context), bytes, context.RequestAborted) ?? throw NoMemory();
        context.Response.RegisterForDispose(lease);
        return lease;
    }

    public static IResult Message(IMessage message) => new Answer(Protobuf, message.ToByteArray());

    public static IResult Bytes(byte[] bytes) => new Answer("application/octet-stream", bytes);

    /// <summary>Writes an answer in pieces, as fast as it is taken; who takes it too slowly is cut off.</summary>
    public static async Task WriteAsync(HttpContext context, IEnumerable<ReadOnlyMemory<byte>> parts)
    {
        using var pace = new Pace(context.RequestServices.GetRequiredService<TimeProvider>(), context.RequestAborted);
        try
        {
            foreach (ReadOnlyMemory<byte> part in parts)
            {
                for (int at = 0; at < part.Length; at += Pace.Bytes)
                {
                    ReadOnlyMemory<byte> piece = part.Slice(at, Math.Min(Pace.Bytes, part.Length - at));
                    await context.Response.BodyWriter.WriteAsync(piece, pace.Token);
                    pace.Passed(piece.Length);
                }
            }
        }
        catch (OperationCanceledException) when (pace.IsLate)
        {
            context.Abort();
        }
    }

    static CallRefusedException NoMemory() => new(ErrorCodes.Unavailable, "busy with other large calls; nothing was stored");

    public static IResult Full() => Problems.Of(ErrorCodes.Unavailable, "out of disk; nothing was stored");

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

/// <summary>Bytes, written in pieces.</summary>
sealed class Answer(string type, byte[] bytes) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        (httpContext.Response.ContentType, httpContext.Response.ContentLength) = (type, bytes.Length);
        return StreamBodies.WriteAsync(httpContext, [bytes]);
    }
}

/// <summary>An <c>EntryList</c>, put together from entries as they are stored.</summary>
sealed class EntryPage(List<EntryRun> runs, ulong head) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/x-protobuf";
        return StreamBodies.WriteAsync(httpContext, Parts());
    }

    // EntryList.entries has the number of Deliver.entries, 1: the stored bytes are the field.
    IEnumerable<ReadOnlyMemory<byte>> Parts()
    {
        foreach (EntryRun run in runs)
        {
            if (run.Detached is { } payload)
            {
                yield return EntryCodec.Attached(run.Bytes, payload.Length);
                yield return payload;
            }
            else
            {
                yield return run.Bytes;
            }
        }
        yield return new EntryList { Head = head }.ToByteArray();
    }
}

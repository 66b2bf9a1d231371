using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using Kavalek.Messaging.Access;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using static Kavalek.Messaging.Streams.StreamBodies;

namespace Kavalek.Messaging.Attachments;

/// <summary><c>/api/v1/attachments</c>: encrypted files (docs/PROTOCOL.md §12). Written by an account, read by whoever has been told how.</summary>
static class AttachmentEndpoints
{
    const string Binary = "application/octet-stream";

    public static void MapAttachments(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder own = routes.MapGroup("/api/v1/attachments").AddEndpointFilter(Authentication.RequireDevice).AddEndpointFilter(CallRefusedException.Answer);
        own.MapPut("/{attachment}", Declare);
        own.MapPatch("/{attachment}", Append);
        own.MapGet("/{attachment}/state", State);
        own.MapDelete("/{attachment}", Delete);
        // Without a token: the server need not be told who reads.
        routes.MapGet("/api/v1/attachments/{attachment}", Read);
    }

    static async Task<IResult> Declare(HttpContext context, string attachment, AttachmentStore store, Sockets.Sockets sockets)
    {
        if (!sockets.TryTakeAppend(Authentication.Device(context))) return TooOften();
        DeclareAttachment? body = await ReadAsync(context, DeclareAttachment.Parser, maximum: 1024);
        if (!Id.TryParse(attachment, out Id id) || body is null || body.Size is 0 or > long.MaxValue || body.Reader.Length != SHA256.HashSizeInBytes
            || body.Lives is 0 or > Limits.RetentionSeconds)
        {
            return Invalid();
        }
        if ((long)body.Size > store.Largest) return Problems.Of(ErrorCodes.TooLarge, "larger than an attachment may be here");
        Id account = Authentication.Account(context);
        Outcome outcome = await store.DeclareAsync(new Declaration(id, account, (long)body.Size, body.Lives, body.Reader.ToByteArray()), Authentication.IsOver(context));
        return outcome.Code is null ? await StateAsync(store, id, account) : Refused(outcome);
    }

    static async Task<IResult> Append(HttpContext context, string attachment, string? at, AttachmentStore store, Sockets.Sockets sockets, TimeProvider clock)
    {
        if (!sockets.TryTakeAppend(Authentication.Device(context))) return TooOften();
        if (!Id.TryParse(attachment, out Id id)) return Missing();
        if (context.Request.ContentType != Binary || context.Request.Headers.ContentEncoding.Count > 0)
            return Problems.Of(ErrorCodes.UnsupportedMediaType, "a part is application/octet-stream as it is");
        if (!long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out long from)) return Invalid();
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = Limits.AttachmentPartBytes;
        if (context.Request.ContentLength > Limits.AttachmentPartBytes) return Problems.Of(ErrorCodes.TooLarge, "a part has at most 2 MiB");
        Id account = Authentication.Account(context);
        await TakeAsync(context, BlobFolder.BufferBytes);
        using var pace = new Pace(clock, context.RequestAborted);
        try
        {
            Outcome outcome = await store.AppendAsync(id, account, from, buffer => pace.ReadAsync(context.Request.Body, buffer), Authentication.IsOver(context), context.RequestAborted);
            return outcome.Code is null ? await StateAsync(store, id, account) : Refused(outcome);
        }
        catch (IOException e) when (e is not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested)
        {
            // The disk: whatever was written does not count.
            return Problems.Of(ErrorCodes.StorageFull, "the disk does not take it");
        }
    }

    static async Task<IResult> State(HttpContext context, string attachment, AttachmentStore store) =>
        Id.TryParse(attachment, out Id id) ? await StateAsync(store, id, Authentication.Account(context)) : Missing();

    static async Task<IResult> Delete(HttpContext context, string attachment, AttachmentStore store)
    {
        if (!Id.TryParse(attachment, out Id id)) return Missing();
        Outcome outcome = await store.DeleteAsync(id, Authentication.Account(context));
        return outcome.Code is null ? Results.NoContent() : Refused(outcome);
    }

    static async Task<IResult> Read(HttpContext context, string attachment, AttachmentStore store)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        if (!Id.TryParse(attachment, out Id id) || !TryCapability(context, out byte[] capability) || await store.OpenAsync(id, capability) is not { } file) return Missing();
        // Whatever a browser is talked into, it is a download of bytes and never a page (K-55).
        headers.ContentDisposition = "attachment";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; sandbox; frame-ancestors 'none'";
        return Results.Stream(file, Binary, enableRangeProcessing: true);
    }

    static bool TryCapability(HttpContext context, out byte[] capability)
    {
        capability = new byte[Limits.AttachmentCapabilityBytes];
        string? shown = context.Request.Headers[Limits.AttachmentCapabilityHeader] is [{ } only] ? only : null;
        return shown is { Length: 43 } && Base64Url.IsValid(shown) && Base64Url.TryDecodeFromChars(shown, capability, out int written) && written == capability.Length;
    }

    static async Task<IResult> StateAsync(AttachmentStore store, Id id, Id account) => await store.OwnAsync(id, account) is { } found
        ? Message(new AttachmentState { Size = (ulong)found.Size, Received = (ulong)found.Received, Expires = (ulong)found.Expires })
        : Missing();

    static IResult TooOften() => Problems.Of(ErrorCodes.RateLimited, "too many parts");

    /// <summary>The same for what does not exist, what is somebody else's, and what a reader cannot show the capability of.</summary>
    static IResult Missing() => Problems.Of(ErrorCodes.NotFound, "there is no such attachment");

    static IResult Refused(Outcome outcome) => outcome.Code switch
    {
        ErrorCodes.NotFound => Missing(),
        ErrorCodes.StaleUpload => Problems.Of(ErrorCodes.StaleUpload, "it goes on elsewhere", outcome.Epoch),
        ErrorCodes.OverQuota => Problems.Of(ErrorCodes.OverQuota, "the account's attachments take what they may"),
        ErrorCodes.RateLimited => Problems.Of(ErrorCodes.RateLimited, "too much is begun and not finished"),
        ErrorCodes.StorageFull => Problems.Of(ErrorCodes.StorageFull, "the server has no room for attachments"),
        _ => StreamBodies.Refused(outcome),
    };
}

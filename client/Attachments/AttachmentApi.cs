using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>The calls of attachments (docs/PROTOCOL.md §12.1). Failures are <see cref="KavalekException"/> with the server's code.</summary>
sealed class AttachmentApi(Rest rest, Tokens tokens)
{
    const string Attachments = "api/v1/attachments";

    /// <summary>Declares one, or the same one again: how many bytes are there.</summary>
    public async Task<long> DeclareAsync(Id id, long size, byte[] capability, uint lives, CancellationToken cancel)
    {
        Wire.DeclareAttachment body = new() { Size = (ulong)size, Lives = lives, Reader = ByteString.CopyFrom(SHA256.HashData(capability)) };
        return Received(await tokens.WithMessagingAsync((token, stop) =>
            rest.ProtobufAsync(HttpMethod.Put, $"{Attachments}/{id}", token, body, Wire.AttachmentState.Parser, stop), cancel).ConfigureAwait(false), size);
    }

    /// <summary>Sends the part that begins at <paramref name="at"/>: how many bytes are there then.</summary>
    public async Task<long> AppendAsync(Id id, long at, byte[] part, long size, CancellationToken cancel)
    {
        try
        {
            byte[] answer = await tokens.WithMessagingAsync((token, stop) => rest.SendAsync(HttpMethod.Patch, $"{Attachments}/{id}?at={at}", token, Binary(part), stop), cancel).ConfigureAwait(false);
            return UntrustedMessage.TryRead(Wire.AttachmentState.Parser, answer, out Wire.AttachmentState? state) ? Received(state, size) : throw ServerErrors.Misbehaves("sent an answer that cannot be read");
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.StaleUpload && e.Data["epoch"] is ulong there && there <= (ulong)size)
        {
            return (long)there;
        }
    }

    /// <summary>Deletes one of the own account's; what is not there is deleted already.</summary>
    public async Task DeleteAsync(Id id, CancellationToken cancel)
    {
        try
        {
            await tokens.WithMessagingAsync((token, stop) => rest.SendAsync(HttpMethod.Delete, $"{Attachments}/{id}", token, null, stop), cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            // As asked.
        }
    }

    /// <summary>Exactly the bytes from <paramref name="from"/> on, without saying who asks; <c>null</c> where there is nothing any more.</summary>
    public async Task<byte[]?> ReadAsync(Id id, byte[] capability, long from, int length, CancellationToken cancel)
    {
        try
        {
            byte[] bytes = await rest.SendAsync(HttpMethod.Get, $"{Attachments}/{id}", null, null, cancel, headers =>
            {
                headers.Add(Limits.AttachmentCapabilityHeader, Base64Url.EncodeToString(capability));
                headers.Range = new RangeHeaderValue(from, from + length - 1);
            }).ConfigureAwait(false);
            return bytes.Length == length ? bytes : throw ClientAttachmentErrors.Damaged();
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            return null;
        }
    }

    static ByteArrayContent Binary(byte[] bytes) => new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };

    static long Received(Wire.AttachmentState state, long size) =>
        state.Size == (ulong)size && state.Received <= state.Size ? (long)state.Received : throw ServerErrors.Misbehaves("counts an attachment otherwise than it was declared");
}

/// <summary>What can become of an attachment.</summary>
static class ClientAttachmentErrors
{
    public static KavalekException Damaged() => new(ClientErrors.AttachmentDamaged,
        "This file is not the one that was sent: it was changed, cut or exchanged on its way. Nothing of it was opened or kept. Ask its sender to send it again.");

    public static KavalekException Gone() => new(ClientErrors.AttachmentGone,
        "This file is not on the server any more: files are kept for a while only, and their senders can delete them. Ask its sender to send it again.");
}

using System.Collections.Concurrent;
using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Brings the attachments of what waits in a conversation to the server (docs/PROTOCOL.md §7.16): one message after the other, while texts go past. Each part is
/// asked for by how far the server got, so a kill costs a part at most.
/// </summary>
sealed class Uploads(ClientCore core, ConversationEngine engine)
{
    readonly ConcurrentDictionary<Id, SemaphoreSlim> _turns = new();

    /// <summary>Whether something waits for its attachments.</summary>
    public static bool IsDue(ConversationThread thread) => thread.View.Uploading;

    /// <summary>Uploads until nothing waits for it any more.</summary>
    /// <exception cref="KavalekException">No connection; it goes on later where it was.</exception>
    public async Task RunAsync(ConversationThread thread, CancellationToken cancel)
    {
        if (!IsDue(thread)) return;
        SemaphoreSlim turn = _turns.GetOrAdd(thread.Id, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            while (await engine.StepAsync(thread, _ => Task.FromResult(Next(thread)), cancel).ConfigureAwait(false) is { } next) await UploadAsync(thread, next.Number, next.Content, cancel).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Deletes at the server what nobody is to have any more.</summary>
    public async Task TakeBackAsync(CancellationToken cancel)
    {
        foreach (StoreEntry entry in await core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Unwanted), cancel).ConfigureAwait(false))
        {
            await core.Attachments.DeleteAsync(Id.Read(entry.Value), cancel).ConfigureAwait(false);
            await core.Store.ApplyAsync(new StoreBatch().Delete(entry.Key), cancel).ConfigureAwait(false);
        }
    }

    static (ulong Number, Content Content)? Next(ConversationThread thread)
    {
        foreach ((ulong number, OutboxRow row) in thread.Outbox)
            if (row.Uploading) return (number, Content.Parser.ParseFrom(row.Content));
        return null;
    }

    async Task UploadAsync(ConversationThread thread, ulong number, Content content, CancellationToken cancel)
    {
        MessageId message = new(core.Identity.Account, Id.Read(content.Id.Span));
        Id current = default;
        try
        {
            foreach (Contents.Attachment attachment in content.Text.Attachments)
            {
                current = Id.Read(attachment.Id.Span);
                if (!await UploadAsync(thread, number, message, attachment, content.Timer, cancel).ConfigureAwait(false)) return;
            }
        }
        catch (KavalekException e) when (e.Code is ErrorCodes.TooLarge or ErrorCodes.OverQuota or ErrorCodes.StorageFull or ErrorCodes.IdTaken or ErrorCodes.Invalid or ClientErrors.AttachmentGone)
        {
            await engine.StepAsync(thread, async step =>
            {
                if (thread.Outbox.GetValueOrDefault(number) is not { Uploading: true } row) return false;
                step.Drop(number);
                await step.ChangeAsync(row.Position, stored => (stored.State, stored.Failure) = ((uint)MessageState.Failed, Reason(e))).ConfigureAwait(false);
                return true;
            }, cancel).ConfigureAwait(false);
            return;
        }
        catch (Exception e) when (Setback.Is(e))
        {
            core.Events.Publish(new AttachmentProgressed(thread.Id, message, current, TransferState.Stopped, 0, 0));
            throw;
        }
        await engine.StepAsync(thread, step =>
        {
            if (thread.Outbox.GetValueOrDefault(number) is { Uploading: true } row)
            {
                row.Uploading = false;
                step.Keep(number, row);
            }
            return Task.FromResult(true);
        }, cancel).ConfigureAwait(false);
        engine.Kick(thread);
    }

    // False where the message was taken back meanwhile.
    async Task<bool> UploadAsync(ConversationThread thread, ulong number, MessageId message, Contents.Attachment attachment, uint life, CancellationToken cancel)
    {
        Id id = Id.Read(attachment.Id.Span);
        using AttachmentSeal seal = core.Files.SealOf(attachment);
        long total = seal.Length, at = await core.Attachments.DeclareAsync(id, total, seal.Capability, Life(life), cancel).ConfigureAwait(false);
        int stuck = 0;
        while (true)
        {
            if (!thread.Outbox.ContainsKey(number)) return false;
            core.Events.Publish(new AttachmentProgressed(thread.Id, message, id, at == total ? TransferState.Uploaded : TransferState.Uploading, at, total));
            if (at == total) return true;
            int chunk = at < AttachmentSeal.OffsetOf(1) ? 0 : (int)((at - AttachmentSeal.CommitmentBytes) / AttachmentSeal.SealedBytes);
            IReadOnlyList<byte[]> chunks = await core.Files.ChunksAsync(new KeptFile(thread.Id, message, id), chunk, KeptFiles.Batch, cancel).ConfigureAwait(false);
            if (chunks.Count == 0) throw ClientAttachmentErrors.Gone();
            int skip = (int)(at - AttachmentSeal.OffsetOf(chunk));
            byte[] part = Join(chunk == 0 ? seal.Commitment : [], chunks, skip);
            long then = await core.Attachments.AppendAsync(id, at, part, total, cancel).ConfigureAwait(false);
            // A server that counts backwards would be sent the same for ever.
            if (then <= at && ++stuck > 3) throw ServerErrors.For(ErrorCodes.Unavailable);
            at = then;
        }
    }

    static uint Life(uint timer) => timer == 0 ? Limits.RetentionSeconds : Math.Min(timer, Limits.RetentionSeconds);

    static byte[] Join(byte[] before, IReadOnlyList<byte[]> chunks, int skip)
    {
        byte[] all = new byte[before.Length + chunks.Sum(chunk => chunk.Length)];
        before.CopyTo(all, 0);
        int at = before.Length;
        foreach (byte[] chunk in chunks)
        {
            chunk.CopyTo(all, at);
            at += chunk.Length;
        }
        return skip == 0 ? all : all[skip..];
    }

    static string Reason(KavalekException e) => e.Code switch
    {
        ErrorCodes.TooLarge => "The file is larger than this server takes.",
        ErrorCodes.OverQuota => "Your files take what they may on this server, or today's share of it. Delete some, or try again tomorrow.",
        ErrorCodes.StorageFull => "The server has no room for files. Tell whoever runs it.",
        _ => $"The server refused the file ({e.Code}).",
    };
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Client.Records;

namespace Kavalek.Client;

/// <summary>
/// Brings attachments here (docs/PROTOCOL.md §7.16). Nothing of one can be had before all of it is here and is, by length and hash, what the message says.
/// </summary>
sealed class Downloads(ClientCore core) : IAsyncDisposable
{
    /// <summary>Attachments under way at once.</summary>
    const int Most = 3;

    readonly SemaphoreSlim _places = new(Most);
    readonly CancellationTokenSource _stop = new();
    readonly ConcurrentDictionary<KeptFile, SemaphoreSlim> _turns = new();

    /// <summary>Has an attachment here when it completes.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.AttachmentDamaged"/>, <see cref="ClientErrors.AttachmentGone"/>; offline, and then it goes on where it was.</exception>
    public async Task FetchAsync(KeptFile file, Contents.Attachment attachment, CancellationToken cancel)
    {
        if ((await core.Files.GetAsync(file, cancel).ConfigureAwait(false)).Whole) return;
        SemaphoreSlim turn = _turns.GetOrAdd(file, _ => new SemaphoreSlim(1));
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stop.Token);
        await turn.WaitAsync(stop.Token).ConfigureAwait(false);
        try
        {
            await _places.WaitAsync(stop.Token).ConfigureAwait(false);
            try
            {
                await DownloadAsync(file, attachment, stop.Token).ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (Exception e) when (Setback.Is(e))
        {
            core.Events.Publish(new AttachmentProgressed(file.Conversation, file.Message, file.Attachment, TransferState.Stopped, 0, 0));
            throw;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Ends what is under way: the store is about to close. It goes on where it was.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        for (int place = 0; place < Most; place++) await _places.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _places.Dispose();
        _stop.Dispose();
    }

    /// <summary>Writes the file, which has to be here.</summary>
    /// <param name="file">Which.</param>
    /// <param name="attachment">What its message says of it.</param>
    /// <param name="to">Takes the file as its sender had it.</param>
    /// <param name="most">Bytes from the beginning, at most.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task WriteAsync(KeptFile file, Contents.Attachment attachment, Stream to, long most, CancellationToken cancel)
    {
        await using KeptFileReader reader = Open(file, attachment);
        byte[] buffer = new byte[AttachmentSeal.ChunkBytes];
        for (long left = most; left > 0;)
        {
            int read = await reader.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancel).ConfigureAwait(false);
            if (read == 0) return;
            await to.WriteAsync(buffer.AsMemory(0, read), cancel).ConfigureAwait(false);
            left -= read;
        }
    }

    /// <summary>The file, which has to be here, to be read from its beginning.</summary>
    public KeptFileReader Open(KeptFile file, Contents.Attachment attachment) => new(core.Files, file, attachment);

    async Task DownloadAsync(KeptFile file, Contents.Attachment attachment, CancellationToken cancel)
    {
        FileRow row = await core.Files.GetAsync(file, cancel).ConfigureAwait(false);
        if (row.Whole) return;
        using AttachmentSeal seal = core.Files.SealOf(attachment);
        using MemoryStream digests = new();
        digests.Write(row.Digests.Span);
        int have = row.Digests.Length / AttachmentSeal.HashBytes;
        while (have < seal.Chunks)
        {
            core.Events.Publish(new AttachmentProgressed(file.Conversation, file.Message, file.Attachment, TransferState.Downloading, AttachmentSeal.OffsetOf(have), seal.Length));
            int count = Math.Min(KeptFiles.Batch, seal.Chunks - have), commitment = have == 0 ? AttachmentSeal.CommitmentBytes : 0;
            int length = commitment + Enumerable.Range(have, count).Sum(seal.SealedLength);
            byte[] bytes = await core.Attachments.ReadAsync(file.Attachment, seal.Capability, AttachmentSeal.OffsetOf(have), length, cancel).ConfigureAwait(false) ?? throw ClientAttachmentErrors.Gone();
            if (commitment > 0 && !CryptographicOperations.FixedTimeEquals(bytes.AsSpan(0, commitment), seal.Commitment)) throw ClientAttachmentErrors.Damaged();
            List<byte[]> chunks = [];
            for (int i = 0, at = commitment; i < count; at += seal.SealedLength(have + i++))
            {
                chunks.Add(bytes[at..(at + seal.SealedLength(have + i))]);
                digests.Write(seal.Digest(chunks[^1]));
            }
            row.Digests = ByteString.CopyFrom(digests.GetBuffer(), 0, (int)digests.Length);
            if (have + count == seal.Chunks)
            {
                if (!CryptographicOperations.FixedTimeEquals(seal.Hash(row.Digests.Span), attachment.Hash.Span))
                {
                    await core.Files.DropAsync(file).ConfigureAwait(false);
                    throw ClientAttachmentErrors.Damaged();
                }
                row = new FileRow { Whole = true };
            }
            await core.Files.AddAsync(file, have, chunks, row, cancel).ConfigureAwait(false);
            have += count;
        }
        core.Events.Publish(new AttachmentProgressed(file.Conversation, file.Message, file.Attachment, TransferState.Here, seal.Length, seal.Length));
    }
}

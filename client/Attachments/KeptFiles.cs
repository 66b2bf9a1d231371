using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>An attachment as a message has it: another message may name the same id, and would get or delete what is not its own.</summary>
/// <param name="Conversation">Where the message is.</param>
/// <param name="Message">The message.</param>
/// <param name="Attachment">The attachment.</param>
readonly record struct KeptFile(Id Conversation, MessageId Message, Id Attachment);

/// <summary>
/// Attachments on this device: as they were encrypted, in chunks beside the messages, in the same store (docs/STORE.md). So they go with
/// their messages in one batch, and a file is encrypted once, however often it is uploaded.
/// </summary>
sealed class KeptFiles(IClientStore store, ICryptoProvider crypto)
{
    /// <summary>Chunks that are stored, and transferred, together: 1 MiB.</summary>
    public const int Batch = 16;

    /// <summary>Encrypts a file into the store. It is a draft until its message is stored with it.</summary>
    /// <param name="conversation">Where its message will be.</param>
    /// <param name="message">Its message.</param>
    /// <param name="file">What it is.</param>
    /// <param name="read">Told how many of its bytes were read, now and then.</param>
    /// <param name="cancel">Stops it, and nothing of it stays.</param>
    public async Task<Contents.Attachment> EncryptAsync(Id conversation, MessageId message, OutgoingFile file, Action<long> read, CancellationToken cancel)
    {
        if (file.Size is <= 0 or > Limits.AttachmentBytes) throw new KavalekException(ErrorCodes.TooLarge, "A file has between 1 byte and 2 GiB. It was not sent.");
        Id id = crypto.NewId();
        KeptFile kept = new(conversation, message, id);
        byte[] secret = new byte[AttachmentSeal.SecretBytes];
        crypto.Random(secret);
        using AttachmentSeal seal = new(crypto, id, secret, file.Size);
        byte[] digests = new byte[AttachmentSeal.HashBytes * seal.Chunks], plain = new byte[AttachmentSeal.ChunkBytes * Math.Min(Batch, seal.Chunks)];
        await store.ApplyAsync(new StoreBatch { IsPostponable = true }.Put(StoreKeys.File(kept), new FileRow { Draft = true }.ToByteArray()), cancel).ConfigureAwait(false);
        try
        {
            long left = file.Size;
            for (int first = 0; first < seal.Chunks; first += Batch)
            {
                int fill = (int)Math.Min(left, plain.Length);
                await ReadAsync(file, plain.AsMemory(0, fill), cancel).ConfigureAwait(false);
                plain.AsSpan(fill).Clear();
                left -= fill;
                // In a browser each is sealed beside .NET's one thread: all of them take as long as one.
                byte[][] chunks = await Task.WhenAll(Enumerable.Range(first, Math.Min(Batch, seal.Chunks - first))
                    .Select(chunk => seal.SealAsync(chunk, plain.AsMemory((chunk - first) * AttachmentSeal.ChunkBytes, seal.PlainLength(chunk))).AsTask())).ConfigureAwait(false);
                StoreBatch batch = new() { IsPostponable = true };
                for (int chunk = first; chunk < first + chunks.Length; chunk++)
                {
                    seal.Digest(chunks[chunk - first]).CopyTo(digests, chunk * AttachmentSeal.HashBytes);
                    batch.Put(StoreKeys.Chunk(kept, chunk), chunks[chunk - first]);
                }
                await store.ApplyAsync(batch, cancel).ConfigureAwait(false);
                read(file.Size - left);
            }
        }
        catch
        {
            await store.ApplyAsync(Forget(new StoreBatch(), kept), CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        return new Contents.Attachment
        {
            Id = ByteString.CopyFrom(id.ToArray()),
            Secret = ByteString.CopyFrom(secret),
            Hash = ByteString.CopyFrom(seal.Hash(digests)),
            Size = (ulong)file.Size,
            Name = FileName.Clean(file.Name),
            Type = Attachment.Media(file.Type),
            Width = (uint)Math.Clamp(file.Width, 0, 100_000),
            Height = (uint)Math.Clamp(file.Height, 0, 100_000),
            Preview = Attachment.IsPreview(file.Preview.Span) ? ByteString.CopyFrom(file.Preview.Span) : ByteString.Empty,
            Length = (uint)Math.Clamp(file.Length.TotalMilliseconds, 0, Attachment.LongestMilliseconds),
            Levels = file.Levels.Length <= Attachment.MostLevels ? ByteString.CopyFrom(file.Levels.Span) : ByteString.Empty,
        };
    }

    /// <summary>The seal of an attachment that a message names.</summary>
    public AttachmentSeal SealOf(Contents.Attachment attachment) => new(crypto, Id.Read(attachment.Id.Span), attachment.Secret.Span, (long)attachment.Size);

    /// <summary>How far it is here.</summary>
    public async Task<FileRow> GetAsync(KeptFile file, CancellationToken cancel) =>
        await store.GetAsync(StoreKeys.File(file), cancel).ConfigureAwait(false) is { } row ? FileRow.Parser.ParseFrom(row) : new FileRow();

    /// <summary>Sealed chunks from <paramref name="first"/> on, at most <see cref="Batch"/>.</summary>
    public async Task<IReadOnlyList<byte[]>> ChunksAsync(KeptFile file, int first, int count, CancellationToken cancel) =>
        [.. (await store.ScanAsync(new StoreRange(StoreKeys.Chunk(file, first), StoreKeys.Chunk(file, first + count)), cancel).ConfigureAwait(false)).Select(entry => entry.Value)];

    /// <summary>Stores what came of an attachment, with how far it is then.</summary>
    public ValueTask AddAsync(KeptFile file, int first, IReadOnlyList<byte[]> chunks, FileRow row, CancellationToken cancel)
    {
        StoreBatch batch = new() { IsPostponable = !row.Whole };
        for (int i = 0; i < chunks.Count; i++) batch.Put(StoreKeys.Chunk(file, first + i), chunks[i]);
        return store.ApplyAsync(batch.Put(StoreKeys.File(file), row.ToByteArray()), cancel);
    }

    /// <summary>Deletes all of it.</summary>
    public ValueTask DropAsync(KeptFile file) => store.ApplyAsync(Forget(new StoreBatch(), file));

    /// <summary>What takes an attachment from the store.</summary>
    public static StoreBatch Forget(StoreBatch batch, KeptFile file) => batch.Delete(StoreKeys.File(file)).DeletePrefix(StoreKeys.Chunks(file));

    /// <summary>Deletes drafts: this program ended before their messages were stored.</summary>
    public async Task SweepAsync(CancellationToken cancel)
    {
        StoreBatch batch = new();
        foreach (StoreEntry entry in await store.ScanAsync(StoreRange.Prefix(StoreKeys.Files), cancel).ConfigureAwait(false))
        {
            if (!FileRow.Parser.ParseFrom(entry.Value).Draft) continue;
            batch.Delete(entry.Key).DeletePrefix(StoreKeys.ChunksOf(entry.Key));
        }
        if (!batch.IsEmpty) await store.ApplyAsync(batch, cancel).ConfigureAwait(false);
    }

    static async Task ReadAsync(OutgoingFile file, Memory<byte> into, CancellationToken cancel)
    {
        try
        {
            await file.Content.ReadExactlyAsync(into, cancel).ConfigureAwait(false);
        }
        catch (EndOfStreamException e)
        {
            throw new KavalekException(ClientErrors.FileUnreadable, "The file became shorter while it was read. It was not sent.", inner: e);
        }
        catch (IOException e)
        {
            throw new KavalekException(ClientErrors.FileUnreadable, "The file cannot be read. It was not sent.", inner: e);
        }
    }
}

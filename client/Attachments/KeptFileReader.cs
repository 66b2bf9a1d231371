namespace Kavalek.Client;

/// <summary>A file that is on this device, as its sender had it: read once, from its beginning, with a few chunks of it in memory.</summary>
sealed class KeptFileReader(KeptFiles files, KeptFile file, Contents.Attachment attachment) : Stream
{
    readonly AttachmentSeal _seal = files.SealOf(attachment);
    readonly Queue<byte[]> _opened = new();
    byte[] _open = [];
    int _used, _next;
    long _read;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => (long)attachment.Size;

    /// <inheritdoc/>
    public override long Position { get => _read; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    /// <exception cref="KavalekException"><see cref="ClientErrors.AttachmentGone"/>: it went with its message; <see cref="ClientErrors.AttachmentDamaged"/>.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _read == Length) return 0;
        if (_used == _open.Length) await NextAsync(cancellationToken).ConfigureAwait(false);
        int count = (int)Math.Min(Length - _read, Math.Min(buffer.Length, _open.Length - _used));
        _open.AsMemory(_used, count).CopyTo(buffer);
        _used += count;
        _read += count;
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
        // Nothing is written.
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _seal.Dispose();
        base.Dispose(disposing);
    }

    async Task NextAsync(CancellationToken cancel)
    {
        if (_opened.Count == 0)
        {
            IReadOnlyList<byte[]> chunks = await files.ChunksAsync(file, _next, KeptFiles.Batch, cancel).ConfigureAwait(false);
            if (chunks.Count == 0) throw ClientAttachmentErrors.Gone();
            // The hash was right, so this is what its sender made, and another's fault alone if it does not open. All at once, as they were sealed.
            foreach (byte[]? chunk in await Task.WhenAll(chunks.Select((chunk, at) => _seal.OpenAsync(_next + at, chunk).AsTask())).ConfigureAwait(false))
                _opened.Enqueue(chunk ?? throw ClientAttachmentErrors.Damaged());
            _next += chunks.Count;
        }
        (_open, _used) = (_opened.Dequeue(), 0);
    }
}

using System.Buffers;

namespace Kavalek.Messaging.Sockets;

/// <summary>
/// The bytes below the WebSocket. Reading fetches as much as has arrived, into a buffer that is there only while it holds something; what
/// the WebSocket writes of itself (pongs, its close frame) takes its place among the session's own frames.
/// </summary>
sealed class TransportStream(Stream inner) : Stream
{
    const int ReadBytes = 16 * 1024;

    byte[]? _buffer;
    int _from, _until;

    /// <summary>Where writes go.</summary>
    public Action<ReadOnlySpan<byte>> Written { get; set; } = static _ => { };

    /// <summary>The connection's own stream.</summary>
    public Stream Inner => inner;

    /// <summary>Reads until the peer ends the connection, and forgets it.</summary>
    public async Task DrainAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            while (await inner.ReadAsync(buffer) > 0)
            {
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Whether bytes are here that were not read yet.</summary>
    public bool HasBuffered => _until > _from;

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (HasBuffered)
            return new ValueTask<int>(Take(buffer.Span));
        return buffer.IsEmpty || buffer.Length >= ReadBytes ? inner.ReadAsync(buffer, cancellationToken) : FillAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Written(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    async ValueTask<int> FillAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        _from = _until = 0;
        try
        {
            _until = await inner.ReadAsync(_buffer, cancel);
        }
        finally
        {
            if (_until == 0)
                Release();
        }
        return HasBuffered ? Take(buffer.Span) : 0;
    }

    int Take(Span<byte> to)
    {
        int count = Math.Min(to.Length, _until - _from);
        _buffer.AsSpan(_from, count).CopyTo(to);
        _from += count;
        if (_from == _until)
            Release();
        return count;
    }

    void Release()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _from = _until = 0;
    }

    protected override void Dispose(bool disposing)
    {
        Release();
        base.Dispose(disposing);
    }
}

using System.Runtime.InteropServices.JavaScript;

namespace Kavalek.Client.Browser;

/// <summary>Files between page and client: <c>frontend-mobile/src/client/worker/files.ts</c>. Their bytes go through in pieces; neither side has a whole one in its memory.</summary>
static partial class PageFiles
{
    const string Module = "kavalek/files";

    /// <summary>Bytes of a piece.</summary>
    internal const int Piece = 1024 * 1024;

    /// <summary>A piece of a file that the page gave. Completes by <see cref="Calls"/>.</summary>
    [JSImport("read", Module)]
    internal static partial void Read(int call, int file, double at, int length);

    /// <summary>Begins a file for the page, and gives its number.</summary>
    [JSImport("begin", Module)]
    internal static partial int Begin();

    /// <summary>Adds to a file for the page.</summary>
    [JSImport("append", Module)]
    internal static partial void Append(int file, byte[] bytes);

    /// <summary>Forgets a file for the page that will not be whole.</summary>
    [JSImport("drop", Module)]
    internal static partial void Drop(int file);
}

/// <summary>A file that the page gave, read once from its beginning.</summary>
sealed class PageFileReader(int file, long size) : Stream
{
    byte[] _piece = [];
    int _used;
    long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => size;

    public override long Position { get => _read; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_used == _piece.Length)
        {
            int length = (int)Math.Min(PageFiles.Piece, size - _read);
            if (length == 0) return 0;
            cancellationToken.ThrowIfCancellationRequested();
            long at = _read;
            _piece = await Calls.RunAsync(call => PageFiles.Read(call, file, at, length)).ConfigureAwait(false) ?? [];
            _used = 0;
        }
        int count = Math.Min(buffer.Length, _piece.Length - _used);
        _piece.AsMemory(_used, count).CopyTo(buffer);
        _used += count;
        _read += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>Takes a file for the page.</summary>
sealed class PageFileWriter(int file) : Stream
{
    long _written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _written;

    public override long Position { get => _written; set => throw new NotSupportedException(); }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PageFiles.Append(file, buffer.ToArray());
        _written += buffer.Length;
        return ValueTask.CompletedTask;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // Nothing waits here.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

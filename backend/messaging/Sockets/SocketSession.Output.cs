using System.Buffers;
using System.Data.Common;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging.Sockets;

/// <summary>
/// This part sends. Frames are written into a buffer, entries wait as references to what all readers share; one pump at a time, there only
/// while there is something to do, puts both into as few writes as it can.
/// </summary>
sealed partial class SocketSession : IThreadPoolWorkItem
{
    /// <summary>Entries in one <c>Deliver</c>, unless a single one is larger.</summary>
    const int DeliverBytes = 64 * 1024;
    const int WaitingFrameBytes = 1 << 20;

    [ThreadStatic]
    static List<Segment>? t_taken;

    byte[]? _frameBytes;
    int _frameLength;
    Queue<Segment>? _segments;
    long _segmentBytes;
    bool _pumping;
    volatile bool _closing;
    bool _finished; // the close frame is written: nothing follows it
    long _writingSince;
    TaskCompletionSource? _drained;

    readonly record struct Segment(byte[] Bytes, int Offset, int Length);

    /// <summary>Whether it waits for the client to take what was sent.</summary>
    public bool IsWriting => Volatile.Read(ref _writingSince) != 0;

    /// <summary>Ends when everything that was written has left.</summary>
    public Task DrainedAsync()
    {
        lock (_gate)
        {
            if (!_pumping)
                return Task.CompletedTask;
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = PumpAsync();

    /// <summary>Adds whole frames to what is sent next.</summary>
    void Write(ReadOnlySpan<byte> frames)
    {
        lock (_gate)
        {
            if (_finished)
                return;
            frames.CopyTo(Reserve(frames.Length));
            _frameLength += frames.Length;
            Wake();
        }
    }

    void WriteAppended(AppendOperation append)
    {
        if (_finished)
            return;
        _frameLength += FrameWriter.Appended(
            Reserve(FrameWriter.AppendedBytes), append.Stream.Id, append.Id, append.Outcome.Seq, append.Outcome.Epoch);
        Wake();
        if (_frameLength > WaitingFrameBytes && !_closing)
            Close(ErrorCodes.SlowReader);
    }

    Span<byte> Reserve(int length)
    {
        if (_frameBytes is null || _frameBytes.Length - _frameLength < length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(256, 2 * (_frameLength + length)));
            if (_frameBytes is not null)
            {
                _frameBytes.AsSpan(0, _frameLength).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_frameBytes);
            }
            _frameBytes = larger;
        }
        return _frameBytes.AsSpan(_frameLength);
    }

    void Push(byte[] bytes, int offset, int length)
    {
        (_segments ??= new Queue<Segment>()).Enqueue(new Segment(bytes, offset, length));
        _segmentBytes += length;
    }

    void DropDeliveries()
    {
        _segments = null;
        _segmentBytes = 0;
        _behind = null;
    }

    void Wake()
    {
        if (_pumping)
            return;
        _pumping = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    async Task PumpAsync()
    {
        try
        {
            while (NextWork(out Feed? behind) is { } work)
            {
                switch (work)
                {
                    case Work.Send:
                        await SendAsync();
                        break;
                    case Work.Open:
                        await OpenAsync();
                        break;
                    case Work.ReadOn:
                        await ReadOnAsync(behind!);
                        break;
                }
            }
        }
        catch (DbException)
        {
            lock (_gate)
                _pumping = false;
            Close(ErrorCodes.Unavailable);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The connection is gone; so is everything for it.
            Gone();
        }
        catch (Exception e)
        {
            // A mistake of ours. A socket that stays open and says nothing more would keep its client waiting: it ends, and the client comes again.
            Gone();
            _services.Log.LogError("A socket ended by a mistake of this server: {Mistake} at {Place}", e.GetType().Name, e.TargetSite?.Name);
        }
    }

    async ValueTask SendAsync()
    {
        if (Compose(out int length) is not { } buffer)
            return; // it was dropped meanwhile
        _writingSince = _services.Clock.GetTimestamp();
        try
        {
            await _transport.Inner.WriteAsync(buffer.AsMemory(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _writingSince = 0;
        }
    }

    /// <summary>Takes what waits into one buffer; null if nothing does.</summary>
    byte[]? Compose(out int length)
    {
        List<Segment> taken = t_taken ??= [];
        byte[]? frames;
        int entries = 0;
        lock (_gate)
        {
            (frames, length) = (_frameBytes, _frameLength);
            (_frameBytes, _frameLength) = (null, 0);
            while (_segments?.Count > 0 && (entries == 0 || entries + _segments.Peek().Length <= DeliverBytes))
            {
                Segment segment = _segments.Dequeue();
                taken.Add(segment);
                entries += segment.Length;
            }
            _segmentBytes -= entries;
            if (_segments?.Count == 0 && _segments.Capacity > 64)
                _segments = null;
        }
        if (entries == 0)
            return frames;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length + FrameWriter.HeaderBytes + 6 + entries);
        if (frames is not null)
        {
            frames.AsSpan(0, length).CopyTo(buffer);
            ArrayPool<byte>.Shared.Return(frames);
        }
        length += FrameWriter.Deliver(buffer.AsSpan(length), entries);
        foreach (Segment segment in taken)
        {
            segment.Bytes.AsSpan(segment.Offset, segment.Length).CopyTo(buffer.AsSpan(length));
            length += segment.Length;
        }
        taken.Clear();
        return buffer;
    }

    Work? NextWork(out Feed? behind)
    {
        lock (_gate)
        {
            behind = null;
            if (_frameLength > 0 || _segments?.Count > 0)
                return Work.Send;
            if (!_closing)
            {
                if (_openAll || _toOpen is not null)
                    return Work.Open;
                while (_unacknowledged < _window && _behind?.TryDequeue(out behind) == true)
                {
                    behind.Queued = false;
                    if (!behind.Dropped)
                        return Work.ReadOn;
                }
            }
            _pumping = false;
            _drained?.TrySetResult();
            return null;
        }
    }

    /// <summary>The connection broke.</summary>
    void Gone()
    {
        lock (_gate)
        {
            _closing = _finished = true;
            DropDeliveries();
            _room?.TrySetResult();
            _drained?.TrySetResult();
        }
        _abort();
    }

    enum Work
    {
        Send,
        Open,
        ReadOn,
    }
}

using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>
/// Holds who sends or takes many bytes to a rate, from interval to interval and in all: what came quickly at first does not buy hours (docs/PROTOCOL.md §9).
/// </summary>
sealed class Pace : IDisposable
{
    /// <summary>Bytes that have to pass in each <see cref="Interval"/>, and the most that is written at a time.</summary>
    public const int Bytes = 64 * 1024;

    /// <summary>Bytes a second that have to pass in all, once <see cref="Grace"/> is over.</summary>
    const int PerSecond = 10_000;

    /// <summary>Time for <see cref="Bytes"/>.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    readonly TimeProvider _clock;
    readonly CancellationTokenSource _late, _either;
    readonly long _begin;
    long _since, _passed, _passedSince;

    public Pace(TimeProvider clock, CancellationToken aborted)
    {
        _clock = clock;
        _begin = _since = clock.GetTimestamp();
        _late = new CancellationTokenSource(Interval, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_late.Token, aborted);
    }

    /// <summary>Ends what waits: too slow, or given up by the other side.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>Whether it was too slow.</summary>
    public bool IsLate => _late.IsCancellationRequested;

    /// <summary>Reads from a body.</summary>
    /// <exception cref="CallRefusedException">It came too slowly.</exception>
    public async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer)
    {
        try
        {
            int read = await body.ReadAsync(buffer, Token);
            Passed(read);
            return read;
        }
        catch (OperationCanceledException) when (IsLate)
        {
            throw new CallRefusedException(ErrorCodes.Unavailable, "the body came too slowly") { Ends = true };
        }
    }

    /// <summary>So many bytes came, or went.</summary>
    public void Passed(int bytes)
    {
        _passed += bytes;
        _passedSince += bytes;
        if (_passedSince >= Bytes)
            (_passedSince, _since) = (0, _clock.GetTimestamp());
        TimeSpan left = Interval - _clock.GetElapsedTime(_since), leftInAll = Grace + TimeSpan.FromSeconds((double)_passed / PerSecond) - _clock.GetElapsedTime(_begin);
        _late.CancelAfter(left < leftInAll ? Positive(left) : Positive(leftInAll));
    }

    public void Dispose()
    {
        _either.Dispose();
        _late.Dispose();
    }

    static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}

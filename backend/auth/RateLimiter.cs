using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>Counts calls in windows of time. Whom it counts for it keeps only as a hash under a key of this run.</summary>
internal sealed class RateLimiter(TimeProvider clock)
{
    /// <summary>More callers than this at once are turned away until windows end: memory stays bounded.</summary>
    public const int MaximumWindows = 200_000;

    readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    readonly Dictionary<UInt128, Window> _windows = [];
    readonly Lock _lock = new();

    /// <summary>Counts one call.</summary>
    /// <param name="what">What is called.</param>
    /// <param name="who">Who calls; empty for everybody together.</param>
    /// <param name="rate">How often it is allowed.</param>
    /// <exception cref="AuthException"><see cref="ErrorCodes.RateLimited"/>, with the time to wait.</exception>
    public void Count(string what, ReadOnlySpan<byte> who, Rate rate)
    {
        UInt128 key = Key(what, who);
        DateTimeOffset now = clock.GetUtcNow();
        lock (_lock)
        {
            if (!_windows.TryGetValue(key, out Window window) || window.End <= now)
            {
                if (_windows.Count >= MaximumWindows) Forget(now);
                window = new Window(now.AddSeconds(rate.Seconds), 0);
            }
            if (window.Count >= rate.Count || _windows.Count >= MaximumWindows)
            {
                throw new AuthException(ErrorCodes.RateLimited, "Too many calls.", window.End - now);
            }
            _windows[key] = window with { Count = window.Count + 1 };
        }
    }

    /// <summary>Forgets windows that ended.</summary>
    public void Sweep()
    {
        lock (_lock) Forget(clock.GetUtcNow());
    }

    void Forget(DateTimeOffset now)
    {
        foreach ((UInt128 key, Window window) in _windows)
        {
            if (window.End <= now) _windows.Remove(key);
        }
    }

    UInt128 Key(string what, ReadOnlySpan<byte> who)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(what), 0, .. who];
        return BinaryPrimitives.ReadUInt128BigEndian(HMACSHA256.HashData(_key, named));
    }

    readonly record struct Window(DateTimeOffset End, int Count);
}

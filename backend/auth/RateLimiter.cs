using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>Counts calls in windows of time. Whom it counts for it keeps only as a hash under a key of this run.</summary>
internal sealed class RateLimiter(TimeProvider clock)
{
    /// <summary>Windows that are kept at once: memory stays bounded. Where there are more callers, those furthest from their limit are forgotten first.</summary>
    public const int MaximumWindows = 200_000;

    // Forgotten at once, so that looking for them is rare.
    const int Share = 16;

    readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    readonly Dictionary<UInt128, Window> _windows = [];
    readonly Lock _lock = new();

    /// <summary>How many windows are kept.</summary>
    public int Windows
    {
        get
        {
            lock (_lock) return _windows.Count;
        }
    }

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
                if (_windows.Count >= MaximumWindows) MakeRoom(now);
                window = new Window(now.AddSeconds(rate.Seconds), rate.Count, rate.Count);
            }
            if (window.Left <= 0)
            {
                throw new AuthException(ErrorCodes.RateLimited, "Too many calls.", window.End - now);
            }
            _windows[key] = window with { Left = window.Left - 1 };
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

    // A flood from many places must turn nobody away, and must not make the server forget who is at a limit either: who has used the least of a limit
    // goes first, of those the stalest.
    void MakeRoom(DateTimeOffset now)
    {
        Forget(now);
        if (_windows.Count < MaximumWindows) return;
        foreach (UInt128 key in _windows.OrderByDescending(entry => (double)entry.Value.Left / entry.Value.Limit).ThenBy(entry => entry.Value.End).Take(MaximumWindows / Share).Select(entry => entry.Key).ToArray())
            _windows.Remove(key);
    }

    UInt128 Key(string what, ReadOnlySpan<byte> who)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(what), 0, .. who];
        return BinaryPrimitives.ReadUInt128BigEndian(HMACSHA256.HashData(_key, named));
    }

    readonly record struct Window(DateTimeOffset End, int Left, int Limit);
}

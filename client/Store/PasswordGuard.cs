using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Kavalek.Client;

/// <summary>
/// Makes guessing at the wallet's password slow for somebody at the keyboard: after five wrong ones each further one has to wait, twice as long each
/// time. It is stored, so a restart forgets nothing; and within a process it is counted by a clock that nobody sets, too. (Who copies the disk guesses elsewhere, at the
/// price of the derivation.)
/// </summary>
sealed class PasswordGuard(IClientStore store, TimeProvider clock)
{
    /// <summary>Where it stands in the store, unsealed.</summary>
    public const string Key = "wallet/guard";

    /// <summary>Wrong passwords without a wait.</summary>
    public const int Free = 5;

    // By the mark of the newest wrong password: when it came, on the clock that only goes forward. A profile is opened by another guard each time.
    static readonly ConditionalWeakTable<TimeProvider, ConcurrentDictionary<ulong, long>> s_since = [];

    static readonly TimeSpan First = TimeSpan.FromSeconds(30), Longest = TimeSpan.FromHours(1);

    /// <summary>Refuses while a wait is on.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.TooManyAttempts"/>; nothing was derived.</exception>
    public async Task RequireTurnAsync(CancellationToken cancel)
    {
        (uint failures, long last, ulong mark) = await ReadAsync(cancel).ConfigureAwait(false);
        TimeSpan wait = Wait(failures);
        if (wait == TimeSpan.Zero) return;
        long now = clock.GetUtcNow().ToUnixTimeSeconds();
        if (now < last)
        {
            // The clock was set back: the wait begins anew, so that setting it gains nothing, and costs no more than the wait.
            last = now;
            await WriteAsync(failures, last, mark).ConfigureAwait(false);
        }
        TimeSpan left = wait - TimeSpan.FromSeconds(now - last);
        // It was set forward, or the computer slept: what this process has counted itself is what is believed.
        if (Since.TryGetValue(mark, out long came) && wait - clock.GetElapsedTime(came) is var counted && counted > left) left = counted;
        if (left <= TimeSpan.Zero) return;
        string text = $"The password was wrong {failures} times. Wait {TimeInWords.Wait(left)} and try again; nothing was changed.";
        throw new KavalekException(ClientErrors.TooManyAttempts, text) { RetryAfter = left };
    }

    /// <summary>A password was wrong.</summary>
    public async Task FailedAsync()
    {
        (uint failures, _, ulong before) = await ReadAsync(CancellationToken.None).ConfigureAwait(false);
        ulong mark = BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(8));
        await WriteAsync(failures + 1, clock.GetUtcNow().ToUnixTimeSeconds(), mark).ConfigureAwait(false);
        Since.TryRemove(before, out _);
        Since[mark] = clock.GetTimestamp();
    }

    /// <summary>It was right.</summary>
    public async Task SucceededAsync()
    {
        if (await store.GetAsync(Key).ConfigureAwait(false) is null) return;
        (_, _, ulong mark) = await ReadAsync(CancellationToken.None).ConfigureAwait(false);
        await store.ApplyAsync(new StoreBatch().Delete(Key)).ConfigureAwait(false);
        Since.TryRemove(mark, out _);
    }

    ConcurrentDictionary<ulong, long> Since => s_since.GetOrCreateValue(clock);

    static TimeSpan Wait(uint failures)
    {
        if (failures < Free) return TimeSpan.Zero;
        TimeSpan wait = First * (1L << (int)Math.Min(failures - Free, 20u));
        return wait < Longest ? wait : Longest;
    }

    async Task<(uint Failures, long Last, ulong Mark)> ReadAsync(CancellationToken cancel) =>
        await store.GetAsync(Key, cancel).ConfigureAwait(false) is { Length: 20 } bytes
            ? (BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(4)), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(12)))
            : (0, 0, 0);

    async Task WriteAsync(uint failures, long last, ulong mark)
    {
        byte[] bytes = new byte[20];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Math.Min(failures, 1_000_000));
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(4), last);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(12), mark);
        await store.ApplyAsync(new StoreBatch().Put(Key, bytes)).ConfigureAwait(false);
    }
}

using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>How long messages live (docs/PROTOCOL.md §7.7). Lives are seconds, 0 for ever; ends are milliseconds since 1970, 0 for never.</summary>
static class Life
{
    /// <summary>Whether messages may live so long.</summary>
    public static bool IsLife(uint seconds) => seconds is >= Limits.ShortestLife and <= Limits.LongestLife;

    /// <summary>The shorter of two lives.</summary>
    public static uint Shorter(uint one, uint other) => one == 0 ? other : other == 0 ? one : Math.Min(one, other);

    /// <summary>When a message ends: counted from its sending, but not from later than its coming, so that a clock ahead makes nothing last.</summary>
    public static ulong End(ulong sent, ulong received, uint life) => life == 0 ? 0 : Math.Min(sent, received) + life * 1000UL;

    /// <summary>Whole seconds until the end, at least 1; 0 where there is none.</summary>
    public static uint Left(ulong ends, ulong now) => ends == 0 ? 0 : ends <= now ? 1 : (uint)Math.Min((ends - now + 999) / 1000, uint.MaxValue);

    /// <summary>A life that somebody chose, in seconds.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.Invalid"/>, or <see cref="ClientErrors.NotAllowed"/> by the instance.</exception>
    public static uint Check(TimeSpan life, TimerPolicy policy)
    {
        double seconds = Math.Round(life.TotalSeconds);
        if (seconds is not 0 and (< Limits.ShortestLife or > Limits.LongestLife))
            throw new KavalekException(ErrorCodes.Invalid, "Messages can live from 5 seconds to 4 years, or stay. Nothing changed.");
        if (!policy.Allows((uint)seconds))
            throw new KavalekException(ClientErrors.NotAllowed, policy.Ceiling > 0 && (seconds == 0 || seconds > policy.Ceiling)
                ? $"On this server messages end after {TimeInWords.Of(TimeSpan.FromSeconds(policy.Ceiling))} at the latest, so they cannot be set to last longer. Nothing changed."
                : $"On this server messages cannot be set to live shorter than {TimeInWords.Of(TimeSpan.FromSeconds(policy.Floor))}. Nothing changed.");
        return (uint)seconds;
    }
}

/// <summary>What the owner of an instance allows of timers; clients keep to it. A server cannot check it, because it cannot read a timer.</summary>
/// <param name="Floor">Seconds a message may be set to live, at least; 0 for none.</param>
/// <param name="Ceiling">Seconds after which every message ends; 0 for none.</param>
sealed record TimerPolicy(uint Floor, uint Ceiling)
{
    /// <summary>Everything is allowed.</summary>
    public static TimerPolicy None { get; } = new(0, 0);

    /// <summary>Whether messages may be set to live so long; 0 for ever.</summary>
    public bool Allows(uint life) => life == 0 ? Ceiling == 0 : life >= Floor && (Ceiling == 0 || life <= Ceiling);

    /// <summary>What an instance says; nonsense counts as nothing.</summary>
    public static TimerPolicy Of(InstancePolicy policy) => new(Read(policy.TimerFloor), Read(policy.TimerCeiling));

    static uint Read(long seconds) => seconds is >= Limits.ShortestLife and <= Limits.LongestLife ? (uint)seconds : 0;
}

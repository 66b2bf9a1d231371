using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>How long what nobody has fetched is kept: messages, Welcomes and what is in inboxes, by the instance's policy (docs/PROTOCOL.md §5.12).</summary>
sealed class Retention
{
    volatile uint _seconds = Limits.RetentionSeconds;

    /// <summary>Seconds, at most.</summary>
    public uint Seconds
    {
        get => _seconds;
        set => _seconds = Math.Min(value, Limits.RetentionSeconds);
    }

    /// <summary>How long something is kept whose sender asked for so many seconds; 0: for as long as it is kept at all.</summary>
    public uint Keep(uint asked) => asked == 0 ? _seconds : Math.Min(asked, _seconds);
}

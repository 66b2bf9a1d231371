namespace Kavalek.Mls;

/// <summary>
/// How long keys are kept for messages that come late, the same for who creates a group and who joins it. Every kept key is one
/// that a thief of the state can use: these numbers are the price in forward secrecy of not losing late messages.
/// </summary>
public sealed record RetentionPolicy
{
    /// <summary>The defaults.</summary>
    public static RetentionPolicy Default { get; } = new();

    /// <summary>Past epochs whose application messages can still be read.</summary>
    public int PastEpochs { get; init; } = 4;

    /// <summary>Age at which a past epoch is dropped, counted from the commit that ended it; enforced when the next commit is applied or the group is pruned.</summary>
    public TimeSpan PastEpochAge { get; init; } = TimeSpan.FromDays(2);

    /// <summary>How far ahead of the last one seen a generation may be (RFC 9420 §9.2): work and memory one message can cause.</summary>
    public int MaxForward { get; init; } = 1000;

    /// <summary>Keys of skipped generations kept a sender; the oldest go first.</summary>
    public int MaxSkipped { get; init; } = 256;
}

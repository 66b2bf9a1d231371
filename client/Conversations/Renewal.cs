using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>When conversations renew their own keys; all of it by the client's clock.</summary>
public sealed record RenewalSettings
{
    /// <summary>The defaults.</summary>
    public static RenewalSettings Default { get; } = new();

    /// <summary>At the latest so long after the last time; also what counts as a long absence. 7 days.</summary>
    public TimeSpan After { get; init; } = TimeSpan.FromDays(7);

    /// <summary>At the latest after so many own messages. 500.</summary>
    public int AfterMessages { get; init; } = 500;

    /// <summary>At a random time within so long after joining, so that a tree that was filled at once becomes cheap. 1 hour.</summary>
    public TimeSpan WithinOfJoining { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>Says when the own leaf of a group is to be renewed, which heals the group from a theft of this device's keys (RFC 9420 §16.6).</summary>
sealed class Renewal(RenewalSettings settings, ICryptoProvider crypto)
{
    /// <summary>Whether it is time.</summary>
    public bool IsDue(Step step, GroupStream stream) =>
        stream.Group!.MemberCount > 1
        && (stream.Row.OwnMessages >= (ulong)settings.AfterMessages
            || step.NowMilliseconds >= stream.Row.Renewed + (ulong)settings.After.TotalMilliseconds
            || (stream.Row.RenewAt > 0 && step.NowMilliseconds >= stream.Row.RenewAt));

    /// <summary>The group was joined just now: its keys are fresh, and a random time soon is set.</summary>
    public void Joined(Step step, GroupStream stream)
    {
        stream.Row.Renewed = step.NowMilliseconds;
        stream.Row.RenewAt = step.NowMilliseconds + 1 + (ulong)(settings.WithinOfJoining.TotalMilliseconds * crypto.Between(0, 1_000) / 1_000);
    }
}

using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>A device that a commit removes.</summary>
/// <param name="Device">The device.</param>
/// <param name="Proposer">The account that proposed it, where that was not the committer.</param>
internal sealed record RemovedDevice(MemberDevice Device, Id? Proposer);

/// <summary>A leaf that a commit renews.</summary>
/// <param name="Before">In the old epoch.</param>
/// <param name="After">In the new one.</param>
internal sealed record RenewedDevice(MemberDevice Before, MemberDevice After);

/// <summary>What a commit does, in the words of <see cref="CommitPolicy"/>: accounts and devices instead of leaves.</summary>
internal sealed record CommitFacts
{
    /// <summary>The MLS epoch that the commit ends.</summary>
    public required ulong Epoch { get; init; }

    /// <summary>Who commits.</summary>
    public required MemberDevice Committer { get; init; }

    /// <summary>Whether a device that is taken out comes in again by the same commit. One that asked to leave does not.</summary>
    public bool Returns(MemberDevice device) =>
        Removed.Any(removed => removed.Device.Leaf == device.Leaf && removed.Proposer is null) && Added.Any(added => added.Replaces(device));

    /// <summary>The members of the epoch before.</summary>
    public required IReadOnlyList<MemberDevice> Before { get; init; }

    /// <summary>Devices that come in.</summary>
    public IReadOnlyList<MemberDevice> Added { get; init; } = [];

    /// <summary>Devices that go.</summary>
    public IReadOnlyList<RemovedDevice> Removed { get; init; } = [];

    /// <summary>Devices with a new leaf.</summary>
    public IReadOnlyList<RenewedDevice> Renewed { get; init; } = [];

    /// <summary>The GroupContext's extensions of the epoch before.</summary>
    public required IReadOnlyList<Extension> ExtensionsBefore { get; init; }

    /// <summary>The GroupContext's extensions after.</summary>
    public required IReadOnlyList<Extension> ExtensionsAfter { get; init; }

    /// <summary>Whether it does what conversations know nothing of: joins from outside, mixes in pre-shared keys, begins the group anew.</summary>
    public bool IsForeign { get; init; }

    /// <summary>The members after the commit.</summary>
    public IEnumerable<MemberDevice> After =>
        Before.Where(device => Removed.All(removed => removed.Device.Leaf != device.Leaf))
            .Select(device => Renewed.FirstOrDefault(renewed => renewed.Before.Leaf == device.Leaf)?.After ?? device).Concat(Added);

    /// <summary>The account that goes over to another key, where one does.</summary>
    public Id? GoesOver => Renewed.FirstOrDefault(renewed => !renewed.After.SameAccount(renewed.Before))?.After.Account;

    /// <summary>Reads a commit's effects on <paramref name="before"/>.</summary>
    /// <exception cref="FormatException">A credential is no device certificate.</exception>
    public static CommitFacts Of(MlsGroup before, CommitEffects effects)
    {
        List<RemovedDevice> removed = [];
        foreach (Mls.Member member in effects.Removed)
        {
            Id? proposer = effects.Proposers.TryGetValue(member.Index, out LeafIndex leaf) && before.Find(leaf) is { } by
                ? MemberDevice.Of(by).Account
                : null;
            removed.Add(new(MemberDevice.Of(member), proposer));
        }
        return new()
        {
            Epoch = before.Epoch,
            Committer = MemberDevice.Of(effects.Committer),
            Before = [.. before.Members.Select(MemberDevice.Of)],
            Added = [.. effects.Added.Select(MemberDevice.Of)],
            Removed = removed,
            Renewed = [.. effects.Updated.Select(updated => new RenewedDevice(MemberDevice.Of(updated.Before), MemberDevice.Of(updated.After)))],
            ExtensionsBefore = effects.ExtensionsBefore,
            ExtensionsAfter = effects.ExtensionsAfter,
            IsForeign = effects.IsExternal || effects.Proposals.Count > 0,
        };
    }
}

namespace Kavalek.Mls;

/// <summary>Looks up a pre-shared key by the application's name for it; <c>null</c> where it is not known. The key stays the callee's.</summary>
public delegate Secret? ExternalPskLookup(ReadOnlyMemory<byte> pskId);

/// <summary>Looks up an own key package by its reference (<see cref="KeyPackageBundle.Ref"/>); <c>null</c>, or another one, where it is none of ours.</summary>
public delegate ValueTask<KeyPackageBundle?> KeyPackageLookup(ReadOnlyMemory<byte> reference);

/// <summary>
/// Looks up a group by its id, one that was ended or left too, for what its members alone know of its epochs; <c>null</c> where it is not
/// known. The group stays the callee's.
/// </summary>
public delegate MlsGroup? GroupLookup(ReadOnlyMemory<byte> groupId);

/// <summary>What a joiner has beside the Welcome.</summary>
public sealed record JoinOptions
{
    /// <summary>The ratchet tree, where the Welcome does not hold it.</summary>
    public ReadOnlyMemory<byte>? RatchetTree { get; init; }

    /// <summary>Pre-shared keys.</summary>
    public ExternalPskLookup? ExternalPsk { get; init; }

    /// <summary>Groups that the Welcome may continue, branch from, or name the epochs of (§11.2, §11.3, §8.4).</summary>
    public GroupLookup? Groups { get; init; }
}

/// <summary>What processing a message may need beside the group.</summary>
public sealed record ProcessOptions
{
    /// <summary>The own commit that was sent in this epoch, and is not confirmed yet.</summary>
    public PendingCommit? Pending { get; init; }

    /// <summary>Pre-shared keys.</summary>
    public ExternalPskLookup? ExternalPsk { get; init; }

    /// <summary>Other groups, whose epochs a commit may name.</summary>
    public GroupLookup? Groups { get; init; }
}

/// <summary>A message to send. Store <paramref name="Next"/> before it leaves: its key must never be used again.</summary>
/// <param name="Message">An MLSMessage.</param>
/// <param name="Next">The group after sending.</param>
public sealed record OutgoingMessage(byte[] Message, MlsGroup Next);

/// <summary>A group joined by a Welcome.</summary>
/// <param name="Group">The group.</param>
/// <param name="KeyPackageRef">The own key package that was used: delete it now, unless it is a last-resort one.</param>
/// <param name="LastResort">Whether that key package may be used again.</param>
/// <param name="Inviter">Who committed the add, and signed the group's state.</param>
public sealed record JoinedGroup(MlsGroup Group, byte[] KeyPackageRef, bool LastResort, Member Inviter);

/// <summary>What who joins by a commit of its own has beside the GroupInfo, and what it wants (RFC 9420 §12.4.3.2).</summary>
public sealed record ExternalJoinOptions
{
    /// <summary>The ratchet tree, where the GroupInfo does not hold it.</summary>
    public ReadOnlyMemory<byte>? RatchetTree { get; init; }

    /// <summary>The own leaf of before, for a client that lost its state: it is removed in the same commit.</summary>
    public LeafIndex? EarlierSelf { get; init; }

    /// <summary>Pre-shared keys to mix in, by the application's names for them.</summary>
    public IReadOnlyList<byte[]> ExternalPsks { get; init; } = [];

    /// <summary>Earlier epochs to prove that one was there.</summary>
    public IReadOnlyList<ResumptionPsk> ResumptionPsks { get; init; } = [];

    /// <summary>Pre-shared keys.</summary>
    public ExternalPskLookup? ExternalPsk { get; init; }

    /// <summary>Groups whose epochs are named, this one as it was among them.</summary>
    public GroupLookup? Groups { get; init; }

    /// <summary>Bytes that travel with the commit, authenticated; readable by anyone.</summary>
    public byte[] AuthenticatedData { get; init; } = [];
}

/// <summary>A group joined by a commit of one's own.</summary>
/// <param name="Message">The commit, an MLSMessage that anyone can read.</param>
/// <param name="Group">The group in the epoch that the commit begins. Store it before the commit is sent; if a rival's commit wins, dispose of it and join anew.</param>
/// <param name="Effects">What the commit does.</param>
public sealed record ExternalJoin(byte[] Message, MlsGroup Group, CommitEffects Effects);

/// <summary>A group founded on another, in its epoch 1: everybody invited is a member already.</summary>
/// <param name="Group">The group.</param>
/// <param name="Welcome">The Welcome for all who are invited, an MLSMessage; <c>null</c> where nobody is.</param>
public sealed record FoundedGroup(MlsGroup Group, byte[]? Welcome);

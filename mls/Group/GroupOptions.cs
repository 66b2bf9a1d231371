namespace Kavalek.Mls;

/// <summary>Looks up a pre-shared key by the application's name for it; <c>null</c> where it is not known. The key stays the callee's.</summary>
public delegate Secret? ExternalPskLookup(ReadOnlyMemory<byte> pskId);

/// <summary>Looks up an own key package by its reference; <c>null</c> where it is none of ours.</summary>
public delegate ValueTask<KeyPackageBundle?> KeyPackageLookup(ReadOnlyMemory<byte> reference);

/// <summary>What a joiner has beside the Welcome.</summary>
public sealed record JoinOptions
{
    /// <summary>The ratchet tree, where the Welcome does not hold it.</summary>
    public ReadOnlyMemory<byte>? RatchetTree { get; init; }

    /// <summary>Pre-shared keys.</summary>
    public ExternalPskLookup? ExternalPsk { get; init; }
}

/// <summary>What processing a message may need beside the group.</summary>
public sealed record ProcessOptions
{
    /// <summary>The own commit that was sent in this epoch, and is not confirmed yet.</summary>
    public PendingCommit? Pending { get; init; }

    /// <summary>Pre-shared keys.</summary>
    public ExternalPskLookup? ExternalPsk { get; init; }
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

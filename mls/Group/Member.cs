namespace Kavalek.Mls;

/// <summary>A client at its leaf.</summary>
/// <param name="Index">The leaf; it stays the member's until it is removed, then somebody else may get it.</param>
/// <param name="Leaf">Its keys, credential and capabilities.</param>
public sealed record Member(LeafIndex Index, LeafNode Leaf)
{
    /// <summary>Who it is.</summary>
    public Credential Credential => Leaf.Credential;

    /// <summary>The public key of everything it signs.</summary>
    public byte[] SignatureKey => Leaf.SignatureKey;
}

/// <summary>A member whose leaf changed.</summary>
/// <param name="Before">In the old epoch.</param>
/// <param name="After">In the new one, at the same leaf.</param>
public sealed record UpdatedMember(Member Before, Member After)
{
    /// <summary>Whether more than the encryption key changed: the credential or the signature key.</summary>
    public bool ChangesIdentity => Before.Credential != After.Credential || !Before.SignatureKey.AsSpan().SequenceEqual(After.SignatureKey);
}

/// <summary>A proposal that waits for a commit.</summary>
/// <param name="Sender">Who proposes; <c>null</c> for somebody outside the group.</param>
/// <param name="Type">What, as in <see cref="ProposalType"/>.</param>
/// <param name="Target">Whom a Remove or an Update is about.</param>
/// <param name="KeyPackage">Whom an Add is about.</param>
/// <param name="Extensions">The GroupContext's extensions proposed.</param>
public sealed record PendingProposal(Member? Sender, ushort Type, LeafIndex? Target, KeyPackage? KeyPackage, IReadOnlyList<Extension>? Extensions)
{
    /// <summary>Which external sender proposes. Where this and <see cref="Sender"/> are <c>null</c>, it is the client that asks to be added.</summary>
    public ExternalSender? External { get; init; }

    /// <summary>What the group is to begin anew as.</summary>
    public ReInit? ReInit { get; init; }

    /// <summary>The application's name for a pre-shared key to mix in.</summary>
    public byte[]? ExternalPsk { get; init; }

    /// <summary>The epoch whose resumption PSK is to be mixed in.</summary>
    public ResumptionPsk? ResumptionPsk { get; init; }

    /// <summary>What is proposed by a type of the application's own.</summary>
    public CustomProposal? Custom { get; init; }
}

/// <summary>The secret of an earlier epoch, of this group or another: who was not there does not have it (RFC 9420 §8.4, §8.6).</summary>
/// <param name="GroupId">The group.</param>
/// <param name="Epoch">The epoch, at whose end the secret was kept as long as <see cref="RetentionPolicy"/> says.</param>
public sealed record ResumptionPsk(byte[] GroupId, ulong Epoch);

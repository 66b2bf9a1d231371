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
/// <param name="Sender">Who proposes.</param>
/// <param name="Type">What, as in <see cref="ProposalType"/>.</param>
/// <param name="Target">Whom a Remove or an Update is about.</param>
/// <param name="KeyPackage">Whom an Add is about.</param>
/// <param name="Extensions">The GroupContext's extensions proposed.</param>
public sealed record PendingProposal(Member Sender, ushort Type, LeafIndex? Target, KeyPackage? KeyPackage, IReadOnlyList<Extension>? Extensions);

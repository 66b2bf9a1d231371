namespace Kavalek.Mls;

/// <summary>What anyone may know of one epoch: who joins by itself, or founds on it, knows no more.</summary>
/// <param name="Crypto">The suite.</param>
/// <param name="Context">What all members agree on.</param>
/// <param name="Tree">The ratchet tree.</param>
internal record PublicEpoch(SuiteCrypto Crypto, GroupContext Context, RatchetTree Tree);

/// <summary>What a member knows of one epoch and what does not change within it: all but the message keys.</summary>
/// <param name="Crypto">The suite.</param>
/// <param name="Context">What all members agree on.</param>
/// <param name="Tree">The ratchet tree.</param>
/// <param name="Own">The own leaf.</param>
/// <param name="Path">The own private keys in the tree.</param>
/// <param name="SignatureKey">The private key of what this member signs.</param>
/// <param name="Secrets">The key schedule's secrets.</param>
/// <param name="InterimHash">interim_transcript_hash (§8.2).</param>
internal sealed record EpochState(
    SuiteCrypto Crypto, GroupContext Context, RatchetTree Tree, LeafIndex Own, PrivatePath Path, Secret SignatureKey, EpochSecrets Secrets, byte[] InterimHash)
    : PublicEpoch(Crypto, Context, Tree)
{
    /// <summary>What the group was ended for (§11.2); <c>null</c> while it lives.</summary>
    public ReInit? Ended { get; init; }

    /// <summary>The own leaf node.</summary>
    public LeafNode OwnLeaf => Tree[Own] ?? throw new InvalidOperationException("the own leaf is blank");

    /// <summary>Private keys held beside the key schedule: those two epochs may share.</summary>
    public IEnumerable<Secret> Keys => Path.Keys.Append(SignatureKey);
}

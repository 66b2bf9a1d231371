namespace Kavalek.Mls;

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
{
    /// <summary>The own leaf node.</summary>
    public LeafNode OwnLeaf => Tree[Own] ?? throw new InvalidOperationException("the own leaf is blank");

    /// <summary>Private keys held beside the key schedule: those two epochs may share.</summary>
    public IEnumerable<Secret> Keys => Path.Keys.Append(SignatureKey);
}

namespace Kavalek.Mls;

/// <summary>Makes the own leaf anew, for an Update proposal or a commit's path (RFC 9420 §7.2).</summary>
internal static class LeafFactory
{
    /// <summary>A signed leaf of source commit, or update where there is no parent hash.</summary>
    public static async ValueTask<LeafNode> SignAsync(
        EpochState epoch, LeafChange? change, Secret signatureKey, byte[] encryptionKey, byte[]? parentHash)
    {
        LeafNode old = epoch.OwnLeaf;
        LeafNode leaf = new(
            encryptionKey,
            change?.SignatureKey?.PublicKey ?? old.SignatureKey,
            change?.Credential ?? old.Credential,
            change?.Capabilities ?? old.Capabilities,
            parentHash is null ? LeafNodeSource.Update : LeafNodeSource.Commit,
            null, parentHash,
            change?.Extensions ?? old.Extensions,
            []);
        return leaf.Signed(await epoch.Crypto.SignWithLabelAsync(
            signatureKey, "LeafNodeTBS", leaf.ToBeSigned(epoch.Context.GroupId, epoch.Own)).ConfigureAwait(false));
    }
}

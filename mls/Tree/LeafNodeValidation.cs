namespace Kavalek.Mls;

/// <summary>What a leaf must satisfy by itself (RFC 9420 §7.3). What depends on the other leaves stands with the tree.</summary>
internal static class LeafNodeValidation
{
    /// <summary>Checks the signature, that the leaf can do what it says, and its credential.</summary>
    /// <param name="leaf">The leaf.</param>
    /// <param name="index">Where it stands; of no meaning for a key package's leaf.</param>
    /// <param name="environment">The authentication service.</param>
    /// <param name="crypto">The suite.</param>
    /// <param name="groupId">The group; <c>null</c> outside any.</param>
    public static async ValueTask ValidateAsync(LeafNode leaf, LeafIndex index, MlsEnvironment environment, SuiteCrypto crypto, byte[]? groupId)
    {
        CheckCapabilities(leaf);
        if (!await VerifySignatureAsync(leaf, index, crypto, groupId).ConfigureAwait(false))
            throw new MlsException(MlsError.InvalidSignature, "7.3", "leaf node signature");
        // Whoever commits has to encrypt to it: a key off the curve would end all commits but the one that removes this leaf.
        if (!await crypto.IsPublicKeyAsync(leaf.EncryptionKey).ConfigureAwait(false))
            throw new MlsException(MlsError.InvalidLeafNode, "5.1.1", "encryption key");
        await ValidateCredentialAsync(leaf, environment, groupId).ConfigureAwait(false);
    }

    /// <summary>"Verify that the credential in the LeafNode is valid", which the application decides (§5.3.1).</summary>
    public static async ValueTask ValidateCredentialAsync(LeafNode leaf, MlsEnvironment environment, byte[]? groupId)
    {
        if (!await environment.Authentication.ValidateAsync(new(leaf.Credential, leaf.SignatureKey, groupId)).ConfigureAwait(false))
            throw new MlsException(MlsError.InvalidCredential, "5.3.1", "refused by the authentication service");
    }

    /// <summary>"Verify that the signature on the LeafNode is valid using signature_key."</summary>
    public static ValueTask<bool> VerifySignatureAsync(LeafNode leaf, LeafIndex index, SuiteCrypto crypto, byte[]? groupId) =>
        crypto.VerifyWithLabelAsync(leaf.SignatureKey, "LeafNodeTBS", leaf.ToBeSigned(groupId, index), leaf.Signature);

    /// <summary>The leaf's own extensions and credential type are among its capabilities.</summary>
    public static void CheckCapabilities(LeafNode leaf)
    {
        ushort[] used = [.. leaf.Extensions.Select(extension => extension.Type).Where(type => !Extension.IsDefault(type))];
        if (!Capabilities.HoldsAll(leaf.Capabilities.Extensions, used))
            throw new MlsException(MlsError.UnsupportedCapability, "7.3", "an extension of the leaf is not among its capabilities");
        if (!leaf.Capabilities.Credentials.Contains(leaf.Credential.Type))
            throw new MlsException(MlsError.UnsupportedCapability, "7.3", "the credential's type is not among the capabilities");
    }
}

namespace Kavalek.Mls;

/// <summary>What a key package must satisfy before it is used (RFC 9420 §10.1).</summary>
internal static class KeyPackageValidation
{
    /// <summary>All rules but the lifetime, which only whoever uses the key package holds against a clock: see <see cref="CheckLifetime"/>.</summary>
    public static async ValueTask ValidateAsync(KeyPackage keyPackage, MlsEnvironment environment, SuiteCrypto crypto, byte[]? groupId)
    {
        // "Verify that the cipher suite and protocol version of the KeyPackage match those in the GroupContext."
        if (keyPackage.Version != KeyPackage.Mls10) throw new MlsException(MlsError.UnsupportedVersion, "10.1", "protocol version");
        if (keyPackage.SuiteId != crypto.Suite.Id) throw new MlsException(MlsError.UnsupportedCipherSuite, "10.1", "another cipher suite than the group's");

        // "Verify that the value of leaf_node.encryption_key is different from the value of the init_key field."
        if (keyPackage.InitKey.AsSpan().SequenceEqual(keyPackage.Leaf.EncryptionKey)) throw Invalid("init key and encryption key are the same");

        Capabilities can = keyPackage.Leaf.Capabilities;
        if (!can.Versions.Contains(keyPackage.Version) || !can.CipherSuites.Contains(keyPackage.SuiteId))
            throw new MlsException(MlsError.UnsupportedCapability, "7.2", "version or suite not among the capabilities");

        // "Verify that the leaf_node of the KeyPackage is valid for a KeyPackage according to Section 7.3."
        if (keyPackage.Leaf.Source != LeafNodeSource.KeyPackage) throw new MlsException(MlsError.InvalidLeafNode, "7.3", "leaf node source");
        await LeafNodeValidation.ValidateAsync(keyPackage.Leaf, default, environment, crypto, groupId).ConfigureAwait(false);

        if (!await crypto.IsPublicKeyAsync(keyPackage.InitKey).ConfigureAwait(false)) throw Invalid("init key");

        // "Verify that the signature on the KeyPackage is valid using the public key in leaf_node.credential."
        if (!await crypto.VerifyWithLabelAsync(keyPackage.SignatureKey, "KeyPackageTBS", keyPackage.ToBeSigned(), keyPackage.Signature).ConfigureAwait(false))
            throw new MlsException(MlsError.InvalidSignature, "10.1", "key package signature");
    }

    /// <summary>Whether a key package may be used now (§7.3), and does not claim to live longer than we allow.</summary>
    public static void CheckLifetime(LeafNode leaf, MlsLimits limits, DateTimeOffset now)
    {
        if (leaf.Lifetime is not { } lifetime) throw new MlsException(MlsError.InvalidLeafNode, "7.3", "no lifetime");
        if (lifetime.NotBeforeSeconds > lifetime.NotAfterSeconds
            || lifetime.NotAfterSeconds - lifetime.NotBeforeSeconds > (ulong)limits.MaxLifetime.TotalSeconds)
            throw new MlsException(MlsError.InvalidLifetime, "7.2", "lifetime longer than allowed");
        if (now + limits.ClockSkew < lifetime.NotBefore) throw new MlsException(MlsError.InvalidLifetime, "7.3", "not valid yet");
        if (now - limits.ClockSkew > lifetime.NotAfter) throw new MlsException(MlsError.InvalidLifetime, "7.3", "expired");
    }

    static MlsException Invalid(string why) => new(MlsError.InvalidKeyPackage, "10.1", why);
}

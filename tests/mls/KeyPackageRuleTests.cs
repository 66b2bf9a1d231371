namespace Kavalek.Mls.Tests;

/// <summary>One test a rule of RFC 9420 §10.1, and of §7.3 as far as it is about a leaf by itself. Each bad one is properly signed.</summary>
public static class KeyPackageRuleTests
{
    static readonly SuiteCrypto Crypto = Suites.P256;
    static readonly MlsEnvironment Environment = new(NativeCryptoProvider.Shared, new CredentialBook());

    [Fact]
    public static async Task A_valid_key_package_is_accepted()
    {
        using KeyPackageBundle bundle = await (await Client.CreateAsync("marie")).BundleAsync();
        KeyPackage decoded = KeyPackage.Decode(bundle.KeyPackage.Encode());
        await decoded.ValidateAsync(Environment, Client.Now);
        Assert.Equal(bundle.Ref, decoded.Ref(Environment));
        Assert.Equal(bundle.KeyPackage.Encode(), decoded.Encode());
    }

    // K-48
    [Fact]
    public static Task Section_10_1_another_protocol_version_is_refused() =>
        Refused(MlsError.UnsupportedVersion, package: p => p with { Version = 2 });

    // K-48
    [Fact]
    public static Task Section_10_1_an_unknown_cipher_suite_is_refused() =>
        Refused(MlsError.UnsupportedCipherSuite, package: p => p with { Suite = 0x0fff });

    // K-48
    [Fact]
    public static async Task Section_10_1_another_suite_than_the_groups_is_refused()
    {
        KeyPackage other = (await Forge()).Build();
        MlsException refused = await Assert.ThrowsAsync<MlsException>(async () =>
            await KeyPackageValidation.ValidateAsync(other, Environment, new SuiteCrypto(CipherSuite.P384Aes256, Environment.Crypto), null));
        Assert.Equal(MlsError.UnsupportedCipherSuite, refused.Error);
    }

    // K-48
    [Fact]
    public static Task Section_10_1_init_key_and_encryption_key_being_the_same_is_refused() =>
        Refused(MlsError.InvalidKeyPackage, package: p => p with { InitKey = p.Leaf.EncryptionKey });

    // K-48
    [Fact]
    public static Task Section_10_1_a_key_package_signed_by_another_key_is_refused() =>
        Refused(MlsError.InvalidSignature, package: p => p with { SignWith = OtherKey });

    // K-48
    [Fact]
    public static Task Section_10_1_a_key_package_signed_under_another_label_is_refused() =>
        Refused(MlsError.InvalidSignature, package: p => p with { Label = "LeafNodeTBS" });

    // K-48, K-47
    [Fact]
    public static Task Section_7_3_a_leaf_signed_by_another_key_is_refused() =>
        Refused(MlsError.InvalidSignature, leaf: l => l with { SignWith = OtherKey });

    // K-48, K-47
    [Fact]
    public static Task Section_7_3_a_leaf_of_source_update_in_a_key_package_is_refused() =>
        Refused(MlsError.InvalidLeafNode, leaf: l => l with { Source = LeafNodeSource.Update, Lifetime = null });

    // K-48, K-47
    [Fact]
    public static Task Section_7_3_a_leaf_of_source_commit_in_a_key_package_is_refused() =>
        Refused(MlsError.InvalidLeafNode, leaf: l => l with { Source = LeafNodeSource.Commit, Lifetime = null, ParentHash = [] });

    // K-48, K-47
    [Fact]
    public static Task Section_7_3_an_expired_lifetime_is_refused() =>
        Refused(MlsError.InvalidLifetime, leaf: l => l with { Lifetime = new(Client.Now - TimeSpan.FromDays(9), Client.Now - TimeSpan.FromDays(1)) });

    // K-48, K-47
    [Fact]
    public static Task Section_7_3_a_lifetime_that_has_not_begun_is_refused() =>
        Refused(MlsError.InvalidLifetime, leaf: l => l with { Lifetime = new(Client.Now + TimeSpan.FromDays(1), Client.Now + TimeSpan.FromDays(9)) });

    // K-48
    [Fact]
    public static Task Section_7_2_a_lifetime_longer_than_the_limit_is_refused() =>
        Refused(MlsError.InvalidLifetime, leaf: l => l with { Lifetime = new(Client.Now, Client.Now + TimeSpan.FromDays(401)) });

    // K-48
    [Fact]
    public static Task Section_7_2_a_lifetime_that_ends_before_it_begins_is_refused() =>
        Refused(MlsError.InvalidLifetime, leaf: l => l with { Lifetime = new(Client.Now + TimeSpan.FromMinutes(2), Client.Now - TimeSpan.FromMinutes(2)) });

    // K-48
    [Fact]
    public static Task Section_7_2_a_lifetime_at_the_end_of_64_bits_is_refused() =>
        Refused(MlsError.InvalidLifetime, leaf: l => l with { Lifetime = new Lifetime(Client.Now, Client.Now) { NotAfterSeconds = ulong.MaxValue } });

    // K-48, K-47
    [Fact]
    public static Task Section_7_3_an_extension_outside_the_leafs_capabilities_is_refused() =>
        Refused(MlsError.UnsupportedCapability, leaf: l => l with { Extensions = [new Extension(0xf123, [1])] });

    // K-48, K-47
    [Fact]
    public static Task Section_7_3_a_credential_type_outside_the_leafs_capabilities_is_refused() =>
        Refused(MlsError.UnsupportedCapability, leaf: l => l with { Capabilities = l.Capabilities with { Credentials = [Credential.X509Type] } });

    // K-48
    [Fact]
    public static Task Section_7_2_capabilities_without_the_suite_are_refused() =>
        Refused(MlsError.UnsupportedCapability, leaf: l => l with { Capabilities = l.Capabilities with { CipherSuites = [1] } });

    // K-48
    [Fact]
    public static Task Section_7_2_capabilities_without_the_version_are_refused() =>
        Refused(MlsError.UnsupportedCapability, leaf: l => l with { Capabilities = l.Capabilities with { Versions = [] } });

    [Fact]
    public static async Task Section_5_3_1_a_credential_the_application_refuses_is_refused()
    {
        CredentialBook book = new();
        KeyPackage package = (await Forge()).Build();
        await package.ValidateAsync(new MlsEnvironment(NativeCryptoProvider.Shared, book), Client.Now);
        book.Refused.Add("marie");
        MlsException refused = await Assert.ThrowsAsync<MlsException>(async () => await package.ValidateAsync(new MlsEnvironment(NativeCryptoProvider.Shared, book), Client.Now));
        Assert.Equal(MlsError.InvalidCredential, refused.Error);
    }

    [Fact]
    public static async Task Section_13_an_extension_type_that_occurs_twice_is_refused()
    {
        byte[] bytes = (await Forge(package: p => p with { Extensions = [new(0xf1, []), new(0xf1, [])] })).Build().Encode();
        Assert.Equal(MlsError.InvalidExtension, Assert.Throws<MlsException>(() => KeyPackage.Decode(bytes)).Error);
    }

    [Fact]
    public static Task Section_5_1_1_an_encryption_key_off_the_curve_is_refused() =>
        Refused(MlsError.InvalidLeafNode, leaf: l => l with { EncryptionKey = [.. l.EncryptionKey[..^1], (byte)(l.EncryptionKey[^1] ^ 1)] });

    [Fact]
    public static Task Section_5_1_1_an_init_key_off_the_curve_is_refused() =>
        Refused(MlsError.InvalidKeyPackage, package: p => p with { InitKey = [.. p.InitKey[..^1], (byte)(p.InitKey[^1] ^ 1)] });

    // K-33
    [Fact]
    public static async Task Each_flipped_byte_and_each_shorter_length_is_refused()
    {
        byte[] honest = (await Forge()).Build().Encode();
        for (int i = 0; i < honest.Length; i++)
        {
            byte[] flipped = [.. honest];
            flipped[i] ^= 0x01;
            await Assert.ThrowsAsync<MlsException>(() => DecodeAndValidate(flipped));
            await Assert.ThrowsAsync<MlsException>(() => DecodeAndValidate(honest[..i]));
        }
        await Assert.ThrowsAsync<MlsException>(() => DecodeAndValidate([.. honest, 0]));
        await DecodeAndValidate(honest);
    }

    static async Task DecodeAndValidate(byte[] bytes) => await KeyPackage.Decode(bytes).ValidateAsync(Environment, Client.Now);

    static Secret OtherKey { get; } = Secret.Copy([.. new byte[31], 7]);

    static async Task Refused(MlsError error, Func<LeafDraft, LeafDraft>? leaf = null, Func<PackageDraft, PackageDraft>? package = null)
    {
        await (await Forge()).Build().ValidateAsync(Environment, Client.Now);
        MlsException refused = await Assert.ThrowsAsync<MlsException>(async () => await (await Forge(leaf, package)).Build().ValidateAsync(Environment, Client.Now));
        Assert.Equal(error, refused.Error);
    }

    static async Task<PackageDraft> Forge(Func<LeafDraft, LeafDraft>? leaf = null, Func<PackageDraft, PackageDraft>? package = null)
    {
        KeyPair signer = await Crypto.GenerateSignatureKeyPairAsync(), encryption = await Crypto.GenerateKeyPairAsync(), init = await Crypto.GenerateKeyPairAsync();
        LeafDraft draft = new(encryption.PublicKey, signer.PublicKey, Credential.Basic("marie"u8.ToArray()), Capabilities.For(CipherSuite.P256Aes128),
            LeafNodeSource.KeyPackage, Lifetime.Starting(Client.Now, TimeSpan.FromDays(30)), null, [], signer.PrivateKey);
        LeafNode signed = await (leaf?.Invoke(draft) ?? draft).SignAsync(Crypto, "group"u8.ToArray(), default);
        PackageDraft packageDraft = new(KeyPackage.Mls10, CipherSuite.P256Aes128.Id, init.PublicKey, signed, [], signer.PrivateKey);
        return await (package?.Invoke(packageDraft) ?? packageDraft).SignAsync(Crypto);
    }
}

/// <summary>A leaf that can be made wrong and then signed.</summary>
sealed record LeafDraft(
    byte[] EncryptionKey, byte[] SignatureKey, Credential Credential, Capabilities Capabilities, LeafNodeSource Source,
    Lifetime? Lifetime, byte[]? ParentHash, IReadOnlyList<Extension> Extensions, Secret SignWith)
{
    public async Task<LeafNode> SignAsync(SuiteCrypto crypto, byte[] groupId, LeafIndex index)
    {
        LeafNode leaf = new(EncryptionKey, SignatureKey, Credential, Capabilities, Source, Lifetime, ParentHash, Extensions, []);
        return leaf.Signed(await crypto.SignWithLabelAsync(SignWith, "LeafNodeTBS", leaf.ToBeSigned(groupId, index)));
    }
}

/// <summary>A key package that can be made wrong and then signed.</summary>
sealed record PackageDraft(ushort Version, ushort Suite, byte[] InitKey, LeafNode Leaf, IReadOnlyList<Extension> Extensions, Secret SignWith)
{
    public string Label { get; init; } = "KeyPackageTBS";

    byte[] Signature { get; init; } = [];

    public async Task<PackageDraft> SignAsync(SuiteCrypto crypto) =>
        this with { Signature = await crypto.SignWithLabelAsync(SignWith, Label, Build().ToBeSigned()) };

    public KeyPackage Build() => new(Version, Suite, InitKey, Leaf, Extensions, Signature);
}

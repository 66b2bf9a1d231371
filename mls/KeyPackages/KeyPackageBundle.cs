namespace Kavalek.Mls;

/// <summary>What a key package is made of.</summary>
public sealed record KeyPackageRequest
{
    /// <summary>The cipher suite.</summary>
    public required CipherSuite Suite { get; init; }

    /// <summary>Who it is.</summary>
    public required Credential Credential { get; init; }

    /// <summary>The client's signature keys, of the suite's <see cref="CipherSuite.Signature"/> algorithm; they stay the caller's and are not disposed here.</summary>
    public required KeyPair SignatureKey { get; init; }

    /// <summary>When it may be used.</summary>
    public required Lifetime Lifetime { get; init; }

    /// <summary>What the client can do; by default <see cref="Capabilities.For(ReadOnlySpan{CipherSuite})"/> of the suite.</summary>
    public Capabilities? Capabilities { get; init; }

    /// <summary>Extensions of the key package.</summary>
    public IReadOnlyList<Extension> Extensions { get; init; } = [];

    /// <summary>Extensions of the leaf.</summary>
    public IReadOnlyList<Extension> LeafExtensions { get; init; } = [];

    /// <summary>Whether it may be used more than once, when there is no other left.</summary>
    public bool LastResort { get; init; }

    /// <summary>Whether key package and leaf carry an empty extension of a type nobody will ever assign (§13.5), where the capabilities list one. True unless set.</summary>
    public bool Grease { get; init; } = true;
}

/// <summary>A key package with its private keys. Store it until its Welcome came, or it expired; a last-resort one until it is replaced.</summary>
public sealed class KeyPackageBundle : IDisposable
{
    internal KeyPackageBundle(KeyPackage keyPackage, byte[] reference, Secret initKey, Secret encryptionKey, Secret signatureKey)
    {
        KeyPackage = keyPackage;
        Ref = reference;
        InitKey = initKey;
        EncryptionKey = encryptionKey;
        SignatureKey = signatureKey;
    }

    /// <summary>The public part.</summary>
    public KeyPackage KeyPackage { get; }

    /// <summary>The reference (§5.2) that a Welcome names it by.</summary>
    public byte[] Ref { get; }

    internal Secret InitKey { get; }

    internal Secret EncryptionKey { get; }

    internal Secret SignatureKey { get; }

    /// <summary>Makes fresh keys and signs the key package.</summary>
    /// <exception cref="PlatformNotSupportedException">The provider lacks the suite.</exception>
    public static async ValueTask<KeyPackageBundle> CreateAsync(MlsEnvironment environment, KeyPackageRequest request)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(request);
        SuiteCrypto crypto = new(request.Suite, environment.Crypto);
        KeyPair init = await crypto.GenerateKeyPairAsync().ConfigureAwait(false);
        KeyPair encryption = await crypto.GenerateKeyPairAsync().ConfigureAwait(false);
        Secret signatureKey = request.SignatureKey.PrivateKey.Clone();

        Capabilities capabilities = request.Capabilities ?? Capabilities.For(request.Suite);
        Extension? unassigned = request.Grease ? capabilities.GreaseExtension() : null;
        IReadOnlyList<Extension> Grease(IReadOnlyList<Extension> extensions) =>
            unassigned is null || extensions.Find(unassigned.Type) is not null ? extensions : [.. extensions, unassigned];

        LeafNode leaf = new(encryption.PublicKey, request.SignatureKey.PublicKey, request.Credential, capabilities,
            LeafNodeSource.KeyPackage, request.Lifetime, null, Grease(request.LeafExtensions), []);
        leaf = leaf.Signed(await crypto.SignWithLabelAsync(signatureKey, "LeafNodeTBS", leaf.ToBeSigned([], default)).ConfigureAwait(false));

        List<Extension> extensions = [.. Grease(request.Extensions)];
        if (request.LastResort && extensions.Find(Extension.LastResort) is null) extensions.Add(new Extension(Extension.LastResort, []));
        KeyPackage keyPackage = new(KeyPackage.Mls10, request.Suite.Id, init.PublicKey, leaf, extensions, []);
        keyPackage = keyPackage.Signed(await crypto.SignWithLabelAsync(signatureKey, "KeyPackageTBS", keyPackage.ToBeSigned()).ConfigureAwait(false));

        return new(keyPackage, crypto.KeyPackageRef(keyPackage.EncodeBare()), init.PrivateKey, encryption.PrivateKey, signatureKey);
    }

    /// <summary>
    /// DecryptWithLabel (§5.1.3) of what was sealed to the <c>init_key</c>; <c>null</c> where it does not open. Like a Welcome, it uses the key package up.
    /// </summary>
    public async ValueTask<Secret?> DecryptWithLabelAsync(MlsEnvironment environment, string label, ReadOnlyMemory<byte> context, HpkeCiphertext ciphertext)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return KeyPackage.Suite is { } suite
            ? await new SuiteCrypto(suite, environment.Crypto).DecryptWithLabelAsync(InitKey, label, context.Span, ciphertext).ConfigureAwait(false)
            : null;
    }

    /// <summary>Everything, private keys included, for the caller's encrypted store.</summary>
    public byte[] Encode()
    {
        using TlsWriter writer = new(768);
        writer.WriteUInt8(1);
        writer.WriteVector(Ref);
        writer.WriteVector(InitKey.Span);
        writer.WriteVector(EncryptionKey.Span);
        writer.WriteVector(SignatureKey.Span);
        KeyPackage.Write(writer);
        return writer.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.Malformed"/>, or <see cref="MlsError.InvalidState"/> where it is of another version.</exception>
    public static KeyPackageBundle Decode(ReadOnlySpan<byte> stored)
    {
        TlsReader reader = new(stored);
        if (reader.ReadUInt8() != 1) throw new MlsException(MlsError.InvalidState, "10", "version of a stored key package");
        byte[] reference = reader.ReadVector();
        Secret initKey = Secret.Copy(reader.ReadVectorSpan());
        Secret encryptionKey = Secret.Copy(reader.ReadVectorSpan());
        Secret signatureKey = Secret.Copy(reader.ReadVectorSpan());
        KeyPackage keyPackage = KeyPackage.Read(ref reader);
        reader.End();
        return new(keyPackage, reference, initKey, encryptionKey, signatureKey);
    }

    /// <summary>Zeroes the private keys. A group created or joined with them has copies of its own.</summary>
    public void Dispose()
    {
        InitKey.Dispose();
        EncryptionKey.Dispose();
        SignatureKey.Dispose();
    }
}

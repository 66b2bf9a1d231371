namespace Kavalek.Mls;

/// <summary>
/// What a client publishes so that others can add it while it is away (RFC 9420 §10): one key to open one Welcome, and the leaf
/// it will have. A server reads and checks it without any group.
/// </summary>
public sealed class KeyPackage
{
    /// <summary>Protocol version mls10.</summary>
    public const ushort Mls10 = 1;

    internal KeyPackage(ushort version, ushort suite, byte[] initKey, LeafNode leaf, IReadOnlyList<Extension> extensions, byte[] signature)
    {
        Version = version;
        SuiteId = suite;
        InitKey = initKey;
        Leaf = leaf;
        Extensions = extensions;
        Signature = signature;
    }

    /// <summary>The protocol version, <see cref="Mls10"/> in a valid one.</summary>
    public ushort Version { get; }

    /// <summary>The cipher suite's registered value.</summary>
    public ushort SuiteId { get; }

    /// <summary>The cipher suite; <c>null</c> where this library does not know it.</summary>
    public CipherSuite? Suite => CipherSuite.Find(SuiteId);

    /// <summary>The HPKE public key the Welcome is sealed to.</summary>
    public byte[] InitKey { get; }

    /// <summary>The leaf the client will have.</summary>
    public LeafNode Leaf { get; }

    /// <summary>Extensions of the key package.</summary>
    public IReadOnlyList<Extension> Extensions { get; }

    /// <summary>Who it is.</summary>
    public Credential Credential => Leaf.Credential;

    /// <summary>The client's signature public key.</summary>
    public byte[] SignatureKey => Leaf.SignatureKey;

    /// <summary>When it may be used; <c>null</c> in an invalid one.</summary>
    public Lifetime? Lifetime => Leaf.Lifetime;

    /// <summary>Whether it may be used more than once, when there is no other left.</summary>
    public bool IsLastResort => Extensions.Find(Extension.LastResort) is not null;

    /// <summary>The signature by the leaf's key.</summary>
    internal byte[] Signature { get; }

    /// <summary>The reference (§5.2) that a Welcome names it by; as long as the suite's hash.</summary>
    public byte[] Ref(MlsEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return new SuiteCrypto(RequireSuite(environment), environment.Crypto).KeyPackageRef(EncodeBare());
    }

    /// <summary>An MLSMessage of this key package (§6), some 400 bytes with a short credential.</summary>
    public byte[] Encode()
    {
        using TlsWriter writer = new(512);
        writer.WriteUInt16(Mls10);
        writer.WriteUInt16((ushort)WireFormat.KeyPackage);
        Write(writer);
        return writer.ToArray();
    }

    /// <summary>Reads an MLSMessage that holds a key package. Nothing is verified yet: see <see cref="ValidateAsync"/>.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.Malformed"/> or <see cref="MlsError.UnsupportedVersion"/>.</exception>
    public static KeyPackage Decode(ReadOnlySpan<byte> message)
    {
        TlsReader reader = new(message);
        MlsMessage.ReadHeader(ref reader, WireFormat.KeyPackage);
        KeyPackage keyPackage = Read(ref reader);
        reader.End();
        return keyPackage;
    }

    /// <summary>Checks all of §10.1 and §7.3: version, suite, signatures, keys, capabilities, credential and lifetime.</summary>
    /// <param name="environment">The primitives and the authentication service.</param>
    /// <param name="now">The time that the lifetime is held against.</param>
    /// <exception cref="MlsException">The code says which rule was broken.</exception>
    public async ValueTask ValidateAsync(MlsEnvironment environment, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(environment);
        await KeyPackageValidation.ValidateAsync(this, environment, new SuiteCrypto(RequireSuite(environment), environment.Crypto), null).ConfigureAwait(false);
        KeyPackageValidation.CheckLifetime(Leaf, environment.Limits, now);
    }

    internal CipherSuite RequireSuite(MlsEnvironment environment) =>
        Suite is { } suite && environment.Crypto.Supports(suite)
            ? suite
            : throw new MlsException(MlsError.UnsupportedCipherSuite, "10.1", $"cipher suite 0x{SuiteId:x4}");

    internal byte[] EncodeBare()
    {
        using TlsWriter writer = new(512);
        Write(writer);
        return writer.ToArray();
    }

    internal byte[] ToBeSigned()
    {
        using TlsWriter writer = new(512);
        WriteContent(writer);
        return writer.ToArray();
    }

    internal KeyPackage Signed(byte[] signature) => new(Version, SuiteId, InitKey, Leaf, Extensions, signature);

    internal void Write(TlsWriter writer)
    {
        WriteContent(writer);
        writer.WriteVector(Signature);
    }

    internal static KeyPackage Read(ref TlsReader reader) => new(
        reader.ReadUInt16(), reader.ReadUInt16(), reader.ReadVector(), LeafNode.Read(ref reader), Extension.ReadList(ref reader), reader.ReadVector());

    void WriteContent(TlsWriter writer)
    {
        writer.WriteUInt16(Version);
        writer.WriteUInt16(SuiteId);
        writer.WriteVector(InitKey);
        Leaf.Write(writer);
        Extension.WriteList(writer, Extensions);
    }
}

namespace Kavalek.Mls;

/// <summary>An MLS cipher suite (RFC 9420 §17.1): the algorithms a group uses from its first epoch to its last.</summary>
/// <param name="Id">The registered value.</param>
/// <param name="Name">The registered name.</param>
/// <param name="Kem">The KEM of HPKE.</param>
/// <param name="Hash">The hash of HPKE's KDF and of MLS itself.</param>
/// <param name="Aead">The AEAD of HPKE and of message protection.</param>
/// <param name="Signature">The signature scheme.</param>
public sealed record CipherSuite(
    ushort Id, string Name, KemAlgorithm Kem, HashAlgorithm Hash, AeadAlgorithm Aead, SignatureAlgorithm Signature)
{
    /// <summary>0x0001 MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519.</summary>
    public static CipherSuite X25519Aes128 { get; } = new(0x0001, "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
        KemAlgorithm.DhkemX25519, HashAlgorithm.Sha256, AeadAlgorithm.Aes128Gcm, SignatureAlgorithm.Ed25519);

    /// <summary>0x0002 MLS_128_DHKEMP256_AES128GCM_SHA256_P256.</summary>
    public static CipherSuite P256Aes128 { get; } = new(0x0002, "MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
        KemAlgorithm.DhkemP256, HashAlgorithm.Sha256, AeadAlgorithm.Aes128Gcm, SignatureAlgorithm.EcdsaP256Sha256);

    /// <summary>0x0003 MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519.</summary>
    public static CipherSuite X25519ChaCha20 { get; } = new(0x0003, "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
        KemAlgorithm.DhkemX25519, HashAlgorithm.Sha256, AeadAlgorithm.ChaCha20Poly1305, SignatureAlgorithm.Ed25519);

    /// <summary>0x0004 MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448.</summary>
    public static CipherSuite X448Aes256 { get; } = new(0x0004, "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448",
        KemAlgorithm.DhkemX448, HashAlgorithm.Sha512, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.Ed448);

    /// <summary>0x0005 MLS_256_DHKEMP521_AES256GCM_SHA512_P521.</summary>
    public static CipherSuite P521Aes256 { get; } = new(0x0005, "MLS_256_DHKEMP521_AES256GCM_SHA512_P521",
        KemAlgorithm.DhkemP521, HashAlgorithm.Sha512, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.EcdsaP521Sha512);

    /// <summary>0x0006 MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448.</summary>
    public static CipherSuite X448ChaCha20 { get; } = new(0x0006, "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448",
        KemAlgorithm.DhkemX448, HashAlgorithm.Sha512, AeadAlgorithm.ChaCha20Poly1305, SignatureAlgorithm.Ed448);

    /// <summary>0x0007 MLS_256_DHKEMP384_AES256GCM_SHA384_P384.</summary>
    public static CipherSuite P384Aes256 { get; } = new(0x0007, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384",
        KemAlgorithm.DhkemP384, HashAlgorithm.Sha384, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.EcdsaP384Sha384);

    /// <summary>
    /// Where the post-quantum suites stand until they are assigned: in the range for private use (RFC 9420 §17.1), in the order of
    /// draft-ietf-mls-pq-ciphersuites, whose first suite is this plus one. Peers that number them otherwise are met with
    /// <c>suite with { Id = … }</c>.
    /// </summary>
    public const ushort PostQuantumBase = 0xF000;

    /// <summary>0xf001 (unassigned) MLS_128_MLKEM768X25519_AES128GCM_SHA256_Ed25519.</summary>
    public static CipherSuite MlKem768X25519Aes128 { get; } = new(PostQuantumBase + 1, "MLS_128_MLKEM768X25519_AES128GCM_SHA256_Ed25519",
        KemAlgorithm.MlKem768X25519, HashAlgorithm.Sha256, AeadAlgorithm.Aes128Gcm, SignatureAlgorithm.Ed25519);

    /// <summary>0xf002 (unassigned) MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519.</summary>
    public static CipherSuite MlKem768X25519Aes256 { get; } = new(PostQuantumBase + 2, "MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519",
        KemAlgorithm.MlKem768X25519, HashAlgorithm.Sha384, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.Ed25519);

    /// <summary>0xf003 (unassigned) MLS_128_MLKEM768P256_AES128GCM_SHA256_P256.</summary>
    public static CipherSuite MlKem768P256Aes128 { get; } = new(PostQuantumBase + 3, "MLS_128_MLKEM768P256_AES128GCM_SHA256_P256",
        KemAlgorithm.MlKem768P256, HashAlgorithm.Sha256, AeadAlgorithm.Aes128Gcm, SignatureAlgorithm.EcdsaP256Sha256);

    /// <summary>0xf004 (unassigned) MLS_128_MLKEM768P256_AES256GCM_SHA384_P256.</summary>
    public static CipherSuite MlKem768P256Aes256 { get; } = new(PostQuantumBase + 4, "MLS_128_MLKEM768P256_AES256GCM_SHA384_P256",
        KemAlgorithm.MlKem768P256, HashAlgorithm.Sha384, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.EcdsaP256Sha256);

    /// <summary>0xf005 (unassigned) MLS_192_MLKEM1024P384_AES256GCM_SHA384_P384.</summary>
    public static CipherSuite MlKem1024P384Aes256 { get; } = new(PostQuantumBase + 5, "MLS_192_MLKEM1024P384_AES256GCM_SHA384_P384",
        KemAlgorithm.MlKem1024P384, HashAlgorithm.Sha384, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.EcdsaP384Sha384);

    /// <summary>0xf006 (unassigned) MLS_128_MLKEM768_AES256GCM_SHA384_Ed25519.</summary>
    public static CipherSuite MlKem768Aes256Ed25519 { get; } = new(PostQuantumBase + 6, "MLS_128_MLKEM768_AES256GCM_SHA384_Ed25519",
        KemAlgorithm.MlKem768, HashAlgorithm.Sha384, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.Ed25519);

    /// <summary>0xf007 (unassigned) MLS_128_MLKEM768_AES256GCM_SHA384_P256.</summary>
    public static CipherSuite MlKem768Aes256P256 { get; } = new(PostQuantumBase + 7, "MLS_128_MLKEM768_AES256GCM_SHA384_P256",
        KemAlgorithm.MlKem768, HashAlgorithm.Sha384, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.EcdsaP256Sha256);

    /// <summary>0xf008 (unassigned) MLS_192_MLKEM1024_AES256GCM_SHA384_P384.</summary>
    public static CipherSuite MlKem1024Aes256P384 { get; } = new(PostQuantumBase + 8, "MLS_192_MLKEM1024_AES256GCM_SHA384_P384",
        KemAlgorithm.MlKem1024, HashAlgorithm.Sha384, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.EcdsaP384Sha384);

    /// <summary>The suites this library knows; ask <see cref="ICryptoProvider.Supports"/> which of them the platform has.</summary>
    public static IReadOnlyList<CipherSuite> Known { get; } =
    [
        X25519Aes128, P256Aes128, X25519ChaCha20, X448Aes256, P521Aes256, X448ChaCha20, P384Aes256,
        MlKem768X25519Aes128, MlKem768X25519Aes256, MlKem768P256Aes128, MlKem768P256Aes256, MlKem1024P384Aes256,
        MlKem768Aes256Ed25519, MlKem768Aes256P256, MlKem1024Aes256P384,
    ];

    /// <summary>The suite registered under <paramref name="id"/>; <c>null</c> where this library does not know it.</summary>
    public static CipherSuite? Find(ushort id) => Known.FirstOrDefault(suite => suite.Id == id);

    /// <summary>Bytes of a hash, and of every secret of the key schedule (KDF.Nh).</summary>
    public int HashLength => Hash.Length;

    /// <summary>Bytes of an AEAD key (AEAD.Nk).</summary>
    public int KeyLength => Aead.KeyLength;

    /// <summary>Bytes of an AEAD nonce (AEAD.Nn).</summary>
    public const int NonceLength = 12;

    /// <summary>Bytes of an AEAD tag (AEAD.Nt).</summary>
    public const int TagLength = 16;
}

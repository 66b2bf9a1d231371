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
    /// <summary>0x0002 MLS_128_DHKEMP256_AES128GCM_SHA256_P256.</summary>
    public static CipherSuite P256Aes128 { get; } = new(0x0002, "MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
        KemAlgorithm.DhkemP256, HashAlgorithm.Sha256, AeadAlgorithm.Aes128Gcm, SignatureAlgorithm.EcdsaP256Sha256);

    /// <summary>0x0005 MLS_256_DHKEMP521_AES256GCM_SHA512_P521.</summary>
    public static CipherSuite P521Aes256 { get; } = new(0x0005, "MLS_256_DHKEMP521_AES256GCM_SHA512_P521",
        KemAlgorithm.DhkemP521, HashAlgorithm.Sha512, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.EcdsaP521Sha512);

    /// <summary>0x0007 MLS_256_DHKEMP384_AES256GCM_SHA384_P384.</summary>
    public static CipherSuite P384Aes256 { get; } = new(0x0007, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384",
        KemAlgorithm.DhkemP384, HashAlgorithm.Sha384, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.EcdsaP384Sha384);

    /// <summary>The suites this library knows; ask <see cref="ICryptoProvider.Supports"/> which of them the platform has.</summary>
    public static IReadOnlyList<CipherSuite> Known { get; } = [P256Aes128, P521Aes256, P384Aes256];

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

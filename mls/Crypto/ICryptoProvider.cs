namespace Kavalek.Mls;

/// <summary>Hash functions (and so HMAC and HKDF) by their HPKE KDF id (RFC 9180 §7.2).</summary>
public enum HashAlgorithm : ushort
{
    /// <summary>SHA-256; 32 bytes.</summary>
    Sha256 = 0x0001,
    /// <summary>SHA-384; 48 bytes.</summary>
    Sha384 = 0x0002,
    /// <summary>SHA-512; 64 bytes.</summary>
    Sha512 = 0x0003,
}

/// <summary>Authenticated encryption by its HPKE AEAD id (RFC 9180 §7.3). Nonces are 12 bytes, tags 16.</summary>
public enum AeadAlgorithm : ushort
{
    /// <summary>AES-128-GCM; 16-byte key.</summary>
    Aes128Gcm = 0x0001,
    /// <summary>AES-256-GCM; 32-byte key.</summary>
    Aes256Gcm = 0x0002,
    /// <summary>ChaCha20-Poly1305; 32-byte key.</summary>
    ChaCha20Poly1305 = 0x0003,
}

/// <summary>Key encapsulation by its HPKE KEM id (RFC 9180 §7.1).</summary>
public enum KemAlgorithm : ushort
{
    /// <summary>DHKEM(P-256, HKDF-SHA256).</summary>
    DhkemP256 = 0x0010,
    /// <summary>DHKEM(P-384, HKDF-SHA384).</summary>
    DhkemP384 = 0x0011,
    /// <summary>DHKEM(P-521, HKDF-SHA512).</summary>
    DhkemP521 = 0x0012,
    /// <summary>DHKEM(X25519, HKDF-SHA256).</summary>
    DhkemX25519 = 0x0020,
    /// <summary>DHKEM(X448, HKDF-SHA512).</summary>
    DhkemX448 = 0x0021,
    /// <summary>ML-KEM-768 alone (draft-ietf-hpke-pq).</summary>
    MlKem768 = 0x0041,
    /// <summary>ML-KEM-1024 alone (draft-ietf-hpke-pq).</summary>
    MlKem1024 = 0x0042,
    /// <summary>MLKEM768-P256 (draft-ietf-hpke-pq): secret while either of the two holds.</summary>
    MlKem768P256 = 0x0050,
    /// <summary>MLKEM1024-P384 (draft-ietf-hpke-pq): secret while either of the two holds.</summary>
    MlKem1024P384 = 0x0051,
    /// <summary>MLKEM768-X25519 (draft-ietf-hpke-pq), which is X-Wing: secret while either of the two holds.</summary>
    MlKem768X25519 = 0x647A,
}

/// <summary>Signatures by their TLS SignatureScheme value (RFC 9420 §5.1).</summary>
public enum SignatureAlgorithm : ushort
{
    /// <summary>ecdsa_secp256r1_sha256, DER-encoded.</summary>
    EcdsaP256Sha256 = 0x0403,
    /// <summary>ecdsa_secp384r1_sha384, DER-encoded.</summary>
    EcdsaP384Sha384 = 0x0503,
    /// <summary>ecdsa_secp521r1_sha512, DER-encoded.</summary>
    EcdsaP521Sha512 = 0x0603,
    /// <summary>ed25519.</summary>
    Ed25519 = 0x0807,
    /// <summary>ed448.</summary>
    Ed448 = 0x0808,
}

/// <summary>A key pair for Diffie-Hellman: the raw private key and the public key as MLS carries it.</summary>
/// <param name="PrivateKey">The private key; 32 bytes on P-256.</param>
/// <param name="PublicKey">The public key; an uncompressed SEC 1 point of 65 bytes on P-256.</param>
public sealed record KeyPair(Secret PrivateKey, byte[] PublicKey) : IDisposable
{
    /// <summary>Zeroes the private key.</summary>
    public void Dispose() => PrivateKey.Dispose();
}

/// <summary>
/// The primitives MLS is composed of. Asymmetric operations and AEAD are asynchronous because a browser
/// offers them only as promises; natively they complete at once. Hashes, MACs, KDFs and randomness are synchronous.
/// A provider is safe for concurrent use.
/// </summary>
/// <remarks>
/// Bad input from a peer never throws: a point off the curve, a wrong length or a bad tag gives <c>null</c> or
/// <c>false</c>. A suite the provider lacks throws <see cref="PlatformNotSupportedException"/>.
/// </remarks>
public interface ICryptoProvider
{
    /// <summary>Whether every primitive of <paramref name="suite"/> is present on this platform.</summary>
    bool Supports(CipherSuite suite);

    /// <summary>Fills <paramref name="destination"/> from the platform's secure generator.</summary>
    void Random(Span<byte> destination);

    /// <summary>Hashes <paramref name="data"/> into <paramref name="destination"/>, which has exactly the hash's length.</summary>
    void Hash(HashAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> destination);

    /// <summary>HMAC of <paramref name="data"/> into <paramref name="destination"/>, which has exactly the hash's length.</summary>
    void Hmac(HashAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination);

    /// <summary>HKDF-Extract (RFC 5869 §2.2).</summary>
    void HkdfExtract(HashAlgorithm algorithm, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> ikm, Span<byte> prk);

    /// <summary>HKDF-Expand (RFC 5869 §2.3): fills <paramref name="okm"/>, at most 255 hash lengths.</summary>
    void HkdfExpand(HashAlgorithm algorithm, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm);

    /// <summary>Encrypts; the result is the ciphertext followed by the 16-byte tag.</summary>
    ValueTask<byte[]> SealAsync(AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> plaintext);

    /// <summary>Decrypts a ciphertext followed by its tag; <c>null</c> where the tag does not verify or is cut short.</summary>
    ValueTask<byte[]?> OpenAsync(AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> ciphertext);

    /// <summary>A fresh key pair for the Diffie-Hellman group that DHKEM <paramref name="kem"/> is over; the hybrid KEMs are composed above the provider.</summary>
    ValueTask<KeyPair> GenerateKeyPairAsync(KemAlgorithm kem);

    /// <summary>The public key of <paramref name="privateKey"/>; <c>null</c> where it is no valid private key (zero, or not below the order).</summary>
    ValueTask<byte[]?> PublicKeyAsync(KemAlgorithm kem, Secret privateKey);

    /// <summary>
    /// Whether <paramref name="publicKey"/> is a key that can be agreed with. A key that is not would stop every member who has to
    /// encrypt to it, so it is refused where it enters a group.
    /// </summary>
    ValueTask<bool> IsPublicKeyAsync(KemAlgorithm kem, ReadOnlyMemory<byte> publicKey);

    /// <summary>Diffie-Hellman: the raw shared value (the x-coordinate on a NIST curve); <c>null</c> where <paramref name="publicKey"/> is not on the curve.</summary>
    ValueTask<Secret?> AgreeAsync(KemAlgorithm kem, Secret privateKey, ReadOnlyMemory<byte> publicKey);

    /// <summary>The ML-KEM public key (1,184 or 1,568 bytes) of a 64-byte seed; <c>null</c> for a seed of another length.</summary>
    /// <remarks>The three ML-KEM operations have a default: .NET's ML-KEM where the platform has it, else a managed implementation.</remarks>
    ValueTask<byte[]?> MlKemPublicKeyAsync(MlKemParameterSet set, Secret seed) => ValueTask.FromResult(MlKem.PublicKey(set, seed));

    /// <summary>ML-KEM encapsulation (FIPS 203 §7.2) of a fresh 32-byte secret; <c>null</c> where <paramref name="publicKey"/> fails its checks.</summary>
    ValueTask<Encapsulation?> MlKemEncapsulateAsync(MlKemParameterSet set, ReadOnlyMemory<byte> publicKey) =>
        ValueTask.FromResult(MlKem.Encapsulate(set, publicKey.Span));

    /// <summary>ML-KEM decapsulation (FIPS 203 §7.3): a pseudorandom secret where the ciphertext was not made for this key; <c>null</c> for wrong lengths.</summary>
    ValueTask<Secret?> MlKemDecapsulateAsync(MlKemParameterSet set, Secret seed, ReadOnlyMemory<byte> ciphertext) =>
        ValueTask.FromResult(MlKem.Decapsulate(set, seed, ciphertext.Span));

    /// <summary>A fresh signature key pair.</summary>
    ValueTask<KeyPair> GenerateSignatureKeyPairAsync(SignatureAlgorithm algorithm);

    /// <summary>Signs <paramref name="data"/>; ECDSA signatures are DER (RFC 9420 §5.1.2).</summary>
    ValueTask<byte[]> SignAsync(SignatureAlgorithm algorithm, Secret privateKey, ReadOnlyMemory<byte> data);

    /// <summary>Whether <paramref name="signature"/> is a valid signature of <paramref name="data"/>; false for any malformed key or signature.</summary>
    ValueTask<bool> VerifyAsync(SignatureAlgorithm algorithm, ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature);
}

using System.Security.Cryptography;
using Kavalek.Mls;
using HashAlgorithm = Kavalek.Mls.HashAlgorithm;

namespace Kavalek.Client.Browser;

/// <summary>
/// The provider on WebCrypto; hashes, MACs and key derivation are .NET's own code. A private key is imported once, not extractable, under a
/// handle that lives as long as its <see cref="Secret"/>.
/// </summary>
public sealed class WebCryptoProvider : ICryptoProvider
{
    readonly Features _features = (Features)WebCrypto.Features();

    WebCryptoProvider() { }

    /// <summary>The one instance.</summary>
    public static WebCryptoProvider Shared { get; } = new();

    /// <inheritdoc/>
    public bool Supports(CipherSuite suite)
    {
        ArgumentNullException.ThrowIfNull(suite);
        return (suite.Kem.Group is not { } group || Has(group)) && Has(suite.Signature) && Has(suite.Aead);
    }

    /// <inheritdoc/>
    public void Random(Span<byte> destination) => RandomNumberGenerator.Fill(destination);

    /// <inheritdoc/>
    public void Hash(HashAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> destination) => PlatformHashing.Hash(algorithm, data, destination);

    /// <inheritdoc/>
    public void Hmac(HashAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination) =>
        PlatformHashing.Hmac(algorithm, key, data, destination);

    /// <inheritdoc/>
    public void HkdfExtract(HashAlgorithm algorithm, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> ikm, Span<byte> prk) =>
        PlatformHashing.Hmac(algorithm, salt, ikm, prk);

    /// <inheritdoc/>
    public void HkdfExpand(HashAlgorithm algorithm, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm) =>
        PlatformHashing.HkdfExpand(algorithm, prk, info, okm);

    /// <inheritdoc/>
    public async ValueTask<byte[]> SealAsync(
        AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> plaintext)
    {
        Check(algorithm, key);
        return await Calls.RunAsync(call => WebCrypto.Seal(call, (int)algorithm, Bytes(key), Bytes(nonce), Bytes(associatedData), Bytes(plaintext))).ConfigureAwait(false)
            ?? throw new InvalidOperationException("the browser refused to encrypt");
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> OpenAsync(
        AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> ciphertext)
    {
        if (ciphertext.Length < CipherSuite.TagLength || nonce.Length != CipherSuite.NonceLength) return ValueTask.FromResult<byte[]?>(null);
        Check(algorithm, key);
        return Calls.RunAsync(call => WebCrypto.Open(call, (int)algorithm, Bytes(key), Bytes(nonce), Bytes(associatedData), Bytes(ciphertext)));
    }

    /// <inheritdoc/>
    public ValueTask<KeyPair> GenerateKeyPairAsync(KemAlgorithm kem) => GenerateAsync(Number(kem), kem.PrivateKeyLength, signs: false);

    /// <inheritdoc/>
    public async ValueTask<byte[]?> PublicKeyAsync(KemAlgorithm kem, Secret privateKey)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        if (privateKey.Length != kem.PrivateKeyLength) return null;
        int curve = Number(kem);
        PlatformKey key = PlatformKey.Of(privateKey, curve);
        return key.PublicKey ??= await Calls.RunAsync(call => WebCrypto.PublicKey(call, curve, Bytes(privateKey))).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> IsPublicKeyAsync(KemAlgorithm kem, ReadOnlyMemory<byte> publicKey)
    {
        int curve = Number(kem);
        return await Calls.RunAsync(call => WebCrypto.IsPublicKey(call, curve, Bytes(publicKey))).ConfigureAwait(false) is not null;
    }

    /// <inheritdoc/>
    public async ValueTask<Secret?> AgreeAsync(KemAlgorithm kem, Secret privateKey, ReadOnlyMemory<byte> publicKey)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        if (privateKey.Length != kem.PrivateKeyLength) return null;
        int curve = Number(kem);
        PlatformKey key = PlatformKey.Of(privateKey, curve);
        byte[]? agreed = await Calls.RunAsync(call => WebCrypto.Agree(call, curve, key.Handle, key.Give(privateKey), Bytes(publicKey))).ConfigureAwait(false);
        return agreed is null ? null : Secret.Own(agreed);
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> MlKemPublicKeyAsync(MlKemParameterSet set, Secret seed)
    {
        ArgumentNullException.ThrowIfNull(seed);
        if (!_features.HasFlag(Features.MlKem)) return MlKem.PublicKey(set, seed);
        return seed.Length != MlKemParameters.SeedLength
            ? null
            : await Calls.RunAsync(call => WebCrypto.KemPublicKey(call, Bits(set), Bytes(seed))).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<Encapsulation?> MlKemEncapsulateAsync(MlKemParameterSet set, ReadOnlyMemory<byte> publicKey)
    {
        if (!_features.HasFlag(Features.MlKem)) return MlKem.Encapsulate(set, publicKey.Span);
        // FIPS 203 §7.2: the platform checks the length alone.
        if (!MlKem.IsPublicKey(set, publicKey.Span)) return null;
        byte[]? both = await Calls.RunAsync(call => WebCrypto.KemEncapsulate(call, Bits(set), Bytes(publicKey))).ConfigureAwait(false);
        if (both is null) return null;
        Encapsulation made = new(both[MlKemParameters.SecretLength..], Secret.Copy(both.AsSpan(0, MlKemParameters.SecretLength)));
        CryptographicOperations.ZeroMemory(both);
        return made;
    }

    /// <inheritdoc/>
    public async ValueTask<Secret?> MlKemDecapsulateAsync(MlKemParameterSet set, Secret seed, ReadOnlyMemory<byte> ciphertext)
    {
        ArgumentNullException.ThrowIfNull(seed);
        if (!_features.HasFlag(Features.MlKem)) return MlKem.Decapsulate(set, seed, ciphertext.Span);
        if (seed.Length != MlKemParameters.SeedLength || ciphertext.Length != MlKemParameters.Of(set).CiphertextLength) return null;
        byte[]? shared = await Calls.RunAsync(call => WebCrypto.KemDecapsulate(call, Bits(set), Bytes(seed), Bytes(ciphertext))).ConfigureAwait(false);
        return shared is null ? null : Secret.Own(shared);
    }

    /// <inheritdoc/>
    public ValueTask<KeyPair> GenerateSignatureKeyPairAsync(SignatureAlgorithm algorithm) => GenerateAsync(Number(algorithm), PrivateLength(algorithm), signs: true);

    /// <inheritdoc/>
    public async ValueTask<byte[]> SignAsync(SignatureAlgorithm algorithm, Secret privateKey, ReadOnlyMemory<byte> data)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        int curve = Number(algorithm);
        PlatformKey key = PlatformKey.Of(privateKey, curve);
        byte[] signature = (privateKey.Length == PrivateLength(algorithm)
            ? await Calls.RunAsync(call => WebCrypto.Sign(call, curve, key.Handle, key.Give(privateKey), Bytes(data))).ConfigureAwait(false)
            : null) ?? throw new ArgumentException("not a private key of this curve", nameof(privateKey));
        return algorithm == SignatureAlgorithm.Ed25519 ? signature : EcdsaSignature.ToDer(signature);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> VerifyAsync(
        SignatureAlgorithm algorithm, ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature)
    {
        int curve = Number(algorithm);
        byte[]? raw = algorithm == SignatureAlgorithm.Ed25519 ? Bytes(signature) : EcdsaSignature.FromDer(signature.Span, PrivateLength(algorithm));
        return raw is not null && await Calls.RunAsync(call => WebCrypto.Verify(call, curve, Bytes(publicKey), Bytes(data), raw)).ConfigureAwait(false) is not null;
    }

    static async ValueTask<KeyPair> GenerateAsync(int curve, int privateLength, bool signs)
    {
        byte[] both = await Calls.RunAsync(call => WebCrypto.Generate(call, curve, signs)).ConfigureAwait(false)
            ?? throw new InvalidOperationException("the browser made no key");
        Secret secret = Secret.Copy(both.AsSpan(0, privateLength));
        byte[] publicKey = both[privateLength..];
        CryptographicOperations.ZeroMemory(both);
        PlatformKey.Of(secret, curve).PublicKey = publicKey;
        return new KeyPair(secret, publicKey);
    }

    bool Has(KemAlgorithm kem) => kem switch
    {
        KemAlgorithm.DhkemP256 or KemAlgorithm.DhkemP384 or KemAlgorithm.DhkemP521 => true,
        KemAlgorithm.DhkemX25519 => _features.HasFlag(Features.Curve25519),
        _ => false,
    };

    bool Has(SignatureAlgorithm signature) => signature switch
    {
        SignatureAlgorithm.EcdsaP256Sha256 or SignatureAlgorithm.EcdsaP384Sha384 or SignatureAlgorithm.EcdsaP521Sha512 => true,
        SignatureAlgorithm.Ed25519 => _features.HasFlag(Features.Curve25519),
        _ => false,
    };

    bool Has(AeadAlgorithm aead) => aead switch
    {
        AeadAlgorithm.Aes128Gcm or AeadAlgorithm.Aes256Gcm => true,
        AeadAlgorithm.ChaCha20Poly1305 => _features.HasFlag(Features.ChaCha20),
        _ => false,
    };

    int Number(KemAlgorithm kem) => Has(kem) ? kem switch
    {
        KemAlgorithm.DhkemP256 => 256,
        KemAlgorithm.DhkemP384 => 384,
        KemAlgorithm.DhkemP521 => 521,
        _ => 25519,
    } : throw Missing(kem);

    int Number(SignatureAlgorithm signature) => Has(signature) ? signature switch
    {
        SignatureAlgorithm.EcdsaP256Sha256 => 256,
        SignatureAlgorithm.EcdsaP384Sha384 => 384,
        SignatureAlgorithm.EcdsaP521Sha512 => 521,
        _ => 25519,
    } : throw Missing(signature);

    static int PrivateLength(SignatureAlgorithm signature) => signature switch
    {
        SignatureAlgorithm.EcdsaP384Sha384 => 48,
        SignatureAlgorithm.EcdsaP521Sha512 => 66,
        _ => 32,
    };

    static int Bits(MlKemParameterSet set) => set == MlKemParameterSet.MlKem768 ? 768 : 1024;

    void Check(AeadAlgorithm algorithm, Secret key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!Has(algorithm)) throw Missing(algorithm);
        if (key.Length != algorithm.KeyLength) throw new ArgumentException("wrong key length", nameof(key));
    }

    static PlatformNotSupportedException Missing(Enum algorithm) => new($"{algorithm} is not available in this browser");

    static byte[] Bytes(Secret secret) => Bytes(secret.Memory);

    // What crosses is copied by the runtime: an array that is all of the memory needs no copy before.
    static byte[] Bytes(ReadOnlyMemory<byte> memory) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(memory, out ArraySegment<byte> segment)
        && segment.Array is { } array && segment.Offset == 0 && segment.Count == array.Length
            ? array
            : memory.ToArray();
}

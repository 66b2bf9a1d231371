using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>The provider on .NET's own cryptography, and on OpenSSL 3 below it where that is. Every operation completes before it returns.</summary>
/// <remarks>
/// Importing a key costs as much as using it, so public keys stay imported in a bounded cache, and a private key stays imported
/// inside its <see cref="Secret"/>, for exactly as long as that lives.
/// </remarks>
[UnsupportedOSPlatform("browser")]
public sealed class NativeCryptoProvider : ICryptoProvider
{
    readonly Curve _p256, _p384, _p521;
    readonly Curve? _x25519, _x448, _ed25519, _ed448;
    readonly bool _openSsl;

    /// <summary>A provider with caches of its own.</summary>
    public NativeCryptoProvider() : this(LibCrypto.IsAvailable)
    {
    }

    internal NativeCryptoProvider(bool openSsl)
    {
        _openSsl = openSsl && LibCrypto.IsAvailable;
        _p256 = Curve(CurveShape.P256);
        _p384 = Curve(CurveShape.P384);
        _p521 = Curve(CurveShape.P521);
        if (_openSsl) (_x25519, _x448, _ed25519, _ed448) = (RawKeyCurve.X25519(), RawKeyCurve.X448(), RawKeyCurve.Ed25519(), RawKeyCurve.Ed448());
        Curve Curve(CurveShape shape) => _openSsl ? new OpenSslCurve(shape) : new PlatformCurve(shape);
    }

    /// <summary>One for the whole process: its caches are safe for concurrent use.</summary>
    public static NativeCryptoProvider Shared { get; } = new();

    /// <inheritdoc/>
    public bool Supports(CipherSuite suite) =>
        (suite.Kem.Group is not { } group || Find(group) is not null) && Find(suite.Signature) is not null && Supports(suite.Aead);

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
    public ValueTask<byte[]> SealAsync(
        AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> plaintext)
    {
        CheckKey(algorithm, key);
        byte[] sealedBytes = new byte[plaintext.Length + CipherSuite.TagLength];
        Span<byte> ciphertext = sealedBytes.AsSpan(0, plaintext.Length), tag = sealedBytes.AsSpan(plaintext.Length);
        if (algorithm == AeadAlgorithm.ChaCha20Poly1305)
        {
            using ChaCha20Poly1305 chaCha = new(key.Span);
            chaCha.Encrypt(nonce.Span, plaintext.Span, ciphertext, tag, associatedData.Span);
        }
        else
        {
            using AesGcm aes = new(key.Span, CipherSuite.TagLength);
            aes.Encrypt(nonce.Span, plaintext.Span, ciphertext, tag, associatedData.Span);
        }
        return ValueTask.FromResult(sealedBytes);
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> OpenAsync(
        AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> ciphertext)
    {
        int length = ciphertext.Length - CipherSuite.TagLength;
        if (length < 0 || nonce.Length != CipherSuite.NonceLength) return ValueTask.FromResult<byte[]?>(null);
        CheckKey(algorithm, key);
        byte[] plaintext = new byte[length];
        ReadOnlySpan<byte> body = ciphertext.Span[..length], tag = ciphertext.Span[length..];
        try
        {
            if (algorithm == AeadAlgorithm.ChaCha20Poly1305)
            {
                using ChaCha20Poly1305 chaCha = new(key.Span);
                chaCha.Decrypt(nonce.Span, body, tag, plaintext, associatedData.Span);
            }
            else
            {
                using AesGcm aes = new(key.Span, CipherSuite.TagLength);
                aes.Decrypt(nonce.Span, body, tag, plaintext, associatedData.Span);
            }
            return ValueTask.FromResult<byte[]?>(plaintext);
        }
        catch (AuthenticationTagMismatchException)
        {
            return ValueTask.FromResult<byte[]?>(null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<KeyPair> GenerateKeyPairAsync(KemAlgorithm kem) => ValueTask.FromResult(Get(kem).Generate());

    /// <inheritdoc/>
    public ValueTask<byte[]?> PublicKeyAsync(KemAlgorithm kem, Secret privateKey) => ValueTask.FromResult(Get(kem).PublicKey(privateKey));

    /// <inheritdoc/>
    public ValueTask<bool> IsPublicKeyAsync(KemAlgorithm kem, ReadOnlyMemory<byte> publicKey) => ValueTask.FromResult(Get(kem).IsPublicKey(publicKey.Span));

    /// <inheritdoc/>
    public ValueTask<Secret?> AgreeAsync(KemAlgorithm kem, Secret privateKey, ReadOnlyMemory<byte> publicKey) =>
        ValueTask.FromResult(Get(kem).Agree(privateKey, publicKey.Span));

    /// <inheritdoc/>
    public ValueTask<KeyPair> GenerateSignatureKeyPairAsync(SignatureAlgorithm algorithm) => ValueTask.FromResult(Get(algorithm).GenerateSigner());

    /// <inheritdoc/>
    public ValueTask<byte[]> SignAsync(SignatureAlgorithm algorithm, Secret privateKey, ReadOnlyMemory<byte> data) =>
        ValueTask.FromResult(Get(algorithm).Sign(privateKey, data.Span) ?? throw new ArgumentException("not a private key of this curve", nameof(privateKey)));

    /// <inheritdoc/>
    public ValueTask<bool> VerifyAsync(
        SignatureAlgorithm algorithm, ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature) =>
        ValueTask.FromResult(Get(algorithm).Verify(publicKey.Span, data.Span, signature.Span));

    Curve? Find(KemAlgorithm kem) => kem switch
    {
        KemAlgorithm.DhkemP256 => _p256,
        KemAlgorithm.DhkemP384 => _p384,
        KemAlgorithm.DhkemP521 => _p521,
        KemAlgorithm.DhkemX25519 => _x25519,
        KemAlgorithm.DhkemX448 => _x448,
        _ => null,
    };

    Curve? Find(SignatureAlgorithm signature) => signature switch
    {
        SignatureAlgorithm.EcdsaP256Sha256 => _p256,
        SignatureAlgorithm.EcdsaP384Sha384 => _p384,
        SignatureAlgorithm.EcdsaP521Sha512 => _p521,
        SignatureAlgorithm.Ed25519 => _ed25519,
        SignatureAlgorithm.Ed448 => _ed448,
        _ => null,
    };

    Curve Get(KemAlgorithm kem) => Find(kem) ?? throw new PlatformNotSupportedException(Missing(kem));

    Curve Get(SignatureAlgorithm signature) => Find(signature) ?? throw new PlatformNotSupportedException(Missing(signature));

    string Missing(Enum algorithm) =>
        $"{algorithm} is not available here" + (_openSsl ? "" : $": {LibCrypto.Absent}");

    static bool Supports(AeadAlgorithm algorithm) => algorithm switch
    {
        AeadAlgorithm.Aes128Gcm or AeadAlgorithm.Aes256Gcm => AesGcm.IsSupported,
        AeadAlgorithm.ChaCha20Poly1305 => ChaCha20Poly1305.IsSupported,
        _ => false,
    };

    static void CheckKey(AeadAlgorithm algorithm, Secret key)
    {
        if (!Supports(algorithm)) throw new PlatformNotSupportedException($"{algorithm} is not available here");
        if (key.Length != algorithm.KeyLength) throw new ArgumentException("wrong key length", nameof(key));
    }
}

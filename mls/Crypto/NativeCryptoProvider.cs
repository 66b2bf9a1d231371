using System.Formats.Asn1;
using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>The provider on .NET's own cryptography. Every operation completes before it returns.</summary>
/// <remarks>
/// Importing a key costs as much as using it, so public keys stay imported in a bounded cache, and a private key stays imported
/// inside its <see cref="Secret"/>, for exactly as long as that lives.
/// </remarks>
[UnsupportedOSPlatform("browser")]
public sealed class NativeCryptoProvider : ICryptoProvider
{
    /// <summary>Public keys of each kind that stay imported, at some 2 kB each: more than twice the members of the largest group.</summary>
    public const int CachedPublicKeys = 4096;

    readonly PublicKeyCache<ECDsa> _verifiers = new(CachedPublicKeys);
    readonly PublicKeyCache<ECDiffieHellmanPublicKey> _peers = new(CachedPublicKeys);

    /// <summary>One for the whole process: its caches are safe for concurrent use.</summary>
    public static NativeCryptoProvider Shared { get; } = new();

    /// <inheritdoc/>
    public bool Supports(CipherSuite suite) =>
        Curve.Of(suite.Kem) is not null && Curve.Of(suite.Signature) is not null && Supports(suite.Aead);

    /// <inheritdoc/>
    public void Random(Span<byte> destination) => RandomNumberGenerator.Fill(destination);

    /// <inheritdoc/>
    public void Hash(HashAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        CheckLength(algorithm, destination);
        switch (algorithm)
        {
            case HashAlgorithm.Sha256: SHA256.HashData(data, destination); break;
            case HashAlgorithm.Sha384: SHA384.HashData(data, destination); break;
            default: SHA512.HashData(data, destination); break;
        }
    }

    /// <inheritdoc/>
    public void Hmac(HashAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        CheckLength(algorithm, destination);
        switch (algorithm)
        {
            case HashAlgorithm.Sha256: HMACSHA256.HashData(key, data, destination); break;
            case HashAlgorithm.Sha384: HMACSHA384.HashData(key, data, destination); break;
            default: HMACSHA512.HashData(key, data, destination); break;
        }
    }

    /// <inheritdoc/>
    public void HkdfExtract(HashAlgorithm algorithm, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> ikm, Span<byte> prk) =>
        Hmac(algorithm, salt, ikm, prk);

    /// <inheritdoc/>
    public void HkdfExpand(HashAlgorithm algorithm, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm) =>
        HKDF.Expand(Name(algorithm), prk, okm, info);

    /// <inheritdoc/>
    public ValueTask<byte[]> SealAsync(
        AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> plaintext)
    {
        using AesGcm aes = Aes(algorithm, key);
        byte[] sealedBytes = new byte[plaintext.Length + CipherSuite.TagLength];
        aes.Encrypt(nonce.Span, plaintext.Span, sealedBytes.AsSpan(0, plaintext.Length), sealedBytes.AsSpan(plaintext.Length), associatedData.Span);
        return ValueTask.FromResult(sealedBytes);
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> OpenAsync(
        AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> ciphertext)
    {
        int length = ciphertext.Length - CipherSuite.TagLength;
        if (length < 0 || nonce.Length != CipherSuite.NonceLength) return ValueTask.FromResult<byte[]?>(null);
        using AesGcm aes = Aes(algorithm, key);
        byte[] plaintext = new byte[length];
        try
        {
            aes.Decrypt(nonce.Span, ciphertext.Span[..length], ciphertext.Span[length..], plaintext, associatedData.Span);
            return ValueTask.FromResult<byte[]?>(plaintext);
        }
        catch (AuthenticationTagMismatchException)
        {
            return ValueTask.FromResult<byte[]?>(null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<KeyPair> GenerateKeyPairAsync(KemAlgorithm kem)
    {
        ECDiffieHellman key = ECDiffieHellman.Create(Curve.Get(kem).Named);
        return ValueTask.FromResult(Pair(key.ExportParameters(true), key));
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> PublicKeyAsync(KemAlgorithm kem, Secret privateKey)
    {
        Curve curve = Curve.Get(kem);
        return ValueTask.FromResult(Imported(curve, privateKey) is { } key ? Curve.Point(key.ExportParameters(false)) : null);
    }

    /// <inheritdoc/>
    public ValueTask<Secret?> AgreeAsync(KemAlgorithm kem, Secret privateKey, ReadOnlyMemory<byte> publicKey)
    {
        Curve curve = Curve.Get(kem);
        if (_peers.Get((int)kem, publicKey.Span, curve.ImportPeer) is not { } peer || Imported(curve, privateKey) is not { } own)
            return ValueTask.FromResult<Secret?>(null);
        return ValueTask.FromResult<Secret?>(Secret.Own(own.DeriveRawSecretAgreement(peer)));
    }

    /// <inheritdoc/>
    public ValueTask<KeyPair> GenerateSignatureKeyPairAsync(SignatureAlgorithm algorithm)
    {
        ECDsa key = ECDsa.Create(Curve.Get(algorithm).Named);
        return ValueTask.FromResult(Pair(key.ExportParameters(true), key));
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> SignAsync(SignatureAlgorithm algorithm, Secret privateKey, ReadOnlyMemory<byte> data)
    {
        Curve curve = Curve.Get(algorithm);
        ECDsa key = privateKey.Imported(curve.ImportSigner) ?? throw new ArgumentException("not a private key of this curve", nameof(privateKey));
        return ValueTask.FromResult(key.SignData(data.Span, curve.Hash, DSASignatureFormat.Rfc3279DerSequence));
    }

    /// <inheritdoc/>
    public ValueTask<bool> VerifyAsync(
        SignatureAlgorithm algorithm, ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature)
    {
        Curve curve = Curve.Get(algorithm);
        return ValueTask.FromResult(HasUnsignedIntegers(signature.Span)
            && _verifiers.Get((int)algorithm, publicKey.Span, curve.ImportVerifier) is { } key
            && key.VerifyData(data.Span, signature.Span, curve.Hash, DSASignatureFormat.Rfc3279DerSequence));
    }

    /// <summary>Whether <paramref name="signature"/> is DER for two non-negative integers: .NET would read negative ones as if they were not.</summary>
    static bool HasUnsignedIntegers(ReadOnlySpan<byte> signature)
    {
        try
        {
            AsnDecoder.ReadSequence(signature, AsnEncodingRules.DER, out int start, out int length, out int read);
            if (read != signature.Length) return false;
            ReadOnlySpan<byte> rest = signature.Slice(start, length);
            for (int i = 0; i < 2; i++)
            {
                if (AsnDecoder.ReadIntegerBytes(rest, AsnEncodingRules.DER, out read)[0] >= 0x80) return false;
                rest = rest[read..];
            }
            return rest.IsEmpty;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    static ECDiffieHellman? Imported(Curve curve, Secret privateKey) => privateKey.Imported(curve.ImportAgreement);

    static KeyPair Pair(ECParameters parameters, IDisposable key)
    {
        Secret secret = Secret.Own(parameters.D!);
        secret.Attach(key);
        return new KeyPair(secret, Curve.Point(parameters));
    }

    static bool Supports(AeadAlgorithm algorithm) =>
        algorithm is AeadAlgorithm.Aes128Gcm or AeadAlgorithm.Aes256Gcm && AesGcm.IsSupported;

    static AesGcm Aes(AeadAlgorithm algorithm, Secret key)
    {
        if (!Supports(algorithm)) throw new PlatformNotSupportedException($"{algorithm} is not available here");
        if (key.Length != algorithm.KeyLength) throw new ArgumentException("wrong key length", nameof(key));
        return new AesGcm(key.Span, CipherSuite.TagLength);
    }

    static HashAlgorithmName Name(HashAlgorithm algorithm) => algorithm switch
    {
        HashAlgorithm.Sha256 => HashAlgorithmName.SHA256,
        HashAlgorithm.Sha384 => HashAlgorithmName.SHA384,
        HashAlgorithm.Sha512 => HashAlgorithmName.SHA512,
        _ => throw new PlatformNotSupportedException($"unknown hash {algorithm}"),
    };

    static void CheckLength(HashAlgorithm algorithm, Span<byte> destination)
    {
        if (destination.Length != algorithm.Length) throw new ArgumentException("not the hash's length", nameof(destination));
    }
}

namespace Kavalek.Mls.Tests;

/// <summary>
/// The platform's primitives, counted: what an input costs, on a machine of any speed and under any load. What is not counted here is bounded by
/// what it allocates.
/// </summary>
sealed class CountedCrypto : ICryptoProvider
{
    // 100 ms (docs/PROTOCOL.md §1) at 0.2 ms an operation of a public key and 2 µs one of a symmetric key: what a slow computer takes.
    const long MostAsymmetric = 400, MostSymmetric = 10_000, MostBytes = 10_000_000;

    static readonly NativeCryptoProvider Native = NativeCryptoProvider.Shared;

    /// <summary>Operations with a public or private key.</summary>
    public long Asymmetric { get; private set; }

    /// <summary>Hashes, MACs, derivations, encryptions.</summary>
    public long Symmetric { get; private set; }

    /// <summary>Bytes that went into those.</summary>
    public long Bytes { get; private set; }

    /// <summary>Fails where the work since the start is more than 100 ms of a slow computer.</summary>
    public void IsBounded() => Assert.True(Asymmetric <= MostAsymmetric && Symmetric <= MostSymmetric && Bytes <= MostBytes,
        $"{Asymmetric:N0} operations of public keys, {Symmetric:N0} of symmetric ones over {Bytes:N0} bytes");

    public bool Supports(CipherSuite suite) => Native.Supports(suite);

    public void Random(Span<byte> destination) => Native.Random(destination);

    public void Hash(HashAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        Count(data.Length);
        Native.Hash(algorithm, data, destination);
    }

    public void Hmac(HashAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        Count(data.Length);
        Native.Hmac(algorithm, key, data, destination);
    }

    public void HkdfExtract(HashAlgorithm algorithm, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> ikm, Span<byte> prk)
    {
        Count(ikm.Length);
        Native.HkdfExtract(algorithm, salt, ikm, prk);
    }

    public void HkdfExpand(HashAlgorithm algorithm, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        Count(info.Length + okm.Length);
        Native.HkdfExpand(algorithm, prk, info, okm);
    }

    public ValueTask<byte[]> SealAsync(
        AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> plaintext)
    {
        Count(associatedData.Length + plaintext.Length);
        return Native.SealAsync(algorithm, key, nonce, associatedData, plaintext);
    }

    public ValueTask<byte[]?> OpenAsync(
        AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> ciphertext)
    {
        Count(associatedData.Length + ciphertext.Length);
        return Native.OpenAsync(algorithm, key, nonce, associatedData, ciphertext);
    }

    public ValueTask<KeyPair> GenerateKeyPairAsync(KemAlgorithm kem) => Counted(Native.GenerateKeyPairAsync(kem));

    public ValueTask<byte[]?> PublicKeyAsync(KemAlgorithm kem, Secret privateKey) => Counted(Native.PublicKeyAsync(kem, privateKey));

    public ValueTask<bool> IsPublicKeyAsync(KemAlgorithm kem, ReadOnlyMemory<byte> publicKey) => Counted(Native.IsPublicKeyAsync(kem, publicKey));

    public ValueTask<Secret?> AgreeAsync(KemAlgorithm kem, Secret privateKey, ReadOnlyMemory<byte> publicKey) => Counted(Native.AgreeAsync(kem, privateKey, publicKey));

    public ValueTask<KeyPair> GenerateSignatureKeyPairAsync(SignatureAlgorithm algorithm) => Counted(Native.GenerateSignatureKeyPairAsync(algorithm));

    public ValueTask<byte[]> SignAsync(SignatureAlgorithm algorithm, Secret privateKey, ReadOnlyMemory<byte> data) => Counted(Native.SignAsync(algorithm, privateKey, data));

    public ValueTask<bool> VerifyAsync(SignatureAlgorithm algorithm, ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature) =>
        Counted(Native.VerifyAsync(algorithm, publicKey, data, signature));

    ValueTask<T> Counted<T>(ValueTask<T> operation)
    {
        Asymmetric++;
        return operation;
    }

    void Count(int bytes)
    {
        Symmetric++;
        Bytes += bytes;
    }
}

using System.Security.Cryptography;
using Kavalek.Mls;
using HashAlgorithm = Kavalek.Mls.HashAlgorithm;

namespace Kavalek.Simulation.Tests;

/// <summary>
/// The platform's primitives with randomness from a seed, so that ids, keys and pauses of a run are those of its repetition. (Signatures and
/// encapsulations stay random; nothing is decided by them.) Every encryption goes into the book.
/// </summary>
sealed class SeededCrypto(int seed, SealBook book) : ICryptoProvider
{
    static readonly NativeCryptoProvider Native = NativeCryptoProvider.Shared;
    readonly Random _random = new(seed);

    public bool Supports(CipherSuite suite) => Native.Supports(suite);

    public void Random(Span<byte> destination) => _random.NextBytes(destination);

    public void Hash(HashAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> destination) => Native.Hash(algorithm, data, destination);

    public void Hmac(HashAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination) => Native.Hmac(algorithm, key, data, destination);

    public void HkdfExtract(HashAlgorithm algorithm, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> ikm, Span<byte> prk) => Native.HkdfExtract(algorithm, salt, ikm, prk);

    public void HkdfExpand(HashAlgorithm algorithm, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm) => Native.HkdfExpand(algorithm, prk, info, okm);

    public async ValueTask<byte[]> SealAsync(
        AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> plaintext)
    {
        byte[] ciphertext = await Native.SealAsync(algorithm, key, nonce, associatedData, plaintext);
        book.Write(key, nonce.Span, associatedData.Span, plaintext.Span, ciphertext);
        return ciphertext;
    }

    public ValueTask<byte[]?> OpenAsync(
        AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> ciphertext) =>
        Native.OpenAsync(algorithm, key, nonce, associatedData, ciphertext);

    public async ValueTask<KeyPair> GenerateKeyPairAsync(KemAlgorithm kem)
    {
        while (true)
        {
            Secret secret = Draw();
            if (await Native.PublicKeyAsync(kem, secret) is { } publicKey) return new KeyPair(secret, publicKey);
        }
    }

    public ValueTask<byte[]?> PublicKeyAsync(KemAlgorithm kem, Secret privateKey) => Native.PublicKeyAsync(kem, privateKey);

    public ValueTask<bool> IsPublicKeyAsync(KemAlgorithm kem, ReadOnlyMemory<byte> publicKey) => Native.IsPublicKeyAsync(kem, publicKey);

    public ValueTask<Secret?> AgreeAsync(KemAlgorithm kem, Secret privateKey, ReadOnlyMemory<byte> publicKey) => Native.AgreeAsync(kem, privateKey, publicKey);

    // On P-256 a key that signs is made like one that agrees.
    public ValueTask<KeyPair> GenerateSignatureKeyPairAsync(SignatureAlgorithm algorithm) =>
        algorithm == SignatureAlgorithm.EcdsaP256Sha256 ? GenerateKeyPairAsync(KemAlgorithm.DhkemP256) : Native.GenerateSignatureKeyPairAsync(algorithm);

    public ValueTask<byte[]> SignAsync(SignatureAlgorithm algorithm, Secret privateKey, ReadOnlyMemory<byte> data) => Native.SignAsync(algorithm, privateKey, data);

    public ValueTask<bool> VerifyAsync(SignatureAlgorithm algorithm, ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature) =>
        Native.VerifyAsync(algorithm, publicKey, data, signature);

    Secret Draw()
    {
        byte[] bytes = new byte[32];
        _random.NextBytes(bytes);
        return Secret.Own(bytes);
    }
}

/// <summary>
/// Every encryption of a run. No key meets one nonce twice; and what leaves a device under one key is one ciphertext, however
/// often a process died in between.
/// </summary>
sealed class SealBook
{
    readonly Dictionary<UInt128, UInt128> _sealed = [];
    readonly Dictionary<UInt128, UInt128> _keyOf = [];
    readonly Dictionary<UInt128, UInt128> _left = [];

    /// <summary>How many encryptions are in it.</summary>
    public int Count => _sealed.Count;

    /// <summary>How many of them were seen on the wire.</summary>
    public int Left => _left.Count;

    public void Write(Secret key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, byte[] ciphertext)
    {
        UInt128 pair = Hash([.. key.Span, .. nonce]), content = Hash([.. SHA256.HashData(associatedData), .. plaintext]);
        if (!_sealed.TryAdd(pair, content) && _sealed[pair] != content) throw new BrokenPromiseException("one key met one nonce twice");
        _keyOf[Tag(ciphertext)] = Hash(key.Span);
    }

    /// <summary>A PrivateMessage leaves: its ciphertext stands at its end.</summary>
    public void Leaves(ReadOnlySpan<byte> message)
    {
        if (message.Length < 16 || !_keyOf.TryGetValue(Tag(message), out UInt128 key)) return;
        UInt128 whole = Hash(message);
        if (!_left.TryAdd(key, whole) && _left[key] != whole) throw new BrokenPromiseException("two ciphertexts left under one key");
    }

    static UInt128 Tag(ReadOnlySpan<byte> ciphertext) => System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(ciphertext[^16..]);

    static UInt128 Hash(ReadOnlySpan<byte> bytes) => System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(bytes));
}

/// <summary>Something happened that Kavalek promises never happens.</summary>
sealed class BrokenPromiseException(string what) : Exception(what);

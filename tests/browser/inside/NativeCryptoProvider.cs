using Kavalek.Client.Browser;

namespace Kavalek.Mls.Tests;

/// <summary>The platform's provider under the name by which the tests call it: here, WebCrypto.</summary>
class NativeCryptoProvider(bool openSsl = true) : ICryptoProvider
{
    readonly WebCryptoProvider _browser = openSsl ? WebCryptoProvider.Shared : throw new InvalidOperationException("there is one provider");

    public NativeCryptoProvider() : this(true)
    {
    }

    public static NativeCryptoProvider Shared { get; } = new();

    public bool Supports(CipherSuite suite) => _browser.Supports(suite);

    public void Random(Span<byte> destination) => _browser.Random(destination);

    public void Hash(HashAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> destination) => _browser.Hash(algorithm, data, destination);

    public void Hmac(HashAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination) => _browser.Hmac(algorithm, key, data, destination);

    public void HkdfExtract(HashAlgorithm algorithm, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> ikm, Span<byte> prk) => _browser.HkdfExtract(algorithm, salt, ikm, prk);

    public void HkdfExpand(HashAlgorithm algorithm, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm) => _browser.HkdfExpand(algorithm, prk, info, okm);

    public ValueTask<byte[]> SealAsync(AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> plaintext) =>
        _browser.SealAsync(algorithm, key, nonce, associatedData, plaintext);

    public ValueTask<byte[]?> OpenAsync(AeadAlgorithm algorithm, Secret key, ReadOnlyMemory<byte> nonce, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> ciphertext) =>
        _browser.OpenAsync(algorithm, key, nonce, associatedData, ciphertext);

    public ValueTask<KeyPair> GenerateKeyPairAsync(KemAlgorithm kem) => _browser.GenerateKeyPairAsync(kem);

    public ValueTask<byte[]?> PublicKeyAsync(KemAlgorithm kem, Secret privateKey) => _browser.PublicKeyAsync(kem, privateKey);

    public ValueTask<bool> IsPublicKeyAsync(KemAlgorithm kem, ReadOnlyMemory<byte> publicKey) => _browser.IsPublicKeyAsync(kem, publicKey);

    public ValueTask<Secret?> AgreeAsync(KemAlgorithm kem, Secret privateKey, ReadOnlyMemory<byte> publicKey) => _browser.AgreeAsync(kem, privateKey, publicKey);

    public ValueTask<byte[]?> MlKemPublicKeyAsync(MlKemParameterSet set, Secret seed) => _browser.MlKemPublicKeyAsync(set, seed);

    public ValueTask<Encapsulation?> MlKemEncapsulateAsync(MlKemParameterSet set, ReadOnlyMemory<byte> publicKey) => _browser.MlKemEncapsulateAsync(set, publicKey);

    public ValueTask<Secret?> MlKemDecapsulateAsync(MlKemParameterSet set, Secret seed, ReadOnlyMemory<byte> ciphertext) => _browser.MlKemDecapsulateAsync(set, seed, ciphertext);

    public ValueTask<KeyPair> GenerateSignatureKeyPairAsync(SignatureAlgorithm algorithm) => _browser.GenerateSignatureKeyPairAsync(algorithm);

    public ValueTask<byte[]> SignAsync(SignatureAlgorithm algorithm, Secret privateKey, ReadOnlyMemory<byte> data) => _browser.SignAsync(algorithm, privateKey, data);

    public ValueTask<bool> VerifyAsync(SignatureAlgorithm algorithm, ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature) =>
        _browser.VerifyAsync(algorithm, publicKey, data, signature);
}

using System.Text.Json;

namespace Kavalek.Mls.Tests;

/// <summary>Suites as the vectors number them. Those whose curves the platform lacks are here for their hashes.</summary>
static class Suites
{
    static readonly NativeCryptoProvider Provider = new();

    /// <summary>The native provider as it is on this system, and as it is on one without OpenSSL 3.</summary>
    public static IReadOnlyList<NativeCryptoProvider> Providers { get; } = LibCrypto.IsAvailable ? [Provider, new(openSsl: false)] : [Provider];

    static readonly CipherSuite[] HashOnly =
    [
        new(1, "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", KemAlgorithm.DhkemX25519, HashAlgorithm.Sha256, AeadAlgorithm.Aes128Gcm, SignatureAlgorithm.Ed25519),
        new(3, "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519", KemAlgorithm.DhkemX25519, HashAlgorithm.Sha256, AeadAlgorithm.ChaCha20Poly1305, SignatureAlgorithm.Ed25519),
        new(4, "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448", KemAlgorithm.DhkemX448, HashAlgorithm.Sha512, AeadAlgorithm.Aes256Gcm, SignatureAlgorithm.Ed448),
        new(6, "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448", KemAlgorithm.DhkemX448, HashAlgorithm.Sha512, AeadAlgorithm.ChaCha20Poly1305, SignatureAlgorithm.Ed448),
    ];

    public static SuiteCrypto P256 { get; } = new(CipherSuite.P256Aes128, Provider);

    /// <summary>The suite of a vector, good for hashes, MACs and key derivation at least.</summary>
    public static SuiteCrypto HashesOf(JsonElement vector)
    {
        ushort id = vector.GetProperty("cipher_suite").GetUInt16();
        return SuiteCrypto.HashOnly(CipherSuite.Find(id) ?? HashOnly.Single(suite => suite.Id == id), Provider);
    }

    /// <summary>The suite of a vector where the platform has all of it.</summary>
    public static SuiteCrypto? Of(JsonElement vector) =>
        CipherSuite.Find(vector.GetProperty("cipher_suite").GetUInt16()) is { } suite && Provider.Supports(suite) ? new(suite, Provider) : null;

    /// <summary>The vectors drop the leading zero of some P-521 private keys.</summary>
    public static Secret PrivateKey(this SuiteCrypto crypto, byte[] key)
    {
        byte[] padded = new byte[crypto.Suite.Kem.PrivateKeyLength];
        key.CopyTo(padded, padded.Length - key.Length);
        return Secret.Own(padded);
    }
}

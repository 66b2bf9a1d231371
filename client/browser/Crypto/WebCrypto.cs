using System.Runtime.InteropServices.JavaScript;

namespace Kavalek.Client.Browser;

/// <summary>The browser's primitives: <c>frontend-mobile/src/client/worker/web-crypto.ts</c>, whose names and numbers these are. Each completes by <see cref="Calls"/>.</summary>
static partial class WebCrypto
{
    const string Module = "kavalek/crypto";

    /// <summary>What this browser has, as the bits of <see cref="Features"/>.</summary>
    [JSImport("features", Module)]
    internal static partial int Features();

    /// <summary>Authenticated encryption; the key is used once.</summary>
    [JSImport("seal", Module)]
    internal static partial void Seal(int call, int aead, byte[] key, byte[] nonce, byte[] associatedData, byte[] plaintext);

    /// <summary>Its reverse; <c>null</c> where the tag does not verify.</summary>
    [JSImport("open", Module)]
    internal static partial void Open(int call, int aead, byte[] key, byte[] nonce, byte[] associatedData, byte[] ciphertext);

    /// <summary>A fresh key to agree or to sign with: the private key, then the public one.</summary>
    [JSImport("generate", Module)]
    internal static partial void Generate(int call, int curve, bool signs);

    /// <summary>The public key of a private one; <c>null</c> where that is none.</summary>
    [JSImport("publicKey", Module)]
    internal static partial void PublicKey(int call, int curve, byte[] privateKey);

    /// <summary>One byte, where a key can be agreed with; else <c>null</c>.</summary>
    [JSImport("isPublicKey", Module)]
    internal static partial void IsPublicKey(int call, int curve, byte[] publicKey);

    /// <summary>Diffie-Hellman under a handle, which holds the key from the first call on, when <paramref name="privateKey"/> is given.</summary>
    [JSImport("agree", Module)]
    internal static partial void Agree(int call, int curve, int handle, byte[]? privateKey, byte[] publicKey);

    /// <summary>Signs under a handle, likewise. ECDSA gives the two integers one after the other.</summary>
    [JSImport("sign", Module)]
    internal static partial void Sign(int call, int curve, int handle, byte[]? privateKey, byte[] data);

    /// <summary>One byte, where a signature is valid; else <c>null</c>.</summary>
    [JSImport("verify", Module)]
    internal static partial void Verify(int call, int curve, byte[] publicKey, byte[] data, byte[] signature);

    /// <summary>Frees a handle.</summary>
    [JSImport("release", Module)]
    internal static partial void Release(int handle);

    /// <summary>The ML-KEM public key of a seed.</summary>
    [JSImport("kemPublicKey", Module)]
    internal static partial void KemPublicKey(int call, int bits, byte[] seed);

    /// <summary>Encapsulates: the shared secret of 32 bytes, then the ciphertext.</summary>
    [JSImport("kemEncapsulate", Module)]
    internal static partial void KemEncapsulate(int call, int bits, byte[] publicKey);

    /// <summary>Decapsulates.</summary>
    [JSImport("kemDecapsulate", Module)]
    internal static partial void KemDecapsulate(int call, int bits, byte[] seed, byte[] ciphertext);

    /// <summary>PBKDF2 with HMAC-SHA256.</summary>
    [JSImport("stretch", Module)]
    internal static partial void Stretch(int call, byte[] password, byte[] salt, int iterations, int length);

    /// <summary>Normalizes text; <c>null</c> where it is not well-formed.</summary>
    [JSImport("normalize", Module)]
    internal static partial string? Normalize(string text, string form);
}

/// <summary>What not every browser has.</summary>
[Flags]
enum Features
{
    /// <summary>X25519 and Ed25519.</summary>
    Curve25519 = 1,
    /// <summary>ChaCha20-Poly1305.</summary>
    ChaCha20 = 2,
    /// <summary>ML-KEM-768 and ML-KEM-1024.</summary>
    MlKem = 4,
}

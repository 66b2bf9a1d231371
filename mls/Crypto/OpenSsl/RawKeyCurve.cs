using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>
/// The curves of RFC 7748 and RFC 8032, whose keys are plain strings of bytes. .NET has none of them, so they come from the
/// system's OpenSSL 3: where <see cref="LibCrypto.IsAvailable"/> is false every operation throws
/// <see cref="PlatformNotSupportedException"/>, saying so. What is no valid key gives <c>null</c> or false. Safe for concurrent use.
/// </summary>
[UnsupportedOSPlatform("browser")]
sealed unsafe class RawKeyCurve : Curve
{
    // OpenSSL's number of the algorithm (obj_mac.h).
    readonly int _nid;
    readonly string _name;
    readonly PublicKeyCache<EvpKey> _publicKeys = new(Curve.CachedPublicKeys);
    // Delegates made once: a method group at each call would allocate.
    readonly PublicKeyImport<EvpKey> _importPublic;
    readonly Func<Secret, EvpKey?> _importPrivate;

    RawKeyCurve(string name, int nid, int keyLength, int signatureLength)
    {
        _name = name;
        _nid = nid;
        KeyLength = keyLength;
        SignatureLength = signatureLength;
        _importPublic = key => Import(key, isPrivate: false);
        _importPrivate = key => Import(key.Span, isPrivate: true);
    }

    /// <summary>Bytes of a private key, of a public key and, for Diffie-Hellman, of a shared value.</summary>
    public int KeyLength { get; }

    /// <summary>Bytes of a signature.</summary>
    public int SignatureLength { get; }

    /// <summary>X25519 (RFC 7748): 32-byte keys.</summary>
    public static RawKeyCurve X25519() => new("X25519", 1034, 32, 0);

    /// <summary>X448 (RFC 7748): 56-byte keys.</summary>
    public static RawKeyCurve X448() => new("X448", 1035, 56, 0);

    /// <summary>Ed25519 (RFC 8032): 32-byte keys, signatures of 64.</summary>
    public static RawKeyCurve Ed25519() => new("Ed25519", 1087, 32, 64);

    /// <summary>Ed448 (RFC 8032): 57-byte keys, signatures of 114.</summary>
    public static RawKeyCurve Ed448() => new("Ed448", 1088, 57, 114);

    /// <summary>A fresh pair: any random string is a private key on these curves.</summary>
    public override KeyPair Generate()
    {
        Secret secret = Secret.Own(RandomNumberGenerator.GetBytes(KeyLength));
        return new KeyPair(secret, PublicKey(secret) ?? throw LibCrypto.Failure("key generation"));
    }

    public override KeyPair GenerateSigner() => Generate();

    public override byte[]? PublicKey(Secret privateKey)
    {
        if (Private(privateKey) is not { } key) return null;
        byte[] publicKey = new byte[KeyLength];
        nuint length = (nuint)publicKey.Length;
        fixed (byte* to = publicKey)
        {
            if (LibCrypto.EVP_PKEY_get_raw_public_key(key, to, ref length) != 1 || length != (nuint)publicKey.Length) throw LibCrypto.Failure("public key");
        }
        return publicKey;
    }

    /// <remarks>A trial agreement shows a point of small order: it gives zeros with every private key.</remarks>
    public override bool IsPublicKey(ReadOnlySpan<byte> publicKey)
    {
        using Secret own = Secret.Own(RandomNumberGenerator.GetBytes(KeyLength));
        using Secret? shared = Agree(own, publicKey);
        return shared is not null;
    }

    /// <summary>Diffie-Hellman (RFC 7748 §6); <c>null</c> also for a public key of small order, whose shared value is all zeros.</summary>
    public override Secret? Agree(Secret privateKey, ReadOnlySpan<byte> publicKey)
    {
        if (Public(publicKey) is not { } peer || Private(privateKey) is not { } own) return null;
        byte[] shared = new byte[KeyLength];
        nuint length = (nuint)shared.Length;
        nint context = LibCrypto.EVP_PKEY_CTX_new(own, 0);
        try
        {
            fixed (byte* to = shared)
            {
                // OpenSSL too refuses a shared value of zeros; that it does is not left to its version (RFC 9180 §7.1.4).
                if (LibCrypto.EVP_PKEY_derive_init(context) == 1
                    && LibCrypto.EVP_PKEY_derive_set_peer_ex(context, peer, validatePeer: 0) == 1
                    && LibCrypto.EVP_PKEY_derive(context, to, ref length) == 1
                    && length == (nuint)shared.Length
                    && !CryptographicOperations.FixedTimeEquals(shared, stackalloc byte[shared.Length]))
                    return Secret.Own(shared);
            }
        }
        finally
        {
            LibCrypto.EVP_PKEY_CTX_free(context);
        }
        LibCrypto.ERR_clear_error();
        return null;
    }

    /// <summary>A signature (RFC 8032 §5.1.6, §5.2.6), the same each time; <c>null</c> where the private key is none.</summary>
    public override byte[]? Sign(Secret privateKey, ReadOnlySpan<byte> data)
    {
        if (Private(privateKey) is not { } key) return null;
        byte[] signature = new byte[SignatureLength];
        nuint length = (nuint)signature.Length;
        nint context = LibCrypto.EVP_MD_CTX_new();
        try
        {
            fixed (byte* to = signature, from = data)
            {
                if (LibCrypto.EVP_DigestSignInit(context, 0, 0, 0, key) == 1
                    && LibCrypto.EVP_DigestSign(context, to, ref length, from, (nuint)data.Length) == 1
                    && length == (nuint)signature.Length)
                    return signature;
            }
        }
        finally
        {
            LibCrypto.EVP_MD_CTX_free(context);
        }
        throw LibCrypto.Failure("signature");
    }

    public override bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureLength || Public(publicKey) is not { } key) return false;
        nint context = LibCrypto.EVP_MD_CTX_new();
        try
        {
            fixed (byte* given = signature, from = data)
            {
                if (LibCrypto.EVP_DigestVerifyInit(context, 0, 0, 0, key) != 1) throw LibCrypto.Failure("verification");
                if (LibCrypto.EVP_DigestVerify(context, given, (nuint)signature.Length, from, (nuint)data.Length) == 1) return true;
            }
        }
        finally
        {
            LibCrypto.EVP_MD_CTX_free(context);
        }
        // Errors would stay in the thread's queue, where .NET's own calls find them.
        LibCrypto.ERR_clear_error();
        return false;
    }

    EvpKey? Public(ReadOnlySpan<byte> publicKey)
    {
        CheckAvailable();
        return _publicKeys.Get(publicKey, _importPublic);
    }

    EvpKey? Private(Secret privateKey)
    {
        CheckAvailable();
        return privateKey.Imported(_importPrivate);
    }

    EvpKey? Import(ReadOnlySpan<byte> encoded, bool isPrivate)
    {
        if (encoded.Length != KeyLength) return null;
        nint key;
        fixed (byte* from = encoded)
        {
            key = isPrivate
                ? LibCrypto.EVP_PKEY_new_raw_private_key(_nid, 0, from, (nuint)encoded.Length)
                : LibCrypto.EVP_PKEY_new_raw_public_key(_nid, 0, from, (nuint)encoded.Length);
        }
        if (key != 0) return new EvpKey(key);
        LibCrypto.ERR_clear_error();
        return null;
    }

    void CheckAvailable()
    {
        if (!LibCrypto.IsAvailable)
            throw new PlatformNotSupportedException($"{_name} comes from the system's OpenSSL 3, which was not found (libcrypto.so.3; on Debian the package libssl3)");
    }
}

using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Mls;

/// <summary>
/// A NIST curve on the system's OpenSSL 3, called directly. .NET calls the same library, but has it multiply each imported point by
/// the order of the curve, twice for an agreement; that shows nothing on these curves, whose cofactor is 1, beyond what
/// OpenSSL checks anyway while reading a point: that it is on the curve and not infinity (NIST SP 800-56A §5.6.2.3.4).
/// It is two thirds of the time of an HPKE encryption.
/// </summary>
[UnsupportedOSPlatform("browser")]
sealed unsafe class OpenSslCurve : NistCurve
{
    readonly PublicKeyCache<EvpKey> _publicKeys = new(CachedPublicKeys);
    // Delegates made once: a method group at each call would allocate.
    readonly PublicKeyImport<EvpKey> _importPublic;
    readonly Func<Secret, EvpKey?> _importPrivate;
    readonly byte[] _name;
    // Made once and only read afterwards, which OpenSSL allows from many threads. They live as long as the process.
    readonly nint _group;
    // A key of the curve without a point: making keys from it spares OpenSSL setting the curve up anew, four fifths of an import.
    readonly EvpKey _template;

    public OpenSslCurve(CurveShape shape) : base(shape)
    {
        _importPublic = ImportPublic;
        _importPrivate = ImportPrivate;
        _name = [.. Encoding.ASCII.GetBytes(shape.OpenSslName), 0];
        _group = LibCrypto.EC_GROUP_new_by_curve_name(shape.Nid);
        if (_group == 0) throw new PlatformNotSupportedException($"{shape.OpenSslName} is not in this OpenSSL");
        _template = FromData([], []) ?? throw LibCrypto.Failure("curve");
    }

    public override KeyPair Generate()
    {
        Span<byte> scalar = stackalloc byte[Shape.Length];
        byte[] point = new byte[Shape.PointLength];
        EvpKey key = GenerateKey(point, scalar);
        Secret secret = Secret.Copy(scalar);
        CryptographicOperations.ZeroMemory(scalar);
        secret.Attach(key);
        return new KeyPair(secret, point);
    }

    public override KeyPair GenerateSigner() => Generate();

    public override byte[]? PublicKey(Secret privateKey)
    {
        byte[] point = new byte[Shape.PointLength];
        if (privateKey.AlreadyImported<EvpKey>() is { } key)
            ReadPoint(key, point);
        else if (!Shape.IsScalar(privateKey.Span) || !Multiply(privateKey.Span, point))
            return null; // not imported for this alone: most keys of a path are never used again
        return point;
    }

    public override bool IsPublicKey(ReadOnlySpan<byte> publicKey) => _publicKeys.Get(publicKey, _importPublic) is not null;

    public override Secret? Agree(Secret privateKey, ReadOnlySpan<byte> publicKey)
    {
        if (_publicKeys.Get(publicKey, _importPublic) is not { } peer || Import(privateKey) is not { } own) return null;
        nint context = LibCrypto.EVP_PKEY_CTX_new(own, 0);
        byte[] shared = new byte[Shape.Length];
        try
        {
            nuint length = (nuint)shared.Length;
            fixed (byte* to = shared)
            {
                if (LibCrypto.EVP_PKEY_derive_init(context) == 1
                    && LibCrypto.EVP_PKEY_derive_set_peer_ex(context, peer, validatePeer: 0) == 1
                    && LibCrypto.EVP_PKEY_derive(context, to, ref length) == 1
                    && length == (nuint)shared.Length)
                    return Secret.Own(shared);
            }
        }
        finally
        {
            LibCrypto.EVP_PKEY_CTX_free(context);
        }
        throw LibCrypto.Failure("key agreement");
    }

    public override byte[]? Sign(Secret privateKey, ReadOnlySpan<byte> data)
    {
        if (Import(privateKey) is not { } key) return null;
        Span<byte> digest = stackalloc byte[Shape.Hash.Length];
        Digest(data, digest);
        // SEQUENCE of two INTEGERs of up to Length + 1 bytes, each with a header of at most 3.
        Span<byte> signature = stackalloc byte[2 * (Shape.Length + 4) + 4];
        nuint length = (nuint)signature.Length;
        nint context = LibCrypto.EVP_PKEY_CTX_new(key, 0);
        try
        {
            fixed (byte* to = signature, from = digest)
            {
                if (LibCrypto.EVP_PKEY_sign_init(context) == 1 && LibCrypto.EVP_PKEY_sign(context, to, ref length, from, (nuint)digest.Length) == 1)
                    return signature[..(int)length].ToArray();
            }
        }
        finally
        {
            LibCrypto.EVP_PKEY_CTX_free(context);
        }
        throw LibCrypto.Failure("signature");
    }

    public override bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.IsEmpty || _publicKeys.Get(publicKey, _importPublic) is not { } key) return false;
        Span<byte> digest = stackalloc byte[Shape.Hash.Length];
        Digest(data, digest);
        nint context = LibCrypto.EVP_PKEY_CTX_new(key, 0);
        try
        {
            fixed (byte* given = signature, from = digest)
            {
                if (LibCrypto.EVP_PKEY_verify_init(context) != 1) throw LibCrypto.Failure("verification");
                if (LibCrypto.EVP_PKEY_verify(context, given, (nuint)signature.Length, from, (nuint)digest.Length) == 1) return true;
            }
            LibCrypto.ERR_clear_error();
            return false;
        }
        finally
        {
            LibCrypto.EVP_PKEY_CTX_free(context);
        }
    }

    void Digest(ReadOnlySpan<byte> data, Span<byte> digest)
    {
        switch (Shape.Hash)
        {
            case HashAlgorithm.Sha256: SHA256.HashData(data, digest); break;
            case HashAlgorithm.Sha384: SHA384.HashData(data, digest); break;
            default: SHA512.HashData(data, digest); break;
        }
    }

    EvpKey? Import(Secret privateKey) => privateKey.Imported(_importPrivate);

    EvpKey? ImportPublic(ReadOnlySpan<byte> point)
    {
        if (!Shape.IsPoint(point)) return null;
        EvpKey key = new(LibCrypto.EVP_PKEY_new());
        if (LibCrypto.EVP_PKEY_copy_parameters(key, _template) != 1) throw LibCrypto.Failure("key import");
        fixed (byte* from = point)
        {
            if (LibCrypto.EVP_PKEY_set1_encoded_public_key(key, from, (nuint)point.Length) == 1) return key;
        }
        // Not on the curve.
        LibCrypto.ERR_clear_error();
        key.Dispose();
        return null;
    }

    EvpKey? ImportPrivate(Secret secret)
    {
        if (!Shape.IsScalar(secret.Span)) return null;
        Span<byte> point = stackalloc byte[Shape.PointLength];
        if (!Multiply(secret.Span, point)) return null;
        // An integer parameter has the machine's byte order.
        Span<byte> scalar = stackalloc byte[Shape.Length];
        secret.Span.CopyTo(scalar);
        if (BitConverter.IsLittleEndian) scalar.Reverse();
        EvpKey? key = FromData(point, scalar);
        CryptographicOperations.ZeroMemory(scalar);
        return key;
    }

    /// <summary>The point of a scalar; false where it is not below the order.</summary>
    bool Multiply(ReadOnlySpan<byte> scalar, Span<byte> point)
    {
        nint number, result = LibCrypto.EC_POINT_new(_group);
        fixed (byte* from = scalar) number = LibCrypto.BN_bin2bn(from, scalar.Length, 0);
        try
        {
            LibCrypto.BN_set_flags(number, LibCrypto.ConstantTime);
            if (LibCrypto.BN_cmp(number, LibCrypto.EC_GROUP_get0_order(_group)) >= 0) return false;
            fixed (byte* to = point)
            {
                if (LibCrypto.EC_POINT_mul(_group, result, number, 0, 0, 0) != 1
                    || LibCrypto.EC_POINT_point2oct(_group, result, LibCrypto.Uncompressed, to, (nuint)point.Length, 0) != (nuint)point.Length)
                    throw LibCrypto.Failure("public key");
            }
            return true;
        }
        finally
        {
            LibCrypto.BN_clear_free(number);
            LibCrypto.EC_POINT_free(result);
        }
    }

    /// <summary>A key from its parts: of the curve alone, or with a point and its scalar.</summary>
    EvpKey? FromData(ReadOnlySpan<byte> point, ReadOnlySpan<byte> scalar)
    {
        nint context = LibCrypto.EVP_PKEY_CTX_new_from_name(0, LibCrypto.Ec, 0);
        try
        {
            fixed (byte* group = _name, publicKey = point, privateKey = scalar, groupKey = "group\0"u8, pubKey = "pub\0"u8, privKey = "priv\0"u8)
            {
                Span<LibCrypto.Parameter> parameters =
                [
                    new() { Key = groupKey, Type = LibCrypto.Utf8String, Data = group, Size = (nuint)(_name.Length - 1) },
                    point.IsEmpty ? default : new() { Key = pubKey, Type = LibCrypto.OctetString, Data = publicKey, Size = (nuint)point.Length },
                    scalar.IsEmpty ? default : new() { Key = privKey, Type = LibCrypto.UnsignedInteger, Data = privateKey, Size = (nuint)scalar.Length },
                    default,
                ];
                fixed (LibCrypto.Parameter* first = parameters)
                {
                    if (LibCrypto.EVP_PKEY_fromdata_init(context) != 1) throw LibCrypto.Failure("key import");
                    int selection = scalar.IsEmpty ? LibCrypto.CurvePart : LibCrypto.KeyPairParts;
                    if (LibCrypto.EVP_PKEY_fromdata(context, out nint key, selection, first) == 1) return new EvpKey(key);
                }
            }
            LibCrypto.ERR_clear_error();
            return null;
        }
        finally
        {
            LibCrypto.EVP_PKEY_CTX_free(context);
        }
    }

    EvpKey GenerateKey(Span<byte> point, Span<byte> scalar)
    {
        nint context = LibCrypto.EVP_PKEY_CTX_new(_template, 0), number = 0;
        try
        {
            if (LibCrypto.EVP_PKEY_keygen_init(context) != 1 || LibCrypto.EVP_PKEY_generate(context, out nint generated) != 1)
                throw LibCrypto.Failure("key generation");
            EvpKey key = new(generated);
            ReadPoint(key, point);
            fixed (byte* to = scalar)
            {
                if (LibCrypto.EVP_PKEY_get_bn_param(key, "priv\0"u8, ref number) != 1 || LibCrypto.BN_bn2binpad(number, to, scalar.Length) != scalar.Length)
                    throw LibCrypto.Failure("key generation");
            }
            return key;
        }
        finally
        {
            LibCrypto.BN_clear_free(number);
            LibCrypto.EVP_PKEY_CTX_free(context);
        }
    }

    static void ReadPoint(EvpKey key, Span<byte> point)
    {
        fixed (byte* to = point)
        {
            if (LibCrypto.EVP_PKEY_get_octet_string_param(key, "pub\0"u8, to, (nuint)point.Length, out nuint length) != 1 || length != (nuint)point.Length)
                throw LibCrypto.Failure("public key");
        }
    }
}

/// <summary>An EVP_PKEY. Freeing it zeroes the private part.</summary>
[UnsupportedOSPlatform("browser")]
sealed class EvpKey : SafeHandle
{
    public EvpKey(nint key) : base(0, ownsHandle: true) => SetHandle(key);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_PKEY_free(handle);
        return true;
    }
}

using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>Diffie-Hellman or signatures, or both, on a curve, over keys as MLS carries them. What is no valid key gives <c>null</c> or false.</summary>
abstract class Curve
{
    /// <summary>Public keys that stay imported, at some 2 kB each: more than twice the members of the largest group.</summary>
    public const int CachedPublicKeys = 4096;

    public abstract KeyPair Generate();

    public abstract KeyPair GenerateSigner();

    public abstract byte[]? PublicKey(Secret privateKey);

    public abstract bool IsPublicKey(ReadOnlySpan<byte> publicKey);

    public abstract Secret? Agree(Secret privateKey, ReadOnlySpan<byte> publicKey);

    /// <summary>A signature as MLS carries it; <c>null</c> where the private key is none.</summary>
    public abstract byte[]? Sign(Secret privateKey, ReadOnlySpan<byte> data);

    public abstract bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);
}

/// <summary>A NIST curve: Diffie-Hellman and ECDSA with DER signatures. Keys are a scalar and an uncompressed SEC 1 point.</summary>
abstract class NistCurve(CurveShape shape) : Curve
{
    /// <summary>The curve itself.</summary>
    public CurveShape Shape { get; } = shape;
}

/// <summary>Names and sizes of a NIST curve.</summary>
/// <param name="Named">As .NET knows it.</param>
/// <param name="OpenSslName">As OpenSSL knows it.</param>
/// <param name="Nid">OpenSSL's number for it.</param>
/// <param name="Length">Bytes of a coordinate and of a scalar.</param>
/// <param name="Hash">What ECDSA hashes with on it.</param>
sealed record CurveShape(ECCurve Named, string OpenSslName, int Nid, int Length, HashAlgorithm Hash)
{
    public static CurveShape P256 { get; } = new(ECCurve.NamedCurves.nistP256, "prime256v1", 415, 32, HashAlgorithm.Sha256);

    public static CurveShape P384 { get; } = new(ECCurve.NamedCurves.nistP384, "secp384r1", 715, 48, HashAlgorithm.Sha384);

    public static CurveShape P521 { get; } = new(ECCurve.NamedCurves.nistP521, "secp521r1", 716, 66, HashAlgorithm.Sha512);

    /// <summary>Bytes of a point.</summary>
    public int PointLength => 1 + 2 * Length;

    /// <summary>Whether <paramref name="point"/> has the form of an uncompressed point; not whether it is on the curve.</summary>
    public bool IsPoint(ReadOnlySpan<byte> point) => point.Length == PointLength && point[0] == 4;

    /// <summary>Whether <paramref name="scalar"/> has the length of a scalar and is not zero; not whether it is below the order.</summary>
    public bool IsScalar(ReadOnlySpan<byte> scalar) => scalar.Length == Length && scalar.IndexOfAnyExcept((byte)0) >= 0;
}

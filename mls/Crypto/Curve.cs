using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>A NIST curve as .NET knows it: which algorithms use it, and how keys on the wire become .NET's.</summary>
[UnsupportedOSPlatform("browser")]
sealed class Curve
{
    static readonly Curve P256 = new(ECCurve.NamedCurves.nistP256, 32, HashAlgorithmName.SHA256);
    static readonly Curve P384 = new(ECCurve.NamedCurves.nistP384, 48, HashAlgorithmName.SHA384);
    static readonly Curve P521 = new(ECCurve.NamedCurves.nistP521, 66, HashAlgorithmName.SHA512);

    readonly int _length;

    Curve(ECCurve named, int length, HashAlgorithmName hash)
    {
        Named = named;
        _length = length;
        Hash = hash;
        // Delegates made once: a method group at each call would allocate.
        ImportPeer = point => Public(point) is { } parameters ? Peer(parameters) : null;
        ImportVerifier = point => Public(point) is { } parameters ? ECDsa.Create(parameters) : null;
        ImportAgreement = secret => Private(secret, ECDiffieHellman.Create);
        ImportSigner = secret => Private(secret, ECDsa.Create);
    }

    public ECCurve Named { get; }

    /// <summary>The hash that ECDSA signs on this curve.</summary>
    public HashAlgorithmName Hash { get; }

    /// <summary>A peer's point for Diffie-Hellman.</summary>
    public PublicKeyImport<ECDiffieHellmanPublicKey> ImportPeer { get; }

    /// <summary>A peer's point for verification.</summary>
    public PublicKeyImport<ECDsa> ImportVerifier { get; }

    /// <summary>An own scalar for Diffie-Hellman; <c>null</c> outside [1, order - 1].</summary>
    public Func<Secret, ECDiffieHellman?> ImportAgreement { get; }

    /// <summary>An own scalar for signing; <c>null</c> outside [1, order - 1].</summary>
    public Func<Secret, ECDsa?> ImportSigner { get; }

    public static Curve? Of(KemAlgorithm kem) => kem switch
    {
        KemAlgorithm.DhkemP256 => P256,
        KemAlgorithm.DhkemP384 => P384,
        KemAlgorithm.DhkemP521 => P521,
        _ => null,
    };

    public static Curve? Of(SignatureAlgorithm signature) => signature switch
    {
        SignatureAlgorithm.EcdsaP256Sha256 => P256,
        SignatureAlgorithm.EcdsaP384Sha384 => P384,
        SignatureAlgorithm.EcdsaP521Sha512 => P521,
        _ => null,
    };

    public static Curve Get(KemAlgorithm kem) => Of(kem) ?? throw new PlatformNotSupportedException($"{kem} is not available here");

    public static Curve Get(SignatureAlgorithm signature) => Of(signature) ?? throw new PlatformNotSupportedException($"{signature} is not available here");

    /// <summary>The uncompressed SEC 1 point, as MLS and HPKE carry public keys.</summary>
    public static byte[] Point(ECParameters parameters) => [Uncompressed, .. parameters.Q.X!, .. parameters.Q.Y!];

    const byte Uncompressed = 4;

    ECParameters? Public(ReadOnlySpan<byte> point)
    {
        if (point.Length != 1 + 2 * _length || point[0] != Uncompressed) return null;
        return new ECParameters
        {
            Curve = Named,
            Q = new ECPoint { X = point.Slice(1, _length).ToArray(), Y = point[(1 + _length)..].ToArray() },
        };
    }

    static ECDiffieHellmanPublicKey Peer(ECParameters parameters)
    {
        using ECDiffieHellman key = ECDiffieHellman.Create(parameters);
        return key.PublicKey;
    }

    T? Private<T>(Secret secret, Func<ECParameters, T> import) where T : class
    {
        if (secret.Length != _length || secret.Span.IndexOfAnyExcept((byte)0) < 0) return null;
        ECParameters parameters = new() { Curve = Named, D = secret.Span.ToArray() };
        try
        {
            return import(parameters);
        }
        catch (CryptographicException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(parameters.D);
        }
    }
}

using System.Formats.Asn1;
using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>A NIST curve on .NET's own classes, for platforms without OpenSSL 3.</summary>
[UnsupportedOSPlatform("browser")]
sealed class PlatformCurve(CurveShape shape) : NistCurve(shape)
{
    readonly PublicKeyCache<ECDsa> _verifiers = new(CachedPublicKeys);
    readonly PublicKeyCache<ECDiffieHellmanPublicKey> _peers = new(CachedPublicKeys);

    public override KeyPair Generate()
    {
        ECDiffieHellman key = ECDiffieHellman.Create(Shape.Named);
        return Pair(key.ExportParameters(true), key);
    }

    public override KeyPair GenerateSigner()
    {
        ECDsa key = ECDsa.Create(Shape.Named);
        return Pair(key.ExportParameters(true), key);
    }

    public override byte[]? PublicKey(Secret privateKey) => Agreement(privateKey) is { } key ? Point(key.ExportParameters(false)) : null;

    public override bool IsPublicKey(ReadOnlySpan<byte> publicKey) => _peers.Get(publicKey, ImportPeer) is not null;

    public override Secret? Agree(Secret privateKey, ReadOnlySpan<byte> publicKey) =>
        _peers.Get(publicKey, ImportPeer) is { } peer && Agreement(privateKey) is { } own ? Secret.Own(own.DeriveRawSecretAgreement(peer)) : null;

    public override byte[]? Sign(Secret privateKey, ReadOnlySpan<byte> data) =>
        privateKey.Imported(secret => Private(secret, ECDsa.Create))?.SignData(data, Hash, DSASignatureFormat.Rfc3279DerSequence);

    public override bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        HasUnsignedIntegers(signature)
        && _verifiers.Get(publicKey, ImportVerifier) is { } key
        && key.VerifyData(data, signature, Hash, DSASignatureFormat.Rfc3279DerSequence);

    HashAlgorithmName Hash => Shape.Hash switch
    {
        HashAlgorithm.Sha256 => HashAlgorithmName.SHA256,
        HashAlgorithm.Sha384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    ECDiffieHellman? Agreement(Secret privateKey) => privateKey.Imported(secret => Private(secret, ECDiffieHellman.Create));

    static KeyPair Pair(ECParameters parameters, IDisposable key)
    {
        Secret secret = Secret.Own(parameters.D!);
        secret.Attach(key);
        return new KeyPair(secret, Point(parameters));
    }

    static byte[] Point(ECParameters parameters) => [4, .. parameters.Q.X!, .. parameters.Q.Y!];

    ECDsa? ImportVerifier(ReadOnlySpan<byte> point) => Public(point) is { } parameters ? ECDsa.Create(parameters) : null;

    ECDiffieHellmanPublicKey? ImportPeer(ReadOnlySpan<byte> point)
    {
        if (Public(point) is not { } parameters) return null;
        using ECDiffieHellman key = ECDiffieHellman.Create(parameters);
        return key.PublicKey;
    }

    ECParameters? Public(ReadOnlySpan<byte> point) => !Shape.IsPoint(point) ? null : new ECParameters
    {
        Curve = Shape.Named,
        Q = new ECPoint { X = point.Slice(1, Shape.Length).ToArray(), Y = point[(1 + Shape.Length)..].ToArray() },
    };

    T? Private<T>(Secret secret, Func<ECParameters, T> import) where T : class
    {
        if (!Shape.IsScalar(secret.Span)) return null;
        ECParameters parameters = new() { Curve = Shape.Named, D = secret.Span.ToArray() };
        try
        {
            return import(parameters);
        }
        catch (CryptographicException)
        {
            return null; // not below the order
        }
        finally
        {
            CryptographicOperations.ZeroMemory(parameters.D);
        }
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
}

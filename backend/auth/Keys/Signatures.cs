using System.Security.Cryptography;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>ECDSA P-256 with SHA-256 over <see cref="SignContent"/>; keys are uncompressed points, signatures DER.</summary>
internal static class Signatures
{
    /// <summary>Whether the signature is the key's; false also for a key that is no point of the curve.</summary>
    public static bool Verify(byte[] key, ReadOnlySpan<byte> signedBytes, ReadOnlySpan<byte> signature)
    {
        using ECDsa? ecdsa = Import(key);
        return ecdsa is not null && ecdsa.VerifyData(signedBytes, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>Whether the bytes are a point of the curve.</summary>
    public static bool IsPoint(byte[] key)
    {
        using ECDsa? ecdsa = Import(key);
        return ecdsa is not null;
    }

    static ECDsa? Import(byte[] key)
    {
        if (!SignContent.IsKey(key)) return null;
        try
        {
            return ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = key[1..33], Y = key[33..] },
            });
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}

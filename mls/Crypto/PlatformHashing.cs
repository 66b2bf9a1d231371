using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>Hashes, MACs and HKDF of .NET, which has them on every platform, a browser included: the synchronous part of each provider.</summary>
static class PlatformHashing
{
    public static void Hash(HashAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        CheckLength(algorithm, destination);
        switch (algorithm)
        {
            case HashAlgorithm.Sha256: SHA256.HashData(data, destination); break;
            case HashAlgorithm.Sha384: SHA384.HashData(data, destination); break;
            default: SHA512.HashData(data, destination); break;
        }
    }

    public static void Hmac(HashAlgorithm algorithm, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        CheckLength(algorithm, destination);
        switch (algorithm)
        {
            case HashAlgorithm.Sha256: HMACSHA256.HashData(key, data, destination); break;
            case HashAlgorithm.Sha384: HMACSHA384.HashData(key, data, destination); break;
            default: HMACSHA512.HashData(key, data, destination); break;
        }
    }

    public static void HkdfExpand(HashAlgorithm algorithm, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm) =>
        HKDF.Expand(algorithm switch
        {
            HashAlgorithm.Sha256 => HashAlgorithmName.SHA256,
            HashAlgorithm.Sha384 => HashAlgorithmName.SHA384,
            HashAlgorithm.Sha512 => HashAlgorithmName.SHA512,
            _ => throw new PlatformNotSupportedException($"unknown hash {algorithm}"),
        }, prk, okm, info);

    static void CheckLength(HashAlgorithm algorithm, Span<byte> destination)
    {
        if (destination.Length != algorithm.Length) throw new ArgumentException("not the hash's length", nameof(destination));
    }
}

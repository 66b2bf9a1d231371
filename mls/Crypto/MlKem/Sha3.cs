using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>SHA-3 and SHAKE (FIPS 202): the platform's where it has them, else <see cref="Keccak"/>.</summary>
static class Sha3
{
    static readonly bool Hashes = SHA3_256.IsSupported && SHA3_512.IsSupported;
    static readonly bool Xofs = System.Security.Cryptography.Shake128.IsSupported && System.Security.Cryptography.Shake256.IsSupported;

    /// <summary>SHA3-256 into 32 bytes.</summary>
    public static void Hash256(ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (Hashes) SHA3_256.HashData(input, output[..32]);
        else Keccak.Sponge(136, Keccak.HashSuffix, input, output[..32]);
    }

    /// <summary>SHA3-512 into 64 bytes.</summary>
    public static void Hash512(ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (Hashes) SHA3_512.HashData(input, output[..64]);
        else Keccak.Sponge(72, Keccak.HashSuffix, input, output[..64]);
    }

    /// <summary>SHAKE128, filling <paramref name="output"/>.</summary>
    public static void Shake128(ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (Xofs) System.Security.Cryptography.Shake128.HashData(input, output);
        else Keccak.Sponge(168, Keccak.XofSuffix, input, output);
    }

    /// <summary>SHAKE256, filling <paramref name="output"/>.</summary>
    public static void Shake256(ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (Xofs) System.Security.Cryptography.Shake256.HashData(input, output);
        else Keccak.Sponge(136, Keccak.XofSuffix, input, output);
    }
}

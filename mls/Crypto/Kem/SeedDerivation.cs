using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>How the post-quantum KEMs derive a private key: LabeledDerive with SHAKE256 (draft-ietf-hpke-pq, draft-ietf-hpke-hpke §4).</summary>
static class SeedDerivation
{
    /// <summary>DeriveKeyPair's seed of <paramref name="length"/> bytes.</summary>
    public static Secret Derive(KemAlgorithm kem, Secret ikm, int length)
    {
        ReadOnlySpan<byte> label = "DeriveKeyPair"u8, version = "HPKE-v1"u8, suite = "KEM"u8;
        byte[] input = new byte[ikm.Length + version.Length + suite.Length + 2 + 2 + label.Length + 2];
        Span<byte> at = input;
        at = Append(at, ikm.Span);
        at = Append(at, version);
        at = Append(at, suite);
        at = Append(at, (ushort)kem);
        at = Append(at, (ushort)label.Length);
        at = Append(at, label);
        Append(at, (ushort)length);
        byte[] seed = new byte[length];
        Sha3.Shake256(input, seed);
        CryptographicOperations.ZeroMemory(input);
        return Secret.Own(seed);
    }

    static Span<byte> Append(Span<byte> destination, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(destination);
        return destination[bytes.Length..];
    }

    static Span<byte> Append(Span<byte> destination, ushort number)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, number);
        return destination[2..];
    }
}

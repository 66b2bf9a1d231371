using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>LabeledExtract and LabeledExpand (RFC 9180 §4): HKDF bound to one suite id.</summary>
sealed class LabeledKdf(ICryptoProvider provider, HashAlgorithm hash, byte[] suiteId)
{
    const int OnStack = 512;

    /// <summary>LabeledExtract into <paramref name="prk"/>, which has the hash's length.</summary>
    public void Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> ikm, Span<byte> prk)
    {
        int length = Version.Length + suiteId.Length + label.Length + ikm.Length;
        Span<byte> labelled = length <= OnStack ? stackalloc byte[length] : new byte[length];
        Write(labelled, label, ikm);
        provider.HkdfExtract(hash, salt, labelled, prk);
        CryptographicOperations.ZeroMemory(labelled);
    }

    /// <summary>LabeledExpand: fills <paramref name="okm"/>.</summary>
    public void Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        int length = 2 + Version.Length + suiteId.Length + label.Length + info.Length;
        Span<byte> labelled = length <= OnStack ? stackalloc byte[length] : new byte[length];
        BinaryPrimitives.WriteUInt16BigEndian(labelled, checked((ushort)okm.Length));
        Write(labelled[2..], label, info);
        provider.HkdfExpand(hash, prk, labelled, okm);
    }

    static ReadOnlySpan<byte> Version => "HPKE-v1"u8;

    void Write(Span<byte> destination, ReadOnlySpan<byte> label, ReadOnlySpan<byte> value)
    {
        Version.CopyTo(destination);
        destination = destination[Version.Length..];
        suiteId.CopyTo(destination);
        destination = destination[suiteId.Length..];
        label.CopyTo(destination);
        value.CopyTo(destination[label.Length..]);
    }
}

using System.Buffers.Binary;

namespace Kavalek.Mls;

/// <summary>What one stored record of a secret tree holds.</summary>
public enum SecretTreePart : byte
{
    /// <summary>The secret of a node from which no leaf below was derived yet: KDF.Nh bytes.</summary>
    Node = 0,
    /// <summary>A leaf's handshake ratchet: next generation, oldest generation that may be kept, secret.</summary>
    HandshakeRatchet = 1,
    /// <summary>A leaf's application ratchet.</summary>
    ApplicationRatchet = 2,
    /// <summary>Key and nonce of a handshake generation that was skipped.</summary>
    SkippedHandshake = 3,
    /// <summary>Key and nonce of an application generation that was skipped.</summary>
    SkippedApplication = 4,
}

/// <summary>Names a record within its epoch's secret tree.</summary>
/// <param name="Part">What it holds.</param>
/// <param name="Index">The node index of a <see cref="SecretTreePart.Node"/>, else the leaf index.</param>
/// <param name="Generation">The generation of a skipped key, else 0.</param>
public readonly record struct SecretTreeKey(SecretTreePart Part, uint Index, uint Generation = 0)
{
    /// <summary>Bytes of an encoded key.</summary>
    public const int EncodedLength = 9;

    /// <summary>Part, index and generation, big-endian: sorts by part, then index, then generation.</summary>
    public byte[] Encode()
    {
        byte[] encoded = new byte[EncodedLength];
        encoded[0] = (byte)Part;
        BinaryPrimitives.WriteUInt32BigEndian(encoded.AsSpan(1), Index);
        BinaryPrimitives.WriteUInt32BigEndian(encoded.AsSpan(5), Generation);
        return encoded;
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidState"/>.</exception>
    public static SecretTreeKey Decode(ReadOnlySpan<byte> encoded) =>
        encoded.Length == EncodedLength && encoded[0] <= (byte)SecretTreePart.SkippedApplication
            ? new((SecretTreePart)encoded[0], BinaryPrimitives.ReadUInt32BigEndian(encoded[1..]), BinaryPrimitives.ReadUInt32BigEndian(encoded[5..]))
            : throw new MlsException(MlsError.InvalidState, "9", "no key of a secret tree's record");
}

/// <summary>One stored piece of a secret tree: at most 72 bytes.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">What to store; <c>null</c>: delete it.</param>
public sealed record SecretTreeRecord(SecretTreeKey Key, Secret? Value);

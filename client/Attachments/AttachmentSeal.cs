using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using Kavalek.Mls;
using Kavalek.Protocol;
using HashAlgorithm = Kavalek.Mls.HashAlgorithm;

namespace Kavalek.Client;

/// <summary>How one file is encrypted (docs/PROTOCOL.md §12.2): its sizes, its keys, and its chunks, each bound to its place and the end.</summary>
sealed class AttachmentSeal : IDisposable
{
    /// <summary>Bytes of a chunk before it is sealed; the last one may be shorter.</summary>
    public const int ChunkBytes = 64 * 1024;

    /// <summary>Bytes of a sealed chunk; the last one may be shorter.</summary>
    public const int SealedBytes = ChunkBytes + CipherSuite.TagLength;

    /// <summary>Bytes of the secret, the commitment and the hash.</summary>
    public const int SecretBytes = 32, CommitmentBytes = 32, HashBytes = 32;

    const long SmallestClass = 1_024;

    readonly ICryptoProvider _crypto;
    readonly Secret _key;
    readonly byte[] _bound;
    readonly long _padded;

    /// <summary>A file of <paramref name="size"/> bytes under a secret that is used for no other.</summary>
    public AttachmentSeal(ICryptoProvider crypto, Id id, ReadOnlySpan<byte> secret, long size)
    {
        _crypto = crypto;
        _padded = Padded(size);
        _key = Secret.Own(Expand(secret, "kavalek/v1/attachment/key"u8));
        Commitment = Expand(secret, "kavalek/v1/attachment/commitment"u8);
        Capability = Expand(secret, "kavalek/v1/attachment/capability"u8);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(length, size);
        _bound = [.. "kavalek/v1/attachment"u8, .. id.ToArray(), .. length];
    }

    /// <summary>What stands before the chunks.</summary>
    public byte[] Commitment { get; }

    /// <summary>What its readers show.</summary>
    public byte[] Capability { get; }

    /// <summary>How many chunks there are.</summary>
    public int Chunks => (int)((_padded + ChunkBytes - 1) / ChunkBytes);

    /// <summary>Bytes of all that is uploaded.</summary>
    public long Length => CommitmentBytes + _padded + ((long)CipherSuite.TagLength * Chunks);

    /// <summary>Bytes of a chunk before it is sealed.</summary>
    public int PlainLength(int chunk) => (int)Math.Min(ChunkBytes, _padded - ((long)chunk * ChunkBytes));

    /// <summary>Bytes of a sealed chunk.</summary>
    public int SealedLength(int chunk) => PlainLength(chunk) + CipherSuite.TagLength;

    /// <summary>Where a chunk begins in what is uploaded; the first one together with the commitment.</summary>
    public static long OffsetOf(int chunk) => chunk == 0 ? 0 : CommitmentBytes + ((long)chunk * SealedBytes);

    /// <summary>The size that shows of a file: Padmé, at most 12 % more.</summary>
    public static long Padded(long size)
    {
        long length = Math.Max(size, SmallestClass);
        int exponent = BitOperations.Log2((ulong)length), kept = BitOperations.Log2((uint)exponent) + 1;
        long mask = (1L << (exponent - kept)) - 1;
        return (length + mask) & ~mask;
    }

    /// <summary>Seals a chunk of <see cref="PlainLength"/> bytes.</summary>
    public ValueTask<byte[]> SealAsync(int chunk, ReadOnlyMemory<byte> plain) => _crypto.SealAsync(AeadAlgorithm.Aes256Gcm, _key, Nonce(chunk), _bound, plain);

    /// <summary>Opens a chunk; <c>null</c> where it is not the one that stands there.</summary>
    public ValueTask<byte[]?> OpenAsync(int chunk, ReadOnlyMemory<byte> bytes) => _crypto.OpenAsync(AeadAlgorithm.Aes256Gcm, _key, Nonce(chunk), _bound, bytes);

    /// <summary>SHA-256 of a sealed chunk.</summary>
    public byte[] Digest(ReadOnlySpan<byte> bytes)
    {
        byte[] digest = new byte[HashBytes];
        _crypto.Hash(HashAlgorithm.Sha256, bytes, digest);
        return digest;
    }

    /// <summary>The hash of all, from the digests of the chunks in their order.</summary>
    public byte[] Hash(ReadOnlySpan<byte> digests) => Digest([.. Commitment, .. digests]);

    /// <inheritdoc/>
    public void Dispose()
    {
        _key.Dispose();
        CryptographicOperations.ZeroMemory(Capability);
    }

    byte[] Nonce(int chunk)
    {
        byte[] nonce = new byte[CipherSuite.NonceLength];
        nonce[3] = chunk == Chunks - 1 ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64BigEndian(nonce.AsSpan(4), chunk);
        return nonce;
    }

    byte[] Expand(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> info)
    {
        byte[] bytes = new byte[32];
        _crypto.HkdfExpand(HashAlgorithm.Sha256, secret, info, bytes);
        return bytes;
    }
}

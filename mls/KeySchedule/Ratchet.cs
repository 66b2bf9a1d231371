using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Kavalek.Mls;

/// <summary>Which of a leaf's two ratchets protects a message (RFC 9420 §9.1).</summary>
public enum RatchetKind : byte
{
    /// <summary>Proposals and commits.</summary>
    Handshake = 1,
    /// <summary>Application data.</summary>
    Application = 2,
}

/// <summary>
/// The hash ratchet of one leaf (RFC 9420 §9.1): the secret of the next generation and the keys of generations it was moved
/// past. Immutable: moving gives another one, which shares the keys that both still hold.
/// </summary>
/// <param name="Secret">The ratchet secret of <paramref name="Generation"/>.</param>
/// <param name="Generation">The next generation.</param>
/// <param name="Floor">Below it no key is kept, so that it cannot be told whether one was used.</param>
/// <param name="Skipped">Keys of skipped generations between <paramref name="Floor"/> and <paramref name="Generation"/>.</param>
sealed record Ratchet(Secret Secret, uint Generation, uint Floor, ImmutableSortedDictionary<uint, Secret> Skipped)
{
    const int Header = 8;

    public static Ratchet Start(SuiteCrypto crypto, Secret leafSecret, RatchetKind kind) => new(
        crypto.ExpandWithLabel(leafSecret, kind == RatchetKind.Handshake ? "handshake" : "application", [], crypto.HashLength),
        0, 0, ImmutableSortedDictionary<uint, Secret>.Empty);

    /// <summary>Key and nonce of <see cref="Generation"/>, one after the other.</summary>
    public Secret Key(SuiteCrypto crypto) => Key(crypto, Secret, Generation);

    public static Secret Key(SuiteCrypto crypto, Secret secret, uint generation)
    {
        Span<byte> context = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(context, generation);
        byte[] both = new byte[crypto.Suite.KeyLength + CipherSuite.NonceLength];
        crypto.ExpandWithLabel(secret, "key", context, both.AsSpan(0, crypto.Suite.KeyLength));
        crypto.ExpandWithLabel(secret, "nonce", context, both.AsSpan(crypto.Suite.KeyLength));
        return Secret.Own(both);
    }

    public static Secret NextSecret(SuiteCrypto crypto, Secret secret, uint generation) =>
        crypto.DeriveTreeSecret(secret, "secret", generation, crypto.HashLength);

    /// <summary>The stored form, without the skipped keys: each of those is a record of its own, so that using one writes little.</summary>
    public Secret Encode()
    {
        byte[] encoded = new byte[Header + Secret.Length];
        BinaryPrimitives.WriteUInt32BigEndian(encoded, Generation);
        BinaryPrimitives.WriteUInt32BigEndian(encoded.AsSpan(4), Floor);
        Secret.Span.CopyTo(encoded.AsSpan(Header));
        return Secret.Own(encoded);
    }

    public static Ratchet Decode(SuiteCrypto crypto, ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length != Header + crypto.HashLength) throw new MlsException(MlsError.InvalidState, "9.1", "a stored ratchet has the wrong length");
        return new Ratchet(
            Secret.Copy(encoded[Header..]), BinaryPrimitives.ReadUInt32BigEndian(encoded), BinaryPrimitives.ReadUInt32BigEndian(encoded[4..]),
            ImmutableSortedDictionary<uint, Secret>.Empty);
    }
}

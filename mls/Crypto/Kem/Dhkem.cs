using System.Buffers.Binary;

namespace Kavalek.Mls;

/// <summary>The KEM made of a Diffie-Hellman group (RFC 9180 §4.1).</summary>
sealed class Dhkem : Kem
{
    readonly ICryptoProvider _provider;
    readonly KemAlgorithm _group;
    readonly LabeledKdf _kdf;

    public Dhkem(ICryptoProvider provider, KemAlgorithm algorithm)
    {
        _provider = provider;
        _group = algorithm;
        byte[] suiteId = [.. "KEM"u8, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(suiteId.AsSpan(3), (ushort)algorithm);
        _kdf = new LabeledKdf(provider, algorithm.KdfHash, suiteId);
    }

    public override ValueTask<KeyPair> GenerateKeyPairAsync() => _provider.GenerateKeyPairAsync(_group);

    public override ValueTask<byte[]?> PublicKeyAsync(Secret privateKey) => _provider.PublicKeyAsync(_group, privateKey);

    public override ValueTask<bool> IsPublicKeyAsync(ReadOnlyMemory<byte> publicKey) => _provider.IsPublicKeyAsync(_group, publicKey);

    public override async ValueTask<Encapsulation?> EncapsulateAsync(ReadOnlyMemory<byte> publicKey)
    {
        using KeyPair ephemeral = await GenerateKeyPairAsync().ConfigureAwait(false);
        return await EncapsulateAsync(ephemeral, publicKey).ConfigureAwait(false);
    }

    /// <summary>Encap with a given ephemeral pair, which must never serve twice; its public key is the encapsulated key.</summary>
    internal async ValueTask<Encapsulation?> EncapsulateAsync(KeyPair ephemeral, ReadOnlyMemory<byte> publicKey)
    {
        using Secret? agreed = await _provider.AgreeAsync(_group, ephemeral.PrivateKey, publicKey).ConfigureAwait(false);
        return agreed is null ? null : new Encapsulation(ephemeral.PublicKey, ExtractAndExpand(agreed, ephemeral.PublicKey, publicKey.Span));
    }

    public override async ValueTask<Secret?> DecapsulateAsync(ReadOnlyMemory<byte> encapsulated, Secret privateKey)
    {
        using Secret? agreed = await _provider.AgreeAsync(_group, privateKey, encapsulated).ConfigureAwait(false);
        if (agreed is null) return null;
        byte[] own = await PublicKeyAsync(privateKey).ConfigureAwait(false)
            ?? throw new InvalidOperationException("agreement succeeded with an invalid private key");
        return ExtractAndExpand(agreed, encapsulated.Span, own);
    }

    /// <summary>DeriveKeyPair (RFC 9180 §7.1.3).</summary>
    public override async ValueTask<KeyPair> DeriveKeyPairAsync(Secret ikm)
    {
        byte[] pseudorandom = new byte[_group.SecretLength];
        using Secret prk = Secret.Own(pseudorandom);
        _kdf.Extract([], "dkp_prk"u8, ikm.Span, pseudorandom);
        if (_group is KemAlgorithm.DhkemX25519 or KemAlgorithm.DhkemX448)
        {
            Secret candidate = Expand(prk, "sk"u8, []);
            return new KeyPair(candidate, await PublicKeyAsync(candidate).ConfigureAwait(false)
                ?? throw new InvalidOperationException("every string is a private key on this curve"));
        }
        // A candidate is rejected where it is not in [1, order - 1]: on P-256 once in 2^32, on P-521 (masked) never in practice.
        for (int counter = 0; counter < 256; counter++)
        {
            Secret candidate = Expand(prk, "candidate"u8, [(byte)counter]);
            if (await PublicKeyAsync(candidate).ConfigureAwait(false) is { } publicKey) return new KeyPair(candidate, publicKey);
            candidate.Dispose();
        }
        throw new InvalidOperationException("no valid key among 256 candidates (RFC 9180 §7.1.3)");
    }

    Secret Expand(Secret prk, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info)
    {
        byte[] key = new byte[_group.PrivateKeyLength];
        _kdf.Expand(prk.Span, label, info, key);
        // The order of P-521 has 521 bits: the bitmask of §7.1.3 keeps one bit of the first byte.
        if (_group == KemAlgorithm.DhkemP521) key[0] &= 0x01;
        return Secret.Own(key);
    }

    /// <summary>ExtractAndExpand over <c>kem_context = enc ‖ pkR</c>.</summary>
    Secret ExtractAndExpand(Secret agreed, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> recipient)
    {
        Span<byte> prk = stackalloc byte[_group.SecretLength];
        _kdf.Extract([], "eae_prk"u8, agreed.Span, prk);
        byte[] shared = new byte[_group.SecretLength];
        _kdf.Expand(prk, "shared_secret"u8, [.. encapsulated, .. recipient], shared);
        prk.Clear();
        return Secret.Own(shared);
    }
}

using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>
/// ML-KEM beside a Diffie-Hellman group (draft-ietf-hpke-pq §4): the secret stays one while either of the two holds. The private
/// key is a 32-byte seed of both; public keys and ciphertexts are ML-KEM's followed by the group's.
/// </summary>
sealed class HybridKem : Kem
{
    readonly ICryptoProvider _provider;
    readonly KemAlgorithm _algorithm;
    readonly KemAlgorithm _group;
    readonly MlKemParameterSet _set;
    readonly MlKemParameters _parameters;
    readonly byte[] _label;
    readonly int _candidates;

    public HybridKem(ICryptoProvider provider, KemAlgorithm algorithm)
    {
        _provider = provider;
        _algorithm = algorithm;
        if (algorithm.Group is not { } group || algorithm.MlKem is not { } set) throw new ArgumentException("not a hybrid", nameof(algorithm));
        _group = group;
        _set = set;
        _parameters = MlKemParameters.Of(set);
        // A candidate scalar misses P-256 once in 2³², P-384 never in practice; on X25519 every string is a scalar.
        (_label, _candidates) = algorithm switch
        {
            KemAlgorithm.MlKem768P256 => ("MLKEM768-P256"u8.ToArray(), 4),
            KemAlgorithm.MlKem1024P384 => ("MLKEM1024-P384"u8.ToArray(), 1),
            _ => (@"\.//^\"u8.ToArray(), 1),
        };
    }

    public override async ValueTask<KeyPair> GenerateKeyPairAsync()
    {
        byte[] seed = new byte[_algorithm.PrivateKeyLength];
        _provider.Random(seed);
        return await PairAsync(Secret.Own(seed)).ConfigureAwait(false);
    }

    public override ValueTask<KeyPair> DeriveKeyPairAsync(Secret ikm) => PairAsync(SeedDerivation.Derive(_algorithm, ikm, _algorithm.PrivateKeyLength));

    public override async ValueTask<byte[]?> PublicKeyAsync(Secret privateKey)
    {
        if (await ExpandAsync(privateKey).ConfigureAwait(false) is not { } key) return null;
        byte[]? first = await _provider.MlKemPublicKeyAsync(_set, key.Seed).ConfigureAwait(false);
        return first is null ? null : [.. first, .. key.GroupPublicKey];
    }

    public override async ValueTask<bool> IsPublicKeyAsync(ReadOnlyMemory<byte> publicKey) =>
        publicKey.Length > _parameters.EncapsulationKeyLength
        && MlKem.IsPublicKey(_set, publicKey.Span[.._parameters.EncapsulationKeyLength])
        && await _provider.IsPublicKeyAsync(_group, publicKey[_parameters.EncapsulationKeyLength..]).ConfigureAwait(false);

    public override async ValueTask<Encapsulation?> EncapsulateAsync(ReadOnlyMemory<byte> publicKey)
    {
        if (publicKey.Length <= _parameters.EncapsulationKeyLength) return null;
        using Encapsulation? first = await _provider.MlKemEncapsulateAsync(_set, publicKey[.._parameters.EncapsulationKeyLength]).ConfigureAwait(false);
        if (first is null) return null;
        using KeyPair ephemeral = await _provider.GenerateKeyPairAsync(_group).ConfigureAwait(false);
        return await EncapsulateAsync(first, ephemeral, publicKey).ConfigureAwait(false);
    }

    /// <summary>Encap with ML-KEM's part and the ephemeral pair given, neither of which may ever serve twice.</summary>
    internal async ValueTask<Encapsulation?> EncapsulateAsync(Encapsulation first, KeyPair ephemeral, ReadOnlyMemory<byte> publicKey)
    {
        ReadOnlyMemory<byte> recipient = publicKey[_parameters.EncapsulationKeyLength..];
        using Secret? agreed = await _provider.AgreeAsync(_group, ephemeral.PrivateKey, recipient).ConfigureAwait(false);
        return agreed is null ? null : new Encapsulation(
            [.. first.Ciphertext, .. ephemeral.PublicKey], Combine(first.SharedSecret, agreed, ephemeral.PublicKey, recipient.Span));
    }

    public override async ValueTask<Secret?> DecapsulateAsync(ReadOnlyMemory<byte> encapsulated, Secret privateKey)
    {
        if (encapsulated.Length <= _parameters.CiphertextLength || await ExpandAsync(privateKey).ConfigureAwait(false) is not { } key) return null;
        ReadOnlyMemory<byte> point = encapsulated[_parameters.CiphertextLength..];
        using Secret? agreed = await _provider.AgreeAsync(_group, key.Scalar, point).ConfigureAwait(false);
        if (agreed is null) return null;
        using Secret? first = await _provider.MlKemDecapsulateAsync(_set, key.Seed, encapsulated[.._parameters.CiphertextLength]).ConfigureAwait(false);
        return first is null ? null : Combine(first, agreed, point.Span, key.GroupPublicKey);
    }

    /// <summary>The C2PRI combiner: SHA3-256 over both secrets, the group's ephemeral and static keys, and the label.</summary>
    Secret Combine(Secret first, Secret agreed, ReadOnlySpan<byte> ephemeral, ReadOnlySpan<byte> recipient)
    {
        byte[] input = [.. first.Span, .. agreed.Span, .. ephemeral, .. recipient, .. _label], shared = new byte[_algorithm.SecretLength];
        Sha3.Hash256(input, shared);
        CryptographicOperations.ZeroMemory(input);
        return Secret.Own(shared);
    }

    async ValueTask<KeyPair> PairAsync(Secret seed) => new(seed, await PublicKeyAsync(seed).ConfigureAwait(false)
        ?? throw new InvalidOperationException($"a seed without a valid private key for {_algorithm}"));

    /// <summary>The two private keys of a seed, expanded at first use and kept as long as the seed; <c>null</c> for a wrong length or where no candidate is a scalar.</summary>
    async ValueTask<ExpandedKey?> ExpandAsync(Secret privateKey)
    {
        if (privateKey.Length != _algorithm.PrivateKeyLength) return null;
        if (privateKey.AlreadyImported<ExpandedKey>() is { } cached) return cached;
        int scalarLength = _group.PrivateKeyLength;
        byte[] bytes = new byte[MlKemParameters.SeedLength + _candidates * scalarLength];
        Sha3.Shake256(privateKey.Span, bytes);
        try
        {
            for (int candidate = 0; candidate < _candidates; candidate++)
            {
                Secret scalar = Secret.Copy(bytes.AsSpan(MlKemParameters.SeedLength + candidate * scalarLength, scalarLength));
                if (await _provider.PublicKeyAsync(_group, scalar).ConfigureAwait(false) is { } point)
                {
                    return privateKey.AttachFirst(new ExpandedKey(Secret.Copy(bytes.AsSpan(0, MlKemParameters.SeedLength)), scalar, point));
                }
                scalar.Dispose();
            }
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    sealed record ExpandedKey(Secret Seed, Secret Scalar, byte[] GroupPublicKey) : IDisposable
    {
        public void Dispose()
        {
            Seed.Dispose();
            Scalar.Dispose();
        }
    }
}

namespace Kavalek.Mls;

/// <summary>ML-KEM as an HPKE KEM (draft-ietf-hpke-pq §3): the private key is the 64-byte seed d ‖ z.</summary>
sealed class MlKemOnly(ICryptoProvider provider, KemAlgorithm algorithm) : Kem
{
    readonly MlKemParameterSet _set = algorithm.MlKem ?? throw new ArgumentException("not ML-KEM", nameof(algorithm));

    public override async ValueTask<KeyPair> GenerateKeyPairAsync()
    {
        byte[] seed = new byte[MlKemParameters.SeedLength];
        provider.Random(seed);
        return await PairAsync(Secret.Own(seed)).ConfigureAwait(false);
    }

    public override ValueTask<KeyPair> DeriveKeyPairAsync(Secret ikm) => PairAsync(SeedDerivation.Derive(algorithm, ikm, MlKemParameters.SeedLength));

    public override ValueTask<byte[]?> PublicKeyAsync(Secret privateKey) => provider.MlKemPublicKeyAsync(_set, privateKey);

    public override ValueTask<bool> IsPublicKeyAsync(ReadOnlyMemory<byte> publicKey) => ValueTask.FromResult(MlKem.IsPublicKey(_set, publicKey.Span));

    public override ValueTask<Encapsulation?> EncapsulateAsync(ReadOnlyMemory<byte> publicKey) => provider.MlKemEncapsulateAsync(_set, publicKey);

    public override ValueTask<Secret?> DecapsulateAsync(ReadOnlyMemory<byte> encapsulated, Secret privateKey) =>
        provider.MlKemDecapsulateAsync(_set, privateKey, encapsulated);

    async ValueTask<KeyPair> PairAsync(Secret seed) => new(seed, await PublicKeyAsync(seed).ConfigureAwait(false)
        ?? throw new InvalidOperationException("every 64 bytes are an ML-KEM seed"));
}

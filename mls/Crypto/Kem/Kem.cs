namespace Kavalek.Mls;

/// <summary>A key encapsulation mechanism as HPKE uses it (RFC 9180 §4), composed over a provider. Immutable and safe for concurrent use.</summary>
abstract class Kem
{
    /// <summary>The KEM of an HPKE suite.</summary>
    public static Kem Of(ICryptoProvider provider, KemAlgorithm algorithm) => algorithm switch
    {
        _ when algorithm.MlKem is null => new Dhkem(provider, algorithm),
        _ when algorithm.Group is null => new MlKemOnly(provider, algorithm),
        _ => new HybridKem(provider, algorithm),
    };

    /// <summary>A fresh pair.</summary>
    public abstract ValueTask<KeyPair> GenerateKeyPairAsync();

    /// <summary>DeriveKeyPair: always the same pair for the same input.</summary>
    public abstract ValueTask<KeyPair> DeriveKeyPairAsync(Secret ikm);

    /// <summary>The public key; <c>null</c> where <paramref name="privateKey"/> is none.</summary>
    public abstract ValueTask<byte[]?> PublicKeyAsync(Secret privateKey);

    /// <summary>Whether <see cref="EncapsulateAsync"/> accepts <paramref name="publicKey"/>.</summary>
    public abstract ValueTask<bool> IsPublicKeyAsync(ReadOnlyMemory<byte> publicKey);

    /// <summary>Encap: a fresh secret and its encapsulation; <c>null</c> for an invalid <paramref name="publicKey"/>.</summary>
    public abstract ValueTask<Encapsulation?> EncapsulateAsync(ReadOnlyMemory<byte> publicKey);

    /// <summary>Decap; <c>null</c> for an invalid <paramref name="encapsulated"/> key.</summary>
    public abstract ValueTask<Secret?> DecapsulateAsync(ReadOnlyMemory<byte> encapsulated, Secret privateKey);
}

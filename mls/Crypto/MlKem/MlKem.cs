using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>ML-KEM (FIPS 203): the platform's where it has one (OpenSSL 3.5 or Windows, through .NET), else <see cref="ManagedMlKemKey"/>.</summary>
/// <remarks>
/// A seed is expanded for each use: an expanded key takes 16 kB and 30 µs, and a client holds many keys of which it uses few, most
/// of them once.
/// </remarks>
static class MlKem
{
    /// <summary>A fresh private key: 64 random bytes.</summary>
    public static Secret GenerateSeed() => Secret.Own(RandomNumberGenerator.GetBytes(MlKemParameters.SeedLength));

    /// <summary>The encapsulation key of a 64-byte seed; <c>null</c> for any other length.</summary>
    public static byte[]? PublicKey(MlKemParameterSet set, Secret seed)
    {
        using MlKemKey? key = MlKemKey.FromSeed(set, seed.Span);
        return key?.EncapsulationKey;
    }

    /// <summary>The checks of an encapsulation key (§7.2): its length, and each coefficient below the modulus.</summary>
    public static bool IsPublicKey(MlKemParameterSet set, ReadOnlySpan<byte> encapsulationKey)
    {
        MlKemParameters parameters = MlKemParameters.Of(set);
        if (encapsulationKey.Length != parameters.EncapsulationKeyLength) return false;
        Span<int> polynomial = stackalloc int[Polynomial.Size];
        for (int i = 0; i < parameters.K; i++)
            if (!Polynomial.TryDecode(encapsulationKey[(i * Polynomial.EncodedLength)..], polynomial)) return false;
        return true;
    }

    /// <summary>A fresh secret for the holder of <paramref name="encapsulationKey"/>; <c>null</c> where that is no valid key (§7.2).</summary>
    public static Encapsulation? Encapsulate(MlKemParameterSet set, ReadOnlySpan<byte> encapsulationKey)
    {
        MlKemParameters parameters = MlKemParameters.Of(set);
        byte[] ciphertext = new byte[parameters.CiphertextLength], shared = new byte[MlKemParameters.SecretLength];
        if (MLKem.IsSupported)
        {
            if (encapsulationKey.Length != parameters.EncapsulationKeyLength) return null;
            try
            {
                using MLKem key = MLKem.ImportEncapsulationKey(PlatformName(set), encapsulationKey);
                key.Encapsulate(ciphertext, shared);
            }
            catch (CryptographicException)
            {
                return null;
            }
        }
        else
        {
            Span<byte> m = stackalloc byte[MlKemParameters.SecretLength];
            RandomNumberGenerator.Fill(m);
            bool valid = ManagedMlKemKey.TryEncapsulate(parameters, encapsulationKey, m, ciphertext, shared);
            CryptographicOperations.ZeroMemory(m);
            if (!valid) return null;
        }
        return new Encapsulation(ciphertext, Secret.Own(shared));
    }

    /// <summary>The secret in <paramref name="ciphertext"/>, pseudorandom where that was not made for this key; <c>null</c> where its length or the seed's is wrong.</summary>
    public static Secret? Decapsulate(MlKemParameterSet set, Secret seed, ReadOnlySpan<byte> ciphertext)
    {
        if (ciphertext.Length != MlKemParameters.Of(set).CiphertextLength) return null;
        using MlKemKey? key = MlKemKey.FromSeed(set, seed.Span);
        if (key is null) return null;
        byte[] shared = new byte[MlKemParameters.SecretLength];
        key.Decapsulate(ciphertext, shared);
        return Secret.Own(shared);
    }

    internal static MLKemAlgorithm PlatformName(MlKemParameterSet set) => set switch
    {
        MlKemParameterSet.MlKem768 => MLKemAlgorithm.MLKem768,
        MlKemParameterSet.MlKem1024 => MLKemAlgorithm.MLKem1024,
        _ => throw new PlatformNotSupportedException($"unknown ML-KEM parameter set {set}"),
    };
}

using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>A decapsulation key expanded from its seed, held by the platform where it can, else by <see cref="ManagedMlKemKey"/>.</summary>
sealed class MlKemKey : IDisposable
{
    readonly MlKemParameters _parameters;
    readonly MLKem? _platform;
    readonly ManagedMlKemKey? _managed;

    MlKemKey(MlKemParameterSet set, ReadOnlySpan<byte> seed)
    {
        _parameters = MlKemParameters.Of(set);
        if (MLKem.IsSupported) _platform = MLKem.ImportPrivateSeed(MlKem.PlatformName(set), seed);
        else _managed = ManagedMlKemKey.FromSeed(_parameters, seed);
    }

    /// <summary>The key of d ‖ z; <c>null</c> where the seed has not 64 bytes.</summary>
    public static MlKemKey? FromSeed(MlKemParameterSet set, ReadOnlySpan<byte> seed) =>
        seed.Length == MlKemParameters.SeedLength ? new MlKemKey(set, seed) : null;

    public byte[] EncapsulationKey => _platform?.ExportEncapsulationKey() ?? _managed!.EncapsulationKey.ToArray();

    /// <summary>Fills <paramref name="sharedSecret"/>; <c>false</c> where the ciphertext has a wrong length.</summary>
    public bool TryDecapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        if (ciphertext.Length != _parameters.CiphertextLength) return false;
        if (_platform is null) return _managed!.TryDecapsulate(ciphertext, sharedSecret);
        _platform.Decapsulate(ciphertext, sharedSecret);
        return true;
    }

    public void Dispose()
    {
        _platform?.Dispose();
        _managed?.Dispose();
    }
}

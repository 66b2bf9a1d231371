using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>A decapsulation key expanded from its seed, held by the platform where it can, else by <see cref="ManagedMlKemKey"/>.</summary>
sealed class MlKemKey : IDisposable
{
    readonly MLKem? _platform;
    readonly ManagedMlKemKey? _managed;

    MlKemKey(MlKemParameterSet set, ReadOnlySpan<byte> seed)
    {
        if (MLKem.IsSupported) _platform = MLKem.ImportPrivateSeed(MlKem.PlatformName(set), seed);
        else _managed = ManagedMlKemKey.FromSeed(MlKemParameters.Of(set), seed);
    }

    /// <summary>The key of d ‖ z; <c>null</c> where the seed has not 64 bytes.</summary>
    public static MlKemKey? FromSeed(MlKemParameterSet set, ReadOnlySpan<byte> seed) =>
        seed.Length == MlKemParameters.SeedLength ? new MlKemKey(set, seed) : null;

    public byte[] EncapsulationKey => _platform?.ExportEncapsulationKey() ?? _managed!.EncapsulationKey.ToArray();

    /// <summary>Fills <paramref name="sharedSecret"/> from a ciphertext of the right length.</summary>
    public void Decapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        if (_platform is not null) _platform.Decapsulate(ciphertext, sharedSecret);
        else if (!_managed!.TryDecapsulate(ciphertext, sharedSecret)) throw new ArgumentException("wrong length", nameof(ciphertext));
    }

    public void Dispose()
    {
        _platform?.Dispose();
        _managed?.Dispose();
    }
}

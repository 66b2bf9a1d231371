namespace Kavalek.Mls.Benchmarks;

/// <summary>The platform's provider under the name by which benchmarks/mls calls it.</summary>
sealed class NativeCryptoProvider : Tests.NativeCryptoProvider;

using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>
/// The key packages this device has published, and their private parts, which are stored before they are published
/// (docs/PROTOCOL.md §5.5): 100 and one of last resort, refilled below 50.
/// </summary>
sealed class KeyPackageStock
{
    /// <summary>An own key package with its private keys, by its reference; <c>null</c> where it is none of ours, or was used. The caller disposes it.</summary>
    public ValueTask<KeyPackageBundle?> FindAsync(ReadOnlyMemory<byte> reference, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Adds to <paramref name="batch"/> that a key package was used: its private keys are deleted with whatever else the batch holds. Never for one of last resort.</summary>
    public void Forget(StoreBatch batch, ReadOnlyMemory<byte> reference) => throw new NotImplementedException();
}

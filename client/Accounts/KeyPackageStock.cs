namespace Kavalek.Client;

/// <summary>
/// The key packages this device has published, and their private parts, which are stored before they are published
/// (docs/PROTOCOL.md §5.5): 100 and one of last resort, refilled below 50.
/// </summary>
sealed class KeyPackageStock
{
}

namespace Kavalek.Mls;

/// <summary>An encapsulation: what the holder of the private key needs, and the secret both then have.</summary>
/// <param name="Ciphertext">The encapsulated key, sent in the open.</param>
/// <param name="SharedSecret">The shared secret.</param>
public sealed record Encapsulation(byte[] Ciphertext, Secret SharedSecret) : IDisposable
{
    /// <summary>Zeroes the shared secret.</summary>
    public void Dispose() => SharedSecret.Dispose();
}

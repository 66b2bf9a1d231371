using System.Text;
using Kavalek.Mls;
using HashAlgorithm = Kavalek.Mls.HashAlgorithm;

namespace Kavalek.Client;

/// <summary>
/// What wraps one secret under another: an AES-256-GCM key, its nonce, and a commitment to both that is compared first, since AES-GCM alone would
/// let one ciphertext open under two keys (docs/STORE.md, docs/PROTOCOL.md §5.6).
/// </summary>
/// <param name="Key">32 bytes.</param>
/// <param name="Nonce">It follows from the fresh salt like the key: no pair of the two is ever used twice.</param>
/// <param name="Commitment"><see cref="CommitmentBytes"/> bytes.</param>
sealed record CommittedKey(Secret Key, byte[] Nonce, byte[] Commitment) : IDisposable
{
    /// <summary>Bytes of a commitment.</summary>
    public const int CommitmentBytes = 32;

    /// <summary>The key that follows from 32 uniform bytes, made with a fresh salt, for one purpose.</summary>
    public static CommittedKey Derive(ICryptoProvider crypto, Secret from, string purpose)
    {
        byte[] Expand(string what, int length)
        {
            byte[] bytes = new byte[length];
            crypto.HkdfExpand(HashAlgorithm.Sha256, from.Span, Encoding.ASCII.GetBytes($"kavalek/v1/{purpose}/{what}"), bytes);
            return bytes;
        }
        return new(Secret.Own(Expand("key", 32)), Expand("nonce", CipherSuite.NonceLength), Expand("commitment", CommitmentBytes));
    }

    /// <inheritdoc/>
    public void Dispose() => Key.Dispose();
}

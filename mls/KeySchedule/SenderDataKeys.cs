namespace Kavalek.Mls;

/// <summary>The key and nonce that hide who sent a PrivateMessage (RFC 9420 §6.3.2).</summary>
public sealed record SenderDataKeys(Secret Key, Secret Nonce) : IDisposable
{
    /// <summary>Derives them from the epoch's <c>sender_data_secret</c> and a sample of the message's ciphertext: its first KDF.Nh bytes.</summary>
    public static SenderDataKeys Derive(SuiteCrypto crypto, Secret senderDataSecret, ReadOnlySpan<byte> ciphertext)
    {
        ReadOnlySpan<byte> sample = ciphertext[..Math.Min(ciphertext.Length, crypto.HashLength)];
        return new SenderDataKeys(
            crypto.ExpandWithLabel(senderDataSecret, "key", sample, crypto.Suite.KeyLength),
            crypto.ExpandWithLabel(senderDataSecret, "nonce", sample, CipherSuite.NonceLength));
    }

    /// <summary>Zeroes both.</summary>
    public void Dispose()
    {
        Key.Dispose();
        Nonce.Dispose();
    }
}

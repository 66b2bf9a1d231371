namespace Kavalek.Mls;

/// <summary>How pre-shared keys enter the key schedule (RFC 9420 §8.4).</summary>
public static class PskSecret
{
    /// <summary><c>psk_secret</c>: zeros where <paramref name="psks"/> is empty.</summary>
    /// <param name="crypto">The group's suite.</param>
    /// <param name="psks">Each encoded PreSharedKeyID with its key, in the order of the commit's proposals.</param>
    public static Secret Combine(SuiteCrypto crypto, IReadOnlyList<(byte[] Id, Secret Psk)> psks)
    {
        using Secret zero = Secret.Zero(crypto.HashLength);
        Secret combined = Secret.Zero(crypto.HashLength);
        for (int i = 0; i < psks.Count; i++)
        {
            using TlsWriter label = new();
            label.WriteRaw(psks[i].Id);
            label.WriteUInt16(checked((ushort)i));
            label.WriteUInt16(checked((ushort)psks.Count));
            using Secret extracted = crypto.Extract(salt: zero, ikm: psks[i].Psk);
            using Secret input = crypto.ExpandWithLabel(extracted, "derived psk", label.Written, crypto.HashLength);
            using Secret previous = combined;
            combined = crypto.Extract(salt: input, ikm: previous);
        }
        return combined;
    }
}

using System.Buffers.Binary;
using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>
/// The keys of an account's archive in one secret, as every device of the account holds them: <c>uint32 generation ‖ key of that generation ‖ the keys before it</c>, 32 bytes
/// each (docs/PROTOCOL.md §3.5). Everything new is sealed under the first; the others open what was sealed before a device was lost.
/// </summary>
static class HistoryKeys
{
    /// <summary>Keys that are held, at most: what was sealed before as many losses is let go.</summary>
    public const int Most = 24;

    /// <summary>Bytes of the shortest and of the longest.</summary>
    public const int FewestBytes = GenerationBytes + KeyBytes, MostBytes = GenerationBytes + Most * KeyBytes;

    const int GenerationBytes = 4, KeyBytes = AccountSecrets.KeyBytes;

    /// <summary>The keys of a new account: one, of generation 0.</summary>
    public static Secret First(ICryptoProvider crypto) => Make(crypto, 0, []);

    /// <summary>A fresh key before those that are held.</summary>
    public static Secret Next(ICryptoProvider crypto, Secret held) =>
        Make(crypto, Generation(held) + 1, held.Span[GenerationBytes..Math.Min(held.Length, MostBytes - KeyBytes)]);

    /// <summary>Whether these bytes are keys as this program holds them.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> bytes) =>
        bytes.Length is >= FewestBytes and <= MostBytes && (bytes.Length - GenerationBytes) % KeyBytes == 0 && BinaryPrimitives.ReadUInt32BigEndian(bytes) >= (bytes.Length - FewestBytes) / KeyBytes;

    /// <summary>How often the key was replaced.</summary>
    public static uint Generation(Secret keys) => BinaryPrimitives.ReadUInt32BigEndian(keys.Span);

    /// <summary>How many keys there are.</summary>
    public static int Count(Secret keys) => (keys.Length - GenerationBytes) / KeyBytes;

    /// <summary>A key: 0 is the newest.</summary>
    public static ReadOnlySpan<byte> KeyAt(Secret keys, int index) => keys.Span.Slice(GenerationBytes + index * KeyBytes, KeyBytes);

    static Secret Make(ICryptoProvider crypto, uint generation, ReadOnlySpan<byte> before)
    {
        byte[] keys = new byte[FewestBytes + before.Length];
        BinaryPrimitives.WriteUInt32BigEndian(keys, generation);
        crypto.Random(keys.AsSpan(GenerationBytes, KeyBytes));
        before.CopyTo(keys.AsSpan(FewestBytes));
        return Secret.Own(keys);
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Host;

/// <summary>
/// Says of a message on Redis that a node of this instance sent it on this very channel: HMAC-SHA256 of the channel's name, a zero and the message, before the message. Whoever
/// can publish there and does not know the key, which is in PostgreSQL, can repeat what was said and nothing else.
/// </summary>
/// <param name="key">32 random bytes.</param>
internal sealed class ChannelSeal(byte[] key)
{
    /// <summary>Bytes that a message gets longer.</summary>
    public const int Bytes = HMACSHA256.HashSizeInBytes;

    /// <summary>The message with its tag.</summary>
    public byte[] Seal(string channel, ReadOnlySpan<byte> message)
    {
        byte[] whole = new byte[Bytes + message.Length];
        message.CopyTo(whole.AsSpan(Bytes));
        Tag(channel, message, whole);
        return whole;
    }

    /// <summary>The message; null where the tag is of another key, channel or message.</summary>
    public byte[]? Open(string channel, ReadOnlySpan<byte> whole)
    {
        if (whole.Length < Bytes)
            return null;
        Span<byte> tag = stackalloc byte[Bytes];
        Tag(channel, whole[Bytes..], tag);
        return CryptographicOperations.FixedTimeEquals(tag, whole[..Bytes]) ? whole[Bytes..].ToArray() : null;
    }

    // No name of a channel holds a zero, so none can be taken for the beginning of a message.
    void Tag(string channel, ReadOnlySpan<byte> message, Span<byte> tag)
    {
        using IncrementalHash hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(Encoding.ASCII.GetBytes(channel));
        hash.AppendData("\0"u8);
        hash.AppendData(message);
        hash.GetHashAndReset(tag);
    }
}

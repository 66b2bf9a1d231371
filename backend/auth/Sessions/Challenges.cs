using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Auth;

/// <summary>
/// What a device signs to log in: time ‖ random ‖ HMAC, so nothing is stored for those who only ask. A challenge is for
/// one address and lasts five minutes; that it opens one session is seen to where the session is stored.
/// </summary>
internal sealed class Challenges(AuthKeys keys, TimeProvider clock)
{
    const int Seconds = 300;
    const int RandomBytes = 16;
    const int HeadBytes = 8 + RandomBytes;

    /// <summary>Bytes of a challenge.</summary>
    public const int Length = HeadBytes + HMACSHA256.HashSizeInBytes;

    /// <summary>A fresh one for the address.</summary>
    public byte[] Make(string email)
    {
        byte[] head = new byte[HeadBytes];
        BinaryPrimitives.WriteInt64BigEndian(head, clock.Now());
        RandomNumberGenerator.Fill(head.AsSpan(8));
        return [.. head, .. Mac(head, email)];
    }

    /// <summary>Whether the challenge is ours, for this address, and still good.</summary>
    public bool IsValid(byte[] challenge, string email)
    {
        if (challenge.Length != Length) return false;
        if (!CryptographicOperations.FixedTimeEquals(Mac(challenge.AsSpan(0, HeadBytes), email), challenge.AsSpan(HeadBytes))) return false;
        long age = clock.Now() - BinaryPrimitives.ReadInt64BigEndian(challenge);
        return age is >= -Seconds and < Seconds;
    }

    /// <summary>What tells a valid challenge from all others.</summary>
    public static byte[] Random(byte[] challenge) => challenge[8..HeadBytes];

    /// <summary>When a valid challenge is over, in seconds since 1970.</summary>
    public static long Expires(byte[] challenge) => BinaryPrimitives.ReadInt64BigEndian(challenge) + Seconds;

    byte[] Mac(ReadOnlySpan<byte> head, string email)
    {
        byte[] bound = [.. head, .. Encoding.UTF8.GetBytes(email)];
        return HMACSHA256.HashData(keys.Challenge, bound);
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Messaging.Push;

/// <summary>Message encryption for Web Push (RFC 8291): one <c>aes128gcm</c> record (RFC 8188) under a key of the receiver's browser and a fresh one of ours.</summary>
static class PushEncryption
{
    /// <summary>Bytes of an uncompressed P-256 point.</summary>
    public const int PointBytes = 65;

    /// <summary>Bytes of the authentication secret that a browser gives with its key.</summary>
    public const int SecretBytes = 16;

    const int SaltBytes = 16, KeyBytes = 16, NonceBytes = 12, TagBytes = 16;
    const int RecordSize = 4096;
    const byte LastRecord = 2; // the delimiter of RFC 8188 §2

    /// <summary>Encrypts a payload; header and record take 103 bytes more.</summary>
    /// <param name="payload">At most 3,993 bytes.</param>
    /// <param name="receiver">The browser's public key, an uncompressed point.</param>
    /// <param name="secret">The browser's authentication secret.</param>
    /// <exception cref="CryptographicException">The key is no point of the curve.</exception>
    public static byte[] Encrypt(ReadOnlySpan<byte> payload, byte[] receiver, byte[] secret)
    {
        using ECDiffieHellman sender = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return Encrypt(payload, receiver, secret, sender, RandomNumberGenerator.GetBytes(SaltBytes));
    }

    /// <summary>The same with a sender's key and a salt that are given, for the example of RFC 8291.</summary>
    internal static byte[] Encrypt(ReadOnlySpan<byte> payload, byte[] receiver, byte[] secret, ECDiffieHellman sender, byte[] salt)
    {
        byte[] own = Point(sender.ExportParameters(includePrivateParameters: false).Q);
        using ECDiffieHellman theirs = ECDiffieHellman.Create(Parameters(receiver));
        byte[] shared = sender.DeriveRawSecretAgreement(theirs.PublicKey);
        // RFC 8291 §3.4, then RFC 8188 §2.2 and §2.3.
        byte[] input = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 32, secret, [.. "WebPush: info\0"u8, .. receiver, .. own]);
        byte[] key = HKDF.DeriveKey(HashAlgorithmName.SHA256, input, KeyBytes, salt, Encoding.ASCII.GetBytes("Content-Encoding: aes128gcm\0"));
        byte[] nonce = HKDF.DeriveKey(HashAlgorithmName.SHA256, input, NonceBytes, salt, Encoding.ASCII.GetBytes("Content-Encoding: nonce\0"));

        byte[] body = new byte[SaltBytes + 4 + 1 + PointBytes + payload.Length + 1 + TagBytes];
        salt.CopyTo(body, 0);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(SaltBytes), RecordSize);
        body[SaltBytes + 4] = PointBytes;
        own.CopyTo(body, SaltBytes + 5);
        Span<byte> record = body.AsSpan(SaltBytes + 5 + PointBytes);
        byte[] plain = [.. payload, LastRecord];
        using (AesGcm aes = new(key, TagBytes)) aes.Encrypt(nonce, plain, record[..plain.Length], record[plain.Length..]);
        foreach (byte[] spent in (byte[][])[shared, input, key]) CryptographicOperations.ZeroMemory(spent);
        return body;
    }

    /// <summary>Whether these bytes are a point of P-256 as browsers write it.</summary>
    public static bool IsPoint(byte[] bytes)
    {
        if (bytes.Length != PointBytes || bytes[0] != 4)
            return false;
        try
        {
            ECDiffieHellman.Create(Parameters(bytes)).Dispose();
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>A point as browsers write it: 4, x, y.</summary>
    public static byte[] Point(ECPoint point) => [4, .. point.X!, .. point.Y!];

    static ECParameters Parameters(byte[] point) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = point[1..33], Y = point[33..65] },
    };
}

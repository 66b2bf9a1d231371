using System.Security.Cryptography;
using System.Text;
using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>What the database holds of an e-mail address: a keyed hash to find it, and a sealed copy to write to it.</summary>
internal sealed class EmailVault(AuthKeys keys)
{
    const int NonceBytes = 12;
    const int TagBytes = 16;

    /// <summary>Finds an account by its normalised address.</summary>
    public byte[] Lookup(string email) => HMACSHA256.HashData(keys.EmailLookup, Encoding.UTF8.GetBytes(email));

    /// <summary>The salt of pre-login: the same for an address whether or not it has an account. 16 bytes.</summary>
    public byte[] Salt(string email) => HMACSHA256.HashData(keys.Salt, Encoding.UTF8.GetBytes(email))[..16];

    /// <summary>nonce ‖ ciphertext ‖ tag, bound to the account.</summary>
    public byte[] Seal(Id account, string email) => Seal(Encoding.UTF8.GetBytes(email), account.ToArray());

    /// <summary>The same of something that an owner has set, bound to its kind: never 16 bytes, as an account's id is.</summary>
    public byte[] SealSetting(string name, byte[] plain) => Seal(plain, Kind(name));

    /// <summary>It again.</summary>
    /// <exception cref="CryptographicException">It was sealed as another one or under another key.</exception>
    public byte[] OpenSetting(string name, ReadOnlySpan<byte> sealedSetting) => Open(sealedSetting, Kind(name));

    /// <summary>The address again.</summary>
    /// <exception cref="CryptographicException">It was sealed for another account or under another key.</exception>
    public string Open(Id account, ReadOnlySpan<byte> sealedEmail) => Encoding.UTF8.GetString(Open(sealedEmail, account.ToArray()));

    static byte[] Kind(string name) => Encoding.UTF8.GetBytes($"kavalek/v1/setting/{name}");

    byte[] Seal(byte[] plain, byte[] bound)
    {
        byte[] box = new byte[NonceBytes + plain.Length + TagBytes];
        Span<byte> nonce = box.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using AesGcm aes = new(keys.EmailSeal, TagBytes);
        aes.Encrypt(nonce, plain, box.AsSpan(NonceBytes, plain.Length), box.AsSpan(NonceBytes + plain.Length), bound);
        return box;
    }

    byte[] Open(ReadOnlySpan<byte> box, byte[] bound)
    {
        if (box.Length < NonceBytes + TagBytes) throw new CryptographicException("It is too short to have been sealed.");
        byte[] plain = new byte[box.Length - NonceBytes - TagBytes];
        using AesGcm aes = new(keys.EmailSeal, TagBytes);
        aes.Decrypt(box[..NonceBytes], box[NonceBytes..^TagBytes], box[^TagBytes..], plain, bound);
        return plain;
    }
}

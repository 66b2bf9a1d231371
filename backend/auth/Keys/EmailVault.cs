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
    public byte[] Seal(Id account, string email)
    {
        byte[] plain = Encoding.UTF8.GetBytes(email);
        byte[] sealedEmail = new byte[NonceBytes + plain.Length + TagBytes];
        Span<byte> nonce = sealedEmail.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using AesGcm aes = new(keys.EmailSeal, TagBytes);
        aes.Encrypt(nonce, plain, sealedEmail.AsSpan(NonceBytes, plain.Length), sealedEmail.AsSpan(NonceBytes + plain.Length), account.ToArray());
        return sealedEmail;
    }

    /// <summary>The address again.</summary>
    /// <exception cref="CryptographicException">It was sealed for another account or under another key.</exception>
    public string Open(Id account, ReadOnlySpan<byte> sealedEmail)
    {
        byte[] plain = new byte[sealedEmail.Length - NonceBytes - TagBytes];
        using AesGcm aes = new(keys.EmailSeal, TagBytes);
        aes.Decrypt(sealedEmail[..NonceBytes], sealedEmail[NonceBytes..^TagBytes], sealedEmail[^TagBytes..], plain, account.ToArray());
        return Encoding.UTF8.GetString(plain);
    }
}

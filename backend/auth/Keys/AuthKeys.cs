using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Auth;

/// <summary>
/// The service's keys, one file each in <c>DATA/keys</c>, outside the database: who takes the database alone has no
/// e-mail address, and passwords it cannot even guess at.
/// </summary>
internal sealed class AuthKeys : IDisposable
{
    const int KeyBytes = 32;

    AuthKeys(byte[] pepper, byte[] emailLookup, byte[] emailSeal, byte[] salt, byte[] challenge, ECDsa token) =>
        (Pepper, EmailLookup, EmailSeal, Salt, Challenge, Token) = (pepper, emailLookup, emailSeal, salt, challenge, token);

    /// <summary>HMAC key over auth secrets before bcrypt.</summary>
    public byte[] Pepper { get; }

    /// <summary>HMAC key that finds an account by its address.</summary>
    public byte[] EmailLookup { get; }

    /// <summary>AES-256-GCM key of stored addresses.</summary>
    public byte[] EmailSeal { get; }

    /// <summary>HMAC key of pre-login salts.</summary>
    public byte[] Salt { get; }

    /// <summary>HMAC key of log-in challenges.</summary>
    public byte[] Challenge { get; }

    /// <summary>Signs access tokens: P-256.</summary>
    public ECDsa Token { get; }

    /// <summary>Signs with the token key; DER.</summary>
    public byte[] Sign(byte[] bytes) => Token.SignData(bytes, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>The token key's public half: an uncompressed point, 65 bytes.</summary>
    public byte[] TokenPoint()
    {
        ECParameters parameters = Token.ExportParameters(includePrivateParameters: false);
        return [4, .. parameters.Q.X!, .. parameters.Q.Y!];
    }

    /// <summary>Reads the keys, or makes them where the instance is new.</summary>
    /// <param name="folder"><c>DATA/keys</c>.</param>
    /// <param name="mayCreate">Whether the instance is new. Otherwise a missing key is an error: a fresh one would lock everybody out for good.</param>
    /// <exception cref="InvalidOperationException">A file is missing, open to other users, or not what it should be.</exception>
    public static AuthKeys Open(string folder, bool mayCreate)
    {
        PrivateFile.CreateFolder(folder);
        PrivateFile.RequirePrivate(folder);
        byte[] Key(string name) => ReadOrMake(Path.Combine(folder, name), mayCreate, () => RandomNumberGenerator.GetBytes(KeyBytes));

        AuthKeys keys = new(
            Key("pepper"), Key("email-lookup"), Key("email-seal"), Key("salt"), Key("challenge"), OpenTokenKey(folder, mayCreate));
        byte[][] secrets = [keys.Pepper, keys.EmailLookup, keys.EmailSeal, keys.Salt, keys.Challenge];
        if (secrets.Any(k => k.Length != KeyBytes || !k.AsSpan().ContainsAnyExcept(k[0])))
        {
            throw new InvalidOperationException($"A key file in {folder} does not hold {KeyBytes} random bytes. Restore it from a backup.");
        }
        return keys;
    }

    static ECDsa OpenTokenKey(string folder, bool mayCreate)
    {
        string path = Path.Combine(folder, "token.pem");
        byte[] pem = ReadOrMake(path, mayCreate, () =>
        {
            using ECDsa fresh = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return Encoding.ASCII.GetBytes(fresh.ExportPkcs8PrivateKeyPem() + "\n");
        });
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportFromPem(Encoding.ASCII.GetString(pem));
            if (key.ExportParameters(includePrivateParameters: true).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value) return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new InvalidOperationException($"{path} holds no P-256 private key in PEM. Restore it from a backup.", e);
        }
        throw new InvalidOperationException($"{path} holds a key of another curve than P-256.");
    }

    static byte[] ReadOrMake(string path, bool mayCreate, Func<byte[]> make)
    {
        if (!File.Exists(path))
        {
            if (!mayCreate) throw new InvalidOperationException($"{path} is missing. Restore it from a backup: the database cannot be used without it.");
            PrivateFile.WriteNew(path, make());
        }
        PrivateFile.RequirePrivate(path);
        return File.ReadAllBytes(path);
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        foreach (byte[] key in new[] { Pepper, EmailLookup, EmailSeal, Salt, Challenge }) CryptographicOperations.ZeroMemory(key);
        Token.Dispose();
    }
}

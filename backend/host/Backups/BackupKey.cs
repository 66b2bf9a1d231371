using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Host;

/// <summary>
/// What a backup is sealed with: 32 random bytes of a key file, or a password. A file of its own salt makes every backup a key of its own, and a
/// commitment to it tells a wrong key from a damaged file.
/// </summary>
internal sealed class BackupKey
{
    const int KeyBytes = 32, IterationsDefault = 1_000_000, IterationsFloor = 600_000, IterationsCeiling = 10_000_000;
    const byte FromFile = 1, FromPassword = 2;

    /// <summary>Bytes of what stands before the sealed chunks: magic, kind, iterations, salt, commitment.</summary>
    public const int HeaderBytes = 64;

    static ReadOnlySpan<byte> Magic => "KVLKBAK1"u8;

    readonly byte _kind;
    readonly byte[] _secret;

    BackupKey(byte kind, byte[] secret) => (_kind, _secret) = (kind, secret);

    /// <summary>Reads the one of both that was given.</summary>
    /// <param name="keyFile">A file of 32 random bytes, as they are, in base64 or in hexadecimal; <c>-</c> for standard input.</param>
    /// <param name="passwordFile">A file whose first line is a password.</param>
    /// <exception cref="InvalidOperationException">Neither or both are given, or the file does not hold what it should.</exception>
    public static BackupKey Read(string? keyFile, string? passwordFile)
    {
        switch (keyFile, passwordFile)
        {
            case ({ } path, null):
                byte[] bytes = path == "-" ? FromStandardInput() : File.ReadAllBytes(path);
                // Thirty-two bytes that can all be typed are a text, not a key.
                byte[]? key = bytes.Length == KeyBytes && bytes.Any(b => b is (< 0x20 and not (byte)'\n') or > 0x7E) ? bytes : Parse(Encoding.Latin1.GetString(bytes).Trim());
                return key is not null && key.AsSpan().ContainsAnyExcept(key[0]) ? new BackupKey(FromFile, key)
                    : throw new InvalidOperationException($"{path} does not hold 32 random bytes, as they are, in base64 or in hexadecimal. Make one with: openssl rand -base64 32 > '{path}'");
            case (null, { } path):
                string password = File.ReadLines(path).FirstOrDefault() ?? "";
                return password.Length >= 12 ? new BackupKey(FromPassword, Encoding.UTF8.GetBytes(password))
                    : throw new InvalidOperationException($"The first line of {path} is the password, of at least 12 characters.");
            default:
                throw new InvalidOperationException("A backup is always encrypted: give --key-file (openssl rand -base64 32 makes one) or --password-file.");
        }
    }

    /// <summary>A header for a new file, and its key.</summary>
    public (byte[] Header, byte[] Key) New()
    {
        byte[] header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        header[8] = _kind;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(12), _kind == FromPassword ? IterationsDefault : 0);
        RandomNumberGenerator.Fill(header.AsSpan(16, 16));
        (byte[] key, byte[] commitment) = Derive(header);
        commitment.CopyTo(header, 32);
        return (header, key);
    }

    /// <summary>The key of a file.</summary>
    /// <exception cref="InvalidOperationException">It is no backup, of a newer version, or sealed with another key.</exception>
    public byte[] Open(byte[] header)
    {
        if (!header.AsSpan().StartsWith(Magic))
        {
            throw new InvalidOperationException(header.AsSpan().StartsWith(Magic[..7])
                ? "The backup is of a newer version than this server: restore it with a newer one."
                : "The file is not a backup of Kavalek.");
        }
        if (header[8] != _kind)
        {
            throw new InvalidOperationException(header[8] == FromPassword
                ? "The backup is sealed with a password: give --password-file." : "The backup is sealed with a key file: give --key-file.");
        }
        int iterations = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(12));
        if (_kind == FromPassword && iterations is < IterationsFloor or > IterationsCeiling) throw new InvalidOperationException("The backup is damaged at its beginning.");
        (byte[] key, byte[] commitment) = Derive(header);
        return CryptographicOperations.FixedTimeEquals(commitment, header.AsSpan(32)) ? key
            : throw new InvalidOperationException(_kind == FromPassword ? "The password is another one than the backup's." : "The key is another one than the backup's.");
    }

    (byte[] Key, byte[] Commitment) Derive(byte[] header)
    {
        ReadOnlySpan<byte> salt = header.AsSpan(16, 16);
        byte[] input = _kind == FromPassword
            ? Rfc2898DeriveBytes.Pbkdf2(_secret, salt, BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(12)), HashAlgorithmName.SHA256, KeyBytes)
            : _secret;
        Span<byte> both = stackalloc byte[2 * KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, input, both, salt, "kavalek/v1/backup"u8);
        return (both[..KeyBytes].ToArray(), both[KeyBytes..].ToArray());
    }

    static byte[] FromStandardInput()
    {
        using Stream input = Console.OpenStandardInput();
        byte[] bytes = new byte[1024];
        return bytes[..input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    static byte[]? Parse(string text)
    {
        if (text.Length == 2 * KeyBytes && text.All(char.IsAsciiHexDigit)) return Convert.FromHexString(text);
        byte[] key = new byte[KeyBytes];
        return Base64.IsValid(text, out int length) && length == KeyBytes && Convert.TryFromBase64String(text, key, out _) ? key : null;
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Auth;

/// <summary>bcrypt (<c>$2b$</c>) as the platform's own <c>crypt_r</c> computes it.</summary>
internal sealed unsafe class Bcrypt
{
    /// <summary>Characters of a hash: <c>$2b$10$</c>, 22 of salt, 31 of hash.</summary>
    public const int HashCharacters = 60;

    // libxcrypt's struct crypt_data has 32,768 bytes, glibc's own had 131,232: room for either.
    const int DataBytes = 128 * 1024 + 4096;

    static readonly string[] Libraries = ["libcrypt.so.1", "libcrypt.so.2", "libcrypt.so", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

    // A widely published test case of the algorithm.
    const string KnownPhrase = "U*U";
    const string KnownHash = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    readonly delegate* unmanaged[Cdecl]<byte*, byte*, byte*, byte*> _crypt;

    Bcrypt(nint crypt) => _crypt = (delegate* unmanaged[Cdecl]<byte*, byte*, byte*, byte*>)crypt;

    /// <summary>Finds <c>crypt_r</c> and makes sure it computes bcrypt.</summary>
    /// <exception cref="InvalidOperationException">The system has none, and how to get it.</exception>
    public static Bcrypt Load()
    {
        foreach (string library in Libraries)
        {
            if (!NativeLibrary.TryLoad(library, out nint handle)) continue;
            if (!NativeLibrary.TryGetExport(handle, "crypt_r", out nint crypt)) continue;
            Bcrypt bcrypt = new(crypt);
            if (bcrypt.Compute(Encoding.ASCII.GetBytes(KnownPhrase), KnownHash) == KnownHash) return bcrypt;
        }
        throw new InvalidOperationException(
            "This system's libcrypt is missing or cannot compute bcrypt. On Debian and Ubuntu: apt-get install libcrypt1");
    }

    /// <summary>Hashes with a fresh random salt.</summary>
    /// <param name="phrase">ASCII without NUL, at most 72 bytes: bcrypt reads no further.</param>
    /// <param name="cost">10 to 12: the base-2 logarithm of the rounds.</param>
    public string Hash(ReadOnlySpan<byte> phrase, int cost) =>
        Compute(phrase, string.Create(CultureInfo.InvariantCulture, $"$2b${cost:00}${Salt()}")) is { } hash
            ? hash : throw new InvalidOperationException("crypt_r refused its own kind of hash");

    /// <summary>Whether <paramref name="hash"/> is of <paramref name="phrase"/>.</summary>
    public bool Verify(ReadOnlySpan<byte> phrase, string hash) =>
        Compute(phrase, hash) is { } computed
        && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(computed), Encoding.ASCII.GetBytes(hash));

    string? Compute(ReadOnlySpan<byte> phrase, string setting)
    {
        if (phrase.Length > 72 || phrase.Contains((byte)0)) throw new ArgumentException("bcrypt would not read all of it", nameof(phrase));
        byte[] phraseZ = [.. phrase, 0];
        byte[] settingZ = [.. Encoding.ASCII.GetBytes(setting), 0];
        void* data = NativeMemory.AllocZeroed(DataBytes);
        try
        {
            fixed (byte* p = phraseZ)
            fixed (byte* s = settingZ)
            {
                byte* result = _crypt(p, s, (byte*)data);
                string? hash = result == null ? null : Marshal.PtrToStringUTF8((nint)result);
                return hash?.Length == HashCharacters ? hash : null;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(phraseZ);
            CryptographicOperations.ZeroMemory(new Span<byte>(data, DataBytes));
            NativeMemory.Free(data);
        }
    }

    // bcrypt's base64 is the usual one in another alphabet.
    static string Salt()
    {
        const string usual = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const string bcrypt = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        return string.Concat(Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)).TrimEnd('=').Select(c => bcrypt[usual.IndexOf(c, StringComparison.Ordinal)]));
    }
}

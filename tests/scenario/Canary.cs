using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Scenario.Tests;

/// <summary>
/// A random word that is put where only people may read it, and then looked for where it must not be: raw, in UTF-16, base64 and base64url at
/// every alignment, hexadecimal, percent-encoded, and inside gzip.
/// </summary>
sealed class Canary
{
    readonly byte[] _bytes;

    Canary(string where, string text, byte[]? bytes = null) => (Where, Text, _bytes) = (where, text, bytes ?? Encoding.UTF8.GetBytes(text));

    /// <summary>Where it was put, for the message of a failure.</summary>
    public string Where { get; }

    /// <summary>The word: letters only, so that it may stand in a name or an address.</summary>
    public string Text { get; }

    public static Canary In(string where) => new(where, "canary" + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz", 14));

    /// <summary>A canary for text that was there already, such as an access token.</summary>
    public static Canary Of(string where, string text) => new(where, text);

    /// <summary>A canary for bytes that were there already, such as a key.</summary>
    public static Canary Of(string where, byte[] bytes) => new(where, "", bytes);

    /// <summary>The encodings in which <paramref name="haystack"/> has this canary; none is what a sweep wants.</summary>
    public IEnumerable<string> FoundIn(byte[] haystack)
    {
        foreach ((string name, byte[] needle) in Encodings())
        {
            if (haystack.AsSpan().IndexOf(needle) >= 0)
            {
                yield return name;
            }
        }
        foreach (byte[] inner in Inflated(haystack))
        {
            foreach ((string name, byte[] needle) in Encodings())
            {
                if (inner.AsSpan().IndexOf(needle) >= 0)
                {
                    yield return $"{name} inside gzip";
                }
            }
        }
    }

    IEnumerable<(string Name, byte[] Needle)> Encodings()
    {
        byte[] utf8 = _bytes;
        yield return ("raw", utf8);
        if (Text.Length > 0)
        {
            yield return ("upper case", Encoding.UTF8.GetBytes(Text.ToUpperInvariant()));
            yield return ("UTF-16", Encoding.Unicode.GetBytes(Text));
            yield return ("UTF-16 big-endian", Encoding.BigEndianUnicode.GetBytes(Text));
        }
        yield return ("hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(utf8)));
        yield return ("upper-case hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexString(utf8)));
        yield return ("percent-encoded", Encoding.ASCII.GetBytes(string.Concat(utf8.Select(b => $"%{b:X2}"))));
        for (int shift = 0; shift < 3; shift++)
        {
            // The characters that depend on the neighbours are cut off at both ends.
            string base64 = Convert.ToBase64String([.. new byte[shift], .. utf8]);
            string sure = base64[((shift * 8 + 5) / 6)..((shift + utf8.Length) * 8 / 6)];
            yield return ($"base64, shifted by {shift}", Encoding.ASCII.GetBytes(sure));
            yield return ($"base64url, shifted by {shift}", Encoding.ASCII.GetBytes(sure.Replace('+', '-').Replace('/', '_')));
        }
    }

    static IEnumerable<byte[]> Inflated(byte[] haystack)
    {
        for (int at = 0; (at = Next(haystack, at)) >= 0; at++)
        {
            using var plain = new MemoryStream();
            try
            {
                using var gzip = new GZipStream(new MemoryStream(haystack, at, haystack.Length - at), CompressionMode.Decompress);
                gzip.CopyTo(plain);
            }
            catch (InvalidDataException)
            {
                // Bytes that look like the start of gzip; what came before the fault is looked at all the same.
            }
            yield return plain.ToArray();
        }

        static int Next(byte[] haystack, int from)
        {
            int at = haystack.AsSpan(from).IndexOf((ReadOnlySpan<byte>)[0x1f, 0x8b, 0x08]);
            return at < 0 ? -1 : from + at;
        }
    }
}

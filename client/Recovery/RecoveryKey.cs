using System.Security.Cryptography;
using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>
/// What lets a new device in when no other one is at hand: 128 random bits, written down as 12 words (docs/PROTOCOL.md §5.6). No device keeps it.
/// Disposing zeroes the bits; the words are strings, and stay in memory until they are collected.
/// </summary>
public sealed class RecoveryKey : IDisposable
{
    /// <summary>Words of a recovery key.</summary>
    public const int WordCount = 12;

    const int Bytes = 16;
    const int BitsOfWord = 11;

    RecoveryKey(Secret secret) => Secret = secret;

    internal Secret Secret { get; }

    /// <summary>A fresh one.</summary>
    public static RecoveryKey Generate() => new(Secret.Own(RandomNumberGenerator.GetBytes(Bytes)));

    /// <summary>Reads what somebody typed: 12 words of one language, with or without accents, in any case; four letters of a word are enough.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.WrongRecoveryKey"/>: it says what is wrong with it.</exception>
    public static RecoveryKey Parse(string typed)
    {
        ArgumentNullException.ThrowIfNull(typed);
        string[] words = typed.Split([' ', '\t', '\r', '\n', '\u00a0', '\u3000', ',', '-'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != WordCount) throw Wrong($"A recovery key has {WordCount} words, and this has {words.Length}.");
        KavalekException? problem = null;
        foreach (RecoveryLanguage language in Enum.GetValues<RecoveryLanguage>())
        {
            int?[] numbers = [.. words.Select(word => RecoveryWords.Of(language).Find(word))];
            int unknown = Array.IndexOf(numbers, null);
            if (unknown < 0)
            {
                if (FromNumbers(numbers) is { } key) return key;
                problem = Wrong("These words are no recovery key: one of them is another word, or two are swapped.");
            }
            else if (numbers.Count(n => n is null) <= WordCount / 2)
            {
                problem ??= Wrong($"Word {unknown + 1} is none of a recovery key.");
            }
        }
        throw problem ?? Wrong("These are not the words of a recovery key.");
    }

    /// <summary>The 12 words, to be written down.</summary>
    public IReadOnlyList<string> Words(RecoveryLanguage language = RecoveryLanguage.English)
    {
        RecoveryWords list = RecoveryWords.Of(language);
        byte[] bits = [.. Secret.Span, SHA256.HashData(Secret.Span)[0]];
        string[] words = new string[WordCount];
        for (int i = 0; i < WordCount; i++) words[i] = list[Read(bits, i * BitsOfWord)];
        CryptographicOperations.ZeroMemory(bits);
        return words;
    }

    /// <summary>Zeroes the bits.</summary>
    public void Dispose() => Secret.Dispose();

    static RecoveryKey? FromNumbers(int?[] numbers)
    {
        byte[] bits = new byte[Bytes + 1];
        for (int i = 0; i < WordCount * BitsOfWord; i++)
            if ((numbers[i / BitsOfWord]!.Value >> (BitsOfWord - 1 - i % BitsOfWord) & 1) == 1) bits[i / 8] |= (byte)(0x80 >> i % 8);
        // Four bits of the hash: what is mistyped is noticed here in fifteen cases of sixteen, and else by the vault.
        bool right = bits[Bytes] >> 4 == SHA256.HashData(bits.AsSpan(0, Bytes))[0] >> 4;
        RecoveryKey? key = right ? new RecoveryKey(Secret.Copy(bits.AsSpan(0, Bytes))) : null;
        CryptographicOperations.ZeroMemory(bits);
        return key;
    }

    static int Read(byte[] bits, int at)
    {
        int number = 0;
        for (int i = at; i < at + BitsOfWord; i++) number = number << 1 | (bits[i / 8] >> (7 - i % 8) & 1);
        return number;
    }

    static KavalekException Wrong(string what) => new(ClientErrors.WrongRecoveryKey, $"{what} Nothing was changed; compare with what you wrote down.");
}

using System.Text;

namespace Kavalek.Client;

/// <summary>
/// What may stand as a reaction: one emoji as Unicode builds them (UTS #51), and nothing that could pass for words. New emoji of the blocks that Unicode keeps for them are
/// taken, too.
/// </summary>
public static class Emoji
{
    /// <summary>Bytes in UTF-8, at most.</summary>
    public const int MaximumBytes = 64;

    /// <summary>Whether a text is one emoji: a keycap, a flag, or pictographs that are joined to one, with skin tones and tags.</summary>
    public static bool IsEmoji(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length is 0 or > MaximumBytes / 2 || Encoding.UTF8.GetByteCount(text) > MaximumBytes) return false;
        int[] runes = [.. text.EnumerateRunes().Select(rune => rune.Value)];
        if (IsKeycapBase(runes[0])) return runes is [_, Keycap] or [_, Presentation, Keycap];
        if (IsRegional(runes[0])) return runes is [_, var second] && IsRegional(second);
        for (int at = 0; ;)
        {
            if (at == runes.Length || !IsPictograph(runes[at++])) return false;
            if (at < runes.Length && runes[at] == Presentation) at++;
            if (at < runes.Length && IsSkinTone(runes[at])) at++;
            if (at < runes.Length && IsTag(runes[at]))
            {
                while (at < runes.Length && IsTag(runes[at])) at++;
                if (at == runes.Length || runes[at++] != EndOfTags) return false;
            }
            if (at == runes.Length) return true;
            if (runes[at++] != Joiner) return false;
        }
    }

    const int Joiner = 0x200D, Keycap = 0x20E3, Presentation = 0xFE0F, EndOfTags = 0xE007F;

    static bool IsKeycapBase(int rune) => rune is '#' or '*' or (>= '0' and <= '9');

    static bool IsRegional(int rune) => rune is >= 0x1F1E6 and <= 0x1F1FF;

    static bool IsSkinTone(int rune) => rune is >= 0x1F3FB and <= 0x1F3FF;

    static bool IsTag(int rune) => rune is >= 0xE0020 and < EndOfTags;

    // The single characters outside of the blocks of symbols are those that Unicode lists as emoji.
    static bool IsPictograph(int rune) => rune is (>= 0x1F000 and <= 0x1FAFF) or (>= 0x2190 and <= 0x21FF) or (>= 0x2300 and <= 0x23FF) or (>= 0x25A0 and <= 0x27BF)
        or (>= 0x2900 and <= 0x297F) or (>= 0x2B00 and <= 0x2BFF) or 0xA9 or 0xAE or 0x203C or 0x2049 or 0x2122 or 0x2139 or 0x24C2 or 0x3030 or 0x303D or 0x3297 or 0x3299
        && !IsRegional(rune) && !IsSkinTone(rune);
}

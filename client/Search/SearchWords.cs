using System.Globalization;
using System.Text;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>
/// The words of a text as they are searched for: case, accents, vowel points and ligatures aside. Scripts that write no spaces are cut into pairs of
/// characters, so that whatever is sought in them begins somewhere.
/// </summary>
static class SearchWords
{
    /// <summary>Characters of a word that count; longer ones are cut.</summary>
    public const int Longest = 48;

    /// <summary>Words of one text that are kept, at most.</summary>
    public const int Most = 4_096;

    /// <summary>The words of <paramref name="text"/>, in their order; some may come twice.</summary>
    public static IReadOnlyList<string> Of(string text)
    {
        List<string> words = [];
        string folded = Fold(text);
        int start = -1, dense = 0, at = 0;
        foreach (Rune rune in folded.EnumerateRunes())
        {
            if (start >= 0 && (!IsOfWord(rune) || IsDense(rune) != dense > 0))
            {
                Add(words, folded.AsSpan(start, at - start), dense > 0);
                start = -1;
            }
            if (start < 0 && IsOfWord(rune)) (start, dense) = (at, IsDense(rune) ? 1 : 0);
            at += rune.Utf16SequenceLength;
            if (words.Count >= Most) return words;
        }
        if (start >= 0) Add(words, folded.AsSpan(start), dense > 0);
        return words;
    }

    /// <summary>A text without what makes no difference in a search.</summary>
    public static string Fold(string text)
    {
        if (Ascii.IsValid(text)) return text.ToLowerInvariant();
        StringBuilder folded = new(text.Length + 8);
        foreach (Rune rune in Decomposed(text).EnumerateRunes()) Append(folded, rune);
        return folded.ToString();
    }

    /// <summary>Whether a character belongs to a word.</summary>
    public static bool IsOfWord(Rune rune) => Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.SpacingCombiningMark
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.Format && rune.Value is 0x200C or 0x200D;

    static string Decomposed(string text)
    {
        try
        {
            return UnicodeForm.Decompose(text);
        }
        catch (ArgumentException)
        {
            return text; // half a character: what is whole around it is found all the same
        }
    }

    static void Append(StringBuilder folded, Rune rune)
    {
        if (rune.IsAscii)
        {
            folded.Append(char.ToLowerInvariant((char)rune.Value));
            return;
        }
        switch (rune.Value)
        {
            case 'ß' or 'ẞ': folded.Append("ss"); return;
            case 'æ' or 'Æ': folded.Append("ae"); return;
            case 'œ' or 'Œ': folded.Append("oe"); return;
            case 'þ' or 'Þ': folded.Append("th"); return;
            case 'ø' or 'Ø': folded.Append('o'); return;
            case 'đ' or 'Đ' or 'ð' or 'Ð': folded.Append('d'); return;
            case 'ł' or 'Ł': folded.Append('l'); return;
            case 'ħ' or 'Ħ': folded.Append('h'); return;
            case 'ı': folded.Append('i'); return;
            case 'ς': folded.Append('σ'); return;
            case 0x0640: return; // tatweel, which only stretches a word
            case 0x0671: folded.Append('\u0627'); return; // the ways to write alef, yeh, teh marbuta and kaf
            case 0x0649 or 0x06CC: folded.Append('\u064A'); return;
            case 0x0629: folded.Append('\u0647'); return;
            case 0x06A9: folded.Append('\u0643'); return;
        }
        switch (Rune.GetUnicodeCategory(rune))
        {
            case UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format: return;
            case UnicodeCategory.DecimalDigitNumber: folded.Append((char)('0' + (int)Rune.GetNumericValue(rune))); return;
        }
        Span<char> lower = stackalloc char[2];
        folded.Append(lower[..Rune.ToLowerInvariant(rune).EncodeToUtf16(lower)]);
    }

    // Chinese characters, kana, Thai, Lao, Burmese, Khmer.
    static bool IsDense(Rune rune) => rune.Value is >= 0x0E00 and <= 0x0EFF or >= 0x1000 and <= 0x109F or >= 0x1780 and <= 0x17FF
        or >= 0x3040 and <= 0x30FF or >= 0x3400 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x3FFFF;

    static void Add(List<string> words, ReadOnlySpan<char> word, bool dense)
    {
        if (!dense)
        {
            words.Add(Cut(word));
            return;
        }
        for (int at = 0; at < word.Length && words.Count < Most;)
        {
            int first = Length(word[at..]), second = at + first < word.Length ? Length(word[(at + first)..]) : 0;
            words.Add(word.Slice(at, first + second).ToString());
            at += first;
        }
    }

    static string Cut(ReadOnlySpan<char> word) =>
        (word.Length <= Longest ? word : char.IsHighSurrogate(word[Longest - 1]) ? word[..(Longest - 1)] : word[..Longest]).ToString();

    static int Length(ReadOnlySpan<char> text) => char.IsHighSurrogate(text[0]) && text.Length > 1 ? 2 : 1;
}

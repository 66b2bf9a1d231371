using System.Text;

namespace Kavalek.Client;

/// <summary>The part of a text that shows why it was found.</summary>
static class Excerpt
{
    const int Before = 40, Longest = 160;

    /// <summary>The part around the first match, and all matches in it.</summary>
    /// <param name="text">The text of the message.</param>
    /// <param name="words">What was looked for, folded.</param>
    public static (string Text, IReadOnlyList<TextMark> Marks) Of(string text, IReadOnlyList<string> words)
    {
        List<TextMark> marks = Matches(text, words);
        int first = marks.Count > 0 ? marks[0].Start : 0;
        int start = first <= Before ? 0 : WordStart(text, first - Before), end = Math.Min(text.Length, start + Longest);
        if (end < text.Length && char.IsLowSurrogate(text[end])) end++;
        StringBuilder excerpt = new();
        if (start > 0) excerpt.Append('…');
        int shift = excerpt.Length - start;
        // Units stay where they are, so that the marks do.
        foreach (char c in text.AsSpan(start, end - start)) excerpt.Append(char.IsWhiteSpace(c) || char.IsControl(c) ? ' ' : c);
        if (end < text.Length) excerpt.Append('…');
        return (excerpt.ToString(), [.. marks.Where(mark => mark.Start >= start && mark.Start + mark.Length <= end).Select(mark => mark with { Start = mark.Start + shift })]);
    }

    static List<TextMark> Matches(string text, IReadOnlyList<string> words)
    {
        List<TextMark> marks = [];
        for (int at = 0; at < text.Length;)
        {
            int end = at;
            while (Next(text, end) is { } rune && SearchWords.IsOfWord(rune)) end += rune.Utf16SequenceLength;
            if (end == at)
            {
                at += Next(text, at)?.Utf16SequenceLength ?? 1;
                continue;
            }
            Match(text, at, end, words, marks);
            at = end;
        }
        return marks;
    }

    // Scripts without spaces match anywhere in a run; others at its beginning.
    static void Match(string text, int start, int end, IReadOnlyList<string> words, List<TextMark> marks)
    {
        string folded = SearchWords.Fold(text[start..end]);
        HashSet<string> own = [.. SearchWords.Of(folded)];
        bool dense = !own.Contains(folded) && folded.Length <= SearchWords.Longest;
        int longest = 0;
        foreach (string word in words)
        {
            if (!dense)
            {
                if (folded.StartsWith(word, StringComparison.Ordinal)) longest = Math.Max(longest, Length(text, start, end, word.Length));
                continue;
            }
            for (int at = folded.IndexOf(word, StringComparison.Ordinal); at >= 0; at = folded.IndexOf(word, at + 1, StringComparison.Ordinal))
            {
                int from = start + (at == 0 ? 0 : Length(text, start, end, at));
                Add(marks, from, Length(text, start, end, at + word.Length) - (from - start));
            }
        }
        if (longest > 0) Add(marks, start, longest);
    }

    static void Add(List<TextMark> marks, int start, int length)
    {
        if (marks.Count > 0 && marks[^1] is var last && start <= last.Start + last.Length)
        {
            int from = Math.Min(last.Start, start);
            marks[^1] = new TextMark(from, Math.Max(last.Start + last.Length, start + length) - from);
        }
        else
        {
            marks.Add(new TextMark(start, length));
        }
    }

    // How much of the text makes so much of it folded: whole letters, with the marks that belong to the last one.
    static int Length(string text, int start, int end, int folded)
    {
        int at = start;
        while (at < end && SearchWords.Fold(text[start..at]).Length < folded) at += Next(text, at)?.Utf16SequenceLength ?? 1;
        while (at < end && Next(text, at) is { } rune && SearchWords.Fold(rune.ToString()).Length == 0) at += rune.Utf16SequenceLength;
        return at - start;
    }

    static Rune? Next(string text, int at) => at < text.Length && Rune.TryGetRuneAt(text, at, out Rune rune) ? rune : null;

    static int WordStart(string text, int at)
    {
        int found = at;
        while (found < at + Before / 2 && Next(text, found) is { } rune && SearchWords.IsOfWord(rune)) found += rune.Utf16SequenceLength;
        return char.IsLowSurrogate(text[found]) ? found + 1 : found;
    }
}

using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Kavalek.Cli.Text;

namespace Kavalek.Cli.Tests;

/// <summary>What other people write does nothing to the terminal but appear on it.</summary>
public static class SafeTextTests
{
    /// <summary>Things that terminals obey, from the manuals of xterm, VTE, kitty and iTerm2, and from reports about mail readers.</summary>
    public static TheoryData<string, string> Attacks => new()
    {
        { "\e[31mred\e[0m", "␛[31mred␛[0m" },
        { "\e[2J\e[H", "␛[2J␛[H" },
        { "\e]0;title\a", "␛]0;title␇" },
        { "\e]52;c;cm0gLXJmIH4=\e\\", "␛]52;c;cm0gLXJmIH4=␛\\" },
        { "\e]8;;https://evil.example\e\\bank.example\e]8;;\e\\", "␛]8;;https://evil.example␛\\bank.example␛]8;;␛\\" },
        { "\eP+q544e\e\\", "␛P+q544e␛\\" },
        { "\u009B31mred", "\uFFFD31mred" },
        { "\u009D0;title\u009C", "\uFFFD0;title\uFFFD" },
        { "back\b\b\b\bfake", "back␈␈␈␈fake" },
        { "bell\a nul\0 del\u007F", "bell␇ nul␀ del␡" },
        { "invoice\u202Efdp.exe", "invoicefdp.exe" },
        { "\u202Aa\u202Bb\u202Dc\u202Cd", "abcd" },
        { "zero\u200Bwidth\uFEFF\u2060\u00AD", "zerowidth" },
        { "tag\U000E0041\U000E0042s", "tags" },
        { "Hangul\u3164filler\u115F", "Hangulfiller" },
        { "\uD800 alone", "\uFFFD alone" },
        { "tab\there", "tab    here" },
        { "\u0301starts with a mark", "◌\u0301starts with a mark" },
        { "\u200D\u200Cjoins", "joins" },
    };

    [Theory, MemberData(nameof(Attacks))]
    public static void What_a_terminal_would_obey_is_shown_or_dropped(string hostile, string shown)
    {
        Assert.Equal(shown, SafeText.Lines(hostile));
        Assert.Equal(shown, SafeText.Line(hostile));
    }

    public static TheoryData<string> Honest =>
    [
        "Ça va ? Où étais-tu, là-bas ? « Très bien. »",
        "السلام عليكم ورحمة الله",
        "عربي with English و ١٢٣",
        "فارسی می\u200Cخواهم",
        "हिन्दी क्\u200Dष",
        "日本語と한국어와中文",
        "👩\u200D👩\u200D👧\u200D👦 👍🏽 🇫🇷 ❤\uFE0F 🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F",
        "e\u0301 — both forms of é",
        "[red]not mark-up[/] <b>nor this</b>",
        "\u2067مرحبا\u2069 isolated",
        "שלום \u200Fעולם",
    ];

    [Theory, MemberData(nameof(Honest))]
    public static void Letters_of_every_script_stay_as_they_are(string text)
    {
        Assert.Equal(text, SafeText.Lines(text));
        Assert.Equal(text, SafeText.Line(text));
    }

    [Theory]
    [InlineData("a\nb", "a\nb", "a⏎b")]
    [InlineData("a\r\nb\rc", "a\nb\nc", "a⏎b⏎c")]
    [InlineData("a\u2028b\u2029c\u0085d\ve\ff", "a\nb\nc\nd\ne\nf", "a⏎b⏎c⏎d⏎e⏎f")]
    public static void Every_kind_of_line_break_is_one_and_none_begins_a_line_in_a_name(string text, string lines, string line)
    {
        Assert.Equal(lines, SafeText.Lines(text));
        Assert.Equal(line, SafeText.Line(text));
    }

    [Fact]
    public static void An_isolate_ends_with_its_line()
    {
        Assert.Equal("\u2067ab\u2069\ncd", SafeText.Lines("\u2067ab\ncd"));
        Assert.Equal("ab", SafeText.Lines("ab\u2069\u2069"));
        Assert.Equal(8, SafeText.Lines(new string('\u2066', 1000)).Count(c => c == '\u2069'));
    }

    [Fact]
    public static void A_tower_of_marks_is_cut()
    {
        string tower = "a" + string.Concat(Enumerable.Repeat("\u0300", 500));
        Assert.Equal(1 + SafeText.MaximumMarks, SafeText.Lines(tower).Length);
    }

    [Fact]
    public static void Any_text_becomes_one_without_anything_to_obey() => Prop.ForAll(Hostile, text =>
    {
        string clean = SafeText.Lines(text);
        Assert.All(clean.EnumerateRunes(), rune => Assert.True(rune.Value == '\n' || !Forbidden(rune), $"U+{rune.Value:X4}"));
        Assert.DoesNotContain('\n', SafeText.Line(text));
        foreach (string line in clean.Split('\n'))
            Assert.Equal(line.Count(c => c is >= '\u2066' and <= '\u2068'), line.Count(c => c == '\u2069'));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public static void Cleaning_twice_changes_nothing_more() => Prop.ForAll(Hostile, text =>
        Assert.Equal(SafeText.Lines(text), SafeText.Lines(SafeText.Lines(text)))).QuickCheckThrowOnFailure();

    /// <summary>Texts in which the troublesome characters are frequent.</summary>
    static Arbitrary<string> Hostile => Gen.OneOf(
            Gen.Elements("\e", "\e[", "\u009B", "\n", "\r", "\u2028", "\u202E", "\u2066", "\u2067", "\u2069", "\u200D", "\u0301", "\uFE0F", "\U0001F3F4", "\U000E0067", "\U000E007F", "\uD83D", "\uDE00", "\t", "\0", "\u007F"),
            Gen.Elements("a", "é", "م", "語", "👍", " ", "[", "m", ";"),
            Gen.Choose(0, 0x10FFFF).Where(value => value is < 0xD800 or > 0xDFFF).Select(value => new Rune(value).ToString()))
        .ListOf().Select(parts => string.Concat(parts)).ToArbitrary();

    static bool Forbidden(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || rune.Value is (>= 0x202A and <= 0x202E) or 0x200B or 0xFEFF or (>= 0xFFF9 and <= 0xFFFB) or (>= 0x206A and <= 0x206F);
}

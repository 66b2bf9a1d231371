using Kavalek.Cli.Chat;
using Kavalek.Cli.Input;
using Kavalek.Cli.Output;
using Kavalek.Cli.Text;

namespace Kavalek.Cli.Tests;

/// <summary>Widths, wrapping and the prompt.</summary>
public static class TextLayoutTests
{
    [Theory]
    [InlineData("abc", 3)]
    [InlineData("é", 1)]
    [InlineData("e\u0301", 1)]
    [InlineData("日本", 4)]
    [InlineData("한국", 4)]
    [InlineData("👍", 2)]
    [InlineData("👍🏽", 2)]
    [InlineData("👩\u200D👩\u200D👧", 2)]
    [InlineData("🇫🇷", 2)]
    [InlineData("❤\uFE0F", 2)]
    [InlineData("❤", 1)]
    [InlineData("سلام", 4)]
    [InlineData("\u2067سلام\u2069", 4)]
    [InlineData("", 0)]
    public static void Characters_take_the_cells_that_terminals_give_them(string text, int cells) => Assert.Equal(cells, CellWidth.Of(text));

    [Fact]
    public static void Text_wraps_between_words_and_a_long_word_where_it_must()
    {
        Assert.Equal(["one two", "three"], Wrap.Lines("one two three", 8));
        Assert.Equal(["aaaaaaaa", "aaaa"], Wrap.Lines("aaaaaaaaaaaa", 8));
        Assert.Equal(["日本語", "日本"], Wrap.Lines("日本語日本", 7));
        Assert.Equal(["a", "", "b"], Wrap.Lines("a\n\nb", 8));
        Assert.Equal([""], Wrap.Lines("", 8));
    }

    [Fact]
    public static void No_line_is_wider_than_asked_for_and_nothing_but_spaces_is_lost()
    {
        const string text = "Une phrase assez longue, avec 日本語 et 👩\u200D👩\u200D👧 et الكثير من الكلام dedans, et_un_mot_qui_ne_finit_pas_du_tout.";
        for (int cells = 2; cells < 60; cells++)
        {
            IReadOnlyList<string> lines = Wrap.Lines(text, cells);
            Assert.All(lines, line => Assert.True(CellWidth.Of(line) <= cells));
            Assert.Equal(text.Replace(" ", ""), string.Concat(lines).Replace(" ", ""));
        }
    }

    [Fact]
    public static void What_does_not_fit_ends_with_an_ellipsis()
    {
        Assert.Equal("abc", Wrap.Fit("abc", 3));
        Assert.Equal("ab…", Wrap.Fit("abcd", 3));
        Assert.Equal("日…", Wrap.Fit("日本語", 4));
    }

    [Fact]
    public static void The_prompt_keeps_the_cursor_in_sight_when_it_has_more_rows_than_room()
    {
        string text = string.Join('\n', Enumerable.Range(0, 20).Select(i => $"line {i}"));
        PromptLayout end = PromptLayout.Of(text, text.Length, 40, 5);
        Assert.Equal(5, end.Rows.Count);
        Assert.Equal((4, 2 + "line 19".Length), (end.CursorRow, end.CursorCell));
        PromptLayout start = PromptLayout.Of(text, 0, 40, 5);
        Assert.Equal((0, 2), (start.CursorRow, start.CursorCell));
        Assert.Equal("› line 0", start.Rows[0]);
    }

    [Fact]
    public static void The_cursor_of_the_prompt_stands_behind_wide_characters()
    {
        Assert.Equal(2 + 4, PromptLayout.Of("日本", 2, 40, 5).CursorCell);
        PromptLayout wrapped = PromptLayout.Of("abcdefgh", 8, 8, 5);
        Assert.Equal((1, 5), (wrapped.CursorRow, wrapped.CursorCell));
        Assert.Equal(["› abcde", "  fgh"], wrapped.Rows);
    }

    [Fact]
    public static void Editing_goes_by_what_a_person_sees_as_one_character()
    {
        var editor = new LineEditor();
        editor.Insert("a👩\u200D👩\u200D👧e\u0301");
        editor.Backspace();
        Assert.Equal("a👩\u200D👩\u200D👧", editor.Text);
        editor.Left();
        Assert.Equal(1, editor.Cursor);
        editor.Delete();
        Assert.Equal("a", editor.Text);
        editor.Insert("bon mot ");
        editor.DeleteWord();
        Assert.Equal("abon ", editor.Text[..editor.Cursor]);
    }

    [Fact]
    public static void What_was_sent_comes_back_and_the_draft_too()
    {
        var editor = new LineEditor();
        editor.Insert("first");
        Assert.Equal("first", editor.Take());
        editor.Insert("second");
        editor.Take();
        editor.Insert("draft");
        editor.Previous();
        Assert.Equal("second", editor.Text);
        editor.Previous();
        editor.Previous();
        Assert.Equal("first", editor.Text);
        editor.Next();
        editor.Next();
        Assert.Equal("draft", editor.Text);
    }

    [Fact]
    public static void A_code_is_as_high_in_cells_as_half_its_width_and_has_a_light_border()
    {
        IReadOnlyList<string> rows = QrBlocks.Rows("kavalek:v1:" + new string('A', 128));
        Assert.All(rows, row => Assert.Equal(rows[0].Length, row.Length));
        Assert.Equal((rows[0].Length + 1) / 2, rows.Count);
        Assert.All(rows[0], cell => Assert.Equal('█', cell));
    }
}

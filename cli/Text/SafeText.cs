using System.Globalization;
using System.Text;

namespace Kavalek.Cli.Text;

/// <summary>
/// The one door through which other people's text reaches a terminal. What a terminal would obey instead of show (control characters,
/// escape sequences, bidirectional overrides) becomes visible or goes; letters, emoji and joiners of every script stay.
/// </summary>
static class SafeText
{
    /// <summary>Marks that may stand on one base character; more is a tower that paints over the lines above.</summary>
    public const int MaximumMarks = 8;

    /// <summary>Isolates that may be open at once.</summary>
    const int MaximumIsolates = 8;

    const char Replacement = '\uFFFD';

    /// <summary>Text for one line: a line break becomes ⏎, so that a name or title cannot begin a line of its own.</summary>
    public static string Line(string text) => Clean(text, '⏎');

    /// <summary>Text of any number of lines, which end in <c>\n</c> alone.</summary>
    public static string Lines(string text) => Clean(text, '\n');

    static string Clean(string text, char lineBreak)
    {
        var line = new CleanLine(text.Length);
        int at = 0;
        while (at < text.Length)
        {
            Decoded read = Read(text, at);
            at += read.Length;
            if (IsLineBreak(read.Rune))
            {
                if (read.Rune.Value == '\r' && at < text.Length && text[at] == '\n')
                    at++;
                line.Break(lineBreak);
            }
            else
            {
                line.Add(read.Rune);
            }
        }
        return line.End();
    }

    readonly record struct Decoded(Rune Rune, int Length);

    static Decoded Read(string text, int at)
    {
        Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out int length);
        return new Decoded(rune, length);
    }

    static bool IsLineBreak(Rune rune) => rune.Value is '\n' or '\r' or '\v' or '\f' or 0x85 or 0x2028 or 0x2029;

    /// <summary>Collects one line after the other and keeps what each must not leave open.</summary>
    sealed class CleanLine(int capacity)
    {
        readonly StringBuilder _out = new(capacity);
        readonly Stack<bool> _isolates = new();     // true: the opener was written, so its end is too
        int _openIsolates;
        int _marks;
        bool _flag;                                 // within a flag spelled in tags (🏴 and what follows)
        bool _atStart = true;

        public void Break(char lineBreak)
        {
            CloseIsolates();
            if (lineBreak == '\n')
                _atStart = true;
            _marks = 0;
            _flag = false;
            _out.Append(lineBreak);
        }

        public string End()
        {
            CloseIsolates();
            return _out.ToString();
        }

        public void Add(Rune rune)
        {
            int value = rune.Value;
            switch (value)
            {
                case '\t':
                    Append("    ");
                    return;
                case < 0x20:
                    Append((char)(0x2400 + value));     // a picture of the control character: ␛ for ESC
                    return;
                case 0x7F:
                    Append('␡');
                    return;
                case < 0xA0 and >= 0x80:
                    Append(Replacement);
                    return;
                case >= 0x2066 and <= 0x2068:
                    OpenIsolate(rune);
                    return;
                case 0x2069:
                    CloseIsolate();
                    return;
                case 0x1F3F4:
                    Append(rune);
                    _flag = true;
                    return;
                case >= 0xE0020 and <= 0xE007F when _flag:
                    _out.Append(rune.ToString());
                    _flag = value != 0xE007F;
                    return;
            }
            if ((value & 0xFFFE) == 0xFFFE || value is >= 0xFDD0 and <= 0xFDEF)
            {
                Append(Replacement);
                return;
            }
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark:
                    AddMark(rune);
                    return;
                case UnicodeCategory.Format when !HasMeaning(value):
                    return;
                case UnicodeCategory.Format:
                    // A joiner at the start would join with what we print before it.
                    if (!_atStart || value is not (0x200C or 0x200D))
                        _out.Append(rune.ToString());
                    return;
                case UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Control or UnicodeCategory.Surrogate:
                    Append(Replacement);
                    return;
            }
            // Blank letters: they would make a name that nobody sees.
            if (value is 0x115F or 0x1160 or 0x3164 or 0xFFA0)
                return;
            Append(rune);
        }

        void AddMark(Rune rune)
        {
            if (rune.Value is 0x034F or (>= 0xE0100 and <= 0xE01EF) || ++_marks > MaximumMarks)
                return;
            if (_atStart)
            {
                if (rune.Value is >= 0xFE00 and <= 0xFE0F)
                    return;
                _out.Append('◌');       // a base of its own, so that it does not change what we print before it
                _atStart = false;
            }
            _out.Append(rune.ToString());
        }

        /// <summary>Format characters that scripts and emoji need: joiners, marks of direction, Arabic and other number signs.</summary>
        static bool HasMeaning(int value) => value is 0x200C or 0x200D or 0x200E or 0x200F or 0x061C
            or (>= 0x0600 and <= 0x0605) or 0x06DD or 0x070F or 0x0890 or 0x0891 or 0x08E2 or 0x110BD or 0x110CD;

        void OpenIsolate(Rune rune)
        {
            bool keep = _openIsolates < MaximumIsolates;
            _isolates.Push(keep);
            if (keep)
            {
                _openIsolates++;
                _out.Append(rune.ToString());
            }
        }

        void CloseIsolate()
        {
            if (_isolates.TryPop(out bool kept) && kept)
            {
                _openIsolates--;
                _out.Append('\u2069');
            }
        }

        void CloseIsolates()
        {
            while (_isolates.Count > 0)
                CloseIsolate();
        }

        void Append(Rune rune)
        {
            _out.Append(rune.ToString());
            Started();
        }

        void Append(char one)
        {
            _out.Append(one);
            Started();
        }

        void Append(string text)
        {
            _out.Append(text);
            Started();
        }

        void Started()
        {
            _marks = 0;
            _flag = false;
            _atStart = false;
        }
    }
}

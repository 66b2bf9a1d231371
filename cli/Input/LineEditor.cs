using System.Globalization;
using System.Text;

namespace Kavalek.Cli.Input;

/// <summary>The text of a prompt and its cursor, edited by user-perceived characters. It draws nothing.</summary>
sealed class LineEditor
{
    readonly StringBuilder _text = new();
    readonly List<string> _sent = [];
    int _recalled = -1;
    string _draft = "";

    /// <summary>What is written so far.</summary>
    public string Text => _text.ToString();

    /// <summary>The index in <see cref="Text"/> before which the cursor stands.</summary>
    public int Cursor { get; private set; }

    /// <summary>Whether nothing is written.</summary>
    public bool IsEmpty => _text.Length == 0;

    /// <summary>Writes at the cursor.</summary>
    public void Insert(string text)
    {
        _text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>Removes the character before the cursor.</summary>
    public void Backspace() => Remove(Before(), Cursor);

    /// <summary>Removes the character after the cursor.</summary>
    public void Delete() => Remove(Cursor, After());

    /// <summary>Removes the word before the cursor.</summary>
    public void DeleteWord() => Remove(WordBefore(), Cursor);

    /// <summary>Removes everything before the cursor.</summary>
    public void DeleteToStart() => Remove(0, Cursor);

    /// <summary>Removes everything after the cursor.</summary>
    public void DeleteToEnd() => Remove(Cursor, _text.Length);

    /// <summary>One character to the left.</summary>
    public void Left() => Cursor = Before();

    /// <summary>One character to the right.</summary>
    public void Right() => Cursor = After();

    /// <summary>To the start of the word.</summary>
    public void WordLeft() => Cursor = WordBefore();

    /// <summary>Behind the end of the word.</summary>
    public void WordRight()
    {
        int at = Cursor;
        while (at < _text.Length && char.IsWhiteSpace(_text[at]))
            at++;
        while (at < _text.Length && !char.IsWhiteSpace(_text[at]))
            at++;
        Cursor = at;
    }

    /// <summary>To the start.</summary>
    public void Home() => Cursor = 0;

    /// <summary>To the end.</summary>
    public void End() => Cursor = _text.Length;

    /// <summary>Empties the prompt and gives what was written; ↑ brings it back.</summary>
    public string Take()
    {
        string text = Text;
        if (text.Trim().Length > 0 && (_sent.Count == 0 || _sent[^1] != text))
            _sent.Add(text);
        Set("");
        _recalled = -1;
        return text;
    }

    /// <summary>The line sent before; what is being written is kept for <see cref="Next"/>.</summary>
    public void Previous()
    {
        if (_recalled < 0)
        {
            _draft = Text;
            _recalled = _sent.Count;
        }
        if (_recalled == 0)
            return;
        Set(_sent[--_recalled]);
    }

    /// <summary>The line sent after, at last what was being written.</summary>
    public void Next()
    {
        if (_recalled < 0)
            return;
        if (++_recalled < _sent.Count)
        {
            Set(_sent[_recalled]);
            return;
        }
        _recalled = -1;
        Set(_draft);
    }

    void Set(string text)
    {
        _text.Clear().Append(text);
        Cursor = text.Length;
    }

    void Remove(int from, int to)
    {
        _text.Remove(from, to - from);
        Cursor = from;
    }

    int Before()
    {
        int[] starts = StringInfo.ParseCombiningCharacters(Text);
        int at = 0;
        foreach (int start in starts)
        {
            if (start >= Cursor)
                break;
            at = start;
        }
        return at;
    }

    int After()
    {
        string text = Text;
        return Cursor >= text.Length ? Cursor : Cursor + StringInfo.GetNextTextElementLength(text.AsSpan(Cursor));
    }

    int WordBefore()
    {
        int at = Cursor;
        while (at > 0 && char.IsWhiteSpace(_text[at - 1]))
            at--;
        while (at > 0 && !char.IsWhiteSpace(_text[at - 1]))
            at--;
        return at;
    }
}

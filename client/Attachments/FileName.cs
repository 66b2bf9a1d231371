using System.Globalization;
using System.Text;

namespace Kavalek.Client;

/// <summary>Names of files that somebody else chose, made fit to show and to save (docs/PROTOCOL.md §7.16).</summary>
public static class FileName
{
    /// <summary>Bytes of a cleaned name in UTF-8, at most.</summary>
    public const int MaximumBytes = 120;

    const int ExtensionCharacters = 16;
    const string Nameless = "file";

    static readonly HashSet<string> Devices = new(["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. Enumerable.Range(0, 10).SelectMany(i => (string[])[$"COM{i}", $"LPT{i}"]),
        "COM¹", "COM²", "COM³", "LPT¹", "LPT²", "LPT³"], StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The last part of a path, without what could lead elsewhere, hide what it is, or upset a file system: separators, drive letters, control and format
    /// characters (those that turn the direction of writing among them), what Windows forbids, leading dots, device names, more than <see cref="MaximumBytes"/>.
    /// </summary>
    public static string Clean(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string last = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        // The end counts: it holds the extension.
        if (last.Length > 8 * MaximumBytes) last = string.Concat(last.AsSpan(0, 4 * MaximumBytes), last.AsSpan(last.Length - MaximumBytes));
        StringBuilder kept = new(last.Length);
        foreach (Rune rune in last.EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned: break;
                case UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator: kept.Append(' '); break;
                default:
                    if (rune.Value == 0xFFFD) break;
                    kept.Append(rune.IsAscii && "<>:\"|?*".Contains((char)rune.Value, StringComparison.Ordinal) ? "_" : rune.ToString());
                    break;
            }
        }
        string trimmed = kept.ToString().Trim(' ', '.');
        if (trimmed.Length == 0) return Nameless;
        // Hidden before, plain now.
        if (last.TrimStart().StartsWith('.')) trimmed = $"_{trimmed}";
        if (Devices.Contains(trimmed.Split('.')[0].TrimEnd())) trimmed = $"_{trimmed}";
        return Shorten(trimmed);
    }

    /// <summary>The name for the <paramref name="number"/>th file of this name in one folder: <c>report (2).pdf</c>.</summary>
    public static string Numbered(string name, int number)
    {
        (string stem, string extension) = Split(name);
        return $"{stem} ({number.ToString(CultureInfo.InvariantCulture)}){extension}";
    }

    static string Shorten(string name)
    {
        if (Encoding.UTF8.GetByteCount(name) <= MaximumBytes) return name;
        (string stem, string extension) = Split(name);
        int room = MaximumBytes - Encoding.UTF8.GetByteCount(extension);
        StringBuilder kept = new();
        foreach (Rune rune in stem.EnumerateRunes())
        {
            if ((room -= rune.Utf8SequenceLength) < 0) break;
            kept.Append(rune.ToString());
        }
        return kept.ToString().TrimEnd(' ', '.') + extension;
    }

    static (string Stem, string Extension) Split(string name)
    {
        int dot = name.LastIndexOf('.');
        return dot > 0 && name.Length - dot <= ExtensionCharacters ? (name[..dot], name[dot..]) : (name, "");
    }
}

using System.Globalization;
using System.Reflection;
using System.Text;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>In which language a recovery key is written down.</summary>
public enum RecoveryLanguage
{
    /// <summary>English.</summary>
    English,
    /// <summary>French.</summary>
    French,
}

/// <summary>The 2,048 words of a language, of which four letters tell each from the others (docs/PROTOCOL.md §5.6).</summary>
sealed class RecoveryWords
{
    /// <summary>Words of a list.</summary>
    public const int Count = 2048;

    const int Telling = 4;

    static readonly Lazy<RecoveryWords> s_english = new(() => new("words-english.txt")), s_french = new(() => new("words-french.txt"));

    readonly string[] _words;
    readonly Dictionary<string, int> _byBeginning;

    RecoveryWords(string resource)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource) ?? throw new InvalidOperationException(resource);
        using StreamReader reader = new(stream, Encoding.UTF8);
        _words = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        _byBeginning = _words.Select((word, index) => (Word: word, Index: index)).ToDictionary(w => Beginning(Plain(w.Word)), w => w.Index);
    }

    /// <summary>The list of a language.</summary>
    public static RecoveryWords Of(RecoveryLanguage language) => language switch
    {
        RecoveryLanguage.English => s_english.Value,
        RecoveryLanguage.French => s_french.Value,
        _ => throw new ArgumentOutOfRangeException(nameof(language)),
    };

    /// <summary>A word by its number.</summary>
    public string this[int index] => _words[index];

    /// <summary>The number of what somebody typed: with or without accents, in any case, whole or as far as it is told from all others; <c>null</c> for none.</summary>
    public int? Find(string typed)
    {
        string plain = Plain(typed);
        return _byBeginning.TryGetValue(Beginning(plain), out int index) && Plain(_words[index]).StartsWith(plain, StringComparison.Ordinal) ? index : null;
    }

    static string Beginning(string plain) => plain.Length <= Telling ? plain : plain[..Telling];

    static string Plain(string word) => string.Concat(UnicodeForm.Of(word.Trim().ToLowerInvariant(), NormalizationForm.FormD)
        .Where(c => CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark));
}

using System.Text;

namespace Kavalek.Protocol.Identity;

/// <summary>Unicode normalization (UAX #15). .NET does it wherever the platform gives it the data; in a browser it has none, and the browser does it.</summary>
public static class UnicodeForm
{
    static Func<string, NormalizationForm, string>? s_platform;

    /// <summary>From now on, <paramref name="normalize"/> does it; once, when a program starts. It throws <see cref="ArgumentException"/> for what is not well-formed text.</summary>
    public static void Use(Func<string, NormalizationForm, string> normalize) => s_platform = normalize;

    /// <summary><paramref name="text"/> in its compatibility decomposition (NFKD): marks apart from their letters, ligatures and wide letters as plain ones.</summary>
    /// <exception cref="ArgumentException">It holds half a character: a surrogate alone.</exception>
    public static string Decompose(string text) => Of(text, NormalizationForm.FormKD);

    /// <summary><paramref name="text"/> in <paramref name="form"/>.</summary>
    /// <exception cref="ArgumentException">It holds half a character: a surrogate alone.</exception>
    public static string Of(string text, NormalizationForm form)
    {
        ArgumentNullException.ThrowIfNull(text);
        return s_platform is { } normalize ? normalize(text, form) : text.Normalize(form);
    }
}

using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Kavalek.Protocol.Identity;

/// <summary>The one spelling of an e-mail address: trimmed, NFC, lower-cased (docs/PROTOCOL.md §4). The salt depends on it.</summary>
public static class EmailAddress
{
    // What separates addresses, names them or quotes them: whoever reads a list or a name into an address writes to somebody else.
    static readonly SearchValues<char> s_refused = SearchValues.Create(",;:<>()[]\\\"");

    /// <summary>Brings an address a person typed into that spelling; false where it cannot be one.</summary>
    public static bool TryNormalize(string? typed, [NotNullWhen(true)] out string? email)
    {
        email = typed?.Trim();
        if (email is not null && email.Length <= Limits.EmailCharacters && IsText(email))
        {
            // Twice: there are letters that are one character in lower case only.
            email = UnicodeForm.Of(UnicodeForm.Of(email, NormalizationForm.FormC).ToLowerInvariant(), NormalizationForm.FormC);
            if (IsWellFormed(email)) return true;
        }
        email = null;
        return false;
    }

    /// <summary>Whether the address is in that spelling already; a server accepts no other.</summary>
    public static bool IsNormalized(string email) => TryNormalize(email, out string? normalized) && normalized == email;

    static bool IsText(string email)
    {
        // Half a character is read as the replacement character.
        foreach (Rune rune in email.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar || Rune.IsWhiteSpace(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format) return false;
        }
        return true;
    }

    // Who owns a mailbox is for the mail system to say; this keeps out what is not one plain address. After NFC, which makes a semicolon of a Greek question mark.
    static bool IsWellFormed(string email)
    {
        int at = email.IndexOf('@');
        return at > 0 && at == email.LastIndexOf('@') && email.Length <= Limits.EmailCharacters
            && !email.AsSpan().ContainsAny(s_refused) && email[(at + 1)..].Split('.').All(label => label.Length > 0);
    }
}

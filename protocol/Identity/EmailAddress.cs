using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Kavalek.Protocol.Identity;

/// <summary>The one spelling of an e-mail address: trimmed, NFC, lower-cased (docs/PROTOCOL.md §4). The salt depends on it.</summary>
public static class EmailAddress
{
    /// <summary>Brings an address a person typed into that spelling; false where it cannot be one.</summary>
    public static bool TryNormalize(string? typed, [NotNullWhen(true)] out string? email)
    {
        email = typed?.Trim();
        if (email is null || !IsWellFormed(email))
        {
            email = null;
            return false;
        }
        email = UnicodeForm.Of(email, NormalizationForm.FormC).ToLowerInvariant();
        return email.Length <= Limits.EmailCharacters;
    }

    /// <summary>Whether the address is in that spelling already; a server accepts no other.</summary>
    public static bool IsNormalized(string email) => TryNormalize(email, out string? normalized) && normalized == email;

    // Deliberately lax: who owns a mailbox is for the mail system to say; this keeps out what cannot be an address.
    static bool IsWellFormed(string email)
    {
        int at = email.LastIndexOf('@');
        if (at < 1 || at == email.Length - 1 || email.Length > Limits.EmailCharacters) return false;
        for (int i = 0; i < email.Length; i++)
        {
            char c = email[i];
            if (char.IsControl(c) || char.IsWhiteSpace(c)) return false;
            if (char.IsSurrogate(c))
            {
                if (!char.IsHighSurrogate(c) || i + 1 == email.Length || !char.IsLowSurrogate(email[i + 1])) return false;
                i++;
            }
        }
        return true;
    }
}

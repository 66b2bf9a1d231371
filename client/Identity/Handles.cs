using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>The one spelling of a handle: lower case, without the @.</summary>
static class Handles
{
    /// <summary>Brings what somebody typed into that spelling.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.Invalid"/>: it cannot be a handle.</exception>
    public static string Normalize(string typed)
    {
        ArgumentNullException.ThrowIfNull(typed);
        string handle = typed.Trim().TrimStart('@').ToLowerInvariant();
        bool valid = handle.Length is >= 3 and <= 32 && char.IsAsciiLetterLower(handle[0])
            && handle.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '.');
        return valid
            ? handle
            : throw new KavalekException(ErrorCodes.Invalid, "A handle has 3 to 32 characters: letters a to z, digits, _ and dots, and begins with a letter.");
    }
}

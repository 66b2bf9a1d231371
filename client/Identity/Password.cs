using System.Text;
using Kavalek.Mls;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>A password as bytes: NFC, UTF-8, so that it is the same however it was typed (docs/PROTOCOL.md §4).</summary>
static class Password
{
    /// <summary>Characters a password has at least.</summary>
    public const int MinimumCharacters = 10;

    /// <summary>Bytes of what a password is stretched to.</summary>
    public const int StretchedBytes = 32;

    /// <summary>The bytes.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.UnsuitablePassword"/>; <see cref="ClientErrors.Platform"/>.</exception>
    public static Secret Normalize(string password)
    {
        ArgumentNullException.ThrowIfNull(password);
        RequireNormalization();
        string normalized;
        try
        {
            normalized = UnicodeForm.Of(password, NormalizationForm.FormC);
        }
        catch (ArgumentException e)
        {
            throw new KavalekException(ClientErrors.UnsuitablePassword, "The password contains something that is not text. Type it again.", inner: e);
        }
        if (normalized.EnumerateRunes().Count() < MinimumCharacters)
            throw new KavalekException(ClientErrors.UnsuitablePassword, $"A password has at least {MinimumCharacters} characters. A few random words are good.");
        return Secret.Own(Encoding.UTF8.GetBytes(normalized));
    }

    // Without the platform's Unicode data string.Normalize does nothing and says nothing: the same password would give other keys
    // on other machines.
    static void RequireNormalization()
    {
        if (UnicodeForm.Of("e\u0301", NormalizationForm.FormC).Length != 1)
            throw new KavalekException(ClientErrors.Platform,
                "This system lacks its Unicode data, so passwords would differ from those on other devices. Install ICU (package libicu), and do not set DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.");
    }
}

namespace Kavalek.Auth;

/// <summary>The public name of an account, without the @.</summary>
internal static class Handle
{
    // Names that would let somebody pass for the instance or its staff.
    static readonly HashSet<string> Reserved =
    [
        "abuse", "account", "accounts", "admin", "administrator", "all", "anonymous", "api", "auth", "bot", "channel", "contact",
        "everyone", "group", "help", "here", "info", "instance", "invite", "kavalek", "mail", "me", "mod", "moderator", "news",
        "nobody", "noreply", "null", "official", "owner", "postmaster", "press", "privacy", "root", "security", "server", "setup",
        "staff", "support", "sysadmin", "system", "team", "tips", "undefined", "user", "webmaster", "you",
    ];

    /// <summary>Whether somebody may have it.</summary>
    public static bool IsAllowed(string handle) => IsWellFormed(handle) && !Reserved.Contains(handle.Replace("_", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal));

    /// <summary>3 to 32 of <c>a-z 0-9 _ .</c>, beginning with a letter.</summary>
    public static bool IsWellFormed(string handle) =>
        handle.Length is >= 3 and <= 32
        && char.IsAsciiLetterLower(handle[0])
        && handle.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '.');
}

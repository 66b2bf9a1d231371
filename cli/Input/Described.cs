using Kavalek.Protocol.Identity;

namespace Kavalek.Cli.Input;

/// <summary>What a typed answer has to be; the text says what is wrong with one that is not.</summary>
static class Described
{
    /// <summary>An e-mail address.</summary>
    public static string? Email(string typed) =>
        EmailAddress.TryNormalize(typed, out _) ? null : "That is not an e-mail address. It looks like name@example.org.";

    /// <summary>A handle, with or without its @.</summary>
    public static string? Handle(string typed) => CommandLine.Targets.IsHandle(CommandLine.Targets.Bare(typed))
        ? null
        : "A handle has 3 to 32 characters: letters a to z, digits, _ and dots, and begins with a letter.";
}

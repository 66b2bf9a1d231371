using System.CommandLine;
using Kavalek.Cli.Profile;

namespace Kavalek.Cli.CommandLine;

/// <summary>The options that every command takes.</summary>
sealed class GlobalOptions
{
    /// <summary>The variable that names the profile folder.</summary>
    public const string ProfileVariable = "KAVALEK_PROFILE";

    /// <summary>Where the account lives.</summary>
    public Option<string?> Profile { get; } = new("--profile")
    {
        Description = $"The folder with your account on this computer (or ${ProfileVariable}; default: ~/.local/share/kavalek/default).",
        HelpName = "DIR",
        Recursive = true,
    };

    /// <summary>A file that holds the password.</summary>
    public Option<string?> PasswordFile { get; } = new("--password-file")
    {
        Description = "Read the password from this file instead of asking (or from $KAVALEK_PASSWORD, which programs of yours can see).",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>How long to wait for another process on the same profile.</summary>
    public Option<double?> Wait { get; } = new("--wait")
    {
        Description = "How long to wait while another kavalek uses the profile (default: 10; chat and listen: 0).",
        HelpName = "SECONDS",
        Recursive = true,
    };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [Profile, PasswordFile, Wait];

    /// <summary>The largest <c>--wait</c>: a day.</summary>
    const double MaximumWait = 86_400;

    /// <summary>The folder that was asked for.</summary>
    public ProfileFolder Folder(ParseResult parsed)
    {
        string? path = parsed.GetValue(Profile);
        if (string.IsNullOrEmpty(path))
            path = Environment.GetEnvironmentVariable(ProfileVariable);
        return new ProfileFolder(string.IsNullOrEmpty(path) ? ProfileFolder.Default : path);
    }

    /// <summary>The wait that was asked for, or <paramref name="usual"/> seconds.</summary>
    /// <exception cref="CliException">It is negative, or more than a day.</exception>
    public TimeSpan Patience(ParseResult parsed, double usual)
    {
        double seconds = parsed.GetValue(Wait) ?? usual;
        return seconds is >= 0 and <= MaximumWait
            ? TimeSpan.FromSeconds(seconds)
            : throw new CliException(ExitCode.Usage, "--wait takes seconds from 0 to 86400.");
    }
}

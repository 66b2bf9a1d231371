namespace Kavalek.Cli;

/// <summary>An end that was foreseen: a text a person can act on, and the exit code that goes with it.</summary>
sealed class CliException(int exitCode, string message) : Exception(message)
{
    /// <summary>One of <see cref="Cli.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;
}

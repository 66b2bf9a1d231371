using System.CommandLine;

namespace Kavalek.Cli.CommandLine;

/// <summary>A command whose help ends with examples.</summary>
sealed class Verb : Command
{
    /// <summary>A command with its one-line description.</summary>
    public Verb(string name, string description) : base(name, description)
    {
    }

    /// <summary>Full command lines, each with what it does: shown under the options.</summary>
    public IReadOnlyList<Example> Examples { get; set; } = [];

    /// <summary>Paragraphs that the help shows before the examples.</summary>
    public string? Notes { get; set; }
}

/// <summary>An example of a command line.</summary>
/// <param name="Line">As typed, from <c>kavalek</c> on.</param>
/// <param name="Does">What it does, in a few words; may be empty.</param>
sealed record Example(string Line, string Does = "");

using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Kavalek.Cli.CommandLine;

/// <summary>The usual help page, and then examples: people copy from those.</summary>
sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        Command command = parseResult.CommandResult.Command;
        if (command is RootCommand)
        {
            output.WriteLine(Overview);
            return ExitCode.Ok;
        }
        if (command is not Verb verb)
            return ExitCode.Ok;
        if (verb.Notes is not null)
            output.WriteLine($"{verb.Notes}{Environment.NewLine}");
        if (verb.Examples.Count > 0)
        {
            output.WriteLine("Examples:");
            foreach (Example example in verb.Examples)
            {
                if (example.Does.Length > 0)
                    output.WriteLine($"  # {example.Does}");
                output.WriteLine($"  {example.Line}");
            }
            output.WriteLine();
        }
        return ExitCode.Ok;
    }

    const string Overview = """
        First steps:
          kavalek signup 'https://chat.example.org/#invite=…' --email you@example.org --handle you
          kavalek contacts add @marie        # or the link Marie gave you
          kavalek chat @marie
          kavalek verify @marie              # compare the number by telephone, once

        The password is asked for at the terminal, or read from --password-file or KAVALEK_PASSWORD; it never goes on the command line.
        'kavalek COMMAND --help' explains one command and has examples.

        Exit codes: 0 ok, 1 error, 2 usage, 3 server not reached (a message stays queued), 4 profile in use, 5 wrong password,
        6 no account or session here, 7 not found, 8 not allowed or a decision is needed first, 9 another web app than the release's, 130 interrupted.

        """;
}

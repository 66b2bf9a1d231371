using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek verify</c>: compare a safety number, and say that it matched.</summary>
static class VerifyCommand
{
    const int Digits = 60;

    public static Command Create(CommandLine.Commands with)
    {
        var who = new Argument<string>("who") { Description = "Whose key to verify.", HelpName = "@HANDLE" };
        var code = new Option<string?>("--code") { Description = "The number (or scanned text) that the other one sees: compared here, and marked as verified where it is the same.", HelpName = "NUMBER" };
        var noQr = new Option<bool>("--no-qr") { Description = "Only the digits." };
        var command = new Verb("verify", "Compare safety numbers with a person, and mark them as verified.") { who, code, noQr };
        command.Notes = """
            Both people run this and see the same 60 digits, unless somebody stands between them. Compare by telephone or face to face, not in
            a message through this server. On a terminal you are asked whether they were the same; else give what the other one reads to you with --code.
            """;
        command.Examples =
        [
            new("kavalek verify @marie", "Show the number, and ask whether it is the same"),
            new("kavalek verify @marie --code '12345 67890 …'", "Let kavalek compare what she reads to you"),
        ];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            Contact contact = await Targets.PersonAsync(client, run.Get(who)!, cancel);
            if (run.Get(code) is string given)
            {
                contact = await client.VerifyAsync(contact.Account, Compared(given), cancel);
                run.Shell.Tell($"The numbers are the same. {Targets.Handle(contact)} is verified.");
                return ExitCode.Ok;
            }
            bool asks = run.Shell.PersonTypes && run.Shell.DrawsForPerson && contact.Trust == Trust.Unverified;
            Show(run, contact, !run.Get(noQr), asks);
            // What is marked is the number that stands above, and no key that came in its place meanwhile.
            if (asks && run.Shell.Confirm("Have you compared, and are all digits the same?"))
            {
                contact = await client.VerifyAsync(contact.Account, contact.SafetyNumber.Digits, cancel);
                run.Shell.Tell($"{Targets.Handle(contact)} is verified.");
            }
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Whether a key waits to be accepted: then a person says which number they compared.</summary>
    public static bool HasChanged(Contact contact) => contact.Trust is Trust.Changed or Trust.VerifiedChanged;

    /// <summary>The number that somebody typed or scanned.</summary>
    /// <exception cref="CliException">It is none.</exception>
    public static string Compared(string given)
    {
        string trimmed = given.Trim();
        if (trimmed.StartsWith("kavalek:", StringComparison.Ordinal))
            return trimmed;
        string digits = string.Concat(trimmed.Where(c => !char.IsWhiteSpace(c) && c is not ('-' or '.')));
        return digits.Length == Digits && digits.All(char.IsAsciiDigit) ? digits
            : throw new CliException(ExitCode.Usage, $"A safety number has {Digits} digits; this one has {digits.Count(char.IsAsciiDigit)}. Nothing was changed.");
    }

    static void Show(Run run, Contact contact, bool qr, bool asks)
    {
        // The code is higher than many windows: before the digits it may scroll away, after them it would push them out of sight.
        if (qr && run.Shell.DrawsForPerson)
            run.Shell.Qr(contact.SafetyNumber.QrText);
        run.Shell.Tell($"{Targets.Handle(contact)}, now {Describe.Trust(contact)}. The number of the two of you:");
        run.Shell.Tell("");
        foreach (string[] line in contact.SafetyNumber.Groups.Chunk(4))
            run.Shell.Out.WriteLine("    " + string.Join("  ", line));
        run.Shell.Tell($"""

            Ask {Targets.Handle(contact)} to run 'kavalek verify' with your handle, and compare by telephone or face to face.
            {(asks ? "The same: say so below." : $"The same: kavalek verify {Targets.Handle(contact)} --code 'the number that they read to you'")}
            Different in any digit: do not write anything that matters; somebody may stand between you.
            """);
        if (HasChanged(contact))
            run.Shell.Tell($"This is the number of a key that changed. With the right --code the key is accepted; without comparing: kavalek accept-key {Targets.Handle(contact)}");
    }
}

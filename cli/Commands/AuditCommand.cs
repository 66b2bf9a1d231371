using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;
using Kavalek.Protocol.Auth;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek audit</c>: what those who run the instance did, for every member.</summary>
static class AuditCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var limit = new Option<int>("--limit") { Description = "At most so many, the newest.", HelpName = "N", DefaultValueFactory = _ => 100 };
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb("audit", "Show what those who run the instance did.") { limit, json };
        command.Notes = "Each line is bound to the one before, and this device remembers the newest it has seen: if anything of that is changed or taken out later, it says so.";
        command.Examples = [new("kavalek audit"), new("kavalek audit --limit 10 --json")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            AuditTrail trail = await client.AuditAsync(Math.Max(1, run.Get(limit)), cancel);
            if (run.Get(json))
            {
                foreach (AuditRecord record in trail.Records)
                {
                    run.Shell.Out.WriteLine(JsonLine.Object(o =>
                    {
                        o.WriteNumber("number", record.Number);
                        o.WriteString("at", At(record));
                        o.WriteString("actor", record.ActorHandle ?? record.Actor.ToString());
                        o.WriteString("act", record.Act);
                        if (Whom(record) is string whom)
                            o.WriteString("subject", whom);
                        if (record.Detail.Length > 0)
                            o.WriteString("detail", record.Detail);
                    }));
                }
            }
            else
            {
                run.Shell.Table(["When", "Who", "Did", "To"], trail.Records.Select(record => (string[])
                [
                    At(record), record.ActorHandle is string actor ? $"@{actor}" : record.Actor.ToString()[..8], record.Detail.Length > 0 ? $"{record.Act} ({record.Detail})" : record.Act,
                    record.SubjectHandle is string handle ? $"@{handle}" : Whom(record)?[..8] ?? "",
                ]), "Nothing was done yet.");
            }
            if (trail.Break is { } found)
            {
                run.Shell.Warn(found.Text);
                return ExitCode.Differs;
            }
            return ExitCode.Ok;
        });
        return command;
    }

    static string At(AuditRecord record) => Describe.Time(DateTimeOffset.FromUnixTimeSeconds(record.At));

    static string? Whom(AuditRecord record) => record.SubjectHandle ?? record.Subject?.ToString();
}

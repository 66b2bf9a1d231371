using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek admin reports</c>: what members reported, opened and checked on this computer.</summary>
static class AdminReports
{
    public static Verb Create(CommandLine.Commands with)
    {
        var command = new Verb("reports", "Read what members reported, and decide about it.") { List(with), Show(with), Decide(with) };
        command.Notes = "Reports come to those who have opened the dashboard, or used 'kavalek admin', since they have a rank. The server cannot read them. To suspend somebody is an act of its own: kavalek admin suspend.";
        command.Examples = [new("kavalek admin reports list"), new("kavalek admin reports show 6fa1"), new("kavalek admin reports decide 6fa1 dismissed")];
        return command;
    }

    static Verb List(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb("list", "List reports that wait, the oldest first.") { json };
        command.Examples = [new("kavalek admin reports list")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            (IReadOnlyList<ReportInfo> reports, int total) = await dashboard.Reports.WaitingAsync(cancel);
            if (run.Get(json))
            {
                foreach (ReportInfo report in reports)
                {
                    run.Shell.Out.WriteLine(JsonLine.Object(o =>
                    {
                        o.WriteString("report", report.Id.ToString());
                        o.WriteString("filed", Day(report.FiledOn));
                    }));
                }
                return;
            }
            run.Shell.Table(["Report", "Came"], reports.Select(report => (string[])[report.Id.ToString(), Day(report.FiledOn)]), "No report waits.");
            if (total > reports.Count)
                run.Shell.Tell($"{AdminCommand.Number(total)} in all; these are the oldest.");
        }, cancel));
        return command;
    }

    static Verb Show(CommandLine.Commands with)
    {
        Argument<string> id = Which();
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var command = new Verb("show", "Open a report and check who wrote what it shows.") { id, json };
        command.Examples = [new("kavalek admin reports show 6fa1")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            OpenedReport report = await dashboard.Reports.OpenAsync(await FindAsync(dashboard, run.Get(id)!, cancel), cancel);
            if (run.Get(json))
            {
                run.Shell.Out.WriteLine(JsonLine.Object(o =>
                {
                    o.WriteString("report", report.Id.ToString());
                    o.WriteString("filed", Day(report.FiledOn));
                    o.WriteString("reason", report.Reason.ToString().ToLowerInvariant());
                    o.WriteString("words", report.Words);
                    o.WriteBoolean("proven", report.IsProven);
                    o.WriteStartArray("messages");
                    foreach (ReportedMessage message in report.Messages)
                    {
                        o.WriteStartObject();
                        o.WriteString("verdict", Verdict(message));
                        if (message.Writer is { } writer)
                        {
                            o.WriteString("account", writer.ToString());
                            if (message.Handle is string handle)
                                o.WriteString("handle", handle);
                            o.WriteString("conversation", message.Conversation.ToString());
                            o.WriteString("title", message.Title);
                            o.WriteString("sentAt", message.SentAt.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
                            o.WriteBoolean("edit", message.IsEdit);
                            o.WriteString("text", message.Text);
                        }
                        o.WriteEndObject();
                    }
                    o.WriteEndArray();
                }));
                return;
            }
            run.Shell.Tell($"Came on {Day(report.FiledOn)}, for {report.Reason.ToString().ToLowerInvariant()}.{(report.Words.Length > 0 ? $" Its sender says: {report.Words}" : "")}");
            run.Shell.Table(["Writer", "Who wrote it", "Where", "Sent (by the writer's clock)", "Text"], report.Messages.Select(message => (string[])
            [
                message.Handle is string handle ? $"@{handle}" : message.Writer?.ToString()[..8] ?? "-", Verdict(message), message.Writer is null ? "" : message.Title.Length > 0 ? message.Title : "a conversation of two",
                message.Writer is null ? "" : Describe.Time(message.SentAt), message.IsEdit ? $"(edited) {message.Text}" : message.Text,
            ]), "It shows nothing.");
        }, cancel));
        return command;
    }

    static Verb Decide(CommandLine.Commands with)
    {
        Argument<string> id = Which();
        var decision = new Argument<string>("decision") { Description = "dismissed, suspended or acted.", HelpName = "DECISION" };
        var command = new Verb("decide", "Write the decision into the audit log and delete the report.") { id, decision };
        command.Notes = "The log says who decided and what, and nothing of the report. Nothing else happens by this: suspend first.";
        command.Examples = [new("kavalek admin reports decide 6fa1 dismissed")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            if (!Enum.TryParse(run.Get(decision), ignoreCase: true, out ReportDecision decided) || !Enum.IsDefined(decided))
                throw new CliException(ExitCode.Usage, "A decision is dismissed, suspended or acted. Nothing was decided.");
            await dashboard.Reports.DecideAsync(await FindAsync(dashboard, run.Get(id)!, cancel), decided, cancel);
            run.Shell.Tell("Decided; the report is deleted.");
        }, cancel));
        return command;
    }

    static Argument<string> Which() => new("report") { Description = "The beginning of its id.", HelpName = "ID" };

    static async Task<Id> FindAsync(Dashboard dashboard, string digits, CancellationToken cancel) =>
        Targets.ById((await dashboard.Reports.WaitingAsync(cancel)).Reports, report => report.Id, digits, "report that waits").Id;

    static string Verdict(ReportedMessage message) => message.Verdict switch
    {
        ReportVerdict.Proven => "proven",
        ReportVerdict.OtherKey => "another key than known",
        _ => "FORGED",
    };

    static string Day(DateTimeOffset day) => day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}

using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Protocol.Auth;

namespace Kavalek.Cli.Commands;

/// <summary>Trying what the instance needs, and looking at its conversations from outside: <c>kavalek admin test-mail</c>, <c>test-push</c>, <c>groups</c>.</summary>
static class AdminHealth
{
    public static IEnumerable<Verb> All(CommandLine.Commands with) => [TestMail(with), TestPush(with), Groups(with)];

    static Verb TestMail(CommandLine.Commands with)
    {
        var command = new Verb("test-mail", "Send a letter to your own address, and say what came of it.") { Examples = [new("kavalek admin test-mail")] };
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            SelfTest test = await dashboard.TestMailAsync(cancel);
            Say(run, "mail", test.Outcome, test.Detail);
        }, cancel));
        return command;
    }

    static Verb TestPush(CommandLine.Commands with)
    {
        var command = new Verb("test-push", "See whether the server reaches the push services of browsers.") { Examples = [new("kavalek admin test-push")] };
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            IReadOnlyList<PushServiceTest> services = await dashboard.TestPushAsync(cancel);
            if (services.Count == 0)
                Say(run, "push", SelfTestOutcomes.Off, null);
            foreach (PushServiceTest service in services)
                Say(run, service.Service, service.Outcome, null);
        }, cancel));
        return command;
    }

    static Verb Groups(CommandLine.Commands with)
    {
        var before = new Option<long?>("--before") { Description = "Go on below this number.", HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb("groups", "List conversations by number, the newest first, a hundred at a time.") { before, json };
        command.Notes = "The server knows neither their names nor whose devices are in them; sizes come in classes and times in days, so that nobody's conversations can be made out here.";
        command.Examples = [new("kavalek admin groups")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            GroupsPage page = await dashboard.GroupsAsync(run.Get(before), cancel: cancel);
            if (run.Get(json))
            {
                foreach (GroupRecord group in page.Groups)
                {
                    run.Shell.Out.WriteLine(JsonLine.Object(o =>
                    {
                        o.WriteNumber("group", group.Group);
                        o.WriteNumber("devicesUpTo", group.DevicesUpTo);
                        o.WriteNumber("bytes", group.Bytes);
                        if (group.Created is long created)
                            o.WriteString("created", Day(created));
                        if (group.Rekeyed is long rekeyed)
                            o.WriteString("rekeyed", Day(rekeyed));
                    }));
                }
                return;
            }
            run.Shell.Table(["Group", "Devices", "Waiting", "Since", "Keys changed"], page.Groups.Select(g => (string[])
            [
                AdminCommand.Number(g.Group), $"up to {AdminCommand.Number(g.DevicesUpTo)}", $"{AdminCommand.Number(g.Bytes >> 10)} KiB", Day(g.Created), Day(g.Rekeyed),
            ]), "No conversations yet.");
            if (page.Next is long next)
                run.Shell.Tell($"{AdminCommand.Number(page.Total)} in all. More: --before {AdminCommand.Number(next)}");
        }, cancel));
        return command;
    }

    static string Day(long? seconds) => seconds is long known ? DateTimeOffset.FromUnixTimeSeconds(known).UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture) : "";

    static void Say(Run run, string what, string outcome, string? detail)
    {
        string said = outcome switch
        {
            SelfTestOutcomes.Ok => "works",
            SelfTestOutcomes.Off => "is not set up",
            SelfTestOutcomes.NoName => "has a name that leads nowhere",
            SelfTestOutcomes.NotReached => "is not reached: nobody answers there",
            SelfTestOutcomes.NoTls => "offers no TLS, or a certificate that does not hold",
            SelfTestOutcomes.LoginRefused => "does not take the user and password",
            _ => "refused",
        };
        run.Shell.Tell($"{what}: {said}{(detail is null ? "" : $" ({Text.SafeText.Line(detail)})")}");
    }
}

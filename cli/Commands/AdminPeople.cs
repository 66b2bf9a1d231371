using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Cli.Commands;

/// <summary>Who is on the instance, and what is done about it: <c>kavalek admin people</c>, <c>find</c>, <c>suspend</c> and the other acts.</summary>
static class AdminPeople
{
    public static IEnumerable<Verb> All(CommandLine.Commands with) =>
    [
        List(with), Find(with), Rank(with),
        Act(with, "suspend", "Shut somebody out; what they have stays.", "Shut {0} out? All their devices are logged out at once; nothing is deleted.", (d, a, c) => d.SuspendAsync(a, c), "{0} is suspended."),
        Act(with, "resume", "Let somebody in again who was suspended.", null, (d, a, c) => d.ResumeAsync(a, c), "{0} may log in again."),
        Act(with, "sign-out", "Log all of somebody's devices out.", "Log all devices of {0} out?", (d, a, c) => d.SignOutAsync(a, c), "All devices of {0} are logged out."),
        Act(with, "off-board", "End somebody's time here; their handle stays taken.",
            "Off-board {0}? Devices, recovery, archive, address and password are deleted at the server. Nothing brings them back.", (d, a, c) => d.OffBoardAsync(a, c), "{0} is off-boarded."),
        Act(with, "delete", "Delete somebody's account; their handle is free again.",
            "Delete the account {0}? Nothing brings it back.", (d, a, c) => d.DeleteAsync(a, c), "The account {0} is deleted."),
    ];

    static Verb List(CommandLine.Commands with)
    {
        var beginning = new Argument<string?>("handle") { Description = "How the handle begins.", HelpName = "BEGINNING", Arity = ArgumentArity.ZeroOrOne };
        var rank = new Option<string?>("--rank") { Description = "member, moderator, admin or owner.", HelpName = "RANK" };
        var state = new Option<string?>("--state") { Description = "active, suspended or left.", HelpName = "STATE" };
        var after = new Option<string?>("--after") { Description = "Go on after this handle.", HelpName = "HANDLE" };
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb("people", "List accounts by handle, a hundred at a time.") { beginning, rank, state, after, json };
        command.Examples = [new("kavalek admin people"), new("kavalek admin people mar --rank member")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            PeoplePage page = await dashboard.PeopleAsync(new PeopleQuery(
                run.Get(beginning) is string typed ? Targets.Bare(typed) : null, run.Get(rank), run.Get(state), run.Get(after) is string last ? Targets.Bare(last) : null), cancel);
            Show(run, page.People, run.Get(json));
            if (page.Next is { } next)
                run.Shell.Tell($"{AdminCommand.Number(page.Total)} in all. More: --after @{next}");
        }, cancel));
        return command;
    }

    static Verb Find(CommandLine.Commands with)
    {
        var email = new Argument<string>("email") { Description = "The whole address.", HelpName = "EMAIL" };
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var command = new Verb("find", "Find the account of an e-mail address, which you have to know whole.") { email, json };
        command.Examples = [new("kavalek admin find zoe@example.org")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
            Show(run, [await dashboard.FindByEmailAsync(run.Get(email)!, cancel)], run.Get(json)), cancel));
        return command;
    }

    static Verb Rank(CommandLine.Commands with)
    {
        var handle = Who();
        var rank = new Argument<string>("rank") { Description = "member, moderator, admin or owner.", HelpName = "RANK" };
        var command = new Verb("rank", "Give somebody a rank.") { handle, rank };
        command.Examples = [new("kavalek admin rank @marie moderator")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            PersonRecord person = await PersonAsync(dashboard, run.Get(handle)!, cancel);
            await dashboard.SetRankAsync(person.Account, run.Get(rank)!, cancel);
            run.Shell.Tell($"@{person.Handle} is now {run.Get(rank)}.");
        }, cancel));
        return command;
    }

    // An act that says what it does, and asks where it cannot simply be taken back.
    static Verb Act(CommandLine.Commands with, string name, string description, string? question, Func<Dashboard, Id, CancellationToken, Task> act, string done)
    {
        var handle = Who();
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var command = new Verb(name, description) { handle };
        if (question is not null)
            command.Options.Add(yes);
        command.Examples = [new($"kavalek admin {name} @zoe")];
        with.Does(command, (run, cancel) =>
        {
            string shown = $"@{Targets.Bare(run.Get(handle)!)}";
            if (question is not null && !run.Get(yes) && !run.Shell.Confirm(question.Replace("{0}", shown, StringComparison.Ordinal)))
                throw new CliException(ExitCode.Usage, "Nothing was done. Without a terminal to ask at, confirm with --yes.");
            return AdminCommand.WithDashboardAsync(run, async dashboard =>
            {
                PersonRecord person = await PersonAsync(dashboard, run.Get(handle)!, cancel);
                await act(dashboard, person.Account, cancel);
                run.Shell.Tell(done.Replace("{0}", $"@{person.Handle}", StringComparison.Ordinal));
            }, cancel);
        });
        return command;
    }

    static Argument<string> Who() => new("handle") { Description = "Whom.", HelpName = "@HANDLE" };

    /// <summary>Who has a handle.</summary>
    public static async Task<PersonRecord> PersonAsync(Dashboard dashboard, string handle, CancellationToken cancel)
    {
        string bare = Targets.Bare(handle);
        PeoplePage page = await dashboard.PeopleAsync(new PeopleQuery(Search: bare, Limit: 1), cancel);
        // The shortest handle that begins so comes first: the whole one, if there is it.
        return page.People is [var person, ..] && person.Handle == bare
            ? person : throw new CliException(ExitCode.NotFound, $"There is nobody with the handle @{Text.SafeText.Line(bare)} on this server. Nothing was done.");
    }

    static void Show(Run run, IReadOnlyList<PersonRecord> people, bool json)
    {
        if (!json)
        {
            run.Shell.Table(["Handle", "Rank", "State", "Devices", "Logged in"], people.Select(p => (string[])
            [
                $"@{p.Handle}", p.Rank, p.State, AdminCommand.Number(p.Devices), AdminCommand.Number(p.Sessions),
            ]), "Nobody.");
            return;
        }
        foreach (PersonRecord person in people)
        {
            run.Shell.Out.WriteLine(JsonLine.Object(o =>
            {
                o.WriteString("account", person.Account.ToString());
                o.WriteString("handle", person.Handle);
                o.WriteString("rank", person.Rank);
                o.WriteString("state", person.State);
                o.WriteNumber("devices", person.Devices);
                o.WriteNumber("sessions", person.Sessions);
            }));
        }
    }
}

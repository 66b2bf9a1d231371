using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;
using Kavalek.Protocol.Auth;

namespace Kavalek.Cli.Commands;

/// <summary>Invites that give a rank: <c>kavalek admin invite</c>, <c>invites</c> and <c>revoke</c>.</summary>
static class AdminInvites
{
    public static IEnumerable<Verb> All(CommandLine.Commands with) => [List(with), Make(with), Revoke(with)];

    static Verb List(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb("invites", "List invites that can still be used.") { json };
        command.Examples = [new("kavalek admin invites")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            IReadOnlyList<RankedInvite> invites = await dashboard.InvitesAsync(cancel);
            if (!run.Get(json))
            {
                run.Shell.Table(["Id", "Uses left", "Until", "Rank"], invites.Select(i => (string[])
                [
                    i.Invite.ToString()[..8], AdminCommand.Number(i.UsesLeft), Until(i.Expires), i.Rank,
                ]), "No invites. Make one with: kavalek admin invite");
                return;
            }
            foreach (RankedInvite invite in invites)
            {
                run.Shell.Out.WriteLine(JsonLine.Object(o =>
                {
                    o.WriteString("invite", invite.Invite.ToString());
                    o.WriteNumber("usesLeft", invite.UsesLeft);
                    o.WriteString("expires", Until(invite.Expires));
                    o.WriteString("rank", invite.Rank);
                }));
            }
        }, cancel));
        return command;
    }

    static Verb Make(CommandLine.Commands with)
    {
        var uses = new Option<int>("--uses") { Description = "How many people may join with it, 1 to 1000.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var days = new Option<int>("--days") { Description = "How many days it is valid, 1 to 365.", HelpName = "DAYS", DefaultValueFactory = _ => 7 };
        var rank = new Option<string>("--rank") { Description = "What whoever uses it becomes: member, moderator or admin.", HelpName = "RANK", DefaultValueFactory = _ => "member" };
        var command = new Verb("invite", "Make an invite and print its link; it is shown only now.") { uses, days, rank };
        command.Examples = [new("kavalek admin invite"), new("kavalek admin invite --rank moderator")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            Invite invite = await dashboard.InviteAsync(run.Get(uses), TimeSpan.FromDays(run.Get(days)), run.Get(rank)!, cancel);
            run.Shell.Out.WriteLine(invite.Link);
            run.Shell.Tell($"Valid for {(invite.Uses == 1 ? "one person" : $"{AdminCommand.Number(invite.Uses)} people")} until {Describe.Time(invite.Expires)}.");
        }, cancel));
        return command;
    }

    static Verb Revoke(CommandLine.Commands with)
    {
        var id = new Argument<string>("id") { Description = "The beginning of its id, from 'kavalek admin invites'.", HelpName = "ID" };
        var command = new Verb("revoke", "Revoke an invite; who joined with it stays.") { id };
        command.Examples = [new("kavalek admin revoke 3f9a")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            RankedInvite invite = Targets.ById(await dashboard.InvitesAsync(cancel), i => i.Invite, run.Get(id)!, "invite");
            await dashboard.RevokeInviteAsync(invite.Invite, cancel);
            run.Shell.Tell($"Revoked the invite {invite.Invite.ToString()[..8]}.");
        }, cancel));
        return command;
    }

    static string Until(long seconds) => Describe.Time(DateTimeOffset.FromUnixTimeSeconds(seconds));
}

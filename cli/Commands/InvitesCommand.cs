using System.CommandLine;
using System.Globalization;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek invites</c>: who may make an account; for the instance's owner.</summary>
static class InvitesCommand
{
    const int MaximumUses = 1000;
    const int MaximumDays = 365;

    public static Command Create(CommandLine.Commands with)
    {
        var command = new Verb("invites", "Make and revoke invites (for the instance's owner).") { List(with, "list"), Make(with), Revoke(with) };
        Verb list = List(with, "invites");
        command.Options.Add(list.Options[0]);
        command.Action = list.Action;
        command.Examples = [new("kavalek invites create"), new("kavalek invites create --uses 20 --days 3"), new("kavalek invites revoke 3f9a")];
        return command;
    }

    static Verb List(CommandLine.Commands with, string name)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb(name, "List invites that can still be used.") { json };
        command.Examples = [new("kavalek invites list")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            IReadOnlyList<InviteInfo> invites = await client.InvitesAsync(cancel);
            if (run.Get(json))
            {
                foreach (InviteInfo invite in invites)
                {
                    run.Shell.Out.WriteLine(JsonLine.Object(o =>
                    {
                        o.WriteString("invite", invite.Id.ToString());
                        o.WriteNumber("usesLeft", invite.UsesLeft);
                        o.WriteString("expires", Describe.Time(invite.Expires));
                    }));
                }
                return ExitCode.Ok;
            }
            run.Shell.Table(["Id", "Uses left", "Until"], invites.Select(i => (string[])
            [
                i.Id.ToString()[..8], i.UsesLeft.ToString(CultureInfo.InvariantCulture), Until(i.Expires),
            ]), "No invites. Make one with: kavalek invites create");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Make(CommandLine.Commands with)
    {
        var uses = new Option<int>("--uses") { Description = "How many people may join with it.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var days = new Option<int>("--days") { Description = "How many days it is valid.", HelpName = "DAYS", DefaultValueFactory = _ => 7 };
        var command = new Verb("create", "Make an invite and print its link; it is shown only now.") { uses, days };
        command.Examples = [new("kavalek invites create"), new("kavalek invites create --uses 20 --days 3", "For a whole team")];
        with.Does(command, async (run, cancel) =>
        {
            int count = run.Get(uses);
            int valid = run.Get(days);
            if (count is < 1 or > MaximumUses || valid is < 1 or > MaximumDays)
                throw new CliException(ExitCode.Usage, $"--uses goes from 1 to {MaximumUses}, --days from 1 to {MaximumDays}. Nothing was done.");
            await using KavalekClient client = await run.OpenAsync(cancel);
            Invite invite = await client.CreateInviteAsync(count, TimeSpan.FromDays(valid), cancel);
            run.Shell.Out.WriteLine(invite.Link);
            run.Shell.Tell($"Valid for {(count == 1 ? "one person" : $"{count} people")} until {Until(invite.Expires)}. They run: kavalek signup 'LINK' --email … --handle …");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Revoke(CommandLine.Commands with)
    {
        var id = new Argument<string>("id") { Description = "The beginning of its id, from 'kavalek invites'.", HelpName = "ID" };
        var command = new Verb("revoke", "Revoke an invite; who joined with it stays.") { id };
        command.Examples = [new("kavalek invites revoke 3f9a")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            InviteInfo invite = Targets.ById(await client.InvitesAsync(cancel), i => i.Id, run.Get(id)!, "invite");
            await client.RevokeInviteAsync(invite.Id, cancel);
            run.Shell.Tell($"Revoked the invite {invite.Id.ToString()[..8]}.");
            return ExitCode.Ok;
        });
        return command;
    }

    static string Until(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}

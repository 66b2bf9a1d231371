using System.CommandLine;
using System.Globalization;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek groups</c>: make groups and change them; every change is done when the group has agreed.</summary>
static class GroupsCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var command = new Verb("groups", "List groups, make one, and change who is in it.")
        {
            List(with, "list"), Make(with), Add(with), Remove(with), Leave(with), Rename(with), SetRole(with), Members(with),
        };
        Verb list = List(with, "groups");
        command.Options.Add(list.Options[0]);
        command.Action = list.Action;
        command.Notes = "GROUP is a title, in quotes if it has spaces, or the beginning of the id that 'kavalek groups' shows.";
        command.Examples =
        [
            new("kavalek groups create 'Night shift' @marie @jean"),
            new("kavalek groups add 'Night shift' @amina"),
            new("kavalek groups role 'Night shift' @marie admin"),
            new("kavalek chat 'Night shift'"),
        ];
        return command;
    }

    static Argument<string> Group() => new("group") { Description = "Its title, or the beginning of its id.", HelpName = "GROUP" };

    static Verb List(CommandLine.Commands with, string name)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb(name, "List groups.") { json };
        command.Examples = [new("kavalek groups list")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            List<Conversation> groups = [.. client.Conversations.Where(c => c.Kind == ConversationKind.Group)];
            if (run.Get(json))
            {
                foreach (Conversation group in groups)
                    run.Shell.Out.WriteLine(JsonLine.Object(o => Describe.Conversation(o, group)));
                return ExitCode.Ok;
            }
            run.Shell.Table(["Group", "Members", "You are", "", "Id"], groups.Select(g => (string[])
            [
                g.Title, g.Members.Count.ToString(CultureInfo.InvariantCulture), Describe.Role(g.MyRole), Describe.State(g), g.Id.ToString()[..8],
            ]), "No groups yet. Make one with: kavalek groups create TITLE @handle…");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Make(CommandLine.Commands with)
    {
        var title = new Argument<string>("title") { Description = "What the group is called; only its members see it.", HelpName = "TITLE" };
        var who = new Argument<string[]>("people") { Description = "Whom to add.", HelpName = "@HANDLE", Arity = ArgumentArity.ZeroOrMore };
        var command = new Verb("create", "Make a group; you are its owner. The others see a request.") { title, who };
        command.Examples = [new("kavalek groups create 'Night shift' @marie @jean")];
        with.Does(command, async (run, cancel) =>
        {
            string named = run.Get(title)!;
            if (named.StartsWith('@') || string.IsNullOrWhiteSpace(named))
                throw new CliException(ExitCode.Usage, "The title comes first, then the people: kavalek groups create TITLE @handle… Nothing was done.");
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            IReadOnlyList<Contact> people = await Targets.PeopleAsync(client, run.Get(who)!, cancel);
            Conversation group = await client.CreateGroupAsync(named, [.. people.Select(p => p.Account)], cancel);
            await client.SyncAsync(cancel);
            run.Shell.Tell($"The group '{group.Title}' is made, with {string.Join(", ", group.Members.Select(m => m.IsMe ? "you" : Targets.Handle(m.Contact)))}. Its id:");
            run.Shell.Out.WriteLine(group.Id.ToString());
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Add(CommandLine.Commands with)
    {
        var group = Group();
        var who = new Argument<string[]>("people") { Description = "Whom to add.", HelpName = "@HANDLE", Arity = ArgumentArity.OneOrMore };
        var share = new ShareOptions();
        return Change(with, new Verb("add", "Add people; they read what is written from then on, unless you say otherwise.") { group, who, share.Last, share.Since }, group, "kavalek groups add 'Night shift' @amina --last 50",
            async (client, conversation, run, cancel) =>
            {
                IReadOnlyList<Contact> people = await Targets.PeopleAsync(client, run.Get(who)!, cancel);
                Protocol.Id[] accounts = [.. people.Select(p => p.Account)];
                await (share.Read(run) is HistoryShare shown ? conversation.AddAsync(accounts, shown, cancel) : conversation.AddAsync(accounts, cancel));
                return $"Added {string.Join(", ", people.Select(Targets.Handle))}.";
            });
    }

    static Verb Remove(CommandLine.Commands with)
    {
        var group = Group();
        var who = new Argument<string>("person") { Description = "Whom to remove.", HelpName = "@HANDLE" };
        return Change(with, new Verb("remove", "Remove a person; they read nothing that is written afterwards.") { group, who }, group, "kavalek groups remove 'Night shift' @jean",
            async (client, conversation, run, cancel) =>
            {
                Member member = MemberOf(conversation, run.Get(who)!);
                await conversation.RemoveAsync(member.Contact.Account, cancel);
                return $"Removed {Targets.Handle(member.Contact)}: nothing written from now on can be read by them.";
            });
    }

    static Verb Leave(CommandLine.Commands with)
    {
        var group = Group();
        return Change(with, new Verb("leave", "Leave a group; what you have of it stays here.") { group }, group, "kavalek groups leave 'Night shift'",
            async (client, conversation, run, cancel) =>
            {
                await conversation.LeaveAsync(cancel);
                return $"You left '{conversation.Title}'.";
            });
    }

    static Verb Rename(CommandLine.Commands with)
    {
        var group = Group();
        var title = new Argument<string>("title") { Description = "The new title.", HelpName = "TITLE" };
        return Change(with, new Verb("rename", "Give a group another title.") { group, title }, group, "kavalek groups rename 'Night shift' 'Équipe de nuit'",
            async (client, conversation, run, cancel) =>
            {
                await conversation.RenameAsync(run.Get(title)!, cancel);
                return $"It is called '{conversation.Title}' now.";
            });
    }

    static Verb SetRole(CommandLine.Commands with)
    {
        var group = Group();
        var who = new Argument<string>("person") { Description = "Whose role.", HelpName = "@HANDLE" };
        var role = new Argument<string>("role") { Description = "member, admin (adds, removes, renames) or owner (also gives roles).", HelpName = "ROLE" };
        role.Validators.Add(given =>
        {
            if (given.Tokens is [{ Value: not ("member" or "admin" or "owner") } other])
                given.AddError($"'{other.Value}' is not a role; roles are member, admin and owner.");
        });
        return Change(with, new Verb("role", "Make a person member, admin or owner.") { group, who, role }, group, "kavalek groups role 'Night shift' @marie admin",
            async (client, conversation, run, cancel) =>
            {
                Member member = MemberOf(conversation, run.Get(who)!);
                await conversation.SetRoleAsync(member.Contact.Account, Enum.Parse<Role>(run.Get(role)!, ignoreCase: true), cancel);
                return $"{Targets.Handle(member.Contact)} is {run.Get(role)} now.";
            });
    }

    static Verb Members(CommandLine.Commands with)
    {
        var group = Group();
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb("members", "Show who is in a group, from the encrypted group itself.") { group, json };
        command.Examples = [new("kavalek groups members 'Night shift'")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            Conversation conversation = await Targets.ConversationAsync(client, run.Get(group)!, open: false, cancel);
            if (run.Get(json))
            {
                foreach (Member member in conversation.Members)
                {
                    run.Shell.Out.WriteLine(JsonLine.Object(o =>
                    {
                        Describe.Contact(o, member.Contact);
                        o.WriteString("role", Describe.Role(member.Role));
                        o.WriteNumber("devices", member.Devices);
                        o.WriteBoolean("me", member.IsMe);
                        o.WriteString("pending", Describe.Lower(member.Pending));
                    }));
                }
                return ExitCode.Ok;
            }
            run.Shell.Table(["Handle", "Name", "Role", "Devices", "Key", ""], conversation.Members.Select(m => (string[])
            [
                Targets.Handle(m.Contact), m.Contact.DisplayName ?? "", Describe.Role(m.Role), m.Devices.ToString(CultureInfo.InvariantCulture),
                m.IsMe ? "you" : Describe.Trust(m.Contact),
                m.Pending switch { PendingChange.Joining => "joining…", PendingChange.Removing => "removing…", _ => "" },
            ]), "Nobody.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Change(CommandLine.Commands with, Verb command, Argument<string> group, string example,
        Func<KavalekClient, Conversation, Run, CancellationToken, Task<string>> change)
    {
        command.Examples = [new(example)];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Conversation conversation = Targets.Group(client, run.Get(group)!);
            string done = await change(client, conversation, run, cancel);
            await client.SyncAsync(cancel);
            run.Shell.Tell(done);
            return ExitCode.Ok;
        });
        return command;
    }

    static Member MemberOf(Conversation conversation, string handle) =>
        conversation.Members.FirstOrDefault(m => m.Contact.Handle == Targets.Bare(handle))
        ?? throw new CliException(ExitCode.NotFound, $"@{Targets.Bare(handle)} is not in '{conversation.Title}'. See: kavalek groups members '{conversation.Title}'");
}

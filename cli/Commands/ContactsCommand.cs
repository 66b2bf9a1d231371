using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek contacts</c>: the people one talks with, and one's own link.</summary>
static class ContactsCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var command = new Verb("contacts", "List, add, and show how others add you.") { Add(with), Link(with), List(with, "list") };
        Verb list = List(with, "contacts");
        command.Options.Add(list.Options[0]);
        command.Action = list.Action;
        command.Examples =
        [
            new("kavalek contacts"),
            new("kavalek contacts add @marie", "By handle"),
            new("kavalek contacts add 'https://chat.example.org/#contact=…'", "By her link: her key is verified at once"),
            new("kavalek contacts link", "Your own link and QR code, to give away"),
        ];
        return command;
    }

    static Verb List(CommandLine.Commands with, string name)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb(name, "List contacts.") { json };
        command.Examples = [new("kavalek contacts list --json")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            IReadOnlyList<Contact> contacts = client.Contacts;
            if (run.Get(json))
            {
                foreach (Contact contact in contacts)
                    run.Shell.Out.WriteLine(JsonLine.Object(o => Describe.Contact(o, contact)));
                return ExitCode.Ok;
            }
            run.Shell.Table(["Handle", "Name", "Key"], contacts.Select(c => (string[])[Targets.Handle(c), c.DisplayName ?? "", Describe.Trust(c)]),
                "No contacts yet. Add somebody with 'kavalek contacts add @handle', or show your own link with 'kavalek contacts link'.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Add(CommandLine.Commands with)
    {
        var who = new Argument<string>("who") { Description = "A handle such as @marie, or a contact link in single quotes.", HelpName = "@HANDLE|LINK" };
        var command = new Verb("add", "Add a person and open the conversation; they see a request.") { who };
        command.Examples = [new("kavalek contacts add @marie"), new("kavalek contacts add 'https://chat.example.org/#contact=…'", "Verifies her key at once")];
        with.Does(command, async (run, cancel) =>
        {
            string given = run.Get(who)!;
            bool isLink = given.Contains("://", StringComparison.Ordinal) || given.Contains('#', StringComparison.Ordinal);
            if (isLink)
                CheckLink(given);
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Contact contact = isLink ? await client.AddByLinkAsync(given.Trim(), cancel) : await Targets.PersonAsync(client, given, cancel);
            Conversation conversation = await client.DirectAsync(contact.Account, cancel);
            await client.SyncAsync(cancel);
            contact = client.Contact(contact.Account) ?? contact;
            run.Shell.Tell($"{Targets.Handle(contact)} is added ({Describe.Trust(contact)}).");
            if (conversation.State == ConversationState.Request)
                run.Shell.Tell($"They had asked to talk with you; answer with: kavalek requests accept {Targets.Handle(contact)}");
            else
                run.Shell.Tell($"Write with 'kavalek chat {Targets.Handle(contact)}'. They see a request until they accept it.");
            if (contact.Trust == Trust.Unverified)
                run.Shell.Tell($"Before anything that matters, compare numbers: kavalek verify {Targets.Handle(contact)}");
            return ExitCode.Ok;
        });
        return command;
    }

    static void CheckLink(string given)
    {
        if (!ServerLink.TryParse(given, out ServerLink? link, out string? problem))
            throw new CliException(ExitCode.Usage, $"The contact link cannot be used: {problem}. Nothing was done.");
        if (link.Kind != LinkKind.Contact)
            throw new CliException(ExitCode.Usage, "That is not a person's contact link (#contact=…). Invites and set-up links go to: kavalek signup LINK. Nothing was done.");
    }

    static Verb Link(CommandLine.Commands with)
    {
        var noQr = new Option<bool>("--no-qr") { Description = "Only the link." };
        var command = new Verb("link", "Show your own contact link, and its QR code on a terminal.") { noQr };
        command.Notes = "Whoever adds you by this link has your key verified, if the link reached them unchanged.";
        command.Examples = [new("kavalek contacts link"), new("kavalek contacts link --no-qr | mail -s 'my Kavalek' marie@example.org")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            string link = client.ContactLink;
            run.Shell.Out.WriteLine(link);
            if (run.Shell.DrawsForPerson && !run.Get(noQr))
                run.Shell.Qr(link);
            return ExitCode.Ok;
        });
        return command;
    }
}

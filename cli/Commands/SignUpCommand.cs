using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Input;
using Kavalek.Cli.Output;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek signup</c>: a new account, with this computer as its first device.</summary>
static class SignUpCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var link = new Argument<string?>("link") { Description = "The invite or set-up link, in single quotes.", Arity = ArgumentArity.ZeroOrOne };
        var server = new Option<string?>("--server") { Description = "The server, where registration is open or with --invite.", HelpName = "URL" };
        var invite = new Option<string?>("--invite") { Description = "The invite's code, if you have no whole link.", HelpName = "CODE" };
        var email = new Option<string?>("--email") { Description = "Your e-mail address, for logging in; nobody else sees it.", HelpName = "ADDRESS" };
        var handle = new Option<string?>("--handle") { Description = "The name people find you by: 3 to 32 of a-z 0-9 _ . beginning with a letter.", HelpName = "HANDLE" };
        var name = new Option<string?>("--name") { Description = "What people you talk with see; the server never does.", HelpName = "NAME" };
        var json = new Option<bool>("--json") { Description = "For programs: print account and recovery key as JSON objects, and ask nothing back." };
        var command = new Verb("signup", "Make an account, with an invite or set-up link.")
        {
            link, server, invite, email, handle, name, json,
        };
        command.Examples =
        [
            new("kavalek signup 'https://chat.example.org/#invite=…' --email marie@example.org --handle marie --name 'Marie'", "With a link; the quotes keep the shell from reading it"),
            new("kavalek signup --server https://chat.example.org --email marie@example.org --handle marie", "Where registration is open"),
        ];
        with.Does(command, async (run, cancel) =>
        {
            (Uri address, string? secret) = Destination(run.Get(link), run.Get(server), run.Get(invite));
            ClientOptions options = await run.TakeProfileAsync(cancel);
            try
            {
                if ((await KavalekClient.InspectAsync(options.Store, cancel)).State != ProfileState.Empty)
                    throw new CliException(ExitCode.Error, $"{run.Folder.Path} holds an account already; nothing was changed. For a second account give another folder: --profile DIR");
                // Each is checked at once, before a password is typed twice for nothing.
                string mail = Required(run, run.Get(email), "Your e-mail address, for logging in: ", "--email ADDRESS", Described.Email);
                string at = Required(run, run.Get(handle), "The handle people will find you by: @", "--handle HANDLE", Described.Handle);
                string password = run.Password.ReadNew(cancel);
                await using KavalekClient client = await SignUpAsync(run, options, new SignUp(address, secret, mail, at, password, run.Get(name)), cancel);
                await PublishAsync(run, client, cancel);
                run.Shell.Tell($"Welcome, @{client.Me.Handle}. Your account is on {address.GetLeftPart(UriPartial.Authority)}, its keys are in {run.Folder.Path}.");
                if (run.Get(json))
                {
                    run.Shell.Out.WriteLine(JsonLine.Object(o =>
                    {
                        o.WriteString("event", "account");
                        o.WriteString("account", client.Me.Id.ToString());
                        o.WriteString("handle", client.Me.Handle);
                        o.WriteString("device", client.Me.Device.ToString());
                    }));
                }
                await RecoveryKeyAsync(run, client, run.Get(json), cancel);
            }
            finally
            {
                await options.Store.DisposeAsync();
            }
            run.Shell.Tell($"""
                Next: '{run.Hint("contacts link")}' shows what others add you by; '{run.Hint("chat @handle")}' starts a
                conversation; the owner of a new server makes links for others with '{run.Hint("invites create")}'.
                """);
            return ExitCode.Ok;
        });
        return command;
    }

    // A name that is taken is no reason to begin all over; the invite is still good then.
    static async Task<KavalekClient> SignUpAsync(Run run, ClientOptions options, SignUp request, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await KavalekClient.SignUpAsync(options, request, cancel);
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.HandleTaken && run.Shell.PersonTypes)
            {
                run.Shell.Tell("Somebody has that handle already, or it is reserved.");
                if (run.Shell.AskUntil("Another handle: @", Described.Handle) is not string other)
                    throw;
                request = request with { Handle = other };
            }
        }
    }

    static async Task RecoveryKeyAsync(Run run, KavalekClient client, bool json, CancellationToken cancel)
    {
        if (!json && !run.Shell.PersonTypes)
        {
            run.Shell.Tell($"No recovery key was made, as there is nobody to show it to: make one with '{run.Hint("recovery new")}'. Without it, or a second device, nobody can bring this account's conversations back.");
            return;
        }
        try
        {
            await RecoveryCommand.MakeAsync(run, client, json, RecoveryLanguage.English, cancel);
        }
        catch (Exception e) when (e is CliException or KavalekException)
        {
            run.Shell.Warn($"{e.Message} The account is made.");
        }
    }

    /// <summary>Leaves the keys with which others begin conversations at the server; until then nobody can write to the new account.</summary>
    static async Task PublishAsync(Run run, KavalekClient client, CancellationToken cancel)
    {
        try
        {
            await client.SyncAsync(cancel);
        }
        catch (KavalekException e)
        {
            run.Shell.Warn($"{e.Message} The account is made; others reach you after the next command that connects.");
        }
    }

    static (Uri Server, string? Secret) Destination(string? link, string? server, string? invite)
    {
        if (link is null && server is null)
            throw new CliException(ExitCode.Usage, "Which server? Give the link you were invited with, in single quotes, or --server URL. Nothing was done.");
        if (link is not null && (server is not null || invite is not null))
            throw new CliException(ExitCode.Usage, "A link says both server and invite; leave out --server and --invite. Nothing was done.");
        if (!ServerLink.TryParse(link ?? server!, out ServerLink? parsed, out string? problem))
            throw new CliException(ExitCode.Usage, $"The link cannot be used: {problem}. Nothing was done.");
        return parsed.Kind switch
        {
            LinkKind.Contact => throw new CliException(ExitCode.Usage, "That is a person's contact link, not an invite. With an account of your own, use it with: kavalek contacts add LINK"),
            LinkKind.Server => (parsed.Server, invite),
            _ when invite is not null => throw new CliException(ExitCode.Usage, "There are two invites: one in the address and one after --invite. Nothing was done."),
            _ => (parsed.Server, parsed.Secret),
        };
    }

    static string Required(Run run, string? given, string question, string option, Func<string, string?> problem)
    {
        string answer = given ?? run.Shell.AskUntil(question, problem) ?? throw new CliException(ExitCode.Usage, $"{option} is missing. Nothing was done.");
        return problem(answer) is string wrong ? throw new CliException(ExitCode.Usage, $"{wrong} Nothing was done.") : answer;
    }
}

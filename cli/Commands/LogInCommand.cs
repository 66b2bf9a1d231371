using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek login</c>: this computer as a further device of an account, or a new session for the one that is here.</summary>
static class LogInCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var server = new Option<string?>("--server") { Description = "The server; only needed for a new profile.", HelpName = "URL" };
        var email = new Option<string?>("--email") { Description = "Your e-mail address; only needed for a new profile.", HelpName = "ADDRESS" };
        var noWait = new Option<bool>("--no-wait") { Description = "Do not wait until another device approves this one; run login again later." };
        var command = new Verb("login", "Log in: add this computer to your account, or begin a new session.")
        {
            server, email, noWait,
        };
        command.Notes = """
            A new device shows a code. Type it on a device you already have (kavalek devices approve CODE): that device hands over the keys,
            and all your devices and contacts see the new one.
            """;
        command.Examples =
        [
            new("kavalek login --server https://chat.example.org --email marie@example.org", "Add this computer"),
            new("kavalek login", "After a session ended, or to go on waiting"),
        ];
        with.Does(command, async (run, cancel) =>
        {
            bool isNew = !run.Folder.HasStore;
            await using KavalekClient client = await OpenAsync(run, run.Get(server), run.Get(email), cancel);
            if (!client.Me.IsWaiting)
            {
                run.Shell.Tell($"Logged in as @{client.Me.Handle}.");
                return ExitCode.Ok;
            }
            return await WaitAsync(run, client, isNew, run.Get(noWait), cancel);
        });
        return command;
    }

    static async Task<KavalekClient> OpenAsync(Run run, string? server, string? email, CancellationToken cancel)
    {
        ClientOptions options = await run.TakeProfileAsync(cancel);
        try
        {
            ProfileInfo found = await KavalekClient.InspectAsync(options.Store, cancel);
            if (found.State != ProfileState.Empty)
            {
                string again = run.Password.Read(cancel: cancel);
                KavalekClient client = await KavalekClient.UnlockAsync(options, again, cancel);
                if (!client.Me.IsWaiting)
                    await client.LogInAgainAsync(again, cancel);
                return client;
            }
            string address = server ?? run.Shell.Ask("The server's address: ")
                ?? throw new CliException(ExitCode.Usage, "--server URL is missing. Nothing was done.");
            if (!ServerLink.TryParse(address, out ServerLink? link, out string? problem))
                throw new CliException(ExitCode.Usage, $"The server's address cannot be used: {problem}. Nothing was done.");
            string mail = email ?? run.Shell.Ask("Your e-mail address: ")
                ?? throw new CliException(ExitCode.Usage, "--email ADDRESS is missing. Nothing was done.");
            return await KavalekClient.LogInAsync(options, link.Server, mail, run.Password.Read(cancel: cancel), cancel);
        }
        catch
        {
            await options.Store.DisposeAsync();
            throw;
        }
    }

    static async Task<int> WaitAsync(Run run, KavalekClient client, bool isNew, bool noWait, CancellationToken cancel)
    {
        if (isNew)
            run.Shell.Tell("The password is right. Now a device that you already have must approve this one: on it, run");
        else
            run.Shell.Tell("This device still waits for approval. On a device that you already have, run");
        run.Shell.Out.WriteLine($"  kavalek devices approve {client.DeviceCode}");
        if (noWait)
        {
            run.Shell.Tell("Then run 'kavalek login' here again.");
            return ExitCode.Refused;
        }
        run.Shell.Tell("Waiting… (Ctrl-C stops; 'kavalek login' goes on later)");
        await client.WaitForApprovalAsync(cancel);
        run.Shell.Tell($"Approved. This computer is now a device of @{client.Me.Handle}. Conversations appear as the others' devices add it.");
        return ExitCode.Ok;
    }
}

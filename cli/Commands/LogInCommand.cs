using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Input;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek login</c>: this computer as a further device of an account, or a new session for the one that is here.</summary>
static class LogInCommand
{
    const string WhatIsLost = "Your other devices are dropped, conversations you had stay closed for good, archived messages are gone, and all your contacts see that your key changed";

    public static Command Create(CommandLine.Commands with)
    {
        var server = new Option<string?>("--server") { Description = "The server; only needed for a new profile.", HelpName = "URL" };
        var email = new Option<string?>("--email") { Description = "Your e-mail address; only needed for a new profile.", HelpName = "ADDRESS" };
        var code = new Option<string?>("--code") { Description = "The code that 'kavalek devices add' shows on a device you have; it lasts a minute.", HelpName = "CODE" };
        var recover = new Option<bool>("--recover") { Description = "Use the recovery key: it is asked for." };
        var words = new Option<string?>("--recovery-key-file") { Description = "Use the recovery key in this file.", HelpName = "FILE" };
        var afresh = new Option<bool>("--afresh") { Description = $"With neither: begin the account afresh. {WhatIsLost}." };
        var yes = new Option<bool>("--yes") { Description = "With --afresh: do not ask." };
        var newPassword = new Option<string?>("--new-password-file") { Description = "Where the password was changed on another device: the file with the new one.", HelpName = "FILE" };
        var command = new Verb("login", "Log in: add this computer to your account, or begin a new session.")
        {
            server, email, code, recover, words, afresh, yes, newPassword,
        };
        command.Notes = $"""
            A new device gets in with the password and one of two more things: a device you have, which lets it in (kavalek devices add), or the
            recovery key. Who has neither can begin afresh: {char.ToLowerInvariant(WhatIsLost[0])}{WhatIsLost[1..]}.
            """;
        command.Examples =
        [
            new("kavalek login --server https://chat.example.org --email marie@example.org", "Add this computer"),
            new("kavalek login --recover", "Go on with the recovery key"),
            new("kavalek login", "After a session ended, or to go on"),
        ];
        with.Does(command, async (run, cancel) =>
        {
            (KavalekClient client, string password) = await OpenAsync(run, run.Get(server), run.Get(email), run.Get(newPassword), cancel);
            await using (client)
            {
                if (client.Me.IsWaiting && await client.TryComeInAsync(cancel))
                {
                    run.Shell.Tell($"This computer is now a device of @{client.Me.Handle}. Your conversations appear here as your other devices bring it in.");
                }
                else if (client.Me.IsWaiting)
                {
                    await ComeInAsync(run, client, password, run.Get(code), run.Get(recover), run.Get(words), run.Get(afresh), run.Get(yes), cancel);
                    run.Shell.Tell($"This computer is now a device of @{client.Me.Handle}. Your conversations appear here as your other devices bring it in.");
                }
                else
                {
                    run.Shell.Tell($"Logged in as @{client.Me.Handle}.");
                }
            }
            return ExitCode.Ok;
        });
        return command;
    }

    static async Task<(KavalekClient Client, string Password)> OpenAsync(Run run, string? server, string? email, string? newPassword, CancellationToken cancel)
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
                    again = await LogInAgainAsync(run, client, again, newPassword, cancel);
                return (client, again);
            }
            string address = server ?? run.Shell.Ask("The server's address: ")
                ?? throw new CliException(ExitCode.Usage, "--server URL is missing. Nothing was done.");
            if (!ServerLink.TryParse(address, out ServerLink? link, out string? problem))
                throw new CliException(ExitCode.Usage, $"The server's address cannot be used: {problem}. Nothing was done.");
            string mail = email ?? run.Shell.AskUntil("Your e-mail address: ", Described.Email)
                ?? throw new CliException(ExitCode.Usage, "--email ADDRESS is missing. Nothing was done.");
            string password = run.Password.Read(cancel: cancel);
            return (await KavalekClient.LogInAsync(options, link.Server, mail, password, cancel), password);
        }
        catch
        {
            await options.Store.DisposeAsync();
            throw;
        }
    }

    // The password that opens this device may be an older one than the account's.
    static async Task<string> LogInAgainAsync(Run run, KavalekClient client, string password, string? newPassword, CancellationToken cancel)
    {
        string tried = newPassword is null ? password : new PasswordSource(newPassword, run.Shell).Read(cancel: cancel);
        while (true)
        {
            try
            {
                await client.LogInAgainAsync(tried, cancel);
                if (tried != password)
                    run.Shell.Tell("From now on the new password opens this device, too.");
                return tried;
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.WrongCredentials)
            {
                if (newPassword is not null || !run.Shell.PersonTypes)
                {
                    throw new CliException(ExitCode.WrongPassword,
                        $"This password opens this device, but the account has another one: it was changed elsewhere. Everything here is kept. Log in with the new one: {run.Hint("login --new-password-file FILE")}");
                }
                run.Shell.Tell("This password opens this device, but the account has another one: it was changed on another device. Everything here is kept.");
                tried = run.Password.AskAlways("The new password: ", cancel);
            }
        }
    }

    static async Task ComeInAsync(
        Run run, KavalekClient client, string password, string? code, bool recover, string? words, bool afresh, bool yes, CancellationToken cancel)
    {
        if (code is null && !recover && words is null && !afresh)
        {
            run.Shell.Tell("The password is right. To get in, this device needs one thing more:");
            run.Shell.Tell("  1  a device you have: run 'kavalek devices add' on it, and type its code here");
            run.Shell.Tell("  2  your recovery key, the twelve words");
            run.Shell.Tell($"  3  neither: begin afresh. {WhatIsLost}.");
            switch (run.Shell.Ask("Which (1, 2 or 3)? "))
            {
                case "1":
                    code = run.Shell.Ask("The code on your other device: ");
                    break;
                case "2":
                    recover = true;
                    break;
                case "3":
                    afresh = true;
                    break;
                default:
                    throw new CliException(ExitCode.Refused,
                        $"This device waits. Go on with: {run.Hint("login --code CODE")}, {run.Hint("login --recover")}, or {run.Hint("login --afresh")}");
            }
        }
        if (afresh)
        {
            if (!yes && !run.Shell.Confirm($"Begin afresh? {WhatIsLost}. This cannot be undone."))
                throw new CliException(ExitCode.Usage, "Nothing was changed. Without a terminal to ask at, confirm with --yes.");
            await client.BeginAfreshAsync(password, cancel);
            run.Shell.Tell($"The account begins afresh. Make a recovery key for the next time: {run.Hint("recovery new")}");
        }
        else if (recover || words is not null)
        {
            await RecoverAsync(run, client, words, cancel);
        }
        else
        {
            await JoinAsync(run, client, code ?? "", cancel);
        }
    }

    static async Task RecoverAsync(Run run, KavalekClient client, string? file, CancellationToken cancel)
    {
        while (true)
        {
            string typed = file is not null ? ReadFile(file)
                : run.Shell.Ask("The twelve words (four letters of each are enough): ")
                    ?? throw new CliException(ExitCode.Refused, $"This device waits. Without the words: {run.Hint("login --code CODE")} with another device, or {run.Hint("login --afresh")} ({char.ToLowerInvariant(WhatIsLost[0])}{WhatIsLost[1..]}).");
            try
            {
                using RecoveryKey recoveryKey = RecoveryKey.Parse(typed);
                await client.RecoverAsync(recoveryKey, cancel);
                return;
            }
            catch (KavalekException e) when (e.Code == ClientErrors.WrongRecoveryKey && file is null && run.Shell.PersonTypes)
            {
                run.Shell.Tell($"{e.Message} An empty line stops.");
            }
        }
    }

    static string ReadFile(string path)
    {
        try
        {
            return new FileInfo(path).Length < 4096 ? File.ReadAllText(path) : throw new CliException(ExitCode.Usage, $"{path} is too large to hold a recovery key.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Usage, $"The recovery key cannot be read: {e.Message}");
        }
    }

    static async Task JoinAsync(Run run, KavalekClient client, string code, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await client.JoinLinkAsync(code, cancel);
                break;
            }
            catch (KavalekException e) when (e.Code is ClientErrors.WrongLinkCode or ClientErrors.LinkExpired && run.Shell.PersonTypes)
            {
                run.Shell.Tell($"{e.Message} An empty line stops.");
                code = run.Shell.Ask("The code on your other device: ")
                    ?? throw new CliException(ExitCode.Refused, $"This device waits. Go on with: {run.Hint("login --code CODE")}, {run.Hint("login --recover")}, or {run.Hint("login --afresh")}");
            }
        }
        string match = await client.MatchingCodeAsync(cancel);
        run.Shell.Tell("Your other device must show the same digits:");
        run.Shell.Out.WriteLine($"  {match}");
        run.Shell.Out.Flush();
        if (!run.Shell.ConfirmByLine("Does it show exactly these?"))
            throw new CliException(ExitCode.Refused, "This device was not let in. If the digits differed, somebody may be interfering: say no on the other device, too, and do not try again on this network.");
        await client.ConfirmMatchAsync(cancel);
        run.Shell.Tell("Now say yes on the other device, too. Waiting…");
        await client.WaitForApprovalAsync(cancel);
    }
}

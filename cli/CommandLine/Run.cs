using System.CommandLine;
using Kavalek.Cli.Input;
using Kavalek.Cli.Output;
using Kavalek.Cli.Profile;
using Kavalek.Client;

namespace Kavalek.Cli.CommandLine;

/// <summary>One invocation of a command: what was typed, where it prints, and the profile it may open.</summary>
sealed class Run(ParseResult parsed, GlobalOptions global, Shell shell)
{
    /// <summary>Seconds that most commands wait for another process on the profile.</summary>
    public const double UsualPatience = 10;

    /// <summary>Where it prints.</summary>
    public Shell Shell => shell;

    /// <summary>The profile folder.</summary>
    public ProfileFolder Folder { get; } = global.Folder(parsed);

    /// <summary>Where the password comes from.</summary>
    public PasswordSource Password { get; } = new(parsed.GetValue(global.PasswordFile), shell);

    /// <summary>A command to type next, with the profile that was given to this one.</summary>
    public string Hint(string command) => parsed.GetValue(global.Profile) is { Length: > 0 } profile
        ? $"kavalek --profile {(profile.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('/' or '.' or '_' or '-' or '~')) ? $"'{profile}'" : profile)} {command}"
        : $"kavalek {command}";

    /// <summary>The value of an option.</summary>
    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    /// <summary>The value of an argument.</summary>
    public T? Get<T>(Argument<T> argument) => parsed.GetValue(argument);

    /// <summary>Takes the profile for this process: what the SDK stands on here.</summary>
    /// <exception cref="CliException">Another process is at it.</exception>
    public async Task<ClientOptions> TakeProfileAsync(CancellationToken cancel, double usualPatience = UsualPatience) => new()
    {
        Store = await Folder.OpenAsync(Patience(usualPatience), shell.Tell, cancel),
        Transport = server => new HttpTransport(server),
    };

    /// <summary>How long to wait for another process.</summary>
    public TimeSpan Patience(double usual = UsualPatience) => global.Patience(parsed, usual);

    /// <summary>Takes the profile and opens its account with the password. No network.</summary>
    /// <exception cref="CliException">There is no account, or another process is at it.</exception>
    public async Task<KavalekClient> OpenAsync(CancellationToken cancel, double usualPatience = UsualPatience)
    {
        _ = Patience(usualPatience);
        if (!Folder.HasStore)
            throw NoAccount();
        ClientOptions options = await TakeProfileAsync(cancel, usualPatience);
        try
        {
            if ((await KavalekClient.InspectAsync(options.Store, cancel)).State == ProfileState.Empty)
                throw NoAccount();
            return await KavalekClient.UnlockAsync(options, Password.Read(cancel: cancel), cancel);
        }
        catch
        {
            await options.Store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens the account and fetches what happened meanwhile.</summary>
    public async Task<KavalekClient> OpenOnlineAsync(CancellationToken cancel)
    {
        KavalekClient client = await OpenAsync(cancel);
        try
        {
            await SyncAsync(client, cancel);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens the account and fetches what happened meanwhile, if the server can be reached; else says so and shows what is here.</summary>
    public async Task<KavalekClient> OpenFreshAsync(bool offline, CancellationToken cancel)
    {
        KavalekClient client = await OpenAsync(cancel);
        if (offline)
            return client;
        try
        {
            await SyncAsync(client, cancel);
        }
        catch (KavalekException e) when (Failure.IsUnreachable(e))
        {
            shell.Warn($"{e.Message} What follows is what this computer has.");
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
        return client;
    }

    // What is worth a line is told, however this ended.
    async Task SyncAsync(KavalekClient client, CancellationToken cancel)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await using IAsyncEnumerator<ClientEvent> events = client.Events(stop.Token).GetAsyncEnumerator(CancellationToken.None);
        try
        {
            await client.SyncAsync(cancel);
        }
        finally
        {
            Task<bool> next = events.MoveNextAsync().AsTask();
            for (; next is { IsCompletedSuccessfully: true, Result: true }; next = events.MoveNextAsync().AsTask())
            {
                if (events.Current is Notice notice)
                    shell.Warn(notice.Text);
            }
            await stop.CancelAsync();
            await next.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    CliException NoAccount() => new(ExitCode.NoAccount,
        $"There is no account in {Folder.Path} yet. Make one with '{Hint("signup LINK")}', or use an existing one with '{Hint("login")}'; another folder is given with --profile DIR.");
}

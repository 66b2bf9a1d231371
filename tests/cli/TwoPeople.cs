using System.Security.Cryptography;
using Kavalek.Tests.Support;

namespace Kavalek.Cli.Tests;

/// <summary>A server, and Marie (its owner) and Jean, who signed up through the command line and talk with each other.</summary>
public sealed class TwoPeople : IAsyncLifetime
{
    public const string Password = "correct horse battery";

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kavalek-two-");

    public TestServer Server { get; private set; } = null!;
    public string Marie => Profile("marie");
    public string Jean => Profile("jean");

    /// <summary>Where the server makes its backups.</summary>
    public string Backups => Profile("backups");

    /// <summary>Everything that was printed while they were made.</summary>
    internal List<Outcome> Printed { get; } = [];

    public string Profile(string name) => Path.Combine(_folder.FullName, name);

    public async ValueTask InitializeAsync()
    {
        string key = Profile("backup.key");
        await File.WriteAllTextAsync(key, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Server = await TestServer.StartAsync(change: options => options with { BackupTo = Backups, BackupKeyFile = key });
        await RunAsync(Marie, "signup", $"{Server.Address}#setup={Server.SetUpSecret}", "--email", "marie@example.org", "--handle", "marie", "--name", "Marie");
        await SignUpAsync("jean");
        await RunAsync(Jean, "contacts", "add", "@marie");
        await RunAsync(Marie, "requests", "accept", "@jean");
    }

    /// <summary>Somebody more, invited by Marie.</summary>
    internal async Task<string> SignUpAsync(string name)
    {
        string link = (await RunAsync(Marie, "invites", "create")).Out.Trim();
        await RunAsync(Profile(name), "signup", link, "--email", $"{name}@example.org", "--handle", name);
        return Profile(name);
    }

    /// <summary>Runs a command that must succeed.</summary>
    internal async Task<Outcome> RunAsync(string profile, params string[] arguments)
    {
        Outcome outcome = (await KavalekProcess.RunAsync(profile, Password, arguments)).Ok();
        Printed.Add(outcome);
        return outcome;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

/// <summary>One server and two people for all of these tests.</summary>
[CollectionDefinition(nameof(TwoPeople))]
public sealed class TwoPeopleCollection : ICollectionFixture<TwoPeople>;

using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Cli.Text;
using Kavalek.Client;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Cli.Commands;

/// <summary>The instance itself: <c>kavalek admin settings</c>, <c>set-up</c>, <c>backups</c>, <c>backup</c> and <c>test-backup</c>.</summary>
static class AdminInstance
{
    // How often it is asked how far a backup is.
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static IEnumerable<Verb> All(CommandLine.Commands with) =>
    [
        Settings(with), SetUp(with), Backups(with),
        Work(with, "backup", "Have the server make a backup now, and wait for it.", (d, c) => d.BackUpAsync(c), state => state.LastRun),
        Work(with, "test-backup", "Have the server open and check its newest backup, and wait for it.", (d, c) => d.TestBackupAsync(c), state => state.LastTest),
    ];

    static Verb Settings(CommandLine.Commands with)
    {
        var name = new Option<string?>("--name") { Description = "What people see the instance is called.", HelpName = "NAME" };
        var host = new Option<string?>("--mail") { Description = "The mail server, or off.", HelpName = "HOST[:PORT]" };
        var from = new Option<string?>("--mail-from") { Description = "The sender's address.", HelpName = "ADDRESS" };
        var user = new Option<string?>("--mail-user") { Description = "Where the mail server wants to know who sends.", HelpName = "USER" };
        var password = new Option<string?>("--mail-password-file") { Description = "A file whose first line is that user's password.", HelpName = "FILE" };
        var command = new Verb("settings", "Show or change the instance's name and mail (for owners).") { name, host, from, user, password };
        command.Examples = [new("kavalek admin settings"), new("kavalek admin settings --name 'La rédaction'"), new("kavalek admin settings --mail mail.example.org:587 --mail-from kavalek@example.org")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            InstanceSettings before = await dashboard.SettingsAsync(cancel);
            MailSettings? mail = before.Mail;
            if (run.Get(host) is string where)
                mail = where == "off" ? null : Mail(where, run.Get(from) ?? before.Mail?.From, run.Get(user), run.Get(password));
            else if (run.Get(from) is not null || run.Get(user) is not null || run.Get(password) is not null)
                throw new CliException(ExitCode.Usage, "These go with --mail HOST. Nothing was changed.");
            InstanceSettings wanted = new(run.Get(name) ?? before.Name, mail), now = wanted == before ? before : await dashboard.SetSettingsAsync(wanted, cancel);
            Show(run, now);
        }, cancel));
        return command;
    }

    static MailSettings Mail(string where, string? from, string? user, string? passwordFile)
    {
        string[] parts = where.Split(':');
        int port = 587;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out port)))
            throw new CliException(ExitCode.Usage, "A mail server is like mail.example.org:587. Nothing was changed.");
        if (from is null)
            throw new CliException(ExitCode.Usage, "A mail server needs a sender: --mail-from ADDRESS. Nothing was changed.");
        return new MailSettings(parts[0], port, from, user, passwordFile is null ? null : File.ReadLines(passwordFile).FirstOrDefault() ?? "");
    }

    static Verb SetUp(CommandLine.Commands with)
    {
        var finish = new Option<bool>("--finish") { Description = "All is as it should be: end the set-up, for good." };
        var command = new Verb("set-up", "Show what a new instance still needs, and check the way to it (for owners).") { finish };
        command.Examples = [new("kavalek admin set-up"), new("kavalek admin set-up --finish")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            if (await dashboard.SetUpAsync(cancel) is not { } state)
            {
                run.Shell.Tell("This instance is set up. See: kavalek admin settings, kavalek admin policy");
                return;
            }
            if (run.Get(finish))
            {
                await dashboard.FinishSetUpAsync(cancel);
                run.Shell.Tell("The instance is set up. Invite people with: kavalek admin invite");
                return;
            }
            Show(run, state.Settings);
            IReadOnlyList<SetUpCheck> checks = await dashboard.CheckSetUpAsync(cancel: cancel);
            run.Shell.Table(["Check", "Says"], checks.Select(check => (string[])[check.Check, Said(check)]), "");
        }, cancel));
        return command;
    }

    static Verb Backups(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb("backups", "List the backups that the server made, and what works now.") { json };
        command.Notes = "Their key is in a file on the server's own machine, and no command shows it: keep a copy of it elsewhere.";
        command.Examples = [new("kavalek admin backups")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            BackupState state = await dashboard.BackupsAsync(cancel);
            if (run.Get(json))
            {
                foreach (BackupFile backup in state.Backups)
                {
                    run.Shell.Out.WriteLine(JsonLine.Object(o =>
                    {
                        o.WriteString("made", At(backup.Made));
                        o.WriteNumber("bytes", backup.Bytes);
                    }));
                }
                return;
            }
            if (!state.IsSetUp)
            {
                run.Shell.Tell("This server makes no backups: it needs --backup-to and --backup-key-file (docs/deployment.md).");
                return;
            }
            run.Shell.Table(["Made", "Size"], state.Backups.Select(b => (string[])[At(b.Made), Size(b.Bytes)]), "No backups yet.");
            run.Shell.Tell($"Every {TimeInWords.Of(TimeSpan.FromSeconds(state.Every))}, {AdminCommand.Number(state.Keep)} are kept.{(state.Next is long next ? $" Next: {At(next)}." : "")}");
            if (state.LastTest is { } test)
                run.Shell.Tell($"Last test, {At(test.At)}: {Said(test)}.");
        }, cancel));
        return command;
    }

    static Verb Work(CommandLine.Commands with, string name, string description, Func<Dashboard, CancellationToken, Task> begin, Func<BackupState, BackupResult?> last)
    {
        var command = new Verb(name, description) { Examples = [new($"kavalek admin {name}")] };
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            try
            {
                await begin(dashboard, cancel);
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
            {
                throw new CliException(ExitCode.NotFound, name == "backup" ? "This server makes no backups: it needs --backup-to and --backup-key-file." : "There is no backup to test.");
            }
            BackupState state;
            while ((state = await dashboard.BackupsAsync(cancel)).Work is not null)
                await Task.Delay(Pause, cancel);
            BackupResult? result = last(state);
            if (result?.Outcome != "ok")
                throw new CliException(ExitCode.Error, $"It did not work: {(result is null ? "the server was started anew" : Said(result))}.");
            run.Shell.Tell(name == "backup" ? $"Made a backup, {Size(result.Bytes)}." : $"The backup of {At(result.Made ?? result.At)} opens and is whole.");
        }, cancel));
        return command;
    }

    static void Show(Run run, InstanceSettings settings) => run.Shell.Table(["Setting", "Is"],
    [
        ["Name", SafeText.Line(settings.Name)],
        ["Mail", settings.Mail is { } mail ? SafeText.Line($"{mail.Host}:{AdminCommand.Number(mail.Port)}, from {mail.From}{(mail.User is null ? "" : $", as {mail.User}")}") : "not set up"],
    ], "");

    static string Said(SetUpCheck check) => (check.Outcome, check.Detail) switch
    {
        ("ok", _) => "good",
        ("other", { } expected) => $"pages of this address cannot connect; the server was told {SafeText.Line(expected)} (KAVALEK_HOST, --origin)",
        ("other", _) => "the server was not told its public address (KAVALEK_HOST, --origin)",
        ("local", _) => "plain, on this computer alone",
        ("no_tls", _) => "no TLS: passwords and tokens could be read on the way",
        ("no_client_address", _) => "the proxy does not say whom it speaks for: let it send X-Forwarded-For",
        ("untrusted", _) => "the proxy is not trusted: name its address with --trusted-proxies",
        ("unexpected", _) => "there is a proxy, and the server was not told: --behind-proxy",
        ("ends_soon", _) => "ends within two weeks",
        ("off", _) => "not set up",
        _ => SafeText.Line(check.Outcome),
    };

    static string Said(BackupResult result) => result.Outcome switch
    {
        "ok" => "good",
        "damaged" => "the backup is damaged",
        "wrong_key" => "it was made under another key, or by a newer version",
        "disk" => "a file cannot be read or written",
        "database" => "the database does not answer",
        _ => SafeText.Line(result.Outcome),
    };

    static string At(long seconds) => Describe.Time(DateTimeOffset.FromUnixTimeSeconds(seconds));

    static string Size(long bytes) => bytes >= 1 << 20 ? $"{AdminCommand.Number(bytes >> 20)} MiB" : $"{AdminCommand.Number(bytes >> 10)} KiB";
}

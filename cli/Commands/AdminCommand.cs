using System.CommandLine;
using System.Globalization;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;
using Kavalek.Protocol.Auth;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek admin</c>: running the instance, for those who have a rank. It opens the dashboard with the password that opens the profile.</summary>
static class AdminCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var command = new Verb("admin", "Run the instance: people, invites, policy (for moderators, admins and owners).") { Overview(with), Policy(with), AdminReports.Create(with) };
        foreach (Verb verb in AdminHealth.All(with).Concat(AdminStorage.All(with)).Concat(AdminInstance.All(with)).Concat(AdminPeople.All(with)).Concat(AdminInvites.All(with)))
            command.Subcommands.Add(verb);
        command.Notes = "Nobody of any rank reads messages, sees addresses or who talks with whom, or adds devices to somebody. Every act is in a log that each member can read: kavalek audit.";
        command.Examples =
        [
            new("kavalek admin overview"), new("kavalek admin people --state suspended"), new("kavalek admin suspend @zoe"), new("kavalek admin rank @marie moderator"),
            new("kavalek admin policy --registration open"),
        ];
        return command;
    }

    /// <summary>Opens the profile and the dashboard, with one password.</summary>
    public static async Task<int> WithDashboardAsync(Run run, Func<Dashboard, Task> work, CancellationToken cancel)
    {
        ClientOptions options = await run.TakeProfileAsync(cancel);
        try
        {
            string password = run.Password.Read(cancel: cancel);
            await using KavalekClient client = await KavalekClient.UnlockAsync(options, password, cancel);
            await work(await client.OpenDashboardAsync(password, cancel));
        }
        finally
        {
            await options.Store.DisposeAsync();
        }
        return ExitCode.Ok;
    }

    /// <summary>A number as it is written here.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    static Verb Overview(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var command = new Verb("overview", "Show how the instance is.") { json };
        command.Examples = [new("kavalek admin overview")];
        with.Does(command, (run, cancel) => WithDashboardAsync(run, async dashboard =>
        {
            AuthOverview all = await dashboard.OverviewAsync(cancel);
            MessagingOverview delivery = await dashboard.DeliveryAsync(cancel);
            if (run.Get(json))
            {
                run.Shell.Out.WriteLine(JsonLine.Object(o =>
                {
                    o.WriteString("version", all.Version);
                    foreach ((string name, long value) in (ReadOnlySpan<(string, long)>)
                    [
                        ("accounts", all.Accounts), ("suspended", all.Suspended), ("left", all.Left), ("devices", all.Devices), ("sessions", all.Sessions), ("invites", all.Invites),
                        ("connections", delivery.Connections), ("entriesPerMinute", delivery.EntriesPerMinute), ("queue", delivery.QueueDepth),
                        ("databaseBytes", all.DatabaseBytes + delivery.DatabaseBytes), ("attachmentBytes", delivery.AttachmentBytes), ("archiveBytes", delivery.ArchiveBytes),
                        ("freeBytes", delivery.FreeBytes), ("memoryBytes", Memory(all, delivery)), ("nodes", delivery.Nodes.Length),
                        ("deliveries", delivery.Delivery.Count), ("deliveryP50Microseconds", delivery.Delivery.P50), ("deliveryP99Microseconds", delivery.Delivery.P99),
                    ])
                    {
                        o.WriteNumber(name, value);
                    }
                    o.WriteString("started", At(delivery.Started));
                    o.WriteBoolean("mail", all.Mail);
                    if (all.LastBackup is long backup)
                        o.WriteString("lastBackup", At(backup));
                    if (all.CertificateExpires is long certificate)
                        o.WriteString("certificateExpires", At(certificate));
                }));
                return;
            }
            run.Shell.Table(["What", "Now"],
            [
                ["Version", $"{all.Version}, running since {At(delivery.Started)}"],
                ["People", $"{Number(all.Accounts)}, {Number(all.Suspended)} suspended, {Number(all.Left)} left"],
                ["Devices", $"{Number(all.Devices)}, {Number(all.Sessions)} logged in, {Number(delivery.Connections)} connected"],
                ["Invites that work", Number(all.Invites)],
                ["Messages a minute", $"{Number(delivery.EntriesPerMinute)}, {Number(delivery.QueueDepth)} waiting to be stored"],
                ["Delivered within", delivery.Delivery.Count == 0 ? "nothing in five minutes" : $"{Milliseconds(delivery.Delivery.P50)} (half), {Milliseconds(delivery.Delivery.P99)} (99 %), in the last five minutes"],
                ["Databases", Size(all.DatabaseBytes + delivery.DatabaseBytes) + Grown(delivery, day => day.DatabaseBytes, delivery.DatabaseBytes)],
                ["Attachments", Size(delivery.AttachmentBytes) + Grown(delivery, day => day.AttachmentBytes, delivery.AttachmentBytes)],
                ["Free on the disk", Size(delivery.FreeBytes)],
                ["Memory", Size(Memory(all, delivery)) + (delivery.Nodes.Length > 1 ? $", {Number(delivery.Nodes.Length)} nodes" : "")],
                ["Mail", all.Mail ? "set up" : "not set up"],
                ["Last backup", all.LastBackup is long backup ? At(backup) : "none known"],
                ["Certificate", all.CertificateExpires is long certificate ? $"until {At(certificate)}" : "not the server's own"],
            ], "");
        }, cancel));
        return command;
    }

    static Verb Policy(CommandLine.Commands with)
    {
        var registration = new Option<string?>("--registration") { Description = "Who may make an account: invite or open.", HelpName = "MODE" };
        var retention = new Option<int?>("--retention-days") { Description = "Days that an undelivered message is kept, 1 to 30.", HelpName = "DAYS" };
        var floor = new Option<string?>("--timer-floor") { Description = "What messages live at least, where they end: 5s to 4y of time, or off.", HelpName = "TIME" };
        var ceiling = new Option<string?>("--timer-ceiling") { Description = "What messages live at most, or off.", HelpName = "TIME" };
        var receipts = new Option<string?>("--receipts") { Description = "Whether clients may say what arrived and was read: on or off.", HelpName = "ON|OFF" };
        var lockAfter = new Option<string?>("--lock-after") { Description = "When a client that nobody uses locks at the latest, or off.", HelpName = "TIME" };
        var command = new Verb("policy", "Show what holds on this instance, or change it (for owners).") { registration, retention, floor, ceiling, receipts, lockAfter };
        command.Examples = [new("kavalek admin policy"), new("kavalek admin policy --registration open --timer-ceiling 4w")];
        with.Does(command, (run, cancel) => WithDashboardAsync(run, async dashboard =>
        {
            InstancePolicy before = await dashboard.PolicyAsync(cancel);
            InstancePolicy wanted = before with
            {
                Registration = OneOf(run.Get(registration), ["invite", "open"]) ?? before.Registration,
                RetentionDays = run.Get(retention) ?? before.RetentionDays,
                TimerFloor = Seconds(run.Get(floor)) ?? before.TimerFloor,
                TimerCeiling = Seconds(run.Get(ceiling)) ?? before.TimerCeiling,
                Receipts = OneOf(run.Get(receipts), ["on", "off"]) is string said ? said == "on" : before.Receipts,
                LockAfter = Seconds(run.Get(lockAfter)) ?? before.LockAfter,
            };
            InstancePolicy now = wanted == before ? before : await dashboard.SetPolicyAsync(wanted, cancel);
            run.Shell.Table(["Policy", Number(now.Number)],
            [
                ["Registration", now.Registration],
                ["Undelivered messages", $"{Number(now.RetentionDays)} days"],
                ["Messages that end live at least", Time(now.TimerFloor, "as people like")],
                ["Messages live at most", Time(now.TimerCeiling, "as people like")],
                ["Receipts", now.Receipts ? "as people like" : "off"],
                ["Clients lock after", Time(now.LockAfter, "as people like")],
            ], "");
            if (now != before)
                run.Shell.Tell("The policy is changed. Every member can see that in the audit log.");
        }, cancel));
        return command;
    }

    static string? OneOf(string? text, string[] allowed) => text is null || allowed.Contains(text) ? text
        : throw new CliException(ExitCode.Usage, $"That is one of: {string.Join(", ", allowed)}. Nothing changed.");

    static long? Seconds(string? text) => text is null ? null : (long)Duration.Parse(text).TotalSeconds;

    static string Time(long seconds, string none) => seconds == 0 ? none : TimeInWords.Of(TimeSpan.FromSeconds(seconds));

    static long Memory(AuthOverview all, MessagingOverview delivery) => delivery.MemoryBytes + (all.Apart ? all.MemoryBytes : 0);

    static string Milliseconds(long microseconds) => $"{(microseconds / 1000m).ToString("0.#", CultureInfo.InvariantCulture)} ms";

    // Since a week ago, or since it is known.
    static string Grown(MessagingOverview delivery, Func<SizeOfDay, long> size, long now)
    {
        SizeOfDay[] week = [.. delivery.Growth.TakeLast(8)];
        if (week.Length < 2)
            return "";
        long days = (week[^1].Day - week[0].Day) / 86_400, more = now - size(week[0]);
        return $", {(more < 0 ? "-" : "+")}{Size(Math.Abs(more))} in {Number(days)} days";
    }

    static string At(long seconds) => Describe.Time(DateTimeOffset.FromUnixTimeSeconds(seconds));

    static string Size(long bytes) => bytes >= 1 << 20 ? $"{Number(bytes >> 20)} MiB" : $"{Number(bytes >> 10)} KiB";
}

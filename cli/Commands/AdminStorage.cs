using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Cli.Commands;

/// <summary>What the server keeps, and making room: <c>kavalek admin storage</c> and <c>purge</c>.</summary>
static class AdminStorage
{
    public static IEnumerable<Verb> All(CommandLine.Commands with) => [Storage(with), Purge(with)];

    static Verb Storage(CommandLine.Commands with)
    {
        var skip = new Option<int>("--skip") { Description = "Leave out the first so many.", HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb("storage", "List what is kept by account, the largest first, a hundred at a time.") { skip, json };
        command.Notes = "Sizes of attachments and archives. What waits to be delivered belongs to conversations, and whose those are nobody is told here.";
        command.Examples = [new("kavalek admin storage")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            StoragePage page = await dashboard.StorageAsync(run.Get(skip), cancel: cancel);
            List<string[]> rows = [];
            foreach (StorageRecord kept in page.Accounts)
            {
                if (run.Get(json))
                {
                    run.Shell.Out.WriteLine(JsonLine.Object(o =>
                    {
                        o.WriteString("account", kept.Account.ToString());
                        o.WriteNumber("attachmentBytes", kept.AttachmentBytes);
                        o.WriteNumber("files", kept.Files);
                        o.WriteNumber("archiveBytes", kept.ArchiveBytes);
                    }));
                    continue;
                }
                string who;
                try
                {
                    who = $"@{(await dashboard.PersonAsync(kept.Account, cancel)).Handle}";
                }
                catch (Client.KavalekException e) when (e.Code == ErrorCodes.NotFound)
                {
                    who = kept.Account.ToString()[..8]; // Deleted, and not yet swept.
                }
                rows.Add([who, Size(kept.AttachmentBytes), AdminCommand.Number(kept.Files), Size(kept.ArchiveBytes)]);
            }
            if (run.Get(json))
                return;
            run.Shell.Table(["Who", "Attachments", "Files", "Archive"], rows, "Nothing is kept.");
            if (run.Get(skip) + page.Accounts.Length is var shown && shown < page.Total)
                run.Shell.Tell($"{AdminCommand.Number(page.Total)} in all. More: --skip {AdminCommand.Number(shown)}");
        }, cancel));
        return command;
    }

    static Verb Purge(CommandLine.Commands with)
    {
        var handle = new Argument<string?>("handle") { Description = "Whose; everybody's where absent (for owners).", HelpName = "@HANDLE", Arity = ArgumentArity.ZeroOrOne };
        var days = new Option<int>("--older-than") { Description = "Days ago that they came, 1 to 30.", HelpName = "DAYS", DefaultValueFactory = _ => 30 };
        var dry = new Option<bool>("--dry-run") { Description = "Only say what would go." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var command = new Verb("purge", "Delete attachments of long ago from the server.") { handle, days, dry, yes };
        command.Notes = "Devices keep what they have fetched. Whoever has not fetched a file by then does not get it any more.";
        command.Examples = [new("kavalek admin purge --older-than 14 --dry-run"), new("kavalek admin purge @zoe --older-than 7")];
        with.Does(command, (run, cancel) => AdminCommand.WithDashboardAsync(run, async dashboard =>
        {
            Id? account = run.Get(handle) is string who ? (await AdminPeople.PersonAsync(dashboard, who, cancel)).Account : null;
            PurgePreview preview = await dashboard.PreviewPurgeAsync(run.Get(days), account, cancel);
            string what = $"{AdminCommand.Number(preview.Files)} attachment{(preview.Files == 1 ? "" : "s")}, {Size(preview.Bytes)}";
            if (run.Get(dry) || preview.Files == 0)
            {
                run.Shell.Tell($"That would be {what}. Nothing was deleted.");
                return;
            }
            if (!run.Get(yes) && !run.Shell.Confirm($"Delete {what}? Nothing brings them back."))
                throw new CliException(ExitCode.Usage, "Nothing was done. Without a terminal to ask at, confirm with --yes.");
            await dashboard.PurgeAsync(run.Get(days), account, cancel);
            run.Shell.Tell($"Deleting {what}.");
        }, cancel));
        return command;
    }

    static string Size(long bytes) => bytes >= 1 << 20 ? $"{AdminCommand.Number(bytes >> 20)} MiB" : $"{AdminCommand.Number(bytes >> 10)} KiB";
}

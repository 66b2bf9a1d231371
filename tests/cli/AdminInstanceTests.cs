using System.Globalization;
using System.Text.Json;
using Kavalek.Tests.Support;

namespace Kavalek.Cli.Tests;

/// <summary>What the instance keeps and needs, from a terminal; the real executable against a server that makes backups.</summary>
[Collection(nameof(TwoPeople))]
public sealed class AdminInstanceTests(TwoPeople two)
{
    // K-28
    [Fact]
    public async Task Storage_and_conversations_are_told_in_sizes_and_a_purge_says_first_what_would_go_and_takes_that()
    {
        string file = two.Profile("plan.bin");
        await File.WriteAllBytesAsync(file, new byte[90_000], TestContext.Current.CancellationToken);
        await two.RunAsync(two.Jean, "send", "@marie", "--file", file, "the canary plan 77ab");
        long kept = Attachments();
        string[] storage = Rows(await two.RunAsync(two.Marie, "admin", "storage"));
        string jeans = storage.Single(row => row.StartsWith("@jean\t", StringComparison.Ordinal));
        Assert.Matches("^@jean\t[0-9]+ KiB\t[0-9]+\t[0-9]+ KiB$", jeans);
        JsonElement[] same = [.. Rows(await two.RunAsync(two.Marie, "admin", "storage", "--json")).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(storage.Select(row => row.Split('\t')[2]), same.Select(one => one.GetProperty("files").GetInt32().ToString(CultureInfo.InvariantCulture)));
        Assert.Equal(kept, same.Sum(one => one.GetProperty("files").GetInt32()));
        Assert.InRange(same.Max(one => one.GetProperty("attachmentBytes").GetInt64()), 90_000, 2_000_000);

        // Conversations are a number, a class of size and days.
        Outcome groups = await two.RunAsync(two.Marie, "admin", "groups");
        Assert.All(Rows(groups), row => Assert.Matches("^[0-9]+\tup to [0-9]+\t[0-9]+ KiB\t[0-9]{4}-[0-9]{2}-[0-9]{2}\t([0-9]{4}-[0-9]{2}-[0-9]{2})?$", row));
        Assert.NotEmpty(Rows(groups));

        // One is old enough, and nothing goes before it is wanted.
        two.Server.MessagingTables.Execute("UPDATE attachment SET expires = expires - 259200 WHERE expires = (SELECT MAX(expires) FROM attachment)");
        string[] purge = ["admin", "purge", "@jean", "--older-than", "2"];
        Assert.Matches("^That would be 1 attachment, [0-9]+ KiB. Nothing was deleted.\n$", (await two.RunAsync(two.Marie, [.. purge, "--dry-run"])).Error);
        Assert.Contains("--yes", (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, purge)).Ended(ExitCode.Usage).Error);
        Assert.Equal(kept, Attachments());
        Assert.Matches("^Deleting 1 attachment, [0-9]+ KiB.\n$", (await two.RunAsync(two.Marie, [.. purge, "--yes"])).Error);
        await Awaited.UntilAsync(() => Task.FromResult(Attachments()), left => left == kept - 1);
        Assert.Contains("@marie\tpurged (2)\t@jean", (await two.RunAsync(two.Jean, "audit", "--limit", "20")).Out);
        Assert.Contains("not on the server any more", (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["save", "@jean", "last", "--to", two.Profile(".")])).Ended(ExitCode.Error).Error);
    }

    // K-61
    [Fact]
    public async Task Backups_are_made_tested_and_listed_and_a_damaged_one_is_told()
    {
        Assert.Matches("^Made a backup, [0-9]+ [KM]iB.\n$", (await two.RunAsync(two.Marie, "admin", "backup")).Error);
        string[] made = [.. Directory.GetFiles(two.Backups).Order(StringComparer.Ordinal)];
        Assert.Matches("^The backup of 20.* opens and is whole.\n$", (await two.RunAsync(two.Marie, "admin", "test-backup")).Error);
        Outcome list = await two.RunAsync(two.Marie, "admin", "backups");
        Assert.Equal(made.Length, Rows(list).Length);
        Assert.All(Rows(list), row => Assert.Matches("^20[^\t]*\t[1-9][0-9]* [KM]iB$", row));
        Assert.Matches("^Every 1 day, 14 are kept. Next: 20.*\nLast test, 20.*: good.\n$", list.Error);

        byte[] bytes = await File.ReadAllBytesAsync(made[^1], TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(made[^1], bytes, TestContext.Current.CancellationToken);
        Assert.Contains("It did not work: the backup is damaged.", (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["admin", "test-backup"])).Ended(ExitCode.Error).Error);
    }

    // K-27
    [Fact]
    public async Task An_owner_sets_name_and_mail_and_ends_the_set_up_and_a_member_nothing()
    {
        Outcome before = await two.RunAsync(two.Marie, "admin", "set-up");
        Assert.Contains("Mail\tnot set up\n", before.Out);
        Assert.Contains("address\t", before.Out);
        Assert.Contains("backups\tgood\n", before.Out);
        string name = Rows(before)[0].Split('\t')[1], secret = two.Profile("mail.secret");
        await File.WriteAllTextAsync(secret, "the canary of the mail server\n", TestContext.Current.CancellationToken);

        Assert.Contains("needs a sender", (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["admin", "settings", "--mail", "127.0.0.1:9"])).Ended(ExitCode.Usage).Error);
        Outcome set = await two.RunAsync(two.Marie,
            "admin", "settings", "--name", "La rédaction", "--mail", "127.0.0.1:9", "--mail-from", "desk@example.org", "--mail-user", "desk", "--mail-password-file", secret);
        Assert.Equal("Name\tLa rédaction\nMail\t127.0.0.1:9, from desk@example.org, as desk\n", set.Out);
        Assert.Equal("mail: is not reached: nobody answers there\n", (await two.RunAsync(two.Marie, "admin", "test-mail")).Error);
        Assert.Contains("no rank", (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["admin", "settings", "--name", "Mine"])).Ended(ExitCode.Refused).Error);
        Assert.Equal($"Name\t{name}\nMail\tnot set up\n", (await two.RunAsync(two.Marie, "admin", "settings", "--name", name, "--mail", "off")).Out);
        Assert.Contains("The instance is set up.", (await two.RunAsync(two.Marie, "admin", "set-up", "--finish")).Error);
        Assert.Contains("This instance is set up.", (await two.RunAsync(two.Marie, "admin", "set-up")).Error);
    }

    static string[] Rows(Outcome outcome) => outcome.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    long Attachments() => two.Server.MessagingTables.Count("SELECT COUNT(*) FROM attachment");
}

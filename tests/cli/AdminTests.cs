using System.Text.Json;

namespace Kavalek.Cli.Tests;

/// <summary>Running the instance from a terminal; the real executable against a server.</summary>
[Collection(nameof(TwoPeople))]
public sealed class AdminTests(TwoPeople two)
{
    [Fact]
    public async Task An_owner_sees_how_the_instance_is_and_who_is_on_it_and_acts_with_the_password_that_opens_the_profile()
    {
        string rita = await two.SignUpAsync("rita");
        JsonElement overview = JsonDocument.Parse((await two.RunAsync(two.Marie, "admin", "overview", "--json")).Out).RootElement;
        Assert.True(overview.GetProperty("accounts").GetInt32() >= 3);
        Assert.Matches("\nLast backup\t20[0-9]{2}-", (await two.RunAsync(two.Marie, "admin", "overview")).Out);
        JsonElement person = JsonDocument.Parse((await two.RunAsync(two.Marie, "admin", "people", "@rit", "--json")).Out).RootElement;
        Assert.Equal(("rita", "member", "active", 1), (person.GetProperty("handle").GetString(), person.GetProperty("rank").GetString(), person.GetProperty("state").GetString(), person.GetProperty("devices").GetInt32()));
        Assert.Contains("@rita\tmember\tactive", (await two.RunAsync(two.Marie, "admin", "find", "rita@example.org")).Out);

        Assert.Contains("--yes", (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["admin", "suspend", "@rita"])).Ended(ExitCode.Usage).Error);
        await two.RunAsync(rita, "devices");
        await two.RunAsync(two.Marie, "admin", "suspend", "@rita", "--yes");
        (await KavalekProcess.RunAsync(rita, TwoPeople.Password, ["devices"])).Ended(ExitCode.NoAccount);
        await two.RunAsync(two.Marie, "admin", "resume", "@rita");
        Assert.Contains("no rank", (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["admin", "people"])).Ended(ExitCode.Refused).Error);
        Assert.Contains("nobody with the handle @nobody", (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["admin", "rank", "@nobody", "moderator"])).Ended(ExitCode.NotFound).Error);
        await two.RunAsync(two.Marie, "admin", "rank", "@rita", "moderator");

        string link = (await two.RunAsync(two.Marie, "admin", "invite", "--rank", "moderator", "--days", "2")).Out.Trim();
        Assert.StartsWith(two.Server.Address.ToString(), link, StringComparison.Ordinal);
        string id = (await two.RunAsync(two.Marie, "admin", "invites")).Out.Split('\n').Single(line => line.EndsWith("\tmoderator", StringComparison.Ordinal)).Split('\t')[0];
        await two.RunAsync(two.Marie, "admin", "revoke", id);
        Assert.Contains("Receipts\tas people like", (await two.RunAsync(two.Marie, "admin", "policy")).Out);
        Assert.Contains("14 days", (await two.RunAsync(two.Marie, "admin", "policy", "--retention-days", "14", "--lock-after", "1h")).Out);
        Assert.Contains("one of: invite, open", (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["admin", "policy", "--registration", "all"])).Ended(ExitCode.Usage).Error);

        // Everybody can read that.
        string[] log = [.. (await two.RunAsync(two.Jean, "audit", "--limit", "4")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal(4, log.Length);
        Assert.Contains(log, line => line.Contains("@marie\tpolicy (1)", StringComparison.Ordinal));
        string[] acts = [.. (await two.RunAsync(two.Jean, "audit", "--json")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("act").GetString()!)];
        Assert.Contains("suspended", acts);
        Assert.Contains("rank", acts);
        await two.RunAsync(two.Marie, "admin", "delete", "@rita", "--yes");
        (await KavalekProcess.RunAsync(rita, TwoPeople.Password, ["devices"])).Ended(ExitCode.NoAccount);
    }

    // K-28
    [Fact]
    public async Task Messages_are_reported_to_those_who_are_named_first_and_whoever_opens_the_report_sees_who_wrote_them()
    {
        string paula = await two.SignUpAsync("paula");
        await two.RunAsync(two.Jean, "send", "@marie", "buy my canary 4e1f");
        string id = (await two.RunAsync(two.Marie, "history", "@jean", "--json")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).Last(message => message.TryGetProperty("text", out JsonElement text) && text.GetString() == "buy my canary 4e1f").GetProperty("id").GetString()!;
        await two.RunAsync(two.Marie, "admin", "overview");
        Assert.Contains("--yes", (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["report", "@jean", id])).Ended(ExitCode.Usage).Error);
        Outcome reported = await two.RunAsync(two.Marie, "report", "@jean", id, "--reason", "spam", "--words", "every day", "--yes");
        Assert.Contains("It goes to @marie, owner since", reported.Error);
        string report = (await two.RunAsync(two.Marie, "admin", "reports", "list")).Out.Split('\t')[0];
        JsonElement shown = JsonDocument.Parse((await two.RunAsync(two.Marie, "admin", "reports", "show", report[..8], "--json")).Out).RootElement;
        Assert.Equal((true, "spam", "every day"), (shown.GetProperty("proven").GetBoolean(), shown.GetProperty("reason").GetString(), shown.GetProperty("words").GetString()));
        Assert.Equal(("jean", "buy my canary 4e1f"), (shown.GetProperty("messages")[0].GetProperty("handle").GetString(), shown.GetProperty("messages")[0].GetProperty("text").GetString()));
        Assert.Contains("@jean\tproven\ta conversation of two", (await two.RunAsync(two.Marie, "admin", "reports", "show", report)).Out);
        Assert.Contains("no rank", (await KavalekProcess.RunAsync(paula, TwoPeople.Password, ["admin", "reports", "list"])).Ended(ExitCode.Refused).Error);
        Assert.Contains("dismissed, suspended or acted", (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["admin", "reports", "decide", report, "forgotten"])).Ended(ExitCode.Usage).Error);
        Assert.Contains("no report that waits", (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["admin", "reports", "show", "zz"])).Ended(ExitCode.NotFound).Error);
        await two.RunAsync(two.Marie, "admin", "reports", "decide", report, "dismissed");
        Assert.Contains("No report waits", (await two.RunAsync(two.Marie, "admin", "reports", "list")).Error);
        Assert.Contains("decided a report (dismissed)", (await two.RunAsync(paula, "audit", "--limit", "5")).Out);
    }
}

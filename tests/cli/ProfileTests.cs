using System.Globalization;

namespace Kavalek.Cli.Tests;

/// <summary>The profile's folder: one process at a time, closed to others, sealed.</summary>
[Collection(nameof(TwoPeople))]
public sealed class ProfileTests(TwoPeople two)
{
    [Fact]
    public async Task A_second_process_says_whom_it_waits_for_and_goes_on_when_that_one_ends()
    {
        await using KavalekProcess first = KavalekProcess.Start(two.Jean, TwoPeople.Password, "listen", "--json");
        await first.EventAsync("ready");
        Outcome refused = (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["send", "@marie", "now", "--wait", "0"])).Ended(ExitCode.InUse);
        Assert.Contains(first.Id.ToString(CultureInfo.InvariantCulture), refused.Error);
        Assert.Contains("Nothing was sent", refused.Error);
        // The first one has noticed nothing.
        string said = $"still there {Guid.NewGuid():n}";
        await two.RunAsync(two.Marie, "send", "@jean", said);
        await first.EventAsync("message", e => e.GetProperty("text").GetString() == said);

        Task<Outcome> second = KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["whoami", "--wait", "60"]);
        await first.SignalAsync("INT");
        (await first.EndAsync()).Ended(ExitCode.Interrupted);
        (await second).Ok();
    }

    [Fact]
    public async Task A_chat_that_finds_the_profile_in_use_says_so_at_once()
    {
        await using KavalekProcess first = KavalekProcess.Start(two.Jean, TwoPeople.Password, "listen", "--json");
        await first.EventAsync("ready");
        (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["chat", "@marie"])).Ended(ExitCode.InUse);
    }

    [Fact]
    public async Task Lock_ends_the_process_that_has_the_profile_open()
    {
        await using KavalekProcess open = KavalekProcess.Start(two.Jean, TwoPeople.Password, "chat", "@marie");
        await open.LineAsync(_ => true);
        await two.RunAsync(two.Jean, "lock");
        await open.EndAsync();
        Assert.Contains("nothing has the profile open", (await two.RunAsync(two.Jean, "lock")).Error);
    }

    [Fact]
    public async Task A_process_that_was_killed_leaves_the_profile_free_and_whole()
    {
        await using (KavalekProcess killed = KavalekProcess.Start(two.Jean, TwoPeople.Password, "chat", "@marie"))
        {
            await killed.TypeAsync("before the end");
            await killed.LineAsync(line => line.Contains("before the end"));
            await killed.SignalAsync("KILL");
            await killed.EndAsync();
        }
        Assert.Contains("before the end", (await two.RunAsync(two.Jean, "history", "@marie")).Out);
        await two.RunAsync(two.Jean, "send", "@marie", "and after it");
    }

    // K-71
    [Fact]
    public async Task The_folder_is_closed_to_others_and_holds_nothing_readable()
    {
        var said = Canary.In("a message");
        var named = Canary.In("a display name");
        var titled = Canary.In("a group's title");
        await two.RunAsync(two.Jean, "send", "@marie", said.Text);
        await two.RunAsync(two.Marie, "profile", "name", named.Text);
        await two.RunAsync(two.Marie, "groups", "create", titled.Text, "@jean");
        await two.RunAsync(two.Marie, "history", "@jean");
        await two.RunAsync(two.Jean, "history", titled.Text);
        await two.RunAsync(two.Marie, "profile", "name", "Marie");

        Canary[] secrets = [said, named, titled, Canary.Of("the password", TwoPeople.Password), Canary.Of("the e-mail of Marie", "marie@example.org"), Canary.Of("the e-mail of Jean", "jean@example.org")];
        foreach (string profile in (string[])[two.Marie, two.Jean])
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(profile));
            foreach (string file in Directory.GetFiles(profile, "*", SearchOption.AllDirectories))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
                byte[] content = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
                Assert.All(secrets, secret => Assert.True(!secret.FoundIn(content).Any(), $"{secret.Where} in {Path.GetFileName(file)}"));
            }
        }
        Assert.All(two.Printed.ToArray(), outcome => Assert.DoesNotContain(TwoPeople.Password, outcome.All));
    }

    [Fact]
    public async Task A_wrong_password_is_said_with_exit_code_5()
    {
        Outcome refused = (await KavalekProcess.RunAsync(two.Jean, "incorrect donkey", ["conversations", "--offline"])).Ended(ExitCode.WrongPassword);
        Assert.DoesNotContain("incorrect donkey", refused.All);
    }

    [Fact]
    public async Task A_password_file_that_others_may_read_is_used_with_a_warning()
    {
        string file = two.Profile("password");
        await File.WriteAllTextAsync(file, TwoPeople.Password + "\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Outcome warned = (await KavalekProcess.RunAsync(two.Jean, null, ["whoami", "--password-file", file])).Ok();
        Assert.Contains("chmod 600", warned.Error);
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        Assert.Empty((await KavalekProcess.RunAsync(two.Jean, null, ["whoami", "--password-file", file])).Ok().Error);
    }

    [Fact]
    public async Task A_second_account_does_not_fit_into_a_profile()
    {
        Outcome refused = (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password,
            ["signup", $"{two.Server.Address}#invite=AAAAAAAAAAAAAAAAAAAAAA", "--email", "x@example.org", "--handle", "xavier"])).Ended(ExitCode.Error);
        Assert.Contains("--profile DIR", refused.Error);
    }

    [Fact]
    public async Task Wiping_leaves_nothing_and_asks_first()
    {
        string zoe = await two.SignUpAsync("zoe");
        (await KavalekProcess.RunAsync(zoe, TwoPeople.Password, ["logout", "--wipe"])).Ended(ExitCode.Usage);
        await two.RunAsync(zoe, "whoami");
        await two.RunAsync(zoe, "logout", "--wipe", "--yes");
        Assert.All(Directory.GetFiles(zoe), file => Assert.StartsWith("lock", Path.GetFileName(file)));
        (await KavalekProcess.RunAsync(zoe, TwoPeople.Password, ["whoami"])).Ended(ExitCode.NoAccount);
    }

    [Fact]
    public async Task After_logging_out_the_password_opens_a_new_session()
    {
        string luc = await two.SignUpAsync("luc");
        await two.RunAsync(luc, "logout");
        (await KavalekProcess.RunAsync(luc, TwoPeople.Password, ["requests"])).Ended(ExitCode.NoAccount);
        await two.RunAsync(luc, "login");
        await two.RunAsync(luc, "requests");
    }
}

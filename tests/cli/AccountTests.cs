using System.Text.Json;

namespace Kavalek.Cli.Tests;

/// <summary>Coming in, changing the password, and going; the real executable against a server.</summary>
[Collection(nameof(TwoPeople))]
public sealed class AccountTests(TwoPeople two)
{
    const string Next = "another long password";

    [Fact]
    public async Task The_recovery_key_that_sign_up_prints_lets_a_new_device_in_until_a_new_one_is_made()
    {
        string link = (await two.RunAsync(two.Marie, "invites", "create")).Out.Trim();
        string first = two.Profile("rosa"), second = two.Profile("rosa-second"), file = two.Profile("rosa-words");
        string[] printed = (await two.RunAsync(first, "signup", link, "--email", "rosa@example.org", "--handle", "rosa", "--json")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("rosa", JsonDocument.Parse(printed[0]).RootElement.GetProperty("handle").GetString());
        string words = JsonDocument.Parse(printed[1]).RootElement.GetProperty("recoveryKey").GetString()!;
        Assert.Equal(12, words.Split(' ').Length);
        Assert.Contains("There is a recovery key", (await two.RunAsync(first, "recovery")).Out);

        await File.WriteAllTextAsync(file, words, TestContext.Current.CancellationToken);
        string[] logIn = ["login", "--server", two.Server.Address.ToString(), "--email", "rosa@example.org", "--recovery-key-file", file];
        await two.RunAsync(second, logIn);
        Assert.Contains("@rosa", (await two.RunAsync(second, "whoami")).Out);

        await two.RunAsync(second, "recovery", "new", "--french", "--json");
        Outcome old = (await KavalekProcess.RunAsync(two.Profile("rosa-third"), TwoPeople.Password, logIn)).Ended(ExitCode.WrongPassword);
        Assert.Contains("not the recovery key", old.Error);
        Assert.DoesNotContain(words.Split(' ')[3] + " " + words.Split(' ')[4], old.All);
    }

    [Fact]
    public async Task A_password_changed_on_one_device_is_asked_for_on_the_other_which_keeps_everything()
    {
        string nora = await two.SignUpAsync("nora"), file = two.Profile("nora-next");
        Assert.Contains("no recovery key", (await two.RunAsync(nora, "recovery")).Out);
        await File.WriteAllTextAsync(file, Next, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        await two.RunAsync(nora, "password", "--new-password-file", file);
        (await KavalekProcess.RunAsync(nora, TwoPeople.Password, ["whoami"])).Ended(ExitCode.WrongPassword);
        (await KavalekProcess.RunAsync(nora, Next, ["whoami"])).Ok();
    }

    [Fact]
    public async Task Deleting_the_account_asks_first_and_leaves_nothing()
    {
        string vera = await two.SignUpAsync("vera");
        (await KavalekProcess.RunAsync(vera, TwoPeople.Password, ["account", "delete"])).Ended(ExitCode.Usage);
        await two.RunAsync(vera, "whoami");
        await two.RunAsync(vera, "account", "delete", "--yes");
        (await KavalekProcess.RunAsync(vera, TwoPeople.Password, ["whoami"])).Ended(ExitCode.NoAccount);
        Assert.Contains("nothing to lock", (await two.RunAsync(two.Profile("nobody"), "lock")).Error);
        (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["send", "@vera", "hello"])).Ended(ExitCode.NotFound);
    }

    [Fact]
    public async Task Hints_name_the_profile_that_was_given()
    {
        string nowhere = two.Profile("nowhere");
        Outcome none = (await KavalekProcess.RunAsync(null, TwoPeople.Password, ["--profile", nowhere, "whoami"])).Ended(ExitCode.NoAccount);
        Assert.Contains($"kavalek --profile {nowhere} signup LINK", none.Error);
        Outcome taken = (await KavalekProcess.RunAsync(nowhere, TwoPeople.Password,
            ["signup", (await two.RunAsync(two.Marie, "invites", "create")).Out.Trim(), "--email", "not an address", "--handle", "someone"])).Ended(ExitCode.Usage);
        Assert.Contains("not an e-mail address", taken.Error);
        taken = await KavalekProcess.RunAsync(nowhere, TwoPeople.Password,
            ["signup", (await two.RunAsync(two.Marie, "invites", "create")).Out.Trim(), "--email", "marie@example.org", "--handle", "someone"]);
        Assert.NotEqual(ExitCode.Ok, taken.ExitCode);
        Assert.Contains("has one here already", taken.Error);
    }
}

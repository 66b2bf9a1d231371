namespace Kavalek.Cli.Tests;

/// <summary>What a person gets who has never seen it: help, and texts that say what is wrong. The real executable, no server.</summary>
public static class CommandLineTests
{
    public static TheoryData<string> Commands =>
    [
        "signup", "login", "lock", "logout", "whoami", "conversations", "chat", "send", "files", "save", "history", "history status", "history restore", "history on", "history off", "history pass", "timer", "receipts", "listen", "requests", "requests list", "requests accept",
        "requests decline", "contacts", "contacts list", "contacts add", "contacts link", "verify", "accept-key", "block", "unblock", "groups", "groups list",
        "groups create", "groups add", "groups remove", "groups leave", "groups rename", "groups role", "groups members", "devices", "devices list",
        "devices add", "devices remove", "recovery", "recovery new", "password", "account delete", "invites", "invites list", "invites create", "invites revoke", "profile", "profile name", "verify-web",
    ];

    [Theory, MemberData(nameof(Commands))]
    public static async Task Every_command_explains_itself_with_an_example(string command)
    {
        Outcome help = (await Run([.. command.Split(' '), "--help"])).Ok();
        Assert.Contains("Usage:", help.Out);
        Assert.Contains("Examples:", help.Out);
        Assert.Contains($"kavalek {command.Split(' ')[0]}", help.Out[help.Out.IndexOf("Examples:", StringComparison.Ordinal)..]);
    }

    [Fact]
    public static async Task Without_a_command_there_is_the_overview_with_exit_codes_and_first_steps()
    {
        Outcome alone = (await Run([])).Ok();
        Assert.Equal((await Run(["--help"])).Ok().Out, alone.Out);
        Assert.Equal((await Run(["help"])).Ok().Out, alone.Out);
        Assert.Contains("First steps:", alone.Out);
        Assert.Contains("Exit codes:", alone.Out);
        foreach (string? command in Commands.Select(row => row.Data).Where(name => !name.Contains(' ')))
            Assert.Contains($"  {command} ", alone.Out);
    }

    [Theory]
    [InlineData("snd @marie hello", "Did you mean 'kavalek send'?")]
    [InlineData("groups ad x @y", "Did you mean 'kavalek groups add'?")]
    [InlineData("send", "'kavalek send' needs @HANDLE|GROUP")]
    [InlineData("groups role team @marie boss", "'boss' is not a role")]
    [InlineData("whoami --wait -1", "--wait takes seconds")]
    [InlineData("listen --commands", "--commands goes together with --json")]
    [InlineData("verify @marie --confirm", "--confirm")]
    [InlineData("contacts add http://localhost:1/#invite=abc", "not a person's contact link")]
    [InlineData("signup", "Which server?")]
    [InlineData("signup http://chat.example.org/#invite=abc --email a@b.example --handle abc", "https://chat.example.org")]
    [InlineData("signup https://chat.example.org/#contact=abc", "contact link")]
    [InlineData("signup https://chat.example.org/#invite=abc --invite abc", "leave out")]
    [InlineData("send @marie hello --reply-to nonsense", "--reply-to takes an id")]
    public static async Task What_is_wrong_with_a_command_line_is_said_with_exit_code_2(string line, string says)
    {
        string empty = Directory.CreateTempSubdirectory("kavalek-cli-").FullName;
        Outcome refused = (await KavalekProcess.RunAsync(empty, "a long password", line.Split(' '))).Ended(ExitCode.Usage);
        Assert.Contains(says, refused.Error);
        Assert.Empty(refused.Out);
        Directory.Delete(empty, recursive: true);
    }

    [Fact]
    public static async Task A_profile_without_an_account_is_said_with_exit_code_6_and_nothing_is_made()
    {
        string missing = Path.Combine(Path.GetTempPath(), $"kavalek-none-{Guid.NewGuid():n}");
        Outcome refused = (await KavalekProcess.RunAsync(missing, "a long password", ["conversations"])).Ended(ExitCode.NoAccount);
        Assert.Contains("kavalek signup", refused.Error);
        Assert.False(Directory.Exists(missing));
    }

    [Fact]
    public static async Task A_folder_of_something_else_is_not_touched()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-cli-");
        string file = Path.Combine(folder.FullName, "thesis.txt");
        await File.WriteAllTextAsync(file, "mine", TestContext.Current.CancellationToken);
        UnixFileMode mode = File.GetUnixFileMode(folder.FullName);
        Outcome refused = (await KavalekProcess.RunAsync(folder.FullName, "a long password",
            ["signup", "http://127.0.0.1:1/#setup=abc", "--email", "a@b.example", "--handle", "marie"])).Ended(ExitCode.Usage);
        Assert.Contains("holds other files", refused.Error);
        Assert.Equal(file, Assert.Single(Directory.GetFileSystemEntries(folder.FullName)));
        Assert.Equal(mode, File.GetUnixFileMode(folder.FullName));
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("one\ntwo\n", "more than one line")]
    [InlineData("short\n", "at least 10 characters")]
    public static async Task A_password_file_that_cannot_be_meant_is_refused(string content, string says)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-cli-");
        string file = Path.Combine(folder.FullName, "password");
        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        Outcome refused = (await KavalekProcess.RunAsync(Path.Combine(folder.FullName, "profile"), null,
            ["signup", "http://127.0.0.1:1/#setup=abc", "--email", "a@b.example", "--handle", "marie", "--password-file", file])).Ended(ExitCode.Usage);
        Assert.Contains(says, refused.Error);
        folder.Delete(recursive: true);
    }

    [Fact]
    public static async Task Without_a_terminal_a_missing_password_is_said_and_not_waited_for()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-cli-");
        // setsid: without a controlling terminal there is none to ask at, whatever this test runs in.
        Outcome refused = await KavalekProcess.RunAsync(Path.Combine(folder.FullName, "profile"), null,
            ["signup", "http://127.0.0.1:1/#setup=abc", "--email", "a@b.example", "--handle", "marie"], change: start =>
            {
                start.ArgumentList.Insert(0, start.FileName);
                start.ArgumentList.Insert(0, "--wait");
                start.FileName = "setsid";
            });
        Assert.Contains("--password-file", refused.Ended(ExitCode.Usage).Error);
        folder.Delete(recursive: true);
    }

    [Fact]
    public static async Task A_server_that_is_not_there_is_said_with_exit_code_3()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-cli-");
        Outcome unreached = (await KavalekProcess.RunAsync(Path.Combine(folder.FullName, "profile"), "a long password",
            ["signup", "http://127.0.0.1:1/#setup=AAAAAAAAAAAAAAAAAAAAAA", "--email", "a@b.example", "--handle", "marie"])).Ended(ExitCode.Unreachable);
        Assert.Contains("reach", unreached.Error);
        folder.Delete(recursive: true);
    }

    static Task<Outcome> Run(string[] arguments) => KavalekProcess.RunAsync(null, null, arguments);
}

using System.Diagnostics;

namespace Kavalek.Deployment.Tests;

/// <summary>The operator's scripts, with a docker that only writes down what it was asked.</summary>
public sealed class ScriptTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-scripts-").FullName;

    string Calls => Path.Combine(_folder, "calls");
    string Secrets => Path.Combine(_folder, "secrets");

    public ScriptTests()
    {
        string docker = Path.Combine(_folder, "docker");
        File.WriteAllText(docker, "#!/bin/sh\necho \"$@\" >> \"$(dirname \"$0\")/calls\"\n");
        File.SetUnixFileMode(docker, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // K-79
    [Fact]
    public async Task Secrets_are_made_once_each_of_its_own_in_a_closed_folder()
    {
        Assert.Equal(0, (await RunAsync("deploy_infra.sh", ["--secrets-only"])).Code);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Secrets));
        string[] passwords = [.. ((string[])["postgres_password", "kavalek_password", "redis_password"]).Select(name => File.ReadAllText(Path.Combine(Secrets, name)))];
        Assert.All(passwords, password => Assert.Matches("^[0-9a-f]{64}$", password));
        Assert.Equal(3, passwords.Distinct().Count());
        Assert.Contains($"Username=kavalek;Password={passwords[1]}", File.ReadAllText(Path.Combine(Secrets, "connection")));
        Assert.Contains($"user kavalek on >{passwords[2]} ", File.ReadAllText(Path.Combine(Secrets, "redis_acl")));
        Dictionary<string, string> before = Directory.GetFiles(Secrets).ToDictionary(path => path, File.ReadAllText);
        Assert.Equal(0, (await RunAsync("deploy_infra.sh", [])).Code);
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllText(file.Key)));
        Assert.Equal(["compose --file docker-compose-infra.yml up --detach --wait"], await File.ReadAllLinesAsync(Calls, TestContext.Current.CancellationToken));

        // What an older server was allowed is brought up to date, whatever else stands there stays, and Redis reads it.
        string acl = Path.Combine(Secrets, "redis_acl"), now = await File.ReadAllTextAsync(acl, TestContext.Current.CancellationToken);
        File.Delete(acl);
        await File.WriteAllTextAsync(acl, now.Replace(" +get", "", StringComparison.Ordinal) + "user watcher on >mine +ping\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(acl, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.Delete(Calls);
        Assert.Equal(0, (await RunAsync("deploy_infra.sh", [])).Code);
        Assert.Equal([.. now.Trim().Split('\n').Append("user watcher on >mine +ping").Order(StringComparer.Ordinal)], (await File.ReadAllLinesAsync(acl, TestContext.Current.CancellationToken)).Order(StringComparer.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(acl));
        Assert.Equal(
            ["compose --file docker-compose-infra.yml up --detach --wait", "compose --file docker-compose-infra.yml up --detach --wait --force-recreate redis"],
            await File.ReadAllLinesAsync(Calls, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Nothing_is_deleted_before_the_instances_name_was_typed()
    {
        foreach (string answer in (string[])["", "yes\n", "delete\n", "delete other.example\n"])
        {
            (int code, string output) = await RunAsync("teardown.sh", ["--delete-data"], answer);
            Assert.True(code == 1 && output.Contains("Nothing was deleted", StringComparison.Ordinal), output);
            Assert.False(File.Exists(Calls));
        }
        Assert.Equal(2, (await RunAsync("teardown.sh", ["--yes"])).Code);
        Assert.False(File.Exists(Calls));
        // Stopping needs no word, and deletes nothing.
        Assert.Equal(0, (await RunAsync("teardown.sh", [])).Code);
        Assert.DoesNotContain("--volumes", await File.ReadAllTextAsync(Calls, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("teardown.sh", ["--delete-data"], "delete chat.example\n")).Code);
        Assert.Contains("docker-compose.yml down --remove-orphans --volumes", await File.ReadAllTextAsync(Calls, TestContext.Current.CancellationToken));
    }

    async Task<(int Code, string Output)> RunAsync(string script, string[] arguments, string input = "")
    {
        ProcessStartInfo info = new("bash", [Repository.PathOf($"scripts/{script}"), .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["PATH"] = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}";
        info.Environment["KAVALEK_SECRETS"] = Secrets;
        info.Environment["KAVALEK_HOST"] = "chat.example";
        using Process process = Process.Start(info)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await errors);
    }
}

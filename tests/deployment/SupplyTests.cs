using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Kavalek.Deployment.Tests;

/// <summary>Where what is built comes from, and what the workflows may do.</summary>
public static partial class SupplyTests
{
    static readonly string[] Workflows = [".github/workflows/ci.yml", ".github/workflows/release.yml"];

    // K-80
    [Fact]
    public static void Every_package_is_locked_by_hash_and_restored_as_locked()
    {
        string[] projects = [.. Files("*.csproj")];
        Assert.True(projects.Length > 20);
        foreach (string project in projects)
        {
            string folder = Path.GetDirectoryName(project)!, text = File.ReadAllText(project);
            Assert.True(File.Exists(Path.Combine(folder, "packages.lock.json")), $"{project} has no lock file");
            Assert.DoesNotMatch(@"<PackageReference[^>]*Version=", text);
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "packages.lock.json")));
            foreach (JsonProperty package in json.RootElement.GetProperty("dependencies").EnumerateObject().SelectMany(f => f.Value.EnumerateObject()))
            {
                if (package.Value.GetProperty("type").GetString() == "Project") continue;
                Assert.True(Convert.FromBase64String(package.Value.GetProperty("contentHash").GetString()!).Length == 64, $"{project}: {package.Name} has no hash");
            }
        }
        string props = Repository.Read("Directory.Build.props"), versions = Repository.Read("Directory.Packages.props");
        Assert.Contains("<RestorePackagesWithLockFile>true<", props);
        Assert.Contains("<RestoreLockedMode Condition=\"'$(CI)' == 'true'\">true<", props);
        Assert.All(VersionOf().Matches(versions), m => Assert.Matches(@"^\[[0-9]+\.[0-9.]+[^,]*\]$", m.Groups[1].Value));

        foreach (string file in Files("package-lock.json"))
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file));
            int counted = 0;
            foreach (JsonProperty package in json.RootElement.GetProperty("packages").EnumerateObject().Where(p => p.Name.Contains("node_modules/", StringComparison.Ordinal)))
            {
                // What is ours is linked from where it is.
                if (package.Value.TryGetProperty("link", out _)) continue;
                Assert.True(package.Value.TryGetProperty("integrity", out JsonElement hash) && hash.GetString()!.StartsWith("sha512-", StringComparison.Ordinal), $"{file}: {package.Name} has no hash");
                counted++;
            }
            Assert.True(counted > 3, file);
        }
        foreach (string file in Files("package.json"))
        {
            using JsonDocument wanted = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (string kind in (string[])["dependencies", "devDependencies"])
            {
                if (!wanted.RootElement.TryGetProperty(kind, out JsonElement list)) continue;
                Assert.All(list.EnumerateObject(), p => Assert.Matches(@"^[0-9]+\.[0-9]+\.[0-9]+", p.Value.GetString()));
            }
        }
    }

    // K-80
    [Fact]
    public static void Nothing_that_is_installed_runs_a_script_of_its_own()
    {
        // Wherever packages come from npm, they come as locked, and run nothing.
        string[] lines = [.. Files("*.sh").Concat(Files("*.yml")).Append(Repository.PathOf("Dockerfile")).Append(Repository.PathOf("Makefile"))
            .SelectMany(File.ReadLines).Where(line => NpmInstall().IsMatch(line))];
        Assert.True(lines.Length >= 3);
        Assert.All(lines, line => Assert.True(line.Contains(" ci", StringComparison.Ordinal) && line.Contains("--ignore-scripts", StringComparison.Ordinal), line));
        string[] pulled = [.. Files("*.sh").Concat(Files("*.yml")).Append(Repository.PathOf("Dockerfile")).SelectMany(File.ReadLines).Where(line => PipedIntoShell().IsMatch(line))];
        Assert.Empty(pulled);
    }

    // K-80
    [Fact]
    public static void Workflows_pin_what_they_use_by_commit_may_do_little_and_call_the_same_targets_as_everybody()
    {
        string[] targets = [.. MakeTarget().Matches(Repository.Read("Makefile")).Select(m => m.Groups[1].Value)];
        foreach (string file in Workflows)
        {
            YamlNode workflow = Yaml.Read(file);
            Assert.Equal([("contents", "read")], workflow.At("permissions").Members().Select(m => (m.Key, m.Value.Text()!)));
            Assert.Null(workflow.At("on", "pull_request_target"));
            foreach ((string name, YamlNode job) in workflow.At("jobs").Members())
            {
                Assert.NotNull(job.At("timeout-minutes"));
                string[] more = [.. job.At("permissions").Members().Where(m => m.Value.Text() == "write").Select(m => m.Key)];
                string[] allowed = name == "publish" ? ["contents", "packages"] : [];
                Assert.Equal(allowed, more);
                foreach (YamlNode step in job.At("steps").Items())
                {
                    if (step.At("uses").Text() is { } uses)
                    {
                        Assert.Matches("^actions/[a-z-]+@[0-9a-f]{40}$", uses);
                        if (uses.Contains("checkout", StringComparison.Ordinal)) Assert.Equal("false", step.At("with", "persist-credentials").Text());
                        continue;
                    }
                    string run = step.At("run").Text()!;
                    // What others wrote into a branch or title is never part of a script.
                    Assert.DoesNotContain("${{", run, StringComparison.Ordinal);
                    foreach (Match called in MakeCall().Matches(run)) Assert.Contains(called.Groups[1].Value, targets);
                    Assert.DoesNotMatch(@"\b(dotnet|npm|docker build)\b", run);
                }
                // Secrets are given to the one step that needs them.
                Assert.DoesNotContain(job.At("env").Members(), m => m.Value.Text()!.Contains("secrets.", StringComparison.Ordinal));
            }
        }
        string ci = Repository.Read(Workflows[0]);
        foreach (string target in (string[])["make test", "make images", "make check-images", "make audit"]) Assert.Contains(target, ci);
    }

    // K-80
    [Fact]
    public static async Task The_bill_of_materials_lists_every_package_that_ships_and_no_other()
    {
        string text = await NodeAsync("build/sbom.mjs", "1.2.3");
        Assert.Equal(text, await NodeAsync("build/sbom.mjs", "1.2.3"));
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.Equal("CycloneDX", json.RootElement.GetProperty("bomFormat").GetString());
        Dictionary<string, JsonElement> components = json.RootElement.GetProperty("components").EnumerateArray().ToDictionary(c => c.GetProperty("purl").GetString()!);
        foreach (string purl in (string[])["pkg:nuget/Microsoft.Data.Sqlite@10.0.14", "pkg:nuget/Google.Protobuf@3.25.1", "pkg:nuget/System.CommandLine@2.0.15", "pkg:npm/react@19.3.1", "pkg:npm/qr@0.7.0", "pkg:npm/uplot@1.6.32"])
            Assert.Contains(purl, components.Keys);
        Assert.DoesNotContain(components.Keys, purl => purl.Contains("xunit", StringComparison.OrdinalIgnoreCase) || purl.Contains("/vite@", StringComparison.Ordinal) || purl.Contains("FsCheck", StringComparison.Ordinal));
        Assert.All(components.Values, c => Assert.Equal(128, c.GetProperty("hashes")[0].GetProperty("content").GetString()!.Length));
        // The hashes are the lock file's.
        using JsonDocument locked = JsonDocument.Parse(File.ReadAllBytes(Repository.PathOf("backend/auth/packages.lock.json")));
        string hash = locked.RootElement.GetProperty("dependencies").GetProperty("net10.0").GetProperty("Microsoft.Data.Sqlite").GetProperty("contentHash").GetString()!;
        Assert.Equal(Convert.ToHexStringLower(Convert.FromBase64String(hash)), components["pkg:nuget/Microsoft.Data.Sqlite@10.0.14"].GetProperty("hashes")[0].GetProperty("content").GetString());
    }

    /// <summary>Runs a script of the build; where there is no Node the test is skipped with a reason, and in continuous integration it fails.</summary>
    internal static async Task<string> NodeAsync(string script, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("node", [Repository.PathOf(script), .. arguments]) { RedirectStandardOutput = true })!;
            string text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, process.ExitCode);
            return text;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            const string reason = "Node 20 or newer is not on the path";
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(reason);
            Assert.Skip(reason);
            throw;
        }
    }

    static IEnumerable<string> Files(string pattern) => Directory.EnumerateFiles(Repository.Root, pattern, new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
        .Where(path => !Path.GetRelativePath(Repository.Root, path).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "node_modules" or "artifacts" or ".git"));

    [GeneratedRegex("<PackageVersion [^>]*Version=\"([^\"]+)\"")]
    private static partial Regex VersionOf();

    [GeneratedRegex(@"\bnpm\b.* (ci|install|i|add)\b")]
    private static partial Regex NpmInstall();

    [GeneratedRegex(@"\b(curl|wget)\b.*\|\s*(sudo )?(ba)?sh\b")]
    private static partial Regex PipedIntoShell();

    [GeneratedRegex(@"^([a-z-]+):.*##", RegexOptions.Multiline)]
    private static partial Regex MakeTarget();

    [GeneratedRegex(@"\bmake (?:--[a-z-]+ )*([a-z-]+)")]
    private static partial Regex MakeCall();
}

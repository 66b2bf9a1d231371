using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Kavalek.Deployment.Tests;

/// <summary>What the shipped container files say. scripts/check_images.sh looks at what runs.</summary>
public static partial class ContainerTests
{
    internal static readonly string[] ComposeFiles = ["docker-compose.yml", "docker-compose-single.yml", "app/docker-compose-app.yml", "infrastructure/docker-compose-infra.yml"];

    // K-79
    [Fact]
    public static void Every_service_is_closed_limited_and_without_secrets_in_its_environment()
    {
        int services = 0;
        foreach (string file in ComposeFiles)
        {
            foreach ((string name, YamlNode service) in Yaml.Read(file).At("services").Members())
            {
                string where = $"{file}: {name}";
                Assert.True(service.At("read_only").Text() == "true", $"{where} can change itself");
                Assert.True(service.At("cap_drop").Texts() is ["ALL"], $"{where} keeps capabilities");
                Assert.True(service.At("security_opt").Texts().Contains("no-new-privileges:true"), $"{where} may gain privileges");
                Assert.True(service.At("user").Text() is { } user && NotRoot().IsMatch(user), $"{where} is root");
                foreach (string limit in (string[])["mem_limit", "pids_limit", "cpus", "restart"]) Assert.True(service.At(limit) is not null, $"{where} has no {limit}");
                foreach (string never in (string[])["privileged", "cap_add", "devices", "pid", "ipc", "network_mode", "userns_mode", "extra_hosts"])
                    Assert.True(service.At(never) is null, $"{where} has {never}");
                Assert.DoesNotContain(service.All(), text => text.Contains("docker.sock", StringComparison.Ordinal));
                // Secrets are files: nothing that is one stands in the environment.
                foreach (string setting in service.At("environment").Members().Select(m => m.Key).Concat(service.At("environment").Texts()))
                    Assert.False(SecretName().IsMatch(setting) && !setting.EndsWith("_FILE", StringComparison.Ordinal), $"{where}: {setting}");
                Assert.DoesNotContain(service.All(), text => text.Contains("Development", StringComparison.Ordinal));
                Assert.True(service.At("image").Text() is { } image && Pinned().IsMatch(image), $"{where}: the image has no version");
                services++;
            }
        }
        Assert.Equal(10, services);
    }

    // K-64, K-79
    [Fact]
    public static void Only_NGINX_is_published_and_databases_are_on_a_network_without_a_way_out()
    {
        foreach (string file in ComposeFiles)
        {
            foreach ((string name, YamlNode service) in Yaml.Read(file).At("services").Members())
            {
                string[] ports = service.At("ports").Texts();
                // One container is its own edge.
                if (name == "nginx" || file == "docker-compose-single.yml") Assert.Equal(["80:8080", "443:8443"], ports);
                // On this computer itself a first try, or a proxy beside Docker, reaches the server; nobody else does.
                else Assert.All(ports, port => Assert.StartsWith("127.0.0.1:", port));
                if (file.Contains("infra", StringComparison.Ordinal))
                {
                    Assert.Empty(ports);
                    Assert.Equal(["data"], service.At("networks").Texts());
                }
            }
        }
        Assert.Equal("true", Yaml.Read("infrastructure/docker-compose-infra.yml").At("networks", "data", "internal").Text());
        // Whom the server believes is one address, and NGINX has it.
        foreach (YamlNode one in ComposeFiles.Select(Yaml.Read).Where(one => one.At("services", "nginx") is not null))
        {
            string proxy = one.At("services", "nginx", "networks", "inside", "ipv4_address").Text()!;
            Assert.All(one.At("services").Members().Where(s => s.Value.At("environment", "KAVALEK_BEHIND_PROXY") is not null), s => Assert.Equal(proxy, s.Value.At("environment", "KAVALEK_TRUSTED_PROXIES").Text()));
        }
    }

    // K-79
    [Fact]
    public static void The_images_run_as_nobody_hold_nothing_but_the_build_and_ask_the_program_itself_whether_it_lives()
    {
        string dockerfile = Repository.Read("Dockerfile");
        string[] stages = dockerfile.Split("\nFROM ")[1..];
        foreach (string name in (string[])["server", "edge"])
        {
            string stage = Assert.Single(stages, s => s.Split('\n')[0].EndsWith($" AS {name}", StringComparison.Ordinal));
            string user = Assert.Single(UserLine().Matches(stage)).Groups[1].Value;
            Assert.Contains(user, (string[])["$APP_UID", "nginx"]);
            Assert.Single(HealthLine().Matches(stage));
            Assert.DoesNotContain("COPY . ", stage, StringComparison.Ordinal);
            Assert.DoesNotContain("apt-get", stage, StringComparison.Ordinal);
        }
        Assert.DoesNotMatch(@"(?im)^(ARG|ENV).*(password|secret|token|_key)", dockerfile);
        Assert.All(stages, s => Assert.Matches(@"^[a-z0-9./-]+(:[0-9][a-z0-9.-]*)? AS [a-z]+", s));
        Assert.Contains("RUN npm ci --ignore-scripts", dockerfile);
        // The program that the tests try is the one that is shipped: bundled and trimmed in both.
        Assert.Contains("node build/bundle.mjs frontend-mobile/public/dotnet", dockerfile);
        Assert.Contains("node build/bundle.mjs", Repository.Read("scripts/build-web.sh"));
        // What is not named is not even sent to the builder.
        string[] ignored = Repository.Read(".dockerignore").Split('\n');
        Assert.Contains("*", ignored);
        Assert.DoesNotContain(ignored, line => line is "!.git" or "!data" or "!infrastructure");
        // And what a project takes from elsewhere in the repository comes along.
        string[] copied = [.. CopyLine().Matches(dockerfile).SelectMany(m => m.Groups[1].Value.Split(' ')[..^1])];
        int elsewhere = 0;
        foreach (string project in ((string[])["protocol", "mls", "client", "backend"]).SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(folder), "*.csproj", SearchOption.AllDirectories)))
        {
            foreach (Match taken in Taken().Matches(File.ReadAllText(project)))
            {
                string path = Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project)!, taken.Groups[1].Value)));
                Assert.True(copied.Any(c => path == c || path.StartsWith($"{c}/", StringComparison.Ordinal)), $"{project} takes {path}, which no COPY brings");
                Assert.True(ignored.Any(i => i.StartsWith('!') && (path == i[1..] || path.StartsWith($"{i[1..]}/", StringComparison.Ordinal))), $"{project} takes {path}, which is not sent to the builder");
                elsewhere++;
            }
        }
        Assert.True(elsewhere > 5);
    }

    // K-64, K-79
    [Fact]
    public static void Redis_keeps_nothing_lets_nobody_in_without_a_password_and_lets_nobody_watch()
    {
        string[] lines = [.. Repository.Read("infrastructure/redis/redis.conf").Split('\n').Where(l => l.Length > 0 && l[0] != '#')];
        foreach (string line in (string[])["save \"\"", "appendonly no", "protected-mode yes", "aclfile /run/secrets/redis_acl", "slowlog-log-slower-than -1", "logfile \"\""]) Assert.Contains(line, lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("requirepass", StringComparison.Ordinal) || line.StartsWith("user ", StringComparison.Ordinal));
        string made = Repository.Read("scripts/deploy_infra.sh");
        Assert.Contains("user default off", made);
        Assert.Contains("resetkeys ~kavalek:p:* resetchannels &kavalek:* -@all +hello", made);
        // Single commands alone, none that watches or changes others.
        Assert.DoesNotMatch(@"\+@|\+monitor|\+config|\+client|\+acl|nopass", made);
        // In memory alone: its folder is no volume.
        YamlNode redis = Yaml.Read("infrastructure/docker-compose-infra.yml").At("services", "redis")!;
        Assert.Null(redis.At("volumes"));
        Assert.Contains(redis.At("tmpfs").Texts(), t => t.StartsWith("/data", StringComparison.Ordinal));
    }

    // K-62, K-79
    [Fact]
    public static void PostgreSQL_writes_nothing_of_anybody_into_its_log_and_knows_no_default_password()
    {
        string settings = Repository.Read("infrastructure/postgres/postgresql.conf");
        foreach (string line in (string[])
        [
            "log_statement = 'none'", "log_min_duration_statement = -1", "log_min_error_statement = 'panic'", "log_parameter_max_length = 0", "log_parameter_max_length_on_error = 0",
            "log_connections = off", "log_error_verbosity = 'terse'", "log_line_prefix = '%m '", "password_encryption = 'scram-sha-256'", "fsync = on", "synchronous_commit = on",
        ]) Assert.Contains($"\n{line}\n", settings);
        YamlNode postgres = Yaml.Read("infrastructure/docker-compose-infra.yml").At("services", "postgres")!;
        Assert.Equal("/run/secrets/postgres_password", postgres.At("environment", "POSTGRES_PASSWORD_FILE").Text());
        Assert.Contains("--auth-host=scram-sha-256", postgres.At("environment", "POSTGRES_INITDB_ARGS").Text());
        Assert.DoesNotContain("trust", string.Join(' ', postgres.All()), StringComparison.Ordinal);
        string roles = Repository.Read("infrastructure/postgres/roles.sh");
        Assert.Contains("NOSUPERUSER NOCREATEDB NOCREATEROLE", roles);
        Assert.Contains("shorter than 32 characters", roles);
    }

    [GeneratedRegex("^[1-9][0-9]*:[1-9][0-9]*$")]
    private static partial Regex NotRoot();

    [GeneratedRegex("PASSWORD|SECRET|TOKEN|_KEY|CREDENTIAL", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex(@":(v?[0-9][0-9.]*|\$\{KAVALEK_VERSION:[-?][a-z0-9. ]+\})$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"^COPY (?:--chmod=\d+ )?([^-\n].*)$", RegexOptions.Multiline)]
    private static partial Regex CopyLine();

    [GeneratedRegex("Include=\"(\\.\\./[^\"]+)\"")]
    private static partial Regex Taken();

    [GeneratedRegex(@"^USER (\S+)$", RegexOptions.Multiline)]
    private static partial Regex UserLine();

    [GeneratedRegex(@"^HEALTHCHECK .*CMD \[""", RegexOptions.Multiline)]
    private static partial Regex HealthLine();
}

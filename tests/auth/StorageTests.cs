using System.Buffers.Text;
using System.Net;
using System.Runtime.Versioning;
using System.Text;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

[SupportedOSPlatform("linux")]
public sealed class StorageTests
{
    static readonly string[] KeyFiles = ["challenge", "email-lookup", "email-seal", "pepper", "salt", "token.pem"];

    [Fact, Trait("Store", "sqlite")]
    public async Task Keys_and_database_are_files_that_nobody_else_can_read()
    {
        await using TestServer server = await TestServer.StartAsync();
        string keys = Path.Combine(server.Data, "keys");
        Assert.Equal([.. KeyFiles.Append("push.pem").Order()], Directory.GetFiles(keys).Select(f => Path.GetFileName(f)!).Order());
        const UnixFileMode folder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(folder, File.GetUnixFileMode(keys));
        Assert.Equal(folder, File.GetUnixFileMode(server.Data));
        foreach (string file in (string[])[.. Directory.GetFiles(keys), .. Directory.GetFiles(server.Data, "auth.db*")])
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact, Trait("Store", "sqlite")]
    public async Task What_was_answered_is_on_the_disk()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using AuthDatabase database = await SqliteAuthDatabase.OpenAsync(Path.Combine(server.Data, "another.db"));
        async Task<string?> SettingAsync(string name) =>
            await database.WriteAsync(db => db.FirstAsync($"PRAGMA {name}", row => row.GetValue(0).ToString()!));
        Assert.Equal("wal", await SettingAsync("journal_mode"));
        Assert.Equal("2", await SettingAsync("synchronous")); // FULL
        Assert.Equal("1", await SettingAsync("secure_delete"));
    }

    [Fact]
    public async Task The_server_does_not_start_on_keys_that_are_open_missing_or_not_keys() // K-79
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        string keys = Path.Combine(server.Data, "keys");
        Kavalek.Host.ServerOptions options = server.Options;
        async Task RefusedAsync(string what)
        {
            InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
                Kavalek.Host.Server.StartAsync(options, console: TextWriter.Null));
            Assert.Contains(what, refused.Message);
        }

        foreach (string name in KeyFiles)
        {
            string file = Path.Combine(keys, name);
            byte[] content = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            UnixFileMode mode = File.GetUnixFileMode(file);
            File.SetUnixFileMode(file, mode | UnixFileMode.OtherRead);
            await RefusedAsync("open to other users");
            File.SetUnixFileMode(file, mode | UnixFileMode.GroupRead);
            await RefusedAsync("open to other users");
            File.SetUnixFileMode(file, mode);

            foreach (byte[] wrong in (byte[][])[[], new byte[31], new byte[32], Encoding.ASCII.GetBytes("changeme")])
            {
                await File.WriteAllBytesAsync(file, wrong, TestContext.Current.CancellationToken);
                await RefusedAsync(keys);
            }
            File.Delete(file);
            await RefusedAsync("is missing");
            await using (FileStream back = new(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
            {
                await back.WriteAsync(content, TestContext.Current.CancellationToken);
            }
        }
        File.SetUnixFileMode(keys, File.GetUnixFileMode(keys) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        await RefusedAsync("open to other users");
        File.SetUnixFileMode(keys, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await server.RestartAsync();
        await device.LogInAsync();
    }

    [Fact, Trait("Store", "sqlite")]
    public async Task A_damaged_key_for_push_services_is_named_at_the_start_and_nothing_is_held_afterwards() // K-79
    {
        await using TestServer server = await TestServer.StartAsync();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-push-");
        try
        {
            Kavalek.Host.ServerOptions options = server.Options with { Data = folder.FullName };
            await (await Kavalek.Host.Server.StartAsync(options, console: TextWriter.Null)).DisposeAsync();
            string file = Path.Combine(folder.FullName, "keys", "push.pem");
            byte[] good = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            foreach (byte[] wrong in (byte[][])[[], Encoding.ASCII.GetBytes("changeme"), good[..^40]])
            {
                await File.WriteAllBytesAsync(file, wrong, TestContext.Current.CancellationToken);
                InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Kavalek.Host.Server.StartAsync(options, console: TextWriter.Null));
                Assert.Contains(file, refused.Message, StringComparison.Ordinal);
                await using FileStream free = new(Path.Combine(folder.FullName, "messaging.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            }
            await File.WriteAllBytesAsync(file, good, TestContext.Current.CancellationToken);
            await (await Kavalek.Host.Server.StartAsync(options, console: TextWriter.Null)).DisposeAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_restart_keeps_everything()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        Id instance = server.Instance;
        using TestDevice marie = await TestDevice.SignUpAsync(server);
        using TestDevice jean = await TestDevice.SignUpAsync(server);
        await marie.PublishKeyPackagesAsync(2, lastResort: true).OkAsync();
        TestDevice second = await marie.AddDeviceAsync(2);
        string[] before = [.. server.Dump().Split('\n').Where(l => !l.Contains("|owner|", StringComparison.Ordinal))];
        await server.RestartAsync();
        Assert.Equal(instance, server.Instance);
        Assert.Equal(before, server.Dump().Split('\n').Where(l => !l.Contains("|owner|", StringComparison.Ordinal)));

        // Access tokens, refresh tokens and log-ins go on.
        await marie.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
        await second.RefreshAsync();
        await jean.LogInAsync();
        Assert.Equal(2, (await jean.GetAsync($"/auth/v1/directory/{marie.Handle}", AuthJson.Default.AccountRecord)).Certificates.Length);
        Assert.Equal(new KeyPackageCount(2, true, false), await marie.GetAsync("/auth/v1/key-packages", AuthJson.Default.KeyPackageCount));
    }

    [Fact]
    public async Task Neither_database_nor_logs_hold_an_address_a_secret_or_a_token() // K-61, K-62
    {
        await using TestServer server = await TestServer.StartAsync(change: o => o with { LogLevel = Microsoft.Extensions.Logging.LogLevel.Trace });
        string setUp = server.SetUpSecret!;
        using TestDevice owner = await TestDevice.SignUpAsync(server, setUp);
        CreatedInvite invite = await InviteTests.CreateAsync(owner, 1);
        using TestDevice member = await TestDevice.SignUpAsync(server, invite.Secret);
        member.Email = "canary-who-is-not-here@example.org";
        await member.TryLogInAsync(await member.LogInRequestAsync()).RefusedAsync(ErrorCodes.WrongCredentials);
        Session first = owner.Session!;
        await owner.RefreshAsync();
        await owner.RefreshAsync();
        await owner.TryRefreshAsync(first.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        await server.PostAsync("/auth/v1/prelogin", new StringContent($"{{\"email\":\"{owner.Email}\",", Encoding.UTF8, "application/json"))
            .RefusedAsync(ErrorCodes.Invalid);
        TestDevice second = member.Another();

        byte[][] secrets =
        [
            Encoding.UTF8.GetBytes(owner.Email), Encoding.UTF8.GetBytes(member.Email), owner.AuthSecret, member.AuthSecret,
            Base64Url.DecodeFromChars(setUp), Base64Url.DecodeFromChars(invite.Secret),
            Base64Url.DecodeFromChars(first.RefreshToken)[..16], Base64Url.DecodeFromChars(first.RefreshToken)[16..],
            Base64Url.DecodeFromChars(owner.Session!.RefreshToken)[16..], Base64Url.DecodeFromChars(member.Session!.RefreshToken)[16..],
            Encoding.UTF8.GetBytes(first.AuthToken), Encoding.UTF8.GetBytes(first.MessagingToken),
        ];
        byte[] stored = TestPostgres.Wanted ? Encoding.Latin1.GetBytes(Plain(server)) : [.. Directory.GetFiles(server.Data, "auth.db*").SelectMany(ReadShared)];
        foreach (byte[] secret in secrets)
        {
            foreach (byte[] spelled in Spellings(secret))
            {
                Assert.True(stored.AsSpan().IndexOf(spelled) < 0, "found in the database");
                Assert.DoesNotContain(Encoding.Latin1.GetString(spelled), server.Logs, StringComparison.Ordinal);
            }
        }
        foreach (Id id in (Id[])[owner.Account, owner.Device, member.Account, member.Device, second.Device])
        {
            Assert.DoesNotContain(id.ToString(), server.Logs, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("127.0.0.1", server.Logs, StringComparison.Ordinal);
        // The sweep sees what is there: handles are public, and an account was logged under its name of this run.
        Assert.True(stored.AsSpan().IndexOf(Encoding.UTF8.GetBytes(owner.Handle)) >= 0);
        Assert.Contains("registered", server.Logs, StringComparison.Ordinal);
    }

    // Bytes and texts of every row as they are.
    static string Plain(TestServer server) => string.Join('\n', server.AuthTables.Names().SelectMany(table => server.AuthTables.Rows($"SELECT * FROM {table}"))
        .SelectMany(row => row).Select(value => value is byte[] bytes ? Encoding.Latin1.GetString(bytes) : value?.ToString()));

    static byte[] ReadShared(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using MemoryStream copy = new();
        file.CopyTo(copy);
        return copy.ToArray();
    }

    static IEnumerable<byte[]> Spellings(byte[] secret) =>
    [
        secret, Encoding.ASCII.GetBytes(Convert.ToHexString(secret)), Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret)),
        Encoding.ASCII.GetBytes(Base64Url.EncodeToString(secret)), Encoding.ASCII.GetBytes(Convert.ToBase64String(secret)),
        Encoding.Unicode.GetBytes(Encoding.Latin1.GetString(secret)),
    ];

    // K-62
    [Fact]
    public async Task Logs_name_accounts_and_devices_by_values_that_the_next_start_changes()
    {
        await using TestServer server = await TestServer.StartAsync();
        Id account = Id.New();
        string Named() => ((LogIds)server.Services.GetService(typeof(LogIds))!).Of(account);
        string first = Named();
        Assert.Equal(first, Named());
        Assert.DoesNotContain(first, account.ToString(), StringComparison.Ordinal);
        await server.RestartAsync();
        Assert.NotEqual(first, Named());
    }

    // K-03
    [Fact]
    public async Task Secrets_that_differ_anywhere_never_verify_each_other()
    {
        await using TestServer server = await TestServer.StartAsync();
        PasswordHasher hasher = (PasswordHasher)server.Services.GetService(typeof(PasswordHasher))!;
        byte[] secret = [0, .. Enumerable.Range(1, 30).Select(i => (byte)i), 0];
        string hash = await hasher.HashAsync(secret);
        Assert.True(await hasher.VerifyAsync(secret, hash));
        foreach (int at in (int[])[0, 1, 15, 31])
        {
            byte[] other = [.. secret];
            other[at] ^= 1;
            Assert.False(await hasher.VerifyAsync(other, hash), $"byte {at}");
        }
        Assert.False(await hasher.VerifyAsync(secret, null));
    }

    [Fact]
    public async Task Sealed_addresses_open_for_their_account_only()
    {
        await using TestServer server = await TestServer.StartAsync();
        EmailVault vault = (EmailVault)server.Services.GetService(typeof(EmailVault))!;
        Id account = Id.New();
        byte[] sealedEmail = vault.Seal(account, "marie@example.org");
        Assert.Equal("marie@example.org", vault.Open(account, sealedEmail));
        Assert.NotEqual(sealedEmail, vault.Seal(account, "marie@example.org"));
        Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => vault.Open(Id.New(), sealedEmail));
    }

    [Fact]
    public async Task What_expired_is_deleted()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock);
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        await InviteTests.CreateAsync(owner, 5);
        await owner.Another().LogInAsync(waiting: true);
        await owner.PublishKeyPackagesAsync(1).OkAsync();
        await owner.RefreshAsync();
        Assert.Equal(2, server.Table("device").Length);
        for (int i = 0; i < 100; i++) clock.Advance(TimeSpan.FromDays(1));
        AuthDatabase database = (AuthDatabase)server.Services.GetService(typeof(AuthDatabase))!;
        await new Sweeper(database, new RateLimiter(clock), clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<Sweeper>.Instance).SweepAsync();
        Assert.Empty(server.Table("session"));
        Assert.Empty(server.Table("invite"));
        Assert.Empty(server.Table("key_package"));
        Assert.Single(server.Table("device"));
    }

    [Fact]
    public async Task A_database_from_the_future_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.AuthTables.Execute("INSERT INTO auth_schema (number) VALUES (999)");
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Kavalek.Host.Server.StartAsync(server.Options, console: TextWriter.Null));
        Assert.Contains("newer", refused.Message);
    }
}

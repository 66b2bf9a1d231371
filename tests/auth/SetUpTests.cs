using System.Security.Cryptography;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

/// <summary>What an owner sets of the instance, the first time and later, and its backups (docs/PROTOCOL.md §5.11).</summary>
public sealed class SetUpTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // K-27
    [Fact]
    public async Task An_owner_sets_name_and_mail_and_finishes_once_and_nobody_else_does()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        string before = scene.Server.Dump();
        InstanceSettings wanted = new("La rédaction", new MailSettings("mail.example", 587, "kavalek@example.org", "kavalek", "a password of the mail server"));
        foreach (TestDevice other in (TestDevice[])[scene.Admin, scene.Moderator])
        {
            await GetAsync(other, "settings").RefusedAsync(ErrorCodes.Forbidden);
            await PutAsync(other, wanted).RefusedAsync(ErrorCodes.Forbidden);
            await GetAsync(other, "setup").RefusedAsync(ErrorCodes.Forbidden);
            await CheckAsync(other, "https://chat.example").RefusedAsync(ErrorCodes.Forbidden);
            await PostAsync(other, "setup/finish").RefusedAsync(ErrorCodes.Forbidden);
        }
        foreach (InstanceSettings bad in (InstanceSettings[])[
            new(""), new(" "), new(new string('n', 65)), new("a\nb"), wanted with { Mail = wanted.Mail! with { Port = 0 } }, wanted with { Mail = wanted.Mail! with { Host = "a b" } },
            wanted with { Mail = wanted.Mail! with { From = "nobody" } }, wanted with { Mail = wanted.Mail! with { Password = null } }, wanted with { Mail = wanted.Mail! with { User = null } }])
            await PutAsync(scene.Owner, bad).RefusedAsync(ErrorCodes.Invalid);
        foreach (string bad in (string[])["", "chat.example", "https://chat.example/", "ftp://chat.example", "javascript:alert(1)"])
            await CheckAsync(scene.Owner, bad).RefusedAsync(ErrorCodes.Invalid);
        Assert.Equal(before, scene.Server.Dump());

        SetUpState state = await AdminScene.ReadAsync(GetAsync(scene.Owner, "setup"), AdminJson.Default.SetUpState);
        Assert.Equal((new InstanceSettings("Kavalek"), "open", null, false), (state.Settings, state.Registration, state.Origin, state.BehindProxy));
        // What was set is told without the password, holds at once, and is nothing that the database alone shows.
        InstanceSettings shown = wanted with { Mail = wanted.Mail! with { Password = null } };
        Assert.Equal(shown, await AdminScene.ReadAsync(PutAsync(scene.Owner, wanted), AdminJson.Default.InstanceSettings));
        Assert.Equal("La rédaction", (await AdminScene.ReadAsync(scene.Server.GetAsync("/auth/v1/instance"), AuthJson.Default.InstanceInfo)).Name);
        Assert.True((await AdminScene.ReadAsync(GetAsync(scene.Moderator, "overview"), AdminJson.Default.AuthOverview)).Mail);
        Assert.DoesNotContain("mail.example", scene.Server.Dump(), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower("mail.example"u8), scene.Server.Dump(), StringComparison.Ordinal);
        // Left out, the password stays; for another user it does not.
        Assert.Equal("Kavalek", (await AdminScene.ReadAsync(PutAsync(scene.Owner, shown with { Name = "Kavalek" }), AdminJson.Default.InstanceSettings)).Name);
        await PutAsync(scene.Owner, shown with { Mail = shown.Mail! with { User = "other" } }).RefusedAsync(ErrorCodes.Invalid);
        await scene.Server.RestartAsync();
        Assert.Equal(shown with { Name = "Kavalek" }, await AdminScene.ReadAsync(GetAsync(scene.Owner, "settings"), AdminJson.Default.InstanceSettings));

        // The way to it, as the server sees it.
        string origin = scene.Server.Address.GetLeftPart(UriPartial.Authority);
        Assert.Equal(["address other", "tls local", "proxy ok", "certificate ok", "backups off"], await ChecksAsync(origin));
        await scene.Server.RestartAsync(options => options with { Origin = "https://chat.example", BehindProxy = true, TrustedProxies = [System.Net.IPNetwork.Parse("127.0.0.1/32")] });
        Assert.Equal(["address ok", "tls ok", "proxy no_client_address", "certificate ok", "backups off"], await ChecksAsync("https://chat.example"));
        Assert.Equal(["address ok", "tls ok", "proxy ok", "certificate ok", "backups off"], await ChecksAsync("https://chat.example", "203.0.113.7"));
        Assert.Equal(["address other", "tls no_tls", "proxy no_client_address", "certificate ok", "backups off"], await ChecksAsync("http://chat.other"));

        // Once, for good, with the password.
        scene.Clock.Advance(TimeSpan.FromSeconds(Staff.FreshSeconds + 1));
        before = scene.Server.Dump();
        await PostAsync(scene.Owner, "setup/finish").RefusedAsync(ErrorCodes.PasswordRequired);
        await PutAsync(scene.Owner, wanted).RefusedAsync(ErrorCodes.PasswordRequired);
        Assert.Equal(before, scene.Server.Dump());
        await scene.LogInAsync(scene.Owner);
        await PostAsync(scene.Owner, "setup/finish").OkAsync();
        await PostAsync(scene.Owner, "setup/finish").RefusedAsync(ErrorCodes.NotFound);
        await GetAsync(scene.Owner, "setup").RefusedAsync(ErrorCodes.NotFound);
        await CheckAsync(scene.Owner, "https://chat.example").RefusedAsync(ErrorCodes.NotFound);
        AuditPage log = await AdminScene.ReadAsync(scene.Member.GetAsync("/auth/v1/audit"), AdminJson.Default.AuditPage);
        Assert.Equal(["set up", "settings name", "settings name mail"], log.Records.Select(r => $"{r.Act} {r.Detail}".Trim()).Where(act => act.StartsWith("set", StringComparison.Ordinal)));

        // Who has the database and not the keys sets nothing: the row of one kind is no row of another.
        scene.Server.AuthTables.Execute("UPDATE setting SET sealed = (SELECT s.sealed FROM setting s WHERE s.name = 'name') WHERE name = 'mail'");
        scene.Clock.Advance(TimeSpan.FromSeconds(11));
        using HttpResponseMessage forged = await GetAsync(scene.Owner, "settings");
        Assert.Equal(System.Net.HttpStatusCode.InternalServerError, forged.StatusCode);

        Task<HttpResponseMessage> GetAsync(TestDevice by, string what) => scene.SendAsync(HttpMethod.Get, $"/auth/v1/admin/{what}", scene.TokenOf(by));
        Task<HttpResponseMessage> PostAsync(TestDevice by, string what) => scene.SendAsync(HttpMethod.Post, $"/auth/v1/admin/{what}", scene.TokenOf(by));
        Task<HttpResponseMessage> PutAsync(TestDevice by, InstanceSettings settings) =>
            scene.SendAsync(HttpMethod.Put, "/auth/v1/admin/settings", scene.TokenOf(by), TestDevice.Json(settings, AdminJson.Default.InstanceSettings));
        async Task<HttpResponseMessage> CheckAsync(TestDevice by, string origin, string? client = null)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/auth/v1/admin/setup/checks") { Content = TestDevice.Json(new CheckSetUp(origin), AdminJson.Default.CheckSetUp) };
            request.Headers.Authorization = new("Bearer", scene.TokenOf(by));
            if (client is not null) request.Headers.Add("X-Forwarded-For", client);
            return await scene.Server.Http.SendAsync(request, Cancel);
        }
        async Task<IEnumerable<string>> ChecksAsync(string origin, string? client = null) =>
            (await AdminScene.ReadAsync(CheckAsync(scene.Owner, origin, client), AdminJson.Default.SetUpChecks)).Checks.Select(check => $"{check.Check} {check.Outcome}");
    }

    // K-61
    [Fact]
    public async Task A_backup_is_made_and_tested_from_the_dashboard_and_a_damaged_one_is_told()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        await ActAsync(scene.Admin, "run").RefusedAsync(ErrorCodes.NotFound);
        Assert.False((await LookAsync()).IsSetUp);
        string folder = Directory.CreateTempSubdirectory("kavalek-backups-").FullName, key = Path.Combine(folder, "key"), to = Path.Combine(folder, "to");
        await File.WriteAllTextAsync(key, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), Cancel);
        await scene.Server.RestartAsync(options => options with { BackupTo = to, BackupKeyFile = key, BackupEvery = 3_600, BackupKeep = 2, RateFactor = 1 });
        BackupState first = await DoneAsync(state => state.LastRun);
        Assert.Equal((true, 3_600, 2, "ok", 1), (first.IsSetUp, first.Every, first.Keep, first.LastRun!.Outcome, first.Backups.Length));
        Assert.Equal((first.LastRun.Bytes, scene.Clock.GetUtcNow().ToUnixTimeSeconds() + 3_600), (first.Backups[0].Bytes, first.Next!.Value));

        scene.Clock.Advance(TimeSpan.FromSeconds(Staff.FreshSeconds + 1));
        string before = scene.Server.Dump();
        foreach (string act in (string[])["run", "test"]) await ActAsync(scene.Moderator, act).RefusedAsync(ErrorCodes.Forbidden);
        await scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/backups", scene.TokenOf(scene.Moderator)).RefusedAsync(ErrorCodes.Forbidden);
        foreach (string act in (string[])["run", "test"]) await ActAsync(scene.Admin, act).RefusedAsync(ErrorCodes.PasswordRequired);
        Assert.Equal(before, scene.Server.Dump());
        foreach (TestDevice device in (TestDevice[])[scene.Admin, scene.Owner]) await scene.LogInAsync(device);
        await ActAsync(scene.Admin, "run").OkAsync();
        BackupState second = await DoneAsync(state => state.LastRun is { } run && run.At > first.LastRun.At ? run : null);
        Assert.Equal(2, second.Backups.Length);

        before = scene.Server.Dump();
        await ActAsync(scene.Admin, "test").OkAsync();
        BackupState tested = await DoneAsync(state => state.LastTest);
        Assert.Equal(("ok", second.Backups[0].Bytes, scene.Clock.GetUtcNow().ToUnixTimeSeconds()), (tested.LastTest!.Outcome, tested.LastTest.Bytes, tested.LastTest.Made!.Value));
        // The instance is as it was but for the record of the act, and nothing that was unpacked lies about.
        Assert.Equal(before.Split('\n').Length + 1, scene.Server.Dump().Split('\n').Length);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(scene.Server.Data), path => Path.GetFileName(path).StartsWith(".backup-", StringComparison.Ordinal));

        // One bit of the newest is enough; and another key is told from that.
        string newest = Directory.GetFiles(to).Order(StringComparer.Ordinal).Last();
        byte[] bytes = await File.ReadAllBytesAsync(newest, Cancel);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(newest, bytes, Cancel);
        Assert.Equal("damaged", await TestAsync());
        await File.WriteAllBytesAsync(newest, bytes[..^100], Cancel);
        Assert.Equal("damaged", await TestAsync());
        string mine = await File.ReadAllTextAsync(key, Cancel);
        await File.WriteAllTextAsync(key, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), Cancel);
        Assert.Equal("wrong_key", await TestAsync());
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(scene.Server.Data), path => Path.GetFileName(path).StartsWith(".backup-", StringComparison.Ordinal));
        // Neither key nor place is in any answer.
        using HttpResponseMessage look = await scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/backups", scene.TokenOf(scene.Admin));
        string said = await look.Content.ReadAsStringAsync(Cancel);
        Assert.DoesNotContain(mine, said, StringComparison.Ordinal);
        Assert.DoesNotContain(folder, said, StringComparison.Ordinal);
        AuditPage log = await AdminScene.ReadAsync(scene.Member.GetAsync("/auth/v1/audit"), AdminJson.Default.AuditPage);
        Assert.Equal((1, 4), (log.Records.Count(r => r.Act == "ran a backup"), log.Records.Count(r => r.Act == "tested a backup")));
        // Six in an hour, whoever asks.
        for (int i = 2; i <= 6; i++)
        {
            await ActAsync(i % 2 == 0 ? scene.Admin : scene.Owner, "run").OkAsync();
            Assert.Equal("ok", (await DoneAsync(state => state.LastRun)).LastRun!.Outcome);
        }
        before = scene.Server.Dump();
        await ActAsync(scene.Owner, "run").RefusedAsync(ErrorCodes.RateLimited);
        Assert.Equal(before, scene.Server.Dump());
        Directory.Delete(folder, recursive: true);

        Task<HttpResponseMessage> ActAsync(TestDevice by, string act) => scene.SendAsync(HttpMethod.Post, $"/auth/v1/admin/backups/{act}", scene.TokenOf(by));
        Task<BackupState> LookAsync() => AdminScene.ReadAsync(scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/backups", scene.TokenOf(scene.Admin)), AdminJson.Default.BackupState);
        async Task<BackupState> DoneAsync(Func<BackupState, BackupResult?> result)
        {
            BackupState state;
            do state = await LookAsync();
            while (state.Work is not null || result(state) is null);
            return state;
        }
        async Task<string> TestAsync()
        {
            scene.Clock.Advance(TimeSpan.FromSeconds(1));
            long since = scene.Clock.GetUtcNow().ToUnixTimeSeconds();
            await ActAsync(scene.Admin, "test").OkAsync();
            return (await DoneAsync(state => state.LastTest is { } test && test.At >= since ? test : null)).LastTest!.Outcome;
        }
    }
}

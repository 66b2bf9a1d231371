using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kavalek.Auth.Tests;

public sealed class AccountTests
{
    [Fact]
    public async Task A_new_password_needs_the_old_one_and_ends_every_other_session_and_waiting_device() // K-07, K-11
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice second = await first.AddDeviceAsync(2), waiting = first.Another();
        await waiting.LogInAsync(waiting: true);
        List<BusEvent> news = SessionTests.Listen(server);
        byte[] old = first.AuthSecret, next = RandomNumberGenerator.GetBytes(32);

        string before = server.Dump();
        await ChangeAsync(first, new ChangePassword(next, Kdf, next)).RefusedAsync(ErrorCodes.WrongCredentials);
        await ChangeAsync(waiting, new ChangePassword(old, Kdf, next)).RefusedAsync(ErrorCodes.Forbidden);
        await ChangeAsync(first, new ChangePassword(old, Kdf with { Iterations = 600_000 }, next)).RefusedAsync(ErrorCodes.Invalid);
        await ChangeAsync(first, new ChangePassword(old, Kdf, [1])).RefusedAsync(ErrorCodes.Invalid);
        Assert.Equal(before, server.Dump());
        Assert.Empty(news);

        await ChangeAsync(first, new ChangePassword(old, Kdf, next)).OkAsync();
        Assert.Equal(
            new[] { second.Device, waiting.Device }.ToHashSet(), news.Cast<SessionEnded>().Select(e => e.Device).ToHashSet());
        await first.GetAsync("/auth/v1/devices").OkAsync(System.Net.HttpStatusCode.OK);
        await second.TryRefreshAsync(second.Session!.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        await second.GetAsync("/auth/v1/devices").RefusedAsync(ErrorCodes.Unauthenticated);
        await waiting.TryRefreshAsync(waiting.Session!.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        await second.TryLogInAsync(await second.LogInRequestAsync()).RefusedAsync(ErrorCodes.WrongCredentials);
        second.AuthSecret = next;
        Assert.True((await second.LogInAsync()).Certified);
        // The change is repeated by whoever lost the answer: the old password is no proof any more, and says so.
        await ChangeAsync(first, new ChangePassword(old, Kdf, next)).RefusedAsync(ErrorCodes.WrongCredentials);
    }

    [Fact]
    public async Task A_new_account_key_comes_whole_or_not_at_all_and_leaves_lost_devices_behind() // K-07, K-22
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice second = await first.AddDeviceAsync(2), lost = await first.AddDeviceAsync(3, second);
        await VaultTests.PutAsync(first, VaultTests.Vault(server, first, 1)).OkAsync();
        await lost.PublishKeyPackagesAsync(2, lastResort: true).OkAsync();
        await second.PublishKeyPackagesAsync(2, lastResort: true).OkAsync();
        List<BusEvent> news = SessionTests.Listen(server);
        using ECDsa newKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ReplaceAccountKey good = Replacement(server, first, newKey, [first, second], 3);

        string before = server.Dump();
        foreach (ReplaceAccountKey bad in (ReplaceAccountKey[])
        [
            good with { AccountKey = first.AccountPublicKey },
            good with { KeyChange = Replacement(server, second, newKey, [first, second], 3).KeyChange },
            good with { Certificates = [good.Certificates[1]] },
            good with { Certificates = [first.Certificate, second.Certificate] },
            good with { Grants = [] },
            good with { Grants = [new DeviceGrant(second.Device, [])] },
            good with { Vault = VaultTests.Vault(server, first, 2) },
        ])
        {
            await PostAsync(first, "key", bad, AuthJson.Default.ReplaceAccountKey).RefusedAsync(ErrorCodes.Invalid);
        }
        await PostAsync(first, "key", Replacement(server, first, newKey, [first, second], 2), AuthJson.Default.ReplaceAccountKey).RefusedAsync(ErrorCodes.StaleDeviceList);
        await PostAsync(first, "key", good with { RemovalList = first.List(4, first.Certificate) }, AuthJson.Default.ReplaceAccountKey).RefusedAsync(ErrorCodes.StaleDeviceList);
        await PostAsync(first, "key", good with { Vault = good.Vault! with { Number = 3 } }, AuthJson.Default.ReplaceAccountKey).RefusedAsync(ErrorCodes.Invalid);
        Assert.Equal(before, server.Dump());
        Assert.Empty(news);

        await PostAsync(first, "key", good, AuthJson.Default.ReplaceAccountKey).OkAsync();
        Assert.Equal([new DeviceRemoved(first.Account, lost.Device)], news.OfType<DeviceRemoved>());
        Assert.Equal(new[] { first.Device, second.Device }.ToHashSet(), Assert.Single(news.OfType<DevicesChanged>()).Devices.ToHashSet());
        OwnDevice own = await second.GetAsync("/auth/v1/devices/self", AuthJson.Default.OwnDevice);
        Assert.Equal(good.AccountKey, own.AccountKey);
        Assert.Equal(good.DeviceList, own.DeviceList);
        Assert.Equal(good.Certificates[1], own.Certificate);
        Assert.Equal(good.Grants[0].Grant, own.Grant);
        Assert.Equal(good.KeyChange, Assert.Single(own.KeyChanges!));
        Assert.Empty(server.Table("key_package"));
        Assert.Equal(2UL, (await second.GetAsync("/auth/v1/vault", AuthJson.Default.VaultRecord)).Number);
        await lost.GetAsync("/auth/v1/devices/self").RefusedAsync(ErrorCodes.Unauthenticated);
        RemovalRecord removal = await WhyAsync(server, lost);
        Assert.Equal(RemovalRecord.Removed, removal.Reason);
        Assert.Equal(good.RemovalList, removal.DeviceList);
    }

    [Fact]
    public async Task A_removed_device_is_told_why_if_it_proves_its_key_and_for_half_a_year() // K-22
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice second = await first.AddDeviceAsync(2);
        await AskAsync(server, new RemovalRequest(second.Device, Question(server, second, second))).RefusedAsync(ErrorCodes.NotFound);
        byte[] list = first.List(3, first.Certificate);
        await first.RemoveAsync(second.Device, list).OkAsync();
        string wrong = await AskAsync(server, new RemovalRequest(second.Device, Question(server, first, second))).LookAsync();
        string nobody = await AskAsync(server, new RemovalRequest(Id.New(), Question(server, second, second))).LookAsync();
        Assert.Equal(nobody, wrong);
        Assert.Contains(ErrorCodes.NotFound, wrong);
        RemovalRecord told = await WhyAsync(server, second);
        Assert.Equal(RemovalRecord.Removed, told.Reason);
        Assert.Equal(list, told.DeviceList);

        clock.Advance(TimeSpan.FromDays(RetiredDevices.ToldDays + 1));
        await server.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<Sweeper>().Single().SweepAsync();
        await AskAsync(server, new RemovalRequest(second.Device, Question(server, second, second))).RefusedAsync(ErrorCodes.NotFound);
        Assert.Equal($"{Convert.ToHexStringLower(second.Device.ToArray())}|||||", Assert.Single(server.Table("retired_device")));
    }

    [Fact]
    public async Task An_account_is_begun_afresh_with_the_password_and_all_other_devices_are_dropped() // K-11
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice second = await first.AddDeviceAsync(2), fresh = first.Another();
        await VaultTests.PutAsync(first, VaultTests.Vault(server, first, 1)).OkAsync();
        await fresh.LogInAsync(waiting: true);
        List<BusEvent> news = SessionTests.Listen(server);
        using ECDsa newKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] certificate = Certificate(server, fresh, newKey);
        ResetAccount good = new(first.AuthSecret, TestDevice.PublicKey(newKey), certificate, List(server, fresh, newKey, 3, certificate));

        string before = server.Dump();
        await PostAsync(fresh, "reset", good with { AuthSecret = new byte[32] }, AuthJson.Default.ResetAccount).RefusedAsync(ErrorCodes.WrongCredentials);
        await PostAsync(second, "reset", good, AuthJson.Default.ResetAccount).RefusedAsync(ErrorCodes.Forbidden);
        await PostAsync(fresh, "reset", good with { AccountKey = first.AccountPublicKey }, AuthJson.Default.ResetAccount).RefusedAsync(ErrorCodes.Invalid);
        await PostAsync(fresh, "reset", good with { DeviceList = List(server, fresh, newKey, 4, certificate) }, AuthJson.Default.ResetAccount).RefusedAsync(ErrorCodes.StaleDeviceList);
        Assert.Equal(before, server.Dump());
        Assert.Empty(news);

        await PostAsync(fresh, "reset", good, AuthJson.Default.ResetAccount).OkAsync();
        Assert.Equal(new[] { first.Device, second.Device }.ToHashSet(), news.OfType<DeviceRemoved>().Select(e => e.Device).ToHashSet());
        AccountClosed closed = Assert.Single(news.OfType<AccountClosed>());
        Assert.Equal(new AccountClosed(first.Account, 3), closed);
        Assert.Equal(closed, Kavalek.Host.EventCodec.Read(Kavalek.Host.EventCodec.Write(Id.New(), closed)));
        Assert.True((await fresh.RefreshAsync()).Certified);
        await fresh.GetAsync("/auth/v1/vault").RefusedAsync(ErrorCodes.NotFound);
        AccountRecord record = await fresh.GetAsync($"/auth/v1/directory/{first.Handle}", AuthJson.Default.AccountRecord);
        Assert.Equal(first.Account, record.Account);
        Assert.Equal(good.AccountKey, record.AccountKey);
        Assert.Equal(certificate, Assert.Single(record.Certificates));
        Assert.Equal(new RemovalRecord(RemovalRecord.Reset), await WhyAsync(server, second));
        await second.TryLogInAsync(await second.LogInRequestAsync(withGrantKey: true)).RefusedAsync(ErrorCodes.DeviceRemoved);
    }

    [Fact]
    public async Task Deleting_an_account_leaves_nothing_of_it_but_bare_device_ids() // K-65
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice other = await TestDevice.SignUpAsync(server);
        string before = server.Dump();
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice second = await first.AddDeviceAsync(2), waiting = first.Another();
        await waiting.LogInAsync(waiting: true);
        await VaultTests.PutAsync(first, VaultTests.Vault(server, first, 1)).OkAsync();
        await first.PublishKeyPackagesAsync(2, lastResort: true).OkAsync();
        List<BusEvent> news = SessionTests.Listen(server);
        string full = server.Dump();
        await PostAsync(first, "delete", new DeleteAccount(new byte[32]), AuthJson.Default.DeleteAccount).RefusedAsync(ErrorCodes.WrongCredentials);
        await PostAsync(waiting, "delete", new DeleteAccount(first.AuthSecret), AuthJson.Default.DeleteAccount).RefusedAsync(ErrorCodes.Forbidden);
        Assert.Equal(full, server.Dump());

        await PostAsync(first, "delete", new DeleteAccount(first.AuthSecret), AuthJson.Default.DeleteAccount).OkAsync();
        Assert.Equal(new AccountClosed(first.Account), news[^1]);
        Id[] devices = [first.Device, second.Device, waiting.Device];
        Assert.Equal(devices.ToHashSet(), news.OfType<DeviceRemoved>().Select(e => e.Device).ToHashSet());
        // A server that is killed before everybody has heard says it again, for some minutes.
        IHostedService[] services = [.. server.Services.GetServices<IHostedService>()];
        await services.OfType<Reminder>().Single().StartAsync(default);
        Assert.Equal(new AccountClosed(first.Account), news[^1]);
        clock.Advance(TimeSpan.FromMinutes(11));
        await services.OfType<Sweeper>().Single().SweepAsync();
        int said = news.Count;
        await services.OfType<Reminder>().Single().StartAsync(default);
        Assert.DoesNotContain(new AccountClosed(first.Account), news[said..]);
        string after = server.Dump();
        // Challenges that were used are random numbers, of nobody, and gone in minutes.
        string[] added = [.. after.Split('\n').Except(before.Split('\n')).Where(row => !Regex.IsMatch(row, "^[0-9a-f]{32}\\|[0-9]{10}\\|?$"))];
        Assert.True(added.Length == 3, string.Join('\n', added));
        Assert.All(added, row => Assert.Matches("^[0-9a-f]{32}\\|\\|deleted\\|\\|[0-9]+\\|$", row));
        // Not in what SQLite keeps of deleted rows either. (PostgreSQL gives their room to others in its own time.)
        if (!TestPostgres.Wanted)
        {
            byte[][] personal = [first.Account.ToArray(), Encoding.UTF8.GetBytes(first.Handle), first.AccountPublicKey, first.PublicDeviceKey, second.Certificate];
            server.AuthTables.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            byte[] file = await File.ReadAllBytesAsync(Path.Combine(server.Data, "auth.db"));
            Assert.All(personal, bytes => Assert.True(file.AsSpan().IndexOf(bytes) < 0));
            Assert.True(file.AsSpan().IndexOf(other.Account.ToArray()) >= 0);
        }

        Assert.Equal(new RemovalRecord(RemovalRecord.Deleted), await WhyAsync(server, second));
        await first.TryRefreshAsync(first.Session!.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        await other.RefreshAsync();
        await other.GetAsync($"/auth/v1/directory/{first.Handle}").RefusedAsync(ErrorCodes.NotFound);
        // The address is free again.
        using TestDevice again = TestDevice.New(server);
        again.Email = first.Email;
        await again.RegisterAsync(again.Registration()).OkAsync(System.Net.HttpStatusCode.Accepted);
        await again.LogInAsync();
    }

    [Theory]
    [InlineData("log-in")]
    [InlineData("log-in of a new device")]
    [InlineData("dashboard")]
    [InlineData("change")]
    [InlineData("reset")]
    [InlineData("delete")]
    public async Task Whoever_proved_a_password_that_was_changed_meanwhile_gets_nothing_by_it(string what) // K-07, K-27
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server, server.SetUpSecret), other = await TestDevice.SignUpAsync(server);
        using TestDevice fresh = device.Another(), another = device.Another();
        await fresh.LogInAsync(waiting: true);
        server.AuthTables.Execute($"UPDATE account SET rank = 'owner' WHERE handle = '{other.Handle}'"); // so that nothing else keeps the first one from going
        using ECDsa newKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] certificate = Certificate(server, fresh, newKey);
        ResetAccount reset = new(device.AuthSecret, TestDevice.PublicKey(newKey), certificate, List(server, fresh, newKey, 2, certificate));
        Func<Task<HttpResponseMessage>> call = what switch
        {
            "log-in" => async () => await device.TryLogInAsync(await device.LogInRequestAsync()),
            "log-in of a new device" => async () => await another.TryLogInAsync(await another.LogInRequestAsync(withGrantKey: true)),
            "dashboard" => () => AdminScene.OpenAsync(device),
            "change" => () => ChangeAsync(device, new ChangePassword(device.AuthSecret, Kdf, device.AuthSecret)),
            "reset" => () => PostAsync(fresh, "reset", reset, AuthJson.Default.ResetAccount),
            _ => () => PostAsync(device, "delete", new DeleteAccount(device.AuthSecret), AuthJson.Default.DeleteAccount),
        };
        // Nothing is counted yet but the question before a log-in.
        clock.Advance(TimeSpan.FromMinutes(6));
        server.Services.GetRequiredService<RateLimiter>().Sweep();
        await device.PreloginAsync();

        string[] Stored() => [.. ((string[])["account", "device", "retired_device", "session", "audit"]).SelectMany(server.Table)];
        string[] before = Stored();
        await WithNewPasswordAsync(server, device, call).RefusedAsync(ErrorCodes.WrongCredentials);
        Assert.Equal(before, Stored());
        // The twin: while the password is what it was, it is done.
        using HttpResponseMessage allowed = await call();
        Assert.True(allowed.IsSuccessStatusCode);
    }

    // Makes a call, changes the password once it has been checked and before anything is stored, and puts the old one back.
    static async Task<HttpResponseMessage> WithNewPasswordAsync(TestServer server, TestDevice device, Func<Task<HttpResponseMessage>> call)
    {
        (AuthDatabase database, RateLimiter limiter, PasswordHasher hasher) =
            (server.Services.GetRequiredService<AuthDatabase>(), server.Services.GetRequiredService<RateLimiter>(), server.Services.GetRequiredService<PasswordHasher>());
        string old = await server.Services.GetRequiredService<AccountStore>().PasswordAsync(device.Account), next = await hasher.HashAsync(RandomNumberGenerator.GetBytes(32));
        Task SetAsync(Db db, string hash) => db.ExecuteAsync("UPDATE account SET password = @hash WHERE id = @account", ("@hash", hash), ("@account", device.Account));
        int counted = limiter.Windows;
        Task<HttpResponseMessage>? answer = null;
        await database.WriteAsync(async db =>
        {
            answer = call();
            // It is counted just before the check, and a check that is begun now stands behind that in the queue.
            await Awaited.UntilAsync(async () => { await Task.Yield(); return limiter.Windows; }, windows => windows > counted);
            await hasher.VerifyAsync(device.AuthSecret, null);
            await SetAsync(db, next);
        });
        HttpResponseMessage answered = await answer!;
        await database.WriteAsync(db => SetAsync(db, old));
        return answered;
    }

    [Fact]
    public async Task Wrong_proofs_in_one_session_or_of_waiting_devices_keep_nobody_else_from_the_password() // K-02, K-11
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, o => Answers.Open(o) with { RateFactor = 1 });
        using TestDevice owner = await TestDevice.SignUpAsync(server);
        using TestDevice stolen = await owner.AddDeviceAsync(2), waiting = owner.Another(), another = owner.Another();
        await waiting.LogInAsync(waiting: true);
        await another.LogInAsync(waiting: true);
        byte[] wrong = new byte[32], next = RandomNumberGenerator.GetBytes(32);
        Task<HttpResponseMessage> ResetAsync(TestDevice device) => PostAsync(device, "reset", new ResetAccount(wrong, device.AccountPublicKey, [1], [1]), AuthJson.Default.ResetAccount);

        // All that asks for the password is one count.
        for (int i = 0; i < 5; i++)
        {
            await ChangeAsync(stolen, new ChangePassword(wrong, Kdf, next)).RefusedAsync(ErrorCodes.WrongCredentials);
            await PostAsync(stolen, "delete", new DeleteAccount(wrong), AuthJson.Default.DeleteAccount).RefusedAsync(ErrorCodes.WrongCredentials);
            await ResetAsync(waiting).RefusedAsync(ErrorCodes.WrongCredentials);
            await ResetAsync(another).RefusedAsync(ErrorCodes.WrongCredentials);
        }
        await ChangeAsync(stolen, new ChangePassword(stolen.AuthSecret, Kdf, next)).RefusedAsync(ErrorCodes.RateLimited);
        foreach (TestDevice device in (TestDevice[])[waiting, another]) await ResetAsync(device).RefusedAsync(ErrorCodes.RateLimited);
        // Another session of the waiting ones is no way around it; another one of the device whose session was stolen takes the device's key and the password.
        await waiting.LogInAsync(waiting: true);
        await ResetAsync(waiting).RefusedAsync(ErrorCodes.RateLimited);
        await stolen.LogInAsync();
        await ChangeAsync(stolen, new ChangePassword(wrong, Kdf, next)).RefusedAsync(ErrorCodes.WrongCredentials);
        await ChangeAsync(owner, new ChangePassword(owner.AuthSecret, Kdf, next)).OkAsync();
    }

    internal static KdfParameters Kdf { get; } = new(KdfParameters.Pbkdf2, Limits.KdfDefault);

    static Task<HttpResponseMessage> ChangeAsync(TestDevice device, ChangePassword request) =>
        device.SendAsync(HttpMethod.Put, "/auth/v1/account/password", TestDevice.Json(request, AuthJson.Default.ChangePassword));

    static Task<HttpResponseMessage> PostAsync<T>(TestDevice device, string what, T request, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        device.PostAsync($"/auth/v1/account/{what}", request, type, device.Session!.AuthToken);

    static byte[] Question(TestServer server, TestDevice signer, TestDevice about) =>
        TestDevice.Sign(signer.Key, new RemovalQuestion(server.Instance, about.Device).SignedBytes());

    static Task<HttpResponseMessage> AskAsync(TestServer server, RemovalRequest request) =>
        server.PostAsync("/auth/v1/devices/removal", TestDevice.Json(request, AuthJson.Default.RemovalRequest));

    static Task<RemovalRecord> WhyAsync(TestServer server, TestDevice device) => TestDevice.ReadAsync(
        AskAsync(server, new RemovalRequest(device.Device, Question(server, device, device))), AuthJson.Default.RemovalRecord);

    // Everything a device sends that replaces the account key; `number` is that of the stored list.
    internal static ReplaceAccountKey Replacement(TestServer server, TestDevice by, ECDsa newKey, TestDevice[] staying, ulong number)
    {
        byte[] publicKey = TestDevice.PublicKey(newKey);
        byte[][] certificates = [.. staying.Select(d => Certificate(server, d, newKey))];
        KeyChangeContent change = new(server.Instance, by.Account, by.AccountPublicKey, publicKey, number + 2, by.Certificate);
        byte[] vault = RandomNumberGenerator.GetBytes(140);
        return new ReplaceAccountKey(
            publicKey, new KeyChange(change, TestDevice.Sign(by.AccountKey, change.SignedBytes()), TestDevice.Sign(by.Key, change.SignedBytes())).Encode(),
            by.List(number + 1, [.. staying.Select(d => d.Certificate)]), certificates, List(server, by, newKey, number + 2, certificates),
            [.. staying.Where(d => d != by).Select(d => new DeviceGrant(d.Device, [4, 5]))],
            new VaultRecord(2, vault, TestDevice.Sign(newKey, new VaultStatement(server.Instance, by.Account, 2, SHA256.HashData(vault)).SignedBytes())));
    }

    internal static byte[] Certificate(TestServer server, TestDevice device, ECDsa accountKey)
    {
        DeviceCertificateContent content = new(server.Instance, device.Account, TestDevice.PublicKey(accountKey), device.Device, device.PublicDeviceKey, 1_700_000_000);
        return new DeviceCertificate(content, TestDevice.Sign(accountKey, content.SignedBytes())).Encode();
    }

    internal static byte[] List(TestServer server, TestDevice device, ECDsa accountKey, ulong number, params byte[][] certificates)
    {
        DeviceListContent content = new(server.Instance, device.Account, TestDevice.PublicKey(accountKey), number, 1_700_000_000, [.. certificates.Select(SHA256.HashData)]);
        return new DeviceList(content, TestDevice.Sign(accountKey, content.SignedBytes())).Encode();
    }
}

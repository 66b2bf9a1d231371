using System.Net;
using System.Security.Cryptography;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class VaultTests
{
    [Fact]
    public async Task A_vault_is_stored_by_a_certified_device_and_replaced_by_a_later_one_only() // K-21, K-42
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        using TestDevice stranger = await TestDevice.SignUpAsync(server);
        TestDevice waiting = device.Another();
        await waiting.LogInAsync(waiting: true);
        await device.GetAsync("/auth/v1/vault").RefusedAsync(ErrorCodes.NotFound);
        Assert.Null((await device.GetAsync("/auth/v1/devices", AuthJson.Default.DeviceRecords)).Vault);

        VaultRecord first = Vault(server, device, 1);
        await PutAsync(device, first).OkAsync();
        string before = server.Dump();
        await PutAsync(waiting, Vault(server, device, 2)).RefusedAsync(ErrorCodes.Forbidden);
        await PutAsync(device, Vault(server, device, 1)).RefusedAsync(ErrorCodes.StaleVault);
        await PutAsync(device, Vault(server, device, 1 + Limits.ForgottenChanges + 1)).RefusedAsync(ErrorCodes.StaleVault);
        await PutAsync(device, Vault(server, stranger, 2)).RefusedAsync(ErrorCodes.Invalid);
        await PutAsync(device, Vault(server, device, 2) with { Vault = [9] }).RefusedAsync(ErrorCodes.Invalid);
        await PutAsync(device, Vault(server, device, 2, 0)).RefusedAsync(ErrorCodes.Invalid);
        await PutAsync(device, Vault(server, device, 2, Limits.VaultBytes + 1)).RefusedAsync(ErrorCodes.TooLarge);
        Assert.Equal(before, server.Dump());

        VaultRecord second = Vault(server, device, 2, Limits.VaultBytes);
        await PutAsync(device, second).OkAsync();
        VaultRecord fetched = await waiting.GetAsync("/auth/v1/vault", AuthJson.Default.VaultRecord);
        Assert.Equal(2UL, fetched.Number);
        Assert.Equal(second.Vault, fetched.Vault);
        Assert.Equal(second.Signature, fetched.Signature);
        VaultState state = (await device.GetAsync("/auth/v1/devices", AuthJson.Default.DeviceRecords)).Vault!;
        Assert.Equal(2UL, state.Number);
        Assert.Equal(SHA256.HashData(second.Vault), state.Hash);
        await stranger.GetAsync("/auth/v1/vault").RefusedAsync(ErrorCodes.NotFound);
        // After a backup was put back its devices have counted further than the server.
        await PutAsync(device, Vault(server, device, 7)).OkAsync();
        await PutAsync(device, Vault(server, device, 6)).RefusedAsync(ErrorCodes.StaleVault);
    }

    [Fact]
    public async Task Two_devices_that_replace_the_vault_at_once_replace_it_once()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice second = await first.AddDeviceAsync(2);
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PutAsync(i % 2 == 0 ? first : second, Vault(server, first, 1))));
        Assert.Equal(1, answers.Count(a => a.StatusCode == HttpStatusCode.NoContent));
        Assert.Equal(7, answers.Count(a => a.StatusCode == HttpStatusCode.Conflict));
        foreach (HttpResponseMessage answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task Vault_fetches_are_counted_by_account()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, options => Answers.Open(options) with { RateFactor = 1 });
        using TestDevice device = await TestDevice.SignUpAsync(server);
        using TestDevice other = await TestDevice.SignUpAsync(server);
        await PutAsync(device, Vault(server, device, 1)).OkAsync();
        for (int i = 0; i < 10; i++) await device.GetAsync("/auth/v1/vault").OkAsync(HttpStatusCode.OK);
        await device.GetAsync("/auth/v1/vault").RefusedAsync(ErrorCodes.RateLimited);
        await other.GetAsync("/auth/v1/vault").RefusedAsync(ErrorCodes.NotFound);
        clock.Advance(TimeSpan.FromHours(1));
        await device.RefreshAsync();
        await device.GetAsync("/auth/v1/vault").OkAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_device_that_holds_the_account_key_admits_itself_and_nobody_else()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        using TestDevice stranger = await TestDevice.SignUpAsync(server);
        TestDevice second = first.Another(), third = first.Another();
        await second.LogInAsync(waiting: true);
        await third.LogInAsync(waiting: true);
        List<BusEvent> news = SessionTests.Listen(server);
        byte[] forged = stranger.Certify(second), others = first.Certify(third);
        string before = server.Dump();
        await CertifySelfAsync(second, forged, stranger.List(2, first.Certificate, forged)).RefusedAsync(ErrorCodes.Invalid);
        await CertifySelfAsync(second, others, first.List(2, first.Certificate, others)).RefusedAsync(ErrorCodes.Invalid);
        byte[] own = first.Certify(second);
        await CertifySelfAsync(second, own, first.List(3, first.Certificate, own)).RefusedAsync(ErrorCodes.StaleDeviceList);
        Assert.Equal(before, server.Dump());
        Assert.Empty(news);

        await CertifySelfAsync(second, own, first.List(2, first.Certificate, own)).OkAsync();
        Assert.Equal(2, Assert.IsType<DevicesChanged>(Assert.Single(news)).Devices.Length);
        Assert.True((await second.RefreshAsync()).Certified);
        await CertifySelfAsync(second, own, first.List(3, first.Certificate, own)).RefusedAsync(ErrorCodes.NotFound);
    }

    internal static VaultRecord Vault(TestServer server, TestDevice device, ulong number, int length = 140)
    {
        byte[] vault = RandomNumberGenerator.GetBytes(length);
        byte[] signed = new VaultStatement(server.Instance, device.Account, number, SHA256.HashData(vault)).SignedBytes();
        return new VaultRecord(number, vault, TestDevice.Sign(device.AccountKey, signed));
    }

    internal static Task<HttpResponseMessage> PutAsync(TestDevice device, VaultRecord vault) =>
        device.SendAsync(HttpMethod.Put, "/auth/v1/vault", TestDevice.Json(vault, AuthJson.Default.VaultRecord));

    static Task<HttpResponseMessage> CertifySelfAsync(TestDevice device, byte[] certificate, byte[] list) =>
        device.SendAsync(HttpMethod.Put, "/auth/v1/devices/self/certificate", TestDevice.Json(new CertifySelf(certificate, list), AuthJson.Default.CertifySelf));
}

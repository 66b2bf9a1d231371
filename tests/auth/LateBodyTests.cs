using System.Security.Cryptography;
using System.Text.Json.Serialization.Metadata;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Auth.Tests;

/// <summary>A call has passed the gate and its body is still to come, when whoever makes it ceases to be what the gate has let in.</summary>
public sealed class LateBodyTests
{
    [Theory]
    [InlineData("remove a device")]
    [InlineData("certify a device")]
    [InlineData("certify itself")]
    [InlineData("put devices back")]
    [InlineData("start a link")]
    [InlineData("join a link")]
    [InlineData("reveal a nonce")]
    [InlineData("replace the vault")]
    [InlineData("publish key packages")]
    [InlineData("change the password")]
    [InlineData("replace the key")]
    [InlineData("begin afresh")]
    [InlineData("delete the account")]
    public async Task Nothing_is_taken_from_a_session_that_ended_while_the_body_came(string what) // K-07, K-22
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        using TestDevice second = await first.AddDeviceAsync(2), third = await first.AddDeviceAsync(3, second), waiting = first.Another();
        await waiting.LogInAsync(waiting: true);
        waiting.Certificate = first.Certify(waiting);
        StartedLink link = await TestDevice.ReadAsync(second.PostAsync("/auth/v1/links", new StartLink(new byte[32]), AuthJson.Default.StartLink, second.Session!.AuthToken), AuthJson.Default.StartedLink);
        JoinLink join = new(new byte[32]);
        if (what == "reveal a nonce") await waiting.PostAsync($"/auth/v1/links/{link.Link}/join", join, AuthJson.Default.JoinLink, waiting.Session!.AuthToken).OkAsync();
        using ECDsa newKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[][] inForce = [first.Certificate, second.Certificate, third.Certificate];
        byte[] withWaiting = first.List(4, [.. inForce, waiting.Certificate]), afresh = AccountTests.Certificate(server, waiting, newKey);

        (TestDevice by, HttpMethod method, string path, HttpContent body) = what switch
        {
            "remove a device" => (second, HttpMethod.Post, $"devices/{third.Device}/remove", Json(new RemoveDeviceRequest(first.List(4, first.Certificate, second.Certificate)), AuthJson.Default.RemoveDeviceRequest)),
            "certify a device" => (second, HttpMethod.Put, $"devices/{waiting.Device}/certificate", Json(new CertifyRequest(waiting.Certificate, withWaiting, [1]), AuthJson.Default.CertifyRequest)),
            "certify itself" => (waiting, HttpMethod.Put, "devices/self/certificate", Json(new CertifySelf(waiting.Certificate, withWaiting), AuthJson.Default.CertifySelf)),
            "put devices back" => (second, HttpMethod.Put, "devices", Json(new KnownDevices(first.List(4, inForce), inForce), AuthJson.Default.KnownDevices)),
            "start a link" => (second, HttpMethod.Post, "links", Json(new StartLink(new byte[32]), AuthJson.Default.StartLink)),
            "join a link" => (waiting, HttpMethod.Post, $"links/{link.Link}/join", Json(join, AuthJson.Default.JoinLink)),
            "reveal a nonce" => (second, HttpMethod.Put, $"links/{link.Link}/nonce", Json(new LinkNonce(new byte[32]), AuthJson.Default.LinkNonce)),
            "replace the vault" => (second, HttpMethod.Put, "vault", Json(VaultTests.Vault(server, second, 1), AuthJson.Default.VaultRecord)),
            "publish key packages" => (second, HttpMethod.Post, "key-packages", await KeyPackagesAsync(second)),
            "change the password" => (second, HttpMethod.Put, "account/password", Json(new ChangePassword(second.AuthSecret, AccountTests.Kdf, new byte[32]), AuthJson.Default.ChangePassword)),
            "replace the key" => (second, HttpMethod.Post, "account/key", Json(AccountTests.Replacement(server, second, newKey, [first, second], 3), AuthJson.Default.ReplaceAccountKey)),
            "begin afresh" => (waiting, HttpMethod.Post, "account/reset", Json(new ResetAccount(waiting.AuthSecret, TestDevice.PublicKey(newKey), afresh, AccountTests.List(server, waiting, newKey, 4, afresh)), AuthJson.Default.ResetAccount)),
            _ => (second, HttpMethod.Post, "account/delete", Json(new DeleteAccount(second.AuthSecret), AuthJson.Default.DeleteAccount)),
        };
        HeldCall held = await HoldAsync(server, by, method, path, body);
        await by.SendAsync(HttpMethod.Delete, "/auth/v1/sessions/current").OkAsync();
        await TooLateAsync(server, held);
        // The twin: the same call in a session that goes on.
        await by.LogInAsync(waiting: by == waiting);
        using HttpResponseMessage allowed = await by.SendAsync(method, $"/auth/v1/{path}", body);
        Assert.True(allowed.IsSuccessStatusCode, $"{allowed.StatusCode} {await allowed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
    }

    [Fact]
    public async Task A_removed_device_removes_no_other_by_a_list_that_it_signed_before() // K-22
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        using TestDevice second = await first.AddDeviceAsync(2), third = await first.AddDeviceAsync(3, second);
        // It has the account key like all of them, and reckons with its own removal.
        HeldCall held = await HoldAsync(server, second, HttpMethod.Post, $"devices/{third.Device}/remove",
            Json(new RemoveDeviceRequest(first.List(5, first.Certificate)), AuthJson.Default.RemoveDeviceRequest));
        await first.RemoveAsync(second.Device, first.List(4, first.Certificate, third.Certificate)).OkAsync();
        await TooLateAsync(server, held);
        await first.RemoveAsync(third.Device, first.List(5, first.Certificate)).OkAsync();
    }

    [Fact]
    public async Task A_suspended_account_puts_back_nothing_of_what_its_suspension_deleted_and_reports_nothing() // K-27
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        await ReportTests.PutKeyAsync(scene, scene.Owner).OkAsync();
        await scene.Member.PublishKeyPackagesAsync(1).OkAsync();
        HeldCall publication = await HoldAsync(scene.Server, scene.Member, HttpMethod.Post, "key-packages", await KeyPackagesAsync(scene.Member, scene.Clock.GetUtcNow()));
        HeldCall report = await HoldAsync(scene.Server, scene.Member, HttpMethod.Post, "reports", Json(ReportTests.Report(scene.Owner), AdminJson.Default.FileReport));
        await scene.ActAsync(scene.Moderator, scene.Member.Account, "suspend").OkAsync();
        await TooLateAsync(scene.Server, publication);
        await TooLateAsync(scene.Server, report);
        Assert.Empty(scene.Server.Table("key_package"));
        Assert.Empty(scene.Server.Table("report"));
    }

    [Fact]
    public async Task Key_packages_that_were_checked_by_a_certificate_of_before_are_not_stored() // K-51
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        KeyPackageStore store = server.Services.GetRequiredService<KeyPackageStore>();
        Caller caller = new(device.Account, device.Device, SessionOf(device), true, false);
        using ECDsa newKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] before = await store.CertificateAsync(device.Device);
        List<CheckedKeyPackage> packages = [new(new byte[32], [1], long.MaxValue, false)];
        await device.PostAsync("/auth/v1/account/key", AccountTests.Replacement(server, device, newKey, [device], 1), AuthJson.Default.ReplaceAccountKey, device.Session!.AuthToken).OkAsync();
        Assert.Equal(ErrorCodes.Invalid, (await Assert.ThrowsAsync<AuthException>(() => store.PublishAsync(caller, before, packages))).Code);
        Assert.Empty(server.Table("key_package"));
        await store.PublishAsync(caller, await store.CertificateAsync(device.Device), packages);
        Assert.Single(server.Table("key_package"));
    }

    static Id SessionOf(TestDevice device) =>
        Id.Parse(new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(device.Session!.AuthToken).GetPayloadValue<string>("ses"));

    static StringContent Json<T>(T value, JsonTypeInfo<T> type) => TestDevice.Json(value, type);

    static async Task<HttpContent> KeyPackagesAsync(TestDevice device, DateTimeOffset? now = null) =>
        Json(new PublishKeyPackages([await TestKeyPackages.MakeAsync(device, now ?? DateTimeOffset.UtcNow)]), AuthJson.Default.PublishKeyPackages);

    static Task<HeldCall> HoldAsync(TestServer server, TestDevice by, HttpMethod method, string path, HttpContent body) =>
        HeldCall.BeginAsync(method, new Uri(server.Address, $"/auth/v1/{path}"), by.Session!.AuthToken, body);

    static async Task TooLateAsync(TestServer server, HeldCall held)
    {
        string before = server.Dump();
        await held.EndAsync().RefusedAsync(ErrorCodes.Unauthenticated);
        Assert.Equal(before, server.Dump());
    }
}

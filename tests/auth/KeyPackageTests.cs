using System.Net;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class KeyPackageTests
{
    static Task<HttpResponseMessage> TryClaimAsync(TestDevice device, Id account) =>
        device.SendAsync(HttpMethod.Post, $"/auth/v1/accounts/{account}/key-packages/claim");

    static async Task<ClaimedKeyPackage[]> ClaimAsync(TestDevice device, Id account) =>
        (await TestDevice.ReadAsync(TryClaimAsync(device, account), AuthJson.Default.ClaimedKeyPackages)).KeyPackages;

    static Task<KeyPackageCount> CountAsync(TestDevice device) => device.GetAsync("/auth/v1/key-packages", AuthJson.Default.KeyPackageCount);

    [Fact]
    public async Task A_hundred_claims_at_once_get_a_hundred_key_packages_and_then_the_last_resort() // K-29, K-51
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice marie = await TestDevice.SignUpAsync(server);
        using TestDevice jean = await TestDevice.SignUpAsync(server);
        await marie.PublishKeyPackagesAsync(100, lastResort: true).OkAsync();
        Assert.Equal(new KeyPackageCount(100, true, false), await CountAsync(marie));

        ClaimedKeyPackage[][] claims = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => ClaimAsync(jean, marie.Account)));
        Assert.All(claims, c => Assert.Equal(marie.Device, Assert.Single(c).Device));
        Assert.Equal(100, claims.Select(c => Convert.ToHexString(c[0].KeyPackage)).Distinct().Count());
        Assert.Equal(new KeyPackageCount(0, true, false), await CountAsync(marie));

        byte[] last = Assert.Single(await ClaimAsync(jean, marie.Account)).KeyPackage;
        Assert.True(KeyPackage.Decode(last).IsLastResort);
        Assert.Equal(last, Assert.Single(await ClaimAsync(jean, marie.Account)).KeyPackage);
        Assert.Equal(new KeyPackageCount(0, true, true), await CountAsync(marie));

        await marie.PublishKeyPackagesAsync(0, lastResort: true).OkAsync();
        Assert.Equal(new KeyPackageCount(0, true, false), await CountAsync(marie));
        Assert.NotEqual(last, Assert.Single(await ClaimAsync(jean, marie.Account)).KeyPackage);
    }

    [Fact]
    public async Task A_claim_gives_one_of_each_certified_device_but_the_claiming_one()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice jean = await TestDevice.SignUpAsync(server);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice second = await first.AddDeviceAsync(2);
        TestDevice empty = await first.AddDeviceAsync(3, second);
        await first.PublishKeyPackagesAsync(2).OkAsync();
        await second.PublishKeyPackagesAsync(2).OkAsync();
        Assert.Equal(new[] { first.Device, second.Device }.ToHashSet(), (await ClaimAsync(jean, first.Account)).Select(k => k.Device).ToHashSet());
        Assert.Equal([second.Device], (await ClaimAsync(first, first.Account)).Select(k => k.Device));
        Assert.Equal([first.Device], (await ClaimAsync(empty, first.Account)).Select(k => k.Device));
        Assert.Empty(await ClaimAsync(jean, first.Account));
        await TryClaimAsync(jean, Id.New()).RefusedAsync(ErrorCodes.NotFound);
    }

    [Fact]
    public async Task A_device_keeps_a_hundred()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        await device.PublishKeyPackagesAsync(99).OkAsync();
        string before = server.Dump();
        await device.PublishKeyPackagesAsync(2).RefusedAsync(ErrorCodes.TooLarge);
        Assert.Equal(before, server.Dump());
        await device.PublishKeyPackagesAsync(1).OkAsync();
        Assert.Equal(100, (await CountAsync(device)).Count);
    }

    [Fact]
    public async Task The_same_key_package_is_kept_once()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        byte[] package = await TestKeyPackages.MakeAsync(device, DateTimeOffset.UtcNow);
        await device.PublishAsync([package, package]).OkAsync();
        await device.PublishAsync([package]).OkAsync();
        Assert.Equal(1, (await CountAsync(device)).Count);
    }

    [Fact]
    public async Task A_one_time_key_package_is_no_last_resort_and_a_large_one_none_at_all()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        await device.PublishAsync([], await TestKeyPackages.MakeAsync(device, DateTimeOffset.UtcNow)).RefusedAsync(ErrorCodes.Invalid);
        await device.PublishAsync([new byte[16 * 1024 + 1]]).RefusedAsync(ErrorCodes.TooLarge);
        await device.PublishAsync([new byte[2_000_000]]).RefusedAsync(ErrorCodes.TooLarge);
        await device.SendAsync(HttpMethod.Post, "/auth/v1/key-packages", new StringContent(
            """{"keyPackages":[null]}""", System.Text.Encoding.UTF8, "application/json")).RefusedAsync(ErrorCodes.Invalid);
        Assert.Equal(new KeyPackageCount(0, false, false), await CountAsync(device));
    }

    [Fact]
    public async Task One_account_cannot_drain_another() // K-24, K-51
    {
        ManualClock clock = new(DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
        await using TestServer server = await TestServer.StartAsync(clock, o => Answers.Open(o) with { RateFactor = 1 });
        using TestDevice marie = await TestDevice.SignUpAsync(server);
        using TestDevice thief = await TestDevice.SignUpAsync(server);
        using TestDevice jean = await TestDevice.SignUpAsync(server);
        await marie.PublishKeyPackagesAsync(40).OkAsync();
        for (int i = 0; i < 30; i++) await TryClaimAsync(thief, marie.Account).OkAsync(HttpStatusCode.OK);
        await TryClaimAsync(thief, marie.Account).RefusedAsync(ErrorCodes.RateLimited);
        Assert.Equal(10, (await CountAsync(marie)).Count);
        Assert.Single(await ClaimAsync(jean, marie.Account));
    }

    [Fact]
    public async Task An_expired_key_package_is_not_handed_out_and_is_swept_away()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice marie = await TestDevice.SignUpAsync(server);
        using TestDevice jean = await TestDevice.SignUpAsync(server);
        await marie.PublishKeyPackagesAsync(2).OkAsync();
        clock.Advance(TimeSpan.FromDays(45));
        await jean.RefreshAsync();
        Assert.Single(await ClaimAsync(jean, marie.Account));
        clock.Advance(TimeSpan.FromDays(46));
        await jean.RefreshAsync();
        Assert.Empty(await ClaimAsync(jean, marie.Account));
    }
}

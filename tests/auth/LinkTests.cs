using System.Net;
using System.Security.Cryptography;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class LinkTests
{
    [Fact]
    public async Task A_link_passes_what_the_two_devices_say_to_each_other_in_this_order_only()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice second = first.Another();
        await second.LogInAsync(waiting: true);
        await second.GetAsync("/auth/v1/links/current").RefusedAsync(ErrorCodes.NotFound);

        byte[] commitment = RandomNumberGenerator.GetBytes(32), granter = RandomNumberGenerator.GetBytes(32), joiner = RandomNumberGenerator.GetBytes(32);
        StartedLink link = await StartAsync(first, commitment);
        Assert.Equal(Limits.LinkSeconds, link.ExpiresIn);
        OfferedLink offered = await second.GetAsync("/auth/v1/links/current", AuthJson.Default.OfferedLink);
        Assert.Equal(link.Link, offered.Link);
        Assert.Equal(commitment, offered.Commitment);
        Assert.Equal(first.AccountPublicKey, offered.AccountKey);
        Assert.Null((await first.GetAsync($"/auth/v1/links/{link.Link}", AuthJson.Default.LinkState)).Device);

        // Nothing is revealed before somebody joined.
        string before = server.Dump();
        await RevealAsync(first, link.Link, granter).RefusedAsync(ErrorCodes.NotFound);
        await second.GetAsync($"/auth/v1/links/{link.Link}/nonce").RefusedAsync(ErrorCodes.NotFound);
        Assert.Equal(before, server.Dump());

        await JoinAsync(second, link.Link, joiner).OkAsync();
        LinkState state = await first.GetAsync($"/auth/v1/links/{link.Link}", AuthJson.Default.LinkState);
        Assert.Equal(second.Device, state.Device!.Device);
        Assert.Equal(second.PublicDeviceKey, state.Device.DeviceKey);
        Assert.Equal(second.GrantKey, state.Device.GrantKey);
        Assert.Equal(joiner, state.Nonce);
        Assert.Null((await second.GetAsync($"/auth/v1/links/{link.Link}/nonce", AuthJson.Default.LinkNonce)).Nonce);
        await RevealAsync(first, link.Link, granter).OkAsync();
        await RevealAsync(first, link.Link, joiner).RefusedAsync(ErrorCodes.NotFound);
        Assert.Equal(granter, (await second.GetAsync($"/auth/v1/links/{link.Link}/nonce", AuthJson.Default.LinkNonce)).Nonce);

        second.Certificate = first.Certify(second);
        await first.CertifyAsync(second.Device, new CertifyRequest(second.Certificate, first.List(2, first.Certificate, second.Certificate), [1])).OkAsync();
        // It took one device; that one may have been slower than the person at the first.
        Assert.Null((await first.GetAsync($"/auth/v1/links/{link.Link}", AuthJson.Default.LinkState)).Device);
        Assert.Equal(granter, (await second.GetAsync($"/auth/v1/links/{link.Link}/nonce", AuthJson.Default.LinkNonce)).Nonce);
        await JoinAsync(second, link.Link, joiner).RefusedAsync(ErrorCodes.Forbidden);
    }

    [Fact]
    public async Task A_link_lasts_a_minute_takes_one_device_once_and_is_of_one_account() // K-21, K-76
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        using TestDevice stranger = await TestDevice.SignUpAsync(server);
        TestDevice second = first.Another(), third = first.Another(), theirs = stranger.Another();
        foreach (TestDevice device in (TestDevice[])[second, third, theirs]) await device.LogInAsync(waiting: true);
        byte[] nonce = RandomNumberGenerator.GetBytes(32);

        StartedLink link = await StartAsync(first, nonce);
        string before = server.Dump();
        await theirs.GetAsync("/auth/v1/links/current").RefusedAsync(ErrorCodes.NotFound);
        await JoinAsync(theirs, link.Link, nonce).RefusedAsync(ErrorCodes.NotFound);
        await JoinAsync(stranger, link.Link, nonce).RefusedAsync(ErrorCodes.Forbidden);
        await stranger.GetAsync($"/auth/v1/links/{link.Link}").RefusedAsync(ErrorCodes.NotFound);
        await JoinAsync(second, link.Link, [1]).RefusedAsync(ErrorCodes.Invalid);
        Assert.Equal(before, server.Dump());
        await stranger.SendAsync(HttpMethod.Delete, $"/auth/v1/links/{link.Link}").OkAsync();
        Assert.Equal(before, server.Dump());

        HttpResponseMessage[] answers = await Task.WhenAll(JoinAsync(second, link.Link, nonce), JoinAsync(third, link.Link, nonce));
        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NotFound], answers.Select(a => a.StatusCode).Order());
        foreach (HttpResponseMessage answer in answers) answer.Dispose();
        await second.GetAsync("/auth/v1/links/current").RefusedAsync(ErrorCodes.NotFound);

        StartedLink late = await StartAsync(first, nonce);
        clock.Advance(TimeSpan.FromSeconds(Limits.LinkSeconds));
        before = server.Dump();
        await JoinAsync(second, late.Link, nonce).RefusedAsync(ErrorCodes.NotFound);
        await first.GetAsync($"/auth/v1/links/{late.Link}").RefusedAsync(ErrorCodes.NotFound);
        Assert.Equal(before, server.Dump());

        StartedLink ended = await StartAsync(first, nonce);
        await first.SendAsync(HttpMethod.Delete, $"/auth/v1/links/{ended.Link}").OkAsync();
        await JoinAsync(second, ended.Link, nonce).RefusedAsync(ErrorCodes.NotFound);
        Assert.Empty(server.Table("link"));
    }

    static Task<StartedLink> StartAsync(TestDevice device, byte[] commitment) => TestDevice.ReadAsync(
        device.PostAsync("/auth/v1/links", new StartLink(commitment), AuthJson.Default.StartLink, device.Session!.AuthToken), AuthJson.Default.StartedLink);

    static Task<HttpResponseMessage> JoinAsync(TestDevice device, Id link, byte[] nonce) =>
        device.PostAsync($"/auth/v1/links/{link}/join", new JoinLink(nonce), AuthJson.Default.JoinLink, device.Session!.AuthToken);

    static Task<HttpResponseMessage> RevealAsync(TestDevice device, Id link, byte[] nonce) =>
        device.SendAsync(HttpMethod.Put, $"/auth/v1/links/{link}/nonce", TestDevice.Json(new LinkNonce(nonce), AuthJson.Default.LinkNonce));
}

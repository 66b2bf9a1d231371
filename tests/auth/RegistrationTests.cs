using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class RegistrationTests
{
    [Fact]
    public async Task The_set_up_link_makes_one_owner_and_then_opens_nothing() // K-13
    {
        await using TestServer server = await TestServer.StartAsync();
        string secret = server.SetUpSecret!;
        using TestDevice owner = await TestDevice.SignUpAsync(server, secret);
        await owner.GetAsync("/auth/v1/invites").OkAsync(HttpStatusCode.OK);

        using TestDevice second = TestDevice.New(server);
        string before = server.Dump();
        await second.RegisterAsync(second.Registration(secret)).RefusedAsync(ErrorCodes.InvalidInvite);
        Assert.Equal(before, server.Dump());

        await server.RestartAsync();
        Assert.Null(server.SetUpSecret);
    }

    [Fact]
    public async Task Being_first_to_register_makes_nobody_the_owner() // K-13
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        await first.GetAsync("/auth/v1/invites").RefusedAsync(ErrorCodes.Forbidden);

        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        await owner.GetAsync("/auth/v1/invites").OkAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Each_start_without_an_owner_replaces_the_set_up_link()
    {
        await using TestServer server = await TestServer.StartAsync();
        string former = server.SetUpSecret!;
        await server.RestartAsync();
        using TestDevice device = TestDevice.New(server);
        await device.RegisterAsync(device.Registration(former)).RefusedAsync(ErrorCodes.InvalidInvite);
        await device.RegisterAsync(device.Registration(server.SetUpSecret)).OkAsync(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task The_set_up_link_lasts_a_day()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock);
        using TestDevice device = TestDevice.New(server);
        clock.Advance(TimeSpan.FromHours(24));
        await device.RegisterAsync(device.Registration(server.SetUpSecret)).RefusedAsync(ErrorCodes.InvalidInvite);
        await server.RestartAsync();
        clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        await device.RegisterAsync(device.Registration(server.SetUpSecret)).OkAsync(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task A_hundred_at_once_with_the_set_up_link_make_one_owner() // K-13, K-29
    {
        await using TestServer server = await TestServer.StartAsync();
        TestDevice[] devices = [.. Enumerable.Range(0, 100).Select(_ => TestDevice.New(server))];
        HttpResponseMessage[] answers = await Task.WhenAll(devices.Select(d => d.RegisterAsync(d.Registration(server.SetUpSecret))));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Accepted);
        Assert.All(answers, a => Assert.True(a.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.Forbidden or HttpStatusCode.ServiceUnavailable));
        Assert.Single(server.Table("account"), row => row.Contains("|owner|", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hundred_at_once_with_an_invite_for_one_make_one_account() // K-14, K-29
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        string invite = (await InviteTests.CreateAsync(owner, uses: 1)).Secret;
        TestDevice[] devices = [.. Enumerable.Range(0, 100).Select(_ => TestDevice.New(server))];
        HttpResponseMessage[] answers = await Task.WhenAll(devices.Select(d => d.RegisterAsync(d.Registration(invite))));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Accepted);
        Assert.Equal(2, server.Table("account").Length);
    }

    [Fact]
    public async Task Twenty_at_once_for_one_handle_make_one_account()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        TestDevice[] devices = [.. Enumerable.Range(0, 20).Select(_ => TestDevice.New(server))];
        HttpResponseMessage[] answers = await Task.WhenAll(devices.Select(d => d.RegisterAsync(d.Registration() with { Handle = "marie" })));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Accepted);
        Assert.All(answers, a => Assert.True(a.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.Conflict));
        Assert.Single(server.Table("account"));
    }

    [Fact]
    public async Task Every_kind_of_bad_invite_gets_the_same_answer_and_changes_nothing() // K-14
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock);
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        CreatedInvite revoked = await InviteTests.CreateAsync(owner, uses: 5);
        await owner.SendAsync(HttpMethod.Delete, $"/auth/v1/invites/{revoked.Invite}").OkAsync();
        CreatedInvite used = await InviteTests.CreateAsync(owner, uses: 1);
        using TestDevice user = await TestDevice.SignUpAsync(server, used.Secret);
        CreatedInvite expired = await InviteTests.CreateAsync(owner, uses: 5, seconds: 60);
        CreatedInvite good = await InviteTests.CreateAsync(owner, uses: 1);
        clock.Advance(TimeSpan.FromSeconds(60));

        using TestDevice device = TestDevice.New(server);
        string before = server.Dump();
        HashSet<string> looks = [];
        foreach (string? bad in new[] { null, "", "AAAAAAAAAAAAAAAAAAAAAA", good.Invite.ToString(), revoked.Secret, used.Secret, expired.Secret, good.Secret + "A", good.Secret[..21] })
        {
            looks.Add(await device.RegisterAsync(device.Registration(bad)).LookAsync());
        }
        Assert.Contains(ErrorCodes.InvalidInvite, Assert.Single(looks));
        Assert.Equal(before, server.Dump());
        await device.RegisterAsync(device.Registration(good.Secret)).OkAsync(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task An_address_that_has_an_account_gets_the_same_answer_and_the_invite_is_used_up() // K-01
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        CreatedInvite invite = await InviteTests.CreateAsync(owner, uses: 2);

        using TestDevice stranger = TestDevice.New(server);
        using TestDevice intruder = TestDevice.New(server);
        intruder.Email = owner.Email;
        string taken = await intruder.RegisterAsync(intruder.Registration(invite.Secret)).LookAsync();
        Assert.Single(server.Table("account"));
        string free = await stranger.RegisterAsync(stranger.Registration(invite.Secret)).LookAsync();
        Assert.Equal(free, taken);
        Assert.Equal(2, server.Table("account").Length);
        using TestDevice third = TestDevice.New(server);
        await third.RegisterAsync(third.Registration(invite.Secret)).RefusedAsync(ErrorCodes.InvalidInvite);

        // The owner's password still is the owner's.
        await owner.LogInAsync();
        await intruder.TryLogInAsync(await intruder.LogInRequestAsync(withGrantKey: true)).RefusedAsync(ErrorCodes.WrongCredentials);
    }

    [Fact]
    public async Task A_taken_handle_or_id_is_refused_and_leaves_the_invite_alone()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        CreatedInvite invite = await InviteTests.CreateAsync(owner, uses: 1);
        using TestDevice device = TestDevice.New(server);
        string before = server.Dump();
        await device.RegisterAsync(device.Registration(invite.Secret) with { Handle = owner.Handle }).RefusedAsync(ErrorCodes.HandleTaken);
        using TestDevice copy = owner.Another();
        copy.Email = "other@example.org";
        copy.Handle = "other";
        copy.Certificate = copy.Certify(copy);
        await copy.RegisterAsync(copy.Registration(invite.Secret)).RefusedAsync(ErrorCodes.IdTaken);
        byte[] othersDevice = device.Certify(device, c => c with { Device = owner.Device });
        await device.RegisterAsync(device.Registration(invite.Secret) with { Certificate = othersDevice, DeviceList = device.List(1, othersDevice) })
            .RefusedAsync(ErrorCodes.IdTaken);
        Assert.Equal(before, server.Dump());
        await device.RegisterAsync(device.Registration(invite.Secret)).OkAsync(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Fields_that_are_not_asked_for_are_refused() // K-10
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = TestDevice.New(server);
        string good = JsonSerializer.Serialize(device.Registration(), AuthJson.Default.RegisterRequest);
        string before = server.Dump();
        foreach (string member in new[] { "rank", "role", "isAdmin", "userId", "deviceId", "quota", "verified", "createdAt", "$type", "Email", "__proto__" })
        {
            JsonObject body = JsonNode.Parse(good)!.AsObject();
            body.Add(member, "owner");
            await PostAsync(server, body.ToJsonString()).RefusedAsync(ErrorCodes.Invalid);
        }
        await PostAsync(server, "{\"handle\":\"other\"," + good[1..]).RefusedAsync(ErrorCodes.Invalid);
        await PostAsync(server, good + good).RefusedAsync(ErrorCodes.Invalid);
        await PostAsync(server, good.Replace("\"handle\":\"", "\"handle\":null,\"x\":\"", StringComparison.Ordinal)).RefusedAsync(ErrorCodes.Invalid);
        await PostAsync(server, good.Replace("1000000", "\"1000000\"", StringComparison.Ordinal)).RefusedAsync(ErrorCodes.Invalid);
        Assert.Equal(before, server.Dump());
        await PostAsync(server, good).OkAsync(HttpStatusCode.Accepted);
    }

    static Task<HttpResponseMessage> PostAsync(TestServer server, string body) =>
        server.PostAsync("/auth/v1/accounts", new StringContent(body, Encoding.UTF8, "application/json"));
}

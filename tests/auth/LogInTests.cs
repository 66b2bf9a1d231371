using System.Net;
using System.Security.Cryptography;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Auth.Tests;

public sealed class LogInTests
{
    [Fact]
    public async Task A_known_and_an_unknown_address_look_the_same_at_pre_login_and_log_in() // K-01
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice known = await TestDevice.SignUpAsync(server);
        using TestDevice unknown = TestDevice.New(server);
        using TestDevice unknown2 = TestDevice.New(server);

        PreloginResponse a = await known.PreloginAsync(), b = await unknown.PreloginAsync(), c = await unknown2.PreloginAsync();
        Assert.Equal((a.Salt.Length, a.Kdf, a.Challenge.Length), (b.Salt.Length, b.Kdf, b.Challenge.Length));
        Assert.Equal(b.Salt, (await unknown.PreloginAsync()).Salt);
        Assert.Equal(a.Salt, (await known.PreloginAsync()).Salt);
        Assert.NotEqual(b.Salt, c.Salt);
        Assert.NotEqual(b.Challenge, (await unknown.PreloginAsync()).Challenge);
        await server.RestartAsync();
        Assert.Equal(b.Salt, (await unknown.PreloginAsync()).Salt);

        string before = server.Dump();
        HashSet<string> looks = [];
        for (int i = 0; i < 5; i++)
        {
            foreach (TestDevice device in (TestDevice[])[known, unknown, unknown2])
            {
                LogInRequest wrong = await (await WithSecretAsync(device)).LogInRequestAsync(withGrantKey: true);
                looks.Add(await device.TryLogInAsync(wrong).LookAsync());
            }
        }
        Assert.Contains(ErrorCodes.WrongCredentials, Assert.Single(looks));
        Assert.Equal(before, server.Dump());
    }

    // The same person with a password that is not the account's.
    static Task<TestDevice> WithSecretAsync(TestDevice device)
    {
        TestDevice other = device.Another();
        other.AuthSecret = RandomNumberGenerator.GetBytes(32);
        return Task.FromResult(other);
    }

    [Fact]
    public async Task Everything_wrong_with_a_log_in_gets_the_same_answer_and_changes_nothing()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        using TestDevice other = await TestDevice.SignUpAsync(server);
        using TestDevice thief = device.Another();

        LogInRequest used = await device.LogInRequestAsync();
        await device.TryLogInAsync(used).OkAsync(HttpStatusCode.OK);
        LogInRequest late = await device.LogInRequestAsync();
        clock.Advance(TimeSpan.FromSeconds(300));
        LogInRequest good = await device.LogInRequestAsync();
        byte[] othersChallenge = (await other.PreloginAsync()).Challenge;

        Dictionary<string, LogInRequest> wrong = new()
        {
            ["secret"] = good with { AuthSecret = RandomNumberGenerator.GetBytes(32) },
            ["last byte of the secret"] = good with { AuthSecret = [.. good.AuthSecret[..31], (byte)(good.AuthSecret[31] ^ 1)] },
            ["signature"] = good with { Signature = [.. good.Signature[..^1], (byte)(good.Signature[^1] ^ 1)] },
            ["no signature"] = good with { Signature = [] },
            ["challenge of another address"] = good with { Challenge = othersChallenge, Signature = device.SignLogIn(othersChallenge) },
            ["challenge made up"] = good with { Challenge = new byte[56], Signature = device.SignLogIn(new byte[56]) },
            ["challenge too late"] = late,
            ["challenge used"] = used,
            ["stolen password, stolen device id"] = (await thief.LogInRequestAsync()) with { Device = device.Device },
            ["device of the same id with another key"] = Stolen(device, thief, good.Challenge),
        };
        string before = server.Dump();
        HashSet<string> looks = [];
        foreach (LogInRequest request in wrong.Values) looks.Add(await device.TryLogInAsync(request).LookAsync());
        Assert.Contains(ErrorCodes.WrongCredentials, Assert.Single(looks));
        Assert.Equal(before, server.Dump());
        await device.LogInAsync();
    }

    // Signs correctly, with its own key, for the victim's device id.
    static LogInRequest Stolen(TestDevice victim, TestDevice thief, byte[] challenge)
    {
        byte[] signed = new Protocol.Identity.LogIn(
            ReadInstance(victim), victim.Email, victim.Device, thief.PublicDeviceKey, challenge, SHA256.HashData(victim.AuthSecret)).SignedBytes();
        return new LogInRequest(victim.Email, victim.AuthSecret, challenge, victim.Device, thief.PublicDeviceKey, TestDevice.Sign(thief.Key, signed), thief.GrantKey);
    }

    static Id ReadInstance(TestDevice device) => Protocol.Identity.DeviceCertificate.Decode(device.Certificate).Content.Instance;

    [Fact]
    public async Task Malformed_log_ins_are_refused_before_anything_is_hashed()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        LogInRequest good = await device.LogInRequestAsync();
        LogInRequest[] malformed =
        [
            good with { AuthSecret = [] },
            good with { AuthSecret = new byte[33] },
            good with { Email = "MARIE@example.org" },
            good with { DeviceKey = new byte[65] },
            good with { GrantKey = [4, .. new byte[64]] },
        ];
        foreach (LogInRequest request in malformed) await device.TryLogInAsync(request).RefusedAsync(ErrorCodes.Invalid);
        await device.TryLogInAsync(good with { AuthSecret = new byte[20_000] }).RefusedAsync(ErrorCodes.TooLarge);
        await device.TryLogInAsync(good).OkAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_guesser_is_stopped_and_a_device_that_logged_in_before_is_not_locked_out() // K-02
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, o => Answers.Open(o) with { RateFactor = 1, BehindProxy = true });
        using TestDevice owner = await TestDevice.SignUpAsync(server);
        using TestDevice guesser = await WithSecretAsync(owner);

        List<HttpStatusCode> answers = [];
        for (int i = 0; i < 20; i++) answers.Add(await GuessFromAsync(server, guesser, $"192.0.2.{i}"));
        Assert.Equal(Enumerable.Repeat(HttpStatusCode.Unauthorized, 10), answers[..10]);
        Assert.Equal(Enumerable.Repeat(HttpStatusCode.TooManyRequests, 10), answers[10..]);

        // The count is the address's, not the password's: the right one does not get a new device in now. The owner's own does get in.
        using TestDevice newDevice = owner.Another();
        await newDevice.TryLogInAsync(await newDevice.LogInRequestAsync(withGrantKey: true)).RefusedAsync(ErrorCodes.RateLimited);
        await owner.LogInAsync();
        clock.Advance(TimeSpan.FromMinutes(5));
        await newDevice.LogInAsync(waiting: true);
    }

    [Fact]
    public async Task One_source_that_sprays_many_accounts_is_stopped_and_others_are_not() // K-02
    {
        await using TestServer server = await TestServer.StartAsync(new ManualClock(), o => Answers.Open(o) with { RateFactor = 1, BehindProxy = true });
        List<HttpStatusCode> answers = [];
        for (int i = 0; i < 32; i++)
        {
            using TestDevice device = TestDevice.New(server);
            answers.Add(await GuessFromAsync(server, device, "192.0.2.7", preloginFrom: $"198.51.100.{i}"));
        }
        Assert.Equal(30, answers.Count(a => a == HttpStatusCode.Unauthorized));
        Assert.Equal([HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], answers[30..]);
        using TestDevice another = TestDevice.New(server);
        Assert.Equal(HttpStatusCode.Unauthorized, await GuessFromAsync(server, another, "192.0.2.8"));
    }

    [Fact]
    public async Task A_rate_says_when_to_come_back_and_a_forged_header_does_not_dodge_it() // K-78
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, o => Answers.Open(o) with { RateFactor = 1 });
        using TestDevice device = TestDevice.New(server);
        for (int i = 0; i < 30; i++) Assert.Equal(HttpStatusCode.OK, (await PreloginFromAsync(server, device, $"192.0.2.{i}")).StatusCode);
        clock.Advance(TimeSpan.FromSeconds(100));
        using HttpResponseMessage refused = await PreloginFromAsync(server, device, "192.0.2.99");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(200), refused.Headers.RetryAfter?.Delta);
        clock.Advance(TimeSpan.FromSeconds(200));
        Assert.Equal(HttpStatusCode.OK, (await PreloginFromAsync(server, device, "192.0.2.99")).StatusCode);
    }

    static async Task<HttpStatusCode> GuessFromAsync(TestServer server, TestDevice device, string source, string? preloginFrom = null)
    {
        using HttpResponseMessage prelogin = await PreloginFromAsync(server, device, preloginFrom ?? source);
        byte[] challenge = (await TestDevice.ReadAsync(Task.FromResult(prelogin), AuthJson.Default.PreloginResponse)).Challenge;
        LogInRequest guess = new(
            device.Email, device.AuthSecret, challenge, device.Device, device.PublicDeviceKey, device.SignLogIn(challenge), device.GrantKey);
        using HttpResponseMessage answer = await FromAsync(server, "/auth/v1/sessions", TestDevice.Json(guess, AuthJson.Default.LogInRequest), source);
        return answer.StatusCode;
    }

    static Task<HttpResponseMessage> PreloginFromAsync(TestServer server, TestDevice device, string source) =>
        FromAsync(server, "/auth/v1/prelogin", TestDevice.Json(new PreloginRequest(device.Email), AuthJson.Default.PreloginRequest), source);

    static Task<HttpResponseMessage> FromAsync(TestServer server, string path, HttpContent body, string source)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = body };
        request.Headers.Add("X-Forwarded-For", source);
        return server.Http.SendAsync(request);
    }

    [Fact]
    public async Task A_flood_of_log_ins_is_turned_away_and_the_rest_of_the_server_answers() // K-03
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        using TestDevice guesser = await WithSecretAsync(device);
        LogInRequest[] guesses = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => guesser.LogInRequestAsync(withGrantKey: true)));
        Task<HttpStatusCode[]> flood = Task.WhenAll(guesses.Select(async g =>
        {
            using HttpResponseMessage answer = await guesser.TryLogInAsync(g);
            return answer.StatusCode;
        }));
        await device.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
        HttpStatusCode[] answers = await flood;
        Assert.Contains(HttpStatusCode.Unauthorized, answers);
        Assert.Contains(HttpStatusCode.ServiceUnavailable, answers);
        Assert.All(answers, a => Assert.True(a is HttpStatusCode.Unauthorized or HttpStatusCode.ServiceUnavailable));
        await device.LogInAsync();
    }

    [Fact]
    public async Task One_challenge_opens_one_session_however_many_try_at_once() // K-29
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        LogInRequest request = await device.LogInRequestAsync();
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => device.TryLogInAsync(request)));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        Assert.Single(server.Table("session"));
    }

    [Fact]
    public async Task Five_devices_may_wait_for_a_day()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        for (int i = 0; i < 5; i++)
        {
            Session session = await device.Another().LogInAsync(waiting: true);
            Assert.False(session.Certified);
            Assert.Equal("", session.MessagingToken);
        }
        using TestDevice sixth = device.Another();
        string before = server.Dump();
        await sixth.TryLogInAsync(await sixth.LogInRequestAsync(withGrantKey: true)).RefusedAsync(ErrorCodes.Forbidden);
        Assert.Equal(before, server.Dump());
        clock.Advance(TimeSpan.FromDays(1));
        await sixth.LogInAsync(waiting: true);
    }

    [Fact]
    public async Task A_new_device_brings_a_grant_key_and_a_certified_one_does_not()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        using TestDevice second = device.Another();
        string before = server.Dump();
        await second.TryLogInAsync(await second.LogInRequestAsync(withGrantKey: false)).RefusedAsync(ErrorCodes.Invalid);
        await device.TryLogInAsync(await device.LogInRequestAsync(withGrantKey: true)).RefusedAsync(ErrorCodes.Invalid);
        Assert.Equal(before, server.Dump());
        await second.LogInAsync(waiting: true);
        await device.LogInAsync();
    }

    [Fact]
    public async Task A_device_id_of_another_account_is_not_taken_over()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice victim = await TestDevice.SignUpAsync(server);
        using TestDevice thief = await TestDevice.SignUpAsync(server);
        byte[] challenge = (await thief.PreloginAsync()).Challenge;
        byte[] signed = new Protocol.Identity.LogIn(
            server.Instance, thief.Email, victim.Device, thief.PublicDeviceKey, challenge, SHA256.HashData(thief.AuthSecret)).SignedBytes();
        string before = server.Dump();
        await thief.TryLogInAsync(new LogInRequest(
            thief.Email, thief.AuthSecret, challenge, victim.Device, thief.PublicDeviceKey, TestDevice.Sign(thief.Key, signed), thief.GrantKey))
            .RefusedAsync(ErrorCodes.IdTaken);
        Assert.Equal(before, server.Dump());
    }

    [Fact]
    public async Task A_higher_cost_is_taken_over_at_the_next_log_in()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        Assert.Contains("$2b$10$", Assert.Single(server.Table("account")));
        await server.RestartAsync(o => o with { BcryptCost = 11 });
        await device.LogInAsync();
        Assert.Contains("$2b$11$", Assert.Single(server.Table("account")));
        await device.LogInAsync();
    }

    [Fact]
    public async Task Of_two_log_ins_that_take_over_a_higher_cost_at_once_the_later_one_is_asked_to_come_again()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        LogInStore store = server.Services.GetRequiredService<LogInStore>();
        PasswordProof proof = new(device.Account, await server.Services.GetRequiredService<AccountStore>().PasswordAsync(device.Account));
        string hash = await server.Services.GetRequiredService<PasswordHasher>().HashAsync(device.AuthSecret);
        Assert.Equal(proof with { Hash = hash }, await store.ReplacePasswordAsync(proof, hash));
        // Its password is right, for all it knows: it is not told that it is wrong.
        AuthException later = await Assert.ThrowsAsync<AuthException>(() => store.ReplacePasswordAsync(proof, hash));
        Assert.Equal(ErrorCodes.Unavailable, later.Code);
        await device.LogInAsync();
    }
}

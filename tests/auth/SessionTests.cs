using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Auth.Tests;

public sealed class SessionTests
{
    [Fact]
    public async Task A_refresh_gives_new_tokens_and_ends_the_old_refresh_token() // K-09
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        List<BusEvent> news = Listen(server);
        Session first = device.Session!;
        Session second = await device.RefreshAsync();
        Assert.NotEqual(first.RefreshToken, second.RefreshToken);
        Session third = await device.RefreshAsync();
        Assert.Empty(news);

        // The first one comes back: neither it nor the newest goes on, and the access token is refused at once.
        await device.TryRefreshAsync(first.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        await device.TryRefreshAsync(third.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        await device.GetAsync("/auth/v1/devices/self").RefusedAsync(ErrorCodes.Unauthenticated);
        Assert.Equal(device.Device, Assert.IsType<SessionEnded>(news[0]).Device);
        Assert.Equal([device.Device], Assert.IsType<DevicesChanged>(news[1]).Devices);
        Assert.Empty(server.Table("session"));
        await device.LogInAsync();
        await device.GetAsync("/auth/v1/devices/self").OkAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_client_that_lost_the_answer_may_repeat_within_a_minute()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        string first = device.Session!.RefreshToken;
        await device.TryRefreshAsync(first).OkAsync(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromSeconds(60));
        await device.RefreshAsync();
        await device.RefreshAsync();
        await device.GetAsync("/auth/v1/devices/self").OkAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_request_that_comes_late_does_not_end_what_its_repeat_has_brought()
    {
        await using TestServer server = await TestServer.StartAsync(new ManualClock(), Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        string first = device.Session!.RefreshToken;
        Session heard = await TestDevice.ReadAsync(device.TryRefreshAsync(first), AuthJson.Default.Session);
        await device.TryRefreshAsync(first).OkAsync(HttpStatusCode.OK);
        await device.TryRefreshAsync(heard.RefreshToken).OkAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task After_a_minute_a_repeat_ends_the_session()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        string first = device.Session!.RefreshToken;
        await device.RefreshAsync();
        clock.Advance(TimeSpan.FromSeconds(61));
        await device.TryRefreshAsync(first).RefusedAsync(ErrorCodes.SessionEnded);
        await device.TryRefreshAsync(device.Session.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
    }

    [Fact]
    public async Task Repeating_does_not_lengthen_the_minute_and_ends_with_the_use_of_the_successor()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        string first = device.Session!.RefreshToken;
        await device.TryRefreshAsync(first).OkAsync(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromSeconds(40));
        await device.TryRefreshAsync(first).OkAsync(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromSeconds(21));
        await device.TryRefreshAsync(first).RefusedAsync(ErrorCodes.SessionEnded);

        await device.LogInAsync();
        first = device.Session.RefreshToken;
        await device.RefreshAsync();
        await device.RefreshAsync();
        await device.TryRefreshAsync(first).RefusedAsync(ErrorCodes.SessionEnded);
    }

    [Fact]
    public async Task Of_a_hundred_refreshes_at_once_one_successor_is_good() // K-29
    {
        await using TestServer server = await TestServer.StartAsync(new ManualClock(), Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        string token = device.Session!.RefreshToken;
        Session[] answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ =>
            TestDevice.ReadAsync(device.TryRefreshAsync(token), AuthJson.Default.Session)));
        Assert.Equal(100, answers.Select(a => a.RefreshToken).Distinct().Count());
        string row = Assert.Single(server.Table("session"));
        Session[] good = [.. answers.Where(a => row.Contains(
            Convert.ToHexStringLower(SHA256.HashData(Base64Url.DecodeFromChars(a.RefreshToken)[16..])), StringComparison.Ordinal))];
        Assert.Equal(8, good.Length);
        // The first one that is used wins; another one is a token that was stolen, or went astray.
        Session winner = await TestDevice.ReadAsync(device.TryRefreshAsync(good[3].RefreshToken), AuthJson.Default.Session);
        await device.TryRefreshAsync(good[5].RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        await device.TryRefreshAsync(winner.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
    }

    [Fact]
    public async Task A_session_ends_sixty_days_after_its_last_use()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        for (int i = 0; i < 3; i++)
        {
            clock.Advance(TimeSpan.FromDays(60));
            await device.RefreshAsync();
        }
        clock.Advance(TimeSpan.FromDays(61));
        await device.TryRefreshAsync(device.Session!.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        Assert.Empty(server.Table("session"));
    }

    [Fact]
    public async Task Logging_out_ends_the_session_at_once() // K-07
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        using TestDevice other = await TestDevice.SignUpAsync(server);
        List<BusEvent> news = Listen(server);
        await device.SendAsync(HttpMethod.Delete, "/auth/v1/sessions/current").OkAsync();
        await device.GetAsync("/auth/v1/devices/self").RefusedAsync(ErrorCodes.Unauthenticated);
        await device.TryRefreshAsync(device.Session!.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        await device.SendAsync(HttpMethod.Delete, "/auth/v1/sessions/current").RefusedAsync(ErrorCodes.Unauthenticated);
        SessionEnded ended = Assert.IsType<SessionEnded>(Assert.Single(news));
        Assert.Equal((device.Account, device.Device), (ended.Account, ended.Device));
        await other.GetAsync("/auth/v1/devices/self").OkAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_new_log_in_of_a_device_ends_its_former_session() // K-07
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        Session former = device.Session!;
        List<BusEvent> news = Listen(server);
        await device.LogInAsync();
        SessionEnded ended = Assert.IsType<SessionEnded>(Assert.Single(news));
        Assert.Equal((device.Account, device.Device), (ended.Account, ended.Device));
        await device.SendAsync(HttpMethod.Get, "/auth/v1/devices/self", token: former.AuthToken).RefusedAsync(ErrorCodes.Unauthenticated);
        await device.TryRefreshAsync(former.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        Assert.Single(server.Table("session"));
        await device.RefreshAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("not base64url!")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_refresh_token_that_never_was_ends_nothing(string token)
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        string before = server.Dump();
        await device.TryRefreshAsync(token).RefusedAsync(ErrorCodes.SessionEnded);
        await device.TryRefreshAsync(device.Session!.AuthToken).RefusedAsync(ErrorCodes.SessionEnded);
        Assert.Equal(before, server.Dump());
        await device.RefreshAsync();
    }

    [Fact]
    public async Task Guessed_refresh_tokens_are_stopped_before_the_writer_and_open_sessions_go_on() // K-02, K-09
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, o => Answers.Open(o) with { RateFactor = 1 });
        using TestDevice device = await TestDevice.SignUpAsync(server);
        string guess = Base64Url.EncodeToString(new byte[48]);
        string before = server.Dump();
        using (server.LockAuthDatabase())
        {
            // Whoever guesses does not wait for the writer, and so holds up nobody who does.
            for (int i = 0; i < 60; i++) await device.TryRefreshAsync(guess).RefusedAsync(ErrorCodes.SessionEnded);
            await device.TryRefreshAsync(guess).RefusedAsync(ErrorCodes.RateLimited);
        }
        Assert.Equal(before, server.Dump());

        // The same source: its open session has a count of its own, which ends too.
        for (int i = 0; i < 20; i++) await device.RefreshAsync();
        await device.TryRefreshAsync(device.Session!.RefreshToken).RefusedAsync(ErrorCodes.RateLimited);
        clock.Advance(TimeSpan.FromMinutes(5));
        await device.RefreshAsync();
        await device.TryRefreshAsync(guess).RefusedAsync(ErrorCodes.SessionEnded);
    }

    [Fact]
    public async Task A_challenge_opens_one_session_even_over_a_restart() // K-29
    {
        await using TestServer server = await TestServer.StartAsync(new ManualClock(), Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        LogInRequest used = await device.LogInRequestAsync(), unused = await device.LogInRequestAsync();
        await device.TryLogInAsync(used).OkAsync(HttpStatusCode.OK);
        await server.RestartAsync();
        string before = server.Dump();
        await device.TryLogInAsync(used).RefusedAsync(ErrorCodes.WrongCredentials);
        Assert.Equal(before, server.Dump());
        await device.TryLogInAsync(unused).OkAsync(HttpStatusCode.OK);
    }

    internal static List<BusEvent> Listen(TestServer server)
    {
        List<BusEvent> news = [];
        server.Services.GetRequiredService<IEventBus>().Listen(news.Add);
        return news;
    }
}

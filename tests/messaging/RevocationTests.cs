using System.Net;
using System.Net.WebSockets;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>What the authentication service revokes, the delivery service refuses, whatever happens to the news in between.</summary>
public static class RevocationTests
{
    // K-07, K-22
    [Fact]
    public static async Task Revocations_whose_news_was_lost_are_told_again_at_the_next_start()
    {
        await using TestServer server = await OpenServerAsync(new ManualClock());
        using TestDevice first = await TestDevice.SignUpAsync(server);
        using TestDevice removed = await first.AddDeviceAsync(2);
        using TestDevice leaver = await TestDevice.SignUpAsync(server);
        Id stream = Id.New();
        using (TestRest rest = Rest(server, removed))
        {
            Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
        }

        // The delivery service does not hear this, as if the process had died before it could.
        await server.RestartAsync(o => o with { Messaging = false });
        Assert.Equal(HttpStatusCode.NoContent, await first.RemoveAsync(removed.Device, first.List(3, first.Certificate)).StatusAsync());
        Assert.Equal(HttpStatusCode.NoContent, await leaver.SendAsync(HttpMethod.Delete, "/auth/v1/sessions/current").StatusAsync());
        string subscriptions = $"SELECT COUNT(*) FROM subscriber WHERE device = x'{removed.Device}'";
        Assert.Equal(2, Count(server, subscriptions)); // the stream and its inbox
        await server.RestartAsync(o => o with { Messaging = true });

        foreach (TestDevice gone in (TestDevice[])[removed, leaver])
        {
            using TestRest rest = Rest(server, gone);
            Assert.Equal(ErrorCodes.Unauthenticated, await rest.SendAsync(HttpMethod.Get, "/api/v1/streams").CodeAsync());
            await using TestSocket socket = await TestSocket.OpenAsync(server.Address);
            await socket.SendAsync(new() { Hello = new() { Token = gone.Session!.MessagingToken, Window = 1 } });
            Assert.Equal((ErrorCodes.Unauthenticated, WebSocketCloseStatus.PolicyViolation), await socket.ClosedAsync());
        }
        using TestRest allowed = Rest(server, first);
        Assert.Equal(HttpStatusCode.OK, await allowed.SendAsync(HttpMethod.Get, "/api/v1/streams").StatusAsync());
        Assert.Equal(HttpStatusCode.OK, await server.GetAsync("/api/healthz").StatusAsync()); // one turn of the writer
        Assert.Equal(0, Count(server, subscriptions));
        Assert.Equal(0, Count(server, $"SELECT COUNT(*) FROM stream WHERE id IN (x'{removed.Device}', x'{stream}')"));
        Assert.Equal(1, Count(server, "SELECT COUNT(*) FROM removed_device"));
    }

    // K-27
    [Fact]
    public static async Task A_rank_that_was_taken_and_what_was_purged_are_told_again_at_the_next_start()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret), admin = await TestDevice.SignUpAsync(server);
        string owners = await DashboardAsync(owner);
        await RankAsync("admin");
        clock.Advance(TimeSpan.FromSeconds(1));
        string admins = await DashboardAsync(admin);
        Assert.Equal(HttpStatusCode.OK, await owner.SendAsync(HttpMethod.Get, "/api/v1/admin/groups", token: admins).StatusAsync());
        Id old = Id.New(), recent = Id.New();
        foreach (Id id in (Id[])[old, recent])
        {
            Call part = AuthorityTable.Part(id);
            Assert.Equal(HttpStatusCode.OK, await admin.SendAsync(HttpMethod.Put, $"/api/v1/attachments/{id}", AuthorityScene.Body(AuthorityTable.Declaration()), admin.Session!.MessagingToken).StatusAsync());
            Assert.Equal(HttpStatusCode.OK, await admin.SendAsync(part.Method, part.Path, part.Body, admin.Session!.MessagingToken).StatusAsync());
        }
        server.MessagingTables.Execute($"UPDATE attachment SET lives = lives + 172800 WHERE id = x'{old}'");

        // The delivery service does not hear this, as if the process had died before it could.
        await server.RestartAsync(o => o with { Messaging = false });
        Assert.Equal(HttpStatusCode.NoContent, await owner.SendAsync(
            HttpMethod.Post, "/auth/v1/admin/storage/purge", TestDevice.Json(new PurgeStorage(1), AdminJson.Default.PurgeStorage), owners).StatusAsync());
        await RankAsync("member");
        await server.RestartAsync(o => o with { Messaging = true });
        foreach (string call in (string[])["overview", "groups", "storage"])
            Assert.Equal(ErrorCodes.Unauthenticated, await owner.SendAsync(HttpMethod.Get, $"/api/v1/admin/{call}", token: admins).CodeAsync());
        Assert.Equal(HttpStatusCode.OK, await owner.SendAsync(HttpMethod.Get, "/api/v1/admin/groups", token: owners).StatusAsync());
        await Awaited.UntilAsync(() => server.GetAsync("/api/healthz").StatusAsync(), _ => Count(server, $"SELECT COUNT(*) FROM attachment WHERE id = x'{old}'") == 0);
        Assert.Equal(1, Count(server, "SELECT COUNT(*) FROM attachment"));

        async Task<string> DashboardAsync(TestDevice by) => (await TestDevice.ReadAsync(
            by.PostAsync("/auth/v1/admin/sessions", new OpenAdminSession(by.AuthSecret), AdminJson.Default.OpenAdminSession, by.Session!.AuthToken), AdminJson.Default.AdminSession)).Token;

        async Task RankAsync(string rank) => Assert.Equal(HttpStatusCode.NoContent, await owner.SendAsync(
            HttpMethod.Put, $"/auth/v1/admin/people/{admin.Account}/rank", TestDevice.Json(new SetRank(rank), AdminJson.Default.SetRank), owners).StatusAsync());
    }

    // K-07, K-09
    [Fact]
    public static async Task Sockets_close_with_their_session_whoever_ends_it_and_nothing_comes_after()
    {
        await using TestServer server = await OpenServerAsync(new ManualClock());
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        using TestDevice bystander = await TestDevice.SignUpAsync(server);
        string dashboard = (await TestDevice.ReadAsync(owner.PostAsync("/auth/v1/admin/sessions", new OpenAdminSession(owner.AuthSecret), AdminJson.Default.OpenAdminSession, owner.Session!.AuthToken), AdminJson.Default.AdminSession)).Token;
        async Task AdministerAsync(HttpMethod method, TestDevice device, string act) =>
            Assert.Equal(HttpStatusCode.NoContent, await owner.SendAsync(method, $"/auth/v1/admin/people/{device.Account}{act}", token: dashboard).StatusAsync());
        await using TestSocket stays = await TestSocket.ConnectAsync(server.Address, bystander.Session!.MessagingToken);
        Func<TestDevice, Task>[] ends =
        [
            async device => Assert.Equal(HttpStatusCode.NoContent, await device.SendAsync(HttpMethod.Delete, "/auth/v1/sessions/current").StatusAsync()),
            async device =>
            {
                string first = device.Session!.RefreshToken;
                await device.RefreshAsync();
                await device.RefreshAsync();
                Assert.Equal(ErrorCodes.SessionEnded, await device.TryRefreshAsync(first).CodeAsync());
            },
            device => device.LogInAsync(),
            device => AdministerAsync(HttpMethod.Post, device, "/sign-out"),
            device => AdministerAsync(HttpMethod.Post, device, "/suspend"),
            device => AdministerAsync(HttpMethod.Post, device, "/off-board"),
            device => AdministerAsync(HttpMethod.Delete, device, ""),
        ];
        foreach (Func<TestDevice, Task> end in ends)
        {
            using TestDevice device = await TestDevice.SignUpAsync(server);
            Session session = device.Session!;
            await using TestSocket socket = await TestSocket.ConnectAsync(server.Address, session.MessagingToken);
            Id stream = Id.New();
            using (TestRest own = Rest(server, device)) Assert.Equal(HttpStatusCode.Created, await own.CreateAsync(stream).StatusAsync());
            (await device.PublishKeyPackagesAsync(1, lastResort: true)).Dispose();
            // The clock stands: it is at once.
            await end(device);
            Assert.Equal(ErrorCodes.DeviceRemoved, (await socket.ClosedAsync()).Code);
            int number = Array.IndexOf(ends, end);
            if (number >= 4) Assert.Equal(0, server.AuthTables.Count($"SELECT COUNT(*) FROM key_package WHERE device = x'{device.Device}'"));
            if (number >= 5)
            {
                Assert.Equal(HttpStatusCode.OK, await server.GetAsync("/api/healthz").StatusAsync()); // one turn of the writer
                Assert.Equal(0, Count(server, $"SELECT COUNT(*) FROM subscriber WHERE device = x'{device.Device}'"));
            }
            using var rest = new TestRest(server.Address, () => session.MessagingToken);
            Assert.Equal(ErrorCodes.Unauthenticated, await rest.SendAsync(HttpMethod.Get, "/api/v1/streams").CodeAsync());
        }
        Assert.Empty(await stays.SettledAsync());
    }

    static Task<TestServer> OpenServerAsync(TimeProvider clock) =>
        TestServer.StartAsync(clock, o => o with { Registration = Auth.RegistrationPolicy.Open });

    static TestRest Rest(TestServer server, TestDevice device) => new(server.Address, () => device.Session!.MessagingToken);

    static long Count(TestServer server, string sql) => server.MessagingTables.Count(sql);
}

using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kavalek.Messaging.Admin;
using Kavalek.Messaging.Push;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Messaging.Tests;

/// <summary>What the delivery service tells those who run the instance (docs/PROTOCOL.md §5.11).</summary>
public static class FiguresTests
{
    // K-28, K-67
    [Fact]
    public static async Task Conversations_show_as_a_number_a_class_of_size_and_days_to_admins_alone()
    {
        await using AuthorityScene scene = await AuthorityScene.StartAsync();
        string text = await scene.LookAsync(new Call(HttpMethod.Get, "/api/v1/admin/groups"), scene.Dashboard);
        GroupsPage page = await ReadAsync(scene, "/api/v1/admin/groups", AdminJson.Default.GroupsPage);
        long today = Today(scene);
        // Of alice, bob, carol who was removed, and a device that is gone: no inbox, no name, nobody.
        GroupRecord group = Assert.Single(page.Groups);
        Assert.Equal((1L, null, 2, today, today), (page.Total, page.Next, group.DevicesUpTo, group.Created!.Value, group.Rekeyed!.Value));
        Assert.True(group.Bytes is > 0 and <= 8_192 && group.Bytes % 1_024 == 0);
        foreach (Id id in (Id[])[scene.Stream, scene.Alice.Device, scene.Bob.Device, scene.Alice.Account, scene.Bob.Account])
            Assert.DoesNotContain(id.ToString(), text, StringComparison.Ordinal);

        // The days: of two more, one is re-keyed on the next day.
        Id quiet = Id.New(), lively = Id.New();
        using TestRest rest = new(scene.Server.Address, () => scene.Alice.Session!.MessagingToken);
        (await rest.CreateAsync(quiet)).EnsureSuccessStatusCode().Dispose();
        (await rest.CreateAsync(lively)).EnsureSuccessStatusCode().Dispose();
        await rest.AppendedAsync(Wire.Commit(lively, 0, add: Enumerable.Range(0, 9).Select(_ => PlainDevice.New())));
        scene.Clock.Advance(TimeSpan.FromDays(1));
        await scene.Alice.RefreshAsync();
        string dashboard = await OpenAsync(scene, scene.Owner);
        await rest.AppendedAsync(Wire.Commit(lively, 1));
        GroupsPage first = await ReadAsync(scene, "/api/v1/admin/groups?limit=2", AdminJson.Default.GroupsPage, dashboard);
        Assert.Equal((2, 3L, first.Groups[^1].Group), (first.Groups.Length, first.Total, first.Next!.Value));
        Assert.Equal((10, today, today + 86_400), (first.Groups[0].DevicesUpTo, first.Groups[0].Created!.Value, first.Groups[0].Rekeyed!.Value));
        Assert.Equal((2, today, null), (first.Groups[1].DevicesUpTo, first.Groups[1].Created!.Value, first.Groups[1].Rekeyed));
        GroupsPage second = await ReadAsync(scene, $"/api/v1/admin/groups?limit=2&before={first.Next}", AdminJson.Default.GroupsPage, dashboard);
        Assert.Equal((group.Group, null), (Assert.Single(second.Groups).Group, second.Next));
        foreach (string bad in (string[])["?limit=0", "?limit=101", "?before=x", "?before=-1"])
            Assert.Contains("\"invalid\"", await scene.LookAsync(new Call(HttpMethod.Get, $"/api/v1/admin/groups{bad}"), dashboard), StringComparison.Ordinal);

        // A moderator sees how the whole is, and not the parts.
        using (HttpResponseMessage ranked = await scene.SendAsync(new Call(HttpMethod.Put, $"/auth/v1/admin/people/{scene.Bob.Account}/rank", TestDevice.Json(new SetRank("moderator"), AdminJson.Default.SetRank)), dashboard))
            Assert.Equal(HttpStatusCode.NoContent, ranked.StatusCode);
        scene.Clock.Advance(TimeSpan.FromSeconds(1));
        string moderator = await OpenAsync(scene, scene.Bob);
        foreach (Call call in (Call[])[new(HttpMethod.Get, "/api/v1/admin/groups"), new(HttpMethod.Post, "/api/v1/admin/push/test"), new(HttpMethod.Post, "/auth/v1/admin/mail/test")])
            Assert.Contains("\"forbidden\"", await scene.LookAsync(call, moderator), StringComparison.Ordinal);
        await ReadAsync(scene, "/api/v1/admin/overview", AdminJson.Default.MessagingOverview, moderator);
    }

    [Fact]
    public static async Task The_overview_tells_deliveries_sizes_and_their_growth_by_day()
    {
        await using AuthorityScene scene = await AuthorityScene.StartAsync();
        MessagingOverview now = await ReadAsync(scene, "/api/v1/admin/overview", AdminJson.Default.MessagingOverview);
        Assert.True(now.DatabaseBytes > 0 && now.FreeBytes > 0 && now.MemoryBytes > 0);
        Assert.True(now.Delivery.Count >= 3 && now.Delivery.P50 >= 100 && now.Delivery.P99 >= now.Delivery.P50);
        Assert.Equal((8L, 0L), (now.AttachmentBytes, now.ArchiveBytes));
        Assert.Empty(now.Growth);
        Assert.Equal((now.Connections, now.EntriesPerMinute, now.MemoryBytes > 0), (now.Nodes.Single().Connections, now.Nodes.Single().EntriesPerMinute, true));

        await GrowthAsync(TimeSpan.FromMinutes(1), 1, scene.Dashboard);
        long today = Today(scene);
        scene.Clock.Advance(TimeSpan.FromDays(1));
        string dashboard = await OpenAsync(scene, scene.Owner);
        MessagingOverview grown = await GrowthAsync(TimeSpan.FromHours(0), 2, dashboard);
        Assert.Equal([today, today + 86_400], grown.Growth.Select(day => day.Day));
        Assert.All(grown.Growth, day => Assert.True(day.DatabaseBytes > 0));

        async Task<MessagingOverview> GrowthAsync(TimeSpan after, int rows, string token)
        {
            scene.Clock.Advance(after);
            return await Awaited.UntilAsync(() => ReadAsync(scene, "/api/v1/admin/overview", AdminJson.Default.MessagingOverview, token), overview => overview.Growth.Length >= rows);
        }
    }

    [Fact]
    public static void Half_and_ninety_nine_percent_of_five_minutes_are_told_within_an_eighth()
    {
        ManualClock clock = new();
        DeliveryTimes times = new(clock);
        Assert.Equal(new Latency(0, 0, 0), times.Read());
        times.Add(0.002, 980);
        times.Add(0.050, 20);
        times.Add(600, 0);
        Latency told = times.Read();
        Assert.Equal(1_000, told.Count);
        Assert.InRange(told.P50, 2_000, 2_250);
        Assert.InRange(told.P99, 50_000, 56_250);
        clock.Advance(TimeSpan.FromMinutes(4));
        times.Add(1_000, 1); // whatever is longer than the longest step
        Assert.Equal(1_001, times.Read().Count);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.InRange(times.Read().P50, 60_000_000, 70_000_000);
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0, times.Read().Count);
        Assert.Equal([2, 2, 5, 10, 250, 1_000, 1_000], ((long[])[0, 2, 3, 10, 101, 501, 5_000]).Select(GroupList.UpTo));
    }

    // K-57
    [Fact]
    public static async Task Push_services_are_tried_when_asked_and_what_is_in_the_way_is_told_in_a_word()
    {
        await using PushService service = await PushService.StartAsync();
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with
        {
            PushServices = ["nowhere.example", "inside.example", "*.below.example"],
            PushLoopback = service.Origin,
            PushResolver = (host, _) => host == "inside.example" ? Task.FromResult<IPAddress[]>([IPAddress.Loopback]) : throw new SocketException((int)SocketError.HostNotFound),
        });
        PushTester tester = server.Services.GetRequiredService<PushTester>();
        PushTest? found = await tester.TryAsync(TestContext.Current.CancellationToken);
        Assert.Equal([("nowhere.example", "no_name"), ("inside.example", "no_name"), ("127.0.0.1", "ok")], found!.Services.Select(s => (s.Service, s.Outcome)));
        // Not once more at once, and no message was sent.
        Assert.Null(await tester.TryAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith("HEAD ", (await service.NextAsync()).Path, StringComparison.Ordinal);
        await service.DisposeAsync();
        server.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("not_reached", (await tester.TryAsync(TestContext.Current.CancellationToken))!.Services[^1].Outcome);
    }

    // K-28
    [Fact]
    public static async Task Storage_is_told_in_sizes_and_a_purge_takes_what_is_old_and_nothing_that_came_since()
    {
        await using AuthorityScene scene = await AuthorityScene.StartAsync();
        using TestRest rest = new(scene.Server.Address, () => scene.Bob.Session!.MessagingToken);
        Id old = Id.New(), recent = Id.New();
        await PutAsync(old);
        string path = $"/api/v1/admin/storage/purge?days=1&account={scene.Bob.Account}";
        StoragePage page = await ReadAsync(scene, "/api/v1/admin/storage", AdminJson.Default.StoragePage);
        // By size; of the same size, either.
        Assert.Equal((2, 2L), (page.Accounts.Length, page.Total));
        Assert.Equal((scene.Alice.Account, 8L, 2L, 0L), (page.Accounts[0].Account, page.Accounts[0].AttachmentBytes, page.Accounts[0].Files, page.Accounts[0].ArchiveBytes));
        Assert.Equal((scene.Bob.Account, 4L, 1L), (page.Accounts[1].Account, page.Accounts[1].AttachmentBytes, page.Accounts[1].Files));
        Assert.Equal(scene.Bob.Account, Assert.Single((await ReadAsync(scene, "/api/v1/admin/storage?skip=1&limit=1", AdminJson.Default.StoragePage)).Accounts).Account);
        Assert.Equal(new PurgePreview(0, 0), await ReadAsync(scene, path, AdminJson.Default.PurgePreview));

        scene.Clock.Advance(TimeSpan.FromDays(2));
        await scene.Bob.RefreshAsync();
        await PutAsync(recent);
        string owner = await OpenAsync(scene, scene.Owner);
        foreach (string bad in (string[])["/api/v1/admin/storage?limit=101", "/api/v1/admin/storage?skip=-1", "/api/v1/admin/storage/purge", "/api/v1/admin/storage/purge?days=31", "/api/v1/admin/storage/purge?days=1&account=x"])
            Assert.Contains("\"invalid\"", await scene.LookAsync(new Call(HttpMethod.Get, bad), owner), StringComparison.Ordinal);
        // Alice's were to live a minute, and go by themselves.
        Assert.Equal(new PurgePreview(1, 4), await ReadAsync(scene, path, AdminJson.Default.PurgePreview, owner));
        Assert.InRange((await ReadAsync(scene, "/api/v1/admin/storage/purge?days=1", AdminJson.Default.PurgePreview, owner)).Files, 1, 2);

        // An admin: not of everybody, not of whom they do not outrank, not without the password.
        using (HttpResponseMessage ranked = await scene.SendAsync(new Call(HttpMethod.Put, $"/auth/v1/admin/people/{scene.Carol.Account}/rank", TestDevice.Json(new SetRank("admin"), AdminJson.Default.SetRank)), owner))
            Assert.Equal(HttpStatusCode.NoContent, ranked.StatusCode);
        scene.Clock.Advance(TimeSpan.FromSeconds(1));
        string admin = await OpenAsync(scene, scene.Carol), before = scene.Server.AuthTables.Dump();
        foreach (Id? whose in (Id?[])[null, scene.Owner.Account, scene.Carol.Account])
            Assert.Contains("\"forbidden\"", await scene.LookAsync(Purge(1, whose), admin), StringComparison.Ordinal);
        Assert.Contains("\"not_found\"", await scene.LookAsync(Purge(1, scene.Nothing), admin), StringComparison.Ordinal);
        Assert.Contains("\"invalid\"", await scene.LookAsync(Purge(0, scene.Bob.Account), admin), StringComparison.Ordinal);
        Assert.Equal(before, scene.Server.AuthTables.Dump());
        scene.Clock.Advance(TimeSpan.FromSeconds(301));
        Assert.Contains("\"password_required\"", await scene.LookAsync(Purge(1, scene.Bob.Account), admin), StringComparison.Ordinal);
        Assert.Equal(2, scene.Server.MessagingTables.Count($"SELECT COUNT(*) FROM attachment WHERE account = x'{scene.Bob.Account}'"));
        admin = await OpenAsync(scene, scene.Carol);
        using (HttpResponseMessage done = await scene.SendAsync(Purge(1, scene.Bob.Account), admin))
            Assert.Equal(HttpStatusCode.NoContent, done.StatusCode);
        // The delivery service is told, and does it.
        await Awaited.UntilAsync(() => ReadAsync(scene, path, AdminJson.Default.PurgePreview, admin), preview => preview.Files == 0);
        await scene.Bob.RefreshAsync();
        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.OK], [await StateAsync(old), await StateAsync(recent)]);
        StorageRecord left = (await ReadAsync(scene, "/api/v1/admin/storage", AdminJson.Default.StoragePage, admin)).Accounts.Single(a => a.Account == scene.Bob.Account);
        Assert.Equal((1L, 4L), (left.Files, left.AttachmentBytes));
        AuditPage log = await ReadAsync(scene, "/auth/v1/admin/audit?limit=10", AdminJson.Default.AuditPage, admin);
        Assert.Equal(("purged", "1", scene.Carol.Account, scene.Bob.Account), log.Records.Where(r => r.Act == "purged").Select(r => (r.Act, r.Detail, r.Actor, r.Subject!.Value)).Single());

        static Call Purge(int days, Id? account) => new(HttpMethod.Post, "/auth/v1/admin/storage/purge", TestDevice.Json(new PurgeStorage(days, account), AdminJson.Default.PurgeStorage));

        async Task PutAsync(Id id)
        {
            DeclareAttachment declared = AuthorityTable.Declaration();
            declared.Lives = 30 * 86_400;
            (await rest.SendAsync(HttpMethod.Put, $"/api/v1/attachments/{id}", declared)).EnsureSuccessStatusCode().Dispose();
            (await scene.SendAsync(AuthorityTable.Part(id), scene.Bob.Session!.MessagingToken)).EnsureSuccessStatusCode().Dispose();
        }

        async Task<HttpStatusCode> StateAsync(Id id)
        {
            using HttpResponseMessage answer = await rest.SendAsync(HttpMethod.Get, $"/api/v1/attachments/{id}/state");
            return answer.StatusCode;
        }
    }

    static long Today(AuthorityScene scene) => scene.Clock.GetUtcNow().ToUnixTimeSeconds() / 86_400 * 86_400;

    static async Task<string> OpenAsync(AuthorityScene scene, TestDevice by)
    {
        await by.RefreshAsync();
        using HttpResponseMessage answer = await scene.SendAsync(AuthorityTable.OpenDashboard(by), by.Session!.AuthToken);
        return JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), AdminJson.Default.AdminSession)!.Token;
    }

    static async Task<T> ReadAsync<T>(AuthorityScene scene, string path, JsonTypeInfo<T> type, string? token = null)
    {
        using HttpResponseMessage answer = await scene.SendAsync(new Call(HttpMethod.Get, path), token ?? scene.Dashboard);
        string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonSerializer.Deserialize(body, type)!;
    }
}

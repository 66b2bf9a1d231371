using System.Net.WebSockets;
using System.Text.Json;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Messaging.Tests;

/// <summary>Route × actor and frame × actor → answer. What the server serves and a table does not know fails here.</summary>
public static class AuthorityTests
{
    static readonly string[] ForDevelopers = ["GET /openapi/{documentName}.json"];
    // A WebSocket is nothing that OpenAPI describes.
    static readonly string[] Undescribed = ["GET /socket"];

    // K-21, K-27
    [Fact]
    public static async Task Every_route_that_is_served_and_described_is_in_the_table()
    {
        await using AuthorityScene scene = await AuthorityScene.StartAsync();
        string[] table = [.. AuthorityTable.Rows.Select(r => r.Route).Order(StringComparer.Ordinal)];
        string[] served = [.. scene.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m => $"{m} /{e.RoutePattern.RawText!.Trim('/')}"))
            .Except(ForDevelopers).Order(StringComparer.Ordinal)];
        Assert.Equal(table, served);

        using JsonDocument description = JsonDocument.Parse(
            await scene.Server.Http.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken));
        string[] described = [.. description.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(call => $"{call.Name.ToUpperInvariant()} /{path.Name.Trim('/')}"))
            .Order(StringComparer.Ordinal)];
        Assert.Equal(table.Except(Undescribed), described);
    }

    // K-42
    [Fact]
    public static void The_server_keeps_no_profile_no_settings_and_no_backup_but_the_vault_and_the_archive()
    {
        // What a person stores for their own devices; the rest of the bodies are about sessions, keys, people and messages.
        string[] kept = [.. AuthorityTable.Rows.Select(r => r.Route).Where(route => (route.StartsWith("PUT", StringComparison.Ordinal) || route.StartsWith("POST", StringComparison.Ordinal)) && !route.Contains("/admin/", StringComparison.Ordinal))];
        Assert.DoesNotContain(kept, route => ((string[])["profile", "setting", "backup", "avatar", "preference", "blob", "name"]).Any(word => route.Contains(word, StringComparison.OrdinalIgnoreCase)));
        Assert.Equal(["POST /api/v1/archive/segments", "PUT /api/v1/archive", "PUT /api/v1/archive/notes", "PUT /auth/v1/vault"],
            kept.Where(route => route.Contains("vault", StringComparison.Ordinal) || route.Contains("archive", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    // K-21, K-22, K-26, K-06, K-07
    [Fact]
    public static async Task Each_call_answers_each_actor_as_the_table_says()
    {
        await using AuthorityScene scene = await AuthorityScene.StartAsync();
        string before = await scene.DumpAsync();
        foreach ((string route, Row row) in AuthorityTable.Rows)
        {
            bool messaging = row.Needs == Needs.Messaging;
            if (row.Needs != Needs.Nothing)
            {
                foreach ((string who, string? token) in scene.NoOne(messaging))
                    await RefusedAsync(scene, route, who, await row.Own(scene), token, ErrorCodes.Unauthenticated);
            }
            if (row.Needs == Needs.Staff)
            {
                foreach (string other in (string[])[scene.Owner.Session!.AuthToken, scene.Owner.Session!.MessagingToken, scene.Waiting.Session!.AuthToken, scene.Alice.Session!.AuthToken])
                    await RefusedAsync(scene, route, "who has not opened the dashboard", await row.Own(scene), other, ErrorCodes.Unauthenticated);
            }
            else if (row.Needs != Needs.Nothing)
                await RefusedAsync(scene, route, "the dashboard", await row.Own(scene), scene.Dashboard, ErrorCodes.Unauthenticated);
            if (row.Needs is Needs.Certified or Needs.Owner)
                await RefusedAsync(scene, route, "a waiting device", await row.Own(scene), scene.Waiting.Session!.AuthToken, ErrorCodes.Forbidden);
            if (row.Needs == Needs.Waiting)
                await RefusedAsync(scene, route, "a certified device", await row.Own(scene), scene.Alice.Session!.AuthToken, row.IfCertified);
            if (row.Needs == Needs.Owner)
                await RefusedAsync(scene, route, "a member", await row.Own(scene), scene.Alice.Session!.AuthToken, ErrorCodes.Forbidden);
            if (row.Foreign is { } foreign)
            {
                Id thing = row.Thing?.Invoke(scene) ?? scene.Stream;
                // Nobody else's device, account or membership helps: another device of alice's is no subscriber either.
                TestDevice[] others = row.Others?.Invoke(scene) ?? [scene.Stranger, row.OfAccount ? scene.Bob : scene.AlicesOther, scene.Owner];
                foreach (TestDevice other in others)
                {
                    string token = messaging ? other.Session!.MessagingToken : other.Session!.AuthToken;
                    string foreignLook = await scene.LookAsync(foreign(scene, thing), token);
                    if (row.Refused is not null)
                        Assert.Contains($"\"{row.Refused}\"", foreignLook, StringComparison.Ordinal);
                    Assert.Equal(await scene.LookAsync(foreign(scene, scene.Nothing), token), foreignLook);
                    // A device's id is the name of its inbox for that device alone.
                    if (messaging)
                        Assert.Equal(foreignLook, await scene.LookAsync(foreign(scene, scene.Alice.Device), token));
                }
                if (messaging && row.Removed is null)
                    await RefusedAsync(scene, route, "who was removed", foreign(scene, thing), scene.Carol.Session!.MessagingToken, row.Refused!);
            }
        }
        Assert.Equal(before, await scene.DumpAsync());

        // And the twins: the same calls by those who may.
        foreach ((string route, Row row) in AuthorityTable.Rows)
        {
            bool messaging = row.Needs == Needs.Messaging;
            if (row is { Removed: { } removed, Foreign: { } foreign })
            {
                using HttpResponseMessage carols = await scene.SendAsync(foreign(scene, scene.Stream), scene.Carol.Session!.MessagingToken);
                Assert.True(removed == (int)carols.StatusCode, $"{route} for who was removed: {(int)carols.StatusCode}");
                if (route.EndsWith("entries", StringComparison.Ordinal))
                {
                    EntryList page = EntryList.Parser.ParseFrom(await carols.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
                    Assert.Equal([2ul], page.Entries.Select(e => e.Seq)); // her removal, and nothing behind it
                    Assert.Equal(2ul, page.Head);
                }
            }
            TestDevice actor = row.By?.Invoke(scene) ?? (row.Needs == Needs.Owner ? scene.Owner : scene.Alice);
            string? token = row.Needs == Needs.Nothing ? null : row.Needs == Needs.Staff ? scene.Dashboard : messaging ? actor.Session!.MessagingToken : actor.Session!.AuthToken;
            using HttpResponseMessage allowed = await scene.SendAsync(await row.Own(scene), token);
            Assert.True(row.Allowed == (int)allowed.StatusCode,
                $"{route}: {(int)allowed.StatusCode} {await allowed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        }
    }

    // K-21, K-22, K-06, K-07
    [Fact]
    public static async Task Each_frame_does_for_each_actor_what_the_table_says()
    {
        await using AuthorityScene scene = await AuthorityScene.StartAsync();
        Dictionary<string, Func<AuthorityScene, Task>> table = new()
        {
            ["hello"] = HelloAsync,
            ["append"] = AppendAsync,
            ["ack"] = AckAsync,
            ["ephemeral"] = EphemeralAsync,
            ["reauth"] = ReauthAsync,
            ["ping"] = PingAsync,
        };
        Assert.Equal(ClientFrame.Descriptor.Oneofs.Single().Fields.Select(f => f.Name).Order(), table.Keys.Order());
        foreach ((string frame, Func<AuthorityScene, Task> check) in table)
        {
            if (frame != "hello")
                await ClosedAsync(scene, token: null, Frames(scene)[frame], ErrorCodes.Unauthenticated); // before Hello
            await check(scene);
        }
    }

    static Dictionary<string, ClientFrame> Frames(AuthorityScene scene) => new()
    {
        ["append"] = new() { Append = Wire.Message(scene.Stream, 2) },
        ["ack"] = new() { Ack = new Ack { Stream = scene.Stream.Bytes(), Seq = 1 } },
        ["ephemeral"] = new() { Ephemeral = new Ephemeral { Stream = scene.Stream.Bytes(), Payload = ByteString.CopyFromUtf8("typing") } },
        ["reauth"] = new() { Reauth = new Reauth { Token = scene.Alice.Session!.MessagingToken } },
        ["ping"] = new() { Ping = new Ping { Id = 1 } },
    };

    static async Task HelloAsync(AuthorityScene scene)
    {
        string before = await scene.DumpAsync();
        foreach ((_, string? token) in scene.NoOne(messaging: true))
            await ClosedAsync(scene, null, new() { Hello = new Hello { Token = token ?? "", Window = 1 } }, ErrorCodes.Unauthenticated);
        Assert.Equal(before, await scene.DumpAsync());
        await using TestSocket allowed = await SocketAsync(scene, scene.Alice);
    }

    static async Task AppendAsync(AuthorityScene scene)
    {
        string before = await scene.DumpAsync();
        foreach (TestDevice other in Others(scene).Append(scene.Carol))
        {
            await using TestSocket socket = await SocketAsync(scene, other);
            Append foreign = Wire.Message(scene.Stream, 2), missing = Wire.Message(scene.Nothing, 2);
            Rejected refused = (await socket.AppendAsync(foreign)).Rejected, none = (await socket.AppendAsync(missing)).Rejected;
            Assert.Equal((ErrorCodes.NotFound, 0ul), (refused.Code, refused.Epoch));
            Assert.Equal((none.Code, none.Epoch), (refused.Code, refused.Epoch));
            Assert.Equal(ErrorCodes.NotFound, (await socket.AppendAsync(Wire.Message(scene.Alice.Device, 0))).Rejected.Code);
        }
        Assert.Equal(before, await scene.DumpAsync());
        await using TestSocket bob = await SocketAsync(scene, scene.Bob);
        Assert.NotNull((await bob.AppendAsync(Wire.Message(scene.Stream, 2))).Appended);
    }

    static async Task AckAsync(AuthorityScene scene)
    {
        string before = await scene.DumpAsync();
        foreach (TestDevice other in Others(scene))
        {
            await using TestSocket socket = await SocketAsync(scene, other);
            foreach (Id stream in (Id[])[scene.Stream, scene.Nothing, scene.Alice.Device])
                await socket.AckAsync(stream, 1);
            await socket.SettledAsync();
        }
        Assert.Equal(before, await scene.DumpAsync());
        await using TestSocket bob = await SocketAsync(scene, scene.Bob);
        Assert.NotNull(await bob.EntryAsync());
        await bob.AckAsync(scene.Stream, 2);
        await bob.SettledAsync();
        Assert.NotEqual(before, await scene.DumpAsync());
    }

    static async Task EphemeralAsync(AuthorityScene scene)
    {
        await using TestSocket alice = await SocketAsync(scene, scene.Alice);
        await alice.SettledAsync();
        foreach (TestDevice other in Others(scene).Append(scene.Carol))
        {
            await using TestSocket socket = await SocketAsync(scene, other);
            await socket.SettledAsync();
            await socket.SendAsync(Frames(scene)["ephemeral"]);
            await socket.SettledAsync();
        }
        await using TestSocket bob = await SocketAsync(scene, scene.Bob);
        await bob.SettledAsync();
        await bob.SendAsync(new ClientFrame { Ephemeral = new Ephemeral { Stream = scene.Stream.Bytes(), Payload = ByteString.CopyFromUtf8("bob's") } });
        // The first that arrives is bob's: the others' never did.
        Assert.Equal("bob's", (await alice.AnswerAsync()).Ephemeral.Payload.ToStringUtf8());
    }

    static async Task ReauthAsync(AuthorityScene scene)
    {
        string[] tokens = [.. scene.NoOne(messaging: true).Select(n => n.Token ?? ""), .. Others(scene).Select(d => d.Session!.MessagingToken)];
        foreach (string token in tokens)
            await ClosedAsync(scene, scene.Alice.Session!.MessagingToken, new() { Reauth = new Reauth { Token = token } }, ErrorCodes.Unauthenticated);
        await using TestSocket alice = await SocketAsync(scene, scene.Alice);
        scene.Clock.Advance(TimeSpan.FromSeconds(1));
        await alice.SendAsync(new ClientFrame { Reauth = new Reauth { Token = (await scene.Alice.RefreshAsync()).MessagingToken } });
        await alice.SettledAsync();
    }

    static async Task PingAsync(AuthorityScene scene)
    {
        await using TestSocket stranger = await SocketAsync(scene, scene.Stranger);
        await stranger.SendAsync(new ClientFrame { Ping = new Ping { Id = 5 } });
        Assert.Equal(5ul, (await stranger.AnswerAsync()).Pong.Id);
    }

    static TestDevice[] Others(AuthorityScene scene) => [scene.Stranger, scene.AlicesOther, scene.Owner];

    static Task<TestSocket> SocketAsync(AuthorityScene scene, TestDevice device) => TestSocket.ConnectAsync(scene.Server.Address, device.Session!.MessagingToken);

    static async Task ClosedAsync(AuthorityScene scene, string? token, ClientFrame frame, string code)
    {
        await using TestSocket socket = token is null
            ? await TestSocket.OpenAsync(scene.Server.Address)
            : await TestSocket.ConnectAsync(scene.Server.Address, token);
        await socket.SendAsync(frame);
        Assert.Equal((code, WebSocketCloseStatus.PolicyViolation), await socket.ClosedAsync());
    }

    static async Task RefusedAsync(AuthorityScene scene, string route, string who, Call call, string? token, string code)
    {
        string look = await scene.LookAsync(call, token);
        Assert.True(look.StartsWith($"{ErrorStatus.Of(code)}\n", StringComparison.Ordinal) && look.Contains($"\"{code}\"", StringComparison.Ordinal), $"{route} for {who}: {look}");
    }
}

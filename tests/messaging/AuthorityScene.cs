using System.Net.Http.Headers;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>A call of the server, without the token.</summary>
sealed record Call(HttpMethod Method, string Path, HttpContent? Body = null)
{
    /// <summary>What a reader of an attachment shows.</summary>
    public string? Capability { get; init; }
}

/// <summary>
/// Everybody who might ask for what is alice's: another device of hers, one that waits and one that was removed; bob, who shares her stream;
/// carol, who was removed from it; a stranger; the instance's owner.
/// </summary>
sealed class AuthorityScene : IAsyncDisposable
{
    AuthorityScene(TestServer server) => Server = server;

    public TestServer Server { get; }
    public ManualClock Clock { get; private init; } = null!;
    public TestDevice Owner { get; private set; } = null!;
    public TestDevice Alice { get; private set; } = null!;
    public TestDevice AlicesOther { get; private set; } = null!;
    public TestDevice Waiting { get; private set; } = null!;
    public TestDevice Gone { get; private set; } = null!;
    public TestDevice Bob { get; private set; } = null!;
    public TestDevice Carol { get; private set; } = null!;
    public TestDevice Stranger { get; private set; } = null!;

    /// <summary>Another device of alice's that waits.</summary>
    public TestDevice Late { get; private set; } = null!;

    /// <summary>A device of bob's that waits.</summary>
    public TestDevice BobsNew { get; private set; } = null!;

    /// <summary>What alice has begun, to let a device in.</summary>
    public Id Link { get; private set; }

    /// <summary>Alice's stream: bob and carol were added, carol was removed, then alice wrote.</summary>
    public Id Stream { get; } = Id.New();

    /// <summary>Alice's archive: every device of hers reads and writes it.</summary>
    public Id Archive { get; } = Id.New();

    /// <summary>The owner's token of the dashboard.</summary>
    public string Dashboard { get; private set; } = "";

    /// <summary>An attachment of alice's of which nothing has come yet.</summary>
    public Id Attachment { get; } = Id.New();

    /// <summary>One of hers that is whole.</summary>
    public Id Whole { get; } = Id.New();

    /// <summary>An id that nothing has.</summary>
    public Id Nothing { get; } = Id.New();

    public static async Task<AuthorityScene> StartAsync()
    {
        ManualClock clock = new();
        TestServer server = await TestServer.StartAsync(clock, o => o with { Registration = Auth.RegistrationPolicy.Open, Development = true, PushServices = ["*.googleapis.com"] });
        var scene = new AuthorityScene(server) { Clock = clock };
        scene.Owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        scene.Alice = await TestDevice.SignUpAsync(server);
        scene.AlicesOther = await scene.Alice.AddDeviceAsync(2);
        scene.Gone = await scene.Alice.AddDeviceAsync(3, scene.AlicesOther);
        scene.Bob = await TestDevice.SignUpAsync(server);
        scene.Carol = await TestDevice.SignUpAsync(server);
        scene.Stranger = await TestDevice.SignUpAsync(server);
        scene.Waiting = scene.Alice.Another();
        await scene.Waiting.LogInAsync(waiting: true);
        scene.Waiting.Certificate = scene.Alice.Certify(scene.Waiting);
        scene.Late = scene.Alice.Another();
        await scene.Late.LogInAsync(waiting: true);
        scene.Late.Certificate = scene.Alice.Certify(scene.Late);
        scene.BobsNew = scene.Bob.Another();
        await scene.BobsNew.LogInAsync(waiting: true);
        foreach (TestDevice device in (TestDevice[])[scene.Alice, scene.Bob, scene.Stranger])
            (await device.PublishKeyPackagesAsync(1, lastResort: true)).Dispose();

        using var rest = new TestRest(server.Address, () => scene.Alice.Session!.MessagingToken);
        (await rest.CreateAsync(scene.Stream)).Dispose();
        await rest.AppendedAsync(Wire.Commit(scene.Stream, 0, add: [Plain(scene.Bob), Plain(scene.Carol), Plain(scene.Gone)]));
        await rest.AppendedAsync(Wire.Commit(scene.Stream, 1, remove: [Plain(scene.Carol)]));
        await rest.AppendedAsync(Wire.Message(scene.Stream, 2, "after carol"));
        (await rest.SendAsync(HttpMethod.Put, "/api/v1/archive", AuthorityTable.Put(scene.Archive, follows: 0))).EnsureSuccessStatusCode().Dispose();
        foreach (Id attachment in (Id[])[scene.Attachment, scene.Whole])
            (await rest.SendAsync(HttpMethod.Put, $"/api/v1/attachments/{attachment}", AuthorityTable.Declaration())).EnsureSuccessStatusCode().Dispose();
        (await scene.SendAsync(AuthorityTable.Part(scene.Whole), scene.Alice.Session!.MessagingToken)).EnsureSuccessStatusCode().Dispose();
        byte[] list = scene.Alice.List(4, scene.Alice.Certificate, scene.AlicesOther.Certificate);
        (await scene.Alice.RemoveAsync(scene.Gone.Device, list)).EnsureSuccessStatusCode().Dispose();
        scene.Link = (await TestDevice.ReadAsync(scene.Alice.PostAsync("/auth/v1/links", new StartLink(new byte[32]), AuthJson.Default.StartLink, scene.Alice.Session!.AuthToken), AuthJson.Default.StartedLink)).Link;
        using (HttpResponseMessage dashboard = await scene.SendAsync(AuthorityTable.OpenDashboard(scene.Owner), scene.Owner.Session!.AuthToken))
            scene.Dashboard = System.Text.Json.JsonSerializer.Deserialize(await dashboard.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), AdminJson.Default.AdminSession)!.Token;
        await scene.SettleAsync();
        return scene;
    }

    /// <summary>Who can never be somebody: with the token that each would try.</summary>
    public IEnumerable<(string Who, string? Token)> NoOne(bool messaging)
    {
        Protocol.Auth.Session alice = Alice.Session!, gone = Gone.Session!;
        yield return ("nobody", null);
        yield return ("a refresh token", alice.RefreshToken);
        yield return ("a token for the other service", messaging ? alice.AuthToken : alice.MessagingToken);
        yield return ("a removed device", messaging ? gone.MessagingToken : gone.AuthToken);
        yield return ("a waiting device's token for the other service", messaging ? Waiting.Session!.AuthToken : "");
        yield return ("garbage", "garbage");
    }

    public async Task<HttpResponseMessage> SendAsync(Call call, string? token)
    {
        using var request = new HttpRequestMessage(call.Method, call.Path) { Content = call.Body };
        if (call.Capability is not null)
            request.Headers.Add(Limits.AttachmentCapabilityHeader, call.Capability);
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return await Server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Status, headers but the date, and body.</summary>
    public async Task<string> LookAsync(Call call, string? token)
    {
        using HttpResponseMessage answer = await SendAsync(call, token);
        var headers = answer.Headers.Concat(answer.Content.Headers).Where(h => h.Key != "Date").OrderBy(h => h.Key, StringComparer.Ordinal);
        string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return $"{(int)answer.StatusCode}\n{string.Join('\n', headers.Select(h => $"{h.Key}: {string.Join(',', h.Value)}"))}\n{body}";
    }

    /// <summary>Everything that both services have stored, once the writer has written what it holds back.</summary>
    public async Task<string> DumpAsync()
    {
        await SettleAsync();
        return $"{Server.AuthTables.Dump()}\n{Server.MessagingTables.Dump()}";
    }

    /// <summary>One turn of the writer, acknowledgements included.</summary>
    public async Task SettleAsync() => (await Server.GetAsync("/api/healthz")).EnsureSuccessStatusCode().Dispose();

    public async ValueTask DisposeAsync()
    {
        foreach (TestDevice device in (TestDevice[])[Owner, Alice, Bob, Carol, Stranger])
            device.Dispose();
        await Server.DisposeAsync();
    }

    public static ByteArrayContent Body(IMessage message) =>
        new(message.ToByteArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };

    static PlainDevice Plain(TestDevice device) => new(device.Account, device.Device, default);
}

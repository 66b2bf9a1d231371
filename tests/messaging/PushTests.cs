using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Kavalek.Messaging.Push;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;

namespace Kavalek.Messaging.Tests;

/// <summary>Waking devices that sleep (docs/PROTOCOL.md §11): who is woken and when, what the push service learns, and whom the server talks to.</summary>
public static class PushTests
{
    const string Known = "https://fcm.googleapis.com/fcm/send/abc";

    [Fact]
    public static void The_example_of_RFC_8291_comes_out_bit_for_bit_and_opens_again()
    {
        using ECDiffieHellman sender = Key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        using PushReceiver browser = new(Key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), Bytes("BTBZMqHH6r4Tts7J_aSIgg"));
        Assert.Equal(Bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"), browser.Key);
        byte[] text = "When I grow up, I want to be a watermelon"u8.ToArray();
        byte[] body = PushEncryption.Encrypt(text, browser.Key, browser.Secret, sender, Bytes("DGv6ra1nlYgDCS1FRnbzlw"));
        Assert.Equal(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
            WebEncoders.Base64UrlEncode(body));
        Assert.Equal(text, browser.Open(body));
        Assert.Equal(text, browser.Open(PushEncryption.Encrypt(text, browser.Key, browser.Secret)));
    }

    // K-66
    [Fact]
    public static async Task Who_sleeps_is_woken_once_until_it_is_back_and_the_push_service_learns_nothing()
    {
        await using PushService service = await PushService.StartAsync();
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { PushLoopback = service.Origin, PushContact = "https://chat.example" });
        PlainDevice marie = PlainDevice.New(), jean = PlainDevice.New(), mariesOther = new(marie.Account, Id.New(), Id.New());
        Id stream = Id.New();
        using TestRest jeans = new(server, jean), maries = new(server, marie), others = new(server, mariesOther);
        (await jeans.CreateAsync(stream)).Dispose();
        await jeans.AppendedAsync(Wire.Commit(stream, 0, add: [marie, mariesOther]));
        using PushReceiver browser = new();
        Assert.False((await InfoAsync(maries)).Subscribed);
        await PutAsync(maries, new Uri(service.Origin, "/marie").OriginalString, browser);
        PushInfo info = await InfoAsync(maries);
        Assert.True(info.Subscribed);
        Assert.False((await InfoAsync(others)).Subscribed); // another device of hers is another device

        async Task AwakeAsync()
        {
            await using TestSocket socket = await TestSocket.ConnectAsync(server, marie);
            (await maries.AckAsync(stream, (await jeans.EntriesAsync(stream)).Head)).Dispose();
            server.Clock.Advance(TimeSpan.FromSeconds(10)); // connected: nothing is due
        }
        async Task AsleepAsync()
        {
            while (server.Services.GetService(typeof(Sockets.Sockets)) is Sockets.Sockets sockets && sockets.IsConnected(marie.Device)) await Task.Yield();
        }
        async Task<Pushed> WokenAsync()
        {
            server.Clock.Advance(TimeSpan.FromSeconds(6));
            return await service.NextAsync();
        }

        // While she is connected, and for what wakes nobody, nothing is sent: the first that comes is for the message.
        (await maries.AckAsync(marie.Device, 1)).EnsureSuccessStatusCode().Dispose();
        await AwakeAsync();
        await AsleepAsync();
        server.Clock.Advance(TimeSpan.FromSeconds(10));
        await jeans.AppendedAsync(Wire.Commit(stream, 1));
        await others.AppendedAsync(Wire.Message(stream, 2, "written by herself, elsewhere"));
        server.Clock.Advance(TimeSpan.FromSeconds(10));
        await jeans.AppendedAsync(Wire.Message(stream, 2, "a"));
        Pushed first = await WokenAsync();
        // However much more there is, she is not woken again before she was back.
        await jeans.AppendedAsync(Wire.Message(stream, 2, "b"));
        server.Clock.Advance(TimeSpan.FromMinutes(10));
        await AwakeAsync();
        await AsleepAsync();
        await jeans.AppendedAsync(Wire.Message(stream, 2, new string('c', 9_000)));
        Pushed second = await WokenAsync();
        Assert.Equal(0, service.Unseen);

        // Two messages of other size by the same: the same request but for fresh keys, and inside the same constant bytes.
        Assert.Equal("POST /marie", first.Path);
        Assert.Equal(first.Path, second.Path);
        Assert.Equal(first.Headers.Where(h => h.Key != "Authorization").Order(Comparer<KeyValuePair<string, string>>.Create((a, b) => string.CompareOrdinal(a.Key, b.Key))),
            second.Headers.Where(h => h.Key != "Authorization").Order(Comparer<KeyValuePair<string, string>>.Create((a, b) => string.CompareOrdinal(a.Key, b.Key))));
        Assert.Equal(["Authorization", "Content-Encoding", "Content-Length", "Content-Type", "Host", "TTL", "Topic", "Urgency"], first.Headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(first.Body.Length, second.Body.Length);
        Assert.NotEqual(first.Body[..16], second.Body[..16]);
        Assert.Equal(PushSender.Payload.ToArray(), browser.Open(first.Body));
        Assert.Equal(PushSender.Payload.ToArray(), browser.Open(second.Body));
        string said = string.Join('\n', first.Headers.Select(h => $"{h.Key}: {h.Value}")) + Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(first.Headers["Authorization"].Split('.')[1]));
        foreach (Id id in (Id[])[marie.Account, marie.Device, marie.Session, jean.Account, jean.Device, stream, server.Instance])
            Assert.DoesNotContain(id.ToString(), said, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(service.Origin.GetLeftPart(UriPartial.Authority), Vapid(first.Headers["Authorization"], info.Key.ToByteArray(), server.Clock.GetUtcNow()));

        // She went without a word, and what had been sent to her was not acknowledged: found when the grace is over.
        await AwakeAsync();
        await AsleepAsync();
        await using (TestSocket socket = await TestSocket.ConnectAsync(server, marie))
        {
            await jeans.AppendedAsync(Wire.Message(stream, 2, "lost on the way"));
            await socket.EntryAsync();
        }
        await AsleepAsync();
        await WokenAsync();

        // A service that is busy is asked again later; one that knows her no more is not asked again at all.
        await AwakeAsync();
        await AsleepAsync();
        service.Answers.Enqueue((503, null));
        await jeans.AppendedAsync(Wire.Message(stream, 2, "d"));
        await WokenAsync();
        while (service.Unseen == 0)
        {
            server.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await service.NextAsync();
        await AwakeAsync();
        await AsleepAsync();
        Assert.Equal(1, server.Count("SELECT COUNT(*) FROM push_subscription"));
        service.Answers.Enqueue((410, null));
        await jeans.AppendedAsync(Wire.Message(stream, 2, "e"));
        await WokenAsync();
        Assert.Equal(0, await server.EventuallyAsync("SELECT COUNT(*) FROM push_subscription", 0));
        Assert.False((await InfoAsync(maries)).Subscribed);

        // Asked for, tried by hand, kept over a restart; gone with the session and with the device.
        await PutAsync(maries, new Uri(service.Origin, "/again").OriginalString, browser);
        Assert.Equal(HttpStatusCode.NoContent, await maries.SendAsync(HttpMethod.Post, "/api/v1/push/test").StatusAsync());
        Assert.Equal("POST /again", (await service.NextAsync()).Path);
        await server.RestartAsync();
        using TestRest afterwards = new(server, marie);
        Assert.Equal(info.Key, (await InfoAsync(afterwards)).Key);
        Assert.True((await InfoAsync(afterwards)).Subscribed);
        server.Bus.Publish(new SessionEnded(marie.Account, marie.Device, Id.New())); // an earlier session: told again, it takes nothing away
        (await afterwards.AckAsync(marie.Device, 1)).Dispose(); // behind it in the writer's queue
        Assert.True((await InfoAsync(afterwards)).Subscribed);
        server.Bus.Publish(new SessionEnded(marie.Account, marie.Device, marie.Session));
        Assert.Equal(0, await server.EventuallyAsync("SELECT COUNT(*) FROM push_subscription", 0));
        using TestRest later = new(server, marie with { Session = Id.New() });
        await PutAsync(later, Known, browser);
        Assert.Equal(HttpStatusCode.NoContent, await later.SendAsync(HttpMethod.Delete, "/api/v1/push").StatusAsync());
        Assert.Equal(0, server.Count("SELECT COUNT(*) FROM push_subscription"));
        await PutAsync(later, Known, browser);
        server.Bus.Publish(new DeviceRemoved(marie.Account, marie.Device));
        Assert.Equal(0, await server.EventuallyAsync("SELECT COUNT(*) FROM push_subscription", 0));
        Assert.Equal(0, service.Unseen);
    }

    [Fact]
    public static async Task Whatever_goes_wrong_with_a_wake_it_is_tried_again()
    {
        await using PushService service = await PushService.StartAsync();
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { PushLoopback = service.Origin });
        PlainDevice marie = PlainDevice.New(), jean = PlainDevice.New();
        Id stream = Id.New();
        using TestRest jeans = new(server, jean), maries = new(server, marie);
        (await jeans.CreateAsync(stream)).Dispose();
        await jeans.AppendedAsync(Wire.Commit(stream, 0, add: [marie]));
        using PushReceiver browser = new();
        await PutAsync(maries, new Uri(service.Origin, "/marie").OriginalString, browser);
        // A key that is none: encrypting for it fails in a way that nobody foresaw.
        server.Tables.Execute("UPDATE push_subscription SET key = x'00'");
        await jeans.AppendedAsync(Wire.Message(stream, 1, "a"));
        server.Clock.Advance(TimeSpan.FromSeconds(6));
        await Awaited.UntilAsync(() => Task.FromResult(server.Count("SELECT COUNT(*) FROM push_subscription WHERE claimed > 0")), claimed => claimed == 1);
        server.Tables.Execute($"UPDATE push_subscription SET key = x'{Convert.ToHexString(browser.Key)}'");
        await Awaited.UntilAsync(async () =>
        {
            server.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
            return service.Unseen;
        }, unseen => unseen > 0);
        Assert.Equal("POST /marie", (await service.NextAsync()).Path);
    }

    // K-57
    [Fact]
    public static async Task The_server_sends_to_listed_services_at_public_addresses_only_and_follows_nobody()
    {
        await using PushService service = await PushService.StartAsync(), trap = await PushService.StartAsync();
        using TcpListener inside = new(IPAddress.Loopback, 0); // a neighbour: a database, say
        inside.Start();
        int port = ((IPEndPoint)inside.LocalEndpoint).Port;
        IPAddress[] says = [];
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { PushLoopback = service.Origin, PushResolver = (_, _) => Task.FromResult(says), AppendBurst = 1_000_000 });
        PlainDevice marie = PlainDevice.New();
        using TestRest rest = new(server, marie);
        using PushReceiver browser = new();
        foreach (string endpoint in (string[])
        [
            $"http://127.0.0.1:{port}/", $"https://127.0.0.1:{port}/", $"https://localhost:{port}/", $"http://localhost:{port}/", $"https://[::1]:{port}/", "https://169.254.169.254/latest/meta-data",
            "https://10.0.0.1/", "https://[fe80::1]/", "https://2130706433/", "https://0x7f.1/", "https://redis:6379/", "http://fcm.googleapis.com/fcm/send/abc", "https://fcm.googleapis.com:6379/",
            $"https://fcm.googleapis.com@127.0.0.1:{port}/", "https://fcm.googleapis.com.evil.example/", "https://evil-fcm.googleapis.com/", "https://push.services.mozilla.com/", "https://evil.example/",
            "https://fcm.googleapis.com\\@evil.example/", "https://fcm.googleapis.com/a b", "https://fcm.googleapis.com/#a", "ftp://fcm.googleapis.com/", "file:///etc/passwd", "gopher://fcm.googleapis.com/",
            "", "/", "fcm.googleapis.com", $"https://fcm.googleapis.com/{new string('a', 1_024)}", "https://fcm.googleapis.com/é", trap.Origin.OriginalString,
        ])
        {
            Assert.Equal(ErrorCodes.Invalid, await rest.SendAsync(HttpMethod.Put, "/api/v1/push", Body(endpoint, browser)).CodeAsync());
        }
        // Keys that are none.
        foreach ((byte[] key, byte[] secret) in ((byte[], byte[])[])[(new byte[65], browser.Secret), ([4, .. new byte[64]], browser.Secret), (browser.Key[1..], browser.Secret), (browser.Key, new byte[15])])
            Assert.Equal(ErrorCodes.Invalid, await rest.SendAsync(HttpMethod.Put, "/api/v1/push", new PutPush { Endpoint = Known, Key = ByteString.CopyFrom(key), Secret = ByteString.CopyFrom(secret) }).CodeAsync());
        Assert.Equal(0, server.Count("SELECT COUNT(*) FROM push_subscription"));

        // A listed name that leads inside, in whole or in part: no connection is tried.
        foreach (string endpoint in (string[])[Known, "https://updates.push.services.mozilla.com/wpush/v2/abc", "https://web.push.apple.com/abc"])
        {
            await PutAsync(rest, endpoint, browser);
            foreach (string[] addresses in (string[][])
            [
                ["127.0.0.1"], ["::1"], ["10.1.2.3"], ["192.168.1.1"], ["172.31.255.255"], ["169.254.169.254"], ["100.64.0.1"], ["0.0.0.0"], ["224.0.0.1"], ["255.255.255.255"], ["fe80::1"], ["fc00::1"],
                ["::ffff:127.0.0.1"], ["::127.0.0.1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["2001:db8::1"], ["ff02::1"], ["8.8.8.8", "127.0.0.1"], [],
            ])
            {
                says = [.. addresses.Select(IPAddress.Parse)];
                Assert.Equal(ErrorCodes.Unavailable, await rest.SendAsync(HttpMethod.Post, "/api/v1/push/test").CodeAsync());
            }
        }
        Assert.All((string[])["8.8.8.8", "142.250.1.1", "::ffff:8.8.8.8", "2607:f8b0::1", "2a00:1450::1"], address => Assert.True(PublicAddress.Is(IPAddress.Parse(address)), address));

        // A service that points elsewhere is not followed; the twin is reached.
        await PutAsync(rest, new Uri(service.Origin, "/marie").OriginalString, browser);
        foreach (int status in (int[])[301, 302, 303, 307, 308])
        {
            service.Answers.Enqueue((status, new Uri(trap.Origin, "/").OriginalString));
            Assert.Equal(ErrorCodes.Unavailable, await rest.SendAsync(HttpMethod.Post, "/api/v1/push/test").CodeAsync());
            await service.NextAsync();
        }
        Assert.Equal(HttpStatusCode.NoContent, await rest.SendAsync(HttpMethod.Post, "/api/v1/push/test").StatusAsync());
        await service.NextAsync();
        Assert.Equal(0, trap.Unseen);
        Assert.False(inside.Pending());
    }

    static PutPush Body(string endpoint, PushReceiver browser) =>
        new() { Endpoint = endpoint, Key = ByteString.CopyFrom(browser.Key), Secret = ByteString.CopyFrom(browser.Secret) };

    internal static async Task PutAsync(TestRest rest, string endpoint, PushReceiver browser) =>
        Assert.Equal(HttpStatusCode.NoContent, await rest.SendAsync(HttpMethod.Put, "/api/v1/push", Body(endpoint, browser)).StatusAsync());

    internal static async Task<PushInfo> InfoAsync(TestRest rest)
    {
        using HttpResponseMessage answer = await rest.SendAsync(HttpMethod.Get, "/api/v1/push");
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        return PushInfo.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Checks the statement of RFC 8292 and gives whom it is for.</summary>
    static string Vapid(string header, byte[] key, DateTimeOffset now)
    {
        Assert.StartsWith("vapid t=", header, StringComparison.Ordinal);
        string[] parts = header["vapid t=".Length..].Split(", k=");
        Assert.Equal(key, Bytes(parts[1]));
        string[] token = parts[0].Split('.');
        using ECDsa verifier = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = key[1..33], Y = key[33..] } });
        Assert.True(verifier.VerifyData(Encoding.ASCII.GetBytes($"{token[0]}.{token[1]}"), Bytes(token[2]), HashAlgorithmName.SHA256));
        Assert.Equal("""{"typ":"JWT","alg":"ES256"}""", Encoding.UTF8.GetString(Bytes(token[0])));
        using JsonDocument claims = JsonDocument.Parse(Bytes(token[1]));
        Assert.InRange(claims.RootElement.GetProperty("exp").GetInt64(), now.ToUnixTimeSeconds(), now.AddDays(1).ToUnixTimeSeconds());
        Assert.Equal("https://chat.example", claims.RootElement.GetProperty("sub").GetString());
        return claims.RootElement.GetProperty("aud").GetString()!;
    }

    static ECDiffieHellman Key(string scalar) => ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Bytes(scalar) });

    static byte[] Bytes(string text) => WebEncoders.Base64UrlDecode(text);
}

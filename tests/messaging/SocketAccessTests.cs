using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Messaging.Tests;

/// <summary>Who gets a socket or an answer at all, and what a bad peer is told (docs/PROTOCOL.md §5.4, §6.4).</summary>
public static class SocketAccessTests
{
    public static TheoryData<string> Forgeries => [.. Forge(new TokenMint(), Id.New(), PlainDevice.New(), DateTimeOffset.UnixEpoch.AddYears(50)).Keys];

    [Theory]
    [MemberData(nameof(Forgeries))]
    public static async Task A_forged_token_opens_nothing(string forgery) // K-06, K-15
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New();
        string token = Forge(server.Mint, server.Instance, alice, server.Clock.GetUtcNow())[forgery];

        await using TestSocket socket = await TestSocket.OpenAsync(server);
        await socket.SendAsync(new ClientFrame { Hello = new Hello { Token = token, Window = 10 } });
        Assert.Equal((ErrorCodes.Unauthenticated, WebSocketCloseStatus.PolicyViolation), await socket.ClosedAsync());

        if (!Ascii.IsValid(token))
            return; // no HTTP header
        using var http = new HttpClient { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/streams");
        Assert.True(request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}"));
        Assert.Equal(ErrorCodes.Unauthenticated, await http.SendAsync(request, TestContext.Current.CancellationToken).CodeAsync());

        using var honest = new TestRest(server, alice);
        Assert.Equal(HttpStatusCode.OK, await honest.SendAsync(HttpMethod.Get, "/api/v1/streams").StatusAsync());
        await using TestSocket allowed = await TestSocket.ConnectAsync(server, alice);
    }

    [Fact]
    public static async Task A_token_counts_in_the_header_only() // K-08
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New();
        using var http = new HttpClient { BaseAddress = server.Address };
        string token = server.Token(alice);
        Assert.Equal(ErrorCodes.Unauthenticated, await http.GetAsync($"/api/v1/streams?access_token={token}", TestContext.Current.CancellationToken).CodeAsync());
        Assert.Equal(ErrorCodes.Unauthenticated, await http.GetAsync($"/socket?access_token={token}", TestContext.Current.CancellationToken).CodeAsync());
        Assert.Equal(ErrorCodes.Unauthenticated, await http.GetAsync("/api/v1/streams", TestContext.Current.CancellationToken).CodeAsync());
        using var rest = new TestRest(server, alice);
        Assert.Equal(ErrorCodes.Unauthenticated, await rest.SendAsync(HttpMethod.Get, "/api/v1/streams?access_token=x").CodeAsync());
        Assert.Equal(HttpStatusCode.OK, await rest.SendAsync(HttpMethod.Get, "/api/v1/streams").StatusAsync());
    }

    [Theory]
    [InlineData("https://evil.example", false)]
    [InlineData("null", false)]
    [InlineData("https://chat.example.evil", false)]
    [InlineData("https://chat.example:444", false)]
    [InlineData("http://chat.example", false)]
    [InlineData("https://CHAT.example", false)]
    [InlineData("https://chat.example", true)]
    public static async Task Only_listed_origins_open_a_socket(string origin, bool allowed) // K-16
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        Task<TestSocket> opening = TestSocket.OpenAsync(server, options =>
        {
            options.SetRequestHeader("Origin", origin);
            options.CollectHttpResponseDetails = true;
        });
        if (allowed)
            await (await opening).DisposeAsync();
        else
            Assert.Contains("403", (await Assert.ThrowsAsync<WebSocketException>(() => opening)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public static async Task A_silent_socket_is_closed_after_five_seconds() // K-15
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        await using TestSocket silent = await TestSocket.OpenAsync(server);
        await using TestSocket speaking = await TestSocket.ConnectAsync(server, PlainDevice.New());
        await server.AwaitSocketsAsync(2);
        server.Clock.Advance(TimeSpan.FromSeconds(Limits.HelloSeconds));
        Assert.Equal(ErrorCodes.Unauthenticated, (await silent.ClosedAsync()).Code);
        Assert.Empty(await speaking.SettledAsync());
    }

    [Fact]
    public static async Task A_first_frame_other_than_a_small_Hello_closes() // K-15
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        await using TestSocket eager = await TestSocket.OpenAsync(server);
        await eager.SendAsync(new ClientFrame { Ping = new Ping { Id = 1 } });
        Assert.Equal(ErrorCodes.Unauthenticated, (await eager.ClosedAsync()).Code);

        await using TestSocket large = await TestSocket.OpenAsync(server);
        await large.SendAsync(new ClientFrame { Hello = new Hello { Token = new string('a', Limits.HelloBytes), Window = 1 } });
        Assert.Equal((null, WebSocketCloseStatus.MessageTooBig), await large.ClosedAsync());

        await using TestSocket windowless = await TestSocket.OpenAsync(server);
        await windowless.SendAsync(new ClientFrame { Hello = new Hello { Token = server.Token(PlainDevice.New()) } });
        Assert.Equal((null, WebSocketCloseStatus.ProtocolError), await windowless.ClosedAsync());
    }

    [Fact]
    public static async Task An_address_has_few_sockets_that_did_not_authenticate() // K-20
    {
        await using MessagingServer server = await MessagingServer.StartAsync(options => options with { NewSocketsPerAddress = 3 });
        await using TestSocket one = await TestSocket.OpenAsync(server), two = await TestSocket.OpenAsync(server), three = await TestSocket.OpenAsync(server);
        await Assert.ThrowsAsync<WebSocketException>(() => TestSocket.OpenAsync(server));
        await one.SendAsync(new ClientFrame { Hello = new Hello { Token = server.Token(PlainDevice.New()), Window = 1 } });
        Assert.NotNull((await one.NextFrameAsync()).Ready);
        await using TestSocket four = await TestSocket.OpenAsync(server);
    }

    [Fact]
    public static async Task Broken_frames_close_with_the_status_that_says_how() // K-18
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New();
        await using TestSocket bystander = await TestSocket.ConnectAsync(server, PlainDevice.New());
        async Task<WebSocketCloseStatus?> AfterAsync(Func<TestSocket, Task> act)
        {
            await using TestSocket socket = await TestSocket.ConnectAsync(server, alice);
            await act(socket);
            (string? code, WebSocketCloseStatus? status) = await socket.ClosedAsync();
            Assert.Null(code);
            return status;
        }

        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, await AfterAsync(s => s.SendAsync("{}"u8.ToArray(), WebSocketMessageType.Text)));
        Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, await AfterAsync(s => s.SendAsync([0xff, 0xfe], WebSocketMessageType.Text)));
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, await AfterAsync(s => s.SendAsync(new byte[Limits.FrameBytes + 1])));
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, await AfterAsync(async s =>
        {
            for (int i = 0; i < 9; i++)
                await s.SendAsync(new byte[16 * 1024], end: false);
        }));
        byte[][] malformed =
        [
            [],                                       // no frame
            [0xff],                                   // half a tag
            [0x0a],                                   // a length is missing
            [0x0a, 0x05, 0x01],                       // shorter than it says
            [0x08, 0x01],                             // Hello as a number
            [0x00, 0x00],                             // field 0
            [0x0b, 0x0c],                             // groups
            [0x32, 0x02, 0x08, 0x01, 0x32, 0x02, 0x08, 0x01], // two frames in one
            new ClientFrame { Hello = new Hello { Token = "again", Window = 1 } }.ToByteArray(),
            new ClientFrame { Ack = new Ack { Stream = ByteString.CopyFromUtf8("short"), Seq = 1 } }.ToByteArray(),
            new ClientFrame { Append = new Append { Stream = Id.New().Bytes(), Payload = ByteString.CopyFromUtf8("no id") } }.ToByteArray(),
            new ClientFrame { Ephemeral = new Ephemeral { Stream = Id.New().Bytes(), Payload = ByteString.CopyFrom(new byte[Limits.EphemeralBytes + 1]) } }.ToByteArray(),
        ];
        foreach (byte[] frame in malformed)
            Assert.Equal(WebSocketCloseStatus.ProtocolError, await AfterAsync(s => s.SendAsync(frame)));
        Assert.Empty(await bystander.SettledAsync());
        await using TestSocket allowed = await TestSocket.ConnectAsync(server, alice);
    }

    [Theory]
    [InlineData("unmasked", new byte[] { 0x82, 0x02, 0x32, 0x00, 0x82, 0x02, 0x32, 0x00, 0x82, 0x02, 0x32, 0x00, 0x82, 0x02, 0x32, 0x00 })]
    [InlineData("reserved bit", new byte[] { 0xc2, 0x82, 0, 0, 0, 0, 0x32, 0x00 })]
    [InlineData("unknown opcode", new byte[] { 0x83, 0x82, 0, 0, 0, 0, 0x32, 0x00 })]
    [InlineData("fragmented ping", new byte[] { 0x09, 0x80, 0, 0, 0, 0 })]
    [InlineData("continuation of nothing", new byte[] { 0x80, 0x82, 0, 0, 0, 0, 0x32, 0x00 })]
    [InlineData("negative length", new byte[] { 0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0 })]
    public static async Task Bytes_that_are_no_WebSocket_close_with_1002(string what, byte[] bytes) // K-18
    {
        Assert.NotEmpty(what);
        await using MessagingServer server = await MessagingServer.StartAsync();
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port, TestContext.Current.CancellationToken);
        NetworkStream stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"),
            TestContext.Current.CancellationToken);
        string head = "";
        byte[] one = new byte[1];
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, TestContext.Current.CancellationToken) == 1)
            head += (char)one[0];
        Assert.StartsWith("HTTP/1.1 101", head, StringComparison.Ordinal);
        Assert.DoesNotContain("permessage-deflate", head, StringComparison.OrdinalIgnoreCase);

        await stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
        byte[] answer = new byte[4];
        await stream.ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        Assert.Equal([0x88, 0x02, 0x03, 0xea], answer); // close, 1002
    }

    static Dictionary<string, string> Forge(TokenMint mint, Id instance, PlainDevice device, DateTimeOffset now)
    {
        string good = mint.Token(instance, device, now);
        string[] parts = good.Split('.');
        var other = new TokenMint();
        string Header(string json) => Base64UrlEncoder.Encode(json);
        string Signed(string header)
        {
            string input = $"{Header(header)}.{parts[1]}";
            return $"{input}.{Base64UrlEncoder.Encode(mint.Key.ECDsa.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256))}";
        }

        string Hmac(string header)
        {
            string input = $"{Header(header)}.{parts[1]}";
            return $"{input}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(mint.Key.ECDsa.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(input)))}";
        }

        return new Dictionary<string, string>
        {
            ["empty"] = "",
            ["garbage"] = "garbage",
            ["not ASCII"] = good + "é",
            ["too long"] = good + new string('A', 2048),
            ["none"] = $"{Header("""{"alg":"none","typ":"at+jwt","kid":"test-key"}""")}.{parts[1]}.",
            ["None"] = $"{Header("""{"alg":"None","typ":"at+jwt","kid":"test-key"}""")}.{parts[1]}.{parts[2]}",
            ["HS256 with the public key"] = Hmac("""{"alg":"HS256","typ":"at+jwt","kid":"test-key"}"""),
            ["other algorithm"] = Signed("""{"alg":"ES384","typ":"at+jwt","kid":"test-key"}"""),
            ["other type"] = Signed("""{"alg":"ES256","typ":"JWT","kid":"test-key"}"""),
            ["no kid"] = Signed("""{"alg":"ES256","typ":"at+jwt"}"""),
            ["path as kid"] = Signed("""{"alg":"ES256","typ":"at+jwt","kid":"../test-key"}"""),
            ["unknown kid"] = Signed("""{"alg":"ES256","typ":"at+jwt","kid":"other"}"""),
            ["crit"] = Signed("""{"alg":"ES256","typ":"at+jwt","kid":"test-key","crit":["x"],"x":1}"""),
            ["jku"] = Signed("""{"alg":"ES256","typ":"at+jwt","kid":"test-key","jku":"https://evil.example"}"""),
            ["jwk"] = Signed("""{"alg":"ES256","typ":"at+jwt","kid":"test-key","jwk":{"kty":"EC"}}"""),
            ["x5u"] = Signed("""{"alg":"ES256","typ":"at+jwt","kid":"test-key","x5u":"https://evil.example"}"""),
            ["alg twice"] = Signed("""{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"test-key"}"""),
            ["encrypted"] = Signed("""{"alg":"ECDH-ES","enc":"A256GCM","typ":"at+jwt","kid":"test-key"}"""),
            ["no signature"] = $"{parts[0]}.{parts[1]}.",
            ["other's signature"] = other.Token(instance, device, now),
            ["edited payload"] = $"{parts[0]}.{Header(Base64UrlEncoder.Decode(parts[1]).Replace(device.Device.ToString(), Id.New().ToString(), StringComparison.Ordinal))}.{parts[2]}",
            ["expired"] = mint.Token(instance, device, now.AddSeconds(-Limits.AccessTokenSeconds - 31)),
            ["not yet valid"] = mint.Token(instance, device, now.AddSeconds(31)),
            ["no expiry"] = mint.Token(instance, device, now, d => d.Expires = null),
            ["other instance"] = mint.Token(Id.New(), device, now),
            ["other audience"] = mint.Token(instance, device, now, d => d.Audience = "kavalek/auth"),
            ["not certified"] = mint.Token(instance, device, now, d => d.Claims["crt"] = false),
            ["certified in words"] = mint.Token(instance, device, now, d => d.Claims["crt"] = "yes"),
            ["no device"] = mint.Token(instance, device, now, d => d.Claims.Remove("dev")),
            ["no session"] = mint.Token(instance, device, now, d => d.Claims.Remove("ses")),
            ["device in capitals"] = mint.Token(instance, device, now, d => d.Claims["dev"] = device.Device.ToString().ToUpperInvariant() + "A"),
        };
    }
}

using System.Net;
using System.Net.WebSockets;
using System.Text;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>Any bytes as frames, bodies, paths and tokens: refused by the documented word, with nobody else disturbed and no defect behind it.</summary>
public static class WireFuzzTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // K-18, K-50
    [Fact]
    public static async Task Any_frame_is_handled_or_closes_the_one_socket_it_came_by()
    {
        await using TestServer server = await OpenServerAsync();
        using TestDevice alice = await TestDevice.SignUpAsync(server), bob = await TestDevice.SignUpAsync(server);
        Id stream = await SharedStreamAsync(server, alice, bob);
        await using TestSocket bystander = await TestSocket.ConnectAsync(server.Address, bob.Session!.MessagingToken);
        byte[][] samples =
        [
            .. ((ClientFrame[])
            [
                new() { Hello = new Hello { Token = alice.Session!.MessagingToken, Window = 5 } },
                new() { Append = Wire.Message(stream, 1) },
                new() { Append = Wire.Commit(stream, 1, add: [PlainDevice.New()], remove: [PlainDevice.New()]) },
                new() { Ack = new Ack { Stream = stream.Bytes(), Seq = 1 } },
                new() { Ephemeral = new Ephemeral { Stream = stream.Bytes(), Payload = ByteString.CopyFromUtf8("x") } },
                new() { Reauth = new Reauth { Token = alice.Session.MessagingToken } },
                new() { Ping = new Ping { Id = ulong.MaxValue } },
            ]).Select(frame => frame.ToByteArray()),
        ];
        // Numbers that fit no enum, no epoch and no signed column.
        foreach (ulong number in (ulong[])[4, 1ul << 31, 1ul << 33, long.MaxValue, 1ul << 63, ulong.MaxValue])
            samples = [.. samples, Append(stream, kind: number, epoch: 1), Append(stream, kind: 1, epoch: number), AckOf(stream, number)];

        TestSocket? socket = null;
        HashSet<string?> words = [];
        foreach (byte[] frame in samples.Concat(new Mutator(1, samples, Mutator.Protobuf).Inputs(Mutator.Rounds(600, share: 100))))
        {
            socket ??= await TestSocket.ConnectAsync(server.Address, alice.Session.MessagingToken);
            await socket.SendAsync(frame);
            if (await StillThereAsync(socket))
                continue;
            Assert.True(socket.CloseStatus is not null, $"cut by {Convert.ToHexString(frame)}: {Defects(server).LastOrDefault()}");
            words.Add($"{socket.CloseStatus}");
            await socket.DisposeAsync();
            socket = null;
        }
        Assert.Equal([nameof(WebSocketCloseStatus.PolicyViolation), nameof(WebSocketCloseStatus.ProtocolError)], words.Order());
        await bystander.SettledAsync();
        Assert.NotNull((await bystander.AppendAsync(Wire.Message(stream, (await EpochAsync(server, bob, stream))))).Appended);
        if (socket is not null)
            await socket.DisposeAsync();
        NoDefect(server);
    }

    // K-18, K-50
    [Fact]
    public static async Task Any_body_path_and_token_gets_an_answer_that_is_no_defect()
    {
        await using TestServer server = await OpenServerAsync();
        using TestDevice alice = await TestDevice.SignUpAsync(server), bob = await TestDevice.SignUpAsync(server);
        Id stream = await SharedStreamAsync(server, alice, bob);
        byte[][] bodies = [new CreateStream { Stream = Id.New().Bytes() }.ToByteArray(), Wire.Message(stream, 1).ToByteArray(),
            Wire.Commit(stream, 1, add: [PlainDevice.New()]).ToByteArray(), new Ack { Stream = stream.Bytes(), Seq = 1 }.ToByteArray()];
        (HttpMethod, string)[] calls =
            [(HttpMethod.Post, "/api/v1/streams"), (HttpMethod.Post, $"/api/v1/streams/{stream}/entries"), (HttpMethod.Put, $"/api/v1/streams/{stream}/ack")];
        int rounds = Mutator.Rounds(150, share: 200);
        foreach ((HttpMethod method, string path) in calls)
        {
            foreach (byte[] body in new Mutator(2, bodies, Mutator.Protobuf).Inputs(rounds))
            {
                var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/x-protobuf") } };
                await AnsweredAsync(server, method, path, alice.Session!.MessagingToken, content);
            }
        }

        byte[][] paths = [.. ((string[])[$"/api/v1/streams/{stream}/entries?after=1&limit=2", $"/api/v1/streams/{stream}/welcomes/1", $"/api/v1/streams?after={stream}",
            $"/auth/v1/directory/{bob.Handle}", $"/auth/v1/accounts/{bob.Account}"]).Select(Encoding.ASCII.GetBytes)];
        byte[][] parts = [.. ((string[])["%00", "%2e%2e/", "//", "?", "&limit=99999999999999999999", "&after=-1", "%ff", "%u0041", ";", "after=18446744073709551615"]).Select(Encoding.ASCII.GetBytes)];
        foreach (byte[] path in new Mutator(3, paths, parts).Inputs(rounds))
        {
            // Bytes that HttpClient would refuse to send are the raw requests' business; here each becomes something that can be in a path.
            string text = "/" + string.Concat(path.Select(b => b is > 32 and < 127 and not (byte)'#' ? ((char)b).ToString() : $"%{b:x2}")).TrimStart('/');
            await AnsweredAsync(server, HttpMethod.Get, text, alice.Session!.MessagingToken);
            await AnsweredAsync(server, HttpMethod.Get, text, alice.Session.AuthToken);
        }

        byte[][] tokens = [Encoding.ASCII.GetBytes(alice.Session!.MessagingToken), Encoding.ASCII.GetBytes(alice.Session.AuthToken)];
        byte[][] marks = [.. ((string[])[".", "..", "=", "e30", "bnVsbA", "W10", "eyJhbGciOiJub25lIn0", "-_-_", new('A', 2_000)]).Select(Encoding.ASCII.GetBytes)];
        foreach (byte[] token in new Mutator(4, tokens, marks).Inputs(rounds))
        {
            string text = new([.. token.Select(b => (char)(b is > 32 and < 127 ? b : (byte)'x'))]);
            if (text == alice.Session.MessagingToken || text == alice.Session.AuthToken) continue;
            Assert.True(HttpStatusCode.Unauthorized == await AnsweredAsync(server, HttpMethod.Get, "/api/v1/streams", text), text);
            Assert.Equal(HttpStatusCode.Unauthorized, await AnsweredAsync(server, HttpMethod.Get, "/auth/v1/devices/self", text));
        }
        Assert.Equal(HttpStatusCode.OK, await AnsweredAsync(server, HttpMethod.Get, "/api/v1/streams", alice.Session.MessagingToken));
        NoDefect(server);
    }

    // K-18
    [Fact]
    public static async Task Bytes_that_are_no_HTTP_get_400_or_nothing_and_disturb_nobody()
    {
        await using TestServer server = await OpenServerAsync();
        byte[][] requests =
        [
            .. ((string[])
            [
                "GET /auth/v1/instance HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "POST /auth/v1/prelogin HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"email\":\"\"}\n",
                "POST /auth/v1/prelogin HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n",
                "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            ]).Select(Encoding.ASCII.GetBytes),
        ];
        byte[][] parts = [.. ((string[])["\r\n", "\n", "\0", "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n", "Content-Length: -1\r\n", "Host: y\r\n", " HTTP/1.0", "Expect: 100-continue\r\n",
            "Upgrade: h2c\r\n", "ffffffffffffffff\r\n", "X: " + new string('a', 20_000) + "\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]).Select(Encoding.ASCII.GetBytes)];
        foreach (byte[] request in new Mutator(5, requests, parts).Inputs(Mutator.Rounds(200, share: 200)))
        {
            string answer = await RawAsync(server.Address.Port, request);
            Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal), answer);
            Assert.DoesNotContain("HTTP/1.1 5", answer, StringComparison.Ordinal);
        }
        Assert.StartsWith("HTTP/1.1 200", await RawAsync(server.Address.Port, requests[0], andEnd: false), StringComparison.Ordinal);
        NoDefect(server);
    }

    static Task<TestServer> OpenServerAsync() => TestServer.StartAsync(change: o => o with { Registration = Auth.RegistrationPolicy.Open });

    static async Task<Id> SharedStreamAsync(TestServer server, TestDevice alice, TestDevice bob)
    {
        var stream = Id.New();
        using var rest = new TestRest(server.Address, () => alice.Session!.MessagingToken);
        (await rest.CreateAsync(stream)).Dispose();
        await rest.AppendedAsync(Wire.Commit(stream, 0, add: [new PlainDevice(bob.Account, bob.Device, default)]));
        return stream;
    }

    static async Task<ulong> EpochAsync(TestServer server, TestDevice device, Id stream)
    {
        using var rest = new TestRest(server.Address, () => device.Session!.MessagingToken);
        return (await rest.StreamsAsync()).Streams.Single(s => s.Stream == stream.Bytes()).Epoch;
    }

    /// <summary>Whether the server goes on with the socket: it answers a ping, or says why not and closes.</summary>
    static async Task<bool> StillThereAsync(TestSocket socket)
    {
        try
        {
            await socket.SettledAsync();
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or WebSocketException)
        {
            return false;
        }
    }

    static async Task<HttpStatusCode> AnsweredAsync(TestServer server, HttpMethod method, string path, string token, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using HttpResponseMessage answer = await server.Http.SendAsync(request, Cancel);
        Assert.True((int)answer.StatusCode < 500, $"{(int)answer.StatusCode} for {method} {path} with {token}: {Defects(server).LastOrDefault()}");
        return answer.StatusCode;
    }

    static async Task<string> RawAsync(int port, byte[] request, bool andEnd = true)
    {
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port, Cancel);
        var answer = new MemoryStream();
        try
        {
            await tcp.GetStream().WriteAsync(request, Cancel);
            // Whatever was announced and not sent never comes.
            if (andEnd)
                tcp.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            await tcp.GetStream().CopyToAsync(answer, Cancel);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or InvalidOperationException)
        {
            // Cut.
        }
        return Encoding.Latin1.GetString(answer.ToArray());
    }

    static byte[] Append(Id stream, ulong kind, ulong epoch) => Frame(2, [
        .. Field(1, stream.ToArray()), .. Field(2, Id.New().ToArray()), .. Number(3, kind), .. Number(4, epoch), .. Field(5, [1])]);

    static byte[] AckOf(Id stream, ulong seq) => Frame(3, [.. Field(1, stream.ToArray()), .. Number(2, seq)]);

    static byte[] Frame(int kind, byte[] body) => Field(kind, body);

    static byte[] Field(int field, byte[] bytes) => [(byte)((field << 3) | 2), .. Varint((ulong)bytes.Length), .. bytes];

    static byte[] Number(int field, ulong number) => [(byte)(field << 3), .. Varint(number)];

    static IEnumerable<byte> Varint(ulong number)
    {
        for (; number >= 0x80; number >>= 7)
            yield return (byte)((number & 0x7f) | 0x80);
        yield return (byte)number;
    }

    /// <summary>Nothing was an error of the server's own.</summary>
    static void NoDefect(TestServer server) => Assert.Empty(Defects(server));

    static IEnumerable<string> Defects(TestServer server) =>
        server.Logs.Split("Error ").Skip(1).Concat(server.Logs.Split("Critical ").Skip(1));
}

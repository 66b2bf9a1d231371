using System.Net;
using System.Net.Security;
using System.Text;
using System.Text.RegularExpressions;
using Kavalek.Tests.Support;

namespace Kavalek.Deployment.Tests;

/// <summary>What a caller tries so that NGINX and the server read one request as two different ones.</summary>
[Collection(nameof(Edge))]
public sealed partial class ProxyTests(Edge edge)
{
    const string Hidden = "GET /auth/v1/instance HTTP/1.1\r\nHost: localhost\r\n\r\n";

    static readonly string[] Ambiguous =
    [
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {Hidden.Length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0, {Hidden.Length}\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nContent-Length: +{Hidden.Length}\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nContent-Length : {Hidden.Length}\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{Hidden}",
        $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n{Hidden}",
        $"GET /auth/v1/instance HTTP/1.1\r\nHost: localhost\r\n X: folded\r\n\r\n{Hidden}",
        $"GET /auth/v1/instance\0 HTTP/1.1\r\nHost: localhost\r\n\r\n{Hidden}",
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        $"GET /auth/v1/instance HTTP/1.1\rHost: localhost\r\r{Hidden}",
    ];

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // K-78
    [Fact]
    public async Task Where_a_request_ends_is_agreed_on_or_the_connection_does()
    {
        foreach (string request in Ambiguous)
        {
            foreach (bool through in (bool[])[true, false])
            {
                // So that nobody waits where the connection goes on.
                string whole = request + "GET /end.x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
                string answer = through ? await edge.Nginx.SendRawAsync(whole) : await RawRequest.SendAsync(edge.Server.Address.Port, whole);
                // Refusals alone: what was hidden is never answered.
                string shown = $"{(through ? "NGINX" : "directly")}: {request.Replace('\0', '0')}\n---\n{answer}";
                Assert.True(RawRequest.Statuses(answer).All(status => status is (>= 400 and < 500) or 501), shown);
                Assert.DoesNotContain("registration", answer, StringComparison.OrdinalIgnoreCase);
            }
        }
        // Twins: the same request alone; two that follow each other, one of them in chunks with bare line feeds that mean nothing.
        Assert.Equal((int[])[200], RawRequest.Statuses(await edge.Nginx.SendRawAsync(Closing(Hidden))));
        const string body = "{\"email\":\"a@b\"}";
        string chunked = $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n";
        Assert.True(RawRequest.Statuses(await edge.Nginx.SendRawAsync(chunked + Closing(Hidden))) is [200 or 429, 200]);
        foreach (string extension in (string[])[";x=1\n", ";\n", ";a=\"\nGET /x HTTP/1.1\"\r\n"])
        {
            string bare = $"POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x}{extension}{body}\r\n0\r\n\r\n{Closing(Hidden)}";
            Assert.True(RawRequest.Statuses(await edge.Nginx.SendRawAsync(bare)) is [400] or [200 or 429, 200 or 400], extension);
        }
    }

    // K-78
    [Fact]
    public async Task A_socket_that_was_not_opened_is_no_tunnel()
    {
        string ask = "GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: {0}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{1}\r\n";
        string hidden = Closing(Hidden).Replace("/auth/v1/instance", "/metrics", StringComparison.Ordinal);
        // An upgrade that the server refuses: what follows is a request to NGINX again, not to whatever is behind it.
        string refused = await edge.Nginx.SendRawAsync(string.Format(null, ask, "1", "") + hidden);
        Assert.DoesNotContain(101, RawRequest.Statuses(refused));
        Assert.All(RawRequest.Statuses(refused), status => Assert.InRange(status, 400, 499));
        // To another protocol, or at another address, nothing is upgraded.
        foreach (string request in (string[])
        [
            "GET /auth/v1/instance HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
            string.Format(null, ask, "13", "").Replace("/socket", "/auth/v1/instance", StringComparison.Ordinal),
            string.Format(null, ask, "13", "").Replace("/socket", "/api/healthz", StringComparison.Ordinal),
        ])
        {
            Assert.Equal((int[])[200, 200], RawRequest.Statuses(await edge.Nginx.SendRawAsync(request + Closing(Hidden))));
        }
        // A page of somebody else does not get one; the instance's own does.
        Assert.Equal(403, RawRequest.Statuses(await edge.Nginx.SendRawAsync(string.Format(null, ask, "13", "Origin: https://evil.example\r\n") + Closing(Hidden)))[0]);
        await using SslStream stream = await edge.Nginx.ConnectAsync();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(string.Format(null, ask, "13", $"Origin: https://{Nginx.Host}\r\n")), Cancel);
        byte[] answer = new byte[12];
        await stream.ReadExactlyAsync(answer, Cancel);
        Assert.Equal("HTTP/1.1 101", Encoding.Latin1.GetString(answer));
    }

    // K-78
    [Fact]
    public async Task What_a_caller_says_of_itself_counts_for_nothing()
    {
        // Another address in every header that was ever made for it: the rate is the connection's all the same.
        List<HttpStatusCode> seen = [];
        using HttpClient http = edge.Nginx.Client();
        for (int i = 0; i < 40; i++)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/auth/v1/prelogin") { Content = new StringContent("{\"email\":\"a@b\"}", Encoding.UTF8, "application/json") };
            string address = $"198.51.100.{i}";
            foreach (string header in (string[])["X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Original-For", "Client-IP"])
                request.Headers.TryAddWithoutValidation(header, address);
            request.Headers.TryAddWithoutValidation("Forwarded", $"for={address}");
            request.Headers.TryAddWithoutValidation("X_Forwarded_For", address);
            using HttpResponseMessage answer = await http.SendAsync(request, Cancel);
            seen.Add(answer.StatusCode);
        }
        Assert.Contains(HttpStatusCode.TooManyRequests, seen);
        // Twin: whom the trusted proxy speaks for is counted by itself.
        using HttpRequestMessage other = new(HttpMethod.Post, "/auth/v1/prelogin") { Content = new StringContent("{\"email\":\"a@b\"}", Encoding.UTF8, "application/json") };
        other.Headers.Add("X-Forwarded-For", "198.51.100.77");
        Assert.Equal(HttpStatusCode.OK, (await edge.Server.Http.SendAsync(other, Cancel)).StatusCode);

        // Neither method, path, scheme nor host can be said twice.
        foreach ((string header, string value) in ((string, string)[])
            [("X-HTTP-Method-Override", "DELETE"), ("X-HTTP-Method", "DELETE"), ("X-Method-Override", "DELETE"), ("X-Original-URL", "/auth/v1/devices"), ("X-Rewrite-URL", "/auth/v1/devices"),
             ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Prefix", "/evil"), ("X-Forwarded-Scheme", "http"), ("X-Host", "evil.example")])
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/auth/v1/instance");
            request.Headers.TryAddWithoutValidation(header, value);
            using HttpResponseMessage answer = await http.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.DoesNotContain("evil", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
        // Two credentials are none.
        foreach (string request in (string[])["GET /auth/v1/devices HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\nConnection: close\r\n\r\n"])
            Assert.True(RawRequest.Statuses(await edge.Nginx.SendRawAsync(request)) is [400 or 401]);
        // Another name than the instance's gets nothing, whatever name the handshake was for.
        foreach (string host in (string[])["evil.example", "localhost.evil.example", "127.0.0.1", "localhost@evil.example"])
            Assert.True(RawRequest.Statuses(await edge.Nginx.SendRawAsync($"GET /auth/v1/instance HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")) is [400 or 421], host);
    }

    // K-78
    [Fact]
    public async Task A_path_is_read_one_way()
    {
        foreach (string target in (string[])
        [
            "//auth/v1/instance", "/auth//v1/instance", "/auth/v1/%2e%2e/v1/instance", "/auth/v1/../v1/instance", "/auth/v1/./instance", "/auth/v1%2finstance", "/auth/v1/instance%00",
            "/auth/v1/instance;x=1", "/auth\\v1\\instance", "/auth/v1/%252e%252e/instance", "/x/..%2fauth/v1/instance", "/auth/v1/instance/..", "/auth/v1/instance%5c", "/api/..%5c..%5cetc",
        ])
        {
            string answer = await edge.Nginx.SendRawAsync($"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            Assert.True(RawRequest.Statuses(answer) is [400], $"{target}\n{answer}");
        }
        foreach (string target in (string[])["/AUTH/v1/instance", "/auth./v1/instance", "/auth/v1/instance.", "/openapi/v1.json", "/metrics", "/internal", "/swagger"])
        {
            string answer = await edge.Nginx.SendRawAsync($"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            Assert.True(RawRequest.Statuses(answer) is [404], $"{target}\n{answer}");
        }
        Assert.Equal((int[])[200], RawRequest.Statuses(await edge.Nginx.SendRawAsync("GET /auth/v1/instance?a=//..%2f HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")));
    }

    // K-78
    [Fact]
    public async Task What_only_the_owner_may_do_nobody_else_does_by_spelling_it_otherwise()
    {
        await using TestServer server = await TestServer.StartAsync(change: o => o with { BehindProxy = true, Registration = Auth.RegistrationPolicy.Open, Origin = $"https://{Nginx.Host}" });
        await using Nginx nginx = await Nginx.StartAsync(server.Address.Port, edge.Web);
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret), member = await TestDevice.SignUpAsync(server);
        const string body = "{\"uses\":1,\"expiresIn\":3600}";
        string Ask(string method, string target, string token, string more = "") =>
            $"{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}Content-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
        long before = server.AuthTables.Count("SELECT COUNT(*) FROM invite");
        string own = owner.Session!.AuthToken, other = member.Session!.AuthToken;
        foreach (string target in (string[])
        [
            "/auth/v1/invites", "//auth/v1/invites", "/auth//v1/invites", "/auth/v1//invites", "/auth/v1/invites/", "/auth/v1/./invites", "/auth/v1/x/../invites", "/auth/v1/%69nvites", "/auth/v1/invites%2f",
            "/auth/v1/%2e/invites", "/auth/v1/invites;x", "/auth/v1/invites%00", "/auth/v1/invites.", "/AUTH/V1/INVITES", "/auth/v1/Invites", "/auth/v1/invites?x=/auth/v1/instance", "/auth/v1\\invites",
            "/auth/v1/admin/invites", "/auth/v1/admin//invites", "//auth/v1/admin/overview", "/auth/v1/%61dmin/overview", "/auth/v1/admin/./overview", "/auth/v1/x/../admin/overview", "/auth/v1/admin/overview/", "/auth/v1/ADMIN/overview",
        ])
        {
            foreach (string method in (string[])["GET", "POST"])
            {
                foreach (string more in (string[])["", "X-Original-URL: /auth/v1/instance\r\nX-Rewrite-URL: /auth/v1/instance\r\nX-HTTP-Method-Override: GET\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-User: owner\r\n"])
                {
                    foreach (string answer in (string[])[await nginx.SendRawAsync(Ask(method, target, other, more)), await RawRequest.SendAsync(server.Address.Port, Ask(method, target, other, more))])
                        Assert.True(RawRequest.Statuses(answer) is [>= 400 and < 500], $"{method} {target}\n{answer}");
                }
            }
        }
        Assert.Equal(before, server.AuthTables.Count("SELECT COUNT(*) FROM invite"));
        // Twin: the owner may, at the one address that there is.
        Assert.True(RawRequest.Statuses(await nginx.SendRawAsync(Ask("POST", "/auth/v1/invites", own))) is [200 or 201]);
        Assert.Equal(before + 1, server.AuthTables.Count("SELECT COUNT(*) FROM invite"));
    }

    // K-78
    [Fact]
    public async Task Who_sends_slowly_or_too_much_is_left()
    {
        // Half a header, then nothing: the connection ends by itself.
        await using (Nginx impatient = await Nginx.StartAsync(edge.Server.Address.Port, edge.Web, impatient: true))
            Assert.True(RawRequest.Statuses(await impatient.SendRawAsync("GET / HTTP/1.1\r\nHost: localh")) is [] or [408]);
        string many = string.Concat(Enumerable.Range(0, 60).Select(i => $"X-{i}: {i}\r\n"));
        Assert.True(RawRequest.Statuses(await edge.Nginx.SendRawAsync($"GET /auth/v1/instance HTTP/1.1\r\nHost: localhost\r\n{many}Connection: close\r\n\r\n")) is [400 or 431]);
        string large = string.Concat(Enumerable.Range(0, 5).Select(i => $"X-{i}: {new string('a', 7_000)}\r\n"));
        Assert.True(RawRequest.Statuses(await edge.Nginx.SendRawAsync($"GET /auth/v1/instance HTTP/1.1\r\nHost: localhost\r\n{large}Connection: close\r\n\r\n")) is [400 or 431]);
        Assert.Equal((int[])[200], RawRequest.Statuses(await edge.Nginx.SendRawAsync(Closing(Hidden))));
    }

    [Fact]
    public void Nobody_sends_on_a_connection_that_the_other_side_may_close_meanwhile()
    {
        // A program of ours lets go of an idle connection first, well before NGINX does; what it sends is never lost between two closings.
        using SocketsHttpHandler ours = new();
        int nginx = int.Parse(KeepAlive().Match(Repository.Read("app/nginx/nginx.conf")).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(ours.PooledConnectionIdleTimeout < TimeSpan.FromSeconds(nginx - 10));
        // And NGINX uses none twice on the way to a service.
        Assert.DoesNotMatch(@"(?m)^\s*(upstream|keepalive)\b", Repository.Read("app/nginx/site.conf"));
    }

    static string Closing(string request) => request.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal);

    [GeneratedRegex(@"^\s*keepalive_timeout ([0-9]+)s;", RegexOptions.Multiline)]
    private static partial Regex KeepAlive();
}

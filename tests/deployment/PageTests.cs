using System.Net;
using System.Text.Json;

namespace Kavalek.Deployment.Tests;

/// <summary>The web app as NGINX hands it out, beside the server's own way.</summary>
[Collection(nameof(Edge))]
public sealed class PageTests(Edge edge)
{
    /// <summary>What may differ: who says it, when, and how a file is named among its versions.</summary>
    static readonly string[] Own = ["Server", "Date", "ETag", "Last-Modified", "Accept-Ranges", "Strict-Transport-Security", "Transfer-Encoding", "Connection", "Keep-Alive"];

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // K-59, K-63
    [Fact]
    public async Task Every_answer_is_the_servers_own_to_the_header()
    {
        using HttpClient http = edge.Nginx.Client();
        int compared = 0;
        foreach (string path in (string[])
        [
            "/", "/index.html", "/assets/index-abc.js", "/assets/index-abc.css", "/icon.svg", "/icon-192.png", "/kavalek.webmanifest", "/dotnet/dotnet.boot.json",
            "/dotnet/Core.0123456789ab.dll", "/dotnet/dotnet.native.0123456789.wasm", "/chat/0123", "/nowhere.js", "/assets/", "/assets/index-abc.js.br", "/assets/index-abc.js.gz",
            "/admin", "/admin/", "/admin/index.html", "/admin/assets/index-def.js", "/admin/assets/", "/admin/people", "/admin/nowhere.js", "/administration",
            "/auth/v1/instance", "/auth/v1/devices", "/auth/nothing", "/api/healthz", "/api/v1/nothing", "/auth/v1/instance?token=x",
        ])
        {
            foreach (string? taken in (string?[])[null, "gzip", "gzip, deflate, br", "br;q=0, gzip;q=0", "br;q=0.1"])
            {
                foreach (string accept in (string[])["*/*", "text/html,*/*"])
                {
                    (string head, byte[] body) direct = await AskAsync(edge.Server.Http, path, taken, accept), through = await AskAsync(http, path, taken, accept);
                    Assert.True(direct.head == through.head, $"{path} {taken} {accept}\n--- direct\n{direct.head}\n--- through NGINX\n{through.head}");
                    Assert.Equal(direct.body, through.body);
                    compared++;
                }
            }
        }
        Assert.True(compared > 100);
    }

    [Fact]
    public async Task What_is_known_is_not_sent_again_and_nothing_outside_the_folder_is_sent()
    {
        using HttpClient http = edge.Nginx.Client();
        foreach (string path in (string[])["/", "/dotnet/dotnet.boot.json"])
        {
            using HttpResponseMessage first = await http.GetAsync(path, Cancel);
            using HttpRequestMessage again = new(HttpMethod.Get, path);
            again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
            using HttpResponseMessage same = await http.SendAsync(again, Cancel);
            Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
            Assert.Equal("no-cache", same.Headers.CacheControl?.ToString());
        }
        foreach (string target in (string[])["/../authority.pem", "/assets/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "/%2e%2e/keys", "/assets/..\\x", "/nothing", "/index.html/", "/\\"])
        {
            string answer = await edge.Nginx.SendRawAsync($"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            Assert.True(RawRequest.Statuses(answer) is [400 or 404], $"{target}\n{answer}");
        }
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.PostAsync("/index.html", new StringContent("x"), Cancel)).StatusCode);
    }

    // K-62
    [Fact]
    public async Task Whatever_happens_NGINX_writes_nothing_of_anybody_and_containers_keep_little_of_it()
    {
        const string canary = "canary-4d1f";
        string errors, failures;
        await using (Nginx good = await Nginx.StartAsync(edge.Server.Address.Port, edge.Web))
        await using (Nginx bad = await Nginx.StartAsync(port: 9, edge.Web))
        {
            foreach (Nginx nginx in (Nginx[])[good, bad])
            {
                using HttpClient http = nginx.Client();
                foreach (string path in (string[])["/", "/auth/v1/instance", $"/auth/v1/directory/{canary}", $"/{canary}.js", $"/auth/v1/instance?token={canary}", $"/auth//{canary}", "/socket", $"/api/v1/streams/{canary}"])
                {
                    using HttpRequestMessage request = new(HttpMethod.Get, path);
                    request.Headers.TryAddWithoutValidation("User-Agent", canary);
                    request.Headers.TryAddWithoutValidation("Referer", $"https://{canary}.example/");
                    request.Headers.TryAddWithoutValidation("Cookie", $"a={canary}");
                    request.Headers.TryAddWithoutValidation("X-Forwarded-For", "198.51.100.7");
                    request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {canary}");
                    (await http.SendAsync(request, Cancel)).Dispose();
                }
                // What NGINX itself has much to say about: nonsense, a handshake that breaks off, plain text where TLS is spoken, a proof that is not there.
                await nginx.SendRawAsync($"{canary}\r\n\r\n");
                await Assert.ThrowsAnyAsync<Exception>(() => nginx.ConnectAsync(System.Security.Authentication.SslProtocols.Tls13, $"{canary}.example"));
                await RawRequest.SendAsync(nginx.HttpsPort, $"GET /{canary} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
                await RawRequest.SendAsync(nginx.HttpPort, $"GET /.well-known/acme-challenge/{canary} HTTP/1.1\r\nHost: {canary}\r\nConnection: close\r\n\r\n");
            }
            errors = await good.StopAsync() + await bad.StopAsync();
            failures = good.FailureLog + bad.FailureLog;
        }
        Assert.Equal("", errors);
        // The twin: that something failed is told, and what kind of call it was.
        Assert.Matches(@"(?m)^\S+ auth 502 upstream 502$", failures);
        Assert.All(failures.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches(@"^\d{4}-\d\d-\d\dT[0-9:+]+ (auth|api|socket|web) 5\d\d upstream (5\d\d|-)$", line));
        // Both go to the container's output, and nowhere else; of every container's Docker keeps 15 MB, on this machine.
        string main = Repository.Read("app/nginx/nginx.conf");
        Assert.Equal(["access_log /dev/stdout failure if=$failed;", "error_log stderr emerg;", "log_format failure '$time_iso8601 $kind $status upstream $upstream_status';", "log_not_found off;"],
            System.Text.RegularExpressions.Regex.Matches(main, @"(?m)^\s*((access_log|error_log|log_\w+) .*;)$").Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));
        Assert.DoesNotMatch("access_log|error_log|log_format|debug_connection", Repository.Read("app/nginx/site.conf"));
        foreach (string file in ContainerTests.ComposeFiles)
        {
            foreach ((string name, YamlDotNet.RepresentationModel.YamlNode service) in Yaml.Read(file).At("services").Members())
            {
                Assert.True(service.At("logging", "driver").Text() == "json-file" && service.At("logging", "options", "max-size").Text() == "5m" && service.At("logging", "options", "max-file").Text() == "3", $"{file}: {name}");
                Assert.DoesNotContain(service.At("environment").Members(), setting => setting.Key == "KAVALEK_LOG_LEVEL");
            }
        }
    }

    // K-63
    [Fact]
    public async Task Every_refusal_of_NGINX_is_a_problem_document_that_names_no_version_and_no_machine()
    {
        await using Nginx alone = await Nginx.StartAsync(port: 9, edge.Web);
        string large = new('a', 9_000);
        foreach ((string request, int status, string code) in ((string, int, string)[])
        [
            ("GET /auth/v1/instance HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 502, "unavailable"),
            ("GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 502, "unavailable"),
            ("GET /nowhere.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404, "not_found"),
            ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 405, "method_not_allowed"),
            ("GET /auth//v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400, "invalid"),
            ("GET /\r\n\r\n", 421, "not_found"),
            ("GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "invalid"),
            ("nonsense\r\n\r\n", 400, "invalid"),
            ($"GET / HTTP/1.1\r\nHost: localhost\r\nX: {large}\r\n\r\n", 400, "invalid"),
            ($"GET /{large} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "invalid"),
            ("POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", 413, "too_large"),
            ("POST /auth/v1/prelogin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: zebra\r\n\r\n", 501, "unavailable"),
        ])
        {
            string answer = await alone.SendRawAsync(request);
            string shown = $"{request[..Math.Min(request.Length, 80)]}\n{answer}";
            if (answer.StartsWith("HTTP/", StringComparison.Ordinal)) Assert.True(RawRequest.Statuses(answer) is [var got] && got == status, shown);
            using JsonDocument problem = JsonDocument.Parse(answer[answer.IndexOf('{', StringComparison.Ordinal)..]);
            Assert.Equal((code, status), (problem.RootElement.GetProperty("code").GetString(), problem.RootElement.GetProperty("status").GetInt32()));
            Assert.DoesNotMatch("nginx/|Debian|Ubuntu|OpenSSL|127\\.0\\.0\\.1|/tmp|X-Powered-By", answer);
        }
        // A line where a service failed, without anybody in it; none for what people got wrong.
        string[] lines = alone.FailureLog.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT[0-9:+]+ (auth|socket|web) 50[12] upstream (502|-)$", line));
        Assert.Contains(lines, line => line.Contains("auth 502", StringComparison.Ordinal));
        Assert.All(edge.Nginx.FailureLog.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.EndsWith(" auth 501 upstream -", line));
    }

    static async Task<(string Head, byte[] Body)> AskAsync(HttpClient http, string path, string? taken, string accept)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (taken is not null) request.Headers.TryAddWithoutValidation("Accept-Encoding", taken);
        using HttpResponseMessage answer = await http.SendAsync(request, Cancel);
        IEnumerable<string> head = answer.Headers.Concat<KeyValuePair<string, IEnumerable<string>>>(answer.Content.Headers)
            .Where(h => !Own.Contains(h.Key)).Select(h => $"{h.Key}: {string.Join(" | ", h.Value)}").Order(StringComparer.Ordinal);
        return ($"{(int)answer.StatusCode}\n{string.Join('\n', head)}", await answer.Content.ReadAsByteArrayAsync(Cancel));
    }
}

using System.Net;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class WebAppTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-web-").FullName;

    public WebAppTests()
    {
        Write("index.html", "<!doctype html><title>the app</title>");
        Write("assets/index-abc.js", "plain");
        Write("assets/index-abc.js.br", "compressed");
        Write("assets/index-abc.js.gz", "zipped");
        Write("admin/index.html", "<!doctype html><title>the dashboard</title>");
        Write("admin/assets/index-def.js", "plain");
        Write("dotnet/dotnet.boot.json", "{}");
        Write("dotnet/Core.0123456789ab.dll", "MZ");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Files_named_by_content_are_kept_for_good_and_the_rest_is_asked_for_again()
    {
        await using TestServer server = await TestServer.StartAsync(change: o => o with { Web = _folder });
        foreach (string path in (string[])["/assets/index-abc.js", "/admin/assets/index-def.js", "/dotnet/Core.0123456789ab.dll"])
        {
            using HttpResponseMessage kept = await server.GetAsync(path);
            Assert.Equal("public, max-age=31536000, immutable", kept.Headers.GetValues("Cache-Control").Single());
            Assert.Null(kept.Headers.ETag);
        }
        foreach (string path in (string[])["/", "/index.html", "/admin", "/admin/", "/admin/index.html", "/dotnet/dotnet.boot.json"])
        {
            using HttpResponseMessage asked = await server.GetAsync(path);
            Assert.Equal("no-cache", asked.Headers.GetValues("Cache-Control").Single());
            using HttpRequestMessage again = new(HttpMethod.Get, path);
            again.Headers.IfNoneMatch.Add(asked.Headers.ETag!);
            using HttpResponseMessage same = await server.Http.SendAsync(again, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        }
        foreach (string path in (string[])["/auth/v1/instance", "/auth/v1/devices", "/api/healthz"])
        {
            using HttpResponseMessage answer = await server.GetAsync(path);
            Assert.True(answer.Headers.CacheControl?.NoStore, path);
        }
    }

    [Fact]
    public async Task The_page_runs_its_own_scripts_and_WebAssembly_and_nothing_else()
    {
        await using TestServer server = await TestServer.StartAsync(change: o => o with { Web = _folder });
        foreach (string path in (string[])["/", "/assets/index-abc.js", "/admin", "/admin/assets/index-def.js"])
        {
            using HttpResponseMessage answer = await server.GetAsync(path);
            string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            string[] rules = policy.Split("; ");
            Assert.Contains("default-src 'none'", rules);
            Assert.Contains("script-src 'self' 'wasm-unsafe-eval'", rules);
            Assert.Contains("style-src 'self'", rules);
            foreach (string closed in (string[])["frame-ancestors", "base-uri", "form-action"]) Assert.Contains($"{closed} 'none'", rules);
            Assert.Contains("require-trusted-types-for 'script'", rules);
            Assert.DoesNotContain("unsafe-inline", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("'unsafe-eval'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("*", policy, StringComparison.Ordinal);
        }
        foreach (string path in (string[])["/", "/assets/index-abc.js", "/nowhere", "/auth/v1/devices", "/admin", "/admin/assets/index-def.js", "/admin/nowhere", "/auth/v1/admin/overview"])
        {
            using HttpResponseMessage answer = await server.GetAsync(path);
            foreach ((string name, string value) in ((string, string)[])
                [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
                 ("Cross-Origin-Embedder-Policy", "require-corp"), ("Cross-Origin-Resource-Policy", "same-origin")])
                Assert.Equal(value, Assert.Single(answer.Headers.GetValues(name)));
            Assert.Contains("geolocation=()", Assert.Single(answer.Headers.GetValues("Permissions-Policy")));
            Assert.Contains("default-src 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        }
    }

    [Fact]
    public async Task Brotli_goes_to_whoever_takes_it_and_a_page_of_the_app_to_whoever_opens_one()
    {
        await using TestServer server = await TestServer.StartAsync(change: o => o with { Web = _folder });
        Assert.Equal("plain", await server.Http.GetStringAsync("/assets/index-abc.js", TestContext.Current.CancellationToken));
        using HttpResponseMessage compressed = await AskAsync("/assets/index-abc.js", "Accept-Encoding", "gzip, br");
        Assert.Equal("compressed", await compressed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["br"], compressed.Content.Headers.ContentEncoding);
        foreach ((string taken, string body) in ((string, string)[])[("gzip", "zipped"), ("br;q=0, gzip", "zipped"), ("br;q=0", "plain"), ("identity", "plain"), ("zebra", "plain"), ("deflate, br;q=0.5", "compressed")])
        {
            using HttpResponseMessage other = await AskAsync("/assets/index-abc.js", "Accept-Encoding", taken);
            Assert.Equal(body, await other.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        Assert.Equal("text/javascript", compressed.Content.Headers.ContentType?.MediaType);
        Assert.Equal("application/octet-stream", (await server.GetAsync("/dotnet/Core.0123456789ab.dll")).Content.Headers.ContentType?.MediaType);

        using HttpResponseMessage opened = await AskAsync("/chat/0123", "Accept", "text/html,*/*");
        Assert.Contains("the app", await opened.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("/chat/0123")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync("/auth/nothing", "Accept", "text/html")).StatusCode);
        // The dashboard has one page, whoever asks; no other address below it is anybody's.
        foreach (string path in (string[])["/admin", "/admin/", "/admin/index.html"])
            Assert.Contains("the dashboard", await server.Http.GetStringAsync(path, TestContext.Current.CancellationToken));
        foreach (string path in (string[])["/admin/people", "/admin/assets/", "/admin/assets/index-abc.js"])
            Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(path, "Accept", "text/html")).StatusCode);
        // What is asked for is looked up, never opened by its name.
        foreach (string path in (string[])["/assets/../index-abc.js", "/..%2f..%2fetc%2fpasswd", "/%2e%2e/keys", "/assets/index-abc.js.br", "/assets/index-abc.js.gz", "/assets/"])
            Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync(path)).StatusCode);

        async Task<HttpResponseMessage> AskAsync(string path, string header, string value)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation(header, value);
            return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    void Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

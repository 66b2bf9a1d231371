using System.Net;
using System.Text;
using Kavalek.Host;
using Kavalek.Protocol;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class HostTests
{
    [Fact]
    public async Task Every_refusal_of_the_framework_is_a_problem_document_that_says_nothing_of_the_server() // K-63
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        static StringContent Body(string text, string type = "application/json") => new(text, Encoding.UTF8, type);

        await server.GetAsync("/nowhere").RefusedAsync(ErrorCodes.NotFound);
        await server.GetAsync("/auth/v1/").RefusedAsync(ErrorCodes.NotFound);
        await server.GetAsync("/auth/v1/%2e%2e/%2e%2e/etc/passwd").RefusedAsync(ErrorCodes.NotFound);
        await server.GetAsync("/auth/v1/prelogin").RefusedAsync(ErrorCodes.MethodNotAllowed);
        await server.SendAsync(HttpMethod.Delete, "/auth/v1/instance").RefusedAsync(ErrorCodes.MethodNotAllowed);
        await server.PostAsync("/auth/v1/prelogin", Body("{}", "text/plain")).RefusedAsync(ErrorCodes.UnsupportedMediaType);
        await server.PostAsync("/auth/v1/prelogin", null).RefusedAsync(ErrorCodes.UnsupportedMediaType);
        StringContent compressed = Body("{}");
        compressed.Headers.ContentEncoding.Add("gzip");
        await server.PostAsync("/auth/v1/prelogin", compressed).RefusedAsync(ErrorCodes.UnsupportedMediaType);
        await server.PostAsync("/auth/v1/prelogin", Body(new string(' ', 20_000))).RefusedAsync(ErrorCodes.TooLarge);
        foreach (string bad in (string[])["", "{", "null", "[]", "\"x\"", "{}", "{\"email\":1}", "{\"email\":null}", "{\"email\":\"a@b\",\"email\":\"a@b\"}", new('[', 10_000), "{\"email\":\"\\ud800@b\"}", "\u0000"])
        {
            await server.PostAsync("/auth/v1/prelogin", Body(bad)).RefusedAsync(ErrorCodes.Invalid);
        }
        await server.PostAsync("/auth/v1/prelogin", Body("{\"email\":\"a@b\"}")).OkAsync(HttpStatusCode.OK);
        Assert.DoesNotContain("Exception", server.Logs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_defect_is_a_problem_document_without_a_stack_trace() // K-63
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice device = await TestDevice.SignUpAsync(server);
        server.AuthTables.Execute("ALTER TABLE key_package RENAME TO gone");
        string look = await device.GetAsync("/auth/v1/key-packages").LookAsync();
        Assert.StartsWith("500\n", look, StringComparison.Ordinal);
        Assert.Contains("\"internal\"", look);
        Assert.DoesNotContain("qlite", look, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("pgsql", look, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" at ", look, StringComparison.Ordinal);
        Assert.DoesNotContain("key_package", look, StringComparison.Ordinal);
        Assert.Contains(TestPostgres.Wanted ? "PostgresException" : "SqliteException", server.Logs, StringComparison.Ordinal);
        await device.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Every_answer_carries_strict_headers_and_the_page_has_no_script()
    {
        await using TestServer server = await TestServer.StartAsync();
        foreach (string path in (string[])["/", "/auth/v1/instance", "/auth/v1/devices", "/nowhere"])
        {
            using HttpResponseMessage answer = await server.GetAsync(path);
            Assert.True(answer.Headers.CacheControl?.NoStore);
            Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
            Assert.Contains("default-src 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
            Assert.Equal(["no-referrer"], answer.Headers.GetValues("Referrer-Policy"));
            Assert.False(answer.Headers.Contains("Server") || answer.Headers.Contains("X-Powered-By"));
        }
        string page = await server.Http.GetStringAsync("/", TestContext.Current.CancellationToken);
        Assert.Contains("kavalek signup", page);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task OpenAPI_is_there_in_development_only() // K-79
    {
        await using TestServer production = await TestServer.StartAsync();
        await production.GetAsync("/openapi/v1.json").RefusedAsync(ErrorCodes.NotFound);
        await using TestServer development = await TestServer.StartAsync(change: o => o with { Development = true });
        string description = await development.Http.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken);
        Assert.Contains("/auth/v1/sessions/refresh", description);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://*:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://192.0.2.1:80")]
    [InlineData("http://127.0.0.1:0;http://+:80")]
    [InlineData("https://127.0.0.1:0")]
    public void Plain_http_on_the_network_and_https_without_a_certificate_are_refused(string urls) // K-17, K-79
    {
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => ServerOptions.Read(["--urls", urls]));
        Assert.Contains("--certificate", refused.Message);
        if (urls.StartsWith("http:", StringComparison.Ordinal)) ServerOptions.Read(["--urls", urls, "--behind-proxy"]);
    }

    [Theory]
    [InlineData("Host=db;Username=kavalek;Database=kavalek", null)]
    [InlineData("Host=db;Username=kavalek;Password=;Database=kavalek", null)]
    [InlineData("Host=127.0.0.1;Username=postgres;Password=postgres", null)]
    [InlineData("Host=db;Username=kavalek;Password=kavalek-kavalek-2026", null)]
    [InlineData("Host=db;Username=kavalek;Password=aaaaaaaaaaaaaaaaaaaaaaaa", null)]
    [InlineData("Host=127.0.0.1;Port=9;Username=kavalek;Password=0123456789abcdef0123456789abcdef;Timeout=1", "redis://redis:6379")]
    [InlineData("Host=127.0.0.1;Port=9;Username=kavalek;Password=0123456789abcdef0123456789abcdef;Timeout=1", "redis://kavalek:changeme@redis:6379")]
    public async Task A_password_that_is_missing_or_could_be_guessed_is_not_started_on(string postgres, string? redis) // K-79
    {
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => TestServer.StartAsync(change: o => o with { Postgres = postgres, Redis = redis }));
        Assert.Contains($"The password of {(redis is null ? "PostgreSQL" : "Redis")} is missing or could be guessed", refused.Message);
        // Twin: with good ones it goes on, to ask a database that is not there; and without any, on this machine alone.
        foreach (string good in (string[])["redis://kavalek:0123456789abcdef0123456789abcdef@redis:6379", "redis://127.0.0.1:6379"])
        {
            refused = await Assert.ThrowsAsync<InvalidOperationException>(() => TestServer.StartAsync(change: o => o with
            {
                Postgres = "Host=127.0.0.1;Port=9;Username=kavalek;Password=0123456789abcdef0123456789abcdef;Timeout=1",
                Redis = good,
            }));
            Assert.Contains("PostgreSQL cannot be used", refused.Message);
        }
    }

    [Theory]
    [InlineData("--frob")]
    [InlineData("serve")]
    [InlineData("--data")]
    [InlineData("--registration=everyone")]
    [InlineData("--log-level=7")]
    [InlineData("--log-level=loud")]
    [InlineData("--bcrypt-cost=ten")]
    [InlineData("--origin=chat.example")]
    [InlineData("--origin=https://chat.example/path")]
    [InlineData("--roles=admin")]
    [InlineData("--roles=messaging")]
    [InlineData("--trusted-proxies=everybody")]
    [InlineData("--urls=ftp://127.0.0.1")]
    [InlineData("--environment=Debug")]
    public void An_option_that_makes_no_sense_is_refused(string argument) =>
        Assert.Throws<InvalidOperationException>(() => ServerOptions.Read([argument]));

    [Fact]
    public void The_command_line_wins_over_the_file()
    {
        string folder = Directory.CreateTempSubdirectory("kavalek-test-").FullName;
        File.WriteAllText(Path.Combine(folder, "kavalek.json"), """{"name":"From the file","registration":"open","behind-proxy":true,"bcrypt-cost":11}""");
        ServerOptions options = ServerOptions.Read(["--data", folder, "--name=From the line"]);
        Assert.Equal(("From the line", RegistrationPolicy.Open, true, 11), (options.Name, options.Registration, options.BehindProxy, options.BcryptCost));
        File.WriteAllText(Path.Combine(folder, "kavalek.json"), """{"registraton":"open"}""");
        Assert.Throws<InvalidOperationException>(() => ServerOptions.Read(["--data", folder]));
        File.WriteAllText(Path.Combine(folder, "kavalek.json"), "[]");
        Assert.Throws<InvalidOperationException>(() => ServerOptions.Read(["--data", folder]));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(13)]
    public async Task A_weak_or_absurd_cost_is_refused(int cost) =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => TestServer.StartAsync(change: o => o with { BcryptCost = cost }));
}

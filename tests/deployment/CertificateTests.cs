using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kavalek.Host;
using Kavalek.Tests.Support;

namespace Kavalek.Deployment.Tests;

/// <summary>A server that ends TLS itself, as the single container does.</summary>
public static class CertificateTests
{
    const string Name = "chat.test";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // K-17, K-77, K-79
    [Fact]
    public static async Task One_process_with_a_name_gets_its_certificate_by_itself_renews_it_and_keeps_it_over_a_restart()
    {
        (int http, int https) = (Authority.FreePort(), Authority.FreePort());
        await using Authority authority = await Authority.StartAsync(http);
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, o => o with
        {
            Urls = $"https://127.0.0.1:{https};http://127.0.0.1:{http}",
            TlsName = Name,
            Origin = $"https://{Name}",
            AcmeUrl = authority.Url,
            AcmeHandler = authority.Handler,
        });
        X509Certificate2 root = await authority.RootAsync();

        // It answers at once, with a certificate that nobody trusts; then with one that leads to the authority alone, its chain sent along.
        string first = await CertifiedAsync(server, clock, https, root, null);
        await Assert.ThrowsAnyAsync<AuthenticationException>(() => ShakeAsync(https, root, SslProtocols.Tls12));
        await Assert.ThrowsAnyAsync<AuthenticationException>(() => ShakeAsync(https, root, name: "other.test"));
        Assert.Contains("a certificate until ", server.Logs);
        Assert.Equal(0, await HealthCheck.RunAsync(server.Options));

        // Port 80 sends everybody to TLS and to this name, upgrades nothing, and keeps no proof.
        string upgrade = "Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        foreach (string target in (string[])["/", "/auth/v1/instance", "/socket", "/.well-known/acme-challenge/none", "/a?b=c"])
        {
            string answer = await RawRequest.SendAsync(http, $"GET {target} HTTP/1.1\r\nHost: evil.example\r\n{upgrade}\r\n");
            Assert.Equal((int[])[308], RawRequest.Statuses(answer));
            Assert.Contains($"Location: https://{Name}{target}\r\n", answer);
        }
        using (HttpClient client = new(new SocketsHttpHandler { ConnectCallback = (_, cancel) => OpenAsync(https, cancel), SslOptions = Trust(root) }) { BaseAddress = new Uri($"https://{Name}") })
        {
            using HttpResponseMessage answer = await client.GetAsync("/auth/v1/instance", Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("max-age=63072000; includeSubDomains", Assert.Single(answer.Headers.GetValues("Strict-Transport-Security")));
        }

        // A browser is offered no HTTP/2, on which it would open its socket otherwise than ours is; so it opens.
        await using (SslStream socket = await ShakeAsync(https, root))
        {
            Assert.Equal(SslApplicationProtocol.Http11, socket.NegotiatedApplicationProtocol);
            await socket.WriteAsync(Encoding.ASCII.GetBytes(
                $"GET /socket HTTP/1.1\r\nHost: {Name}\r\nOrigin: https://{Name}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), Cancel);
            using StreamReader answer = new(socket);
            Assert.Equal("HTTP/1.1 101 Switching Protocols", await answer.ReadLineAsync(Cancel));
        }

        // A third of its life before its end there is another one; nobody was cut off meanwhile.
        await using (SslStream open = await ShakeAsync(https, root))
        {
            clock.Advance(Authority.Validity * 0.7);
            string second = await CertifiedAsync(server, clock, https, root, first);
            await open.WriteAsync("GET /api/healthz HTTP/1.1\r\nHost: chat.test\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancel);
            using StreamReader answer = new(open);
            Assert.Equal("HTTP/1.1 200 OK", await answer.ReadLineAsync(Cancel));

            // What was given is stored, for its owner alone: the next start asks nobody.
            string stored = Path.Combine(server.Data, "certificates", "current.pem");
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(stored));
            await server.RestartAsync(o => o with { AcmeUrl = "https://127.0.0.1:9/dir" });
            await using SslStream again = await ShakeAsync(https, root);
            Assert.Equal(second, again.RemoteCertificate!.GetSerialNumberString());
        }
        root.Dispose();
    }

    [Fact]
    public static async Task Without_the_authority_the_server_serves_and_says_why_and_asks_less_and_less_often()
    {
        (int http, int https) = (Authority.FreePort(), Authority.FreePort());
        int asked = 0;
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, o => o with
        {
            Urls = $"https://127.0.0.1:{https};http://127.0.0.1:{http}",
            TlsName = Name,
            AcmeUrl = "https://authority.test/dir",
            AcmeHandler = new Refusing(() => Interlocked.Increment(ref asked)),
        });
        // After a minute, five more, then each half hour.
        int failed = 0;
        foreach (int minutes in (int[])[0, 1, 5, 30, 30])
        {
            DateTimeOffset earliest = clock.GetUtcNow().AddMinutes(minutes);
            while (server.Logs.Split("no certificate: ").Length - 1 == failed)
            {
                if (minutes > 0 && asked == failed) clock.Advance(TimeSpan.FromSeconds(5));
                await Task.Yield();
            }
            Assert.Equal(++failed, asked);
            Assert.True(clock.GetUtcNow() >= earliest);
        }
        Assert.Contains("no certificate: rateLimited: ", server.Logs);
        Assert.DoesNotContain("192.0.2.1", server.Logs, StringComparison.Ordinal);
        await using SslStream stream = new(new NetworkStream(await ConnectAsync(https, Cancel), ownsSocket: true), false, (_, shown, _, _) => shown?.Subject == $"CN={Name}");
        await stream.AuthenticateAsClientAsync(Name);
    }

    [Fact]
    public static void A_name_for_TLS_takes_both_addresses_and_no_other_certificate()
    {
        string[] both = ["--urls", "https://+:8443;http://+:8080"];
        ServerOptions options = ServerOptions.Read([.. both, "--tls-name", "chat.example"]);
        Assert.Equal(("chat.example", "https://chat.example"), (options.TlsName, options.Origin));
        foreach (string[] wrong in (string[][])
        [
            [.. both, "--tls-name", "chat"], [.. both, "--tls-name", "192.0.2.1"], [.. both, "--tls-name", "https://chat.example"], ["--urls", "https://+:8443", "--tls-name", "chat.example"],
            [.. both, "--tls-name", "chat.example", "--behind-proxy"], [.. both, "--tls-name", "chat.example", "--certificate", "a", "--certificate-key", "b"],
            [.. both, "--tls-name", "chat.example", "--acme-url", "http://authority.example/dir"],
        ]) Assert.Throws<InvalidOperationException>(() => ServerOptions.Read(wrong));
    }

    // K-77
    [Fact]
    public static async Task A_given_certificate_is_sent_with_its_chain()
    {
        using TestAuthority authority = new();
        (string chain, string secret) = authority.CertifyBelow(Name);
        string folder = Directory.CreateTempSubdirectory("kavalek-chain-").FullName;
        (string certificate, string certificateKey) = (Path.Combine(folder, "fullchain.pem"), Path.Combine(folder, "privkey.pem"));
        await File.WriteAllTextAsync(certificate, chain, Cancel);
        await File.WriteAllTextAsync(certificateKey, secret, Cancel);
        int https = Authority.FreePort();
        await using (TestServer server = await TestServer.StartAsync(change: o => o with { Urls = $"https://127.0.0.1:{https}", Certificate = certificate, CertificateKey = certificateKey }))
        {
            await using SslStream stream = await ShakeAsync(https, authority.Certificate);
            Assert.Equal(SslProtocols.Tls13, stream.SslProtocol);
        }
        Directory.Delete(folder, recursive: true);
    }

    // Until the server shows a certificate of the authority's, another one than before; gives its serial number.
    static async Task<string> CertifiedAsync(TestServer server, ManualClock clock, int port, X509Certificate2 root, string? before)
    {
        while (true)
        {
            try
            {
                await using SslStream stream = await ShakeAsync(port, root);
                if (stream.RemoteCertificate!.GetSerialNumberString() is { } serial && serial != before) return serial;
            }
            catch (AuthenticationException)
            {
                // Not yet.
            }
            Assert.DoesNotContain("no certificate: ", server.Logs, StringComparison.Ordinal);
            // What waits between two questions goes on.
            clock.Advance(TimeSpan.FromSeconds(0.2));
        }
    }

    static async Task<SslStream> ShakeAsync(int port, X509Certificate2 root, SslProtocols protocol = SslProtocols.None, string name = Name)
    {
        SslStream stream = new(new NetworkStream(await ConnectAsync(port, Cancel), ownsSocket: true));
        SslClientAuthenticationOptions options = Trust(root);
        (options.TargetHost, options.EnabledSslProtocols, options.ApplicationProtocols) = (name, protocol, [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11]);
        await stream.AuthenticateAsClientAsync(options, Cancel);
        return stream;
    }

    // The root alone: what is between it and the server's own has to come from the server.
    static SslClientAuthenticationOptions Trust(X509Certificate2 root) => new()
    {
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            CustomTrustStore = { root },
        },
    };

    static async ValueTask<Stream> OpenAsync(int port, CancellationToken cancel) => new NetworkStream(await ConnectAsync(port, cancel), ownsSocket: true);

    static async Task<Socket> ConnectAsync(int port, CancellationToken cancel)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
        return socket;
    }

    sealed class Refusing(Action asked) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.AbsolutePath == "/dir")
                return Answer(HttpStatusCode.OK, """{"newNonce":"https://authority.test/nonce","newAccount":"https://authority.test/account","newOrder":"https://authority.test/order"}""");
            if (request.RequestUri.AbsolutePath == "/nonce") return Answer(HttpStatusCode.OK, "");
            asked();
            return Answer(HttpStatusCode.TooManyRequests, """{"type":"urn:ietf:params:acme:error:rateLimited","detail":"192.0.2.1 asked too often"}""");
        }

        static Task<HttpResponseMessage> Answer(HttpStatusCode status, string body)
        {
            HttpResponseMessage answer = new(status) { Content = new StringContent(body) };
            answer.Headers.Add("Replay-Nonce", "nonce");
            return Task.FromResult(answer);
        }
    }
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Kavalek.Client;

namespace Kavalek.Deployment.Tests;

/// <summary>TLS and nothing else, at the edge and in the client.</summary>
[Collection(nameof(Edge))]
public sealed class TransportTests(Edge edge)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // K-17, K-77
    [Fact]
    public async Task Only_TLS_1_3_for_the_instances_own_name_gets_an_answer_and_every_answer_asks_to_stay_on_TLS()
    {
        // 1.2, 1.1 and 1.0; the names of the older ones are obsolete, and the client's own side may refuse them first.
        foreach (int old in (int[])[0xC00, 0x300, 0xC0])
        {
            await Assert.ThrowsAnyAsync<AuthenticationException>(() => edge.Nginx.ConnectAsync((SslProtocols)old));
        }
        await Assert.ThrowsAnyAsync<Exception>(() => edge.Nginx.ConnectAsync(SslProtocols.Tls13, "other.example"));
        await Assert.ThrowsAnyAsync<Exception>(() => edge.Nginx.ConnectAsync(SslProtocols.Tls13, "127.0.0.1"));
        await using (SslStream stream = await edge.Nginx.ConnectAsync(SslProtocols.Tls13)) Assert.Equal(SslProtocols.Tls13, stream.SslProtocol);

        using HttpClient http = edge.Nginx.Client();
        foreach (string path in (string[])["/", "/assets/index-abc.js", "/auth/v1/instance", "/api/healthz", "/socket", "/nowhere", "/auth//", "/auth/v1/devices"])
        {
            using HttpResponseMessage answer = await http.GetAsync(path, Cancel);
            string policy = Assert.Single(answer.Headers.GetValues("Strict-Transport-Security"));
            Assert.True(int.Parse(policy.Split(';')[0].Split('=')[1], System.Globalization.CultureInfo.InvariantCulture) >= 31_536_000, path);
        }
    }

    // K-17
    [Fact]
    public async Task Plain_HTTP_sends_everybody_to_TLS_upgrades_nothing_and_serves_only_the_proof_for_a_certificate()
    {
        string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        foreach ((string target, string more) in ((string, string)[])[("/", ""), ("/auth/v1/instance", ""), ("/socket", upgrade), ("/index.html", ""), ("/chat?a=1", "")])
        {
            string answer = await RawRequest.SendAsync(edge.Nginx.HttpPort, $"GET {target} HTTP/1.1\r\nHost: evil.example\r\n{(more.Length > 0 ? more : "Connection: close\r\n")}\r\n".Replace(
                "Connection: Upgrade", "Connection: Upgrade, close", StringComparison.Ordinal));
            Assert.Equal((int[])[308], RawRequest.Statuses(answer));
            // Where to is the instance's own name, never what was asked for in Host.
            Assert.Contains($"Location: https://{Nginx.Host}{target}\r\n", answer);
            Assert.DoesNotContain("evil", answer, StringComparison.Ordinal);
        }
        string proof = Path.Combine(edge.Nginx.Webroot, ".well-known/acme-challenge");
        Directory.CreateDirectory(proof);
        File.WriteAllText(Path.Combine(proof, "token"), "the proof");
        Assert.EndsWith("the proof", await RawRequest.SendAsync(edge.Nginx.HttpPort, "GET /.well-known/acme-challenge/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        // It serves nothing else: what climbs out of its folder is sent to TLS like the rest.
        Assert.Equal((int[])[308], RawRequest.Statuses(await RawRequest.SendAsync(edge.Nginx.HttpPort, "GET /.well-known/acme-challenge/../../authority.pem HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
        // Plain HTTP where TLS is spoken gets a refusal, and no page.
        Assert.Equal((int[])[400], RawRequest.Statuses(await RawRequest.SendAsync(edge.Nginx.HttpsPort, $"GET / HTTP/1.1\r\nHost: {Nginx.Host}\r\nConnection: close\r\n\r\n")));
    }

    // K-77
    [Fact]
    public async Task The_client_goes_on_past_no_bad_certificate()
    {
        await using (HttpTransport good = new(edge.Nginx.Origin, edge.Nginx.Trust))
        {
            using HttpResponseMessage answer = await good.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/auth/v1/instance"), Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            await using ITransportSocket socket = await good.ConnectAsync(Cancel);
        }
        // Nobody it knows vouches for it; the shipped client has no way to go on.
        await RefusesAsync(new HttpTransport(edge.Nginx.Origin));
        // Another name than the certificate's: NGINX does not even show it.
        await RefusesAsync(new HttpTransport(new Uri($"https://127.0.0.1:{edge.Nginx.HttpsPort}"), edge.Nginx.Trust));

        using TestAuthority authority = new();
        SslClientAuthenticationOptions trust = new()
        {
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { authority.Certificate } },
        };
        foreach (X509Certificate2 bad in (X509Certificate2[])[authority.Certify("other.example"), authority.Certify("localhost", (-20, -2)), authority.Certify("localhost", (2, 20)), authority.Certify("127.0.0.1")])
        {
            using TcpListener listener = new(IPAddress.Loopback, 0);
            listener.Start();
            Task serving = ServeAsync(listener, bad);
            await RefusesAsync(new HttpTransport(new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"), trust));
            listener.Stop();
            await serving;
            bad.Dispose();
        }
    }

    static async Task RefusesAsync(HttpTransport transport)
    {
        await using (transport)
        {
            HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() => transport.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/auth/v1/instance"), Cancel));
            Assert.IsAssignableFrom<AuthenticationException>(refused.InnerException);
            await Assert.ThrowsAnyAsync<Exception>(() => transport.ConnectAsync(Cancel));
        }
    }

    static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        try
        {
            while (true)
            {
                using TcpClient tcp = await listener.AcceptTcpClientAsync(Cancel);
                await using SslStream stream = new(tcp.GetStream());
                try
                {
                    await stream.AuthenticateAsServerAsync(certificate);
                }
                catch (Exception e) when (e is AuthenticationException or IOException)
                {
                    // The client left, as it should.
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Nobody listens any more.
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Kavalek.Deployment.Tests;

/// <summary>
/// The real NGINX with the files that are shipped, as a process of its own on free ports. Only paths and names are filled in, as its image does;
/// and where it is older than 1.25.1, the line that turns HTTP/2 on is written as it was written then.
/// </summary>
sealed partial class Nginx : IAsyncDisposable
{
    /// <summary>The name that the certificate is for.</summary>
    public const string Host = "localhost";

    readonly TestAuthority _authority;
    readonly string _folder;
    readonly Process _process;
    readonly Task<string> _errors;

    Nginx(TestAuthority authority, string folder, int http, int https, Process process)
    {
        (_authority, _folder, HttpPort, HttpsPort, _process) = (authority, folder, http, https, process);
        _errors = process.StandardError.ReadToEndAsync();
        Trust = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { authority.Certificate },
            },
        };
    }

    public int HttpPort { get; }
    public int HttpsPort { get; }
    public Uri Origin => new($"https://{Host}:{HttpsPort}");

    /// <summary>What a client needs to know in order to trust it.</summary>
    public SslClientAuthenticationOptions Trust { get; }

    /// <summary>The authority's certificate, in PEM.</summary>
    public string AuthorityFile => Path.Combine(_folder, "authority.pem");

    /// <summary>Where certbot puts its proofs.</summary>
    public string Webroot => Path.Combine(_folder, "webroot");

    /// <summary>Stops it, and gives all it said on its error output.</summary>
    public async Task<string> StopAsync()
    {
        // SIGTERM: the master stops its workers.
        Process.Start("kill", ["-TERM", $"{_process.Id}"]).WaitForExit();
        await _process.WaitForExitAsync();
        return await _errors;
    }

    /// <summary>What it wrote about calls that failed.</summary>
    public string FailureLog => File.Exists(Path.Combine(_folder, "failures")) ? File.ReadAllText(Path.Combine(_folder, "failures")) : "";

    /// <param name="port">Where the server listens on this machine.</param>
    /// <param name="web">The folder of the web app.</param>
    /// <param name="httpsPort">Where to listen for TLS; a free port by default.</param>
    /// <param name="nodes">Where the delivery services listen, if they are several; a name with as many addresses in a real instance.</param>
    /// <param name="impatient">Slow requests end after one second and not after ten, for tests that wait for that. On a busy machine an honest program is that slow, too.</param>
    /// <remarks>Where there is no NGINX the test is skipped with a reason; in continuous integration it fails.</remarks>
    public static async Task<Nginx> StartAsync(int port, string web, int? httpsPort = null, int[]? nodes = null, bool impatient = false)
    {
        string program = ((string[])["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]).FirstOrDefault(File.Exists) ?? Missing();
        TestAuthority authority = new();
        string folder = Directory.CreateTempSubdirectory("kavalek-nginx-").FullName;
        // NGINX, started by root, hands the work to another user, who has to reach the files.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        foreach (string name in (string[])["conf.d", "certificates", "webroot"]) Directory.CreateDirectory(Path.Combine(folder, name));
        using X509Certificate2 certificate = authority.Certify(Host);
        File.WriteAllText(Path.Combine(folder, "authority.pem"), authority.Certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "certificates/fullchain.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "certificates/privkey.pem"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        (int http, int https) = (FreePort(), httpsPort ?? FreePort());
        Dictionary<string, string> settings = new()
        {
            ["KAVALEK_HOST"] = Host,
            ["KAVALEK_AUTH"] = $"127.0.0.1:{port}",
            ["KAVALEK_MESSAGING"] = nodes is null ? $"127.0.0.1:{port}" : "nodes",
            ["KAVALEK_RESOLVER"] = "127.0.0.1",
            ["KAVALEK_CERTIFICATES"] = Path.Combine(folder, "certificates"),
            ["KAVALEK_WEB"] = web,
            ["KAVALEK_WEBROOT"] = Path.Combine(folder, "webroot"),
            ["KAVALEK_HTTP_PORT"] = $"127.0.0.1:{http}",
            ["KAVALEK_HTTPS_PORT"] = $"127.0.0.1:{https}",
        };
        string site = Setting().Replace(Repository.Read("app/nginx/site.conf"), m => settings[m.Groups[1].Value]);
        if (await VersionAsync(program) < new Version(1, 25, 1))
        {
            Assert.Equal(2, Http2().Count(site));
            site = Listen().Replace(Http2().Replace(site, ""), "$1 http2");
        }
        string main = Repository.Read("app/nginx/nginx.conf");
        Assert.Contains("client_header_timeout 10s;", main);
        if (impatient) main = main.Replace("client_header_timeout 10s;", "client_header_timeout 1s;", StringComparison.Ordinal);
        main = main.Replace("/tmp/", $"{folder}/", StringComparison.Ordinal)
            .Replace("/dev/stdout", Path.Combine(folder, "failures"), StringComparison.Ordinal)
            .Replace("worker_processes auto;", "worker_processes 1;", StringComparison.Ordinal)
            .Replace("worker_connections 32768;", "worker_connections 1024;", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder, "conf.d/site.conf"), site);
        // A name's addresses are asked for anew each time: which of them failed before is not remembered.
        if (nodes is not null) File.WriteAllText(Path.Combine(folder, "conf.d/nodes.conf"), $"upstream nodes {{ {string.Concat(nodes.Select(node => $"server 127.0.0.1:{node} max_fails=0; "))}}}\n");
        File.WriteAllText(Path.Combine(folder, "nginx.conf"), main);

        Process process = Process.Start(new ProcessStartInfo(program, ["-e", "stderr", "-c", Path.Combine(folder, "nginx.conf"), "-g", "daemon off;"]) { RedirectStandardError = true })!;
        Nginx nginx = new(authority, folder, http, https, process);
        while (!await ListensAsync(https))
        {
            if (process.HasExited) Assert.Fail($"NGINX did not start: {await nginx._errors}");
        }
        return nginx;
    }

    /// <summary>An HTTP client that trusts it and follows nothing.</summary>
    public HttpClient Client() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, SslOptions = Trust }) { BaseAddress = Origin };

    /// <summary>Shakes hands, and sends what it likes.</summary>
    /// <exception cref="AuthenticationException">It did not want to.</exception>
    public async Task<SslStream> ConnectAsync(SslProtocols protocol = SslProtocols.None, string name = Host)
    {
        TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, HttpsPort, TestContext.Current.CancellationToken);
        SslStream stream = new(tcp.GetStream());
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = name, EnabledSslProtocols = protocol, CertificateChainPolicy = Trust.CertificateChainPolicy },
            TestContext.Current.CancellationToken);
        return stream;
    }

    /// <summary>Sends bytes as they are, and gives all that comes back until the other side closes.</summary>
    public async Task<string> SendRawAsync(string request)
    {
        await using SslStream stream = await ConnectAsync();
        return await RawRequest.SendAsync(stream, request);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await StopAsync();
        _process.Dispose();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    static async Task<bool> ListensAsync(int port)
    {
        using TcpClient tcp = new();
        try
        {
            await tcp.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    static async Task<Version> VersionAsync(string program)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, ["-v"]) { RedirectStandardError = true })!;
        return Version.Parse(VersionNumber().Match(await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).Groups[1].Value);
    }

    static string Missing()
    {
        const string reason = "There is no NGINX: scripts/install-nginx.sh";
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(reason);
        Assert.Skip(reason);
        return "";
    }

    [GeneratedRegex(@"\$\{(KAVALEK_[A-Z_]+)\}")]
    private static partial Regex Setting();

    [GeneratedRegex(@"^  http2 on;\n", RegexOptions.Multiline)]
    private static partial Regex Http2();

    [GeneratedRegex(@"(listen \S+ ssl)")]
    private static partial Regex Listen();

    [GeneratedRegex(@"nginx/([0-9.]+)")]
    private static partial Regex VersionNumber();
}

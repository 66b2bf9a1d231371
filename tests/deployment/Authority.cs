using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kavalek.Deployment.Tests;

/// <summary>
/// Pebble, the authority that Let's Encrypt gives to those who test clients of ACME, with a resolver for which every name is this machine: processes of their own on free ports. It refuses
/// a good nonce now and then, as it likes to.
/// </summary>
sealed class Authority : IAsyncDisposable
{
    /// <summary>How long what it gives is valid.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromMinutes(30);

    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-authority-").FullName;
    readonly TestAuthority _own = new();
    readonly int _directory = FreePort(), _management = FreePort();
    readonly List<Process> _processes = [];

    /// <summary>Where its directory is.</summary>
    public string Url => $"https://127.0.0.1:{_directory}/dir";

    /// <summary>Reaches it, and trusts it.</summary>
    public HttpMessageHandler Handler => new SocketsHttpHandler
    {
        SslOptions = { CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { _own.Certificate } } },
    };

    /// <param name="httpPort">The port at which it looks for proofs, in place of 80.</param>
    /// <remarks>Where there is no Pebble the test is skipped with a reason; in continuous integration it fails.</remarks>
    public static async Task<Authority> StartAsync(int httpPort)
    {
        if (!File.Exists("/usr/bin/pebble"))
        {
            const string reason = "There is no Pebble: scripts/install-nginx.sh";
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(reason);
            Assert.Skip(reason);
        }
        Authority authority = new();
        using (X509Certificate2 certificate = authority._own.Certify("127.0.0.1"))
        {
            File.WriteAllText(authority.PathOf("own.pem"), certificate.ExportCertificatePem());
            using ECDsa key = certificate.GetECDsaPrivateKey()!;
            File.WriteAllText(authority.PathOf("own.key"), key.ExportPkcs8PrivateKeyPem());
        }
        File.WriteAllText(authority.PathOf("pebble.json"), $$"""
            { "pebble": { "listenAddress": "127.0.0.1:{{authority._directory}}", "managementListenAddress": "127.0.0.1:{{authority._management}}",
              "certificate": "{{authority.PathOf("own.pem")}}", "privateKey": "{{authority.PathOf("own.key")}}", "httpPort": {{httpPort}}, "tlsPort": {{FreePort()}}, "ocspResponderURL": "",
              "certificateValidityPeriod": {{(int)Validity.TotalSeconds}} } }
            """);
        int resolver = FreePort(), resolverManagement = FreePort();
        authority.Start("pebble-challtestsrv", "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", $"127.0.0.1:{resolverManagement}", "-dns01", $"127.0.0.1:{resolver}", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "");
        authority.Start("pebble", "-config", authority.PathOf("pebble.json"), "-dnsserver", $"127.0.0.1:{resolver}");
        foreach (int port in (int[])[resolverManagement, authority._directory, authority._management])
        {
            while (!await ListensAsync(port)) Assert.DoesNotContain(authority._processes, p => p.HasExited);
        }
        return authority;
    }

    /// <summary>Whom its certificates lead to.</summary>
    public async Task<X509Certificate2> RootAsync()
    {
        using HttpMessageHandler handler = Handler;
        using HttpClient http = new(handler);
        return X509Certificate2.CreateFromPem(await http.GetStringAsync(new Uri($"https://127.0.0.1:{_management}/roots/0"), TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process process in _processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
        _own.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    string PathOf(string name) => Path.Combine(_folder, name);

    void Start(string program, params string[] arguments)
    {
        ProcessStartInfo info = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["PEBBLE_VA_NOSLEEP"] = "1";
        info.Environment["PEBBLE_WFE_NONCEREJECT"] = "30";
        Process process = Process.Start(info)!;
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        _processes.Add(process);
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
}

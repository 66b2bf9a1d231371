using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kavalek.Deployment.Tests;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>
/// An instance as an organisation runs it: an authentication service and two delivery services, each a process, with a PostgreSQL, a Redis and an NGINX of their own. The
/// second node reaches both through connections that can be cut, and Redis by TLS, as on another machine.
/// </summary>
sealed class ClusterScene : IAsyncDisposable
{
    const string RedisPassword = "not-a-secret-but-asked-for";

    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-cluster-").FullName;
    readonly string _owner;
    readonly int _redisPort = FreePort(), _redisTlsPort = FreePort(), _metricsPort = FreePort(), _firstPort = FreePort();
    HttpMessageInvoker? _through;
    Process? _redis;

    ClusterScene()
    {
        // PostgreSQL's own user looks for its folder below ours.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        _owner = TestPostgres.Run("postgres.sh", "start", PostgresFolder);
        PostgresLine = new CutLine(new Npgsql.NpgsqlConnectionStringBuilder(_owner).Port);
        MakeCertificate();
        StartRedis();
        RedisLine = new CutLine(_redisTlsPort);
    }

    /// <summary>Between the second node and PostgreSQL.</summary>
    public CutLine PostgresLine { get; }

    /// <summary>Between the second node and Redis.</summary>
    public CutLine RedisLine { get; }

    public ServerProcess Auth { get; private set; } = null!;
    public ServerProcess First { get; private set; } = null!;
    public ServerProcess Second { get; private set; } = null!;

    /// <summary>In front of both nodes.</summary>
    public Nginx Nginx { get; private set; } = null!;

    /// <summary>Trusts it.</summary>
    public HttpMessageInvoker Through => _through ??= new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = Nginx.Trust, UseProxy = false });

    /// <summary>Signs tokens as the authentication service does.</summary>
    public Func<PlainDevice, string> Token { get; private set; } = null!;

    /// <summary>Where the second node shows what it measures.</summary>
    public Uri Metrics => new($"http://127.0.0.1:{_metricsPort}/metrics");

    /// <summary>What PostgreSQL has logged.</summary>
    public string PostgresLog => File.ReadAllText(Path.Combine(PostgresFolder, "log"));

    public TestTables Messaging => new(_folder, _owner, "messaging");

    public TestTables Accounts => new(_folder, _owner, "auth");

    /// <summary>Where attachments lie: one folder for both nodes.</summary>
    public string Blobs => Path.Combine(_folder, "first", "blobs");

    string AuthorityFile => Path.Combine(_folder, "redis.pem");

    string PostgresFolder => Path.Combine(_folder, "postgres");

    public static async Task<ClusterScene> StartAsync()
    {
        try
        {
            TestPostgres.Run("install-services.sh");
            TestPostgres.Run("install-nginx.sh");
        }
        catch (InvalidOperationException missing)
        {
            Assert.Skip(missing.Message);
        }
        var scene = new ClusterScene();
        try
        {
            await scene.StartAllAsync();
            return scene;
        }
        catch
        {
            // Or its processes outlive the test.
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>The first node begins, or begins again.</summary>
    public async Task<ServerProcess> StartFirstAsync() =>
        First = await ServerProcess.StartAsync(Path.Combine(_folder, "first"), [.. Stores(0, _redisPort), .. Alone(), "--urls", $"http://127.0.0.1:{_firstPort}"]);

    public void StartRedis()
    {
        // A user that may do what a node does, and nothing else.
        string[] settings =
        [
            $"port {_redisPort}", $"tls-port {_redisTlsPort}", $"tls-cert-file {AuthorityFile}", $"tls-key-file {AuthorityFile}.key", "tls-auth-clients no", "bind 127.0.0.1", "save \"\"", "appendonly no", $"dir {_folder}", "user default off",
            $"user kavalek on >{RedisPassword} resetkeys ~kavalek:* resetchannels &kavalek:* -@all +hello +ping +ssubscribe +sunsubscribe +spublish +set +get +del +exists",
            $"user watcher on >{RedisPassword} +@all ~* &*",
        ];
        string file = Path.Combine(_folder, "redis.conf");
        File.WriteAllLines(file, settings);
        _redis = Process.Start(new ProcessStartInfo("redis-server", [file]) { RedirectStandardOutput = true })!;
        _ = _redis.StandardOutput.ReadToEndAsync();
        while (!_redis.HasExited)
        {
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(IPAddress.Loopback, _redisPort);
                return;
            }
            catch (SocketException)
            {
                // Not listening yet.
            }
        }
        throw new InvalidOperationException("Redis did not start");
    }

    public void KillRedis()
    {
        _redis!.Kill();
        _redis.WaitForExit();
        _redis.Dispose();
    }

    /// <summary>PostgreSQL dies as in a power cut, and comes back.</summary>
    public void CrashPostgres()
    {
        TestPostgres.Run("postgres.sh", "stop", PostgresFolder, "immediate");
        TestPostgres.Run("postgres.sh", "restart", PostgresFolder);
    }

    /// <summary>A connection to Redis by hand.</summary>
    public async Task<NetworkStream> RedisAsync(string command)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _redisPort, TestContext.Current.CancellationToken);
        var stream = new NetworkStream(socket, ownsSocket: true);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command), TestContext.Current.CancellationToken);
        return stream;
    }

    /// <summary>A number that Redis answers.</summary>
    public async Task<string> AskRedisAsync(string command)
    {
        using var reader = new StreamReader(await RedisAsync($"AUTH watcher {RedisPassword}\r\n{command}\r\n"), Encoding.ASCII);
        Assert.Equal("+OK", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        return (await reader.ReadLineAsync(TestContext.Current.CancellationToken))!.TrimStart(':');
    }

    /// <summary>All that Redis is told from now on, until it is asked to stop.</summary>
    public async Task<Func<Task<string>>> MonitorAsync()
    {
        NetworkStream stream = await RedisAsync($"AUTH watcher {RedisPassword}\r\nMONITOR\r\n");
        var heard = new StringBuilder();
        var end = new TaskCompletionSource();
        Task reading = Task.Run(async () =>
        {
            byte[] buffer = new byte[64 * 1024];
            while (await stream.ReadAsync(buffer) is > 0 and int count)
            {
                lock (heard)
                    heard.Append(Encoding.Latin1.GetString(buffer, 0, count));
                if (heard.ToString().Contains("the-end", StringComparison.Ordinal))
                    end.TrySetResult();
            }
            end.TrySetResult();
        });
        return async () =>
        {
            await using NetworkStream last = await RedisAsync($"AUTH watcher {RedisPassword}\r\nECHO the-end\r\n");
            await end.Task.WaitAsync(Awaited.Patience);
            await stream.DisposeAsync();
            lock (heard)
                return heard.ToString();
        };
    }

    public async ValueTask DisposeAsync()
    {
        _through?.Dispose();
        if (Nginx is not null)
            await Nginx.DisposeAsync();
        foreach (ServerProcess? process in (ServerProcess?[])[First, Second, Auth])
            process?.Dispose();
        await PostgresLine.DisposeAsync();
        await RedisLine.DisposeAsync();
        if (_redis is { } redis)
        {
            redis.Kill();
            redis.WaitForExit();
        }
        TestPostgres.Run("postgres.sh", "stop", PostgresFolder, "immediate");
        Directory.Delete(_folder, recursive: true);
    }

    async Task StartAllAsync()
    {
        string data = Path.Combine(_folder, "auth");
        Auth = await ServerProcess.StartAsync(data, [.. Stores(0, _redisPort), "--roles", "auth"]);
        Token = await Auth.MintAsync(data);
        Directory.CreateDirectory(Blobs);
        Directory.CreateDirectory(Path.Combine(_folder, "second"));
        File.CreateSymbolicLink(Path.Combine(_folder, "second", "blobs"), Blobs);
        First = await StartFirstAsync();
        Second = await ServerProcess.StartTrustingAsync(
            AuthorityFile, Path.Combine(_folder, "second"), [.. Stores(PostgresLine.Port, RedisLine.Port), .. Alone(), "--metrics-urls", Metrics.GetLeftPart(UriPartial.Authority)]);
        Nginx = await Nginx.StartAsync(Auth.Address.Port, _folder, nodes: [_firstPort, Second.Address.Port]);
    }

    string[] Stores(int postgresPort, int redisPort)
    {
        string name = $"{postgresPort}";
        string postgres = Path.Combine(_folder, $"postgres-{name}.secret"), redis = Path.Combine(_folder, $"redis-{name}.secret");
        var connection = new Npgsql.NpgsqlConnectionStringBuilder(_owner);
        if (postgresPort != 0)
            connection.Port = postgresPort;
        File.WriteAllText(postgres, connection.ToString());
        File.WriteAllText(redis, $"{(redisPort == _redisPort ? "redis" : "rediss")}://kavalek:{RedisPassword}@127.0.0.1:{redisPort}");
        return ["--database", "postgres", "--connection-file", postgres, "--redis-file", redis];
    }

    // Redis' own, which vouches for itself.
    void MakeCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=redis", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(AuthorityFile, certificate.ExportCertificatePem());
        File.WriteAllText($"{AuthorityFile}.key", key.ExportPkcs8PrivateKeyPem());
    }

    string[] Alone() => ["--roles", "messaging", "--auth-url", Auth.Address.GetLeftPart(UriPartial.Authority)];

    static int FreePort()
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

/// <summary>One of these for all tests of a class, made for the first that wants it.</summary>
public sealed class SharedCluster : IAsyncDisposable
{
    Task<ClusterScene>? _scene;

    internal Task<ClusterScene> SceneAsync() => _scene ??= ClusterScene.StartAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_scene is { IsCompletedSuccessfully: true })
            await (await _scene).DisposeAsync();
    }
}

/// <summary>A line to a port of this machine that can be cut: then what is under way stays there, and nobody is told, as when a cable is pulled.</summary>
sealed class CutLine : IAsyncDisposable
{
    readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    readonly CancellationTokenSource _stopping = new();
    readonly int _to;
    readonly Lock _gate = new();
    readonly List<Socket> _open = [];
    TaskCompletionSource _whole = Whole();

    public CutLine(int to)
    {
        _to = to;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public void Cut() => _whole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Mend() => _whole.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        lock (_gate)
            _open.ForEach(socket => socket.Dispose());
        _stopping.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket from = await _listener.AcceptAsync(_stopping.Token);
                _ = JoinAsync(from);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It was taken down.
        }
    }

    async Task JoinAsync(Socket from)
    {
        Socket to = new(SocketType.Stream, ProtocolType.Tcp);
        lock (_gate)
            _open.AddRange([from, to]);
        try
        {
            await _whole.Task;
            await to.ConnectAsync(IPAddress.Loopback, _to, _stopping.Token);
            await Task.WhenAny(PassAsync(from, to), PassAsync(to, from));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One side is gone.
        }
        from.Dispose();
        to.Dispose();
    }

    async Task PassAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer, _stopping.Token) is > 0 and int count)
        {
            await _whole.Task;
            await to.SendAsync(buffer.AsMemory(0, count), _stopping.Token);
        }
    }

    static TaskCompletionSource Whole()
    {
        var whole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        whole.SetResult();
        return whole;
    }
}

using System.Security.Authentication;
using Kavalek.Auth;
using Kavalek.Messaging;
using Kavalek.Protocol;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kavalek.Host;

/// <summary>A running server: options, stores, both services, Kestrel.</summary>
public sealed class Server : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly AuthService? _auth;
    readonly RemoteAuth? _remote;
    readonly CertificateKeeper? _keeper;
    readonly BackupKeeper? _backups;
    IAsyncDisposable? _metrics;

    Server(WebApplication app, AuthService? auth, RemoteAuth? remote, CertificateKeeper? keeper, BackupKeeper? backups) => (_app, _auth, _remote, _keeper, _backups) = (app, auth, remote, keeper, backups);

    /// <summary>Where it listens: the first address, with the port it got.</summary>
    public Uri Address => new(_app.Urls.First());

    /// <summary>The instance's id.</summary>
    public Id Instance => _auth?.Instance ?? _remote!.Instance;

    /// <summary>The secret of the set-up link; <c>null</c> where the instance has its owner.</summary>
    public string? SetUpSecret => _auth?.SetUpSecret;

    /// <summary>The services inside, for tests.</summary>
    internal IServiceProvider Services => _app.Services;

    /// <summary>Starts a server; it answers when this returns.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="clock">The time; the system's by default.</param>
    /// <param name="console">Where the set-up link is printed; the console by default.</param>
    /// <param name="logging">Changes where logs go, after the defaults were set.</param>
    /// <exception cref="InvalidOperationException">A setting, a key file or the system is not fit to start on; the message says what to do.</exception>
    /// <exception cref="IOException">The address is in use, or the folder cannot be written.</exception>
    public static async Task<Server> StartAsync(
        ServerOptions options, TimeProvider? clock = null, TextWriter? console = null, Action<ILoggingBuilder>? logging = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        StrongSecrets.Require(options);
        clock ??= TimeProvider.System;
        // Plain copies of the databases, where a backup was killed (K-65).
        WorkingFolder.Sweep(options.Data);
        if (Directory.Exists(options.Data)) Replacement.RequireNone(options.Data);
        CertificateKeeper? keeper = options.TlsName is null ? null : new CertificateKeeper(options, clock);
        ServerCertificate? certificate = keeper?.Shown ?? (options.Certificate is null ? null : ServerCertificate.FromFiles(options.Certificate, options.CertificateKey!));
        BackupKeeper? backups = options.BackupTo is null ? null : new BackupKeeper(options, clock);
        AuthService? auth = !options.Auth ? null : await AuthService.OpenAsync(
            new AuthOptions
            {
                DataFolder = options.Data,
                Postgres = options.Postgres,
                Name = options.Name,
                Registration = options.Registration,
                TimerFloor = options.TimerFloor,
                TimerCeiling = options.TimerCeiling,
                AttachmentBytes = (long)options.AttachmentSize << 20,
                AttachmentQuota = (long)options.AttachmentQuota << 20,
                BcryptCost = options.BcryptCost,
                RateFactor = options.RateFactor,
                Mail = options.Mail,
                Facts = () => FactsOf(options, certificate),
                Backups = backups is null ? null : new BackupControl(backups.Look, backups.Begin),
            },
            clock);
        RemoteAuth? remote = null;
        WebApplication app;
        try
        {
            remote = options.Auth ? null : await RemoteAuth.ConnectAsync(new Uri(options.AuthUrl!), clock);
            app = Build(options, auth, remote, keeper, backups, certificate, clock, logging);
        }
        catch
        {
            if (auth is not null) await auth.DisposeAsync();
            remote?.Dispose();
            throw;
        }
        Server server = new(app, auth, remote, keeper, backups);
        try
        {
            if (options.MetricsUrls is { } metrics) server._metrics = await MetricsServer.StartAsync(metrics);
            await app.StartAsync();
            // Now the authority finds it.
            keeper?.Begin(app.Services.GetRequiredService<ILogger<CertificateKeeper>>());
        }
        catch
        {
            await server.CloseAsync();
            throw;
        }
        await server.GreetAsync(options, console ?? Console.Out);
        return server;
    }

    /// <summary>Returns when the process is told to stop and every open call has ended.</summary>
    public Task WaitForShutdownAsync() => _app.WaitForShutdownAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await CloseAsync();
    }

    async Task CloseAsync()
    {
        if (_keeper is not null) await _keeper.DisposeAsync();
        await _app.DisposeAsync();
        if (_backups is not null) await _backups.DisposeAsync();
        if (_metrics is not null) await _metrics.DisposeAsync();
        if (_auth is not null) await _auth.DisposeAsync();
        _remote?.Dispose();
    }

    static WebApplication Build(ServerOptions options, AuthService? auth, RemoteAuth? remote, CertificateKeeper? keeper, BackupKeeper? backups, ServerCertificate? certificate, TimeProvider clock,
        Action<ILoggingBuilder>? logging)
    {
        // Nothing by default: no file beside the program and no variable of the framework changes what runs.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            EnvironmentName = options.Development ? Environments.Development : Environments.Production,
        });
        Logging.Configure(builder.Logging, options.LogLevel);
        logging?.Invoke(builder.Logging);
        ConfigureKestrel(builder.WebHost, options, certificate);
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        builder.Services.AddRouting();
        builder.Services.AddSingleton(clock);
        if (options.Redis is { } redis)
        {
            // Readers hold a thread while they wait for the database.
            ThreadPool.SetMinThreads(32, 32);
            builder.Services.AddSingleton<IEventBus>(services =>
                new ClusterEventBus(options.Postgres!, RedisAddress.Parse(redis), clock, services.GetRequiredService<ILogger<ClusterEventBus>>()));
            builder.Services.AddSingleton<IPresence>(services => (ClusterEventBus)services.GetRequiredService<IEventBus>());
        }
        else
        {
            builder.Services.AddSingleton<IEventBus, InProcessEventBus>();
        }
        // Messaging first: services start in this order, and it listens to what auth says at its start.
        if (options.Messaging) builder.Services.AddMessaging(_ => MessagingOptionsOf(options, auth, remote));
        if (options.Redis is not null) builder.Services.AddHostedService(services => (ClusterEventBus)services.GetRequiredService<IEventBus>());
        if (auth is not null) builder.Services.AddAuth(auth);
        if (backups is not null) builder.Services.AddHostedService(services => new BackupSchedule(options, backups, clock, services.GetRequiredService<ILogger<BackupSchedule>>()));
        if (options.Development) builder.Services.AddOpenApi();

        WebApplication app = builder.Build();
        // Port 80 of a server that ends TLS itself: proofs for a certificate, and the way to TLS.
        if (keeper is not null) app.Use((http, next) => http.Request.IsHttps ? next(http) : keeper.AnswerAsync(http));
        if (options.BehindProxy) app.UseForwardedHeaders(Forwarded(options));
        app.UseMiddleware<ProblemDocuments>();
        app.UseStrictHeaders();
        app.UseRouting();
        WebApp? web = WebApp.Open(options.Web);
        web?.Use(app);
        if (auth is not null) app.MapAuth();
        app.MapHealth(auth, options);
        if (options.Messaging) app.MapMessaging();
        if (web is null) app.MapFrontPage(options);
        if (options.Development) app.MapOpenApi();
        return app;
    }

    static InstanceFacts FactsOf(ServerOptions options, ServerCertificate? certificate)
    {
        string version = typeof(Server).Assembly.GetName().Version?.ToString(3) ?? "";
        DateTimeOffset? newest = options.BackupTo is { } folder ? BackupFolder.All(folder).Select(backup => (DateTimeOffset?)backup.Made).LastOrDefault() : null;
        return new InstanceFacts(version, !options.Messaging, newest, certificate?.Certificate.NotAfter.ToUniversalTime() is { } ends ? new DateTimeOffset(ends) : null)
        {
            Origin = options.Origin,
            Origins = Origins(options),
            BehindProxy = options.BehindProxy,
        };
    }

    static string[] Origins(ServerOptions options) => options.Origin is { } origin ? [origin] : options.UrlList;

    static MessagingOptions MessagingOptionsOf(ServerOptions options, AuthService? auth, RemoteAuth? remote)
    {
        MessagingOptions defaults = new()
        {
            DataFolder = options.Data,
            Postgres = options.Postgres,
            Instance = () => auth?.Instance ?? remote!.Instance,
            TokenKey = auth is not null ? auth.PublicKey : remote!.Key,
            Policy = remote?.Policy,
            AcksWait = options.AcksWait,
            DiskReserveBytes = options.DiskReserveBytes,
            Origins = Origins(options),
        };
        return defaults with
        {
            ArchiveBytes = (long)options.ArchiveQuota << 20,
            PushServices = options.PushServices,
            PushLoopback = options.PushLoopback,
            PushContact = options.Origin ?? options.UrlList[0],
            // A little more than the file itself: what encrypts and pads it.
            AttachmentBytes = ((long)options.AttachmentSize << 20) / 8 * 9,
            AttachmentAccountBytes = (long)options.AttachmentQuota << 20,
            AttachmentDayBytes = (long)options.AttachmentDaily << 20,
            AttachmentTotalBytes = (long)options.AttachmentTotal << 20,
            AppendsPerSecond = defaults.AppendsPerSecond * options.RateFactor,
            AppendBurst = defaults.AppendBurst * options.RateFactor,
            DeviceBytesPerSecond = defaults.DeviceBytesPerSecond * options.RateFactor,
            DeviceByteBurst = defaults.DeviceByteBurst * options.RateFactor,
            StreamsPerHour = defaults.StreamsPerHour * options.RateFactor,
            StreamBurst = defaults.StreamBurst * options.RateFactor,
            FramesPerSecond = defaults.FramesPerSecond * options.RateFactor,
            FrameBurst = defaults.FrameBurst * options.RateFactor,
            EphemeralsPerSecond = defaults.EphemeralsPerSecond * options.RateFactor,
            EphemeralBurst = defaults.EphemeralBurst * options.RateFactor,
            NewSocketsPerAddress = defaults.NewSocketsPerAddress * options.RateFactor,
        };
    }

    static void ConfigureKestrel(ConfigureWebHostBuilder host, ServerOptions options, ServerCertificate? certificate)
    {
        host.UseUrls(options.UrlList);
        host.UseKestrelCore();
        // Handlers never block a thread for long: hashing has its own queue, storing its own thread. So what a socket brought is handled where it
        // was read, without a second hand-over.
        host.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        if (certificate is not null) host.UseKestrelHttpsConfiguration();
        host.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            ConnectionLimit connections = new(ConnectionLimit.PerSource * options.RateFactor, options.BehindProxy ? options.TrustedProxies : []);
            kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                endpoint.Use(connections.Guard);
                // On HTTP/2 a browser opens its socket inside a stream (RFC 8441), which is not how ours works; where it finds HTTP/1.1 alone, it opens a connection.
                endpoint.Protocols = HttpProtocols.Http1;
            });
            KestrelServerLimits limits = kestrel.Limits;
            limits.MaxRequestBodySize = Limits.EntryBytes + Limits.JsonBytes;
            limits.MaxRequestLineSize = 4 * 1024;
            limits.MaxRequestHeadersTotalSize = 16 * 1024;
            limits.MaxRequestHeaderCount = 50;
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
            limits.MaxConcurrentConnections = 50_000;
            if (certificate is not null)
            {
                kestrel.ConfigureHttpsDefaults(https =>
                {
                    https.ServerCertificate = certificate.Certificate;
                    https.SslProtocols = SslProtocols.Tls13;
                    // With its chain, and the newest one.
                    https.OnAuthenticate = (_, tls) => (tls.ServerCertificate, tls.ServerCertificateContext) = (null, certificate.Context);
                });
            }
        });
    }

    static ForwardedHeadersOptions Forwarded(ServerOptions options)
    {
        // Only whom the proxy speaks for: links come from --origin, never from a header (K-78).
        ForwardedHeadersOptions forwarded = new() { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = 1 };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (System.Net.IPNetwork network in options.TrustedProxies) forwarded.KnownIPNetworks.Add(network);
        return forwarded;
    }

    // The link goes to the console, never into a log: whoever reads it first owns the instance.
    async Task GreetAsync(ServerOptions options, TextWriter console)
    {
        string origin = options.Origin ?? Address.GetLeftPart(UriPartial.Authority);
        await console.WriteLineAsync($"{options.Name} listens at {string.Join(", ", _app.Urls)}");
        if (SetUpSecret is { } secret)
        {
            await console.WriteLineAsync(
                $"\nThis instance has no owner yet. Whoever signs up with this link within 24 hours becomes it, once:\n\n    {origin}/#setup={secret}\n");
        }
        await console.FlushAsync();
    }
}

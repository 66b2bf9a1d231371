using System.Security.Cryptography;
using Kavalek.Host;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Messaging.Tests;

/// <summary>The delivery service on Kestrel, on a free loopback port, with a folder of its own and tokens of a test key.</summary>
sealed class MessagingServer : IAsyncDisposable
{
    readonly bool _ownsFolder;
    readonly string? _postgres;
    readonly string? _redis;
    WebApplication _app;

    MessagingServer(string? folder, string? postgres = null, string? redis = null)
    {
        _postgres = postgres ?? (TestPostgres.Wanted ? TestPostgres.CreateDatabase() : null);
        _redis = redis;
        _ownsFolder = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("kavalek-").FullName;
        _app = null!;
    }

    public string Folder { get; }
    public ManualClock Clock { get; init; } = new();
    public Id Instance { get; init; } = Id.New();
    public TokenMint Mint { get; init; } = new();
    public Uri Address { get; private set; } = null!;
    public IServiceProvider Services => _app.Services;
    public IEventBus Bus => Services.GetRequiredService<IEventBus>();
    public Func<MessagingOptions, MessagingOptions> Configure { get; init; } = static options => options;

    public static async Task<MessagingServer> StartAsync(Func<MessagingOptions, MessagingOptions>? configure = null, string? folder = null)
    {
        var server = new MessagingServer(folder) { Configure = configure ?? (static options => options) };
        await server.RunAsync();
        return server;
    }

    /// <summary>One of several nodes, which share a database, a Redis, the time and the authentication service.</summary>
    public static async Task<MessagingServer> StartNodeAsync(
        string database, RedisRelay redis, ManualClock clock, TokenMint mint, Id instance, Func<MessagingOptions, MessagingOptions> configure)
    {
        var server = new MessagingServer(folder: null, database, redis.Uri) { Clock = clock, Mint = mint, Instance = instance, Configure = configure };
        await server.RunAsync();
        return server;
    }

    /// <summary>Stops and starts again on the same folder.</summary>
    public async Task RestartAsync()
    {
        await _app.DisposeAsync();
        await RunAsync();
    }

    public string Token(PlainDevice device) => Mint.Token(Instance, device, Clock.GetUtcNow());

    /// <summary>What it has stored.</summary>
    public TestTables Tables => new(Folder, _postgres, "messaging");

    /// <summary>Asks the database beside the server.</summary>
    public long Count(string sql) => Tables.Count(sql);

    /// <summary>Asks until the answer is the awaited one: for what the server does on its own. The test's time limit ends it.</summary>
    public async Task<long> EventuallyAsync(string sql, long awaited)
    {
        using var rest = new HttpClient { BaseAddress = Address };
        while (Count(sql) is var count)
        {
            if (count == awaited)
                return count;
            // One turn of the writer.
            (await rest.GetAsync("/api/healthz", TestContext.Current.CancellationToken)).Dispose();
        }
        return -1;
    }

    /// <summary>Waits until so many sockets are open.</summary>
    public async Task AwaitSocketsAsync(int count)
    {
        while (Services.GetRequiredService<Sockets.Sockets>().Count < count)
            await Task.Yield();
    }

    /// <summary>Waits until some socket cannot send.</summary>
    public async Task AwaitStalledAsync()
    {
        while (!Services.GetRequiredService<Sockets.Sockets>().AnyWriting)
            await Task.Yield();
    }

    /// <summary>Every row, as text.</summary>
    public string Dump() => Tables.Dump();

    /// <summary>Keeps the server from writing, as a foreign process might.</summary>
    public IDisposable LockDatabase() => Tables.Lock();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        if (_ownsFolder)
            Directory.Delete(Folder, recursive: true);
        if (_postgres is not null && _redis is null)
            TestPostgres.DropDatabase(_postgres);
    }

    async Task RunAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting();
        builder.Services.AddSingleton<TimeProvider>(Clock);
        if (_redis is not null)
        {
            builder.Services.AddSingleton<IEventBus>(_ => new ClusterEventBus(_postgres!, RedisAddress.Parse(_redis), Clock, NullLogger<ClusterEventBus>.Instance));
            builder.Services.AddSingleton<IPresence>(services => (ClusterEventBus)services.GetRequiredService<IEventBus>());
        }
        builder.Services.AddMessaging(_ => Configure(new MessagingOptions
        {
            DataFolder = Folder,
            Postgres = _postgres,
            Instance = () => Instance,
            TokenKey = Mint.Find,
            Origins = ["https://chat.example"],
        }));
        if (_redis is not null)
            builder.Services.AddHostedService(services => (ClusterEventBus)services.GetRequiredService<IEventBus>());
        _app = builder.Build();
        _app.MapMessaging();
        await _app.StartAsync();
        Address = new Uri(_app.Urls.Single());
    }
}

/// <summary>A device as the server sees it: ids and nothing else.</summary>
sealed record PlainDevice(Id Account, Id Device, Id Session)
{
    public static PlainDevice New() => new(Id.New(), Id.New(), Id.New());
}

/// <summary>Signs access tokens with a key of its own, honest ones and others.</summary>
sealed class TokenMint
{
    public const string KeyId = "test-key";

    public ECDsaSecurityKey Key { get; } = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = KeyId };

    public SecurityKey? Find(string kid) => kid == KeyId ? Key : null;

    public string Token(Id instance, PlainDevice device, DateTimeOffset now, Action<SecurityTokenDescriptor>? change = null)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = instance.ToString(),
            Audience = "kavalek/messaging",
            TokenType = "at+jwt",
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = now.UtcDateTime.AddSeconds(Limits.AccessTokenSeconds),
            SigningCredentials = new SigningCredentials(Key, SecurityAlgorithms.EcdsaSha256),
            Claims = new Dictionary<string, object>
            {
                ["sub"] = device.Account.ToString(),
                ["dev"] = device.Device.ToString(),
                ["ses"] = device.Session.ToString(),
                ["crt"] = true,
            },
        };
        change?.Invoke(descriptor);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }
}

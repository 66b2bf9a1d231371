using System.Security.Cryptography;
using System.Text;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Messaging.Tests;

/// <summary>The delivery service on Kestrel, on a free loopback port, with a folder of its own and tokens of a test key.</summary>
sealed class MessagingServer : IAsyncDisposable
{
    readonly bool _ownsFolder;
    WebApplication _app;

    MessagingServer(string? folder)
    {
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

    /// <summary>Stops and starts again on the same folder.</summary>
    public async Task RestartAsync()
    {
        await _app.DisposeAsync();
        await RunAsync();
    }

    public string Token(PlainDevice device) => Mint.Token(Instance, device, Clock.GetUtcNow());

    /// <summary>Asks the database beside the server.</summary>
    public long Count(string sql)
    {
        using SqliteConnection connection = OpenDatabase();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

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
    public string Dump()
    {
        using SqliteConnection connection = OpenDatabase();
        var dump = new StringBuilder();
        foreach (string table in (string[])["stream", "subscriber", "run", "welcome", "welcome_for", "removed_device"])
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM {table} ORDER BY 1, 2";
            if (table == "removed_device")
                command.CommandText = "SELECT * FROM removed_device ORDER BY 1";
            using SqliteDataReader row = command.ExecuteReader();
            while (row.Read())
                dump.AppendLine(string.Join('|', Enumerable.Range(0, row.FieldCount).Select(i => row.GetValue(i) is byte[] b ? Convert.ToHexString(b) : row.GetValue(i))));
        }
        return dump.ToString();
    }

    /// <summary>Holds the database's write lock, as a foreign process might.</summary>
    public IDisposable LockDatabase()
    {
        SqliteConnection connection = OpenDatabase();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.ExecuteNonQuery();
        return connection;
    }

    SqliteConnection OpenDatabase()
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "messaging.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        if (_ownsFolder)
            Directory.Delete(Folder, recursive: true);
    }

    async Task RunAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting();
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddMessaging(_ => Configure(new MessagingOptions
        {
            DataFolder = Folder,
            Instance = () => Instance,
            TokenKey = Mint.Find,
            Origins = ["https://chat.example"],
        }));
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

using System.Security.Cryptography;
using Kavalek.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Messaging.Tests;

/// <summary>The delivery service on Kestrel, on a free loopback port, with a folder of its own and tokens of a test key.</summary>
sealed class TestServer : IAsyncDisposable
{
    readonly bool _ownsFolder;
    WebApplication _app;

    TestServer(string? folder)
    {
        _ownsFolder = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("kavalek-").FullName;
        _app = null!;
    }

    public string Folder { get; }
    public SetTime Clock { get; init; } = new();
    public Id Instance { get; init; } = Id.New();
    public TokenMint Mint { get; init; } = new();
    public Uri Address { get; private set; } = null!;
    public IServiceProvider Services => _app.Services;
    public IEventBus Bus => Services.GetRequiredService<IEventBus>();
    public Func<MessagingOptions, MessagingOptions> Configure { get; init; } = static options => options;

    public static async Task<TestServer> StartAsync(Func<MessagingOptions, MessagingOptions>? configure = null, string? folder = null)
    {
        var server = new TestServer(folder) { Configure = configure ?? (static options => options) };
        await server.RunAsync();
        return server;
    }

    /// <summary>Stops and starts again on the same folder.</summary>
    public async Task RestartAsync()
    {
        await _app.DisposeAsync();
        await RunAsync();
    }

    public string Token(TestDevice device) => Mint.Token(Instance, device, Clock.GetUtcNow());

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
sealed record TestDevice(Id Account, Id Device, Id Session)
{
    public static TestDevice New() => new(Id.New(), Id.New(), Id.New());
}

/// <summary>Signs access tokens with a key of its own, honest ones and others.</summary>
sealed class TokenMint
{
    public const string KeyId = "test-key";

    public ECDsaSecurityKey Key { get; } = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = KeyId };

    public SecurityKey? Find(string kid) => kid == KeyId ? Key : null;

    public string Token(Id instance, TestDevice device, DateTimeOffset now, Action<SecurityTokenDescriptor>? change = null)
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

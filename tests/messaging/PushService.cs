using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging.Tests;

/// <summary>What came to the push service.</summary>
sealed record Pushed(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>A push service of our own on loopback: keeps what comes, and answers what it is told to.</summary>
sealed class PushService : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly Channel<Pushed> _pushed = Channel.CreateUnbounded<Pushed>();

    PushService(WebApplication app) => _app = app;

    /// <summary>Where it is.</summary>
    public Uri Origin => new(_app.Urls.Single());

    /// <summary>What it answers, one a call; then 201.</summary>
    public ConcurrentQueue<(int Status, string? Location)> Answers { get; } = new();

    /// <summary>How many came and were not looked at.</summary>
    public int Unseen => _pushed.Reader.Count;

    public static async Task<PushService> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        PushService service = new(builder.Build());
        service._app.Run(service.TakeAsync);
        await service._app.StartAsync();
        return service;
    }

    public async Task<Pushed> NextAsync() => await _pushed.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    async Task TakeAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        (int status, string? location) = Answers.TryDequeue(out (int, string?) told) ? told : (201, null);
        context.Response.StatusCode = status;
        if (location is not null)
            context.Response.Headers.Location = location;
        _pushed.Writer.TryWrite(new Pushed(context.Request.Method + " " + context.Request.Path,
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray()));
    }
}

/// <summary>A browser's end of a push subscription.</summary>
sealed class PushReceiver : IDisposable
{
    readonly ECDiffieHellman _key;

    public PushReceiver()
        : this(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256), RandomNumberGenerator.GetBytes(16))
    {
    }

    public PushReceiver(ECDiffieHellman key, byte[] secret) => (_key, Secret) = (key, secret);

    public byte[] Secret { get; }

    public byte[] Key => Point(_key.ExportParameters(false).Q);

    /// <summary>Decrypts a body as RFC 8291 and RFC 8188 say, written from them anew.</summary>
    public byte[] Open(byte[] body)
    {
        byte[] salt = body[..16], sender = body[21..86], record = body[86..];
        Assert.Equal([0, 0, 16, 0, 65], body[16..21]); // records of 4,096 bytes; a point names the key
        using ECDiffieHellman theirs = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = sender[1..33], Y = sender[33..] } });
        byte[] input = Hmac(Hmac(Secret, _key.DeriveRawSecretAgreement(theirs.PublicKey)), [.. "WebPush: info\0"u8, .. Key, .. sender, 1]);
        byte[] random = Hmac(salt, input);
        byte[] key = Hmac(random, [.. "Content-Encoding: aes128gcm\0"u8, 1])[..16], nonce = Hmac(random, [.. "Content-Encoding: nonce\0"u8, 1])[..12];
        byte[] plain = new byte[record.Length - 16];
        using AesGcm aes = new(key, 16);
        aes.Decrypt(nonce, record.AsSpan(0, plain.Length), record.AsSpan(plain.Length), plain);
        Assert.Equal(2, plain[^1]);
        return plain[..^1];
    }

    public void Dispose() => _key.Dispose();

    public static byte[] Point(ECPoint q) => [4, .. q.X!, .. q.Y!];

    static byte[] Hmac(byte[] key, byte[] data) => HMACSHA256.HashData(key, data);
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kavalek.Host;

namespace Kavalek.Messaging.Tests;

/// <summary>The line to Redis, with a Redis that this test plays: what a real one does only on bad days.</summary>
public static class RedisTests
{
    const string Hello = "%1\r\n+version\r\n+7.2.0\r\n";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // K-64
    [Fact]
    public static async Task A_Redis_that_nobody_vouches_for_is_told_nothing_not_even_the_password()
    {
        using X509Certificate2 certificate = SelfSigned();
        using TcpListener listener = Listen(out int port);
        await using RedisConnection redis = new(new RedisAddress("127.0.0.1", port, "kavalek", "the-password", Tls: true), static (_, _) => { }, live => Assert.False(live), TimeProvider.System);
        // It asks again and again, and never says more than that it wants TLS.
        for (int i = 0; i < 2; i++)
        {
            using TcpClient tcp = await listener.AcceptTcpClientAsync(Cancel);
            await using SslStream stream = new(tcp.GetStream());
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                await stream.AuthenticateAsServerAsync(certificate);
                await stream.ReadExactlyAsync(new byte[1], Cancel);
            });
        }
        Assert.False(redis.IsLive);
        // Nor does it fall back to no TLS: what it sends to one who speaks none is a handshake.
        using TcpClient plain = await listener.AcceptTcpClientAsync(Cancel);
        byte[] first = new byte[3];
        await plain.GetStream().ReadExactlyAsync(first, Cancel);
        Assert.Equal((22, 3), (first[0], first[1]));
    }

    // K-64
    [Fact]
    public static async Task Who_is_not_let_in_stays_outside_and_an_older_Redis_is_spoken_to_as_it_can()
    {
        using TcpListener listener = Listen(out int port);
        TaskCompletionSource live = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RedisConnection redis = new(RedisAddress.Parse($"redis://kavalek:the%20password@127.0.0.1:{port}"), static (_, _) => { }, _ => live.TrySetResult(), TimeProvider.System);
        redis.Subscribe("kavalek:s:1");
        using (Peer refusing = await Peer.AcceptAsync(listener))
        {
            Assert.Equal(["HELLO", "3", "AUTH", "kavalek", "the password"], await refusing.CommandAsync());
            await refusing.SayAsync("-WRONGPASS invalid username-password pair\r\n");
            Assert.Empty(await refusing.CommandAsync());
        }
        Assert.False(redis.IsLive);
        using Peer old = await Peer.AcceptAsync(listener);
        await old.CommandAsync();
        await old.SayAsync(Hello.Replace("7.2", "6.2", StringComparison.Ordinal));
        Assert.Equal(["SUBSCRIBE", "kavalek:s:1"], await old.CommandAsync());
        Assert.Equal(["PING"], await old.CommandAsync());
        await old.SayAsync(">3\r\n$9\r\nsubscribe\r\n$11\r\nkavalek:s:1\r\n:1\r\n+PONG\r\n");
        await live.Task;
        // What the user may not do is refused, and what comes after it is answered all the same.
        Task<object?> denied = redis.AskAsync("EXISTS", "other"), asked = redis.AskAsync("EXISTS", "kavalek:p:1");
        Assert.Equal(["EXISTS", "other"], await old.CommandAsync());
        await old.SayAsync("-NOPERM this user has no permissions\r\n:1\r\n");
        await Assert.ThrowsAsync<RespException>(() => denied);
        Assert.Equal(1L, await asked);
    }

    [Fact]
    public static async Task A_Redis_that_does_not_read_takes_no_more_than_its_share_of_memory_and_one_that_comes_back_hears_all_subscriptions()
    {
        using TcpListener listener = Listen(out int port);
        List<bool> changes = [];
        List<string> heard = [];
        SemaphoreSlim something = new(0);
        await using RedisConnection redis = new(RedisAddress.Parse($"redis://kavalek:password@127.0.0.1:{port}"), (channel, message) =>
        {
            heard.Add($"{channel} {Encoding.ASCII.GetString(message.Span)}");
            something.Release();
        }, live =>
        {
            changes.Add(live);
            something.Release();
        }, TimeProvider.System);
        using (Peer deaf = await Peer.AcceptAsync(listener))
        {
            await deaf.LetInAsync();
            await something.WaitAsync(Cancel);
            // 64 MiB wait, and a little in the pipe; what is above that is dropped, and nobody is kept waiting.
            long before = GC.GetTotalMemory(forceFullCollection: true);
            byte[] message = new byte[1 << 20];
            for (int i = 0; i < 512; i++) redis.Publish("kavalek:s:1", message);
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, 0, 300L << 20);
            redis.Subscribe("kavalek:s:2");
            redis.Subscribe("kavalek:s:3");
            redis.Unsubscribe("kavalek:s:3");
        }
        await something.WaitAsync(Cancel);
        using Peer back = await Peer.AcceptAsync(listener);
        await back.CommandAsync();
        await back.SayAsync(Hello);
        Assert.Equal(["SSUBSCRIBE", "kavalek:s:2"], await back.CommandAsync());
        Assert.Equal(["PING"], await back.CommandAsync());
        await back.SayAsync(">3\r\n$10\r\nssubscribe\r\n$11\r\nkavalek:s:2\r\n:1\r\n+PONG\r\n>3\r\n$8\r\nsmessage\r\n$11\r\nkavalek:s:2\r\n$3\r\nnew\r\n");
        while (heard.Count == 0 || changes.Count < 3) await something.WaitAsync(Cancel);
        Assert.Equal(["kavalek:s:2 new"], heard);
        Assert.Equal([true, false, true], changes);
        // What is no RESP3 ends the connection, and it comes again.
        await back.SayAsync("HTTP/1.1 400 Bad Request\r\n\r\n");
        using Peer again = await Peer.AcceptAsync(listener);
        Assert.Equal("HELLO", (await again.CommandAsync())[0]);
    }

    static TcpListener Listen(out int port)
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }

    static X509Certificate2 SelfSigned()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        CertificateRequest request = new("CN=redis", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>A Redis of few words.</summary>
    sealed class Peer : IDisposable
    {
        readonly TcpClient _tcp;
        readonly StreamReader _reader;

        Peer(TcpClient tcp) => (_tcp, _reader) = (tcp, new StreamReader(tcp.GetStream(), Encoding.ASCII));

        public static async Task<Peer> AcceptAsync(TcpListener listener) => new(await listener.AcceptTcpClientAsync(Cancel));

        /// <summary>The next command; none when the other side has left.</summary>
        public async Task<string[]> CommandAsync()
        {
            string? count;
            try
            {
                count = await _reader.ReadLineAsync(Cancel);
            }
            catch (IOException)
            {
                // It left in the middle of something.
                count = null;
            }
            if (count is null)
                return [];
            string[] words = new string[int.Parse(count[1..], System.Globalization.CultureInfo.InvariantCulture)];
            for (int i = 0; i < words.Length; i++)
            {
                await _reader.ReadLineAsync(Cancel);
                words[i] = (await _reader.ReadLineAsync(Cancel))!;
            }
            return words;
        }

        public async Task SayAsync(string text) => await _tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), Cancel);

        public async Task LetInAsync()
        {
            await CommandAsync();
            await SayAsync(Hello);
            await CommandAsync();
            await SayAsync("+PONG\r\n");
        }

        public void Dispose()
        {
            _reader.Dispose();
            _tcp.Dispose();
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kavalek.Messaging.Tests;

/// <summary>Nobody takes all connections, sockets or memory for himself.</summary>
[Collection(nameof(HoardingTests)), CollectionDefinition(nameof(HoardingTests), DisableParallelization = true)] // It counts what the process allocates.
public static class HoardingTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // K-20
    [Fact]
    public static async Task One_source_has_so_many_connections_and_another_still_gets_in()
    {
        await using TestServer server = await TestServer.StartAsync(change: o => o with { RateFactor = 1 });
        List<TcpClient> hoard = [];
        try
        {
            for (int i = 0; i < 1_000; i++)
                hoard.Add(await ConnectAsync(server, "127.0.0.2"));
            // All of them are served, not only accepted: the last says so.
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(hoard[^1]), StringComparison.Ordinal);
            Assert.Equal("", await AskFromAsync(server, "127.0.0.2"));
            Assert.StartsWith("HTTP/1.1 200", await AskFromAsync(server, "127.0.0.3"), StringComparison.Ordinal);

            // One that ends makes room for one.
            hoard[^1].Dispose();
            string answer = "";
            while (answer == "")
                answer = await AskFromAsync(server, "127.0.0.2");
            Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        }
        finally
        {
            hoard.ForEach(client => client.Dispose());
        }
    }

    // K-20
    [Fact]
    public static async Task Whoever_sends_a_byte_a_minute_is_not_waited_for()
    {
        await using TestServer server = await TestServer.StartAsync();
        KestrelServerLimits limits = server.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        Assert.InRange(limits.RequestHeadersTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        Assert.InRange(limits.KeepAliveTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(120));
        Assert.True(limits.MinRequestBodyDataRate?.BytesPerSecond >= 240);
        Assert.True(limits.MinResponseDataRate?.BytesPerSecond >= 240);
        Assert.NotNull(limits.MaxConcurrentConnections);
    }

    // K-20
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8:1:2:aaaa::1", "2001:db8:1:2::")]
    [InlineData("2001:db8:1:2:bbbb:cccc:dddd:eeee", "2001:db8:1:2::")]
    [InlineData("2001:db8:1:3::1", "2001:db8:1:3::")]
    public static void A_source_is_an_address_or_the_network_of_one_customer(string address, string source) =>
        Assert.Equal(IPAddress.Parse(source), SourceNetwork.Of(IPAddress.Parse(address)));

    // K-80
    [Fact]
    public static async Task A_body_that_is_announced_and_never_sent_takes_no_memory()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New();
        var stream = Id.New();
        using var rest = new TestRest(server, alice);
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
        long before = GC.GetTotalAllocatedBytes();
        List<TcpClient> liars = [];
        for (int i = 0; i < 32; i++)
        {
            TcpClient liar = new();
            liars.Add(liar);
            await liar.ConnectAsync(IPAddress.Loopback, server.Address.Port, Cancel);
            await liar.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /api/v1/streams/{stream}/entries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.Token(alice)}\r\n" +
                "Content-Type: application/x-protobuf\r\nContent-Length: 16777216\r\nExpect: 100-continue\r\n\r\n"), Cancel);
            byte[] proceed = new byte[12];
            await liar.GetStream().ReadExactlyAsync(proceed, Cancel);
            Assert.Equal("HTTP/1.1 100", Encoding.ASCII.GetString(proceed));
        }
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 32L << 20);
        liars.ForEach(liar => liar.Dispose());
        await rest.AppendedAsync(Wire.Message(stream));
    }

    static async Task<TcpClient> ConnectAsync(TestServer server, string from)
    {
        var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port, Cancel);
        return client;
    }

    static async Task<string> AskAsync(TcpClient client)
    {
        await client.GetStream().WriteAsync("GET /auth/v1/instance HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Cancel);
        byte[] answer = new byte[64];
        int read = await client.GetStream().ReadAsync(answer, Cancel);
        return Encoding.ASCII.GetString(answer, 0, read);
    }

    /// <summary>The beginning of the answer to a new connection; empty where it was cut.</summary>
    static async Task<string> AskFromAsync(TestServer server, string from)
    {
        try
        {
            using TcpClient client = await ConnectAsync(server, from);
            return await AskAsync(client);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return "";
        }
    }
}

using System.Text;
using Kavalek.Host;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kavalek.Messaging.Tests;

/// <summary>What nodes believe of what comes by Redis (docs/nodes.md), which others may reach.</summary>
public static class BusTests
{
    [Fact]
    public static async Task What_Redis_says_beyond_measure_ends_the_connection_and_another_one_goes_on()
    {
        string nested = string.Concat(Enumerable.Repeat("*1\r\n", 100_000));
        foreach (string bad in (string[])
        [
            nested, "*2147483647\r\n", "~1025\r\n", ">1025\r\n", "%2147483647\r\n", "*2\r\n*1000\r\n" + string.Concat(Enumerable.Repeat("_\r\n", 1_000)) + "*1000\r\n", "$16777217\r\n", "*99999999999\r\n",
        ])
        {
            Exception e = await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(bad));
            Assert.True(e is RespException or OverflowException, $"{bad.Split('\r')[0]}: {e}");
        }
        // Twins: as deep and as many as there may be.
        object? deep = await ReadAsync(string.Concat(Enumerable.Repeat("*1\r\n", 8)) + ":7\r\n");
        for (int i = 0; i < 8; i++)
            deep = Assert.Single(Assert.IsType<object?[]>(deep));
        Assert.Equal(7L, deep);
        Assert.Equal(1_024, Assert.IsType<object?[]>(await ReadAsync("*1024\r\n" + string.Concat(Enumerable.Repeat("_\r\n", 1_024)))).Length);
        Assert.Equal("7.0.0", Assert.IsType<Dictionary<string, object?>>(await ReadAsync("%1\r\n+version\r\n+7.0.0\r\n"))["version"]);

        // A list that says it is longer than its bytes takes no memory.
        byte[] revoked = EventCodec.Write(Id.New(), new Revoked([Id.New(), Id.New()], [Id.New()]));
        Assert.Equal(2, Assert.IsType<Revoked>(EventCodec.Read(revoked)).Devices.Length);
        foreach (int count in (int[])[int.MaxValue, 1 << 20, -1, 4])
        {
            BitConverter.TryWriteBytes(revoked.AsSpan(Limits.IdLength + 1), count);
            Assert.Throws<FormatException>(() => EventCodec.Read(revoked));
        }

        string database = TestPostgres.CreateDatabase();
        await using RedisRelay redis = RedisRelay.Start();
        ManualClock clock = new();
        await using (ClusterEventBus one = Bus(database, redis, clock))
        {
            using IDisposable listening = one.Listen(new StreamName(Id.New(), Inbox: false), _ => { });
            for (int connection = 1; connection <= 3; connection++)
            {
                while (redis.Connections < connection || !one.IsLive)
                {
                    clock.Advance(TimeSpan.FromMilliseconds(10)); // what it waits before it tries again
                    await Task.Yield();
                }
                redis.SendAll(connection == 1 ? nested : "*2147483647\r\n");
            }
        }
        TestPostgres.DropDatabase(database);
    }

    static ClusterEventBus Bus(string database, RedisRelay redis, ManualClock? clock = null) =>
        new(database, RedisAddress.Parse(redis.Uri), clock ?? new ManualClock(), NullLogger<ClusterEventBus>.Instance);

    static async Task<object?> ReadAsync(string text)
    {
        using MemoryStream stream = new(Encoding.ASCII.GetBytes(text));
        return await new RespReader(stream).ReadAsync(TestContext.Current.CancellationToken);
    }
}

using System.Collections.Concurrent;
using System.Text;
using Kavalek.Host;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kavalek.Messaging.Tests;

/// <summary>What nodes believe of what comes by Redis (docs/nodes.md), which others may reach.</summary>
public static class BusTests
{
    [Fact]
    public static async Task A_device_that_went_to_another_node_is_known_to_be_there_though_its_end_here_is_noticed_later()
    {
        string database = TestPostgres.CreateDatabase();
        await using RedisRelay redis = RedisRelay.Start();
        await using (ClusterEventBus one = Bus(database, redis), other = Bus(database, redis))
        {
            while (!one.IsLive || !other.IsLive)
                await Task.Yield();
            Id device = Id.New();
            one.Connected(device);
            await one.SettledAsync();
            Assert.True(await other.IsElsewhereAsync(device));
            other.Connected(device);
            await other.SettledAsync();
            one.Gone(device);
            await one.SettledAsync();
            Assert.True(await one.IsElsewhereAsync(device));
            // The one where it is takes its note back.
            other.Gone(device);
            while (await one.IsElsewhereAsync(device))
                await Task.Yield();
        }
        TestPostgres.DropDatabase(database);
    }

    [Fact]
    public static async Task A_Redis_user_of_before_an_upgrade_costs_what_it_may_not_do_and_no_more_and_the_log_says_what_is_missing()
    {
        string database = TestPostgres.CreateDatabase();
        // As it was before it needed GET; and one more is missing, whose refusal comes where no answer is waited for.
        await using RealRedis redis = RealRedis.Start("+hello +ping +ssubscribe +spublish +set +del +exists");
        LogLines log = new();
        await using (ClusterEventBus one = new(database, redis.Address, new ManualClock(), log), other = new(database, redis.Address, new ManualClock(), NullLogger<ClusterEventBus>.Instance))
        {
            StreamName stream = new(Id.New(), Inbox: false), inbox = new(Id.New(), Inbox: true);
            BlockingCollection<BusEvent> heard = [];
            using IDisposable there = other.Listen(stream, heard.Add);
            while (!one.IsLive || !other.IsLive)
                await Task.Yield();
            Id device = Id.New();
            for (int i = 0; i < 2; i++)
            {
                one.Connected(device);
                one.Gone(device);
            }
            one.Listen(inbox, static _ => { }).Dispose();
            one.Connected(inbox.Id);
            await one.SettledAsync();
            // The note stays until it ends by itself; what may be done is done, and each answer belongs to its question.
            Assert.True(await other.IsElsewhereAsync(device));
            Assert.True(await other.IsElsewhereAsync(inbox.Id));
            Assert.False(await other.IsElsewhereAsync(Id.New()));
            await other.SettledAsync();
            one.Publish(Entry(stream, 1));
            Assert.Equal(1UL, Assert.IsType<EntriesAppended>(heard.Take(TestContext.Current.CancellationToken)).Last);
            // Said once, with the command's name and where to read on.
            foreach (string command in (string[])["GET", "SUNSUBSCRIBE"])
                Assert.Equal($"Redis refuses {command} (NOPERM); what its user has to be allowed, and how, is in the deployment guide under Upgrading", Assert.Single(log.Lines, line => line.Contains(command, StringComparison.Ordinal)));

            // Once it may, it does, without a restart.
            await redis.AllowAsync("+get");
            one.Connected(device);
            await one.SettledAsync();
            one.Gone(device);
            while (await other.IsElsewhereAsync(device))
                await Task.Yield();
        }
        TestPostgres.DropDatabase(database);
    }

    [Fact]
    public static async Task Whoever_can_publish_on_Redis_removes_nobody_forges_no_entry_and_keeps_none_back()
    {
        string database = TestPostgres.CreateDatabase();
        await using RedisRelay redis = RedisRelay.Start();
        await using (ClusterEventBus one = Bus(database, redis), other = Bus(database, redis))
        {
            StreamName stream = new(Id.New(), Inbox: false), elsewhere = new(Id.New(), Inbox: false), inbox = new(Id.New(), Inbox: true);
            Id account = Id.New(), device = Id.New(), session = Id.New();
            BlockingCollection<BusEvent> heard = [];
            using IDisposable all = other.Listen(heard.Add), there = other.Listen(stream, heard.Add), where = other.Listen(elsewhere, heard.Add), mine = other.Listen(inbox, heard.Add);
            while (!one.IsLive || !other.IsLive)
                await Task.Yield();
            // That it is connected, which it says a moment after it is.
            Assert.IsType<EventsMissed>(heard.Take(TestContext.Current.CancellationToken));
            await other.SettledAsync();
            Assert.Empty(heard);

            one.Publish(Entry(stream, 1));
            Assert.Equal(1UL, Assert.IsType<EntriesAppended>(heard.Take(TestContext.Current.CancellationToken)).Last);
            (string channel, byte[] honest) = Assert.Single(redis.Published);
            Assert.Equal($"kavalek:s:{stream.Id}", channel);

            // With no key, or a guessed one, nothing is believed; what a node said is not, elsewhere or with a bit changed.
            BusEvent[] forged =
            [
                Entry(stream, 2), new EphemeralSent(stream, device, [1]), new DeviceUnsubscribed(stream, device), new DevicesSubscribed(stream, [inbox.Id]),
                new SessionEnded(account, device, session), new DeviceRemoved(account, device), new Revoked([device], [session]), new DevicesChanged(account, [device]),
                new AccountClosed(account), new NotesChanged(account, device), new EventsMissed(),
            ];
            string[] channels = [channel, $"kavalek:s:{elsewhere.Id}", $"kavalek:i:{inbox.Id}"];
            ChannelSeal guessed = new(new byte[32]);
            foreach (BusEvent news in forged)
            {
                byte[] message = EventCodec.Write(Id.New(), news);
                foreach (string to in channels)
                {
                    redis.Publish(to, message);
                    redis.Publish(to, [.. new byte[ChannelSeal.Bytes], .. message]);
                    redis.Publish(to, guessed.Seal(to, message));
                }
            }
            redis.Publish(channels[1], honest);
            foreach (int at in (int[])[0, ChannelSeal.Bytes - 1, ChannelSeal.Bytes + Limits.IdLength + 20, honest.Length - 1])
            {
                byte[] changed = [.. honest];
                changed[at] ^= 1;
                redis.Publish(channel, changed);
            }
            foreach (int length in (int[])[0, 1, ChannelSeal.Bytes, honest.Length - 1])
                redis.Publish(channel, honest[..length]);

            // Even a node says nothing here that is done for good, and of a stream only on its own channel.
            TestTables news2 = new("", database, "news");
            ChannelSeal real = new((byte[])Assert.Single(news2.Rows("SELECT key FROM redis_key"))[0]!);
            foreach (BusEvent news in forged.Skip(4))
            {
                foreach (string to in channels)
                    redis.Publish(to, real.Seal(to, EventCodec.Write(Id.New(), news)));
            }
            redis.Publish(channels[1], real.Seal(channels[1], EventCodec.Write(Id.New(), forged[0])));
            redis.Publish(channel, real.Seal(channel, EventCodec.Write(Id.New(), forged[3])));

            // The true entry of that number comes, and so does what else nodes tell each other; who left is looked up, for it may be an old message.
            one.Publish(Entry(stream, 2));
            one.Publish(new EphemeralSent(stream, device, [9]));
            one.Publish(new DevicesSubscribed(stream, [inbox.Id]));
            one.Publish(new DeviceUnsubscribed(stream, device));
            EntriesAppended second = Assert.IsType<EntriesAppended>(Next());
            Assert.Equal((stream, 2UL, 2UL), (second.Stream, second.First, second.Last));
            Assert.Equal([2, 2, 2], second.Entries);
            Assert.Equal([9], Assert.IsType<EphemeralSent>(Next()).Payload);
            Assert.Equal([inbox.Id], Assert.IsType<DevicesSubscribed>(Next()).Devices);
            Assert.Equal(device, Assert.IsType<DeviceUnsubscribed>(Next()).Device);
            Assert.Equal([device], Assert.IsType<DevicesSubscribed>(Next()).Devices);
            await other.SettledAsync();
            Assert.Empty(heard);

            BusEvent Next() => heard.Take(TestContext.Current.CancellationToken);
        }
        TestPostgres.DropDatabase(database);
    }

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

        // Nobody's name is everybody's, on no node.
        foreach (Id? whose in (Id?[])[null, Id.New(), default(Id)])
            Assert.Equal(new StoragePurged(whose, 7), EventCodec.Read(EventCodec.Write(Id.New(), new StoragePurged(whose, 7))));

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

    sealed class LogLines : ILogger<ClusterEventBus>
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));
    }

    static EntriesAppended Entry(StreamName stream, byte seq) => new(stream, seq, seq, [seq, seq, seq], []);

    static async Task<object?> ReadAsync(string text)
    {
        using MemoryStream stream = new(Encoding.ASCII.GetBytes(text));
        return await new RespReader(stream).ReadAsync(TestContext.Current.CancellationToken);
    }
}

using System.Net;
using Kavalek.Host;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kavalek.Messaging.Tests;

/// <summary>News that must not get lost between nodes (docs/nodes.md): no failure ends their telling or their reading.</summary>
public sealed class NewsLogTests : IDisposable
{
    readonly string _database = CreateDatabase();

    public void Dispose() => TestPostgres.DropDatabase(_database);

    [Fact]
    public async Task A_connection_that_died_unused_costs_no_news_and_those_behind_are_told_too()
    {
        List<BusEvent> heard = [];
        Id device = Id.New();
        FailingClock clock = new();
        BusEvent[] news = [new DeviceRemoved(Id.New(), device), new RankChanged(Id.New())];
        await using NewsLog teller = new(_database, Id.New(), static _ => { }, clock, NullLogger.Instance), reader = new(_database, Id.New(), heard.Add, TimeProvider.System, NullLogger.Instance);
        clock.Fails = true;
        foreach (BusEvent one in news)
            teller.Tell(one);
        await Awaited.UntilAsync(
            async () =>
            {
                await reader.ReadAsync();
                return heard.Count;
            }, count => count == 2);
        Assert.Equal(news, heard);
        Assert.True(teller.IsTelling);
    }

    [Fact]
    public async Task News_whose_hearing_failed_are_heard_again_and_what_cannot_be_read_keeps_none_back()
    {
        List<BusEvent> heard = [];
        bool fails = true;
        RankChanged news = new(Id.New());
        await using NewsLog teller = new(_database, Id.New(), static _ => { }, TimeProvider.System, NullLogger.Instance), reader = new(_database, Id.New(), Hear, TimeProvider.System, NullLogger.Instance);
        TestTables tables = new("", _database, "news");
        foreach (string body in (string[])["", "00", $"{Id.New()}", $"{Id.New()}03ffffffff", $"{Id.New()}ff"])
            tables.Execute($"INSERT INTO news (published, body) VALUES ({DateTimeOffset.UtcNow.ToUnixTimeSeconds()}, x'{body}')");
        teller.Tell(news);
        await Awaited.UntilAsync(() => Task.FromResult(tables.Count("SELECT COUNT(*) FROM news")), count => count == 6);
        await reader.ReadAsync();
        Assert.Empty(heard);
        fails = false;
        await reader.ReadAsync();
        Assert.Equal([news], heard);

        void Hear(BusEvent one)
        {
            if (fails)
                throw new InvalidOperationException("Connection is not open");
            heard.Add(one);
        }
    }

    [Fact]
    public async Task A_node_that_tells_the_others_nothing_any_more_is_not_ready()
    {
        await using ClusterEventBus bus = new(_database, RedisAddress.Parse("redis://127.0.0.1:9"), TimeProvider.System, NullLogger<ClusterEventBus>.Instance);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IEventBus>(bus);
        await using WebApplication app = builder.Build();
        app.MapHealth(auth: null, new ServerOptions { Messaging = false });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using HttpClient http = new() { BaseAddress = new Uri(app.Urls.Single()) };
        Assert.Equal((HttpStatusCode.OK, "ready; Redis is away"), await ReadyAsync());
        await bus.DisposeAsync();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "other nodes hear nothing of this one: it has to be restarted"), await ReadyAsync());

        async Task<(HttpStatusCode, string)> ReadyAsync()
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    static string CreateDatabase()
    {
        try
        {
            return TestPostgres.CreateDatabase();
        }
        catch (InvalidOperationException missing)
        {
            Assert.Skip(missing.Message);
            throw;
        }
    }

    /// <summary>Asked while a connection is open, it fails once as Npgsql does of one that died meanwhile. Nobody waits by it.</summary>
    sealed class FailingClock : TimeProvider
    {
        public bool Fails { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            if (!Fails)
                return base.GetUtcNow();
            Fails = false;
            throw new InvalidOperationException("Connection is not open");
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}

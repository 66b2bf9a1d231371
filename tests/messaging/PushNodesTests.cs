using Kavalek.Messaging.Push;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Messaging.Tests;

/// <summary>Waking devices where several nodes store what waits for them (docs/nodes.md).</summary>
public static class PushNodesTests
{
    [Fact]
    public static async Task Whichever_node_stores_it_a_device_is_woken_once_where_it_said_last_and_again_after_it_was_back_on_any()
    {
        string database = TestPostgres.CreateDatabase();
        await using PushService service = await PushService.StartAsync();
        await using RedisRelay redis = RedisRelay.Start();
        ManualClock clock = new();
        TokenMint mint = new();
        Id instance = Id.New(), stream = Id.New();
        PlainDevice marie = PlainDevice.New(), jean = PlainDevice.New();
        using PushReceiver browser = new();
        await using (MessagingServer one = await NodeAsync(), other = await NodeAsync())
        {
            using TestRest jeans = new(one, jean), jeansOther = new(other, jean), maries = new(one, marie), mariesOther = new(other, marie);
            while (!one.Bus.IsLive || !other.Bus.IsLive)
                await Task.Yield();
            (await jeans.CreateAsync(stream)).Dispose();
            await jeans.AppendedAsync(Wire.Commit(stream, 0, add: [marie]));

            // Said on one node, known on the other at once, and heard of there before long: it wakes her for what it stores.
            await PutAsync("/first");
            Assert.True((await PushTests.InfoAsync(mariesOther)).Subscribed);
            await StepUntilAsync(() => !other.Services.GetRequiredService<Sleepers>().IsEmpty);
            await jeansOther.AppendedAsync(Wire.Message(stream, 1, "a"));
            Assert.Equal("POST /first", await WokenAsync());

            // Once: not for more, on whichever node. A push to the former address would come before the one to the next.
            await jeansOther.AppendedAsync(Wire.Message(stream, 1, "b"));
            await jeans.AppendedAsync(Wire.Message(stream, 1, "c"));
            for (int i = 0; i < 10; i++)
                await StepAsync();
            await PutAsync("/second");

            // The other node is not told yet, and sends to the new address all the same; and both at once send one.
            await Task.WhenAll(jeans.AppendedAsync(Wire.Message(stream, 1, "d")), jeansOther.AppendedAsync(Wire.Message(stream, 1, "e")));
            Assert.Equal("POST /second", await WokenAsync());
            for (int i = 0; i < 10; i++)
                await StepAsync();
            Assert.Equal(1, one.Count("SELECT woken FROM push_subscription"));

            // She comes back on the one node. What the other one stores meanwhile comes to her there, and wakes nobody.
            await using (TestSocket socket = await TestSocket.ConnectAsync(one, marie))
            {
                ulong last = (await jeansOther.AppendedAsync(Wire.Message(stream, 1, "while she is here"))).Seq;
                while ((await socket.EntryAsync()).Seq != last)
                {
                    // What she has not seen.
                }
                for (int i = 0; i < 3; i++)
                    await StepAsync();
                (await maries.AckAsync(stream, last)).Dispose();
                (await maries.AckAsync(marie.Device, 1)).Dispose();
            }
            while (one.Services.GetRequiredService<Sockets.Sockets>().IsConnected(marie.Device))
                await Task.Yield();
            await StepUntilAsync(() => one.Count("SELECT woken FROM push_subscription") == 0);
            for (int i = 0; i < 10; i++)
                await StepAsync();
            Assert.Equal(0, service.Unseen);
            // The one that woke her before wakes her again.
            await jeansOther.AppendedAsync(Wire.Message(stream, 1, "f"));
            Assert.Equal("POST /second", await WokenAsync());

            // Off on one node is off on the other, before it has heard so; then on again, elsewhere.
            await PutAsync("/third");
            Assert.Equal(System.Net.HttpStatusCode.NoContent, await maries.SendAsync(HttpMethod.Delete, "/api/v1/push").StatusAsync());
            await jeansOther.AppendedAsync(Wire.Message(stream, 1, "g"));
            for (int i = 0; i < 10; i++)
                await StepAsync();
            Assert.False((await PushTests.InfoAsync(mariesOther)).Subscribed);
            Assert.True(other.Services.GetRequiredService<Sleepers>().IsEmpty);
            await PutAsync("/fourth");
            await StepUntilAsync(() => !other.Services.GetRequiredService<Sleepers>().IsEmpty);
            await jeansOther.AppendedAsync(Wire.Message(stream, 1, "h"));
            Assert.Equal("POST /fourth", await WokenAsync());
            Assert.Equal(0, service.Unseen);

            Task PutAsync(string path) => PushTests.PutAsync(maries, new Uri(service.Origin, path).OriginalString, browser);

            async Task<string> WokenAsync()
            {
                await StepUntilAsync(() => service.Unseen > 0);
                return (await service.NextAsync()).Path;
            }

            async Task StepUntilAsync(Func<bool> condition)
            {
                while (!condition())
                    await StepAsync();
            }

            // A second passes, both writers take a turn, and Redis has answered.
            async Task StepAsync()
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                await Task.WhenAll(one.Bus.SettledAsync(), other.Bus.SettledAsync());
                foreach (TestRest rest in (TestRest[])[jeans, jeansOther])
                    (await rest.SendAsync(HttpMethod.Get, "/api/healthz")).Dispose();
            }
        }
        TestPostgres.DropDatabase(database);

        Task<MessagingServer> NodeAsync() => MessagingServer.StartNodeAsync(database, redis, clock, mint, instance, o => o with { PushLoopback = service.Origin, PushContact = "https://chat.example" });
    }
}

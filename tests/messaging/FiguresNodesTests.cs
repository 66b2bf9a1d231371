using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;
using Kavalek.Host;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kavalek.Messaging.Tests;

/// <summary>What those who run an instance of several nodes see of it, whichever node they ask, and that a purge is done on each (docs/PROTOCOL.md §5.11).</summary>
public static class FiguresNodesTests
{
    // K-28
    [Fact]
    public static async Task Either_node_tells_the_figures_of_both_and_how_all_grew_and_what_is_purged_is_gone_for_each_and_counted_once()
    {
        string database = TestPostgres.CreateDatabase(), shared = Directory.CreateTempSubdirectory("kavalek-nodes-").FullName;
        await using RedisRelay redis = RedisRelay.Start();
        // Half an hour before the next day.
        ManualClock clock = new(new DateTimeOffset(2026, 3, 1, 23, 30, 0, TimeSpan.Zero));
        long today = clock.GetUtcNow().ToUnixTimeSeconds() / 86_400 * 86_400;
        TokenMint mint = new();
        Id instance = Id.New(), stream = Id.New();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New(), owner = PlainDevice.New();
        await using (MessagingServer one = await NodeAsync())
        {
            using TestRest alices = new(one, alice);
            await using (MessagingServer other = await NodeAsync())
            {
                MessagingServer[] nodes = [one, other];
                using TestRest alicesThere = new(other, alice), bobsThere = new(other, bob);
                (await alices.CreateAsync(stream)).Dispose();
                await using (TestSocket here = await TestSocket.ConnectAsync(one, alice), there = await TestSocket.ConnectAsync(other, bob), another = await TestSocket.ConnectAsync(other, PlainDevice.New()))
                {
                    await alices.AppendedAsync(Wire.Commit(stream, 0, add: [bob]));
                    for (int i = 0; i < 3; i++)
                        await alicesThere.AppendedAsync(Wire.Message(stream, 1));

                    // Each says so every ten seconds; until then each knows of itself alone.
                    MessagingOverview[] seen = await SeenAsync(overview => overview.Connections == 3 && overview.EntriesPerMinute >= 4);
                    foreach (MessagingOverview overview in seen)
                    {
                        Assert.Equal([1, 2], overview.Nodes.Select(node => node.Connections).Order());
                        Assert.Contains(3L, overview.Nodes.Select(node => node.EntriesPerMinute));
                        Assert.Equal(overview.Nodes.Sum(node => node.EntriesPerMinute), overview.EntriesPerMinute);
                        Assert.Equal((overview.Nodes.Sum(node => node.MemoryBytes), overview.Nodes.Min(node => node.Started)), (overview.MemoryBytes, overview.Started));
                        Assert.Equal((overview.Nodes.Sum(node => node.Delivery.Count), overview.Nodes.Max(node => node.Delivery.P99)), (overview.Delivery.Count, overview.Delivery.P99));
                        Assert.Equal(2, overview.Nodes.DistinctBy(node => node.Node).Count());
                    }
                    Assert.Equal(Names(seen[0]), Names(seen[1]));
                }

                // Both note the day: one row, of what either has stored.
                Id old = await PutAsync(alicesThere, other, alice);
                clock.Advance(TimeSpan.FromMinutes(1));
                await SeenAsync(overview => overview.Growth is [{ AttachmentBytes: 4 }] && overview.Growth[0].Day == today);
                clock.Advance(TimeSpan.FromHours(1));
                await SeenAsync(overview => overview.Growth.Select(day => day.Day).SequenceEqual([today, today + 86_400]) && overview.Growth.All(day => day.DatabaseBytes > 0));

                // A third process decides on a purge. Both nodes hear of it and do it, whoever comes first; what came since stays, and what is somebody else's.
                Id recent = await PutAsync(alices, one, alice), bobs = await PutAsync(bobsThere, other, bob);
                await using (ClusterEventBus auth = new(database, RedisAddress.Parse(redis.Uri), clock, NullLogger<ClusterEventBus>.Instance))
                    auth.Publish(new StoragePurged(alice.Account, clock.GetUtcNow().ToUnixTimeSeconds() - 1_800));
                await Awaited.UntilAsync(StepAsync, _ => one.Count($"SELECT COUNT(*) FROM attachment WHERE id = x'{old}'") == 0 && Files().Count == 2);
                for (int i = 0; i < 3; i++)
                    await StepAsync();
                Assert.Equal(new HashSet<string> { $"{recent}", $"{bobs}" }, Files());
                foreach (MessagingServer node in nodes)
                {
                    StoragePage page = await ReadAsync(node, "storage", AdminJson.Default.StoragePage);
                    Assert.Equal(2, page.Total);
                    foreach (PlainDevice whose in (PlainDevice[])[alice, bob])
                        Assert.Equal(new StorageRecord(whose.Account, 4, 1, 0), page.Accounts.Single(kept => kept.Account == whose.Account));
                }

                Task<MessagingOverview[]> SeenAsync(Predicate<MessagingOverview> suffices) => Awaited.UntilAsync(async () =>
                {
                    await StepAsync();
                    return await Task.WhenAll(nodes.Select(OverviewAsync));
                }, all => all.All(overview => overview.Nodes.Length == 2 && suffices(overview)));

                // A second passes, and both writers take a turn.
                async Task<DateTimeOffset> StepAsync()
                {
                    clock.Advance(TimeSpan.FromSeconds(1));
                    foreach (TestRest turn in (TestRest[])[alices, alicesThere])
                        (await turn.SendAsync(HttpMethod.Get, "/api/healthz")).Dispose();
                    return clock.GetUtcNow();
                }
            }

            // A node that is gone is told of for a minute at most.
            Assert.Equal(2, (await OverviewAsync(one)).Nodes.Length);
            clock.Advance(TimeSpan.FromSeconds(61));
            Assert.Single((await OverviewAsync(one)).Nodes);
        }
        TestPostgres.DropDatabase(database);
        Directory.Delete(shared, recursive: true);

        Task<MessagingServer> NodeAsync() => MessagingServer.StartNodeAsync(database, redis, clock, mint, instance, o => o with { DataFolder = shared });

        static IEnumerable<string> Names(MessagingOverview overview) => overview.Nodes.Select(node => node.Node.ToString()).Order(StringComparer.Ordinal);

        HashSet<string> Files() => [.. Directory.EnumerateFiles(Path.Combine(shared, "blobs"), "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path))];

        Task<MessagingOverview> OverviewAsync(MessagingServer node) => ReadAsync(node, "overview", AdminJson.Default.MessagingOverview);

        async Task<T> ReadAsync<T>(MessagingServer node, string what, JsonTypeInfo<T> type)
        {
            using HttpClient http = new() { BaseAddress = node.Address };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", mint.Token(instance, owner, clock.GetUtcNow(), token =>
            {
                token.Audience = "kavalek/admin";
                token.Claims["rnk"] = "owner";
            }));
            return JsonSerializer.Deserialize(await http.GetStringAsync($"/api/v1/admin/{what}", TestContext.Current.CancellationToken), type)!;
        }

        async Task<Id> PutAsync(TestRest rest, MessagingServer node, PlainDevice whose)
        {
            Id id = Id.New();
            DeclareAttachment declared = new() { Size = 4, Lives = 30 * 86_400, Reader = ByteString.CopyFrom(SHA256.HashData(id.ToArray())) };
            (await rest.SendAsync(HttpMethod.Put, $"/api/v1/attachments/{id}", declared)).EnsureSuccessStatusCode().Dispose();
            using HttpClient http = new() { BaseAddress = node.Address };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", node.Token(whose));
            Call part = AuthorityTable.Part(id);
            (await http.PatchAsync(part.Path, part.Body, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode().Dispose();
            return id;
        }
    }
}

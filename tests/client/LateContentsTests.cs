using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Contents whose numbers say that they come late (docs/PROTOCOL.md §7.3).</summary>
public static class LateContentsTests
{
    // K-80
    [Fact]
    public static async Task A_member_who_says_low_numbers_makes_nobody_read_through_the_conversation_for_each()
    {
        const int before = 100, said = 40;
        await using TestServer server = await OpenServerAsync();
        Disk disk = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim", Options(disk));
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        for (int i = 0; i < before; i++) await group[0].SendAsync($"line {i}");
        await SyncAsync(marie, karim);
        await using RawMember evil = await RawMember.OpenAsync(marie, group[0].Id);

        // Nothing is said to be missing: there is nothing to look for.
        for (int i = 0; i < said; i++) await SayAsync(number: 1, $"low {i}");
        Assert.Equal(0, await ReadOnAsync());
        Assert.Equal(before + said, (await group[1].TextsAsync()).Length);

        // Now there is, between two numbers: the place is looked for once where many come together …
        await SayAsync(number: 10_000, "high");
        await karim.SyncAsync();
        int missing = await MissingAsync();
        for (int i = 0; i < said; i++) await SayAsync(number: 9_000UL + (ulong)i, $"late {i}");
        Assert.InRange(await ReadOnAsync(), before, 2 * before);
        // … and what comes again, or from elsewhere, has none.
        for (int i = 0; i < said; i++) await SayAsync(number: i % 2 == 0 ? 9_000UL : 2UL, $"again {i}");
        Assert.Equal(0, await ReadOnAsync());
        string[] texts = await group[1].TextsAsync();
        Assert.Equal(Enumerable.Range(0, said).Select(i => $"late {i}").Append("high").Concat(Enumerable.Range(0, said).Select(i => $"again {i}")), texts[(before + said)..]);
        Assert.Equal(missing - said, await MissingAsync());

        async Task SayAsync(ulong number, string text)
        {
            Content content = ContentCodec.New(Protocol.Id.New(), DateTimeOffset.UtcNow);
            content.Text = new() { Text_ = text };
            content.Number = number;
            await evil.SayAsync(content.ToByteArray());
        }

        async Task<int> MissingAsync() => int.Parse(Assert.Single(await group[1].LinesAsync(), line => line.Kind == SystemKind.MessagesMissing).Text!, System.Globalization.CultureInfo.InvariantCulture);

        // How many messages are read while what was said is taken.
        async Task<int> ReadOnAsync()
        {
            disk.Read = 0;
            await karim.SyncAsync();
            return disk.Read;
        }
    }

    sealed class Disk : IClientStore
    {
        readonly MemoryClientStore _inner = new();

        /// <summary>Messages that were read in pages.</summary>
        public int Read { get; set; }

        public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default) => _inner.GetAsync(key, cancel);

        public async ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default)
        {
            IReadOnlyList<StoreEntry> found = await _inner.ScanAsync(range, cancel);
            if (range.From.StartsWith("conv/m/", StringComparison.Ordinal)) Read += found.Count;
            return found;
        }

        public ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default) => _inner.ApplyAsync(batch, cancel);

        public ValueTask DisposeAsync() => _inner.DisposeAsync();
    }
}

using Kavalek.Tests.Support;
using Microsoft.Data.Sqlite;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>What a person is told when the disk of the device is full.</summary>
public static class FullDiskTests
{
    [Fact]
    public static async Task A_message_that_cannot_be_stored_is_not_sent_and_the_person_is_told_what_to_do()
    {
        await using TestServer server = await OpenServerAsync();
        Disk disk = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(disk));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await hers.SendAsync("before");
        await SyncAsync(marie, karim);

        disk.IsFull = true;
        KavalekException told = await Assert.ThrowsAsync<KavalekException>(() => hers.SendAsync("no room"));
        Assert.Equal(ClientErrors.CannotStore, told.Code);
        Assert.True(told.NothingChanged);
        // What happened, whether the message is safe, what to do.
        Assert.All((string[])["full", "not sent", "Make room"], words => Assert.Contains(words, told.Message, StringComparison.Ordinal));
        Assert.Equal(ClientErrors.CannotStore, await CodeAsync(() => hers.SetTimerAsync(TimeSpan.FromHours(1))));
        Assert.Equal(["before"], await hers.TextsAsync());

        disk.IsFull = false;
        await hers.SendAsync("room again");
        await SyncAsync(marie, karim);
        Assert.Equal(["before", "room again"], await hers.TextsAsync());
        Assert.Equal(["before", "room again"], await his.TextsAsync());
        Assert.Null(his.Timer);
    }

    sealed class Disk : IClientStore
    {
        readonly MemoryClientStore _inner = new();

        public bool IsFull { get; set; }

        public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default) => _inner.GetAsync(key, cancel);

        public ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default) => _inner.ScanAsync(range, cancel);

        public ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default) =>
            IsFull ? throw new SqliteException("SQLite Error 13: 'database or disk is full'.", 13) : _inner.ApplyAsync(batch, cancel);

        public ValueTask DisposeAsync() => _inner.DisposeAsync();
    }
}

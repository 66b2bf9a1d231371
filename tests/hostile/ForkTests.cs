using Kavalek.Client.Records;
using Kavalek.Protocol;
using static Kavalek.Client.Tests.TestConversations;

namespace Kavalek.Hostile.Tests;

/// <summary>Members who no longer see the same conversation: they notice, nothing is sent in ignorance of it, and one action brings everybody together.</summary>
[Collection(nameof(Cast))]
public sealed class ForkTests(Cast cast)
{
    // K-37
    [Fact]
    public async Task Two_histories_of_one_group_are_noticed_by_both_sides_and_one_action_joins_them_again()
    {
        (KavalekClient marie, KavalekClient karim, KavalekClient zoe, KavalekClient lea) = (cast.Marie, cast.Karim, cast.Zoe, cast.Lea);
        KavalekClient[] all = [marie, karim, zoe, lea];
        Conversation[] group = await GroupAsync("Four", all);
        await group[0].SetRoleAsync(zoe.Me.Id, Role.Admin);
        await SyncAsync(all);
        Id stream = await marie.StreamAsync(group[0]);
        StreamRow row = await marie.RowAsync(stream);
        // The allow twin: before the fork all compare alike, and nobody is stopped.
        Assert.Single(group.Select(c => c.EpochNumber).Distinct());
        Assert.All(group, seen => Assert.Null(seen.CannotSend));

        Fork fork = new(stream, row.NextSeq - 1, row.Epoch, zoe.Me.Device, lea.Me.Device);
        using IDisposable lie = cast.Hostile.Lie(fork);
        // Two valid commits of one epoch, one to each half.
        await group[0].RenameAsync("Hers");
        await group[2].RenameAsync("Theirs");
        await SyncAsync(all);
        Assert.Equal(["Hers", "Hers", "Theirs", "Theirs"], group.Select(c => c.Title));
        // Compared by another way, the numbers tell.
        Assert.Equal(group[0].EpochNumber, group[1].EpochNumber);
        Assert.Equal(group[2].EpochNumber, group[3].EpochNumber);
        Assert.NotEqual(group[0].EpochNumber, group[2].EpochNumber);

        // The next messages that the halves exchange.
        fork.Crosses = true;
        await group[1].SendAsync("from one half");
        await group[3].SendAsync("from the other");
        await SyncAsync(all);
        await SyncAsync(all);
        foreach (Conversation seen in group)
        {
            Assert.Equal(ClientErrors.Apart, seen.CannotSend?.Code);
            Assert.Contains(SystemKind.Apart, await seen.KindsAsync());
            Assert.Equal(ClientErrors.Apart, (await Assert.ThrowsAsync<KavalekException>(() => seen.SendAsync("anything"))).Code);
        }
        Assert.All(group[0].Apart, who => Assert.Contains(who.Account, new[] { zoe.Me.Id, lea.Me.Id }));
        Assert.All(group[3].Apart, who => Assert.Contains(who.Account, new[] { marie.Me.Id, karim.Me.Id }));

        int conversations = karim.Conversations.Count;
        await group[0].StartAfreshAsync([]);
        await SyncAsync(all);
        foreach (Conversation seen in group)
        {
            Assert.Null(seen.CannotSend);
            Assert.Empty(seen.Apart);
            Assert.Equal("Hers", seen.Title);
            Assert.Equal(4, seen.Members.Count);
            Assert.Equal(Role.Owner, seen.Members.Single(m => m.Contact.Account == marie.Me.Id).Role);
            Assert.Equal(Role.Admin, seen.Members.Single(m => m.Contact.Account == zoe.Me.Id).Role);
            Assert.Contains(SystemKind.StartedAfresh, await seen.KindsAsync());
        }
        Assert.Equal(conversations, karim.Conversations.Count);
        Assert.Single(group.Select(c => c.EpochNumber).Distinct());
        await group[3].SendAsync("together again");
        await SyncAsync(lea, marie, karim, zoe);
        foreach (Conversation seen in group) Assert.Equal("together again", (await seen.TextsAsync())[^1]);
        // What each half had before is still in its line of messages.
        Assert.Contains("from one half", await group[0].TextsAsync());
        Assert.Contains("from the other", await group[2].TextsAsync());
    }

    // K-37
    [Fact]
    public async Task What_waits_to_be_sent_when_a_fork_shows_goes_to_the_group_that_was_started_afresh_and_nowhere_else()
    {
        (KavalekClient marie, KavalekClient karim) = (cast.Marie, cast.Karim);
        Conversation[] group = await GroupAsync("Pair of two", marie, karim);
        await group[0].SetRoleAsync(karim.Me.Id, Role.Admin);
        await SyncAsync(marie, karim);
        Id stream = await marie.StreamAsync(group[0]);
        StreamRow row = await marie.RowAsync(stream);
        using IDisposable lie = cast.Hostile.Lie(new Fork(stream, row.NextSeq - 1, row.Epoch, karim.Me.Device) { Crosses = true });
        await group[0].RenameAsync("Hers");
        await group[1].RenameAsync("His");
        await group[0].SendAsync("nobody reads this");
        await marie.SyncAsync();
        await karim.SyncAsync(); // he says where he stands
        await group[0].SendAsync("for both of us"); // written before she hears it
        string before = Keys(await marie.GroupAsync(stream));
        await marie.SyncAsync();
        Assert.Equal(ClientErrors.Apart, group[0].CannotSend?.Code);
        Assert.Equal(MessageState.Queued, (await group[0].MessageAsync("for both of us")).State);
        Assert.Equal(before, Keys(await marie.GroupAsync(stream)));
        await group[0].StartAfreshAsync([]);
        await SyncAsync(marie, karim);
        Assert.Equal(["for both of us"], await group[1].TextsAsync());
        Assert.Null(group[1].CannotSend);
    }

    // Nothing was encrypted with them.
    static string Keys(Mls.MlsGroup group) => string.Join('\n', group.Changes(null).Select(record => $"{record.Key} {Convert.ToHexString(record.Value!)}"));
}

[CollectionDefinition(nameof(Cast))]
public sealed class CastCollection : ICollectionFixture<Cast>;

namespace Kavalek.Interop.TsMls.Tests;

/// <summary>What a group of both implementations goes through.</summary>
static class GroupLife
{
    /// <summary>Both implementations create or join, add, update, remove, propose, commit what the other proposed, and send.</summary>
    /// <param name="first">Creates the group.</param>
    /// <param name="second">Of the other implementation.</param>
    /// <param name="pair">One of each, who leave and come back.</param>
    /// <param name="others">One of each, who leave.</param>
    /// <param name="guide">The one of the first two that is ours.</param>
    public static async Task RunAsync(Member first, Member second, Member[] pair, Member[] others, OurMember guide)
    {
        TestGroup group = await TestGroup.CreateAsync(first, guide);
        // The second joins from the Welcome of the other implementation, and then invites some of each.
        await group.CommitAsync(first, [second], []);
        await group.AllHearEachOtherAsync();
        await group.CommitAsync(second, [.. pair, .. others], []);
        await group.AllHearEachOtherAsync();

        // Everybody renews its keys: the tree fills. The first two once more, in the full tree.
        foreach (Member member in group.Members) await group.CommitAsync(member, [], []);
        foreach (Member member in (Member[])[first, second]) await group.CommitAsync(member, [], []);
        await group.AllHearEachOtherAsync();

        // Out of order, and across an epoch.
        byte[] one = await second.SendAsync("one"), two = await second.SendAsync("two"), three = await second.SendAsync("three");
        Assert.Equal("three", await first.ProcessAsync(three));
        Assert.Equal("one", await first.ProcessAsync(one));
        byte[] late = await first.SendAsync("late");
        await group.CommitAsync(first, [], []);
        Assert.Equal("two", await first.ProcessAsync(two));
        Assert.Equal("late", await second.ProcessAsync(late));
        await Assert.ThrowsAsync<RefusedException>(() => second.ProcessAsync(late));

        // Each removes, and the removed read nothing after that.
        await group.CommitAsync(first, [], others);
        byte[] without = await second.SendAsync("without you");
        foreach (Member member in others) await Assert.ThrowsAsync<RefusedException>(() => member.ProcessAsync(without));
        await group.CommitAsync(second, [], pair);
        await group.AllHearEachOtherAsync();

        // Each commits what the other proposed.
        foreach (Member member in pair) await group.ProposeAsync(first, await first.ProposeAddAsync(await member.KeyPackageAsync()));
        await group.CommitAsync(second, [], [], joining: pair);
        await group.AllHearEachOtherAsync();
        foreach (Member member in pair) await group.ProposeAsync(second, await second.ProposeRemoveAsync(group.LeafOf(member)));
        await group.CommitAsync(first, [], [], leaving: pair);
        await group.AllHearEachOtherAsync();
    }
}

using System.Text;

namespace Kavalek.Interop.TsMls.Tests;

/// <summary>The delivery service of one group: everything reaches everybody, and after each commit all must agree.</summary>
sealed class TestGroup
{
    readonly List<Member> _members;
    readonly OurMember _guide;

    TestGroup(Member creator, OurMember guide)
    {
        _members = [creator];
        _guide = guide;
    }

    public IReadOnlyList<Member> Members => [.. _members];

    /// <param name="creator">The first member.</param>
    /// <param name="guide">A member that stays, asked for leaves.</param>
    public static async Task<TestGroup> CreateAsync(Member creator, OurMember guide)
    {
        await creator.CreateAsync("interop"u8.ToArray());
        return new(creator, guide);
    }

    public uint LeafOf(Member member) => _guide.LeafOf(member.Name);

    /// <summary>A commit by <paramref name="committer"/>; beside what it adds and removes itself, others join or leave by proposals that it commits.</summary>
    public async Task CommitAsync(Member committer, Member[] add, Member[] remove, Member[]? joining = null, Member[]? leaving = null)
    {
        List<byte[]> keyPackages = [];
        foreach (Member member in add) keyPackages.Add(await member.KeyPackageAsync());
        SentCommit sent = await committer.CommitAsync(keyPackages, [.. remove.Select(LeafOf)]);
        foreach (Member member in _members)
            if (member != committer) Assert.Null(await member.ProcessAsync(sent.Message));
        foreach (Member member in remove.Concat(leaving ?? []))
        {
            Assert.True(await member.IsRemovedAsync(), $"{member.Name} has not noticed that it was removed");
            _members.Remove(member);
        }
        foreach (Member member in add.Concat(joining ?? []))
        {
            await member.JoinAsync(sent.Welcome ?? throw new InvalidOperationException("a commit that adds has no Welcome"));
            _members.Add(member);
        }
        View expected = await committer.LookAsync();
        foreach (Member member in _members) Assert.Equal(expected, await member.LookAsync());
    }

    /// <summary>Somebody joins by itself, on what a member of either implementation tells about the group; or comes back so.</summary>
    public async Task JoinExternallyAsync(Member joining, Member guide)
    {
        bool returning = _members.Contains(joining);
        byte[] message = await joining.JoinExternallyAsync(await guide.GroupInfoAsync(), returning);
        foreach (Member member in _members)
            if (member != joining) Assert.Null(await member.ProcessAsync(message));
        if (!returning) _members.Add(joining);
        View expected = await joining.LookAsync();
        foreach (Member member in _members) Assert.Equal(expected, await member.LookAsync());
    }

    /// <summary>All go on in a group on another cipher suite: one ends this group, another founds the next (RFC 9420 §11.2).</summary>
    public async Task ReInitAsync(Member ender, Member founder, ushort suite)
    {
        byte[] groupId = Encoding.UTF8.GetBytes($"anew on {suite}");
        SentCommit end = await ender.EndAsync(groupId, suite);
        foreach (Member member in _members)
            if (member != ender) Assert.Null(await member.ProcessAsync(end.Message));
        foreach (Member member in _members) await Assert.ThrowsAnyAsync<Exception>(() => member.SendAsync("too late"));
        await GoOnAsync(branch: false, groupId, founder, _members, suite);
    }

    /// <summary>Some go on in a group of their own (§11.3); the others are forgotten here.</summary>
    public async Task BranchAsync(Member founder, Member[] with, ushort suite)
    {
        await GoOnAsync(branch: true, "a branch"u8.ToArray(), founder, [founder, .. with], suite);
        _members.RemoveAll(member => member != founder && !with.Contains(member));
    }

    static async Task GoOnAsync(bool branch, byte[] groupId, Member founder, IEnumerable<Member> members, ushort suite)
    {
        List<byte[]> keyPackages = [];
        await founder.NextKeyPackageAsync(suite);
        foreach (Member member in members)
            if (member != founder) keyPackages.Add(await member.NextKeyPackageAsync(suite));
        NextGroup next = await founder.FoundAsync(branch, groupId, keyPackages);
        View expected = await founder.LookAsync();
        Assert.Equal(1ul, expected.Epoch);
        foreach (Member member in members)
        {
            if (member == founder) continue;
            await member.JoinNextAsync(branch, next);
            Assert.Equal(expected, await member.LookAsync());
        }
    }

    public async Task ProposeAsync(Member proposer, byte[] proposal)
    {
        foreach (Member member in _members)
            if (member != proposer) Assert.Null(await member.ProcessAsync(proposal));
    }

    public async Task AllHearEachOtherAsync()
    {
        foreach (Member sender in _members)
        {
            string text = $"{sender.Name}: héé, \u0645\u0631\u062d\u0628\u0627, \ud83d\udc4b";
            byte[] message = await sender.SendAsync(text);
            foreach (Member receiver in _members)
                if (receiver != sender) Assert.Equal(text, await receiver.ProcessAsync(message));
        }
    }
}

namespace Kavalek.Interop.TsMls.Tests;

/// <summary>Joining without an invitation (RFC 9420 §12.4.3.2, §12.1.8), on the word of members of either implementation.</summary>
public static class ExternalJoinTests
{
    [Theory, MemberData(nameof(Cast.Suites), MemberType = typeof(Cast))]
    public static async Task Each_joins_by_itself_on_the_group_info_of_the_other(ushort suite)
    {
        await using Cast cast = await Cast.MakeAsync(suite);
        (OurMember marie, OurMember omar, OurMember olga) = (cast.Ours[0], cast.Ours[1], cast.Ours[2]);
        (TheirMember tess, TheirMember tim, TheirMember tara) = (cast.Theirs[0], cast.Theirs[1], cast.Theirs[2]);
        TestGroup group = await TestGroup.CreateAsync(marie, marie);
        // Into a group of one, and onto a tree that grows.
        await group.JoinExternallyAsync(tess, guide: marie);
        await group.JoinExternallyAsync(omar, guide: tess);
        await group.JoinExternallyAsync(tim, guide: omar);
        await group.AllHearEachOtherAsync();
        foreach (Member member in group.Members) await group.CommitAsync(member, [], []);
        // Onto a leaf that was left.
        await group.CommitAsync(marie, [], [tess]);
        await group.JoinExternallyAsync(olga, guide: tim);
        await group.JoinExternallyAsync(tara, guide: marie);
        await group.AllHearEachOtherAsync();
        foreach (Member member in group.Members) await group.CommitAsync(member, [], []);
    }

    [Theory, MemberData(nameof(Cast.Suites), MemberType = typeof(Cast))]
    public static async Task Each_comes_back_after_losing_its_state(ushort suite)
    {
        await using Cast cast = await Cast.MakeAsync(suite);
        (OurMember marie, OurMember omar, TheirMember tess, TheirMember tim) = (cast.Ours[0], cast.Ours[1], cast.Theirs[0], cast.Theirs[1]);
        TestGroup group = await TestGroup.CreateAsync(marie, marie);
        await group.CommitAsync(marie, [tess, omar, tim], []);
        foreach (Member member in group.Members) await group.CommitAsync(member, [], []);
        await group.JoinExternallyAsync(omar, guide: tess);
        await group.AllHearEachOtherAsync();
        await group.JoinExternallyAsync(tim, guide: marie);
        await group.AllHearEachOtherAsync();
        await group.CommitAsync(omar, [], []);
        await group.CommitAsync(tim, [], []);
    }

    [Fact]
    public static async Task Each_adds_who_proposes_itself()
    {
        await using Cast cast = await Cast.MakeAsync(Kavalek.Mls.CipherSuite.P256Aes128.Id);
        (OurMember marie, OurMember omar, TheirMember tess, TheirMember tim) = (cast.Ours[0], cast.Ours[1], cast.Theirs[0], cast.Theirs[1]);
        TestGroup group = await TestGroup.CreateAsync(marie, marie);
        await group.CommitAsync(marie, [tess], []);
        await group.ProposeAsync(tim, await tim.ProposeOneselfAsync(await marie.GroupInfoAsync()));
        await group.CommitAsync(marie, [], [], joining: [tim]);
        await group.ProposeAsync(omar, await omar.ProposeOneselfAsync(await tess.GroupInfoAsync()));
        await group.CommitAsync(tess, [], [], joining: [omar]);
        await group.AllHearEachOtherAsync();
    }
}

using Kavalek.Mls;

namespace Kavalek.Interop.TsMls.Tests;

/// <summary>Groups that go on for another, re-initialized (RFC 9420 §11.2) or branched (§11.3), with members of both implementations.</summary>
public static class SuccessionTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public static async Task A_group_that_each_ended_goes_on_where_the_other_founded_the_next_one(bool oursEnds)
    {
        await using Cast cast = await Cast.MakeAsync(CipherSuite.P256Aes128.Id);
        (OurMember marie, OurMember omar, TheirMember tess, TheirMember tim) = (cast.Ours[0], cast.Ours[1], cast.Theirs[0], cast.Theirs[1]);
        TestGroup group = await TestGroup.CreateAsync(marie, marie);
        await group.CommitAsync(marie, [tess, omar, tim], []);
        (Member ender, Member founder) = oursEnds ? ((Member)omar, (Member)tess) : (tim, marie);
        await group.ReInitAsync(ender, founder, CipherSuite.P384Aes256.Id);
        await group.AllHearEachOtherAsync();
        foreach (Member member in group.Members) await group.CommitAsync(member, [], []);
        // Once more, to the post-quantum suite, and both by the same.
        await group.ReInitAsync(ender, ender, CipherSuite.MlKem768P256Aes256.Id);
        await group.AllHearEachOtherAsync();
        foreach (Member member in group.Members) await group.CommitAsync(member, [], []);
    }

    [Theory, MemberData(nameof(Cast.Suites), MemberType = typeof(Cast))]
    public static async Task Some_members_branch_off_by_either(ushort suite)
    {
        await using Cast cast = await Cast.MakeAsync(suite);
        (OurMember marie, OurMember omar, OurMember olga) = (cast.Ours[0], cast.Ours[1], cast.Ours[2]);
        (TheirMember tess, TheirMember tim, TheirMember tara) = (cast.Theirs[0], cast.Theirs[1], cast.Theirs[2]);
        TestGroup group = await TestGroup.CreateAsync(marie, marie);
        await group.CommitAsync(marie, [tess, omar, tim, olga, tara], []);
        await group.BranchAsync(marie, [tess, omar, tim], suite);
        await group.AllHearEachOtherAsync();
        foreach (Member member in group.Members) await group.CommitAsync(member, [], []);
        await group.BranchAsync(tess, [marie, tim], suite);
        await group.AllHearEachOtherAsync();
        foreach (Member member in group.Members) await group.CommitAsync(member, [], []);
    }
}

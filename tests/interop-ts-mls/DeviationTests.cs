using Kavalek.Mls;

namespace Kavalek.Interop.TsMls.Tests;

/// <summary>Where ts-mls departs from RFC 9420, we refuse and stay as we were.</summary>
public static class DeviationTests
{
    /// <remarks>
    /// Path secrets go to the keys of the tree with the proposals applied (§7.5, §12.4.1): ts-mls 2.0.0-rc.10 encrypts to the leaf
    /// that an Update replaces, whose key is gone. If this fails with a newer one, let them commit our updates above.
    /// </remarks>
    [Fact]
    public static async Task Their_commit_of_our_updates_is_encrypted_to_the_old_keys_and_refused()
    {
        await using Cast cast = await Cast.MakeAsync(CipherSuite.MlKem768P256Aes256.Id);
        (OurMember marie, OurMember omar, TheirMember tess) = (cast.Ours[0], cast.Ours[1], cast.Theirs[0]);
        TestGroup group = await TestGroup.CreateAsync(marie, marie);
        await group.CommitAsync(marie, [tess, omar], []);
        await group.ProposeAsync(marie, await marie.ProposeUpdateAsync());
        await group.ProposeAsync(omar, await omar.ProposeUpdateAsync());
        await AssertRefusedAsync(MlsError.InvalidPath, marie, await tess.CommitAsync([], []));
    }

    /// <remarks>
    /// "The path field MUST be populated if the commit covers at least one proposal other than …" (§12.4): ts-mls 2.0.0-rc.10 takes a
    /// single Update or Remove for none. If this fails with a newer one, the tests above need no pairs any more.
    /// </remarks>
    [Fact]
    public static async Task Their_removal_of_one_member_without_a_path_is_refused_and_ours_of_one_is_followed()
    {
        await using Cast cast = await Cast.MakeAsync(CipherSuite.P256Aes128.Id);
        (OurMember marie, OurMember omar, TheirMember tess, TheirMember tim) = (cast.Ours[0], cast.Ours[1], cast.Theirs[0], cast.Theirs[1]);
        TestGroup group = await TestGroup.CreateAsync(marie, marie);
        await group.CommitAsync(marie, [tess, tim, omar], []);
        await group.CommitAsync(marie, [], [tim]);
        await group.AllHearEachOtherAsync();

        await AssertRefusedAsync(MlsError.MissingPath, marie, await tess.CommitAsync([], [group.LeafOf(omar)]));
    }

    /// <remarks>
    /// The extension is a vector of senders (§12.1.8.1): ts-mls 2.0.0-rc.10 reads and writes a single one. If this fails with a newer one,
    /// let the two propose from outside to each other.
    /// </remarks>
    [Fact]
    public static async Task They_cannot_join_a_group_that_names_external_senders()
    {
        await using Cast cast = await Cast.MakeAsync(CipherSuite.P256Aes128.Id);
        (OurMember marie, TheirMember tess) = (cast.Ours[0], cast.Theirs[0]);
        using KeyPair door = await NativeCryptoProvider.Shared.GenerateSignatureKeyPairAsync(CipherSuite.P256Aes128.Signature);
        await marie.CreateAsync("a door"u8.ToArray(), ExternalSender.ToExtension([new(door.PublicKey, Credential.Basic([1]))]));
        SentCommit added = await marie.CommitAsync([await tess.KeyPackageAsync()], []);
        await Assert.ThrowsAsync<RefusedException>(() => tess.JoinAsync(added.Welcome!));
        // And where there are none, the same two find together.
        await marie.CreateAsync("no door"u8.ToArray());
        added = await marie.CommitAsync([await tess.KeyPackageAsync()], []);
        await tess.JoinAsync(added.Welcome!);
        Assert.Equal(await marie.LookAsync(), await tess.LookAsync());
    }

    static async Task AssertRefusedAsync(MlsError error, OurMember member, SentCommit commit)
    {
        View before = await member.LookAsync();
        RefusedException refusal = await Assert.ThrowsAsync<RefusedException>(() => member.ProcessAsync(commit.Message));
        Assert.Contains(error.ToString(), refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, await member.LookAsync());
    }
}

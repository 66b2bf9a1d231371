using Kavalek.Mls;
using Kavalek.Protocol;
using static Kavalek.Client.Tests.TestConversations;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>Commits that only some can process.</summary>
[Collection(nameof(Cast))]
public sealed class SabotageTests(Cast cast)
{
    // K-45
    [Theory]
    [InlineData("the owner")]
    [InlineData("a member")]
    public async Task Who_could_not_follow_a_commit_says_so_keeps_its_state_and_is_brought_together_without_the_culprit(string victim)
    {
        (KavalekClient marie, KavalekClient karim, KavalekClient zoe, KavalekClient lea) = (cast.Marie, cast.Karim, cast.Zoe, cast.Lea);
        Conversation[] group = await GroupAsync("Four", marie, karim, zoe, lea);
        Id stream = await marie.StreamAsync(group[0]);
        await using RawMember evil = await RawMember.OpenAsync(zoe, group[0].Id);
        LeafIndex victimLeaf = evil.Leaves(victim == "the owner" ? marie.Me.Id : karim.Me.Id)[0];
        (byte[] message, _) = await Saboteur.SpoilForAsync(evil.Group, victimLeaf);
        KavalekClient hurt = victim == "the owner" ? marie : karim;
        string before = EvilMemberTests.Snapshot(await hurt.GroupAsync(stream));
        await evil.AppendAsync(Wire.Kind.Commit, message, null);

        await SyncAsync(marie, karim, lea);
        await SyncAsync(marie, karim, lea);
        // The victim has kept its epoch, bit for bit; the others have gone on.
        Assert.Equal(before, EvilMemberTests.Snapshot(await hurt.GroupAsync(stream)));
        Conversation[] honest = [group[0], group[1], group[3]];
        Assert.All(honest, seen => Assert.Equal(ClientErrors.Apart, seen.CannotSend?.Code));
        // All of them are told whose change it was.
        foreach (Conversation seen in honest)
            Assert.Contains(await seen.LinesAsync(), line => line.Kind == SystemKind.Apart && line.By == zoe.Me.Id);

        await group[0].StartAfreshAsync([zoe.Me.Id]);
        await SyncAsync(marie, karim, lea);
        await group[1].SendAsync("without her");
        await SyncAsync(karim, marie, lea);
        foreach (Conversation seen in honest)
        {
            Assert.Null(seen.CannotSend);
            Assert.Equal(3, seen.Members.Count);
            Assert.Equal("without her", (await seen.TextsAsync())[^1]);
            Assert.Equal([zoe.Me.Id], (await seen.LinesAsync()).Single(line => line.Kind == SystemKind.StartedAfresh).Accounts);
        }
        // She is not in it, and what she says in the old group is heard by nobody.
        await zoe.SyncAsync();
        Assert.DoesNotContain("without her", await group[2].TextsAsync());
    }

    // K-45
    [Fact]
    public static async Task Whoever_spoils_a_commit_for_whomever_in_groups_of_two_to_nine_the_victims_keep_their_state_and_the_others_go_on()
    {
        for (int size = 2; size <= 9; size++)
        {
            for (int culprit = 0; culprit < size; culprit++)
            {
                MlsGroup[] members = await PlainGroup.CreateAsync(size);
                IReadOnlyList<int> ciphertexts = Saboteur.Ciphertexts(members[culprit]);
                for (int node = 0; node < ciphertexts.Count; node++)
                {
                    for (int place = 0; place < ciphertexts[node]; place++)
                    {
                        (byte[] message, MlsGroup ahead) = await Saboteur.SpoilAsync(members[culprit], node, place, PlainGroup.Now);
                        int victims = 0;
                        for (int reader = 0; reader < size; reader++)
                        {
                            if (reader == culprit) continue;
                            string before = EvilMemberTests.Snapshot(members[reader]);
                            ProcessResult result = await members[reader].ProcessAsync(message, PlainGroup.Now);
                            Assert.Equal(before, EvilMemberTests.Snapshot(members[reader]));
                            if (result is ProcessResult.CommitReceived received) Assert.Equal(ahead.EpochAuthenticator, received.Next.EpochAuthenticator);
                            else
                            {
                                victims++;
                                Assert.Equal(MlsError.InvalidPath, Assert.IsType<ProcessResult.Refused>(result).Error);
                            }
                        }
                        Assert.InRange(victims, 1, size - 1);
                    }
                }
            }
        }
    }
}

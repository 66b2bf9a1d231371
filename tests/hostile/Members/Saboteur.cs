using Kavalek.Mls;

namespace Kavalek.Hostile.Tests;

/// <summary>Makes commits below the library's checks: signed, tagged and encrypted as they should be, but with one part that some members cannot use.</summary>
static class Saboteur
{
    /// <summary>How many ciphertexts a commit of this member carries at each node of its path.</summary>
    public static IReadOnlyList<int> Ciphertexts(MlsGroup group) =>
        [.. group.State.Tree.FilteredDirectPath(group.OwnIndex).Select(step => group.State.Tree.Resolution(step.Copath).Count)];

    /// <summary>An update of the own path that one member, and whoever shares a place with it, cannot follow.</summary>
    public static Task<(byte[] Message, MlsGroup Next)> SpoilForAsync(MlsGroup group, LeafIndex victim)
    {
        RatchetTree tree = group.State.Tree;
        var path = tree.FilteredDirectPath(group.OwnIndex);
        for (int node = 0; node < path.Count; node++)
        {
            List<NodeIndex> places = tree.Resolution(path[node].Copath);
            int place = places.FindIndex(at => at == victim.Node || TreeMath.DirectPath(victim, tree.Size).Contains(at));
            if (place >= 0) return SpoilAsync(group, node, place, DateTimeOffset.UtcNow);
        }
        throw new InvalidOperationException("no such member");
    }

    /// <summary>An update of the own path whose secret for some members, those at one place below one of its nodes, is another one: they cannot follow.</summary>
    public static async Task<(byte[] Message, MlsGroup Next)> SpoilAsync(MlsGroup group, int node, int place, DateTimeOffset now)
    {
        EpochState epoch = group.State;
        SuiteCrypto crypto = epoch.Crypto;
        GroupContext provisional = epoch.Context with { Epoch = group.Epoch + 1 };
        using TreeKem.Created created = await TreeKem.CreateAsync(epoch.Tree, group.OwnIndex,
            (key, parentHash) => LeafFactory.SignAsync(epoch, null, epoch.SignatureKey, key, parentHash),
            treeHash => (provisional with { TreeHash = treeHash }).Encoded, new HashSet<LeafIndex>());
        UpdatePathNode[] nodes = [.. created.Path.Nodes];
        HpkeCiphertext[] secrets = [.. nodes[node].PathSecrets];
        byte[] other = [.. secrets[place].Ciphertext];
        other[^1] ^= 1;
        secrets[place] = secrets[place] with { Ciphertext = other };
        nodes[node] = nodes[node] with { PathSecrets = secrets };

        FramedContent content = new(group.GroupId, group.Epoch, Mls.Sender.Member(group.OwnIndex), [], null, null, new Commit([], created.Path with { Nodes = nodes }));
        AuthenticatedContent signed = await group.Current.SignAsync(WireFormat.PrivateMessage, content, epoch.SignatureKey);
        byte[] confirmed = TranscriptHash.Confirmed(crypto, epoch.InterimHash, signed.TranscriptInput());
        GroupContext context = provisional with { TreeHash = created.Tree.TreeHash(), ConfirmedTranscriptHash = confirmed };
        using Secret noPsk = Secret.Zero(crypto.HashLength);
        using Secret joiner = EpochSecrets.DeriveJoiner(crypto, epoch.Secrets.Init, created.CommitSecret, context.Encoded);
        EpochSecrets fresh = EpochSecrets.FromJoiner(crypto, joiner, noPsk, context.Encoded);
        byte[] tag = fresh.ConfirmationTag(confirmed);
        (byte[] message, _) = await group.EncodeHandshakeAsync(signed with { ConfirmationTag = tag }, 0);
        EpochState next = new(crypto, context, created.Tree, group.OwnIndex, created.Keys, epoch.SignatureKey, fresh, TranscriptHash.Interim(crypto, confirmed, tag));
        return (message, group.Advance(next, fresh.StartSecretTree(created.Tree.Size), now));
    }
}

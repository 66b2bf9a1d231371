using System.Text.Json;

namespace Kavalek.Mls.Tests;

/// <summary>The working group's vectors for the tree: its shape, its hashes, and TreeKEM.</summary>
public static class TreeVectorTests
{
    [Fact]
    public static void Tree_math_matches_the_vectors()
    {
        foreach (JsonElement vector in Vectors.Mls("tree-math"))
        {
            uint leaves = vector.UInt("n_leaves");
            Assert.Equal(vector.UInt("n_nodes"), TreeMath.NodeCount(leaves));
            NodeIndex root = TreeMath.Root(leaves);
            Assert.Equal(vector.UInt("root"), root.Value);
            for (uint i = 0; i < TreeMath.NodeCount(leaves); i++)
            {
                NodeIndex node = new(i);
                Assert.Equal(At(vector, "left", i), node.IsLeaf ? null : node.Left.Value);
                Assert.Equal(At(vector, "right", i), node.IsLeaf ? null : node.Right.Value);
                Assert.Equal(At(vector, "parent", i), node == root ? null : node.Parent.Value);
                Assert.Equal(At(vector, "sibling", i), node == root ? null : node.Sibling.Value);
            }
        }

        static uint? At(JsonElement vector, string name, uint index) =>
            vector.GetProperty(name)[(int)index] is { ValueKind: JsonValueKind.Number } value ? value.GetUInt32() : null;
    }

    [Fact]
    public static void Proposals_change_the_tree_as_in_the_vectors()
    {
        foreach (JsonElement vector in Vectors.Mls("tree-operations"))
        {
            RatchetTree tree = RatchetTree.Decode(Suites.HashesOf(vector), vector.Hex("tree_before"), MlsLimits.Default);
            Assert.Equal(vector.Hex("tree_hash_before"), tree.TreeHash());
            Assert.Equal(vector.Hex("tree_before"), tree.Encode());
            RatchetTree after = TlsReader.ReadAll(vector.Hex("proposal"), Proposal.Read) switch
            {
                AddProposal add => tree.Add([add.KeyPackage.Leaf]).Tree,
                UpdateProposal update => tree.Update(new LeafIndex(vector.UInt("proposal_sender")), update.Leaf),
                RemoveProposal remove => tree.Remove(remove.Removed),
                _ => throw new InvalidOperationException("a proposal that does not change the tree"),
            };
            Assert.Equal(vector.Hex("tree_after"), after.Encode());
            Assert.Equal(vector.Hex("tree_hash_after"), after.TreeHash());
            Assert.Equal(vector.Hex("tree_before"), tree.Encode());
        }
    }

    [Fact]
    public static async Task Trees_of_the_vectors_are_valid()
    {
        int signed = 0;
        foreach (JsonElement vector in Vectors.Mls("tree-validation"))
        {
            SuiteCrypto crypto = Suites.HashesOf(vector);
            RatchetTree tree = RatchetTree.Decode(crypto, vector.Hex("tree"), MlsLimits.Default);
            Assert.Equal(vector.Hex("tree"), tree.Encode());
            uint index = 0;
            foreach (JsonElement resolution in vector.GetProperty("resolutions").EnumerateArray())
                Assert.Equal(resolution.EnumerateArray().Select(node => node.GetUInt32()), tree.Resolution(new(index++)).Select(node => node.Value));
            Assert.Equal(TreeMath.NodeCount(tree.Size), index);
            index = 0;
            foreach (JsonElement hash in vector.GetProperty("tree_hashes").EnumerateArray())
                Assert.Equal(Convert.FromHexString(hash.GetString()!), tree.TreeHash(new(index++)));
            TreeValidation.CheckParents(tree);
            TreeValidation.CheckParentHashes(tree);
            if (Suites.Of(vector) is not { } full) continue;
            foreach (Member member in tree.Members)
                Assert.True(await LeafNodeValidation.VerifySignatureAsync(member.Leaf, member.Index, full, vector.Hex("group_id")));
            signed++;
        }
        Assert.Equal(14 * Suites.InVectors, signed);
    }

    [Fact]
    public static async Task Paths_of_the_vectors_are_read_and_own_paths_are_read_by_all()
    {
        int run = 0;
        foreach (JsonElement vector in Vectors.Mls("treekem"))
        {
            if (Suites.Of(vector) is not { } crypto) continue;
            run++;
            RatchetTree tree = RatchetTree.Decode(crypto, vector.Hex("ratchet_tree"), MlsLimits.Default);
            GroupContext context = new(crypto.Suite.Id, vector.Hex("group_id"), vector.GetProperty("epoch").GetUInt64(), [], vector.Hex("confirmed_transcript_hash"), []);
            Dictionary<LeafIndex, (PrivatePath Keys, Secret Signature)> members = [];
            foreach (JsonElement leaf in vector.GetProperty("leaves_private").EnumerateArray())
                members[new LeafIndex(leaf.UInt("index"))] = (await PrivateStateAsync(tree, leaf), crypto.PrivateKey(leaf.Hex("signature_priv")));

            foreach (JsonElement update in vector.GetProperty("update_paths").EnumerateArray())
            {
                LeafIndex sender = new(update.UInt("sender"));
                UpdatePath path = TlsReader.ReadAll(update.Hex("update_path"), UpdatePath.Read);
                RatchetTree after = TreeKem.Merge(tree, sender, path);
                Assert.Equal(update.Hex("tree_hash_after"), after.TreeHash());
                byte[] provisional = (context with { TreeHash = after.TreeHash() }).Encoded;
                foreach ((LeafIndex own, (PrivatePath keys, _)) in members)
                {
                    JsonElement expected = update.GetProperty("path_secrets")[(int)own.Value];
                    if (own == sender)
                    {
                        Assert.Equal(JsonValueKind.Null, expected.ValueKind);
                        continue;
                    }
                    (PrivatePath read, Secret commitSecret) = await TreeKem.DecryptAsync(tree, sender, own, keys, path, provisional, new HashSet<LeafIndex>());
                    Assert.Equal(update.Secret("commit_secret"), commitSecret);
                    KeyPair lowest = await TreeKem.DeriveNodeKeyAsync(crypto, Secret.Own(Convert.FromHexString(expected.GetString()!)));
                    Assert.Equal(lowest.PrivateKey, read.Find(TreeMath.CommonAncestor(own, sender), own));
                }

                await AssertOwnPathAsync(tree, context, sender, members);
            }
        }
        Assert.Equal(6 * Suites.InVectors, run);
    }

    static async Task AssertOwnPathAsync(
        RatchetTree tree, GroupContext context, LeafIndex sender, Dictionary<LeafIndex, (PrivatePath Keys, Secret Signature)> members)
    {
        async ValueTask<LeafNode> MakeLeaf(byte[] encryptionKey, byte[] parentHash)
        {
            LeafNode old = tree[sender]!;
            LeafNode leaf = new(encryptionKey, old.SignatureKey, old.Credential, old.Capabilities, LeafNodeSource.Commit, null, parentHash, old.Extensions, []);
            return leaf.Signed(await tree.Crypto.SignWithLabelAsync(members[sender].Signature, "LeafNodeTBS", leaf.ToBeSigned(context.GroupId, sender)));
        }
        using TreeKem.Created created = await TreeKem.CreateAsync(
            tree, sender, MakeLeaf, treeHash => (context with { TreeHash = treeHash }).Encoded, new HashSet<LeafIndex>());
        TreeValidation.CheckParentHashes(created.Tree);
        foreach ((LeafIndex own, (PrivatePath keys, _)) in members)
        {
            if (own == sender) continue;
            RatchetTree merged = TreeKem.Merge(tree, sender, created.Path);
            Assert.Equal(created.Tree.TreeHash(), merged.TreeHash());
            (_, Secret commitSecret) = await TreeKem.DecryptAsync(
                tree, sender, own, keys, created.Path, (context with { TreeHash = merged.TreeHash() }).Encoded, new HashSet<LeafIndex>());
            Assert.Equal(created.CommitSecret, commitSecret);
        }
    }

    static async Task<PrivatePath> PrivateStateAsync(RatchetTree tree, JsonElement leaf)
    {
        List<(NodeIndex, Secret)> keys = [];
        foreach (JsonElement entry in leaf.GetProperty("path_secrets").EnumerateArray())
        {
            NodeIndex node = new(entry.UInt("node"));
            KeyPair pair = await TreeKem.DeriveNodeKeyAsync(tree.Crypto, entry.Secret("path_secret"));
            Assert.Equal(tree.EncryptionKey(node), pair.PublicKey);
            keys.Add((node, pair.PrivateKey));
        }
        Secret leafKey = tree.Crypto.PrivateKey(leaf.Hex("encryption_priv"));
        Assert.Equal(tree[new LeafIndex(leaf.UInt("index"))]!.EncryptionKey, await tree.Crypto.Provider.PublicKeyAsync(tree.Crypto.Suite.Kem, leafKey));
        return PrivatePath.Of(leafKey).With(keys);
    }
}

namespace Kavalek.Mls;

/// <summary>Fresh keys along a committer's path (RFC 9420 §7.4 to §7.6).</summary>
internal static class TreeKem
{
    /// <summary>A path made by this member.</summary>
    /// <param name="Path">To be sent.</param>
    /// <param name="Tree">With the path in it.</param>
    /// <param name="Keys">The own private keys now.</param>
    /// <param name="CommitSecret">What the key schedule takes.</param>
    /// <param name="PathSecrets">The path secret of each node, for Welcomes.</param>
    public sealed record Created(
        UpdatePath Path, RatchetTree Tree, PrivatePath Keys, Secret CommitSecret, IReadOnlyList<(NodeIndex Node, Secret Secret)> PathSecrets) : IDisposable
    {
        /// <summary>Zeroes what must not outlive the commit; the keys live on.</summary>
        public void Dispose()
        {
            CommitSecret.Dispose();
            foreach ((_, Secret secret) in PathSecrets) secret.Dispose();
        }
    }

    /// <summary>Makes a path (§7.5).</summary>
    /// <param name="tree">The tree with the commit's proposals applied.</param>
    /// <param name="own">The committer.</param>
    /// <param name="makeLeaf">Signs the new leaf, given its encryption key and parent hash.</param>
    /// <param name="contextFor">The encoded provisional GroupContext for a tree hash.</param>
    /// <param name="added">Leaves added by the commit, who get their path secret in the Welcome instead.</param>
    public static async ValueTask<Created> CreateAsync(
        RatchetTree tree, LeafIndex own, Func<byte[], byte[], ValueTask<LeafNode>> makeLeaf, Func<byte[], byte[]> contextFor, IReadOnlySet<LeafIndex> added)
    {
        SuiteCrypto crypto = tree.Crypto;
        List<(NodeIndex Node, NodeIndex Copath)> path = tree.FilteredDirectPath(own);

        // "path_secret[0] is sampled at random; path_secret[n] = DeriveSecret(path_secret[n-1], "path")"
        List<(NodeIndex, Secret)> secrets = [];
        List<(NodeIndex, Secret)> keys = [];
        List<byte[]> publicKeys = [];
        Secret next = crypto.RandomSecret(crypto.HashLength);
        foreach ((NodeIndex node, _) in path)
        {
            KeyPair pair = await DeriveNodeKeyAsync(crypto, next).ConfigureAwait(false);
            secrets.Add((node, next));
            keys.Add((node, pair.PrivateKey));
            publicKeys.Add(pair.PublicKey);
            next = crypto.DeriveSecret(next, "path");
        }

        // Parent hashes, from the root down (§7.9).
        List<(NodeIndex, ParentNode)> parents = [];
        byte[] parentHash = [];
        for (int i = path.Count - 1; i >= 0; i--)
        {
            ParentNode parent = new(publicKeys[i], parentHash, []);
            parents.Add((path[i].Node, parent));
            parentHash = tree.ParentHash(parent, path[i].Copath);
        }

        KeyPair leafPair = await crypto.GenerateKeyPairAsync().ConfigureAwait(false);
        LeafNode leaf = await makeLeaf(leafPair.PublicKey, parentHash).ConfigureAwait(false);
        RatchetTree merged = tree.Merge(own, leaf, parents);
        HpkeInfo context = crypto.EncryptContext("UpdatePathNode", contextFor(merged.TreeHash()));

        // Each path secret goes to all below the node's other child; a ciphertext has its place, so they can be made in any order.
        List<(int Node, int Place, byte[] Key)> recipients = [];
        HpkeCiphertext[][] ciphertexts = new HpkeCiphertext[path.Count][];
        for (int i = 0; i < path.Count; i++)
        {
            List<NodeIndex> resolution = Recipients(tree, path[i].Copath, added);
            ciphertexts[i] = new HpkeCiphertext[resolution.Count];
            for (int place = 0; place < resolution.Count; place++) recipients.Add((i, place, tree.EncryptionKey(resolution[place])!));
        }
        await Parallelism.ForEachAsync(recipients, async recipient =>
        {
            Secret secret = secrets[recipient.Node].Item2;
            ciphertexts[recipient.Node][recipient.Place] =
                await crypto.EncryptWithLabelAsync(recipient.Key, context, secret.Memory).ConfigureAwait(false)
                ?? await EncryptToNobodyAsync(crypto, context, secret).ConfigureAwait(false);
        }).ConfigureAwait(false);

        List<UpdatePathNode> nodes = [];
        for (int i = 0; i < path.Count; i++) nodes.Add(new(publicKeys[i], ciphertexts[i]));
        return new(new UpdatePath(leaf, nodes), merged, PrivatePath.Of(leafPair.PrivateKey).With(keys), next, secrets);
    }

    /// <summary>Puts another member's path into the tree, and checks that its leaf vouches for it (§7.9.2).</summary>
    /// <param name="tree">The tree with the commit's proposals applied.</param>
    /// <param name="sender">The committer.</param>
    /// <param name="path">Its path.</param>
    public static RatchetTree Merge(RatchetTree tree, LeafIndex sender, UpdatePath path)
    {
        List<(NodeIndex Node, NodeIndex Copath)> direct = tree.FilteredDirectPath(sender);
        if (direct.Count != path.Nodes.Count) throw new MlsException(MlsError.InvalidPath, "7.5", "as many nodes as the filtered direct path has");
        List<(NodeIndex, ParentNode)> parents = [];
        byte[] parentHash = [];
        for (int i = direct.Count - 1; i >= 0; i--)
        {
            ParentNode parent = new(path.Nodes[i].EncryptionKey, parentHash, []);
            parents.Add((direct[i].Node, parent));
            parentHash = tree.ParentHash(parent, direct[i].Copath);
        }
        if (path.Leaf.ParentHash is not { } carried || !carried.AsSpan().SequenceEqual(parentHash))
            throw new MlsException(MlsError.ParentHashMismatch, "7.9.2", "the committer's leaf does not vouch for its path");
        return tree.Merge(sender, path.Leaf, parents);
    }

    /// <summary>Decrypts what a path holds for this member, and checks that it gives the path's public keys (§7.5, §12.4.2).</summary>
    /// <param name="tree">The tree with the commit's proposals applied, without the path.</param>
    /// <param name="sender">The committer.</param>
    /// <param name="own">The own leaf.</param>
    /// <param name="keys">The own private keys, those of nodes now blank left out.</param>
    /// <param name="path">The committer's path.</param>
    /// <param name="context">The encoded provisional GroupContext.</param>
    /// <param name="added">Leaves added by the commit.</param>
    public static async ValueTask<(PrivatePath Keys, Secret CommitSecret)> DecryptAsync(
        RatchetTree tree, LeafIndex sender, LeafIndex own, PrivatePath keys, UpdatePath path, byte[] context, IReadOnlySet<LeafIndex> added)
    {
        SuiteCrypto crypto = tree.Crypto;
        List<(NodeIndex Node, NodeIndex Copath)> direct = tree.FilteredDirectPath(sender);
        Secret? secret = null;
        int level = 0;
        for (int i = 0; i < direct.Count; i++)
        {
            List<NodeIndex> recipients = Recipients(tree, direct[i].Copath, added);
            // "The length of the encrypted_path_secret vector MUST be equal to the length of the resolution of the copath node" (§7.6)
            if (recipients.Count != path.Nodes[i].PathSecrets.Count)
            {
                secret?.Dispose();
                throw new MlsException(MlsError.InvalidPath, "7.6", "a ciphertext for each recipient");
            }
            if (secret is not null || !direct[i].Copath.Contains(own)) continue;
            level = i;
            int place = recipients.FindIndex(node => node.Contains(own) && keys.Find(node, own) is not null);
            if (place < 0) throw new MlsException(MlsError.InvalidPath, "7.5", "no private key for the path");
            secret = await crypto.DecryptWithLabelAsync(keys.Find(recipients[place], own)!, "UpdatePathNode", context, path.Nodes[i].PathSecrets[place]).ConfigureAwait(false);
            if (secret is not null && secret.Length == crypto.HashLength) continue;
            secret?.Dispose();
            throw new MlsException(MlsError.InvalidPath, "7.5", "the path secret does not open");
        }
        if (secret is null) throw new MlsException(MlsError.InvalidPath, "7.5", "the path does not reach this member");

        List<(NodeIndex, Secret)> fresh = [];
        for (int i = level; i < direct.Count; i++)
        {
            KeyPair pair = await DeriveNodeKeyAsync(crypto, secret).ConfigureAwait(false);
            fresh.Add((direct[i].Node, pair.PrivateKey));
            Secret following = crypto.DeriveSecret(secret, "path");
            secret.Dispose();
            secret = following;
            // "verify that the derived public key is the one in the path" (§12.4.2)
            if (!pair.PublicKey.AsSpan().SequenceEqual(path.Nodes[i].EncryptionKey))
            {
                foreach ((_, Secret key) in fresh) key.Dispose();
                secret.Dispose();
                throw new MlsException(MlsError.InvalidPath, "12.4.2", "a path secret does not give the path's public key");
            }
        }
        return (keys.With(fresh), secret);
    }

    /// <summary>The key pair of a node (§7.4).</summary>
    public static async ValueTask<KeyPair> DeriveNodeKeyAsync(SuiteCrypto crypto, Secret pathSecret)
    {
        using Secret nodeSecret = crypto.DeriveSecret(pathSecret, "node");
        return await crypto.DeriveKeyPairAsync(nodeSecret).ConfigureAwait(false);
    }

    /// <summary>Who gets a path secret: the resolution of the copath node, without leaves that the commit adds (§7.6).</summary>
    static List<NodeIndex> Recipients(RatchetTree tree, NodeIndex copath, IReadOnlySet<LeafIndex> added)
    {
        List<NodeIndex> resolution = tree.Resolution(copath);
        if (added.Count > 0) resolution.RemoveAll(node => node.IsLeaf && added.Contains(node.Leaf));
        return resolution;
    }

    /// <summary>
    /// The place of a recipient whose public key is no key. Only who put it there can have meant to be reached by it, and it must not
    /// keep the others from committing.
    /// </summary>
    static async ValueTask<HpkeCiphertext> EncryptToNobodyAsync(SuiteCrypto crypto, HpkeInfo context, Secret shape)
    {
        using KeyPair nobody = await crypto.GenerateKeyPairAsync().ConfigureAwait(false);
        return await crypto.EncryptWithLabelAsync(nobody.PublicKey, context, new byte[shape.Length]).ConfigureAwait(false)
            ?? throw new InvalidOperationException("a fresh key does not encrypt");
    }
}

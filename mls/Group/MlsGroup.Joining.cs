namespace Kavalek.Mls;

public sealed partial class MlsGroup
{
    /// <summary>A new group of one (§11).</summary>
    /// <param name="environment">Primitives, authentication service, limits.</param>
    /// <param name="groupId">Its id: unique, best random.</param>
    /// <param name="own">Fresh keys and the leaf of the creator; not to be published. The group has copies of the keys.</param>
    /// <param name="extensions">Extensions of the GroupContext.</param>
    /// <exception cref="MlsException">The creator's own leaf does not support the extensions, or the authentication service or the rules refuse something.</exception>
    public static async ValueTask<MlsGroup> CreateAsync(
        MlsEnvironment environment, byte[] groupId, KeyPackageBundle own, IReadOnlyList<Extension> extensions)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(groupId);
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(extensions);
        SuiteCrypto crypto = new(own.KeyPackage.RequireSuite(environment), environment.Crypto);
        Extension.RefuseRepeated(extensions);
        GroupRequirements.Of(extensions).Check(own.KeyPackage.Leaf);
        await KeyPackageValidation.ValidateAsync(own.KeyPackage, environment, crypto, groupId).ConfigureAwait(false);
        await ExternalSender.ValidateAsync(extensions, environment, groupId).ConfigureAwait(false);

        RatchetTree tree = RatchetTree.Of(crypto, own.KeyPackage.Leaf);
        GroupContext context = new(crypto.Suite.Id, groupId, 0, tree.TreeHash(), [], extensions);
        using Secret epochSecret = crypto.RandomSecret(crypto.HashLength);
        EpochSecrets secrets = EpochSecrets.FromEpochSecret(crypto, epochSecret);
        // "the interim transcript hash is computed … with the confirmation tag over the empty confirmed_transcript_hash" (§11)
        byte[] interim = TranscriptHash.Interim(crypto, context.ConfirmedTranscriptHash, secrets.ConfirmationTag(context.ConfirmedTranscriptHash));
        EpochState epoch = new(crypto, context, tree, new LeafIndex(0), PrivatePath.Of(own.EncryptionKey.Clone()), own.SignatureKey.Clone(), secrets, interim);
        return new(environment, epoch, secrets.StartSecretTree(tree.Size), [], []);
    }

    /// <summary>Joins the group of a Welcome (§12.4.3.1), after every check of §12.4.3.1 and §12.4.3.3 on it and its tree.</summary>
    /// <param name="environment">Primitives, authentication service, limits.</param>
    /// <param name="welcome">An MLSMessage that holds a Welcome.</param>
    /// <param name="find">Finds an own key package.</param>
    /// <param name="options">What the joiner has beside the Welcome.</param>
    /// <remarks>Whether a group of this id is known already is the caller's to check before it keeps the group.</remarks>
    /// <exception cref="MlsException">The code says which rule was broken.</exception>
    public static async ValueTask<JoinedGroup> JoinAsync(
        MlsEnvironment environment, ReadOnlyMemory<byte> welcome, KeyPackageLookup find, JoinOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(find);
        if (welcome.Length > environment.Limits.MaxMessageSize) throw new MlsException(MlsError.LimitExceeded, "12.4.3.1", "larger than allowed");
        Welcome message = Welcome.Decode(welcome.Span);

        // "Identify an entry in the secrets array where the new_member value corresponds to one of this client's KeyPackages"
        (KeyPackageBundle own, HpkeCiphertext sealedSecrets) = await FindOwnAsync(environment, message, find).ConfigureAwait(false);
        if (own.KeyPackage.SuiteId != message.CipherSuite)
            throw new MlsException(MlsError.UnsupportedCipherSuite, "12.4.3.1", "the key package is for another cipher suite");
        SuiteCrypto crypto = new(own.KeyPackage.RequireSuite(environment), environment.Crypto);

        // "Decrypt the encrypted_group_secrets value with the algorithms indicated by the cipher suite and the private key"
        using Secret opened = await crypto.DecryptWithLabelAsync(own.InitKey, "Welcome", message.EncryptedGroupInfo, sealedSecrets).ConfigureAwait(false)
            ?? throw new MlsException(MlsError.DecryptionFailed, "12.4.3.1", "group secrets do not open");
        using GroupSecrets secrets = TlsReader.ReadAll(opened.Span, GroupSecrets.Read);

        // "If a PreSharedKeyID is part of the GroupSecrets and the client is not in possession of the corresponding PSK, return an error"
        if (secrets.Psks.Count > environment.Limits.MaxProposals) throw new MlsException(MlsError.LimitExceeded, "12.4.3.1", "more pre-shared keys than a commit can name");
        PskSources psks = new(options?.ExternalPsk, options?.Groups, null);
        PreSharedKeyId? origin = Successor.OriginOf(secrets.Psks, environment.Rules, crypto);
        using Secret pskSecret = psks.Combine(crypto, secrets.Psks, "12.4.3.1");

        // "derive the welcome_secret … use the key and nonce to decrypt the encrypted_group_info field"
        GroupInfo info = await message.OpenAsync(crypto, secrets.JoinerSecret, pskSecret).ConfigureAwait(false)
            ?? throw new MlsException(MlsError.DecryptionFailed, "12.4.3.1", "group info does not open");
        GroupContext context = info.Context;
        if (context.CipherSuite != message.CipherSuite) throw new MlsException(MlsError.InvalidWelcome, "12.4.3.1", "the group has another cipher suite");

        // The tree comes inside, or beside; in either case it must be the one the GroupContext names.
        (RatchetTree tree, LeafNode signer) = await VerifyAsync(environment, crypto, info, options?.RatchetTree).ConfigureAwait(false);
        if (origin is not null) Successor.Check(new(crypto, context, tree), environment, psks.Group(origin.GroupId!)!, origin);

        // "Identify a leaf whose LeafNode is identical to the one in the KeyPackage"
        byte[] ownLeaf = own.KeyPackage.Leaf.Encoded;
        Member self = tree.Members.FirstOrDefault(member => member.Leaf.Encoded.AsSpan().SequenceEqual(ownLeaf))
            ?? throw new MlsException(MlsError.InvalidWelcome, "12.4.3.1", "the own leaf is not in the tree");

        // "Use the joiner_secret and the PSKs to derive the epoch_secret and the other secrets; verify the confirmation tag"
        EpochSecrets epochSecrets = EpochSecrets.FromJoiner(crypto, secrets.JoinerSecret, pskSecret, context.Encoded);
        if (!epochSecrets.VerifyConfirmationTag(context.ConfirmedTranscriptHash, info.ConfirmationTag))
        {
            epochSecrets.Dispose();
            throw new MlsException(MlsError.InvalidConfirmationTag, "12.4.3.1", "confirmation tag");
        }
        List<(NodeIndex, Secret Key)> nodeKeys;
        try
        {
            nodeKeys = secrets.PathSecret is { } pathSecret ? await JoinerKeysAsync(tree, self.Index, info.Signer, pathSecret).ConfigureAwait(false) : [];
        }
        catch (MlsException)
        {
            epochSecrets.Dispose();
            throw;
        }
        byte[] interim = TranscriptHash.Interim(crypto, context.ConfirmedTranscriptHash, info.ConfirmationTag);
        PrivatePath path = PrivatePath.Of(own.EncryptionKey.Clone()).With(nodeKeys);
        EpochState epoch = new(crypto, context, tree, self.Index, path, own.SignatureKey.Clone(), epochSecrets, interim);
        MlsGroup group = new(environment, epoch, epochSecrets.StartSecretTree(tree.Size), [], []);
        return new(group, own.Ref, own.KeyPackage.IsLastResort, new Member(info.Signer, signer));
    }

    /// <summary>The tree that a GroupInfo is about and the leaf of who signed it, once both are verified: what every joiner checks (§12.4.3.1).</summary>
    static async ValueTask<(RatchetTree Tree, LeafNode Signer)> VerifyAsync(
        MlsEnvironment environment, SuiteCrypto crypto, GroupInfo info, ReadOnlyMemory<byte>? treeBeside)
    {
        ReadOnlyMemory<byte> encodedTree = info.Extensions.Find(Extension.RatchetTree) ?? treeBeside
            ?? throw new MlsException(MlsError.MissingTree, "12.4.3.3", "no ratchet tree");
        RatchetTree tree = RatchetTree.Decode(crypto, encodedTree.Span, environment.Limits);

        // "Verify the signature on the GroupInfo object … with the public key of the leaf signer"
        LeafNode signer = tree[info.Signer] ?? throw new MlsException(MlsError.InvalidWelcome, "12.4.3.1", "the signer is no member");
        if (!await crypto.VerifyWithLabelAsync(signer.SignatureKey, "GroupInfoTBS", info.ToBeSigned(), info.Signature).ConfigureAwait(false))
            throw new MlsException(MlsError.InvalidSignature, "12.4.3.1", "group info signature");

        // "Verify the integrity of the ratchet tree": its hash, parent hashes, leaves, unmerged leaves.
        TreeValidation.CheckParents(tree);
        if (!tree.TreeHash().AsSpan().SequenceEqual(info.Context.TreeHash)) throw new MlsException(MlsError.TreeHashMismatch, "12.4.3.1", "tree hash");
        await TreeValidation.ValidateAsync(tree, info.Context, environment).ConfigureAwait(false);
        await ExternalSender.ValidateAsync(info.Context.Extensions, environment, info.Context.GroupId).ConfigureAwait(false);
        return (tree, signer);
    }

    static async ValueTask<(KeyPackageBundle Own, HpkeCiphertext Secrets)> FindOwnAsync(MlsEnvironment environment, Welcome welcome, KeyPackageLookup find)
    {
        if (welcome.Secrets.Count > environment.Limits.MaxProposals)
            throw new MlsException(MlsError.LimitExceeded, "12.4.3.1", "more new members than a commit can add");
        foreach (EncryptedGroupSecrets entry in welcome.Secrets)
            if (await find(entry.NewMember).ConfigureAwait(false) is { } bundle && bundle.Ref.AsSpan().SequenceEqual(entry.NewMember)) return (bundle, entry.Secrets);
        throw new MlsException(MlsError.NoMatchingKeyPackage, "12.4.3.1", "no entry for an own key package");
    }

    /// <summary>"derive the private keys of the lowest common ancestor with the signer and of its ancestors up to the root" (§12.4.3.1).</summary>
    static async ValueTask<List<(NodeIndex, Secret Key)>> JoinerKeysAsync(RatchetTree tree, LeafIndex own, LeafIndex signer, Secret pathSecret)
    {
        if (own == signer) throw new MlsException(MlsError.InvalidWelcome, "12.4.3.1", "the joiner is its own signer");
        NodeIndex start = TreeMath.CommonAncestor(own, signer);
        // A path reaches whoever its commit adds through their common ancestor, which therefore is not blank.
        if (tree.Parent(start) is null) throw new MlsException(MlsError.InvalidPath, "12.4.3.1", "a path secret for a blank node");
        List<(NodeIndex, Secret Key)> keys = [];
        Secret secret = pathSecret.Clone();
        foreach (NodeIndex node in TreeMath.DirectPath(signer, tree.Size))
        {
            // Blank nodes are those that the path left out.
            if (node.Level < start.Level || tree.Parent(node) is not { } parent) continue;
            KeyPair pair = await TreeKem.DeriveNodeKeyAsync(tree.Crypto, secret).ConfigureAwait(false);
            keys.Add((node, pair.PrivateKey));
            if (!pair.PublicKey.AsSpan().SequenceEqual(parent.EncryptionKey))
            {
                foreach ((_, Secret key) in keys) key.Dispose();
                secret.Dispose();
                throw new MlsException(MlsError.InvalidPath, "12.4.3.1", "the path secret does not give the tree's public keys");
            }
            Secret next = tree.Crypto.DeriveSecret(secret, "path");
            secret.Dispose();
            secret = next;
        }
        secret.Dispose();
        return keys;
    }
}

namespace Kavalek.Mls;

public sealed partial class MlsGroup
{
    /// <summary>
    /// The public state of this epoch, signed (§12.4.3): with it and <see cref="MlsRules.ExternalCommits"/> a client can join by a commit of
    /// its own, as long as the epoch lasts. It tells who the members are.
    /// </summary>
    /// <param name="withTree">Put the ratchet tree into it; without it, the joiner gets it beside.</param>
    /// <returns>An MLSMessage.</returns>
    public async ValueTask<byte[]> ExportGroupInfoAsync(bool withTree = true)
    {
        RequireAlive();
        using KeyPair external = await _epoch.Secrets.ExternalKeyPairAsync().ConfigureAwait(false);
        using TlsWriter key = new();
        key.WriteVector(external.PublicKey);
        List<Extension> extensions = [new(Extension.ExternalPub, key.ToArray())];
        if (withTree) extensions.Add(new(Extension.RatchetTree, _epoch.Tree.Encode()));
        byte[] tag = _epoch.Secrets.ConfirmationTag(_epoch.Context.ConfirmedTranscriptHash);
        GroupInfo info = new(_epoch.Context, extensions, tag, OwnIndex, []);
        return (await info.SignAsync(_epoch.Crypto, _epoch.SignatureKey).ConfigureAwait(false)).Encode();
    }

    /// <summary>Joins a group without having been invited, or again after losing its state, by a commit of one's own (§12.4.3.2).</summary>
    /// <param name="environment">Primitives, authentication service, limits, and rules that allow it.</param>
    /// <param name="groupInfo">An MLSMessage that holds a GroupInfo of the current epoch: see <see cref="ExportGroupInfoAsync"/>.</param>
    /// <param name="own">The own credential, signature key, capabilities and leaf extensions; its other keys are not used. Not to be published.</param>
    /// <param name="options">What the joiner has beside the GroupInfo.</param>
    /// <exception cref="MlsException">The code says which rule was broken.</exception>
    public static async ValueTask<ExternalJoin> JoinExternallyAsync(
        MlsEnvironment environment, ReadOnlyMemory<byte> groupInfo, KeyPackageBundle own, ExternalJoinOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(own);
        options ??= new();
        MlsRules.Require(environment.Rules.ExternalCommits, "12.4.3.2", "external commits");
        if (groupInfo.Length > environment.Limits.MaxMessageSize) throw new MlsException(MlsError.LimitExceeded, "12.4.3.2", "larger than allowed");
        GroupInfo info = GroupInfo.Decode(groupInfo.Span);
        SuiteCrypto crypto = new(own.KeyPackage.RequireSuite(environment), environment.Crypto);
        if (info.Context.CipherSuite != crypto.Suite.Id)
            throw new MlsException(MlsError.UnsupportedCipherSuite, "12.4.3.2", "the key package is for another cipher suite");
        (RatchetTree tree, _) = await VerifyAsync(environment, crypto, info, options.RatchetTree).ConfigureAwait(false);
        PublicEpoch before = new(crypto, info.Context, tree);

        // "kem_output, context = SetupBaseS(external_pub, ""); init_secret = context.export("MLS 1.0 external init secret", KDF.Nh)" (§8.3)
        (byte[] kemOutput, Secret init) = await crypto.Hpke.SendExportAsync(
            ExternalPub(info), ReadOnlyMemory<byte>.Empty, ExternalInitProposal.ExporterContext, crypto.HashLength).ConfigureAwait(false)
            ?? throw new MlsException(MlsError.InvalidGroupInfo, "12.4.3.2", "external_pub is no key");
        using Secret initSecret = init;

        // The proposals, applied as the members will (§12.2): the leaf is the leftmost blank one after the removal.
        List<QueuedProposal> proposals = [];
        void Propose(Proposal proposal) => proposals.Add(new(proposal, Sender.NewMemberCommit, null));
        byte[] Nonce() => crypto.RandomSecret(crypto.HashLength).Span.ToArray();
        Propose(new ExternalInitProposal(kemOutput));
        if (options.EarlierSelf is { } earlier) Propose(new RemoveProposal(earlier));
        foreach (byte[] psk in options.ExternalPsks) Propose(new PskProposal(PreSharedKeyId.External(psk, Nonce())));
        foreach (ResumptionPsk psk in options.ResumptionPsks)
            Propose(new PskProposal(PreSharedKeyId.Resumption(ResumptionUsage.Application, psk.GroupId, psk.Epoch, Nonce())));
        CommitPlan plan = await CommitPlan.CreateAsync(before, environment, Sender.NewMemberCommit, proposals).ConfigureAwait(false);
        using Secret pskSecret = new PskSources(options.ExternalPsk, options.Groups, null).Combine(crypto, plan.Psks, "12.4.3.2");

        // The path, "calculated relative to that leaf".
        GroupContext provisional = info.Context with { Epoch = info.Context.NextEpoch };
        LeafNode template = own.KeyPackage.Leaf;
        using TreeKem.Created created = await TreeKem.CreateAsync(plan.Tree, plan.Committer,
            async (encryptionKey, parentHash) =>
            {
                LeafNode leaf = new(encryptionKey, template.SignatureKey, template.Credential, template.Capabilities, LeafNodeSource.Commit, null, parentHash, template.Extensions, []);
                return leaf.Signed(await crypto.SignWithLabelAsync(
                    own.SignatureKey, "LeafNodeTBS", leaf.ToBeSigned(info.Context.GroupId, plan.Committer)).ConfigureAwait(false));
            },
            treeHash => (provisional with { TreeHash = treeHash }).Encoded, plan.AddedLeaves).ConfigureAwait(false);
        plan.CheckPath(created.Path, null);
        await ProposalValidation.ValidateJoinerAsync(
            before, environment, plan.Committer, created.Path.Leaf, options.EarlierSelf is { } self ? tree[self] : null).ConfigureAwait(false);

        // Signed with the key that its own path brings in, and sent in clear: the joiner has no other keys yet.
        Commit commit = new([.. proposals.Select(queued => new ProposalOrRef(queued.Proposal, null))], created.Path);
        FramedContent content = new(info.Context.GroupId, info.Context.Epoch, Sender.NewMemberCommit, options.AuthenticatedData, null, null, commit);
        byte[] signature = await crypto.SignWithLabelAsync(own.SignatureKey, "FramedContentTBS",
            AuthenticatedContent.ToBeSigned(WireFormat.PublicMessage, content, info.Context.Encoded)).ConfigureAwait(false);
        AuthenticatedContent message = new(WireFormat.PublicMessage, content, signature, null);

        // The key schedule of the new epoch (§8).
        byte[] interim = TranscriptHash.Interim(crypto, info.Context.ConfirmedTranscriptHash, info.ConfirmationTag);
        byte[] confirmed = TranscriptHash.Confirmed(crypto, interim, message.TranscriptInput());
        GroupContext context = provisional with { TreeHash = created.Tree.TreeHash(), ConfirmedTranscriptHash = confirmed };
        using Secret joiner = EpochSecrets.DeriveJoiner(crypto, initSecret, created.CommitSecret, context.Encoded);
        EpochSecrets secrets = EpochSecrets.FromJoiner(crypto, joiner, pskSecret, context.Encoded);
        byte[] tag = secrets.ConfirmationTag(confirmed);
        EpochState next = new(crypto, context, created.Tree, plan.Committer, created.Keys, own.SignatureKey.Clone(), secrets,
            TranscriptHash.Interim(crypto, confirmed, tag));
        return new(
            new PublicMessage(message with { ConfirmationTag = tag }, null).Encode(),
            new(environment, next, secrets.StartSecretTree(created.Tree.Size), [], []),
            plan.Effects(before, created.Tree, hasPath: true));
    }

    /// <summary>The key that an external init secret is sealed to.</summary>
    static byte[] ExternalPub(GroupInfo info)
    {
        byte[] encoded = info.Extensions.Find(Extension.ExternalPub) ?? throw new MlsException(MlsError.InvalidGroupInfo, "12.4.3.2", "no external_pub");
        return TlsReader.ReadAll(encoded, static (ref TlsReader reader) => reader.ReadVector());
    }
}

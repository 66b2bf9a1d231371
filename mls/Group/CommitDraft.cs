namespace Kavalek.Mls;

/// <summary>A commit as its committer makes it (RFC 9420 §12.4.1).</summary>
/// <param name="Pending">What waits for the delivery service.</param>
/// <param name="Message">The commit with its signature and tag.</param>
internal sealed record CommitDraft(PendingCommit Pending, AuthenticatedContent Message)
{
    /// <summary>Makes it; the second value is the current epoch's message keys without the one used.</summary>
    public static async ValueTask<(CommitDraft Draft, SecretTree Keys)> CreateAsync(
        MlsGroup group, CommitRequest request, DateTimeOffset now, PskSources? psks, bool privately)
    {
        psks ??= new(null, null, group);
        EpochState epoch = group.State;
        SuiteCrypto crypto = epoch.Crypto;
        MlsEnvironment environment = group.Environment;

        // "Verify that the current time is within the lifetime" of what one sends (§7.3).
        foreach (KeyPackage keyPackage in request.Add) KeyPackageValidation.CheckLifetime(keyPackage.Leaf, environment.Limits, now);

        // The list of proposals, validated and applied as receivers will (§12.2, §12.3).
        CommitPlan plan = await CommitPlan.CreateAsync(
            epoch, environment, Sender.Member(epoch.Own), group.Choose(request, psks), founding: request.Origin is not null).ConfigureAwait(false);
        using Secret pskSecret = psks.Combine(crypto, plan.Psks, "12.4.1");

        // The path, where it is needed or wanted.
        GroupContext provisional = epoch.Context with { Epoch = epoch.Context.NextEpoch, Extensions = plan.Extensions };
        Secret signatureKey = request.OwnLeaf?.SignatureKey?.PrivateKey.Clone() ?? epoch.SignatureKey;
        using TreeKem.Created? created = plan.NeedsPath || request.ForcePath || request.OwnLeaf is not null
            ? await TreeKem.CreateAsync(plan.Tree, epoch.Own,
                (encryptionKey, parentHash) => LeafFactory.SignAsync(epoch, request.OwnLeaf, signatureKey, encryptionKey, parentHash),
                treeHash => (provisional with { TreeHash = treeHash }).Encoded, plan.AddedLeaves).ConfigureAwait(false)
            : null;
        if (created is not null)
        {
            plan.CheckPath(created.Path, epoch.OwnLeaf);
            if (request.OwnLeaf is not null)
                await ProposalValidation.ValidateUpdateAsync(epoch, environment, epoch.Own, created.Path.Leaf, LeafNodeSource.Commit).ConfigureAwait(false);
        }
        RatchetTree tree = created?.Tree ?? plan.Tree;
        using Secret commitSecret = created?.CommitSecret.Clone() ?? Secret.Zero(crypto.HashLength);

        // The commit is signed in the old epoch, with the old key.
        Commit commit = new([.. plan.Proposals.Select(queued => queued.Reference is null ? new ProposalOrRef(queued.Proposal, null) : new ProposalOrRef(null, queued.Reference))], created?.Path);
        FramedContent content = new(epoch.Context.GroupId, epoch.Context.Epoch, Sender.Member(epoch.Own), request.AuthenticatedData, null, null, commit);
        AuthenticatedContent signed = await group.Current.SignAsync(
            privately ? WireFormat.PrivateMessage : WireFormat.PublicMessage, content, epoch.SignatureKey).ConfigureAwait(false);

        // The key schedule of the new epoch (§8), and the tag that proves it.
        byte[] confirmed = TranscriptHash.Confirmed(crypto, epoch.InterimHash, signed.TranscriptInput());
        GroupContext context = provisional with { TreeHash = tree.TreeHash(), ConfirmedTranscriptHash = confirmed };
        using Secret joiner = EpochSecrets.DeriveJoiner(crypto, epoch.Secrets.Init, commitSecret, context.Encoded);
        EpochSecrets secrets = EpochSecrets.FromJoiner(crypto, joiner, pskSecret, context.Encoded);
        byte[] tag = secrets.ConfirmationTag(confirmed);
        AuthenticatedContent message = signed with { ConfirmationTag = tag };

        EpochState next = new(crypto, context, tree, epoch.Own, created?.Keys ?? epoch.Path.Within(tree), signatureKey, secrets,
            TranscriptHash.Interim(crypto, confirmed, tag))
        { Ended = plan.ReInit };

        byte[]? welcome = plan.Added.Count == 0 ? null : await WelcomeAsync(next, plan, created, tag, joiner, pskSecret, request.TreeInWelcome).ConfigureAwait(false);
        (byte[] encoded, SecretTree keys) = await group.EncodeHandshakeAsync(message, request.Padding).ConfigureAwait(false);
        PendingCommit pending = new(encoded, welcome, plan.Effects(epoch, tree, created is not null), epoch, next, secrets.StartSecretTree(tree.Size));
        return (new(pending, message), keys);
    }

    /// <summary>The Welcome for everybody added (§12.4.3.1).</summary>
    static async ValueTask<byte[]> WelcomeAsync(
        EpochState next, CommitPlan plan, TreeKem.Created? created, byte[] tag, Secret joiner, Secret pskSecret, bool withTree)
    {
        GroupInfo info = new(next.Context, withTree ? [new Extension(Extension.RatchetTree, next.Tree.Encode())] : [], tag, next.Own, []);
        info = await info.SignAsync(next.Crypto, next.SignatureKey).ConfigureAwait(false);
        List<(KeyPackage, Secret?)> members = [];
        foreach ((LeafIndex leaf, KeyPackage keyPackage) in plan.Added)
        {
            NodeIndex ancestor = TreeMath.CommonAncestor(leaf, next.Own);
            members.Add((keyPackage, created?.PathSecrets.First(entry => entry.Node == ancestor).Secret));
        }
        Welcome welcome = await Welcome.CreateAsync(next.Crypto, info, joiner, pskSecret, plan.Psks, members).ConfigureAwait(false);
        return welcome.Encode();
    }
}

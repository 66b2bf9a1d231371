using System.Collections.Immutable;

namespace Kavalek.Mls;

public sealed partial class MlsGroup
{
    /// <summary>Processes whatever the delivery service gives for this group: application message, proposal or commit, own ones too.</summary>
    /// <param name="message">An MLSMessage.</param>
    /// <param name="now">The time, from which the age of an ended epoch is counted.</param>
    /// <param name="options">The own pending commit; pre-shared keys.</param>
    /// <remarks>
    /// Lifetimes are not held against the clock here: who was away for long must be able to follow the commits of long ago. Whoever adds
    /// a client checks its lifetime.
    /// </remarks>
    public async ValueTask<ProcessResult> ProcessAsync(ReadOnlyMemory<byte> message, DateTimeOffset now, ProcessOptions? options = null)
    {
        try
        {
            if (message.Length > _environment.Limits.MaxMessageSize) throw new MlsException(MlsError.LimitExceeded, "6", "larger than allowed");
            if (options?.Pending is { } pending && pending.Epoch == Epoch && pending.IsEchoedBy(message.Span))
                return new ProcessResult.OwnCommitConfirmed(pending.Effects, pending.Apply(this, now));
            return Decode(message.Span) switch
            {
                PrivateMessage encrypted => await ProcessPrivateAsync(encrypted, now, options).ConfigureAwait(false),
                PublicMessage clear => await ProcessPublicAsync(clear, now, options).ConfigureAwait(false),
                _ => throw new MlsException(MlsError.UnexpectedMessage, "6", "not a message for a group"),
            };
        }
        catch (MlsException refusal) when (refusal.Error == MlsError.SecretReuse)
        {
            return new ProcessResult.Ignored(IgnoreReason.Replay);
        }
        catch (MlsException refusal)
        {
            return new ProcessResult.Refused(refusal.Error, refusal.Section, refusal.Message);
        }
    }

    static object? Decode(ReadOnlySpan<byte> message)
    {
        TlsReader reader = new(message);
        object? decoded = MlsMessage.ReadHeader(ref reader) switch
        {
            WireFormat.PrivateMessage => PrivateMessage.Read(ref reader),
            WireFormat.PublicMessage => PublicMessage.Read(ref reader),
            _ => null,
        };
        if (decoded is not null) reader.End();
        return decoded;
    }

    async ValueTask<ProcessResult> ProcessPrivateAsync(PrivateMessage message, DateTimeOffset now, ProcessOptions? options)
    {
        CheckGroup(message.GroupId);
        int past = -1;
        if (message.Epoch != Epoch)
        {
            if (message.Epoch > Epoch) throw new MlsException(MlsError.EpochInFuture, "6", "an epoch not reached yet");
            past = _past.FindIndex(epoch => epoch.Messages.Epoch == message.Epoch);
            if (past < 0 || message.ContentType != ContentType.Application) throw new MlsException(MlsError.EpochTooOld, "6", "a past epoch");
        }
        if (past < 0) RequireAlive();
        MessageEpoch epoch = past < 0 ? Current : _past[past].Messages;

        SenderData sender = await epoch.OpenSenderAsync(message).ConfigureAwait(false);
        if (sender.Leaf == OwnIndex)
        {
            if (!epoch.IsAhead(message, sender)) return Echoed(message.ContentType);
            // What this state has not sent yet was sent already. Anybody in the group can write the own index there; only the own key can sign it.
            (_, _, SecretTree ahead) = await epoch.UnprotectAsync(message, sender, _environment.Retention).ConfigureAwait(false);
            ahead.DisposeExcept(epoch.Keys);
            return new ProcessResult.Ignored(IgnoreReason.NewerOwnMessage);
        }
        (AuthenticatedContent content, LeafNode leaf, SecretTree keys) = await epoch.UnprotectAsync(message, sender, _environment.Retention).ConfigureAwait(false);

        if (content.Content.Application is { } data)
        {
            MlsGroup next = past < 0
                ? new(_environment, _epoch, keys, _proposals, _past)
                : new(_environment, _epoch, _keys, _proposals, _past.SetItem(past, _past[past] with { Messages = epoch with { Keys = keys } }));
            return new ProcessResult.ApplicationReceived(
                new Member(sender.Leaf, leaf), data, message.AuthenticatedData, message.Epoch, sender.Generation, next)
            {
                Proof = new SignedApplication(epoch.Context, sender.Leaf, message.AuthenticatedData, data, content.Signature),
            };
        }
        return await ProcessHandshakeAsync(content, keys, now, options).ConfigureAwait(false);
    }

    async ValueTask<ProcessResult> ProcessPublicAsync(PublicMessage message, DateTimeOffset now, ProcessOptions? options)
    {
        FramedContent content = message.Message.Content;
        CheckGroup(content.GroupId);
        if (content.Epoch != Epoch)
            throw new MlsException(content.Epoch > Epoch ? MlsError.EpochInFuture : MlsError.EpochTooOld, "6", "not the current epoch");
        // "PublicMessage … MUST NOT be used for application messages" (§6.2)
        if (content.ContentType == ContentType.Application)
            throw new MlsException(MlsError.UnencryptedApplicationMessage, "6.2", "application data in clear");
        RequireAlive();
        if (content.Sender.Leaf is not { } sender)
        {
            await Current.VerifyAsync(message.Message, OutsiderKey(content)).ConfigureAwait(false);
            return await ProcessHandshakeAsync(message.Message, _keys, now, options).ConfigureAwait(false);
        }

        MlsRules.Require(_environment.Rules.PublicHandshakes, "6.2", "handshakes in clear");
        byte[] tagged = PublicMessage.Tagged(message.Message, _epoch.Context.Encoded);
        if (!_epoch.Crypto.VerifyMac(_epoch.Secrets.Membership, tagged, message.MembershipTag))
            throw new MlsException(MlsError.InvalidMembershipTag, "6.2", "membership tag");
        await Current.VerifyAsync(message.Message).ConfigureAwait(false);
        if (sender == OwnIndex) return Echoed(content.ContentType);
        return await ProcessHandshakeAsync(message.Message, _keys, now, options).ConfigureAwait(false);
    }

    /// <summary>What a message from outside the group is to be signed with (§12.1.8, §12.4.3.2), where the rules allow it at all.</summary>
    byte[] OutsiderKey(FramedContent content)
    {
        MlsRules rules = _environment.Rules;
        switch (content.Sender.Type)
        {
            case SenderType.External:
                MlsRules.Require(rules.ExternalSenders, "12.1.8", "external senders");
                if (content.Proposal is null) throw new MlsException(MlsError.InvalidSender, "12.1.8", "an external sender only proposes");
                IReadOnlyList<ExternalSender> senders = ExternalSender.Of(Extensions);
                return content.Sender.Index < senders.Count
                    ? senders[(int)content.Sender.Index].SignatureKey
                    : throw new MlsException(MlsError.InvalidSender, "12.1.8.1", "no such external sender");
            case SenderType.NewMemberProposal:
                MlsRules.Require(rules.NewMemberProposals, "12.1.8", "proposals of new members");
                return content.Proposal is AddProposal add
                    ? add.KeyPackage.SignatureKey
                    : throw new MlsException(MlsError.InvalidSender, "12.1.8", "a new member only proposes to be added");
            default:
                MlsRules.Require(rules.ExternalCommits, "12.4.3.2", "external commits");
                if (content.Commit is null) throw new MlsException(MlsError.InvalidSender, "12.4.3.2", "who joins by itself only commits");
                return content.Commit.Path?.Leaf.SignatureKey ?? throw new MlsException(MlsError.MissingPath, "12.4.3.2", "an external commit without a path");
        }
    }

    void CheckGroup(ReadOnlySpan<byte> groupId)
    {
        if (!groupId.SequenceEqual(GroupId)) throw new MlsException(MlsError.WrongGroup, "6", "another group");
    }

    /// <summary>An own message that was echoed. What it holds is known already; only a commit that nobody remembers making is a loss.</summary>
    static ProcessResult.Ignored Echoed(ContentType type) => type != ContentType.Commit
        ? new ProcessResult.Ignored(IgnoreReason.OwnMessage)
        : throw new MlsException(MlsError.UnknownOwnCommit, "12.4.2", "an own commit that is not the pending one");

    /// <summary>A proposal or commit whose signature was verified. The next group takes over <paramref name="keys"/>; where there is none, what they do not share with this one is zeroed.</summary>
    internal async ValueTask<ProcessResult> ProcessHandshakeAsync(
        AuthenticatedContent message, SecretTree keys, DateTimeOffset now, ProcessOptions? options)
    {
        bool isTaken = false;
        try
        {
            ProcessResult result = await ProcessHandshakeWithAsync(message, keys, now, options).ConfigureAwait(false);
            isTaken = result is ProcessResult.ProposalReceived or ProcessResult.CommitReceived;
            return result;
        }
        finally
        {
            if (!isTaken) keys.DisposeExcept(_keys);
        }
    }

    async ValueTask<ProcessResult> ProcessHandshakeWithAsync(
        AuthenticatedContent message, SecretTree keys, DateTimeOffset now, ProcessOptions? options)
    {
        if (message.Content.Commit is not null)
            return await ProcessCommitAsync(message, keys, now, options).ConfigureAwait(false);

        Sender sender = message.Content.Sender;
        Proposal proposal = message.Content.Proposal!;
        byte[] encoded = message.Encode(), reference = _epoch.Crypto.ProposalRef(encoded);
        if (_proposals.Exists(known => known.Reference.AsSpan().SequenceEqual(reference))) return new ProcessResult.Ignored(IgnoreReason.Replay);
        if (_proposals.Count >= _environment.Limits.MaxProposals || SizeWith(encoded) > _environment.Limits.MaxProposalsSize)
            throw new MlsException(MlsError.LimitExceeded, "12.1", "more proposals than are kept");
        await ProposalValidation.ValidateAsync(_epoch, _environment, new(proposal, sender, null)).ConfigureAwait(false);

        QueuedProposal queued = new(proposal, sender, reference) { SizeUpTo = SizeWith(encoded) };
        MlsGroup next = new(_environment, _epoch, keys, _proposals.Add(queued), _past);
        PendingProposal described = queued.Describe(_epoch);
        return new ProcessResult.ProposalReceived(described.Sender, proposal.Type, queued.Target, message.Content.AuthenticatedData, next) { Proposal = described };
    }

    /// <summary>Bytes of all proposals that wait, and of one more.</summary>
    long SizeWith(byte[] proposal) => (_proposals.IsEmpty ? 0 : _proposals[^1].SizeUpTo) + proposal.Length;

    /// <summary>Another member's commit (§12.4.2), or that of who joins by it (§12.4.3.2), its signature verified.</summary>
    async ValueTask<ProcessResult> ProcessCommitAsync(AuthenticatedContent message, SecretTree keys, DateTimeOffset now, ProcessOptions? options)
    {
        SuiteCrypto crypto = _epoch.Crypto;
        Commit commit = message.Content.Commit!;
        Sender from = message.Content.Sender;

        // "Verify that the proposals vector is valid according to the rules in Section 12.2."
        List<QueuedProposal> proposals = Resolve(commit, from);
        CommitPlan plan = await CommitPlan.CreateAsync(_epoch, _environment, from, proposals).ConfigureAwait(false);
        LeafIndex sender = plan.Committer;

        // "Verify that the path value is populated if the proposals vector … requires it."
        if (commit.Path is null && plan.NeedsPath) throw new MlsException(MlsError.MissingPath, "12.4.2", "the proposals need a path");

        // "Validate the LeafNode … verify that the encryption_key is different … that none of the public keys appear in the new tree;
        // merge the UpdatePath and verify its parent hashes."
        RatchetTree tree = plan.Tree;
        if (commit.Path is { } path)
        {
            if (from.Leaf is null)
                await ProposalValidation.ValidateJoinerAsync(_epoch, _environment, sender, path.Leaf, plan.Removed.Count > 0 ? _epoch.Tree[plan.Removed[0]] : null).ConfigureAwait(false);
            else
                await ProposalValidation.ValidateUpdateAsync(_epoch, _environment, sender, path.Leaf, LeafNodeSource.Commit).ConfigureAwait(false);
            plan.CheckPath(path, from.Leaf is null ? null : _epoch.Tree[sender]);
            tree = TreeKem.Merge(plan.Tree, sender, path);
        }
        CommitEffects effects = plan.Effects(_epoch, tree, commit.Path is not null);
        if (plan.Removed.Contains(OwnIndex)) return new ProcessResult.RemovedFromGroup(effects, message.Content.AuthenticatedData);

        // "Decrypt the path secrets" under the provisional GroupContext.
        using Secret pskSecret = new PskSources(options?.ExternalPsk, options?.Groups, this).Combine(crypto, plan.Psks, "12.4.2");
        using Secret? externalInit = plan.ExternalInit is { } init ? await ReceiveInitAsync(init).ConfigureAwait(false) : null;
        GroupContext provisional = _epoch.Context with { Epoch = _epoch.Context.NextEpoch, TreeHash = tree.TreeHash(), Extensions = plan.Extensions };
        QueuedProposal? ownUpdate = proposals.Find(queued => queued.Proposal is UpdateProposal && queued.Sender.Leaf == OwnIndex);
        PrivatePath keysBefore = (ownUpdate?.LeafKey is { } leafKey ? _epoch.Path.WithLeafKey(leafKey) : _epoch.Path).Within(plan.Tree);
        PrivatePath ownKeys = keysBefore;
        Secret commitSecret;
        if (commit.Path is null)
            commitSecret = Secret.Zero(crypto.HashLength);
        else
            (ownKeys, commitSecret) = await TreeKem.DecryptAsync(plan.Tree, sender, OwnIndex, keysBefore, commit.Path, provisional.Encoded, plan.AddedLeaves).ConfigureAwait(false);

        // "Update the confirmed transcript hash; derive the new epoch's secrets; verify the confirmation tag."
        byte[] confirmed = TranscriptHash.Confirmed(crypto, _epoch.InterimHash, message.TranscriptInput());
        GroupContext context = provisional with { ConfirmedTranscriptHash = confirmed };
        using Secret joiner = EpochSecrets.DeriveJoiner(crypto, externalInit ?? _epoch.Secrets.Init, commitSecret, context.Encoded);
        commitSecret.Dispose();
        EpochSecrets secrets = EpochSecrets.FromJoiner(crypto, joiner, pskSecret, context.Encoded);
        if (!secrets.VerifyConfirmationTag(confirmed, message.ConfirmationTag))
        {
            secrets.Dispose();
            ownKeys.DisposeExcept(keysBefore);
            throw new MlsException(MlsError.InvalidConfirmationTag, "12.4.2", "confirmation tag");
        }

        EpochState next = new(crypto, context, tree, OwnIndex, ownKeys.Within(tree), ownUpdate?.SignatureKey ?? _epoch.SignatureKey, secrets,
            TranscriptHash.Interim(crypto, confirmed, message.ConfirmationTag))
        { Ended = plan.ReInit };
        MlsGroup ended = new(_environment, _epoch, keys, _proposals, _past);
        return new ProcessResult.CommitReceived(effects, message.Content.AuthenticatedData, ended.Advance(next, secrets.StartSecretTree(tree.Size), now));
    }

    /// <summary>The init secret that who joins by itself has sealed to the group's external_pub (§8.3).</summary>
    async ValueTask<Secret> ReceiveInitAsync(ExternalInitProposal init)
    {
        using KeyPair external = await _epoch.Secrets.ExternalKeyPairAsync().ConfigureAwait(false);
        return await _epoch.Crypto.Hpke.ReceiveExportAsync(
                init.KemOutput, external.PrivateKey, ReadOnlyMemory<byte>.Empty, ExternalInitProposal.ExporterContext, _epoch.Crypto.HashLength).ConfigureAwait(false)
            ?? throw new MlsException(MlsError.InvalidProposal, "8.3", "the KEM output of an ExternalInit");
    }

    List<QueuedProposal> Resolve(Commit commit, Sender sender)
    {
        if (commit.Proposals.Count > _environment.Limits.MaxProposals) throw new MlsException(MlsError.LimitExceeded, "12.4", "more proposals than allowed");
        Dictionary<string, QueuedProposal> known = commit.Proposals.Any(item => item.Reference is not null)
            ? _proposals.ToDictionary(queued => Convert.ToHexString(queued.Reference!))
            : [];
        List<QueuedProposal> proposals = [];
        HashSet<string> named = [];
        foreach (ProposalOrRef item in commit.Proposals)
        {
            if (item.Proposal is not null)
            {
                proposals.Add(new(item.Proposal, sender, null));
                continue;
            }
            string reference = Convert.ToHexString(item.Reference!);
            if (!known.TryGetValue(reference, out QueuedProposal? queued)) throw new MlsException(MlsError.UnknownProposal, "12.4.2", "a proposal that was not received");
            if (!named.Add(reference)) throw new MlsException(MlsError.InvalidProposalList, "12.2", "one proposal twice");
            proposals.Add(queued);
        }
        return proposals;
    }
}

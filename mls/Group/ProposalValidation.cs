namespace Kavalek.Mls;

/// <summary>What a proposal must satisfy by itself (RFC 9420 §12.1), whoever commits it.</summary>
internal static class ProposalValidation
{
    /// <param name="epoch">The epoch it is proposed in.</param>
    /// <param name="environment">The authentication service, the limits and the rules.</param>
    /// <param name="queued">What, by whom.</param>
    /// <param name="founding">Whether it is part of the first commit of a group that re-initializes or branches from another.</param>
    public static async ValueTask ValidateAsync(PublicEpoch epoch, MlsEnvironment environment, QueuedProposal queued, bool founding = false)
    {
        MlsRules rules = environment.Rules;
        if (queued.Sender.Type is SenderType.External or SenderType.NewMemberProposal) CheckFromOutside(rules, queued);
        switch (queued.Proposal)
        {
            case AddProposal add:
                await KeyPackageValidation.ValidateAsync(add.KeyPackage, environment, epoch.Crypto, epoch.Context.GroupId).ConfigureAwait(false);
                break;
            case UpdateProposal update when queued.Sender.Leaf is { } leaf:
                await ValidateUpdateAsync(epoch, environment, leaf, update.Leaf, LeafNodeSource.Update).ConfigureAwait(false);
                break;
            case RemoveProposal remove:
                // "invalid if the removed field does not identify a non-blank leaf node" (§12.1.3)
                if (epoch.Tree[remove.Removed] is null) throw Invalid("12.1.3", "no member at the leaf");
                break;
            case PskProposal psk:
                // "invalid if the PreSharedKeyID has usage reinit or branch [outside of these], or its nonce is not of length KDF.Nh" (§12.1.4)
                bool forSuccessor = !psk.Id.IsExternal && psk.Id.Usage != ResumptionUsage.Application;
                if (forSuccessor && !founding) throw Invalid("12.1.4", "a resumption PSK for another use");
                if (psk.Id.Nonce.Length != epoch.Crypto.HashLength) throw Invalid("12.1.4", "length of the nonce");
                if (!forSuccessor) MlsRules.Require(rules.PreSharedKeys, "12.1.4", "pre-shared keys");
                break;
            case ReInitProposal reInit:
                MlsRules.Require(rules.ReInit, "12.1.5", "re-initialization");
                // "invalid if the version field is less than the version for the current group" (§12.1.5); there is one.
                if (reInit.Version != KeyPackage.Mls10) throw Invalid("12.1.5", "protocol version");
                if (CipherSuite.Find(reInit.CipherSuite) is not { } suite || !environment.Crypto.Supports(suite))
                    throw new MlsException(MlsError.UnsupportedCipherSuite, "12.1.5", "a cipher suite that is not available here");
                break;
            case GroupContextExtensionsProposal extensions:
                // "invalid if it includes a required_capabilities extension and some members do not support …" (§12.1.7). That of
                // members to come is checked with the whole list.
                _ = GroupRequirements.Of(extensions.Extensions);
                await ExternalSender.ValidateAsync(extensions.Extensions, environment, epoch.Context.GroupId).ConfigureAwait(false);
                break;
            case ExternalInitProposal when queued.Sender.Type == SenderType.NewMemberCommit:
                break;
            case ApplicationProposal custom when rules.Custom(custom.Type) is not null:
                break;
            default:
                throw new MlsException(MlsError.UnsupportedProposal, "12.1", "a proposal that is not supported");
        }
    }

    /// <summary>A leaf that is to replace the one at <paramref name="index"/>: by an Update, or by a commit's path (§7.3).</summary>
    public static async ValueTask ValidateUpdateAsync(PublicEpoch epoch, MlsEnvironment environment, LeafIndex index, LeafNode leaf, LeafNodeSource source)
    {
        LeafNode current = epoch.Tree[index] ?? throw new MlsException(MlsError.InvalidSender, "12.1.2", "no member at the leaf");
        if (leaf.Source != source) throw new MlsException(MlsError.InvalidLeafNode, "7.3", "leaf node source");
        CheckFreshKey(current, leaf);
        await LeafNodeValidation.ValidateAsync(leaf, index, environment, epoch.Crypto, epoch.Context.GroupId).ConfigureAwait(false);
        CheckSuccessor(epoch, environment, current, leaf);
    }

    /// <summary>The leaf of who joins by itself (§12.4.3.2), in place of <paramref name="earlierSelf"/> where it removes one.</summary>
    public static async ValueTask ValidateJoinerAsync(PublicEpoch epoch, MlsEnvironment environment, LeafIndex index, LeafNode leaf, LeafNode? earlierSelf)
    {
        if (leaf.Source != LeafNodeSource.Commit) throw new MlsException(MlsError.InvalidLeafNode, "7.3", "leaf node source");
        if (!leaf.Capabilities.Versions.Contains(KeyPackage.Mls10) || !leaf.Capabilities.CipherSuites.Contains(epoch.Context.CipherSuite))
            throw new MlsException(MlsError.UnsupportedCapability, "7.2", "version or suite not among the capabilities");
        await LeafNodeValidation.ValidateAsync(leaf, index, environment, epoch.Crypto, epoch.Context.GroupId).ConfigureAwait(false);
        if (earlierSelf is null) return;
        // "the LeafNode … MUST meet the same criteria as would the LeafNode in an Update for the removed leaf" (§12.2)
        CheckFreshKey(earlierSelf, leaf);
        CheckSuccessor(epoch, environment, earlierSelf, leaf);
    }

    /// <summary>Who is outside may propose what concerns the group, and only itself as a new member (§12.1.8, §17.4).</summary>
    static void CheckFromOutside(MlsRules rules, QueuedProposal queued)
    {
        bool may = queued.Sender.Type == SenderType.NewMemberProposal
            ? queued.Proposal is AddProposal
            : queued.Proposal is AddProposal or RemoveProposal or PskProposal or ReInitProposal or GroupContextExtensionsProposal
                || (queued.Proposal is ApplicationProposal custom && rules.Custom(custom.Type) is { FromOutside: true });
        if (!may) throw new MlsException(MlsError.InvalidSender, "12.1.8", "not to be proposed from outside the group");
    }

    static void CheckFreshKey(LeafNode current, LeafNode leaf)
    {
        if (leaf.EncryptionKey.AsSpan().SequenceEqual(current.EncryptionKey))
            throw new MlsException(MlsError.DuplicateKey, "7.3", "the encryption key of the leaf did not change");
    }

    static void CheckSuccessor(PublicEpoch epoch, MlsEnvironment environment, LeafNode current, LeafNode leaf)
    {
        if (current.Credential == leaf.Credential && current.SignatureKey.AsSpan().SequenceEqual(leaf.SignatureKey)) return;
        byte[] groupId = epoch.Context.GroupId;
        if (!environment.Authentication.IsSuccessor(
                new(current.Credential, current.SignatureKey, groupId), new(leaf.Credential, leaf.SignatureKey, groupId)))
            throw new MlsException(MlsError.InvalidCredential, "5.3.1", "not a successor of the credential at this leaf");
    }

    static MlsException Invalid(string section, string why) => new(MlsError.InvalidProposal, section, why);
}

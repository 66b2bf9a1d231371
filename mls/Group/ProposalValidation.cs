namespace Kavalek.Mls;

/// <summary>What a proposal must satisfy by itself (RFC 9420 §12.1), whoever commits it.</summary>
internal static class ProposalValidation
{
    public static async ValueTask ValidateAsync(EpochState epoch, MlsEnvironment environment, QueuedProposal queued)
    {
        switch (queued.Proposal)
        {
            case AddProposal add:
                await KeyPackageValidation.ValidateAsync(add.KeyPackage, environment, epoch.Crypto, epoch.Context.GroupId).ConfigureAwait(false);
                break;
            case UpdateProposal update:
                await ValidateUpdateAsync(epoch, environment, queued.Sender, update.Leaf, LeafNodeSource.Update).ConfigureAwait(false);
                break;
            case RemoveProposal remove:
                // "invalid if the removed field does not identify a non-blank leaf node" (§12.1.3)
                if (epoch.Tree[remove.Removed] is null) throw Invalid("12.1.3", "no member at the leaf");
                break;
            case PskProposal psk:
                // "invalid if the PreSharedKeyID has usage reinit or branch, or its nonce is not of length KDF.Nh" (§12.1.4)
                if (!psk.Id.IsExternal && psk.Id.Usage != ResumptionUsage.Application) throw Invalid("12.1.4", "a resumption PSK for another use");
                if (psk.Id.Nonce.Length != epoch.Crypto.HashLength) throw Invalid("12.1.4", "length of the nonce");
                break;
            case GroupContextExtensionsProposal extensions:
                // "invalid if it includes a required_capabilities extension and some members do not support …" (§12.1.7). That of
                // members to come is checked with the whole list.
                _ = GroupRequirements.Of(extensions.Extensions);
                break;
            default:
                throw new MlsException(MlsError.UnsupportedProposal, "12.1", "a proposal that is not supported");
        }
    }

    /// <summary>A leaf that is to replace the one at <paramref name="index"/>: by an Update, or by a commit's path (§7.3).</summary>
    public static async ValueTask ValidateUpdateAsync(EpochState epoch, MlsEnvironment environment, LeafIndex index, LeafNode leaf, LeafNodeSource source)
    {
        LeafNode current = epoch.Tree[index] ?? throw new MlsException(MlsError.InvalidSender, "12.1.2", "no member at the leaf");
        if (leaf.Source != source) throw new MlsException(MlsError.InvalidLeafNode, "7.3", "leaf node source");
        if (leaf.EncryptionKey.AsSpan().SequenceEqual(current.EncryptionKey))
            throw new MlsException(MlsError.DuplicateKey, "7.3", "the encryption key of the leaf did not change");
        byte[] groupId = epoch.Context.GroupId;
        await LeafNodeValidation.ValidateAsync(leaf, index, environment, epoch.Crypto, groupId).ConfigureAwait(false);
        if (current.Credential == leaf.Credential && current.SignatureKey.AsSpan().SequenceEqual(leaf.SignatureKey)) return;
        if (!environment.Authentication.IsSuccessor(
                new(current.Credential, current.SignatureKey, groupId), new(leaf.Credential, leaf.SignatureKey, groupId)))
            throw new MlsException(MlsError.InvalidCredential, "5.3.1", "not a successor of the credential at this leaf");
    }

    static MlsException Invalid(string section, string why) => new(MlsError.InvalidProposal, section, why);
}

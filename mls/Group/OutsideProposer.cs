namespace Kavalek.Mls;

/// <summary>
/// Somebody outside a group whom its external_senders extension names (RFC 9420 §12.1.8): makes the proposals that its members then
/// commit. They are signed and readable by anyone.
/// </summary>
/// <param name="environment">The primitives.</param>
/// <param name="suite">The group's cipher suite.</param>
/// <param name="index">Its place in the extension, from 0: see <see cref="ExternalSender"/>.</param>
/// <param name="signatureKey">The private key to the public one named there; it stays the caller's.</param>
public sealed class OutsideProposer(MlsEnvironment environment, CipherSuite suite, uint index, Secret signatureKey)
{
    readonly SuiteCrypto _crypto = new(suite, environment.Crypto);

    /// <summary>Proposes to be added oneself (§12.1.8), without being named anywhere.</summary>
    /// <param name="environment">The primitives.</param>
    /// <param name="groupId">The group.</param>
    /// <param name="epoch">Its current epoch.</param>
    /// <param name="own">The own key package, kept for the Welcome.</param>
    /// <returns>An MLSMessage.</returns>
    public static ValueTask<byte[]> ProposeOneselfAsync(MlsEnvironment environment, byte[] groupId, ulong epoch, KeyPackageBundle own)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(own);
        SuiteCrypto crypto = new(own.KeyPackage.RequireSuite(environment), environment.Crypto);
        return SignAsync(crypto, groupId, epoch, Sender.NewMemberProposal, new AddProposal(own.KeyPackage), own.SignatureKey);
    }

    /// <summary>Proposes to add a client.</summary>
    /// <returns>An MLSMessage.</returns>
    public ValueTask<byte[]> ProposeAddAsync(byte[] groupId, ulong epoch, KeyPackage keyPackage) => ProposeAsync(groupId, epoch, new AddProposal(keyPackage));

    /// <summary>Proposes to remove a member.</summary>
    /// <returns>An MLSMessage.</returns>
    public ValueTask<byte[]> ProposeRemoveAsync(byte[] groupId, ulong epoch, LeafIndex member) => ProposeAsync(groupId, epoch, new RemoveProposal(member));

    /// <summary>Proposes new extensions of the GroupContext in place of all old ones.</summary>
    /// <returns>An MLSMessage.</returns>
    public ValueTask<byte[]> ProposeExtensionsAsync(byte[] groupId, ulong epoch, IReadOnlyList<Extension> extensions)
    {
        Extension.RefuseRepeated(extensions);
        return ProposeAsync(groupId, epoch, new GroupContextExtensionsProposal(extensions));
    }

    /// <summary>Proposes to mix in a pre-shared key that every member has under this name.</summary>
    /// <returns>An MLSMessage.</returns>
    public ValueTask<byte[]> ProposePskAsync(byte[] groupId, ulong epoch, byte[] externalPsk)
    {
        using Secret nonce = _crypto.RandomSecret(_crypto.HashLength);
        return ProposeAsync(groupId, epoch, new PskProposal(PreSharedKeyId.External(externalPsk, nonce.Span.ToArray())));
    }

    /// <summary>Proposes to end the group in favour of a new one.</summary>
    /// <returns>An MLSMessage.</returns>
    public ValueTask<byte[]> ProposeReInitAsync(byte[] groupId, ulong epoch, ReInit reInit)
    {
        ArgumentNullException.ThrowIfNull(reInit);
        return ProposeAsync(groupId, epoch, ReInitProposal.Of(reInit));
    }

    /// <summary>Proposes something of the application's own.</summary>
    /// <returns>An MLSMessage.</returns>
    public ValueTask<byte[]> ProposeAsync(byte[] groupId, ulong epoch, CustomProposal proposal)
    {
        ArgumentNullException.ThrowIfNull(proposal);
        return ProposeAsync(groupId, epoch, new ApplicationProposal(proposal.Type, proposal.Data));
    }

    ValueTask<byte[]> ProposeAsync(byte[] groupId, ulong epoch, Proposal proposal) =>
        SignAsync(_crypto, groupId, epoch, new Sender(SenderType.External, index), proposal, signatureKey);

    static async ValueTask<byte[]> SignAsync(SuiteCrypto crypto, byte[] groupId, ulong epoch, Sender sender, Proposal proposal, Secret key)
    {
        FramedContent content = new(groupId, epoch, sender, [], null, proposal, null);
        byte[] signature = await crypto.SignWithLabelAsync(key, "FramedContentTBS",
            AuthenticatedContent.ToBeSigned(WireFormat.PublicMessage, content, [])).ConfigureAwait(false);
        return new PublicMessage(new(WireFormat.PublicMessage, content, signature, null), null).Encode();
    }
}

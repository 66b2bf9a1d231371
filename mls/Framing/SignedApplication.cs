namespace Kavalek.Mls;

/// <summary>
/// An application message as its sender signed it (RFC 9420 §6.1), for somebody who is not in the group: who has it can show who signed these words in that group and epoch, and cannot
/// read or write anything else there.
/// </summary>
/// <param name="GroupContext">The epoch's GroupContext as it is encoded (§8.1).</param>
/// <param name="Sender">The sender's leaf.</param>
/// <param name="AuthenticatedData">What travelled in clear beside the message.</param>
/// <param name="Content">The application's bytes, padding removed.</param>
/// <param name="Signature">The sender's.</param>
public sealed record SignedApplication(byte[] GroupContext, LeafIndex Sender, byte[] AuthenticatedData, byte[] Content, byte[] Signature)
{
    /// <summary>Checks the signature: over this content, as a PrivateMessage of this leaf in the group and epoch of the context.</summary>
    /// <param name="crypto">The primitives.</param>
    /// <param name="suite">The only cipher suite that the context may name.</param>
    /// <param name="signatureKey">The sender's public key, as its credential vouches for it.</param>
    /// <returns>What all members of that epoch agreed on; <c>null</c> where anything was changed, or somebody else signed it.</returns>
    public async ValueTask<SignedPlace?> VerifyAsync(ICryptoProvider crypto, CipherSuite suite, ReadOnlyMemory<byte> signatureKey)
    {
        if (Read() is not { } context || context.CipherSuite != suite.Id) return null;
        FramedContent framed = new(context.GroupId, context.Epoch, Mls.Sender.Member(Sender), AuthenticatedData, Content, null, null);
        byte[] signed = AuthenticatedContent.ToBeSigned(WireFormat.PrivateMessage, framed, GroupContext);
        return await new SuiteCrypto(suite, crypto).VerifyWithLabelAsync(signatureKey, "FramedContentTBS", signed, Signature).ConfigureAwait(false)
            ? new SignedPlace(context.GroupId, context.Epoch, context.Extensions) : null;
    }

    GroupContext? Read()
    {
        try
        {
            return TlsReader.ReadAll(GroupContext, static (ref TlsReader reader) => Mls.GroupContext.Read(ref reader));
        }
        catch (MlsException)
        {
            return null;
        }
    }
}

/// <summary>Where a message was signed.</summary>
/// <param name="GroupId">The group.</param>
/// <param name="Epoch">The epoch.</param>
/// <param name="Extensions">The GroupContext's extensions then.</param>
public sealed record SignedPlace(byte[] GroupId, ulong Epoch, IReadOnlyList<Extension> Extensions);

using Kavalek.Client.Contents;
using Kavalek.Client.Reported;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>What was shown: these words, in that conversation, signed by a device that this certificate is of.</summary>
/// <param name="Conversation">The id of the group.</param>
/// <param name="Kind">Two people or a group.</param>
/// <param name="Title">The group's title then; empty in a direct conversation.</param>
/// <param name="Certificate">Whose device signed; it is for whoever reads this to know whether the account key in it is that account's.</param>
/// <param name="Content">A text or an edit.</param>
sealed record Shown(Id Conversation, ConversationKind Kind, string Title, DeviceCertificate Certificate, Content Content);

/// <summary>
/// Checks evidence without a server and without having been in the conversation (docs/PROTOCOL.md §13.1): the device key's signature over words, group and epoch, and the
/// account key's over the device.
/// </summary>
static class Evidence
{
    /// <summary>What is shown by it; <c>null</c> where anything of it was made up or changed.</summary>
    public static async Task<Shown?> CheckAsync(ICryptoProvider crypto, Id instance, ReportedSender sender, ReportedContent reported)
    {
        DeviceCertificate certificate;
        try
        {
            certificate = DeviceCertificate.Decode(sender.Certificate.Span);
        }
        catch (FormatException)
        {
            return null;
        }
        if (!await new CertificateAuthentication(crypto, instance).VerifyAsync(certificate).ConfigureAwait(false)) return null;
        SignedApplication signed = new(sender.Context.ToByteArray(), new LeafIndex(sender.Leaf), [], reported.Content.ToByteArray(), reported.Signature.ToByteArray());
        if (await signed.VerifyAsync(crypto, ConversationSuite.Suite, certificate.Content.DeviceKey).ConfigureAwait(false) is not { } place) return null;
        try
        {
            ConversationExtension conversation = CommitPolicy.Read(place.Extensions);
            return Id.TryRead(place.GroupId, out Id group) && ContentCodec.Decode(signed.Content) is { BodyCase: Content.BodyOneofCase.Text or Content.BodyOneofCase.Edit } content
                ? new Shown(group, conversation.Kind, conversation.Title, certificate, content) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

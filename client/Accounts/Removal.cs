using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>
/// What a device does that is out (docs/PROTOCOL.md §5.9): it asks why, and wipes itself where the account has signed that it is to go. The server's
/// word alone makes no device forget anything.
/// </summary>
sealed class Removal(OwnIdentity own, OwnDevices devices, OpenProfile profile, SignInApi api, ICryptoProvider crypto, Action wiped)
{
    /// <summary>Why the session is over, in words; with a removal that is proven, everything here is deleted when it returns.</summary>
    public async Task<KavalekException> ExplainAsync(KavalekException ended)
    {
        RemovalRecord record;
        try
        {
            byte[] signature = await crypto.SignAsync(
                SignatureAlgorithm.EcdsaP256Sha256, own.DeviceKey.PrivateKey, new RemovalQuestion(own.Instance, own.Device).SignedBytes()).ConfigureAwait(false);
            record = await api.WhyRemovedAsync(new RemovalRequest(own.Device, signature), CancellationToken.None).ConfigureAwait(false);
        }
        catch (KavalekException)
        {
            // Not removed, or not to be learned now: the next log-in says.
            return ended;
        }
        switch (record.Reason)
        {
            case RemovalRecord.Removed when await IsProvenAsync(record.DeviceList).ConfigureAwait(false):
                KavalekException gone = new(ErrorCodes.DeviceRemoved,
                    "This device was removed from your account by another one of your devices. Everything of the account was deleted here. To use it again, log in as a new device.",
                    nothingChanged: true, ended);
                await profile.WipeAsync(gone).ConfigureAwait(false);
                wiped();
                return gone;
            case RemovalRecord.Reset:
                return Out("Your account was begun afresh on another device, so this device was removed from it. What is here stays readable here, but nothing new comes. If that was not you, change your password now.", ended);
            case RemovalRecord.Deleted:
                return Out("Your account was deleted, and this device was removed with it. What is here stays readable here; to delete it, too, log out and wipe.", ended);
            default:
                return Out("This device was removed from your account. What is here was kept, because the server showed no proof that one of your devices removed it. To delete it, log out and wipe.", ended);
        }
    }

    async Task<bool> IsProvenAsync(byte[]? bytes)
    {
        if (bytes is null || own.IsWaiting) return false;
        try
        {
            DeviceList list = DeviceList.Decode(bytes);
            DeviceListContent content = list.Content;
            byte[] hash = Certification.Hash(own.Certified().Certificate);
            return content.Instance == own.Instance && content.Account == own.Account && content.AccountKey.AsSpan().SequenceEqual(own.PublicAccountKey)
                && content.Number > devices.Known.ListNumber
                && !content.Devices.Any(device => device.AsSpan().SequenceEqual(hash))
                && await crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, own.PublicAccountKey, content.SignedBytes(), list.Signature).ConfigureAwait(false);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    static KavalekException Out(string text, KavalekException inner) => new(ErrorCodes.DeviceRemoved, text, nothingChanged: true, inner);
}

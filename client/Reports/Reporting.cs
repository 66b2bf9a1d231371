using Kavalek.Client.Records;
using Kavalek.Client.Reported;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>Discloses messages of a conversation to those who run the instance (docs/PROTOCOL.md §13).</summary>
static class Reporting
{
    /// <summary>Messages of one report, at most.</summary>
    public const int MostMessages = 20;

    /// <summary>Characters of the reporter's own words, at most.</summary>
    public const int MostWords = 2_000;

    /// <summary>Versions that a report holds, and senders in epochs, at most.</summary>
    public const int MostParts = 64;

    /// <summary>Whether this device can show who wrote a message.</summary>
    public static bool MayReport(Message message) => message is { IsMine: false, Body: TextBody, PassedOnBy: null, IsProven: true };

    /// <summary>Seals and sends.</summary>
    public static async Task FileAsync(ClientCore core, ConversationThread thread, MessageLog log, IReadOnlyList<MessageId> messages, ReportReason reason, string words, Moderators to, CancellationToken cancel)
    {
        if (messages.Count is 0 or > MostMessages) throw new KavalekException(ClientErrors.ReportTooLarge, $"A report is of 1 to {MostMessages} messages. Nothing was reported.");
        if (words.Length > MostWords || !Enum.IsDefined(reason)) throw new KavalekException(ClientErrors.ReportTooLarge, $"What you say about it has at most {MostWords} characters. Nothing was reported.");
        Report report = new() { Reason = (uint)reason, Words = words };
        HashSet<Id> writers = [];
        foreach (MessageId message in messages.Distinct())
        {
            MessageRow? row = await log.FindAsync(thread.Id, message.Account, message.Content, cancel).ConfigureAwait(false) is { } position
                ? await log.GetAsync(thread.Id, position, cancel).ConfigureAwait(false) : null;
            List<(ReportedSender Sender, ReportedContent Content)> proven = row is { Mine: false } ? await Proofs.OfAsync(core, row, cancel).ConfigureAwait(false) : [];
            if (proven.Count == 0)
                throw new KavalekException(ClientErrors.ReportUnproven, "This device cannot show who wrote that: it is your own, was deleted or passed on, or came from the archive. Try on the device on which it arrived. Nothing was reported.");
            writers.Add(message.Account);
            foreach ((ReportedSender sender, ReportedContent content) in proven)
            {
                content.Sender = (uint)IndexOf(report.Senders, sender);
                report.Contents.Add(content);
            }
        }
        if (report.Contents.Count > MostParts || report.Senders.Count > MostParts || report.CalculateSize() > ReportSeal.MostBytes)
            throw new KavalekException(ClientErrors.ReportTooLarge, "That is too much for one report. Pick fewer messages. Nothing was reported.");
        (Id Account, byte[] Key)[] copies = [.. to.But(writers)];
        if (copies.Length == 0)
            throw new KavalekException(ClientErrors.ReportNobody, "There is no moderator this could go to but those who wrote it. Nothing was reported; talk to whoever runs the server.");
        FileReport sealedReport = await ReportSeal.SealAsync(core.Mls.Crypto, core.Identity.Instance, core.Mls.Crypto.NewId(), report, copies).ConfigureAwait(false);
        try
        {
            await core.Auth.ReportAsync(sealedReport, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.Invalid)
        {
            throw new KavalekException(ClientErrors.ReportStale, "Those who run the server have changed meanwhile. Look who they are, and report it again. Nothing was reported.", inner: e);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.OverQuota)
        {
            throw new KavalekException(ClientErrors.ReportsFull, "Too many reports wait for a decision. Nothing was reported; talk to whoever runs the server.", inner: e);
        }
    }

    static int IndexOf(Google.Protobuf.Collections.RepeatedField<ReportedSender> senders, ReportedSender sender)
    {
        int at = senders.IndexOf(sender);
        if (at >= 0) return at;
        senders.Add(sender);
        return senders.Count - 1;
    }
}

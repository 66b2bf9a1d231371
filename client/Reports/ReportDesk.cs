using Kavalek.Client.Contents;
using Kavalek.Client.Reported;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>How far it is shown who wrote a reported message.</summary>
public enum ReportVerdict
{
    /// <summary>Anything of it was made up or changed: it says nothing about anybody.</summary>
    Forged,
    /// <summary>Signed by a device of the account, under another account key than the one known as the account's: of before a new key, or of somebody who passes for them.</summary>
    OtherKey,
    /// <summary>Signed by a device that the account has certified.</summary>
    Proven,
}

/// <summary>A reported message, or a later version of one.</summary>
/// <param name="Verdict">Whether it is theirs. Of a forged one nothing else is told.</param>
/// <param name="Writer">The account that wrote it; <c>null</c> where it is forged.</param>
/// <param name="Handle">Its handle now; <c>null</c> where the account is gone.</param>
/// <param name="Trust">How far this device knows that account's key.</param>
/// <param name="Conversation">The id of the group it was said in.</param>
/// <param name="Kind">Of two people or a group.</param>
/// <param name="Title">The group's title then; empty of a direct conversation.</param>
/// <param name="SentAt">The writer's clock.</param>
/// <param name="Text">The words.</param>
/// <param name="Files">Names of what went with it; the files themselves are not disclosed here.</param>
/// <param name="Message">The message it is, or changes.</param>
/// <param name="IsEdit">Whether these are new words for a message.</param>
public sealed record ReportedMessage(
    ReportVerdict Verdict, Id? Writer, string? Handle, Trust Trust, Id Conversation, ConversationKind Kind, string Title, DateTimeOffset SentAt, string Text, IReadOnlyList<string> Files,
    MessageId? Message, bool IsEdit);

/// <summary>A report, opened and checked on this device.</summary>
/// <param name="Id">Its id.</param>
/// <param name="FiledOn">The day it came.</param>
/// <param name="Reason">What its sender chose.</param>
/// <param name="Words">What its sender says about it; nobody vouches for that.</param>
/// <param name="Messages">What was reported.</param>
public sealed record OpenedReport(Id Id, DateTimeOffset FiledOn, ReportReason Reason, string Words, IReadOnlyList<ReportedMessage> Messages)
{
    /// <summary>Whether it is shown of each message who wrote it.</summary>
    public bool IsProven => Messages.Count > 0 && Messages.All(message => message.Verdict == ReportVerdict.Proven);
}

/// <summary>A report that waits.</summary>
/// <param name="Id">Its id.</param>
/// <param name="FiledOn">The day it came.</param>
public sealed record ReportInfo(Id Id, DateTimeOffset FiledOn);

/// <summary>What became of a report.</summary>
public enum ReportDecision
{
    /// <summary>Nothing is done.</summary>
    Dismissed,
    /// <summary>Its writer was suspended.</summary>
    Suspended,
    /// <summary>Something else was done.</summary>
    Acted,
}

/// <summary>Reports for those who run the instance: fetched sealed, opened and checked here; the server reads nothing of them (docs/PROTOCOL.md §13).</summary>
public sealed class ReportDesk
{
    readonly Dashboard _dashboard;
    readonly ClientCore _core;

    internal ReportDesk(Dashboard dashboard, ClientCore core) => (_dashboard, _core) = (dashboard, core);

    /// <summary>Those that wait and are sealed to the own account: how many, and of these the oldest hundred.</summary>
    public async Task<(IReadOnlyList<ReportInfo> Reports, int Total)> WaitingAsync(CancellationToken cancel = default)
    {
        ReportPage page = await _dashboard.WithAsync(_core.Admin.ReportsAsync, cancel).ConfigureAwait(false);
        return ([.. page.Reports.Select(report => new ReportInfo(report.Report, Day(report.Filed)))], page.Total);
    }

    /// <summary>Fetches, opens and checks one.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.NotFound"/>: it was decided, or is not sealed to the own account. <see cref="ClientErrors.ReportUnreadable"/>.</exception>
    public async Task<OpenedReport> OpenAsync(Id report, CancellationToken cancel = default)
    {
        SealedReport sealedReport = await _dashboard.WithAsync((token, stop) => _core.Admin.ReportAsync(token, report, stop), cancel).ConfigureAwait(false);
        if (sealedReport.Report != report) throw ServerErrors.Misbehaves("answered with another report");
        OwnIdentity own = _core.Identity;
        using KeyPair key = await ReportSeal.KeyPairAsync(_core.Mls.Crypto, own.Instance, own.Account, own.Certified().AccountKey).ConfigureAwait(false);
        Report opened = await ReportSeal.OpenAsync(_core.Mls.Crypto, own.Instance, own.Account, key, sealedReport).ConfigureAwait(false)
            ?? throw new KavalekException(ClientErrors.ReportUnreadable, "This report does not open: it is damaged, or was made to be. It can be dismissed. Nothing was changed.");
        if (opened.Contents.Count > Reporting.MostParts || opened.Senders.Count > Reporting.MostParts || opened.Words.Length > Reporting.MostWords)
            throw new KavalekException(ClientErrors.ReportUnreadable, "This report is larger than any program makes one. It can be dismissed. Nothing was changed.");
        List<ReportedMessage> messages = [];
        foreach (ReportedContent content in opened.Contents)
        {
            Shown? shown = content.Sender < opened.Senders.Count
                ? await Evidence.CheckAsync(_core.Mls.Crypto, own.Instance, opened.Senders[(int)content.Sender], content).ConfigureAwait(false) : null;
            messages.Add(shown is null ? Forged : await MessageAsync(shown, cancel).ConfigureAwait(false));
        }
        ReportReason reason = Enum.IsDefined((ReportReason)opened.Reason) ? (ReportReason)opened.Reason : ReportReason.Other;
        return new OpenedReport(report, Day(sealedReport.Filed), reason, opened.Words, messages);
    }

    /// <summary>Writes the decision into the audit log, without what it was about, and deletes the report. To suspend somebody is an act of its own, before this.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.NotFound"/>: somebody else has decided it.</exception>
    public Task DecideAsync(Id report, ReportDecision decision, CancellationToken cancel = default)
    {
        string said = decision switch
        {
            ReportDecision.Suspended => "suspended",
            ReportDecision.Acted => "acted",
            _ => "dismissed",
        };
        return _dashboard.WithAsync((token, stop) => _core.Admin.DecideAsync(token, report, said, stop), cancel);
    }

    /// <summary>Publishes the key that reports to the own account are sealed to: from then on they come here.</summary>
    internal async Task PublishKeyAsync(CancellationToken cancel)
    {
        OwnIdentity own = _core.Identity;
        KeyPair account = own.Certified().AccountKey;
        using KeyPair key = await ReportSeal.KeyPairAsync(_core.Mls.Crypto, own.Instance, own.Account, account).ConfigureAwait(false);
        byte[] statement = new ReportKeyStatement(own.Instance, own.Account, key.PublicKey).SignedBytes();
        byte[] signature = await _core.Mls.Crypto.SignAsync(SignatureAlgorithm.EcdsaP256Sha256, account.PrivateKey, statement).ConfigureAwait(false);
        await _dashboard.WithAsync((token, stop) => _core.Admin.PutReportKeyAsync(token, new PutReportKey(key.PublicKey, signature), stop), cancel).ConfigureAwait(false);
    }

    async Task<ReportedMessage> MessageAsync(Shown shown, CancellationToken cancel)
    {
        DeviceCertificateContent by = shown.Certificate.Content;
        bool isOwn = by.Account == _core.Identity.Account;
        try
        {
            // Pins a stranger's key, so that it cannot be another one the next time unnoticed.
            if (!isOwn) await _core.People.RefreshAsync(by.Account, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code is ErrorCodes.NotFound or ClientErrors.KeyChanged)
        {
            // The account is gone, or goes by another key: what is known of it here decides.
        }
        Contact? contact = isOwn ? null : _core.People.Find(by.Account);
        byte[]? known = isOwn ? _core.Identity.PublicAccountKey : _core.People.PinOf(by.Account)?.Key;
        bool theirs = known is not null && known.AsSpan().SequenceEqual(by.AccountKey);
        Content content = shown.Content;
        bool edit = content.BodyCase == Content.BodyOneofCase.Edit;
        string? handle = isOwn ? _core.Profile.Data.Handle : contact?.Handle is { Length: > 0 } found ? found : null;
        return new ReportedMessage(
            theirs ? ReportVerdict.Proven : ReportVerdict.OtherKey, by.Account, handle, isOwn ? Trust.Verified : contact?.Trust ?? Trust.Unverified,
            shown.Conversation, shown.Kind, shown.Title, DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Min(content.Sent, MostMilliseconds)),
            edit ? content.Edit.Text : content.Text.Text_, edit ? [] : [.. content.Text.Attachments.Select(file => Client.FileName.Clean(file.Name))],
            edit ? new MessageId(Id.Read(content.Edit.Of.Account.Span), Id.Read(content.Edit.Of.Id.Span)) : new MessageId(by.Account, Id.Read(content.Id.Span)), edit);
    }

    static readonly ReportedMessage Forged = new(ReportVerdict.Forged, null, null, Trust.Unverified, default, ConversationKind.Direct, "", DateTimeOffset.UnixEpoch, "", [], null, false);

    static readonly ulong MostMilliseconds = (ulong)DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    static DateTimeOffset Day(long seconds) => seconds is >= 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : throw ServerErrors.Misbehaves("gives a day that is none");
}

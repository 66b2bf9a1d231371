using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Client.Reported;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Messages that are shown to those who run the instance (docs/PROTOCOL.md §13).</summary>
public static class ReportTests
{
    const string Canary = "canary 5d1e: I know where you live";

    // K-28
    [Fact]
    public static async Task A_report_shows_who_wrote_which_words_to_moderators_alone_and_the_decision_is_in_the_log_without_them()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient olga = await SignUpAsync(server, "olga", invite: server.SetUpSecret), marie = await SignUpAsync(server, "marie"), zoe = await SignUpAsync(server, "zoe");
        await using KavalekClient karim = await SignUpAsync(server, "karim"), lea = await SignUpAsync(server, "lea");
        Dashboard owner = await olga.OpenDashboardAsync(Phrase);
        await owner.SetRankAsync(marie.Me.Id, "moderator");
        Dashboard moderator = await marie.OpenDashboardAsync(Phrase);
        Conversation[] group = await GroupAsync("Night shift", karim, zoe, lea);
        await group[1].SendAsync(Canary);
        await SyncAsync(zoe, karim, lea);
        Message said = await group[1].MessageAsync(Canary);
        await group[1].EditAsync(said.Id, "Nothing, sorry", []);
        await SyncAsync(zoe, karim, lea);
        Message seen = await group[0].MessageAsync("Nothing, sorry");
        Assert.True(Conversation.MayReport(seen));
        Assert.False(Conversation.MayReport(said));

        Moderators to = await karim.ModeratorsAsync();
        Assert.Equal([("marie", "moderator", "olga"), ("olga", "owner", null)], to.All.Select(one => (one.Contact.Handle, one.Rank, one.GivenBy)));
        Assert.True(to.IsLogWhole);
        ulong before = group[1].LastActivity.ToUnixTimeMilliseconds() is var activity ? (ulong)activity : 0;
        await group[0].ReportAsync([seen.Id], ReportReason.Threat, "since Monday, canary 77aa", to);
        string dump = server.AuthTables.Dump();
        foreach (string words in (string[])["canary", "Night shift", "Nothing, sorry", "threat"])
        {
            Assert.DoesNotContain(words, dump, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Convert.ToHexString(Encoding.UTF8.GetBytes(words)), dump, StringComparison.OrdinalIgnoreCase);
        }
        string[] rows = [.. dump.Split('\n').SkipWhile(line => line != "report").TakeWhile(line => line != "retired_device")];
        Assert.Contains(rows, line => line.Contains(marie.Me.Id.ToString(), StringComparison.OrdinalIgnoreCase));
        foreach (KavalekClient nowhere in (KavalekClient[])[karim, zoe, lea])
            Assert.DoesNotContain(rows, line => line.Contains(nowhere.Me.Id.ToString(), StringComparison.OrdinalIgnoreCase));
        // Nobody in the conversation hears of it.
        await SyncAsync(zoe, lea);
        Assert.Equal(before, (ulong)group[1].LastActivity.ToUnixTimeMilliseconds());

        (IReadOnlyList<ReportInfo> waiting, int total) = await moderator.Reports.WaitingAsync();
        Assert.Equal(1, total);
        OpenedReport report = await moderator.Reports.OpenAsync(waiting[0].Id);
        Assert.Equal((ReportReason.Threat, "since Monday, canary 77aa", true), (report.Reason, report.Words, report.IsProven));
        Assert.Equal([(Canary, false), ("Nothing, sorry", true)], report.Messages.Select(message => (message.Text, message.IsEdit)));
        Assert.All(report.Messages, message =>
        {
            Assert.Equal((ReportVerdict.Proven, "zoe", zoe.Me.Id, "Night shift"), (message.Verdict, message.Handle, message.Writer!.Value, message.Title));
            Assert.Equal(said.Id, message.Message);
        });
        Assert.DoesNotContain(karim.Me.Id.ToString(), JsonSerializer.Serialize(report.Messages.Select(message => message.Text)), StringComparison.Ordinal);

        // Decided by one, it is gone for all, and the log says no more than that.
        Assert.Equal(waiting[0].Id, Assert.Single((await owner.Reports.WaitingAsync()).Reports).Id);
        await moderator.SuspendAsync(zoe.Me.Id);
        await moderator.Reports.DecideAsync(waiting[0].Id, ReportDecision.Suspended);
        Assert.Equal(0, (await owner.Reports.WaitingAsync()).Total);
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => owner.Reports.OpenAsync(waiting[0].Id)));
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => owner.Reports.DecideAsync(waiting[0].Id, ReportDecision.Dismissed)));
        AuditRecord written = (await lea.AuditAsync(1)).Records[0];
        Assert.Equal(("decided a report", "suspended", "marie", null), (written.Act, written.Detail, written.ActorHandle, written.Subject));

        // What was taken back for everybody has nothing left to show, nor has an own message, or one from elsewhere.
        await group[2].SendAsync("never mind");
        await SyncAsync(lea, karim);
        Message taken = await group[0].MessageAsync("never mind");
        await group[2].DeleteAsync([taken.Id]);
        await SyncAsync(lea, karim);
        Assert.Equal(ClientErrors.ReportUnproven, await CodeAsync(() => group[0].ReportAsync([taken.Id], ReportReason.Spam, "", to)));
        Assert.Empty(MessageRow.Parser.ParseFrom(await karim.Core.Store.GetAsync(StoreKeys.Message(group[0].Id, taken.Position.Value))).Proofs);
        await group[0].SendAsync("mine");
        Assert.Equal(ClientErrors.ReportUnproven, await CodeAsync(async () => await group[0].ReportAsync([(await group[0].MessageAsync("mine")).Id], ReportReason.Spam, "", to)));
    }

    // K-28
    [Fact]
    public static async Task What_is_changed_or_signed_by_somebody_else_shows_nothing_of_anybody()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient olga = await SignUpAsync(server, "olga", invite: server.SetUpSecret), zoe = await SignUpAsync(server, "zoe"), karim = await SignUpAsync(server, "karim"), lea = await SignUpAsync(server, "lea");
        Dashboard owner = await olga.OpenDashboardAsync(Phrase);
        Conversation[] group = await GroupAsync("Tea", karim, zoe, lea), other = await GroupAsync("Coffee", karim, zoe);
        await group[1].SendAsync("Good morning, all of you");
        await group[2].SendAsync("Morning");
        await other[1].SendAsync("Elsewhere");
        await SyncAsync(zoe, lea, karim);
        (ReportedSender zoes, ReportedContent good) = await ProofAsync(karim, group[0], "Good morning, all of you");
        (ReportedSender leas, ReportedContent morning) = await ProofAsync(karim, group[0], "Morning");
        (ReportedSender inOther, _) = await ProofAsync(karim, other[0], "Elsewhere");
        ICryptoProvider crypto = karim.Core.Mls.Crypto;
        Id instance = karim.Me.Instance;
        Assert.Equal((zoe.Me.Id, "Tea"), await Evidence.CheckAsync(crypto, instance, zoes, good) is { } shown ? (shown.Certificate.Content.Account, shown.Title) : default);
        Assert.NotNull(await Evidence.CheckAsync(crypto, instance, leas, morning));

        // Other words, another place, another sender, another message's signature, another instance.
        byte[] words = good.Content.ToByteArray();
        words[words.AsSpan().IndexOf("Good"u8)] = (byte)'F';
        List<(ReportedSender Sender, ReportedContent Content)> forged =
        [
            (zoes, Changed(good, content => content.Content = ByteString.CopyFrom(words))),
            (zoes, Changed(good, content => content.Signature = morning.Signature)),
            (zoes, Changed(good, content => content.Signature = ByteString.Empty)),
            (leas, good),
            (zoes, morning),
            (Changed(zoes, sender => sender.Certificate = leas.Certificate), good),
            (Changed(zoes, sender => sender.Context = inOther.Context), good),
            (Changed(zoes, sender => sender.Leaf++), good),
            (Changed(zoes, sender => sender.Certificate = ByteString.Empty), good),
            (Changed(zoes, sender => sender.Context = ByteString.Empty), good),
        ];
        byte[] context = zoes.Context.ToByteArray(), certificate = zoes.Certificate.ToByteArray();
        for (int at = 0; at < context.Length; at += 7) forged.Add((Changed(zoes, sender => sender.Context = Flipped(context, at)), good));
        for (int at = 0; at < certificate.Length; at += 7) forged.Add((Changed(zoes, sender => sender.Certificate = Flipped(certificate, at)), good));
        foreach ((ReportedSender sender, ReportedContent content) in forged) Assert.Null(await Evidence.CheckAsync(crypto, instance, sender, content));
        Assert.Null(await Evidence.CheckAsync(crypto, Id.New(), zoes, good));

        // Whoever certifies a device under her account by a key of their own says what they like, and it is shown as that.
        using KeyPair falseAccount = await crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256), falseDevice = await crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        DeviceCertificate false1 = await Certification.CertifyAsync(crypto, falseAccount, instance, zoe.Me.Id, Id.New(), falseDevice.PublicKey, DateTimeOffset.UtcNow);
        ReportedSender mallory = Changed(zoes, sender => sender.Certificate = ByteString.CopyFrom(false1.Encode()));
        ReportedContent invented = Changed(good, content => content.Content = ByteString.CopyFrom(words));
        invented.Signature = ByteString.CopyFrom(await SignAsync(crypto, falseDevice, mallory, words));

        Report report = new() { Reason = 99 };
        report.Senders.AddRange([zoes, mallory, leas]);
        report.Contents.AddRange([Changed(good, c => c.Sender = 0), Changed(invented, c => c.Sender = 1), Changed(good, c => c.Sender = 2), Changed(good, c => c.Sender = 7)]);
        Moderators to = await karim.ModeratorsAsync();
        FileReport file = await ReportSeal.SealAsync(crypto, instance, Id.New(), report, to.But(new HashSet<Id>()));
        await karim.Core.Auth.ReportAsync(file, default);
        OpenedReport opened = await owner.Reports.OpenAsync(file.Report);
        Assert.Equal([ReportVerdict.Proven, ReportVerdict.OtherKey, ReportVerdict.Forged, ReportVerdict.Forged], opened.Messages.Select(message => message.Verdict));
        Assert.Equal((false, ReportReason.Other), (opened.IsProven, opened.Reason));
        Assert.All(opened.Messages.Skip(2), message => Assert.Equal((null, "", null), (message.Writer, message.Text, message.Handle)));

        // Damaged, or under another id, it opens to nobody; it can still be dismissed.
        FileReport damaged = file with { Report = Id.New() };
        await karim.Core.Auth.ReportAsync(damaged, default);
        Assert.Equal(ClientErrors.ReportUnreadable, await CodeAsync(() => owner.Reports.OpenAsync(damaged.Report)));
        await owner.Reports.DecideAsync(damaged.Report, ReportDecision.Dismissed);
    }

    // K-27
    [Fact]
    public static async Task A_report_goes_to_those_of_rank_now_whom_account_key_and_log_bear_out_and_never_to_whom_it_is_about()
    {
        await using TestServer server = await OpenServerAsync();
        Func<ModeratorRecord[], ModeratorRecord[]> lie = named => named;
        await using KavalekClient olga = await SignUpAsync(server, "olga", invite: server.SetUpSecret), marie = await SignUpAsync(server, "marie"), zoe = await SignUpAsync(server, "zoe");
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
            path.EndsWith("v1/moderators", StringComparison.Ordinal)
                ? JsonSerializer.Serialize(lie(JsonSerializer.Deserialize(body, AdminJson.Default.ModeratorRecordArray)!), AdminJson.Default.ModeratorRecordArray) : body)));
        Assert.Empty((await karim.ModeratorsAsync()).All);
        Dashboard owner = await olga.OpenDashboardAsync(Phrase);
        await owner.SetRankAsync(marie.Me.Id, "moderator");
        Dashboard moderator = await marie.OpenDashboardAsync(Phrase);
        (Conversation withMarie, Conversation hers) = await DirectAsync(karim, marie);
        (Conversation withZoe, Conversation zoes) = await DirectAsync(karim, zoe);
        await hers.SendAsync("A moderator's own words");
        await zoes.SendAsync("Zoe's words");
        await SyncAsync(marie, zoe, karim);
        Moderators both = await karim.ModeratorsAsync();

        // Of a moderator's words she herself reads no report.
        await withMarie.ReportAsync([(await withMarie.MessageAsync("A moderator's own words")).Id], ReportReason.Harassment, "", both);
        Assert.Equal(0, (await moderator.Reports.WaitingAsync()).Total);
        OpenedReport report = await owner.Reports.OpenAsync(Assert.Single((await owner.Reports.WaitingAsync()).Reports).Id);
        Assert.Equal(("marie", ConversationKind.Direct, true), (report.Messages[0].Handle, report.Messages[0].Kind, report.IsProven));

        // A server that names somebody on its own, gives another rank, or another key, is found out before anything is sent.
        ModeratorRecord false1 = (await karim.Core.Auth.ModeratorsAsync(default))[0];
        foreach (Func<ModeratorRecord[], ModeratorRecord[]> falsehood in (Func<ModeratorRecord[], ModeratorRecord[]>[])
        [
            named => [.. named, false1 with { Account = zoe.Me.Id }],
            named => [named[0] with { Rank = "owner" }],
            named => [named[0] with { Key = named[1].Key }],
            named => [named[0], named[0]],
        ])
        {
            lie = falsehood;
            Assert.Equal(ClientErrors.ServerMisbehaves, await CodeAsync(() => karim.ModeratorsAsync()));
        }
        lie = named => named;

        // Whoever lost the rank reads nothing any more: not what waits, and nothing new, whatever list the reporter had.
        MessageId said = (await withZoe.MessageAsync("Zoe's words")).Id;
        await withZoe.ReportAsync([said], ReportReason.Spam, "", both);
        Assert.Equal(1, (await moderator.Reports.WaitingAsync()).Total);
        await owner.SetRankAsync(marie.Me.Id, "member");
        Assert.Equal(ErrorCodes.PasswordRequired, await CodeAsync(() => moderator.Reports.WaitingAsync()));
        Assert.Equal(ClientErrors.ReportStale, await CodeAsync(() => withZoe.ReportAsync([said], ReportReason.Spam, "", both)));
        await withZoe.ReportAsync([said], ReportReason.Spam, "", await karim.ModeratorsAsync());
        await owner.SetRankAsync(marie.Me.Id, "moderator");
        moderator = await marie.OpenDashboardAsync(Phrase);
        Assert.Equal((0, 3), ((await moderator.Reports.WaitingAsync()).Total, (await owner.Reports.WaitingAsync()).Total));
        await withZoe.ReportAsync([said], ReportReason.Spam, "", await karim.ModeratorsAsync());
        Assert.Equal(1, (await moderator.Reports.WaitingAsync()).Total);
    }

    static async Task<(ReportedSender Sender, ReportedContent Content)> ProofAsync(KavalekClient client, Conversation conversation, string text)
    {
        Message message = await conversation.MessageAsync(text);
        MessageRow row = (await client.Machinery.Log.GetAsync(conversation.Id, message.Position.Value, default))!;
        return Assert.Single(await Proofs.OfAsync(client.Core, row, default));
    }

    static T Changed<T>(T message, Action<T> change) where T : IDeepCloneable<T>
    {
        T copy = message.Clone();
        change(copy);
        return copy;
    }

    static ByteString Flipped(byte[] bytes, int at)
    {
        byte[] copy = [.. bytes];
        copy[at] ^= 1;
        return ByteString.CopyFrom(copy);
    }

    // FramedContentTBS by hand: what a member could sign with any key.
    static async Task<byte[]> SignAsync(ICryptoProvider crypto, KeyPair key, ReportedSender sender, byte[] content)
    {
        byte[] context = sender.Context.ToByteArray(), leaf = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(leaf, sender.Leaf);
        byte[] length = content.Length < 64 ? [(byte)content.Length] : [(byte)(0x40 | content.Length >> 8), (byte)content.Length];
        // In the context: version and suite, then the group's id behind its length, then the epoch.
        byte[] signed = [0, 1, 0, 2, .. context.AsSpan(4, 17), .. context.AsSpan(21, 8), 1, .. leaf, 0, 1, .. length, .. content, .. context];
        return await new SuiteCrypto(ConversationSuite.Suite, crypto).SignWithLabelAsync(key.PrivateKey, "FramedContentTBS", signed);
    }
}

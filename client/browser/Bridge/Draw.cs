using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client.Browser;

/// <summary>Turns what the client has into what the page draws.</summary>
static class Draw
{
    public static MeView Me(KavalekClient client)
    {
        Account me = client.Me;
        return new(me.Id.ToString(), me.Handle, me.DisplayName, me.Email, me.Server.GetLeftPart(UriPartial.Authority), me.Device.ToString(),
            me.IsWaiting ? null : client.ContactLink);
    }

    public static ErrorView Error(KavalekException e) => new(e.Code, e.Message, e.NothingChanged, e.RetryAfter?.TotalSeconds);

    public static ConnectionView Connection(ConnectionState state, KavalekException? reason) => new(Word(state), reason is null ? null : Error(reason));

    public static ContactView Contact(Contact contact) =>
        new(contact.Account.ToString(), contact.Handle, contact.DisplayName, contact.Name, Word(contact.Trust), contact.IsBlocked, contact.IsAdded);

    public static MemberView Member(Member member) => new(Contact(member.Contact), Word(member.Role), member.Devices, member.IsMe, Word(member.Pending));

    public static async Task<ConversationView> ConversationAsync(KavalekClient client, Conversation conversation)
    {
        Message? last = await conversation.LastAsync().ConfigureAwait(false);
        return new(
            conversation.Id.ToString(), Word(conversation.Kind), conversation.Title, conversation.Peer is { } peer ? Contact(peer) : null,
            conversation.Inviter is { } inviter ? Contact(inviter) : null, Word(conversation.State), conversation.Members.Count,
            Word(conversation.MyRole), conversation.Timer?.TotalSeconds, conversation.Unread, conversation.UnreadMentions, conversation.LastActivity.ToUnixTimeMilliseconds(),
            last is null ? null : Message(client, last), conversation.CannotSend is { } block ? new BlockView(block.Code, block.Reason) : null,
            [.. conversation.Apart.Select(Contact)], await DraftAsync(client, conversation).ConfigureAwait(false),
            conversation.PinnedAt?.ToUnixTimeMilliseconds(), conversation.IsArchived, conversation.MutedUntil?.ToUnixTimeMilliseconds(), conversation.IsMarkedUnread);
    }

    static async Task<DraftView?> DraftAsync(KavalekClient client, Conversation conversation) => conversation.Draft is not { } draft ? null : new(draft.Text,
        draft.ReplyTo is { } reply && await conversation.FindAsync(reply).ConfigureAwait(false) is { } answered ? Message(client, answered) : null,
        [.. draft.Files.Select(file => new DraftFileView(file.Name, file.Size))]);

    public static SearchPageView Search(KavalekClient client, SearchPage page) => new(
        [.. page.Hits.Select(hit => new SearchHitView(Message(client, hit.Message), hit.Excerpt, [.. hit.Marks.Select(mark => new MarkView(mark.Start, mark.Length))]))], page.Next);

    public static MessageView Message(KavalekClient client, Message message) => new(
        Name(message.Id), message.Conversation.ToString(), Person(client, message.Sender), message.IsMine, message.SentAt.ToUnixTimeMilliseconds(),
        Body(client, message.Body), Word(message.State), message.Position.Value.ToString("x16", CultureInfo.InvariantCulture), message.Failure,
        message.EndsAt?.ToUnixTimeMilliseconds(), message.PassedOnBy is { } by ? Person(client, by) : null,
        [.. message.DeliveredTo.Select(id => id.ToString())], [.. message.ReadBy.Select(id => id.ToString())],
        [.. message.Reactions.Select(reaction => new ReactionView(reaction.Emoji, Person(client, reaction.Account)))], message.EditedAt?.ToUnixTimeMilliseconds(),
        [.. message.FormerVersions.Select(version => new VersionView(version.Text, version.SentAt.ToUnixTimeMilliseconds()))], message.MentionsMe,
        client.Conversation(message.Conversation)?.MayEdit(message) == true, client.Conversation(message.Conversation)?.MayDelete(message) == true,
        Client.Conversation.MayReport(message));

    public static DeviceView Device(Device device) => new(device.Id.ToString(), device.Name, device.IsThis, device.IsWaiting,
        device.Added.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), device.LastSeen.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    public static HistoryView History(HistoryStatus status) => new(
        status.IsOn, status.IsComplete, status.Segments, status.Unread, status.Restored, status.Waiting, status.Bytes, status.Quota, status.Problem);

    public static async Task<SettingsView> SettingsAsync(KavalekClient client) => new(client.AutoLock?.TotalSeconds, client.DefaultTimer?.TotalSeconds, client.Recovery switch
    {
        RecoveryState.Present => "set",
        RecoveryState.Missing => "none",
        RecoveryState.Refused => "refused",
        _ => "unknown",
    }, new(client.Receipts.Delivered, client.Receipts.Read), await client.Core.Audit.FoundAsync(default).ConfigureAwait(false) is not null);

    public static WakeUpView WakeUps(WakeUpState state) => new(state.ServerKey is { } key ? Base64Url.EncodeToString(key) : null, state.IsOn);

    public static AdminSessionView Admin(AdminSession session) => new(session.Token, session.ExpiresIn, session.Rank, session.FreshFor, session.EndsIn);

    public static AuditView Audit(AuditTrail trail) => new([.. trail.Records.Select(record => new AuditRecordView(record.Number, record.At * 1000,
        record.Actor.ToString(), record.ActorHandle, record.Act, record.Subject?.ToString(), record.SubjectHandle, record.Detail))], trail.IsWhole);

    public static OpenedReportView Report(OpenedReport report) => new(report.Id.ToString(), report.FiledOn.ToUnixTimeMilliseconds(), Word(report.Reason), report.Words,
        [.. report.Messages.Select(message => new ReportedMessageView(Word(message.Verdict), message.Writer?.ToString(), message.Handle, Word(message.Trust), Word(message.Kind),
            message.Title, message.SentAt.ToUnixTimeMilliseconds(), message.Text, message.Files, message.IsEdit))]);

    static AttachmentView Attachment(Attachment file) => new(file.Id.ToString(), file.Name, file.Type, file.Size, file.Width, file.Height,
        file.Preview.IsEmpty ? null : Convert.ToBase64String(file.Preview.Span), file.IsInline,
        file.Length.TotalMilliseconds, file.IsVoice ? Convert.ToBase64String(file.Levels.Span) : null);

    public static string Name(MessageId id) => $"{id.Account}-{id.Content}";

    static BodyView Body(KavalekClient client, MessageBody body) => body switch
    {
        TextBody text => new("text")
        {
            Text = text.Text,
            ReplyTo = text.ReplyTo is { } reply ? Name(reply) : null,
            Mentions = [.. text.Mentions.Select(mention => new MentionView(Person(client, mention.Account), mention.Start, mention.Length))],
            Attachments = [.. text.Attachments.Select(Attachment)],
        },
        DeletedBody deleted => new("deleted") { By = Person(client, deleted.By) },
        SystemBody line => new("system")
        {
            Kind = Word(line.Kind),
            By = line.By is { } by ? Person(client, by) : null,
            Accounts = [.. line.Accounts.Select(account => Person(client, account))],
            Text = line.Text,
        },
        _ => throw new InvalidOperationException(body.GetType().Name),
    };

    static PersonView Person(KavalekClient client, Id account)
    {
        Account me = client.Me;
        bool own = account == me.Id;
        string name = own ? me.DisplayName ?? $"@{me.Handle}" : client.Contact(account)?.Name ?? account.ToString()[..8];
        return new(account.ToString(), name, own);
    }

    /// <summary>The name of a value as the page knows it: <c>RoleChanged</c> is <c>role_changed</c>.</summary>
    public static string Word<T>(T value) where T : struct, Enum
    {
        string name = value.ToString();
        StringBuilder word = new(name.Length + 4);
        foreach (char c in name)
        {
            if (char.IsUpper(c) && word.Length > 0) word.Append('_');
            word.Append(char.ToLowerInvariant(c));
        }
        return word.ToString();
    }
}

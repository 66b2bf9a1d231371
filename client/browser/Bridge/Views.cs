using System.Text.Json.Serialization;

namespace Kavalek.Client.Browser;

// What crosses to the page, shaped as frontend-mobile/src/client/protocol.ts says.

sealed record ErrorView(string Code, string Message, bool NothingChanged, double? RetryAfter);

sealed record SessionView(string State)
{
    public string? Why { get; init; }
    public string? Doing { get; init; }
    public MeView? Me { get; init; }
    public ErrorView? Ended { get; init; }
    public ErrorView? Error { get; init; }
}

sealed record ConnectionView(string State, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ErrorView? Error);

sealed record MeView(string Id, string Handle, string? DisplayName, string Email, string Server, string Device, string? ContactLink);

sealed record ContactView(string Account, string Handle, string? DisplayName, string Name, string Trust, bool Blocked, bool Added);

sealed record MemberView(ContactView Contact, string Role, int Devices, bool Me, string Pending);

sealed record BlockView(string Code, string Message);

sealed record DraftView(string Text, MessageView? ReplyTo, IReadOnlyList<DraftFileView> Files);

sealed record DraftFileView(string Name, double Size);

sealed record AroundView(IReadOnlyList<MessageView> Messages, bool Oldest, bool Newest);

sealed record MarkView(int Start, int Length);

sealed record SearchHitView(MessageView Message, string Excerpt, IReadOnlyList<MarkView> Marks);

sealed record SearchPageView(IReadOnlyList<SearchHitView> Hits, string? Next);

sealed record ConversationView(
    string Id, string Kind, string Title, ContactView? Peer, ContactView? Inviter, string State, int Members, string MyRole,
    double? Timer, int Unread, int UnreadMentions, long LastActivity, MessageView? Last, BlockView? CannotSend, IReadOnlyList<ContactView> Apart, DraftView? Draft,
    long? Pinned, bool Archived, double? MutedUntil, bool MarkedUnread);

sealed record PersonView(string Account, string Name, bool Me);

sealed record BodyView(string Type)
{
    public string? Text { get; init; }
    public string? ReplyTo { get; init; }
    public string? Kind { get; init; }
    public PersonView? By { get; init; }
    public IReadOnlyList<PersonView>? Accounts { get; init; }
    public IReadOnlyList<MentionView>? Mentions { get; init; }
    public IReadOnlyList<AttachmentView>? Attachments { get; init; }
}

sealed record MentionView(PersonView Person, int Start, int Length);

sealed record ReactionView(string Emoji, PersonView Person);

sealed record VersionView(string Text, long SentAt);

sealed record AttachmentView(string Id, string Name, string Type, double Size, int Width, int Height, string? Preview, bool Inline, double Length, string? Levels);

/// <summary>A file for the page: <c>files.ts</c> puts it in the place of this.</summary>
sealed record FileView([property: JsonPropertyName("$file")] int Number, string Type);

sealed record OpenedFileView(FileView File, string? Inline);

sealed record TransferView(string Conversation, string Message, string Attachment, string State, double Done, double Total);

/// <summary>Bytes of the files of a message that is not there yet.</summary>
sealed record SendingView(string Sending, double Done);

sealed record MessageView(
    string Id, string Conversation, PersonView Sender, bool Mine, long SentAt, BodyView Body, string State, string Position,
    string? Failure, long? EndsAt, PersonView? PassedOnBy, IReadOnlyList<string> DeliveredTo, IReadOnlyList<string> ReadBy,
    IReadOnlyList<ReactionView> Reactions, long? EditedAt, IReadOnlyList<VersionView> Former, bool MentionsMe, bool MayEdit, bool MayDelete, bool MayReport);

sealed record ModeratorView(ContactView Contact, string Rank, long Since, string? GivenBy);

sealed record ModeratorsView(int Shown, IReadOnlyList<ModeratorView> All, IReadOnlyList<ContactView> Changed, bool LogWhole);

sealed record ReportInfoView(string Id, long FiledOn);

sealed record WaitingReportsView(IReadOnlyList<ReportInfoView> Reports, int Total);

sealed record OpenedReportView(string Id, long FiledOn, string Reason, string Words, IReadOnlyList<ReportedMessageView> Messages);

sealed record ReportedMessageView(
    string Verdict, string? Writer, string? Handle, string Trust, string Kind, string Title, long SentAt, string Text, IReadOnlyList<string> Files, bool Edit);

sealed record DeviceView(string Id, string? Name, bool Current, bool Waiting, string Added, string LastSeen);

sealed record SafetyNumberView(IReadOnlyList<string> Groups, string Qr);

sealed record HistoryView(bool On, bool Complete, double Segments, double Unread, double Restored, int Waiting, double Bytes, double Quota, string? Problem);

sealed record SettingsView(double? AutoLock, double? DefaultTimer, string Recovery, ReceiptsView Receipts, bool AuditBroken);

sealed record ReceiptsView(bool Delivered, bool Read);

sealed record InviteView(string Id, int UsesLeft, long Expires);

sealed record CreatedInviteView(string Id, string Link, int Uses, long Expires);

sealed record DeviceLinkView(string Code, string Qr, long Expires);

sealed record WordsView(IReadOnlyList<string> Words);

sealed record MatchingCodeView(string MatchingCode);

sealed record InView(bool In);

sealed record OffboardedView(long At, IReadOnlyList<OffboardedConversationView> Conversations);

sealed record OffboardedConversationView(string Id, string Title, double? Epoch);

sealed record WakeUpView(string? Key, bool On);

sealed record AdminSessionView(string Token, int ExpiresIn, string Rank, int FreshFor, int EndsIn);

sealed record AuditView(IReadOnlyList<AuditRecordView> Records, bool Whole);

sealed record AuditRecordView(long Number, long At, string Actor, string? ActorHandle, string Act, string? Subject, string? SubjectHandle, string Detail);

sealed record SnapshotView(
    SessionView Session, ConnectionView Connection, IReadOnlyList<ConversationView> Conversations, IReadOnlyList<ContactView> Contacts,
    HistoryView? History, SettingsView? Settings);

sealed record EventView(string Type)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public SessionView? Session { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ConnectionView? Connection { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public object? Conversation { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public object? Message { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public HistoryView? History { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public SettingsView? Settings { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ContactView? Contact { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<DeviceView>? Devices { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? Added { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? Removed { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Device { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? MatchingCode { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ErrorView? Error { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Text { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public TransferView? Transfer { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public SendingView? Sending { get; init; }
}

/// <summary>How they are written: camel case, what is absent as null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SnapshotView))]
[JsonSerializable(typeof(EventView))]
[JsonSerializable(typeof(ErrorView))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(OpenedFileView))]
[JsonSerializable(typeof(ContactView))]
[JsonSerializable(typeof(ConversationView))]
[JsonSerializable(typeof(MessageView))]
[JsonSerializable(typeof(IReadOnlyList<MessageView>))]
[JsonSerializable(typeof(AroundView))]
[JsonSerializable(typeof(SearchPageView))]
[JsonSerializable(typeof(IReadOnlyList<MemberView>))]
[JsonSerializable(typeof(IReadOnlyList<DeviceView>))]
[JsonSerializable(typeof(IReadOnlyList<InviteView>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(SafetyNumberView))]
[JsonSerializable(typeof(DeviceLinkView))]
[JsonSerializable(typeof(WordsView))]
[JsonSerializable(typeof(MatchingCodeView))]
[JsonSerializable(typeof(InView))]
[JsonSerializable(typeof(WakeUpView))]
[JsonSerializable(typeof(ModeratorsView))]
[JsonSerializable(typeof(WaitingReportsView))]
[JsonSerializable(typeof(OpenedReportView))]
[JsonSerializable(typeof(OffboardedView))]
[JsonSerializable(typeof(CreatedInviteView))]
[JsonSerializable(typeof(AdminSessionView))]
[JsonSerializable(typeof(AuditView))]
sealed partial class ViewJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace Kavalek.Protocol.Auth;

/// <summary><c>POST /auth/v1/admin/sessions</c>: the password once more opens the dashboard.</summary>
/// <param name="AuthSecret">32 bytes.</param>
public sealed record OpenAdminSession(byte[] AuthSecret);

/// <summary>What the dashboard works with.</summary>
/// <param name="Token">Access token of audience <c>kavalek/admin</c>, good for both services' <c>admin</c> calls.</param>
/// <param name="ExpiresIn">Seconds it is valid.</param>
/// <param name="Rank"><c>moderator</c>, <c>admin</c> or <c>owner</c>.</param>
/// <param name="FreshFor">Seconds in which calls that need a fresh password are taken; 0 where it has to be typed again.</param>
/// <param name="EndsIn">Seconds after which the session cannot be renewed any more.</param>
public sealed record AdminSession(string Token, int ExpiresIn, string Rank, int FreshFor, int EndsIn);

/// <summary>Somebody with an account, as those who run the instance see them. No address: it can only be looked up whole.</summary>
/// <param name="Account">The account's id.</param>
/// <param name="Handle">Without the @.</param>
/// <param name="Rank"><c>member</c>, <c>moderator</c>, <c>admin</c> or <c>owner</c>.</param>
/// <param name="State"><c>active</c>, <c>suspended</c> or <c>left</c>.</param>
/// <param name="Devices">How many devices are in force.</param>
/// <param name="Sessions">How many of them are logged in.</param>
public sealed record PersonRecord(Id Account, string Handle, string Rank, string State, int Devices, int Sessions);

/// <summary><c>GET /auth/v1/admin/people</c>.</summary>
/// <param name="People">By handle.</param>
/// <param name="Total">How many there are that match, on all pages.</param>
/// <param name="Next">What to ask for as <c>after</c>; absent on the last page.</param>
public sealed record PeoplePage(PersonRecord[] People, int Total, string? Next = null);

/// <summary><c>POST /auth/v1/admin/people/find</c>.</summary>
/// <param name="Email">Normalised e-mail address; in a body, since addresses of calls end up in logs.</param>
public sealed record FindPerson(string Email);

/// <summary><c>PUT /auth/v1/admin/people/{account}/rank</c>.</summary>
/// <param name="Rank"><c>member</c>, <c>moderator</c>, <c>admin</c> or <c>owner</c>.</param>
public sealed record SetRank(string Rank);

/// <summary><c>POST /auth/v1/admin/invites</c>.</summary>
/// <param name="Uses">1 to 1,000.</param>
/// <param name="ExpiresIn">Seconds, 60 to 31,536,000.</param>
/// <param name="Rank">Whoever uses it becomes <c>member</c>, <c>moderator</c> or <c>admin</c>: below the inviter's own.</param>
public sealed record CreateRankedInvite(int Uses, long ExpiresIn, string Rank);

/// <summary>A row of <c>GET /auth/v1/admin/invites</c>.</summary>
/// <param name="Invite">The invite's id.</param>
/// <param name="UsesLeft">How many can still join with it.</param>
/// <param name="Expires">Seconds since 1970.</param>
/// <param name="Rank">What whoever uses it becomes.</param>
public sealed record RankedInvite(Id Invite, int UsesLeft, long Expires, string Rank);

/// <summary>What the instance asks of its clients, and what it does itself (docs/PROTOCOL.md §5.12).</summary>
/// <param name="Number">1, then one more at each change; 0 where nothing was ever set.</param>
/// <param name="Registration"><c>invite</c> or <c>open</c>.</param>
/// <param name="RetentionDays">Days that an undelivered entry is kept: 1 to 30.</param>
/// <param name="TimerFloor">Seconds that a message may be set to live, at least; 0 for none.</param>
/// <param name="TimerCeiling">Seconds after which every message ends; 0 for none.</param>
/// <param name="AttachmentBytes">Largest attachment; 0 for none at all.</param>
/// <param name="AttachmentQuota">Bytes of attachments of one account.</param>
/// <param name="Receipts">Whether clients may say what arrived and was read.</param>
/// <param name="LockAfter">Seconds without use after which a client locks at the latest; 0 for as its person likes.</param>
/// <param name="Suites">Cipher suites that conversations may have; those of this version: 61444 (0xF004).</param>
public sealed record InstancePolicy(
    long Number, string Registration, int RetentionDays, long TimerFloor, long TimerCeiling, long AttachmentBytes, long AttachmentQuota,
    bool Receipts, long LockAfter, int[] Suites);

/// <summary><c>GET /auth/v1/policy</c>: the policy and who says so.</summary>
/// <param name="Policy">An <see cref="InstancePolicy"/> as JSON, byte for byte as it was signed.</param>
/// <param name="Signature">The instance's token key over it, label <c>kavalek/v1/policy</c>; DER.</param>
/// <param name="Key">The public key, 65 bytes: the one of the JWKS.</param>
public sealed record SignedPolicy(byte[] Policy, byte[] Signature, byte[] Key);

/// <summary>One thing that somebody who runs the instance did; <c>GET /auth/v1/audit</c>.</summary>
/// <param name="Number">1, then one more each time.</param>
/// <param name="At">The minute, seconds since 1970.</param>
/// <param name="Actor">Who.</param>
/// <param name="Act">What; one of docs/PROTOCOL.md §5.13.</param>
/// <param name="Detail">More of it, for instance the rank that was given; empty where there is none.</param>
/// <param name="Hash">SHA-256 of all this and of the record before.</param>
/// <param name="Subject">To whom, where it was somebody.</param>
/// <param name="ActorHandle">Absent where the account is gone.</param>
/// <param name="SubjectHandle">Absent where the account is gone.</param>
public sealed record AuditRecord(
    long Number, long At, Id Actor, string Act, string Detail, byte[] Hash, Id? Subject = null, string? ActorHandle = null, string? SubjectHandle = null);

/// <summary><c>GET /auth/v1/audit</c>.</summary>
/// <param name="Records">The newest first; each one's hash follows from the next one's.</param>
/// <param name="Head">The number of the newest of all; 0 where there is none.</param>
/// <param name="Key">The instance's public token key, 65 bytes: the one of the JWKS.</param>
/// <param name="Signature">Its signature over number and hash of the first record here, label <c>kavalek/v1/audit-head</c>, DER; absent where there is none.</param>
public sealed record AuditPage(AuditRecord[] Records, long Head, byte[] Key, byte[]? Signature = null);

/// <summary><c>GET /auth/v1/admin/overview</c>: figures of the authentication service.</summary>
/// <param name="Version">Of the server.</param>
/// <param name="Accounts">Active ones.</param>
/// <param name="Suspended">Suspended ones.</param>
/// <param name="Left">Those that were off-boarded.</param>
/// <param name="Devices">In force.</param>
/// <param name="Sessions">Open ones.</param>
/// <param name="Invites">That still work.</param>
/// <param name="DatabaseBytes">Size of the service's tables, on SQLite with the write-ahead log.</param>
/// <param name="Mail">Whether mail is set up.</param>
/// <param name="MemoryBytes">What the process holds.</param>
/// <param name="Apart">Whether the delivery service runs in processes of its own; where not, <paramref name="MemoryBytes"/> is of both.</param>
/// <param name="LastBackup">When the newest backup was made, seconds since 1970; absent where none is known.</param>
/// <param name="CertificateExpires">When the server's own TLS certificate ends, seconds since 1970; absent where a proxy ends TLS.</param>
public sealed record AuthOverview(
    string Version, int Accounts, int Suspended, int Left, int Devices, int Sessions, int Invites, long DatabaseBytes, bool Mail, long MemoryBytes, bool Apart,
    long? LastBackup = null, long? CertificateExpires = null);

/// <summary><c>GET</c> and <c>PUT /auth/v1/admin/settings</c>.</summary>
/// <param name="Name">What people see the instance is called; 1 to 64 characters.</param>
/// <param name="Mail">The way to a mail server; absent where there is none.</param>
public sealed record InstanceSettings(string Name, MailSettings? Mail = null);

/// <summary>The way to a mail server.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Port">587, or another; TLS is asked for by STARTTLS, but of a loopback address.</param>
/// <param name="From">The sender's address.</param>
/// <param name="User">Where the server wants to know who sends.</param>
/// <param name="Password">Likewise. Never answered; absent for the present one, with host, port and user as they are.</param>
public sealed record MailSettings(string Host, int Port, string From, string? User = null, string? Password = null);

/// <summary><c>GET /auth/v1/admin/setup</c>: what is there before an owner has finished setting up.</summary>
/// <param name="Settings">The instance's name and mail.</param>
/// <param name="Registration"><c>invite</c> or <c>open</c>; changed with the policy.</param>
/// <param name="BehindProxy">Whether the server was told that a proxy ends TLS.</param>
/// <param name="Origin">The public address that it was told; absent where it was not.</param>
public sealed record SetUpState(InstanceSettings Settings, string Registration, bool BehindProxy, string? Origin = null);

/// <summary><c>POST /auth/v1/admin/setup/checks</c>.</summary>
/// <param name="Origin">Under which the browser has loaded the page, as <c>location.origin</c> says.</param>
public sealed record CheckSetUp(string Origin);

/// <summary>What the server sees of the way a call came by.</summary>
/// <param name="Checks">Each once.</param>
public sealed record SetUpChecks(SetUpCheck[] Checks);

/// <summary>One of them.</summary>
/// <param name="Check"><c>address</c>, <c>tls</c>, <c>proxy</c>, <c>certificate</c> or <c>backups</c>.</param>
/// <param name="Outcome"><c>ok</c>, or what docs/PROTOCOL.md §5.11 lists.</param>
/// <param name="Detail">What is expected, where that helps.</param>
public sealed record SetUpCheck(string Check, string Outcome, string? Detail = null);

/// <summary><c>GET /auth/v1/admin/backups</c>.</summary>
/// <param name="IsSetUp">Whether this server makes backups; all else is empty where it does not.</param>
/// <param name="Every">Seconds between two.</param>
/// <param name="Keep">How many are kept.</param>
/// <param name="Backups">The newest first, at most 100.</param>
/// <param name="Next">When the schedule makes the next one, seconds since 1970.</param>
/// <param name="Work">What works at this moment.</param>
/// <param name="LastRun">What came of the last backup since the server began.</param>
/// <param name="LastTest">What came of the last test.</param>
public sealed record BackupState(
    bool IsSetUp, int Every, int Keep, BackupFile[] Backups, long? Next = null, BackupWork? Work = null, BackupResult? LastRun = null, BackupResult? LastTest = null);

/// <summary>A backup that lies there.</summary>
/// <param name="Made">Seconds since 1970.</param>
/// <param name="Bytes">Its size.</param>
public sealed record BackupFile(long Made, long Bytes);

/// <summary>A backup or test that works.</summary>
/// <param name="What"><c>backup</c> or <c>test</c>.</param>
/// <param name="Since">Seconds since 1970.</param>
/// <param name="Done">Bytes that are done.</param>
/// <param name="Of">About how many there are.</param>
public sealed record BackupWork(string What, long Since, long Done, long Of);

/// <summary>What came of one.</summary>
/// <param name="At">When it ended, seconds since 1970.</param>
/// <param name="Outcome"><c>ok</c>; <c>damaged</c>; <c>wrong_key</c>: it was made under another key, or by a newer version; <c>disk</c>: a file cannot be read or written; <c>database</c>: it does not answer.</param>
/// <param name="Bytes">The backup's size.</param>
/// <param name="Made">When the backup was made that was tested.</param>
public sealed record BackupResult(long At, string Outcome, long Bytes, long? Made = null);

/// <summary>What came of trying something now; <c>POST /auth/v1/admin/mail/test</c>.</summary>
/// <param name="Outcome">One of <see cref="SelfTestOutcomes"/>.</param>
/// <param name="Detail">The number that a mail server refused with, for instance <c>550</c>; absent where it said none.</param>
public sealed record SelfTest(string Outcome, string? Detail = null);

/// <summary>The values of <see cref="SelfTest.Outcome"/>.</summary>
public static class SelfTestOutcomes
{
    /// <summary>It works.</summary>
    public const string Ok = "ok";

    /// <summary>It is not set up.</summary>
    public const string Off = "off";

    /// <summary>The name has no address, or none of the internet.</summary>
    public const string NoName = "no_name";

    /// <summary>Nobody answers there.</summary>
    public const string NotReached = "not_reached";

    /// <summary>There is no TLS, or the certificate does not hold.</summary>
    public const string NoTls = "no_tls";

    /// <summary>User or password is not taken.</summary>
    public const string LoginRefused = "login_refused";

    /// <summary>It was refused for another reason.</summary>
    public const string Refused = "refused";
}

/// <summary>A part of <c>GET /auth/v1/server-sees</c>.</summary>
/// <param name="Title">A database, the log, or the headers.</param>
/// <param name="Items">What is in it.</param>
public sealed record SeenPart(string Title, SeenItem[] Items);

/// <summary>Something that the server keeps or says.</summary>
/// <param name="Names">Columns as <c>table.column</c>, a log line, or a header.</param>
/// <param name="Purpose">What for; empty for log lines and headers.</param>
/// <param name="Lifetime">How long; likewise.</param>
public sealed record SeenItem(string[] Names, string Purpose, string Lifetime);

/// <summary>All that the server keeps: the list that the schema is tested against (docs/STORED.md).</summary>
/// <param name="Parts">In the order of the page.</param>
public sealed record ServerSees(SeenPart[] Parts);

/// <summary><c>GET /api/v1/admin/overview</c>: figures of the delivery service, all its nodes together; of no conversation and of nobody.</summary>
/// <param name="Connections">Sockets that are open.</param>
/// <param name="EntriesPerMinute">Entries that were stored in the last 60 seconds.</param>
/// <param name="QueueDepth">Operations that wait for the writer at this moment.</param>
/// <param name="DatabaseBytes">Size of the service's tables, on SQLite with the write-ahead log.</param>
/// <param name="MemoryBytes">What the processes hold.</param>
/// <param name="Started">When the oldest of them began, seconds since 1970.</param>
/// <param name="AttachmentBytes">Bytes of attachments, as declared.</param>
/// <param name="ArchiveBytes">Bytes of archives, which are in the database.</param>
/// <param name="FreeBytes">What is free on the disk of the data folder.</param>
/// <param name="Delivery">From arrival to the readers' sockets; of the slowest node.</param>
/// <param name="Growth">A row a day, the oldest first, at most 90.</param>
/// <param name="Nodes">One, or each of several that was heard of within a minute.</param>
public sealed record MessagingOverview(
    int Connections, long EntriesPerMinute, int QueueDepth, long DatabaseBytes, long MemoryBytes, long Started, long AttachmentBytes, long ArchiveBytes, long FreeBytes,
    Latency Delivery, SizeOfDay[] Growth, NodeFigures[] Nodes);

/// <summary>How long something took in the last five minutes.</summary>
/// <param name="Count">How often it happened.</param>
/// <param name="P50">Microseconds below which half was; 0 where nothing happened.</param>
/// <param name="P99">Microseconds below which 99 % was.</param>
public sealed record Latency(long Count, long P50, long P99);

/// <summary>What was stored on a day, when it was last looked at.</summary>
/// <param name="Day">The day's beginning (UTC), seconds since 1970.</param>
/// <param name="DatabaseBytes">As in <see cref="MessagingOverview"/>.</param>
/// <param name="AttachmentBytes">Likewise.</param>
public sealed record SizeOfDay(long Day, long DatabaseBytes, long AttachmentBytes);

/// <summary>One node of the delivery service.</summary>
/// <param name="Node">A random id of this run.</param>
/// <param name="Connections">Sockets that are open.</param>
/// <param name="EntriesPerMinute">Entries that were stored in the last 60 seconds.</param>
/// <param name="QueueDepth">Operations that wait for the writer.</param>
/// <param name="MemoryBytes">What the process holds.</param>
/// <param name="Started">When it began, seconds since 1970.</param>
/// <param name="Delivery">From arrival to the readers' sockets there.</param>
public sealed record NodeFigures(Id Node, int Connections, long EntriesPerMinute, int QueueDepth, long MemoryBytes, long Started, Latency Delivery);

/// <summary><c>GET /api/v1/admin/groups</c>.</summary>
/// <param name="Groups">The newest first.</param>
/// <param name="Total">How many there are, on all pages.</param>
/// <param name="Next">What to ask for as <c>before</c>; absent on the last page.</param>
public sealed record GroupsPage(GroupRecord[] Groups, long Total, long? Next = null);

/// <summary>A conversation, as its server may show it to those who run the instance: neither who is in it nor what it is called.</summary>
/// <param name="Group">A number that only this list uses.</param>
/// <param name="DevicesUpTo">It has no more devices than this: 2, 5, 10, 25, 50, 100, 250, 500 or 1,000.</param>
/// <param name="Bytes">What waits to be delivered, rounded up to 1,024.</param>
/// <param name="Created">The day it was made, seconds since 1970; absent where it is older than this figure.</param>
/// <param name="Rekeyed">The day of its newest commit, likewise.</param>
public sealed record GroupRecord(long Group, int DevicesUpTo, long Bytes, long? Created = null, long? Rekeyed = null);

/// <summary><c>GET /api/v1/admin/storage</c>.</summary>
/// <param name="Accounts">The largest first.</param>
/// <param name="Total">How many have anything there, on all pages.</param>
public sealed record StoragePage(StorageRecord[] Accounts, long Total);

/// <summary>What an account has at the server: sizes alone.</summary>
/// <param name="Account">Whose.</param>
/// <param name="AttachmentBytes">Of its attachments, as declared.</param>
/// <param name="Files">How many these are.</param>
/// <param name="ArchiveBytes">Of its archive.</param>
public sealed record StorageRecord(Id Account, long AttachmentBytes, long Files, long ArchiveBytes);

/// <summary><c>GET /api/v1/admin/storage/purge</c>: what would go.</summary>
/// <param name="Files">How many attachments.</param>
/// <param name="Bytes">Of how many bytes.</param>
public sealed record PurgePreview(long Files, long Bytes);

/// <summary><c>POST /auth/v1/admin/storage/purge</c>.</summary>
/// <param name="Days">Attachments that came more than so many days ago: 1 to 30.</param>
/// <param name="Account">Whose; absent for everybody's.</param>
public sealed record PurgeStorage(int Days, Id? Account = null);

/// <summary><c>POST /api/v1/admin/push/test</c>.</summary>
/// <param name="Services">Each push service that has a name; none where push is switched off.</param>
public sealed record PushTest(PushServiceTest[] Services);

/// <summary>Whether a push service is reached.</summary>
/// <param name="Service">Its host.</param>
/// <param name="Outcome">One of <see cref="SelfTestOutcomes"/>.</param>
public sealed record PushServiceTest(string Service, string Outcome);

/// <summary>Source-generated JSON for every record of the dashboard, by the rules of <see cref="AuthJson"/>.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 8,
    Converters = [typeof(IdConverter), typeof(Base64UrlConverter)])]
[JsonSerializable(typeof(OpenAdminSession))]
[JsonSerializable(typeof(AdminSession))]
[JsonSerializable(typeof(PersonRecord))]
[JsonSerializable(typeof(PeoplePage))]
[JsonSerializable(typeof(FindPerson))]
[JsonSerializable(typeof(SetRank))]
[JsonSerializable(typeof(CreateRankedInvite))]
[JsonSerializable(typeof(RankedInvite[]))]
[JsonSerializable(typeof(InstancePolicy))]
[JsonSerializable(typeof(SignedPolicy))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(AuthOverview))]
[JsonSerializable(typeof(ServerSees))]
[JsonSerializable(typeof(MessagingOverview))]
[JsonSerializable(typeof(NodeFigures))]
[JsonSerializable(typeof(InstanceSettings))]
[JsonSerializable(typeof(MailSettings))]
[JsonSerializable(typeof(SetUpState))]
[JsonSerializable(typeof(CheckSetUp))]
[JsonSerializable(typeof(SetUpChecks))]
[JsonSerializable(typeof(BackupState))]
[JsonSerializable(typeof(SelfTest))]
[JsonSerializable(typeof(GroupsPage))]
[JsonSerializable(typeof(PushTest))]
[JsonSerializable(typeof(StoragePage))]
[JsonSerializable(typeof(PurgePreview))]
[JsonSerializable(typeof(PurgeStorage))]
[JsonSerializable(typeof(ModeratorRecord[]))]
[JsonSerializable(typeof(FileReport))]
[JsonSerializable(typeof(PutReportKey))]
[JsonSerializable(typeof(ReportPage))]
[JsonSerializable(typeof(SealedReport))]
[JsonSerializable(typeof(DecideReport))]
public sealed partial class AdminJson : JsonSerializerContext;

/// <summary>The same for those records alone that clients of every member have to do with: who names one of a set names all of them, and a browser would have to load them.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 8,
    Converters = [typeof(IdConverter), typeof(Base64UrlConverter)])]
[JsonSerializable(typeof(OpenAdminSession))]
[JsonSerializable(typeof(AdminSession))]
[JsonSerializable(typeof(InstancePolicy))]
[JsonSerializable(typeof(SignedPolicy))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(ModeratorRecord[]))]
[JsonSerializable(typeof(FileReport))]
[JsonSerializable(typeof(PutReportKey))]
[JsonSerializable(typeof(ReportPage))]
[JsonSerializable(typeof(SealedReport))]
[JsonSerializable(typeof(DecideReport))]
public sealed partial class MemberJson : JsonSerializerContext;

using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>Who may make a call (docs/PROTOCOL.md §5, §6.3).</summary>
enum Needs
{
    Nothing,
    Session,
    Waiting,
    Certified,
    Owner,
    Messaging,
    Staff,
}

/// <summary>One route: who may call it, what alice is answered, and what a stranger is answered who names what is hers.</summary>
/// <param name="Needs">Who may call it at all.</param>
/// <param name="Own">The call as the one who may makes it.</param>
/// <param name="Allowed">What is answered.</param>
/// <param name="Foreign">The call for something that is not the caller's, named by the id that is given: a foreign one or one that nothing has.</param>
/// <param name="Refused">The code for it, foreign or missing; <c>null</c> where everybody may see what is there.</param>
/// <param name="OfAccount">Whether it is the account's, and not the device's.</param>
/// <param name="Removed">What carol is answered, who was removed from the stream; <c>null</c> for the same as a stranger.</param>
/// <param name="Thing">What is named; by default the stream for calls about streams.</param>
/// <param name="By">Who makes the call that is allowed; by default the owner where an owner is needed, else alice.</param>
/// <param name="Others">Whose it is not; by default a stranger, the instance's owner, and, of what is a device's, another device of alice's, else bob.</param>
/// <param name="IfCertified">What a certified device is answered, where one that waits is needed.</param>
sealed record Row(
    Needs Needs, Func<AuthorityScene, Task<Call>> Own, int Allowed, Func<AuthorityScene, Id, Call>? Foreign = null, string? Refused = ErrorCodes.NotFound,
    bool OfAccount = false, int? Removed = null, Func<AuthorityScene, Id>? Thing = null, Func<AuthorityScene, TestDevice>? By = null,
    Func<AuthorityScene, TestDevice[]>? Others = null, string IfCertified = ErrorCodes.Forbidden);

/// <summary>The table route × actor. What only one can do stands below; what ends something stands last.</summary>
static class AuthorityTable
{
    static readonly HttpMethod Get = HttpMethod.Get, Post = HttpMethod.Post, Delete = HttpMethod.Delete;

    static readonly byte[] Capability = SHA256.HashData("capability"u8);

    public static readonly (string Route, Row Row)[] Rows =
    [
        ("GET /", Open(new(Get, "/"))),
        ("GET /auth/healthz", Open(new(Get, "/auth/healthz"))),
        ("GET /api/healthz", Open(new(Get, "/api/healthz"))),
        ("GET /health/live", Open(new(Get, "/health/live"))),
        ("GET /health/ready", Open(new(Get, "/health/ready"))),
        ("GET /auth/v1/instance", Open(new(Get, "/auth/v1/instance"))),
        ("GET /auth/v1/policy", Open(new(Get, "/auth/v1/policy"))),
        ("GET /auth/v1/audit", new(Needs.Certified, _ => Is(new(Get, "/auth/v1/audit")), 200)),
        ("GET /auth/v1/server-sees", new(Needs.Certified, _ => Is(new(Get, "/auth/v1/server-sees")), 200)),
        ("POST /auth/v1/admin/sessions", new(Needs.Owner, s => Is(OpenDashboard(s.Owner)), 200)),
        ("POST /auth/v1/admin/sessions/renew", Dashboard(Post, "sessions/renew")),
        ("GET /auth/v1/admin/overview", Dashboard(Get, "overview")),
        ("GET /api/v1/admin/overview", new(Needs.Staff, _ => Is(new(Get, "/api/v1/admin/overview")), 200)),
        ("GET /api/v1/admin/groups", new(Needs.Staff, _ => Is(new(Get, "/api/v1/admin/groups")), 200)),
        ("GET /api/v1/admin/storage", new(Needs.Staff, _ => Is(new(Get, "/api/v1/admin/storage")), 200)),
        ("GET /api/v1/admin/storage/purge", new(Needs.Staff, s => Is(new(Get, $"/api/v1/admin/storage/purge?days=1&account={s.Alice.Account}")), 200)),
        ("POST /auth/v1/admin/storage/purge", new(Needs.Staff, _ => Is(new(Post, "/auth/v1/admin/storage/purge", TestDevice.Json(new PurgeStorage(30), AdminJson.Default.PurgeStorage))), 204)),
        ("POST /api/v1/admin/push/test", new(Needs.Staff, _ => Is(new(Post, "/api/v1/admin/push/test")), 200)),
        ("POST /auth/v1/admin/mail/test", Dashboard(Post, "mail/test")),
        ("GET /auth/v1/admin/settings", Dashboard(Get, "settings")),
        ("PUT /auth/v1/admin/settings", new(Needs.Staff, _ => Is(new(HttpMethod.Put, "/auth/v1/admin/settings", TestDevice.Json(new InstanceSettings("Kavalek"), AdminJson.Default.InstanceSettings))), 200)),
        ("GET /auth/v1/admin/setup", Dashboard(Get, "setup")),
        ("POST /auth/v1/admin/setup/checks", new(Needs.Staff, _ => Is(new(Post, "/auth/v1/admin/setup/checks", TestDevice.Json(new CheckSetUp("https://chat.example"), AdminJson.Default.CheckSetUp))), 200)),
        ("POST /auth/v1/admin/setup/finish", new(Needs.Staff, _ => Is(new(Post, "/auth/v1/admin/setup/finish")), 204)),
        ("GET /auth/v1/admin/backups", Dashboard(Get, "backups")),
        // This server makes none.
        ("POST /auth/v1/admin/backups/run", new(Needs.Staff, _ => Is(new(Post, "/auth/v1/admin/backups/run")), 404)),
        ("POST /auth/v1/admin/backups/test", new(Needs.Staff, _ => Is(new(Post, "/auth/v1/admin/backups/test")), 404)),
        ("GET /auth/v1/admin/audit", Dashboard(Get, "audit")),
        ("GET /auth/v1/admin/server-sees", Dashboard(Get, "server-sees")),
        ("GET /auth/v1/admin/people", Dashboard(Get, "people")),
        ("POST /auth/v1/admin/people/find", new(Needs.Staff, s => Is(new(Post, "/auth/v1/admin/people/find", TestDevice.Json(new FindPerson(s.Bob.Email), AdminJson.Default.FindPerson))), 200)),
        ("GET /auth/v1/admin/people/{account}", new(Needs.Staff, s => Is(new(Get, $"/auth/v1/admin/people/{s.Bob.Account}")), 200)),
        ("PUT /auth/v1/admin/people/{account}/rank", new(Needs.Staff, s => Is(new(HttpMethod.Put, $"/auth/v1/admin/people/{s.Bob.Account}/rank", TestDevice.Json(new SetRank("member"), AdminJson.Default.SetRank))), 204)),
        ("GET /auth/v1/admin/invites", Dashboard(Get, "invites")),
        ("POST /auth/v1/admin/invites", new(Needs.Staff, _ => Is(new(Post, "/auth/v1/admin/invites", TestDevice.Json(new CreateRankedInvite(1, 60, "member"), AdminJson.Default.CreateRankedInvite))), 200)),
        ("DELETE /auth/v1/admin/invites/{invite}", new(Needs.Staff, s => Is(new(Delete, $"/auth/v1/admin/invites/{s.Nothing}")), 404)),
        ("PUT /auth/v1/admin/policy", new(Needs.Staff, _ => Is(new(HttpMethod.Put, "/auth/v1/admin/policy", TestDevice.Json(new InstancePolicy(1, "open", 30, 0, 0, 1 << 20, 1 << 30, true, 0, [0xF004]), AdminJson.Default.InstancePolicy))), 200)),
        ("GET /auth/v1/moderators", new(Needs.Certified, _ => Is(new(Get, "/auth/v1/moderators")), 200)),
        ("PUT /auth/v1/admin/report-key", new(Needs.Staff, s => Is(PutReportKey(s)), 204)),
        ("POST /auth/v1/reports", new(Needs.Certified, s => Is(Report(s)), 204)),
        ("GET /auth/v1/admin/reports", Dashboard(Get, "reports")),
        ("GET /auth/v1/admin/reports/{report}", new(Needs.Staff, s => Is(new(Get, $"/auth/v1/admin/reports/{s.Nothing}")), 404)),
        ("POST /auth/v1/admin/reports/{report}/decide", new(Needs.Staff, s => Is(new(Post, $"/auth/v1/admin/reports/{s.Nothing}/decide", TestDevice.Json(new DecideReport("dismissed"), AdminJson.Default.DecideReport))), 404)),
        ("GET /auth/.well-known/jwks.json", Open(new(Get, "/auth/.well-known/jwks.json"))),
        ("GET /socket", new(Needs.Nothing, _ => Is(new(Get, "/socket")), 400)), // no WebSocket: its frames have a table of their own
        ("POST /auth/v1/prelogin", new(Needs.Nothing, s => Is(new(Post, "/auth/v1/prelogin", TestDevice.Json(new PreloginRequest(s.Alice.Email), AuthJson.Default.PreloginRequest))), 200)),
        ("POST /auth/v1/accounts", new(Needs.Nothing, s => Is(new(Post, "/auth/v1/accounts", TestDevice.Json(TestDevice.New(s.Server).Registration(), AuthJson.Default.RegisterRequest))), 202)),
        ("POST /auth/v1/sessions", new(Needs.Nothing, async s => new(Post, "/auth/v1/sessions", TestDevice.Json(await s.Bob.LogInRequestAsync(), AuthJson.Default.LogInRequest)), 200)),
        ("POST /auth/v1/sessions/refresh", new(Needs.Nothing, s => Is(new(Post, "/auth/v1/sessions/refresh", TestDevice.Json(new RefreshRequest(s.Stranger.Session!.RefreshToken), AuthJson.Default.RefreshRequest))), 200)),

        // Whoever holds a removed device's key may ask why it is out; to all others it never was.
        ("POST /auth/v1/devices/removal", new(Needs.Nothing, s => Is(Why(s, s.Gone.Device, s.Gone)), 200, (s, id) => Why(s, id, s.Stranger), Thing: s => s.Gone.Device)),

        ("GET /auth/v1/devices/self", new(Needs.Session, _ => Is(new(Get, "/auth/v1/devices/self")), 200)),
        ("DELETE /auth/v1/devices/self/grant", new(Needs.Session, _ => Is(new(Delete, "/auth/v1/devices/self/grant")), 204)),
        ("GET /auth/v1/devices", new(Needs.Certified, _ => Is(new(Get, "/auth/v1/devices")), 200)),
        // No newer than the list that is stored: only a server that was put back to a backup takes one.
        ("GET /auth/v1/directory/{handle}", new(Needs.Certified, s => Is(new(Get, $"/auth/v1/directory/{s.Bob.Handle}")), 200)),
        ("GET /auth/v1/accounts/{account}", new(Needs.Certified, s => Is(new(Get, $"/auth/v1/accounts/{s.Bob.Account}")), 200)),
        ("GET /auth/v1/key-packages", new(Needs.Certified, _ => Is(new(Get, "/auth/v1/key-packages")), 200)),
        ("POST /auth/v1/key-packages", new(Needs.Certified, async s => new(Post, "/auth/v1/key-packages", TestDevice.Json(new PublishKeyPackages([await TestKeyPackages.MakeAsync(s.Alice, s.Clock.GetUtcNow())]), AuthJson.Default.PublishKeyPackages)), 204)),
        ("POST /auth/v1/accounts/{account}/key-packages/claim", new(Needs.Certified, s => Is(new(Post, $"/auth/v1/accounts/{s.Bob.Account}/key-packages/claim")), 200)),
        ("GET /auth/v1/links/{link}", new(Needs.Certified, s => Is(new(Get, $"/auth/v1/links/{s.Link}")), 200, (_, id) => new(Get, $"/auth/v1/links/{id}"), Thing: s => s.Link)),
        ("GET /auth/v1/links/current", new(Needs.Session, _ => Is(new(Get, "/auth/v1/links/current")), 200, By: s => s.Waiting)),
        ("POST /auth/v1/links/{link}/join", new(Needs.Waiting, s => Is(Join(s.Link)), 204, (_, id) => Join(id), Thing: s => s.Link, By: s => s.Waiting, Others: s => [s.BobsNew])),
        ("PUT /auth/v1/links/{link}/nonce", new(Needs.Certified, s => Is(Reveal(s.Link)), 204, (_, id) => Reveal(id), Thing: s => s.Link)),
        ("GET /auth/v1/links/{link}/nonce", new(Needs.Session, s => Is(Revealed(s.Link)), 200, (_, id) => Revealed(id), Thing: s => s.Link, By: s => s.Waiting, Others: s => [s.Stranger, s.AlicesOther, s.Late, s.BobsNew])),
        // To end what is not there, or not the caller's, is done already.
        ("DELETE /auth/v1/links/{link}", new(Needs.Certified, s => Is(new(Delete, $"/auth/v1/links/{s.Link}")), 204, (_, id) => new(Delete, $"/auth/v1/links/{id}"), Refused: null, Thing: s => s.Link)),
        ("POST /auth/v1/links", new(Needs.Certified, _ => Is(new(Post, "/auth/v1/links", TestDevice.Json(new StartLink(new byte[32]), AuthJson.Default.StartLink))), 200)),
        ("PUT /auth/v1/vault", new(Needs.Certified, s => Is(PutVault(s)), 204)),
        ("GET /auth/v1/vault", new(Needs.Session, _ => Is(new(Get, "/auth/v1/vault")), 200)),
        ("PUT /auth/v1/devices/{device}/certificate", new(Needs.Certified, s => Is(Certify(s, s.Waiting.Device)), 204, Certify, OfAccount: true, Thing: s => s.Waiting.Device)),
        ("POST /auth/v1/devices/{device}/remove", new(Needs.Certified, s => Is(Remove(s, s.AlicesOther.Device)), 204, Remove, OfAccount: true, Thing: s => s.AlicesOther.Device)),
        ("PUT /auth/v1/devices/self/certificate", new(Needs.Waiting, s => Is(CertifySelf(s)), 204, By: s => s.Late, IfCertified: ErrorCodes.NotFound)),
        ("PUT /auth/v1/devices", new(Needs.Certified, s => Is(PutBack(s)), 204)),
        ("POST /auth/v1/invites", new(Needs.Owner, _ => Is(new(Post, "/auth/v1/invites", TestDevice.Json(new CreateInvite(1, 60), AuthJson.Default.CreateInvite))), 200)),
        ("GET /auth/v1/invites", new(Needs.Owner, _ => Is(new(Get, "/auth/v1/invites")), 200)),
        ("DELETE /auth/v1/invites/{invite}", new(Needs.Owner, s => Is(new(Delete, $"/auth/v1/invites/{s.Nothing}")), 404)),

        // Always of the device that calls: nothing names another one.
        ("GET /api/v1/push", new(Needs.Messaging, _ => Is(new(Get, "/api/v1/push")), 200)),
        ("POST /api/v1/push/test", new(Needs.Messaging, _ => Is(new(Post, "/api/v1/push/test")), 404)), // nothing to try before one has subscribed
        ("PUT /api/v1/push", new(Needs.Messaging, _ => Is(new(HttpMethod.Put, "/api/v1/push", Body(Push()))), 204)),
        ("DELETE /api/v1/push", new(Needs.Messaging, _ => Is(new(Delete, "/api/v1/push")), 204)),
        ("GET /api/v1/archive", new(Needs.Messaging, _ => Is(new(Get, "/api/v1/archive")), 200)),
        ("PUT /api/v1/archive", new(Needs.Messaging, s => Is(new(HttpMethod.Put, "/api/v1/archive", Body(Put(s.Archive, follows: 1)))), 200)),
        ("GET /api/v1/archive/notes", new(Needs.Messaging, _ => Is(new(Get, "/api/v1/archive/notes")), 200)),
        ("PUT /api/v1/archive/notes", new(Needs.Messaging, _ => Is(new(HttpMethod.Put, "/api/v1/archive/notes", Body(new ArchiveNotes { Version = 1, Sealed = ByteString.CopyFromUtf8("notes") }))), 204)),
        ("POST /api/v1/archive/segments", new(Needs.Messaging, s => Is(Segment(s.Archive)), 204, (_, id) => Segment(id), OfAccount: true, Thing: s => s.Archive)),
        ("GET /api/v1/archive/segments", new(Needs.Messaging, s => Is(Segments(s.Archive)), 200, (_, id) => Segments(id), OfAccount: true, Thing: s => s.Archive)),
        ("PUT /api/v1/attachments/{attachment}", new(Needs.Messaging, _ => Is(new(HttpMethod.Put, $"/api/v1/attachments/{Id.New()}", Body(Declaration()))), 200)),
        ("PATCH /api/v1/attachments/{attachment}", new(Needs.Messaging, s => Is(Part(s.Attachment)), 200, (_, id) => Part(id), OfAccount: true, Thing: s => s.Attachment)),
        ("GET /api/v1/attachments/{attachment}/state", new(Needs.Messaging, s => Is(new(Get, $"/api/v1/attachments/{s.Attachment}/state")), 200, (_, id) => new(Get, $"/api/v1/attachments/{id}/state"), OfAccount: true, Thing: s => s.Attachment)),
        // Whoever shows the capability reads, whoever it is; a token helps nobody, alice neither.
        ("GET /api/v1/attachments/{attachment}", new(Needs.Nothing, s => Is(Download(s.Whole, Capability)), 200, (_, id) => Download(id, new byte[32]), Thing: s => s.Whole, Others: s => [s.Stranger, s.Bob, s.Alice])),
        ("DELETE /api/v1/attachments/{attachment}", new(Needs.Messaging, s => Is(new(Delete, $"/api/v1/attachments/{s.Whole}")), 204, (_, id) => new(Delete, $"/api/v1/attachments/{id}"), OfAccount: true, Thing: s => s.Whole)),
        ("POST /api/v1/streams", new(Needs.Messaging, _ => Is(new(Post, "/api/v1/streams", Body(new CreateStream { Stream = Id.New().Bytes() }))), 201)),
        ("GET /api/v1/streams", new(Needs.Messaging, _ => Is(new(Get, "/api/v1/streams")), 200)),
        ("POST /api/v1/streams/{stream}/entries", new(Needs.Messaging, s => Is(Append(s.Stream)), 200, (_, id) => Append(id))),
        // Carol may still read up to her removal, and acknowledge or leave that; she reads nothing behind it.
        ("GET /api/v1/streams/{stream}/entries", new(Needs.Messaging, s => Is(new(Get, $"/api/v1/streams/{s.Stream}/entries")), 200, (_, id) => new(Get, $"/api/v1/streams/{id}/entries"), Removed: 200)),
        ("GET /api/v1/streams/{stream}/welcomes/{seq}", new(Needs.Messaging, s => Is(new(Get, $"/api/v1/streams/{s.Stream}/welcomes/1")), 404, (_, id) => new(Get, $"/api/v1/streams/{id}/welcomes/1"), Removed: 200)),
        ("PUT /api/v1/streams/{stream}/ack", new(Needs.Messaging, s => Is(Ack(s.Stream)), 204, (_, id) => Ack(id), Removed: 204)),
        ("GET /api/v1/streams/{stream}/subscribers", new(Needs.Messaging, s => Is(new(Get, $"/api/v1/streams/{s.Stream}/subscribers")), 200, (_, id) => new(Get, $"/api/v1/streams/{id}/subscribers"))),
        ("DELETE /api/v1/streams/{stream}/subscription", new(Needs.Messaging, s => Is(new(Delete, $"/api/v1/streams/{s.Stream}/subscription")), 204, (_, id) => new(Delete, $"/api/v1/streams/{id}/subscription"), Removed: 204)),
        ("PUT /auth/v1/account/password", new(Needs.Certified, s => Is(ChangePassword(s.Stranger)), 204, By: s => s.Stranger)),
        ("POST /auth/v1/account/key", new(Needs.Certified, s => Is(ReplaceKey(s, s.Stranger)), 204, By: s => s.Stranger)),
        ("POST /auth/v1/account/reset", new(Needs.Waiting, s => Is(Reset(s, s.BobsNew)), 204, By: s => s.BobsNew)),
        ("POST /auth/v1/account/delete", new(Needs.Certified, s => Is(new(Post, "/auth/v1/account/delete", TestDevice.Json(new DeleteAccount(s.Carol.AuthSecret), AuthJson.Default.DeleteAccount))), 204, By: s => s.Carol)),
        ("POST /auth/v1/admin/people/{account}/suspend", OnNobody(Post, "/suspend")),
        ("POST /auth/v1/admin/people/{account}/resume", OnNobody(Post, "/resume")),
        ("POST /auth/v1/admin/people/{account}/sign-out", OnNobody(Post, "/sign-out")),
        ("POST /auth/v1/admin/people/{account}/off-board", OnNobody(Post, "/off-board")),
        ("DELETE /auth/v1/admin/people/{account}", OnNobody(Delete, "")),
        ("DELETE /auth/v1/sessions/current", new(Needs.Session, _ => Is(new(Delete, "/auth/v1/sessions/current")), 204)),
    ];

    static Row Dashboard(HttpMethod method, string path) => new(Needs.Staff, _ => Is(new(method, $"/auth/v1/admin/{path}")), 200);

    // What they do to somebody is tested beside the rest of the dashboard.
    static Row OnNobody(HttpMethod method, string act) => new(Needs.Staff, s => Is(new(method, $"/auth/v1/admin/people/{s.Nothing}{act}")), 404);

    /// <summary>The owner types the password.</summary>
    public static Call OpenDashboard(TestDevice by) => new(Post, "/auth/v1/admin/sessions", TestDevice.Json(new OpenAdminSession(by.AuthSecret), AdminJson.Default.OpenAdminSession));

    static Call PutReportKey(AuthorityScene s)
    {
        byte[] key = new byte[Limits.ReportKeyBytes];
        return new(HttpMethod.Put, "/auth/v1/admin/report-key", TestDevice.Json(
            new PutReportKey(key, TestDevice.Sign(s.Owner.AccountKey, new ReportKeyStatement(s.Server.Instance, s.Owner.Account, key).SignedBytes())), AdminJson.Default.PutReportKey));
    }

    static Call Report(AuthorityScene s) => new(Post, "/auth/v1/reports", TestDevice.Json(
        new FileReport(Id.New(), new byte[Limits.ReportSizes[0] + Limits.ReportSealBytes], [new ReportCopy(s.Owner.Account, new byte[Limits.ReportCopyBytes])]), AdminJson.Default.FileReport));

    static Row Open(Call call) => new(Needs.Nothing, _ => Is(call), 200);

    static Call Append(Id stream) => new(Post, $"/api/v1/streams/{stream}/entries", Body(Wire.Message(stream, 2)));

    public static PutArchive Put(Id archive, ulong follows) => new() { Version = follows, State = ByteString.CopyFromUtf8("state"), Archive = archive.Bytes() };

    public static Call Segment(Id archive) => new(Post, "/api/v1/archive/segments", Body(new ArchiveSegment
    {
        Archive = archive.Bytes(),
        Number = 1,
        Previous = ByteString.CopyFrom(new byte[32]),
        Sealed = ByteString.CopyFromUtf8("sealed"),
    }));

    public static PutPush Push()
    {
        using PushReceiver browser = new();
        return new() { Endpoint = "https://fcm.googleapis.com/fcm/send/abc", Key = ByteString.CopyFrom(browser.Key), Secret = ByteString.CopyFrom(browser.Secret) };
    }

    static Call Segments(Id archive) => new(Get, $"/api/v1/archive/segments?archive={archive}&after=0");

    public static DeclareAttachment Declaration() => new() { Size = 4, Reader = ByteString.CopyFrom(SHA256.HashData(Capability)), Lives = 60 };

    public static Call Part(Id attachment) => new(HttpMethod.Patch, $"/api/v1/attachments/{attachment}?at=0",
        new ByteArrayContent([1, 2, 3, 4]) { Headers = { ContentType = new("application/octet-stream") } });

    static Call Download(Id attachment, byte[] capability) => new(Get, $"/api/v1/attachments/{attachment}") { Capability = System.Buffers.Text.Base64Url.EncodeToString(capability) };

    static Call Ack(Id stream) => new(HttpMethod.Put, $"/api/v1/streams/{stream}/ack", Body(new Ack { Seq = 1 }));

    // Everything about it is right but whose it is.
    static Call Certify(AuthorityScene scene, Id device)
    {
        byte[] list = scene.Alice.List(5, scene.Alice.Certificate, scene.AlicesOther.Certificate, scene.Waiting.Certificate);
        return new(HttpMethod.Put, $"/auth/v1/devices/{device}/certificate", TestDevice.Json(new CertifyRequest(scene.Waiting.Certificate, list, [1]), AuthJson.Default.CertifyRequest));
    }

    static Call Remove(AuthorityScene scene, Id device)
    {
        byte[] list = scene.Alice.List(6, scene.Alice.Certificate, scene.Waiting.Certificate);
        return new(Post, $"/auth/v1/devices/{device}/remove", TestDevice.Json(new RemoveDeviceRequest(list), AuthJson.Default.RemoveDeviceRequest));
    }

    static Call CertifySelf(AuthorityScene scene)
    {
        byte[] list = scene.Alice.List(7, scene.Alice.Certificate, scene.Waiting.Certificate, scene.Late.Certificate);
        return new(HttpMethod.Put, "/auth/v1/devices/self/certificate", TestDevice.Json(new CertifySelf(scene.Late.Certificate, list), AuthJson.Default.CertifySelf));
    }

    static Call PutBack(AuthorityScene scene)
    {
        byte[][] certificates = [scene.Alice.Certificate, scene.Waiting.Certificate, scene.Late.Certificate];
        return new(HttpMethod.Put, "/auth/v1/devices", TestDevice.Json(new KnownDevices(scene.Alice.List(8, certificates), certificates), AuthJson.Default.KnownDevices));
    }

    static Call Why(AuthorityScene scene, Id device, TestDevice signer) => new(Post, "/auth/v1/devices/removal", TestDevice.Json(
        new RemovalRequest(device, TestDevice.Sign(signer.Key, new RemovalQuestion(scene.Server.Instance, device).SignedBytes())), AuthJson.Default.RemovalRequest));

    static Call Join(Id link) => new(Post, $"/auth/v1/links/{link}/join", TestDevice.Json(new JoinLink(new byte[32]), AuthJson.Default.JoinLink));

    static Call Reveal(Id link) => new(HttpMethod.Put, $"/auth/v1/links/{link}/nonce", TestDevice.Json(new LinkNonce(new byte[32]), AuthJson.Default.LinkNonce));

    static Call Revealed(Id link) => new(Get, $"/auth/v1/links/{link}/nonce");

    static Call PutVault(AuthorityScene scene)
    {
        byte[] vault = new byte[140], signed = new VaultStatement(scene.Server.Instance, scene.Alice.Account, 1, SHA256.HashData(vault)).SignedBytes();
        return new(HttpMethod.Put, "/auth/v1/vault", TestDevice.Json(new VaultRecord(1, vault, TestDevice.Sign(scene.Alice.AccountKey, signed)), AuthJson.Default.VaultRecord));
    }

    static Call ChangePassword(TestDevice by) => new(HttpMethod.Put, "/auth/v1/account/password", TestDevice.Json(
        new ChangePassword(by.AuthSecret, new KdfParameters(KdfParameters.Pbkdf2, Limits.KdfDefault), RandomNumberGenerator.GetBytes(Limits.AuthSecretBytes)), AuthJson.Default.ChangePassword));

    static Call ReplaceKey(AuthorityScene scene, TestDevice by)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (byte[] certificate, byte[] list) = Anew(scene, by, key, 3);
        KeyChangeContent change = new(scene.Server.Instance, by.Account, by.AccountPublicKey, TestDevice.PublicKey(key), 3, by.Certificate);
        byte[] signed = change.SignedBytes();
        return new(Post, "/auth/v1/account/key", TestDevice.Json(new ReplaceAccountKey(TestDevice.PublicKey(key),
            new KeyChange(change, TestDevice.Sign(by.AccountKey, signed), TestDevice.Sign(by.Key, signed)).Encode(), by.List(2, by.Certificate), [certificate], list, []), AuthJson.Default.ReplaceAccountKey));
    }

    static Call Reset(AuthorityScene scene, TestDevice by)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (byte[] certificate, byte[] list) = Anew(scene, by, key, 2);
        return new(Post, "/auth/v1/account/reset", TestDevice.Json(new ResetAccount(by.AuthSecret, TestDevice.PublicKey(key), certificate, list), AuthJson.Default.ResetAccount));
    }

    // A device and a list of it alone under another account key.
    static (byte[] Certificate, byte[] List) Anew(AuthorityScene scene, TestDevice device, ECDsa key, ulong number)
    {
        byte[] account = TestDevice.PublicKey(key);
        DeviceCertificateContent content = new(scene.Server.Instance, device.Account, account, device.Device, device.PublicDeviceKey, 1_700_000_000);
        byte[] certificate = new DeviceCertificate(content, TestDevice.Sign(key, content.SignedBytes())).Encode();
        DeviceListContent list = new(scene.Server.Instance, device.Account, account, number, 1_700_000_000, [SHA256.HashData(certificate)]);
        return (certificate, new DeviceList(list, TestDevice.Sign(key, list.SignedBytes())).Encode());
    }

    static ByteArrayContent Body(IMessage message) => AuthorityScene.Body(message);

    static Task<Call> Is(Call call) => Task.FromResult(call);
}

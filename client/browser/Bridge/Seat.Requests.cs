using static Kavalek.Client.Browser.Bridge;

namespace Kavalek.Client.Browser;

/// <content>The requests of the page, as <c>protocol.ts</c> lists them.</content>
sealed partial class Seat
{
    /// <summary>Does what is asked.</summary>
    /// <returns>The answer as JSON; <c>null</c> for none.</returns>
    public async Task<string?> AnswerAsync(string method, Parameters p) => method switch
    {
        "session.signUp" => await Done(EnterAsync("signing_up", options => KavalekClient.SignUpAsync(options,
            new SignUp(server, p.MaybeText("invite"), p.Text("email"), p.Text("handle"), p.Text("password"), p.MaybeText("displayName"))))).ConfigureAwait(false),
        "session.logIn" => await Done(EnterAsync("logging_in", options => KavalekClient.LogInAsync(options, server, p.Text("email"), p.Text("password")))).ConfigureAwait(false),
        "session.unlock" => await Done(EnterAsync("unlocking", options => KavalekClient.UnlockAsync(options, p.Text("password")))).ConfigureAwait(false),
        "session.logInAgain" => await Done(LogInAgainAsync(p.Text("password"))).ConfigureAwait(false),
        "session.lock" => await Done(LockAsync()).ConfigureAwait(false),
        "session.logOut" => await Done(LogOutAsync(p.Flag("removeDevice"))).ConfigureAwait(false),
        "session.changePassword" => await Done(Client.ChangePasswordAsync(p.Text("current"), p.Text("next"))).ConfigureAwait(false),
        "session.deleteAccount" => await Done(Client.DeleteAccountAsync(p.Text("password"))).ConfigureAwait(false),
        "session.touch" => Touch(),
        "session.wake" => await Done(WakeAsync()).ConfigureAwait(false),

        "me.setDisplayName" => await Done(SetDisplayNameAsync(p.Text("name"))).ConfigureAwait(false),
        "settings.setAutoLock" => await Set(Client.SetAutoLockAsync(p.Seconds("idle"))).ConfigureAwait(false),
        "settings.setDefaultTimer" => await Set(Client.SetDefaultTimerAsync(p.Seconds("timer") ?? TimeSpan.Zero)).ConfigureAwait(false),
        "settings.setReceipts" => await Set(Client.SetReceiptsAsync(p.Flag("delivered"), p.Flag("read"))).ConfigureAwait(false),

        "recovery.generate" => GenerateRecoveryKey(p.Text("language")),
        "recovery.use" => await Set(UseRecoveryKeyAsync()).ConfigureAwait(false),
        "recovery.drop" => DropRecoveryKey(),

        "join.begin" => await JoinAsync(p.Text("code")).ConfigureAwait(false),
        "join.confirm" => await Done(ComeInAsync(async client =>
        {
            await client.ConfirmMatchAsync().ConfigureAwait(false);
            await client.WaitForApprovalAsync().ConfigureAwait(false);
        })).ConfigureAwait(false),
        "join.check" => await CheckAsync().ConfigureAwait(false),
        "join.recover" => await Done(ComeInAsync(async client =>
        {
            using RecoveryKey key = RecoveryKey.Parse(p.Text("words"));
            await client.RecoverAsync(key).ConfigureAwait(false);
        })).ConfigureAwait(false),
        "join.beginAfresh" => await Done(ComeInAsync(client => client.BeginAfreshAsync(p.Text("password")))).ConfigureAwait(false),

        "devices.list" => Json<IReadOnlyList<DeviceView>>([.. (await Client.DevicesAsync().ConfigureAwait(false)).Select(Draw.Device)]),
        "devices.removeLost" => Json(Offboarded(await Client.RemoveLostDeviceAsync(p.Id("device")).ConfigureAwait(false))),
        "devices.remove" => Json(Offboarded(await Client.RemoveDeviceAsync(p.Id("device")).ConfigureAwait(false))),
        "devices.name" => await Done(Client.SetDeviceNameAsync(p.Text("name"))).ConfigureAwait(false),
        "link.begin" => await BeginLinkAsync().ConfigureAwait(false),
        "link.grant" => await Done((_link ?? throw NoLink()).GrantAsync()).ConfigureAwait(false),
        "link.cancel" => await Done(EndLinkAsync()).ConfigureAwait(false),

        "history.setOn" => await Done(Client.SetHistoryAsync(p.Flag("on"))).ConfigureAwait(false),
        "history.restore" => await Done(Client.RestoreHistoryAsync()).ConfigureAwait(false),
        "history.save" => await Done(SaveHistoryAsync()).ConfigureAwait(false),

        "contacts.find" => Json(Draw.Contact(await Client.FindAsync(p.Text("handle")).ConfigureAwait(false))),
        "contacts.get" => Client.Contact(p.Id("account")) is { } known ? Json(Draw.Contact(known)) : null,
        "contacts.addByLink" => Json(Draw.Contact(await Client.AddByLinkAsync(p.Text("link")).ConfigureAwait(false))),
        "contacts.safetyNumber" => Json(Number(Client.Contact(p.Id("account")) ?? throw Unknown())),
        "contacts.verify" => Json(Draw.Contact(await Client.VerifyAsync(p.Id("account"), p.Text("compared")).ConfigureAwait(false))),
        "contacts.acceptKey" => Json(Draw.Contact(await Client.AcceptKeyAsync(p.Id("account")).ConfigureAwait(false))),
        "contacts.block" => Json(Draw.Contact(await Client.BlockAsync(p.Id("account"), p.Flag("blocked")).ConfigureAwait(false))),

        "conversations.direct" => await DrawnAsync(await Client.DirectAsync(p.Id("account")).ConfigureAwait(false)).ConfigureAwait(false),
        "conversations.createGroup" => await DrawnAsync(await Client.CreateGroupAsync(p.Text("title"), p.Ids("accounts")).ConfigureAwait(false)).ConfigureAwait(false),
        "conversation.messages" => await MessagesAsync(Of(p), Math.Clamp(p.Number("limit"), 1, 200), p.MaybePosition("before")).ConfigureAwait(false),
        "conversation.messagesAfter" => Messages(await Of(p).MessagesAfterAsync(Math.Clamp(p.Number("limit"), 1, 200), p.MaybePosition("after") ?? default).ConfigureAwait(false)),
        "conversation.around" => await AroundAsync(Of(p), p.Message("message"), Math.Clamp(p.Number("limit"), 1, 200)).ConfigureAwait(false),
        "drafts.set" => await Done(Of(p).SetDraftAsync(new Draft(p.Text("text"), p.MaybeMessage("replyTo")) { Files = p.DraftFiles("files") })).ConfigureAwait(false),
        "search.messages" => Json(Draw.Search(Client, await Client.SearchAsync(new SearchQuery(p.Text("text"))
        {
            Conversation = p.MaybeId("conversation"),
            Sender = p.MaybeId("sender"),
            After = p.MaybeText("after"),
            Limit = p.Number("limit"),
        }).ConfigureAwait(false))),
        "conversation.members" => Json<IReadOnlyList<MemberView>>([.. Of(p).Members.Select(Draw.Member)]),
        "conversation.send" => Json(Draw.Message(Client, await Of(p).SendAsync(p.Text("text"), p.MaybeMessage("replyTo"), p.Mentions("mentions")).ConfigureAwait(false))),
        "conversation.sendFiles" => await SendFilesAsync(p).ConfigureAwait(false),
        "conversation.cancelFiles" => CancelSending(p.Text("sending")),
        "attachment.open" => await OpenFileAsync(p).ConfigureAwait(false),
        "attachment.cancel" => CancelFile(p.Id("attachment")),
        "conversation.markRead" => await Done(Of(p).MarkReadAsync(p.Message("upTo"))).ConfigureAwait(false),
        "message.react" => await Done(Of(p).ReactAsync(p.Message("message"), p.MaybeText("emoji"))).ConfigureAwait(false),
        "message.edit" => Json(Draw.Message(Client, await Of(p).EditAsync(p.Message("message"), p.Text("text"), p.Mentions("mentions")).ConfigureAwait(false))),
        "message.delete" => await Done(p.Flag("forEveryone") ? Of(p).DeleteAsync(p.Messages("messages")) : Of(p).HideAsync(p.Messages("messages"))).ConfigureAwait(false),
        "message.forward" => await ForwardAsync(p).ConfigureAwait(false),
        "message.retry" => Json(Draw.Message(Client, await Of(p).RetryAsync(p.Message("message")).ConfigureAwait(false))),
        "reports.moderators" => Json(Shown(await Client.ModeratorsAsync().ConfigureAwait(false))),
        "message.report" => await Done(Of(p).ReportAsync(p.Messages("messages"), Enum.Parse<ReportReason>(p.Text("reason"), ignoreCase: true), p.Text("words"), ShownAs(p.Number("shown")))).ConfigureAwait(false),
        "conversation.pin" => await Done(Of(p).PinAsync(p.Flag("pinned"))).ConfigureAwait(false),
        "conversation.archive" => await Done(Of(p).ArchiveAsync(p.Flag("archived"))).ConfigureAwait(false),
        "conversation.mute" => await Done(Of(p).MuteAsync(p.MaybeTime("until"))).ConfigureAwait(false),
        "conversation.markUnread" => await Done(Of(p).MarkUnreadAsync(p.Flag("unread"))).ConfigureAwait(false),
        "conversation.accept" => await Done(Of(p).AcceptAsync()).ConfigureAwait(false),
        "conversation.decline" => await Done(Of(p).DeclineAsync(p.Flag("block"))).ConfigureAwait(false),
        "conversation.add" => await Done(p.MaybeShare("share") is { } share ? Of(p).AddAsync(p.Ids("accounts"), share) : Of(p).AddAsync(p.Ids("accounts"))).ConfigureAwait(false),
        "conversation.passOn" => await Done(Of(p).PassOnAsync(p.Ids("accounts"), p.MaybeShare("share")!)).ConfigureAwait(false),
        "conversation.remove" => await Done(Of(p).RemoveAsync(p.Id("account"))).ConfigureAwait(false),
        "conversation.leave" => await Done(Of(p).LeaveAsync()).ConfigureAwait(false),
        "conversation.rename" => await Done(Of(p).RenameAsync(p.Text("title"))).ConfigureAwait(false),
        "conversation.setTimer" => await Done(Of(p).SetTimerAsync(p.Seconds("timer") ?? TimeSpan.Zero)).ConfigureAwait(false),
        "conversation.setRole" => await Done(Of(p).SetRoleAsync(p.Id("account"), Enum.Parse<Role>(p.Text("role"), ignoreCase: true))).ConfigureAwait(false),
        "conversation.startAfresh" => await Done(Of(p).StartAfreshAsync(p.Ids("without"))).ConfigureAwait(false),
        "conversation.goOn" => await Done(Of(p).GoOnAsync()).ConfigureAwait(false),
        "conversation.epochNumber" => Of(p).EpochNumber is { } digits
            ? Json<IReadOnlyList<string>>([.. digits.Chunk(5).Select(group => new string(group))])
            : null,

        "push.state" => Json(Draw.WakeUps(await Client.WakeUps.StateAsync().ConfigureAwait(false))),
        "push.set" => await Done(Client.WakeUps.SetAsync(new WakeUp(p.Text("endpoint"), p.Bytes("key"), p.Bytes("secret")))).ConfigureAwait(false),
        "push.drop" => await Done(Client.WakeUps.DropAsync()).ConfigureAwait(false),
        "push.test" => await Done(Client.WakeUps.TestAsync()).ConfigureAwait(false),

        "invites.create" => Json(Created(await Client.CreateInviteAsync(p.Number("uses"), p.Seconds("validity") ?? TimeSpan.Zero).ConfigureAwait(false))),
        "invites.list" => Json<IReadOnlyList<InviteView>>([.. (await Client.InvitesAsync().ConfigureAwait(false)).Select(i => new InviteView(i.Id.ToString(), i.UsesLeft, i.Expires.ToUnixTimeMilliseconds()))]),
        "invites.revoke" => await Done(Client.RevokeInviteAsync(p.Id("invite"))).ConfigureAwait(false),

        "admin.open" => await OpenDashboardAsync(p.Text("password")).ConfigureAwait(false),
        "admin.close" => CloseDashboard(),
        "reports.waiting" => await WaitingReportsAsync().ConfigureAwait(false),
        "reports.open" => Json(Draw.Report(await Reports.OpenAsync(p.Id("report")).ConfigureAwait(false))),
        "reports.decide" => await Done(Reports.DecideAsync(p.Id("report"), Enum.Parse<ReportDecision>(p.Text("decision"), ignoreCase: true))).ConfigureAwait(false),
        "audit.list" => await AuditAsync(p.Number("limit")).ConfigureAwait(false),
        _ => throw new FormatException("unknown request"),
    };

    static async Task<string?> Done(Task work)
    {
        await work.ConfigureAwait(false);
        return null;
    }

    // The settings changed: every tab shows them.
    async Task<string?> Set(Task work)
    {
        await work.ConfigureAwait(false);
        await TellSettingsAsync(Client).ConfigureAwait(false);
        return null;
    }

    // What was found is said once, and everywhere.
    async Task<string> AuditAsync(int limit)
    {
        AuditTrail trail = await Client.AuditAsync(limit).ConfigureAwait(false);
        if (!trail.IsWhole) await TellSettingsAsync(Client).ConfigureAwait(false);
        return Json(Draw.Audit(trail));
    }

    string? Touch()
    {
        _client?.Touch();
        return null;
    }

    async Task LogInAgainAsync(string password)
    {
        await Client.LogInAgainAsync(password).ConfigureAwait(false);
        Tell(_session with { Ended = null });
        await WakeAsync().ConfigureAwait(false);
    }

    async Task LockAsync()
    {
        if (_client is not { } client) return;
        _whyLocked = "asked";
        Closing();
        await client.LockAsync().ConfigureAwait(false);
    }

    async Task LogOutAsync(bool removeDevice)
    {
        _whyLocked = "logged_out";
        await Client.LogOutAsync(removeDevice).ConfigureAwait(false);
    }

    // Nothing to save is no reason to say anything.
    async Task SaveHistoryAsync()
    {
        if (await Client.HistoryAsync().ConfigureAwait(false) is { IsOn: true, Waiting: > 0 }) await Client.SaveHistoryAsync().ConfigureAwait(false);
    }

    // What waits for its next try is tried at once.
    async Task WakeAsync()
    {
        if (_client is not { Me.IsWaiting: false, Connection: not ConnectionState.Online } client) return;
        await client.StopAsync().ConfigureAwait(false);
        await client.StartAsync().ConfigureAwait(false);
    }

    async Task SetDisplayNameAsync(string name)
    {
        await Client.SetDisplayNameAsync(name).ConfigureAwait(false);
        Tell(_session with { Me = Draw.Me(Client) });
    }

    string GenerateRecoveryKey(string language)
    {
        _ = Client;
        _recoveryKey?.Dispose();
        _recoveryKey = RecoveryKey.Generate();
        return Json(new WordsView(_recoveryKey.Words(Enum.Parse<RecoveryLanguage>(language, ignoreCase: true))));
    }

    async Task UseRecoveryKeyAsync()
    {
        await Client.SetRecoveryKeyAsync(_recoveryKey ?? throw new KavalekException(ClientErrors.WrongRecoveryKey, "Make a recovery key first.")).ConfigureAwait(false);
        DropRecoveryKey();
    }

    string? DropRecoveryKey()
    {
        _recoveryKey?.Dispose();
        _recoveryKey = null;
        return null;
    }

    async Task<string> JoinAsync(string code)
    {
        await Client.JoinLinkAsync(code).ConfigureAwait(false);
        return Json(new MatchingCodeView(await Client.MatchingCodeAsync().ConfigureAwait(false)));
    }

    async Task ComeInAsync(Func<KavalekClient, Task> way)
    {
        KavalekClient client = Client;
        await way(client).ConfigureAwait(false);
        await EnteredAsync(client).ConfigureAwait(false);
    }

    async Task<string> CheckAsync()
    {
        KavalekClient client = Client;
        bool isIn = await client.TryComeInAsync().ConfigureAwait(false);
        if (isIn && _session.State == "waiting") await EnteredAsync(client).ConfigureAwait(false);
        return Json(new InView(isIn));
    }

    async Task<string> BeginLinkAsync()
    {
        await EndLinkAsync().ConfigureAwait(false);
        DeviceLink link = _link = await Client.LinkDeviceAsync().ConfigureAwait(false);
        _ = AwaitDeviceAsync(link);
        return Json(new DeviceLinkView(link.Code, link.QrText, link.Expires.ToUnixTimeMilliseconds()));
    }

    async Task AwaitDeviceAsync(DeviceLink link)
    {
        try
        {
            LinkedDevice joined = await link.WaitAsync().ConfigureAwait(false);
            emit(new EventView("link.joined") { Device = joined.Device.ToString(), MatchingCode = joined.MatchingCode });
        }
        catch (KavalekException e)
        {
            if (_link != link) return;
            _link = null;
            emit(new EventView("link.ended") { Error = Draw.Error(e) });
        }
    }

    async Task EndLinkAsync()
    {
        DeviceLink? link = _link;
        _link = null;
        if (link is not null) await link.DisposeAsync().ConfigureAwait(false);
    }

    Conversation Of(Parameters p) => Of(p.Id("conversation"));

    Conversation Of(Protocol.Id conversation) => Client.Conversation(conversation)
        ?? throw new KavalekException(Protocol.ErrorCodes.NotFound, "There is no such conversation on this device.");

    async Task<string> DrawnAsync(Conversation conversation) => Json(await Draw.ConversationAsync(Client, conversation).ConfigureAwait(false));

    async Task<string> MessagesAsync(Conversation conversation, int limit, MessagePosition? before) =>
        Messages(await conversation.MessagesAsync(limit, before).ConfigureAwait(false));

    string Messages(IReadOnlyList<Message> page)
    {
        KavalekClient client = Client;
        return Json<IReadOnlyList<MessageView>>([.. page.Select(message => Draw.Message(client, message))]);
    }

    // As many before as behind it, itself among those before.
    async Task<string?> AroundAsync(Conversation conversation, MessageId message, int limit)
    {
        if (await conversation.FindAsync(message).ConfigureAwait(false) is not { } middle) return null;
        int half = (limit + 1) / 2;
        IReadOnlyList<Message> before = await conversation.MessagesAsync(half, middle.Position).ConfigureAwait(false);
        IReadOnlyList<Message> after = await conversation.MessagesAfterAsync(half, middle.Position).ConfigureAwait(false);
        KavalekClient client = Client;
        return Json(new AroundView([.. before.Append(middle).Concat(after).Select(one => Draw.Message(client, one))], before.Count < half, after.Count < half));
    }

    static SafetyNumberView Number(Contact contact) => new(contact.SafetyNumber.Groups, contact.SafetyNumber.QrText);

    static OffboardedView Offboarded(OffboardingReceipt receipt) => new(receipt.At.ToUnixTimeMilliseconds(),
        [.. receipt.Conversations.Select(c => new OffboardedConversationView(c.Conversation.ToString(), c.Title, c.Epoch))]);

    static CreatedInviteView Created(Invite invite) => new(invite.Id.ToString(), invite.Link, invite.Uses, invite.Expires.ToUnixTimeMilliseconds());

    static KavalekException NoLink() => new(ClientErrors.LinkExpired, "There is no device to let in. Begin again.");

    static KavalekException Unknown() => new(Protocol.ErrorCodes.NotFound, "This person is not known on this device.");
}

using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>What a person does in conversations.</summary>
sealed partial class ConversationEngine
{
    /// <summary>Opens or returns the direct conversation with an account.</summary>
    public async Task<Conversation> DirectAsync(Id account, CancellationToken cancel)
    {
        if (account == _core.Identity.Account) throw new KavalekException(ErrorCodes.Invalid, "That is your own account. Nothing changed.");
        Id id = ConversationThread.PairId(_core.Identity.Instance, _core.Identity.Account, account);
        if (_threads.GetValueOrDefault(id) is { } known && IsUsable(known)) return known.Face;
        return await OpenDirectAsync(id, account, cancel).ConfigureAwait(false);
    }

    async Task<Conversation> OpenDirectAsync(Id id, Id account, CancellationToken cancel)
    {
        _core.Policy.RequireSuite(ConversationSuite.Suite);
        CertifiedAccount peer = await _core.People.RefreshAsync(account, cancel).ConfigureAwait(false);
        await _core.People.AddAsync(account, cancel).ConfigureAwait(false);
        IReadOnlyList<KeyPackageRow> devices = await _opening.ClaimAsync([account, _core.Identity.Account], cancel).ConfigureAwait(false);
        ConversationThread thread = _threads.GetValueOrDefault(id)
            ?? new ConversationThread(this, id, new ConversationRow { Kind = (uint)ConversationKind.Direct, Peer = Step.Bytes(peer.Contact.Account) });
        return await BeginAsync(thread, _core.Mls.Crypto.NewId(), new ConversationExtension { Kind = ConversationKind.Direct, Created = Newer(thread), Timer = DefaultTimer }, devices, cancel).ConfigureAwait(false);
    }

    // Newer than every group of the conversation that is known here, whatever the clocks say: the others, too, are to write into this one.
    ulong Newer(ConversationThread thread)
    {
        ulong newest = thread.Streams.Values.Select(stream => stream.Row.Created).DefaultIfEmpty().Max();
        return Math.Max(Seconds(), newest == ulong.MaxValue ? newest : newest + 1);
    }

    /// <summary>
    /// Starts a conversation afresh: a new group of the same people but <paramref name="without"/>, in the same line of messages. Each is added by
    /// key packages of their own devices, so that nobody's place depends on which of several histories the server chose to show.
    /// </summary>
    public async Task StartAfreshAsync(ConversationThread thread, IReadOnlyList<Id> without, CancellationToken cancel)
    {
        ConversationView view = thread.View;
        if (view.State != ConversationState.Active) throw new KavalekException(ClientErrors.CannotSend, "You are not in this conversation. Nothing changed.");
        if (view.Peer is { } peer)
        {
            if (without.Count > 0) throw new KavalekException(ErrorCodes.Invalid, "A direct conversation is of two people. Nothing changed.");
            await OpenDirectAsync(thread.Id, peer, cancel).ConfigureAwait(false);
            return;
        }
        Id me = _core.Identity.Account;
        HashSet<Id> staying = [.. view.Devices.Select(d => d.Account).Except(without)];
        if (!staying.Contains(me))
            throw new KavalekException(ClientErrors.CannotSend, "This device does not know who is in the conversation. Ask somebody who does to start it afresh. Nothing changed.");
        foreach (Id gone in without) RequireRole(thread, view.Roles.GetValueOrDefault(gone, Role.Member) == Role.Member ? Role.Admin : Role.Owner);
        Dictionary<Id, Role> roles = view.Roles.Where(entry => staying.Contains(entry.Key)).ToDictionary();
        if (!roles.ContainsValue(Role.Owner))
            throw new KavalekException(ClientErrors.NotAllowed, "The conversation would be without an owner. Create a new group instead. Nothing changed.");
        _core.Policy.RequireSuite(ConversationSuite.Suite);
        if (view.Stream == StreamState.Forgotten) await DropUnknownAsync(thread, staying, roles, cancel).ConfigureAwait(false);
        foreach (Id account in staying.Where(account => account != me)) await _core.People.RefreshAsync(account, cancel).ConfigureAwait(false);
        IReadOnlyList<KeyPackageRow> devices = await _opening.ClaimAsync(staying, cancel).ConfigureAwait(false);
        ConversationExtension extension = new() { Kind = ConversationKind.Group, Created = Newer(thread), Title = view.Title, Roles = roles, Timer = view.Timer, Continues = thread.Id };
        await BeginAsync(thread, _core.Mls.Crypto.NewId(), extension, devices, cancel).ConfigureAwait(false);
    }

    /// <summary>Goes on with those who see the same conversation.</summary>
    public async Task GoOnAsync(ConversationThread thread, CancellationToken cancel)
    {
        await StepAsync(thread, step =>
        {
            if (thread.Live is { } live) InStep.Dismiss(step, live);
            return Task.FromResult(true);
        }, cancel).ConfigureAwait(false);
        Kick(thread);
    }

    /// <summary>Makes a group.</summary>
    public async Task<Conversation> CreateGroupAsync(string title, IReadOnlyList<Id> accounts, CancellationToken cancel)
    {
        if (!ConversationExtension.IsTitle(title)) throw NoTitle();
        _core.Policy.RequireSuite(ConversationSuite.Suite);
        Id me = _core.Identity.Account;
        foreach (Id account in accounts.Where(a => a != me).Distinct()) await _core.People.RefreshAsync(account, cancel).ConfigureAwait(false);
        IReadOnlyList<KeyPackageRow> devices = await _opening.ClaimAsync(accounts.Append(me).Distinct(), cancel).ConfigureAwait(false);
        Id id = _core.Mls.Crypto.NewId();
        ConversationThread thread = new(this, id, new ConversationRow { Kind = (uint)ConversationKind.Group });
        ConversationExtension extension = new() { Kind = ConversationKind.Group, Created = Seconds(), Title = title, Roles = new Dictionary<Id, Role> { [me] = Role.Owner }, Timer = DefaultTimer };
        return await BeginAsync(thread, id, extension, devices, cancel).ConfigureAwait(false);
    }

    /// <summary>Stores a text and queues it.</summary>
    public Task<Message> SendAsync(ConversationThread thread, string text, MessageId? replyTo, CancellationToken cancel) => SendAsync(thread, text, replyTo, [], cancel);

    /// <summary>Stores a text and queues it.</summary>
    public Task<Message> SendAsync(ConversationThread thread, string text, MessageId? replyTo, IReadOnlyList<Mention> mentions, CancellationToken cancel) =>
        SayAsync(thread, text, replyTo, mentions, keepsDraft: false, cancel);

    async Task<Message> SayAsync(ConversationThread thread, string text, MessageId? replyTo, IReadOnlyList<Mention> mentions, bool keepsDraft, CancellationToken cancel)
    {
        Check(text, mentions);
        (ulong position, MessageRow row) = await StepAsync(thread, step =>
        {
            if (Block(thread) is { } block) throw new KavalekException(block.Code, block.Reason);
            if (!keepsDraft) step.SetDraft(null);
            return Task.FromResult(Say(step, text, replyTo, mentions));
        }, cancel).ConfigureAwait(false);
        Kick(thread);
        return Log.Read(thread.Id, thread.View, position, row);
    }

    static void Check(string text, IReadOnlyList<Mention> mentions, int files = 0)
    {
        if (!ContentCodec.IsText(text, files)) throw new KavalekException(ErrorCodes.TooLarge, $"A message has between 1 and {ContentCodec.TextBytes:N0} bytes of text. It was not stored.");
        if (mentions.Any(mention => mention.Start < 0) || !Mention.AreIn(text, [.. Mention.Write(mentions)])) throw new KavalekException(ErrorCodes.Invalid, "The mentions do not stand in the text. It was not stored.");
    }

    (ulong Position, MessageRow Row) Say(Step step, string text, MessageId? replyTo, IReadOnlyList<Mention> mentions, Id? id = null, IReadOnlyList<Contents.Attachment>? attachments = null)
    {
        ConversationThread thread = step.Thread;
        Content content = step.NewContent(id);
        content.Text = new() { Text_ = text };
        content.Text.Mentions.AddRange(Mention.Write(mentions));
        if (replyTo is { } reply) content.Text.ReplyTo = ContentCodec.Ref(reply.Account, reply.Content);
        if (attachments is not null)
        {
            content.Text.Attachments.AddRange(attachments);
            if (!ContentCodec.Fits(content)) throw new KavalekException(ErrorCodes.TooLarge, "The text is too long to go with so many files. It was not stored.");
            MessageId named = new(_core.Identity.Account, Id.Read(content.Id.Span));
            foreach (Contents.Attachment attachment in attachments)
                step.Batch.Put(StoreKeys.File(new KeptFile(thread.Id, named, Id.Read(attachment.Id.Span))), new FileRow { Whole = true }.ToByteArray());
        }
        content.Timer = Life.Shorter(thread.Newest?.Extension?.Timer ?? 0, _core.Policy.Timers.Ceiling);
        ulong ends = Life.End(content.Sent, content.Sent, content.Timer);
        ulong place = ConversationThread.QueuedPositions + thread.Row.NextQueued + 1;
        MessageRow message = new()
        {
            Id = content.Id,
            Account = Step.Bytes(_core.Identity.Account),
            Device = Step.Bytes(_core.Identity.Device),
            Sent = content.Sent,
            Received = step.NowMilliseconds,
            Mine = true,
            State = (uint)MessageState.Queued,
            Ends = ends,
            Text = ContentIntake.Body(content.Text),
        };
        step.Queue(content, place, ends);
        step.Put(place, message, added: true);
        return (place, message);
    }

    /// <summary>Keeps what was begun and not sent; nothing, or spaces alone without anything to answer, is none.</summary>
    public async Task SetDraftAsync(ConversationThread thread, Draft? draft, CancellationToken cancel)
    {
        if (draft is not null && (draft.Text.Length > Draft.TextBytes || System.Text.Encoding.UTF8.GetByteCount(draft.Text) > Draft.TextBytes))
            throw new KavalekException(ErrorCodes.TooLarge, $"A draft has at most {Draft.TextBytes:N0} bytes of text. What was kept before stays.");
        if (draft?.Files.Count > Attachment.Most) throw new KavalekException(ErrorCodes.Invalid, $"A draft has at most {Attachment.Most} files. What was kept before stays.");
        await StepAsync(thread, step =>
        {
            bool none = draft is null || (string.IsNullOrWhiteSpace(draft.Text) && draft.ReplyTo is null && draft.Files.Count == 0) || thread.State == ConversationState.Declined;
            DraftRow? row = none ? null : new()
            {
                Text = draft!.Text,
                ReplyAccount = draft.ReplyTo is { } reply ? Step.Bytes(reply.Account) : ByteString.Empty,
                ReplyId = draft.ReplyTo is { } answered ? Step.Bytes(answered.Content) : ByteString.Empty,
                Ends = Life.End(step.NowMilliseconds, step.NowMilliseconds, Life.Shorter(thread.Newest?.Extension?.Timer ?? 0, _core.Policy.Timers.Ceiling)),
                Files = { draft.Files.Select(file => new DraftFileRow { Name = FileName.Clean(file.Name), Size = (ulong)Math.Max(0, file.Size) }) },
            };
            step.SetDraft(row);
            return Task.FromResult(true);
        }, cancel).ConfigureAwait(false);
    }

    /// <summary>Marks everything up to a message as read.</summary>
    public async Task MarkReadAsync(ConversationThread thread, MessageId upTo, CancellationToken cancel)
    {
        if (Notes.Of(thread.Id) is { Unread: true }) await MarkUnreadAsync(thread, false).ConfigureAwait(false);
        bool read = await StepAsync(thread, async step =>
        {
            // It may be a line.
            if ((await step.FindAsync(upTo.Account, upTo.Content).ConfigureAwait(false) ?? await step.FindLineAsync(upTo.Content).ConfigureAwait(false)) is not { } position) return false;
            // An own message that waits stands behind everything that came.
            position = Math.Min(position, thread.Row.NextPosition);
            // Something that came late can stand unread before what was read.
            if (position <= thread.Row.ReadPosition && thread.Row.Unread == 0) return false;
            position = Math.Max(position, thread.Row.ReadPosition);
            await Receipts.ReadToAsync(step, position).ConfigureAwait(false);
            // What is said names the newest message of somebody else; own ones are no news to them.
            if (await NewestForeignAsync(thread, position).ConfigureAwait(false) is { } foreign) thread.Row.ReadToSay = Math.Max(thread.Row.ReadToSay, foreign);
            step.Publish(new ConversationChanged(thread.Face));
            return true;
        }, cancel).ConfigureAwait(false);
        // Where no receipt says so, the account's other devices hear it from its notes.
        if (read && !_receipts.TellsRead(thread))
            await Notes.SetAsync(thread.Id, (note, now) =>
            {
                (note.ReadAccount, note.ReadId, note.ReadAt) = (Step.Bytes(upTo.Account), Step.Bytes(upTo.Content), AccountNotes.Later(note.ReadAt, now));
                return true;
            }).ConfigureAwait(false);
        Kick(thread);
    }

    /// <summary>Another own device has read up to a message; one that is behind what was read here is answered by that.</summary>
    public async Task ReadElsewhereAsync(ConversationThread thread, MessageId upTo, CancellationToken cancel) => await StepAsync(thread, async step =>
    {
        if (await step.FindAsync(upTo.Account, upTo.Content).ConfigureAwait(false) is { } position && position < ConversationThread.QueuedPositions)
            await ContentIntake.ReadElsewhereAsync(step, position).ConfigureAwait(false);
        return true;
    }, cancel).ConfigureAwait(false);

    /// <summary>The newest text of somebody else, where there is one.</summary>
    public async Task<MessageRow?> NewestForeignAsync(ConversationThread thread) =>
        await NewestForeignAsync(thread, ConversationThread.QueuedPositions).ConfigureAwait(false) is { } position
            ? await Log.GetAsync(thread.Id, position, default).ConfigureAwait(false) : null;

    /// <summary>Puts a conversation on top of the list, on all devices of the account, or takes it down.</summary>
    public Task PinAsync(ConversationThread thread, bool pinned) => Notes.SetAsync(thread.Id, (note, now) =>
    {
        if (note.Pinned == pinned) return false;
        (note.Pinned, note.PinnedAt) = (pinned, AccountNotes.Later(note.PinnedAt, now));
        return true;
    });

    /// <summary>Puts a conversation away until somebody says something there, or brings it back.</summary>
    public Task ArchiveAsync(ConversationThread thread, bool archived) => Notes.SetAsync(thread.Id, (note, now) =>
    {
        if (note.Archived is not null == archived) return false;
        (note.Archived, note.ArchivedAt) = (archived ? Place(thread) : null, AccountNotes.Later(note.ArchivedAt, now));
        return true;
    });

    static Noted.ArchivedNote Place(ConversationThread thread) =>
        thread.Newest is { } stream ? new() { Stream = Step.Bytes(stream.Id), Seq = stream.Row.NextSeq - 1 } : new();

    /// <summary>Mutes a conversation until a time, for good, or not any more.</summary>
    public Task MuteAsync(ConversationThread thread, ulong until) => Notes.SetAsync(thread.Id, (note, now) =>
    {
        if (note.MutedUntil == until) return false;
        (note.MutedUntil, note.MutedAt) = (until, AccountNotes.Later(note.MutedAt, now));
        return true;
    });

    /// <summary>Marks a conversation as unread, or takes the mark away.</summary>
    public Task MarkUnreadAsync(ConversationThread thread, bool unread) => Notes.SetAsync(thread.Id, (note, now) =>
    {
        if (note.Unread == unread) return false;
        (note.Unread, note.UnreadAt) = (unread, AccountNotes.Later(note.UnreadAt, now));
        return true;
    });

    /// <summary>Accepts a request.</summary>
    public async Task AcceptAsync(ConversationThread thread, CancellationToken cancel)
    {
        if (thread.View.State != ConversationState.Request) return;
        if (thread.View is { Kind: ConversationKind.Direct, Peer: { } peer }) await _core.People.AddAsync(peer, cancel).ConfigureAwait(false);
        await StepAsync(thread, step =>
        {
            if (thread.State != ConversationState.Request) return Task.FromResult(false);
            thread.State = ConversationState.Active;
            Chronicle.Accept(step);
            step.Publish(new ConversationChanged(thread.Face));
            return Task.FromResult(true);
        }, cancel).ConfigureAwait(false);
        Kick(thread);
        // While it was a request nothing was sent, so a device that was removed meanwhile is still in it.
        if (_running && HoldsGoneDevices) InBackground(LookAfterDevicesAsync);
    }

    /// <summary>Declines a request: the device unsubscribes without a word, and forgets what was said.</summary>
    public async Task DeclineAsync(ConversationThread thread, bool block, CancellationToken cancel)
    {
        Id? inviter = thread.View.Peer ?? thread.View.Inviter;
        await StepAsync(thread, step =>
        {
            thread.State = ConversationState.Declined;
            foreach (GroupStream stream in thread.Streams.Values.Where(s => s.IsLive).ToArray())
            {
                stream.End(StreamState.Unsubscribing, step.Batch);
                step.Touch(stream);
            }
            foreach (ulong number in thread.Outbox.Keys.ToArray()) step.Drop(number);
            step.Batch.DeletePrefix(StoreKeys.Messages(thread.Id)).DeletePrefix(StoreKeys.Indexes(thread.Id)).DeletePrefix(StoreKeys.Offers(thread.Id)).DeletePrefix(StoreKeys.Waitings(thread.Id)).DeletePrefix(StoreKeys.Words(thread.Id))
                .DeletePrefix(StoreKeys.FilesOf(thread.Id)).DeletePrefix(StoreKeys.ChunksOf(thread.Id));
            step.SetDraft(null);
            thread.Waiting.Clear();
            (thread.Row.Unread, thread.Row.UnreadMentions) = (0, 0);
            step.Publish(new ConversationChanged(thread.Face));
            return Task.FromResult(true);
        }, cancel).ConfigureAwait(false);
        if (block && inviter is { } account) await ContactChangedAsync(await _core.People.BlockAsync(account, true, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        Kick(thread);
    }

    /// <summary>
    /// Leaves: proposes to remove the own devices, which somebody else commits. Until then this device stays subscribed, silently, so
    /// that it can propose again when the group moves on without having seen it.
    /// </summary>
    public async Task LeaveAsync(ConversationThread thread, CancellationToken cancel)
    {
        await StepAsync(thread, step =>
        {
            if (thread.Live is not { } live) throw new KavalekException(ClientErrors.CannotSend, "You are not in this conversation any more.");
            Id me = _core.Identity.Account;
            bool alone = live.Devices.All(d => d.Account == me);
            if (!alone && thread.Kind == ConversationKind.Group && live.Devices.All(d => d.Account == me || live.Extension!.RoleOf(d.Account) != Role.Owner))
                throw new KavalekException(ClientErrors.NotAllowed, "You are the only owner. Make somebody else an owner first, then leave. Nothing changed.");
            foreach (GroupStream stream in thread.Streams.Values.Where(s => s.IsLive))
            {
                _intents.FailAll(step, stream, new KavalekException(ClientErrors.CannotSend, "You left this conversation."));
                // An own commit that is under way stays: it may be in the stream already, and then this device, too, has to follow it.
                stream.Row.Leaving = true;
                step.Touch(stream);
            }
            foreach (ulong number in thread.Outbox.Keys.ToArray()) step.Drop(number);
            thread.State = ConversationState.Left;
            step.Say(SystemKind.Left, me, [me]);
            step.Publish(new ConversationChanged(thread.Face));
            return Task.FromResult(true);
        }, cancel).ConfigureAwait(false);
        await DeliverAsync(thread, Task.CompletedTask, cancel).ConfigureAwait(false);
    }

    /// <summary>Adds accounts to a group.</summary>
    public async Task AddAsync(ConversationThread thread, IReadOnlyList<Id> accounts, HistoryShare? share, CancellationToken cancel)
    {
        RequireRole(thread, Role.Admin);
        HashSet<Id> present = [.. thread.View.Devices.Select(d => d.Account)];
        Id[] missing = [.. accounts.Distinct().Where(account => !present.Contains(account))];
        if (missing.Length == 0) return;
        foreach (Id account in missing) await _core.People.RefreshAsync(account, cancel).ConfigureAwait(false);
        IntentRow intent = new() { Kind = (uint)IntentKind.AddAccounts, Last = share?.Last ?? 0, Since = share?.SinceMilliseconds ?? 0 };
        intent.KeyPackages.AddRange(await _opening.ClaimAsync(missing, cancel).ConfigureAwait(false));
        await AskAsync(thread, intent, cancel).ConfigureAwait(false);
    }

    /// <summary>Passes on what was said before to accounts that are in the conversation.</summary>
    public async Task PassOnAsync(ConversationThread thread, IReadOnlyList<Id> accounts, HistoryShare share, CancellationToken cancel)
    {
        await StepAsync(thread, async step =>
        {
            if (Block(thread) is { } block) throw new KavalekException(block.Code, block.Reason);
            Id[] present = [.. accounts.Distinct().Where(account => account != _core.Identity.Account && thread.Live!.Devices.Any(device => device.Account == account))];
            if (present.Length == 0) throw new KavalekException(ErrorCodes.NotFound, "Nobody of them is in this conversation. Nothing was passed on.");
            await Sharing.OfferAsync(step, present, share.Last, share.SinceMilliseconds).ConfigureAwait(false);
            return true;
        }, cancel).ConfigureAwait(false);
        Kick(thread);
    }

    /// <summary>Removes an account from a group.</summary>
    public async Task RemoveAsync(ConversationThread thread, Id account, CancellationToken cancel)
    {
        if (account == _core.Identity.Account)
        {
            await LeaveAsync(thread, cancel).ConfigureAwait(false);
            return;
        }
        RequireRole(thread, thread.View.Roles.GetValueOrDefault(account, Role.Member) == Role.Member ? Role.Admin : Role.Owner);
        await AskAsync(thread, new IntentRow { Kind = (uint)IntentKind.RemoveAccount, Account = Step.Bytes(account) }, cancel).ConfigureAwait(false);
    }

    /// <summary>Sets the title of a group.</summary>
    public async Task RenameAsync(ConversationThread thread, string title, CancellationToken cancel)
    {
        RequireRole(thread, Role.Admin);
        if (!ConversationExtension.IsTitle(title)) throw NoTitle();
        await AskAsync(thread, new IntentRow { Kind = (uint)IntentKind.Rename, Title = title }, cancel).ConfigureAwait(false);
    }

    /// <summary>Sets the role of a member.</summary>
    public async Task SetRoleAsync(ConversationThread thread, Id account, Role role, CancellationToken cancel)
    {
        RequireRole(thread, Role.Owner);
        if (!Enum.IsDefined(role)) throw new KavalekException(ErrorCodes.Invalid, "There is no such role. Nothing changed.");
        await AskAsync(thread, new IntentRow { Kind = (uint)IntentKind.SetRole, Account = Step.Bytes(account), Role = (uint)role }, cancel).ConfigureAwait(false);
    }

    /// <summary>Sets how long messages live from their sending; zero: they stay.</summary>
    public async Task SetTimerAsync(ConversationThread thread, TimeSpan life, CancellationToken cancel)
    {
        if (thread.Kind == ConversationKind.Group) RequireRole(thread, Role.Admin);
        await AskAsync(thread, new IntentRow { Kind = (uint)IntentKind.SetTimer, Timer = Life.Check(life, _core.Policy.Timers) }, cancel).ConfigureAwait(false);
    }

    /// <summary>How long messages live in conversations that are begun here, in seconds; 0: they stay.</summary>
    public uint DefaultTimer => _receipts.Settings.Timer is var timer && _core.Policy.Timers.Allows(timer) ? timer : _core.Policy.Timers.Ceiling;

    /// <summary>Sets the own default for conversations begun from now on; zero: messages stay.</summary>
    public Task SetDefaultTimerAsync(TimeSpan life, CancellationToken cancel)
    {
        uint timer = Life.Check(life, _core.Policy.Timers);
        return SetAsync(settings => settings.Timer = timer, cancel);
    }

    async Task SetAsync(Action<SettingsRow> change, CancellationToken cancel)
    {
        SettingsRow settings = _receipts.Settings.Clone();
        change(settings);
        await _core.Store.ApplyAsync(new StoreBatch().Put(StoreKeys.Settings, settings.ToByteArray()), cancel).ConfigureAwait(false);
        _receipts.Settings = settings;
    }

    /// <summary>The own devices changed: add what is new and remove what is gone, in every conversation.</summary>
    public async Task OwnDevicesChangedAsync(CancellationToken cancel)
    {
        try
        {
            if (!await MatchOwnDevicesAsync(cancel).ConfigureAwait(false)) LookAgain(FirstLook);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.RateLimited)
        {
            LookAgain(Rest(e, FirstLook)); // so many key packages an hour; the rest follows
        }
    }

    /// <summary>Trust, name or blocking of a person changed.</summary>
    public Task ContactChangedAsync(Contact contact, CancellationToken cancel)
    {
        foreach (ConversationThread thread in _threads.Values.Where(t => t.View.Devices.Any(d => d.Account == contact.Account)))
        {
            _core.Events.Publish(new ConversationChanged(thread.Face));
            Kick(thread);
        }
        return Task.CompletedTask;
    }

    /// <summary>The own display name changed: tell every conversation.</summary>
    public async Task ProfileChangedAsync(CancellationToken cancel)
    {
        foreach (ConversationThread thread in _threads.Values)
        {
            await StepAsync(thread, step =>
            {
                if (thread.Live is { } live)
                {
                    live.Row.ProfileDue = true;
                    step.Touch(live);
                }
                return Task.FromResult(true);
            }, cancel).ConfigureAwait(false);
            Kick(thread);
        }
    }

    /// <summary>What the others may know of what arrived and was read here; nothing where the instance's policy forbids it, and what was chosen again where it does not any more.</summary>
    public ReceiptChoice ReceiptChoice => _core.Policy.AllowsReceipts ? new(_receipts.Settings.Delivered, _receipts.Settings.Read) : new(false, false);

    /// <summary>Chooses what the others may know of what arrived and was read here.</summary>
    public Task SetReceiptsAsync(bool delivered, bool read, CancellationToken cancel)
    {
        if ((delivered || read) && !_core.Policy.AllowsReceipts)
            throw new KavalekException(ClientErrors.NotAllowed, "This server's policy allows no receipts: nobody is told what arrived or was read. Nothing changed.");
        return SetAsync(settings => (settings.Delivered, settings.Read) = (delivered, read), cancel);
    }

    /// <summary>Why nothing can be sent; <c>null</c> where it can.</summary>
    public SendBlock? Block(ConversationThread thread)
    {
        ConversationView view = thread.View;
        string? reason = view.State switch
        {
            ConversationState.Request => "Accept the request first.",
            ConversationState.Left => "You left this conversation.",
            ConversationState.Removed => "You were removed from this conversation.",
            ConversationState.Restored => "This device is not in this conversation yet. Another device, or somebody in it, brings it in; a direct conversation can be opened anew.",
            ConversationState.Declined => "You declined this conversation.",
            // Lost: it finds its way back by itself, and what is written until then goes out afterwards.
            _ when view.Stream is not (StreamState.Live or StreamState.Creating or StreamState.Lost or StreamState.Between or StreamState.Forgotten) => "This conversation has ended.",
            _ => null,
        };
        if (reason is not null) return new SendBlock(ClientErrors.CannotSend, reason);
        if (AsksToBegin(thread))
            return new SendBlock(ClientErrors.Forgotten, "The server says that it knows nothing of this conversation any more, so nothing is sent. Look who is in it, then start it afresh, with or without them.");
        if (view.Apart.Count > 0)
            return new SendBlock(ClientErrors.Apart, $"{string.Join(", ", view.Apart.Select(account => ContactOf(account)?.Name))} and you no longer see the same conversation, so nothing is sent. Start it afresh, with or without them; or go on without them.");
        if (view.Peer is { } peer && _core.People.Find(peer) is { IsBlocked: true }) return new SendBlock(ClientErrors.CannotSend, "You blocked this person. Unblock them first.");
        if (view.Devices.FirstOrDefault(IsChanged) is not { } device || _core.People.Find(device.Account) is not { } changed) return null;
        return new SendBlock(ClientErrors.KeyChanged, changed.Trust == Trust.VerifiedChanged
            ? $"The security key of {changed.Name}, whom you had verified, has changed. Compare the safety number or accept the new key first."
            : $"Somebody is in this conversation as {changed.Name}, with another security key than the one you verified. Remove them, or leave.");
    }

    async Task<Conversation> BeginAsync(ConversationThread thread, Id stream, ConversationExtension extension, IReadOnlyList<KeyPackageRow> devices, CancellationToken cancel)
    {
        Task added = await StepAsync(thread, async step =>
        {
            Task waiting = await _opening.BeginAsync(step, stream, extension, devices).ConfigureAwait(false);
            step.Publish(new ConversationChanged(thread.Face));
            return waiting;
        }, cancel).ConfigureAwait(false);
        Add(thread);
        _lookedAt.TryAdd(stream, 0);
        await DeliverAsync(thread, added, cancel).ConfigureAwait(false);
        return thread.Face;
    }

    async Task AskAsync(ConversationThread thread, IntentRow intent, CancellationToken cancel) =>
        await DeliverAsync(thread, await StoreAsync(thread, intent, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);

    async Task<Task> StoreAsync(ConversationThread thread, IntentRow intent, CancellationToken cancel)
    {
        Task done = await StepAsync(thread, step =>
        {
            if (thread.Live is not { } live || thread.State != ConversationState.Active)
                throw new KavalekException(ClientErrors.CannotSend, "You are not in this conversation any more. Nothing changed.");
            Task waiting = _intents.Ask(step, live, intent);
            step.Publish(new ConversationChanged(thread.Face));
            return Task.FromResult(waiting);
        }, cancel).ConfigureAwait(false);
        Kick(thread);
        return done;
    }

    // Where the link is up, the background sends and the link brings it back; else it is done here.
    async Task DeliverAsync(ConversationThread thread, Task done, CancellationToken cancel)
    {
        if (IsConnected) Kick(thread);
        else await FlushAsync(thread, cancel).ConfigureAwait(false);
        await done.WaitAsync(cancel).ConfigureAwait(false);
    }

    // A conversation that is live and holds the peer's present key; one that is not is opened anew in the same thread.
    bool IsUsable(ConversationThread thread)
    {
        ConversationView view = thread.View;
        if (view.State == ConversationState.Request) return true;
        if (view.State != ConversationState.Active || view.Apart.Count > 0 || view.Stream is not (StreamState.Live or StreamState.Creating)) return false;
        if (view.Stream == StreamState.Creating) return true;
        MemberDevice? peer = view.Devices.FirstOrDefault(d => d.Account == view.Peer);
        if (peer is null || _core.People.Find(peer.Account) is not { } contact) return false;
        return contact.Trust is Trust.Changed or Trust.VerifiedChanged || contact.AccountKey.AsSpan().SequenceEqual(peer.AccountKey);
    }

    // Holds every conversation against the own device list; false where a device has no key package yet and must be tried again.
    async Task<bool> MatchOwnDevicesAsync(CancellationToken cancel)
    {
        // Another own device may have let in one that this device has not heard of yet: nobody goes by a list that is older than the conversation.
        if (HoldsGoneDevices) await _core.Devices.RefreshAsync(cancel).ConfigureAwait(false);
        Id me = _core.Identity.Account;
        DeviceCertificateContent[] certified = [.. _core.Devices.Known.Certificates.Select(c => c.Content)];
        if (certified.All(device => device.Device != _core.Identity.Device)) return true;
        bool complete = true;
        // Removals first, and all of them stored before any is waited for: where one conversation is stuck, the device still leaves the others.
        List<(ConversationThread Thread, Task Done)> removals = [];
        foreach (ConversationThread thread in _threads.Values.Where(IsInUse))
        {
            IntentRow remove = new() { Kind = (uint)(HasOldKey(thread) ? IntentKind.GoOver : IntentKind.RemoveDevices), Account = Step.Bytes(me) };
            remove.Devices.AddRange(Gone(thread).Select(Step.Bytes));
            if (remove.Devices.Count > 0 || HasOldKey(thread)) removals.Add((thread, await StoreAsync(thread, remove, cancel).ConfigureAwait(false)));
        }
        KavalekException? failed = null;
        foreach ((ConversationThread thread, Task done) in removals)
        {
            try
            {
                await DeliverAsync(thread, done, cancel).ConfigureAwait(false);
            }
            catch (KavalekException e)
            {
                failed ??= e;
            }
        }
        if (failed is not null) throw failed;
        foreach (ConversationThread thread in _threads.Values.Where(IsInUse))
        {
            if (!Missing(thread).Any()) continue;
            // Whoever is at it already has taken a key package, of which only so many are given in an hour.
            await thread.Bringing.WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                HashSet<Id> missing = [.. Missing(thread)];
                if (missing.Count == 0) continue;
                IntentRow add = new() { Kind = (uint)IntentKind.AddDevices };
                add.KeyPackages.AddRange((await _opening.ClaimAsync([me], cancel).ConfigureAwait(false)).Where(row => missing.Contains(Id.Read(row.Device.Span))));
                complete &= add.KeyPackages.Count == missing.Count;
                // Each look takes a key package of every device: without any from those that are missing, the other conversations need none.
                if (add.KeyPackages.Count == 0) return false;
                await AskAsync(thread, add, cancel).ConfigureAwait(false);
            }
            finally
            {
                thread.Bringing.Release();
            }
        }
        return complete;

        IEnumerable<Id> Missing(ConversationThread thread) => certified.Where(device => !thread.View.Devices.Any(d => d.Account == me && d.IsOf(device))).Select(device => device.Device);
    }

    /// <summary>Whether a conversation holds a device under the own account that the own list does not name: one that was removed, or that nobody here certified.</summary>
    public bool HoldsGoneDevices => _threads.Values.Any(thread => IsInUse(thread) && Gone(thread).Any());

    /// <summary>Whether a conversation differs from the own device list in any way: also in the key, or in a device that is not in it yet.</summary>
    public bool IsBehindOwnDevices => HoldsGoneDevices || _threads.Values.Any(thread => IsInUse(thread) && (HasOldKey(thread)
        || _core.Devices.Known.Certificates.Any(c => thread.View.Devices.All(d => !d.IsOf(c.Content)))));

    bool HasOldKey(ConversationThread thread) =>
        thread.View.Devices.FirstOrDefault(d => d.Device == _core.Identity.Device) is { } mine && !mine.AccountKey.AsSpan().SequenceEqual(_core.Identity.PublicAccountKey);

    static bool IsInUse(ConversationThread thread) => thread.View is { State: ConversationState.Active, Stream: StreamState.Live };

    IEnumerable<Id> Gone(ConversationThread thread) =>
        thread.View.Devices.Where(d => d.Account == _core.Identity.Account && !_core.Devices.Known.Certificates.Any(c => d.IsOf(c.Content))).Select(d => d.Device);

    async Task LookAfterDevicesAsync()
    {
        try
        {
            await _core.Devices.RefreshAsync(_stop.Token).ConfigureAwait(false);
            await OwnDevicesChangedAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (Setback.Is(e))
        {
            // The next connection looks again.
        }
    }

    static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(2), LastLook = TimeSpan.FromMinutes(2), LongestLook = TimeSpan.FromMinutes(15);

    // As long as the server says, which is short where it was only too much at once.
    static TimeSpan Rest(KavalekException refused, TimeSpan least) => refused.RetryAfter is { } wait ? wait > least ? wait : least : LongestLook;

    // A device that was approved a moment ago has still to publish its key packages.
    void LookAgain(TimeSpan after)
    {
        After(after, () => InBackground(async () =>
        {
            try
            {
                if (!await MatchOwnDevicesAsync(_stop.Token).ConfigureAwait(false)) LookAgain(after < LongestLook ? after * 2 : after);
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.RateLimited)
            {
                LookAgain(Rest(e, after));
            }
            catch (Exception e) when (Setback.Is(e))
            {
                // The next connection looks again.
            }
        }));
    }

    async Task<ulong?> NewestForeignAsync(ConversationThread thread, ulong position)
    {
        for (ulong to = position + 1; ;)
        {
            IReadOnlyList<StoreEntry> page = await _core.Store.ScanAsync(
                new StoreRange(StoreKeys.Messages(thread.Id), StoreKeys.Message(thread.Id, to), 64, Reverse: true)).ConfigureAwait(false);
            foreach (StoreEntry entry in page)
                if (MessageRow.Parser.ParseFrom(entry.Value) is { Mine: false, BodyCase: MessageRow.BodyOneofCase.Text }) return StoreKeys.NumberOf(entry.Key);
            if (page.Count == 0) return null;
            to = StoreKeys.NumberOf(page[^1].Key);
        }
    }

    void RequireRole(ConversationThread thread, Role role)
    {
        if (thread.Kind == ConversationKind.Direct)
            throw new KavalekException(ClientErrors.NotAllowed, "A direct conversation stays between two people. Create a group instead. Nothing changed.");
        if (thread.View.Roles.GetValueOrDefault(_core.Identity.Account, Role.Member) < role)
            throw new KavalekException(ClientErrors.NotAllowed, $"Only {(role == Role.Owner ? "owners" : "admins and owners")} of the group can do that. Nothing changed.");
    }

    static KavalekException NoTitle() => new(ErrorCodes.Invalid, $"A title has between 1 and {ConversationExtension.TitleBytes} bytes of text, on one line. Nothing changed.");

    ulong Seconds() => (ulong)Math.Max(0, _core.Clock.GetUtcNow().ToUnixTimeSeconds());
}

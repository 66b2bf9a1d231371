using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What other devices said, once decrypted, and what became of what this one said (docs/PROTOCOL.md §7.3–§7.5).</summary>
sealed class ContentIntake(ClientCore core)
{
    /// <summary>An own content is in the stream: it has its place now.</summary>
    public static async Task ConfirmAsync(Step step, GroupStream stream, ulong number, OutboxRow row)
    {
        ulong counted = row.Sealed.Number;
        ulong? late = counted < stream.Row.Number && row.Position != 0 ? await LateContents.PlaceAsync(step, stream, step.Core.Identity.Device, counted).ConfigureAwait(false) : null;
        if (counted > stream.Row.Number) (stream.Row.Number, stream.Row.Timed, stream.Row.SaidIn) = (counted, row.Sealed.Timed, stream.Group!.Epoch);
        stream.Row.OwnMessages++;
        step.Touch(stream);
        step.Drop(number);
        if (row.Position == 0) await ActsOfMine.ConfirmAsync(step, Content.Parser.ParseFrom(row.Content)).ConfigureAwait(false);
        if (row.Position != 0)
            await step.PlaceAsync(row.Position, message =>
            {
                message.Number = counted;
                (message.State, message.Failure) = ((uint)MessageState.Sent, "");
                (message.Stream, message.Seq) = (Step.Bytes(stream.Id), stream.Row.NextSeq - 1);
            }, late).ConfigureAwait(false);
    }

    /// <summary>A content of another device.</summary>
    public async Task ReceiveAsync(Step step, GroupStream stream, MemberDevice sender, Mls.ProcessResult.ApplicationReceived received)
    {
        if (ContentCodec.Decode(received.Content) is not { } content)
        {
            step.Thread.Row.Undecryptable++;
            return;
        }
        bool wasMissing = await CountAsync(step, stream, sender, content).ConfigureAwait(false);
        // Who was left out when the group was started afresh speaks to nobody here any more.
        if (InStep.IsSuperseded(step.Thread, stream) && step.Thread.Live!.Devices.All(d => d.Account != sender.Account)) return;
        if (step.Thread.State is ConversationState.Left or ConversationState.Declined || core.People.Find(sender.Account) is { IsBlocked: true }) return;
        switch (content.BodyCase)
        {
            case Content.BodyOneofCase.Text: await TextAsync(step, stream, sender, content, wasMissing, received).ConfigureAwait(false); break;
            case Content.BodyOneofCase.Profile when sender.Account != core.Identity.Account:
                await core.People.NameAsync(sender.Account, content.Profile.DisplayName.Length > 0 ? content.Profile.DisplayName : null, default).ConfigureAwait(false);
                step.Publish(new ConversationChanged(step.Thread.Face));
                break;
            case Content.BodyOneofCase.Receipt: await ReceiptAsync(step, sender, content.Receipt).ConfigureAwait(false); break;
            case Content.BodyOneofCase.Accepted: await AcceptedAsync(step, sender).ConfigureAwait(false); break;
            case Content.BodyOneofCase.Offer: await Sharing.OfferedAsync(step, sender, content).ConfigureAwait(false); break;
            case Content.BodyOneofCase.Ask: await Sharing.AskedAsync(step, sender, content.Ask).ConfigureAwait(false); break;
            case Content.BodyOneofCase.Reaction or Content.BodyOneofCase.Edit or Content.BodyOneofCase.Delete:
                await ActIntake.ReceiveAsync(step, stream, sender, content, received).ConfigureAwait(false);
                break;
            case Content.BodyOneofCase.Passed: await Sharing.PassedAsync(step, sender, content.Passed).ConfigureAwait(false); break;
        }
    }

    // Each device numbers its contents; a number left out is a content that the server kept from us (also over an epoch's end). True where it is one of those.
    async Task<bool> CountAsync(Step step, GroupStream stream, MemberDevice sender, Content content)
    {
        if (!stream.Numbers.TryGetValue(sender.Device, out DeviceRow? last))
            last = await core.Store.GetAsync(StoreKeys.Device(stream.Id, sender.Device)).ConfigureAwait(false) is { } stored ? DeviceRow.Parser.ParseFrom(stored) : null;
        if (last is { } known && content.Number <= known.Number)
        {
            stream.Numbers[sender.Device] = known;
            return await LateContents.CameAsync(step, stream, sender.Device, known, content.Number).ConfigureAwait(false);
        }
        // Of a device that is heard for the first time: what it said before, in an epoch that this device was in, was withheld. How much, nobody can tell.
        if (last is null && content.HasPrevious && content.Previous >= stream.Row.JoinedAt) step.Say(SystemKind.MessagesMissing, null, [sender.Account]);
        if (last is { } before && Withheld(step, before, content, Life.Shorter(content.Timer, stream.Extension!.Timer)) is > 0 and ulong missing)
            LateContents.Say(step, stream, sender, before, content.Number, missing);
        Chronicle.SetNumber(step, stream, sender.Device, content.Number, content.Timed, last?.Gaps);
        return false;
    }

    // What had a life and has outlived it on the server is no loss, where this device was away for so long (§7.7).
    static ulong Withheld(Step step, DeviceRow before, Content content, uint life)
    {
        ulong missing = content.Number - before.Number - 1, own = content.Timer > 0 ? 1UL : 0;
        // Both counts are the sender's word, and may be any number.
        ulong timed = content.Timed > before.Timed ? content.Timed - before.Timed : 0;
        ulong ended = timed > own ? Math.Min(missing, timed - own) : 0;
        bool heardWithin = life > 0 && step.NowMilliseconds < before.Heard + life * 1000UL;
        return heardWithin ? missing : missing - ended;
    }

    async Task TextAsync(Step step, GroupStream stream, MemberDevice sender, Content content, bool wasMissing, Mls.ProcessResult.ApplicationReceived received)
    {
        ulong ends = Life.End(content.Sent, step.NowMilliseconds, Life.Shorter(content.Timer, stream.Extension!.Timer));
        if (ends != 0 && ends <= step.NowMilliseconds) return; // over before it came
        Id id = Id.Read(content.Id.Span);
        (ulong Position, MessageRow Row)? known = await step.FindRowAsync(sender.Account, id).ConfigureAwait(false);
        if (known is { Row.PassedBy.IsEmpty: true }) return;
        bool mine = sender.Account == core.Identity.Account;
        ConversationRow row = step.Thread.Row;
        MessageRow message = new()
        {
            Id = content.Id,
            Account = Step.Bytes(sender.Account),
            Device = Step.Bytes(sender.Device),
            Sent = content.Sent,
            Received = step.NowMilliseconds,
            Mine = mine,
            State = (uint)(mine ? MessageState.Sent : MessageState.Received),
            Ends = ends,
            Stream = Step.Bytes(stream.Id),
            Seq = stream.Row.NextSeq - 1,
            Number = content.Number,
            Text = Body(content.Text),
        };
        if (!mine) Proofs.Keep(step, stream, message, 0, content.Text.Text_, received);
        // Until now somebody else's word for it was here.
        if (known is { } passed) step.Displace(passed, message);
        ActIntake.Apply(step, message);
        // In the order of its sender's own numbers, whatever order the server made of them (K-35); but only where all have seen that something is missing there.
        ulong? late = wasMissing ? await LateContents.PlaceAsync(step, stream, sender.Device, content.Number).ConfigureAwait(false) : null;
        ulong position = late is { } place ? step.Insert(place, message) : step.Append(message);
        if (mine || message.BodyCase != MessageRow.BodyOneofCase.Text) return;
        row.Unread++;
        if (step.NamesMe(message)) row.UnreadMentions++;
        ulong seq = stream.Row.NextSeq - 1;
        step.Afterwards(() => core.Returned(step.Thread.Id, Step.Bytes(stream.Id), seq));
        row.DeliveredToSay = Math.Max(row.DeliveredToSay, position);
        step.Publish(new ConversationChanged(step.Thread.Face));
    }

    /// <summary>A text as it is stored.</summary>
    public static TextRow Body(Text text)
    {
        TextRow row = new() { Text = text.Text_ };
        foreach (Contents.Attachment attachment in text.Attachments) row.Attachments.Add(attachment.ToByteString());
        if (text.ReplyTo is { } reply) (row.ReplyAccount, row.ReplyId) = (reply.Account, reply.Id);
        row.Mentions.AddRange(text.Mentions);
        return row;
    }

    // Whatever it names must exist, and only the sender's own progress moves (K-52).
    async Task ReceiptAsync(Step step, MemberDevice sender, Receipt receipt)
    {
        ulong? found = await step.FindAsync(Id.Read(receipt.UpTo.Account.Span), Id.Read(receipt.UpTo.Id.Span)).ConfigureAwait(false);
        if (found is not { } position || position >= ConversationThread.QueuedPositions) return;
        if (sender.Account == core.Identity.Account)
        {
            if (receipt.Kind == Receipt.Types.Kind.Read) await ReadElsewhereAsync(step, position).ConfigureAwait(false);
            return;
        }
        AccountRow row = step.Account(sender.Account);
        ulong before = Math.Min(row.Delivered, receipt.Kind == Receipt.Types.Kind.Read ? row.Read : row.Delivered);
        row.Delivered = Math.Max(row.Delivered, position);
        if (receipt.Kind == Receipt.Types.Kind.Read) row.Read = Math.Max(row.Read, position);
        if (position > before) step.Progressed(before + 1, position);
    }

    /// <summary>Another own device has read up to a position.</summary>
    public static async Task ReadElsewhereAsync(Step step, ulong position)
    {
        ConversationRow row = step.Thread.Row;
        if (position <= row.ReadPosition) return;
        await Receipts.ReadToAsync(step, position).ConfigureAwait(false);
        row.ReadToSay = row.ReadSaid = Math.Max(row.ReadSaid, position);
        step.Publish(new ConversationChanged(step.Thread.Face));
    }

    async Task AcceptedAsync(Step step, MemberDevice sender)
    {
        ConversationThread thread = step.Thread;
        if (sender.Account == core.Identity.Account)
        {
            if (thread.State == ConversationState.Request) thread.State = ConversationState.Active; // on another own device
        }
        else if (!thread.Row.PeerAccepted)
        {
            thread.Row.PeerAccepted = true;
            if (thread.Kind == ConversationKind.Direct && thread.Row.Inviter.IsEmpty) await step.SayAsync(SystemKind.Accepted, sender.Account, [sender.Account]).ConfigureAwait(false);
        }
        step.Changed = true;
        step.Publish(new ConversationChanged(thread.Face));
    }
}

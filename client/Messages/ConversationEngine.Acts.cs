using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What a person does with messages.</summary>
sealed partial class ConversationEngine
{
    /// <summary>A message by its name.</summary>
    public async Task<Message?> MessageAsync(ConversationThread thread, MessageId message, CancellationToken cancel)
    {
        if (await Log.FindAsync(thread.Id, message.Account, message.Content, cancel).ConfigureAwait(false) is not { } position) return null;
        return await Log.PageAsync(thread, 1, new MessagePosition(position + 1), cancel).ConfigureAwait(false) is [{ } found] && found.Id == message ? found : null;
    }

    /// <summary>Reacts to a message.</summary>
    public Task<Message> ReactAsync(ConversationThread thread, MessageId message, string? emoji, CancellationToken cancel)
    {
        if (emoji is not null && !Emoji.IsEmoji(emoji)) throw new KavalekException(ErrorCodes.Invalid, "A reaction is one emoji. Nothing changed.");
        return ActAsync(thread, message, (step, position, row) => ActsOfMine.ReactAsync(step, position, row, emoji ?? ""), cancel);
    }

    /// <summary>Gives an own message other words.</summary>
    public Task<Message> EditAsync(ConversationThread thread, MessageId message, string text, IReadOnlyList<Mention> mentions, CancellationToken cancel)
    {
        Check(text, mentions);
        return ActAsync(thread, message, async (step, position, row) =>
        {
            if (!row.Mine) throw new KavalekException(ClientErrors.NotAllowed, "Only who wrote a message can edit it. Nothing changed.");
            if (!Acts.IsWithin(Acts.EditableFor, row.Sent, step.NowMilliseconds)) throw new KavalekException(ClientErrors.TooLate, "A message can be edited for 24 hours after it was sent. Nothing changed.");
            if (ActsOfMine.Version(row) >= Acts.MostEdits) throw new KavalekException(ClientErrors.TooLate, $"A message can be edited {Acts.MostEdits} times. Nothing changed.");
            if (row.Text.Text == text && Mention.Read(row.Text.Mentions).SequenceEqual(mentions)) return;
            await ActsOfMine.EditAsync(step, position, row, text, mentions).ConfigureAwait(false);
        }, cancel);
    }

    /// <summary>Takes messages back, all or none.</summary>
    public async Task DeleteAsync(ConversationThread thread, IReadOnlyList<MessageId> messages, CancellationToken cancel)
    {
        await StepAsync(thread, async step =>
        {
            List<(ulong Position, MessageRow Row)> found = await FindAllAsync(step, messages).ConfigureAwait(false);
            foreach ((_, MessageRow row) in found)
                if (!MayDelete(thread, row, step.NowMilliseconds)) throw new KavalekException(row.Mine ? ClientErrors.TooLate : ClientErrors.NotAllowed, row.Mine
                    ? "A message can be deleted for everybody for 48 hours after it was sent. You can still delete it for yourself. Nothing changed."
                    : "Your role does not allow to delete what others wrote. You can delete it for yourself. Nothing changed.");
            if (found.Any(message => (MessageState)message.Row.State != MessageState.Failed) && Block(thread) is { } block) throw new KavalekException(block.Code, block.Reason);
            foreach ((ulong position, MessageRow row) in found) await ActsOfMine.DeleteAsync(step, position, row).ConfigureAwait(false);
            return true;
        }, cancel).ConfigureAwait(false);
        Kick(thread);
    }

    /// <summary>Takes messages away for the own account.</summary>
    public async Task HideAsync(ConversationThread thread, IReadOnlyList<MessageId> messages, CancellationToken cancel) => await StepAsync(thread, async step =>
    {
        foreach ((ulong position, MessageRow row) in await FindAllAsync(step, messages).ConfigureAwait(false)) await ActsOfMine.HideAsync(step, position, row).ConfigureAwait(false);
        return true;
    }, cancel).ConfigureAwait(false);

    /// <summary>Sends a failed text once more; the failed one goes in the same batch.</summary>
    public async Task<Message> RetryAsync(ConversationThread thread, MessageId message, CancellationToken cancel)
    {
        (ulong position, MessageRow row) = await StepAsync(thread, async step =>
        {
            if (Block(thread) is { } block) throw new KavalekException(block.Code, block.Reason);
            if (await FindAllAsync(step, [message]).ConfigureAwait(false) is not [{ Row: { Mine: true, Text: not null } failed } found] || (MessageState)failed.State != MessageState.Failed)
                throw new KavalekException(ErrorCodes.NotFound, "This message did not fail. Nothing changed.");
            await step.RemoveAsync(found.Position, keepsFiles: true).ConfigureAwait(false);
            MessageId? reply = failed.Text.ReplyId.IsEmpty ? null : new MessageId(Id.Read(failed.Text.ReplyAccount.Span), Id.Read(failed.Text.ReplyId.Span));
            return Say(step, failed.Text.Text, reply, Mention.Read(failed.Text.Mentions), Id.Read(failed.Id.Span), failed.Text.Attachments.Count == 0 ? null : [.. failed.Text.Attachments.Select(Contents.Attachment.Parser.ParseFrom)]);
        }, cancel).ConfigureAwait(false);
        Kick(thread);
        return Log.Read(thread.Id, thread.View, position, row);
    }

    /// <summary>Whether a message can be edited now.</summary>
    public bool MayEdit(ConversationThread thread, Message message) => message is { IsMine: true, Body: TextBody } && message.State != MessageState.Failed && thread.View.State == ConversationState.Active
        && message.FormerVersions.Count < Acts.MostEdits && Acts.IsWithin(Acts.EditableFor, Milliseconds(message.SentAt), Milliseconds(_core.Clock.GetUtcNow()));

    /// <summary>Whether a message can be taken back now.</summary>
    public bool MayDelete(ConversationThread thread, Message message) => message.Body is TextBody && (message.State == MessageState.Failed || thread.View.State == ConversationState.Active)
        && MayDelete(thread, message.IsMine, message.Sender, Milliseconds(message.SentAt), Milliseconds(_core.Clock.GetUtcNow()));

    bool MayDelete(ConversationThread thread, MessageRow row, ulong now) => MayDelete(thread, row.Mine, Id.Read(row.Account.Span), row.Sent, now) || (MessageState)row.State == MessageState.Failed;

    bool MayDelete(ConversationThread thread, bool mine, Id author, ulong sent, ulong now) => (mine && Acts.IsWithin(Acts.DeletableFor, sent, now))
        || ActIntake.MayDelete(thread.Kind, thread.View.Roles, _core.Identity.Account, author);

    static ulong Milliseconds(DateTimeOffset time) => (ulong)Math.Max(0, time.ToUnixTimeMilliseconds());

    async Task<Message> ActAsync(ConversationThread thread, MessageId message, Func<Step, ulong, MessageRow, Task> act, CancellationToken cancel)
    {
        (ulong position, MessageRow row) = await StepAsync(thread, async step =>
        {
            if (Block(thread) is { } block) throw new KavalekException(block.Code, block.Reason);
            if (await FindAllAsync(step, [message]).ConfigureAwait(false) is not [{ } found] || (MessageState)found.Row.State == MessageState.Failed) throw NoMessage();
            await act(step, found.Position, found.Row).ConfigureAwait(false);
            return (found.Position, (await step.RowAsync(found.Position).ConfigureAwait(false))!);
        }, cancel).ConfigureAwait(false);
        Kick(thread);
        return Log.Read(thread.Id, thread.View, position, row);
    }

    // What was deleted meanwhile is passed over; what never was here is a mistake.
    static async Task<List<(ulong Position, MessageRow Row)>> FindAllAsync(Step step, IReadOnlyList<MessageId> messages)
    {
        List<(ulong, MessageRow)> found = [];
        foreach (MessageId message in messages.Distinct())
        {
            if (await step.FindRowAsync(message.Account, message.Content).ConfigureAwait(false) is not var (position, row) || row.BodyCase == MessageRow.BodyOneofCase.System) throw NoMessage();
            if (row.BodyCase == MessageRow.BodyOneofCase.Text) found.Add((position, row));
        }
        return found;
    }

    static KavalekException NoMessage() => new(ErrorCodes.NotFound, "This message is not here any more. Nothing changed.");
}

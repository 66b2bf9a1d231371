using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What this device does to messages: it shows here at once and goes out behind what was said before, in the same batch of the store.</summary>
static class ActsOfMine
{
    /// <summary>Reacts, or takes the reaction back.</summary>
    public static async Task ReactAsync(Step step, ulong position, MessageRow message, string emoji)
    {
        Id me = step.Core.Identity.Account;
        ReactionRow? before = message.Acts?.Reactions.FirstOrDefault(reaction => reaction.Account.Span.SequenceEqual(me.ToArray()));
        if ((before?.Emoji ?? "") == emoji) return;
        if (before is { Version: >= Acts.MostReactionVersions } || (before is null && message.Acts?.Reactions.Count >= Acts.MostReactions))
            throw new KavalekException(ClientErrors.NotAllowed, "There are too many reactions to this message. Nothing changed.");
        Content content = step.NewContent();
        content.Reaction = new() { To = Ref(message), Emoji = emoji, Version = (before?.Version ?? 0) + 1 };
        ReactionRow reaction = new() { Account = Step.Bytes(me), Emoji = emoji, Version = content.Reaction.Version, Id = content.Id };
        step.Queue(content, ends: message.Ends, undo: before?.Clone());
        await step.ReviseAsync(position, row => Acts.React(row, reaction)).ConfigureAwait(false);
    }

    /// <summary>Gives an own message other words.</summary>
    public static async Task EditAsync(Step step, ulong position, MessageRow message, string text, IReadOnlyList<Mention> mentions)
    {
        Content content = step.NewContent();
        content.Edit = new() { Of = Ref(message), Text = text, Version = Version(message) + 1 };
        content.Edit.Mentions.AddRange(Mention.Write(mentions));
        EditRow edit = new() { Version = content.Edit.Version, Id = content.Id, Sent = content.Sent, Text = text };
        edit.Mentions.AddRange(content.Edit.Mentions);
        step.Queue(content, ends: message.Ends);
        await step.ReviseAsync(position, row => Acts.Edit(row, edit)).ConfigureAwait(false);
    }

    /// <summary>Takes a message back: what never left goes without a word, and so do own acts on it that wait.</summary>
    public static async Task DeleteAsync(Step step, ulong position, MessageRow message)
    {
        if (IsHereOnly(step, position, message))
        {
            await step.RemoveAsync(position).ConfigureAwait(false);
            return;
        }
        step.DropActs(message, (waiting, _) => waiting.Sealed is null);
        Content content = step.NewContent();
        content.Delete = new() { Of = Ref(message) };
        step.Queue(content, ends: message.Ends);
        // Whether a role allows it is decided by the epoch in which it is said: until it is, nothing happens here.
        if (IsInTime(message, content.Sent)) await step.ReviseAsync(position, row => Acts.Delete(row, step.Core.Identity.Account)).ConfigureAwait(false);
    }

    /// <summary>An own act is in the stream: what was waiting for that happens.</summary>
    public static async Task ConfirmAsync(Step step, Content content)
    {
        if (content.BodyCase == Content.BodyOneofCase.Delete && await FindAsync(step, content.Delete.Of).ConfigureAwait(false) is { } position)
            await step.ReviseAsync(position, row => Acts.Delete(row, step.Core.Identity.Account)).ConfigureAwait(false);
    }

    /// <summary>Whether what waits may still be said in this epoch; a role may have been taken meanwhile.</summary>
    public static async Task<bool> MaySayAsync(Step step, GroupStream stream, Content content)
    {
        if (content.BodyCase != Content.BodyOneofCase.Delete) return true;
        if (ActIntake.MayDelete(step.Thread.Kind, stream.Extension!.Roles, step.Core.Identity.Account, Id.Read(content.Delete.Of.Account.Span))) return true;
        if (await FindAsync(step, content.Delete.Of).ConfigureAwait(false) is { } position && await step.RowAsync(position).ConfigureAwait(false) is { } message && IsInTime(message, content.Sent)) return true;
        step.Publish(new Notice("A message was not deleted: your role in the conversation does not allow it any more."));
        return false;
    }

    static bool IsInTime(MessageRow message, ulong now) => message.Mine && Acts.IsWithin(Acts.DeletableFor, message.Sent, now);

    static ValueTask<ulong?> FindAsync(Step step, MessageRef of) => step.FindAsync(Id.Read(of.Account.Span), Id.Read(of.Id.Span));

    /// <summary>Takes a message away for the own account only.</summary>
    public static Task HideAsync(Step step, ulong position, MessageRow message) => IsHereOnly(step, position, message)
        ? step.RemoveAsync(position)
        : step.ReviseAsync(position, row => Acts.Delete(row, step.Core.Identity.Account, hidden: true));

    /// <summary>An own act will not be sent: here, too, it is as if it had not been done.</summary>
    public static async Task UndoAsync(Step step, OutboxRow dropped)
    {
        if (dropped.Position != 0) return;
        Content content = Content.Parser.ParseFrom(dropped.Content);
        if (Target(content) is not { } of || content.BodyCase == Content.BodyOneofCase.Delete
            || await FindAsync(step, of).ConfigureAwait(false) is not { } position) return;
        if (await step.ReviseAsync(position, message => Acts.Undo(message, content.Id, dropped.Undo)).ConfigureAwait(false))
            step.Publish(new Notice($"Your {(content.BodyCase == Content.BodyOneofCase.Edit ? "edit" : "reaction")} was not sent, and is taken back here: the conversation changed meanwhile. Look at who is in it, then do it again."));
    }

    /// <summary>The version of the words that a message shows; 0 for the first.</summary>
    public static uint Version(MessageRow message) => message.Acts?.Edits is [.., var last] ? last.Version : 0;

    // It failed, or waits and was never encrypted.
    static bool IsHereOnly(Step step, ulong position, MessageRow message) => message.Mine
        && ((MessageState)message.State == MessageState.Failed || step.Thread.Outbox.Values.Any(row => row.Position == position && row.Sealed is null && row.Altered == 0));

    /// <summary>Whether a content does something to a message.</summary>
    public static bool IsOn(Content content, MessageRow message) => Target(content) is { } of && of.Equals(Ref(message));

    static MessageRef? Target(Content content) => content.BodyCase switch
    {
        Content.BodyOneofCase.Reaction => content.Reaction.To,
        Content.BodyOneofCase.Edit => content.Edit.Of,
        Content.BodyOneofCase.Delete => content.Delete.Of,
        _ => null,
    };

    static MessageRef Ref(MessageRow message) => new() { Account = message.Account, Id = message.Id };
}

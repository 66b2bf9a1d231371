using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// What members do to messages (docs/PROTOCOL.md §7.15): bound to the account that the encryption proves, and to the message by its writer's account and its id. Whatever was
/// done before its message came waits for it, within bounds.
/// </summary>
static class ActIntake
{
    /// <summary>Messages of a conversation that acts wait for, at most, and those of one account among them.</summary>
    public const int MostWaiting = 64, MostWaitingOfOne = 8;

    /// <summary>How long an act waits for its message, in milliseconds.</summary>
    public const ulong Patience = 30UL * 86_400_000;

    /// <summary>Somebody reacts, edits or deletes.</summary>
    public static async Task ReceiveAsync(Step step, GroupStream stream, MemberDevice sender, Content content, Mls.ProcessResult.ApplicationReceived received)
    {
        // It ended with its message.
        if (Life.End(content.Sent, step.NowMilliseconds, content.Timer) is > 0 and var ends && ends <= step.NowMilliseconds) return;
        (MessageRef of, WaitingRow act) = Read(content);
        Id author = Id.Read(of.Account.Span), id = Id.Read(of.Id.Span);
        bool own = author == sender.Account;
        if (act.Edits.Count > 0 && !own) return;
        if (act.Deletion is { } deletion)
        {
            // Judged by the epoch in which it was said, which is one for all who read it.
            deletion.ByRole = MayDelete(step.Thread.Kind, stream.Extension!.Roles, sender.Account, author);
            if (!own && !deletion.ByRole) return;
        }
        if (act.Reaction is { } reaction) reaction.Account = Step.Bytes(sender.Account);
        if (await step.FindRowAsync(author, id).ConfigureAwait(false) is var (position, row))
        {
            bool fits = await step.ReviseAsync(position, message =>
            {
                if (!Acts.Apply(message, sender.Account, act)) return false;
                if (act.Edits is [{ } edit] && !message.Mine) Proofs.Keep(step, stream, message, edit.Version, content.Edit.Text, received);
                return true;
            }).ConfigureAwait(false);
            // What does not fit a message that was passed on may fit the message itself.
            if (fits || row.PassedBy.IsEmpty) return;
        }
        if (content.Timer == 0) Wait(step, (author, id, sender.Account), act);
    }

    /// <summary>Whether a role allows to delete what somebody wrote: admins what members wrote, owners anything.</summary>
    public static bool MayDelete(ConversationKind kind, IReadOnlyDictionary<Id, Role> roles, Id by, Id author)
    {
        if (kind != ConversationKind.Group) return false;
        Role mine = roles.GetValueOrDefault(by, Role.Member);
        return mine == Role.Owner || (mine == Role.Admin && (author == by || roles.GetValueOrDefault(author, Role.Member) == Role.Member));
    }

    /// <summary>What was done to a message before it came, which it is now.</summary>
    public static bool Apply(Step step, MessageRow message)
    {
        ConversationThread thread = step.Thread;
        if (thread.Waiting.Count == 0) return false;
        Id author = Id.Read(message.Account.Span), id = Id.Read(message.Id.Span);
        bool changed = false;
        foreach ((var name, WaitingRow act) in thread.Waiting.Where(entry => entry.Key.Author == author && entry.Key.Content == id).ToArray())
        {
            changed |= Acts.Apply(message, name.Actor, act);
            // What was passed on is one member's word: it goes on waiting for the message itself.
            if (message.PassedBy.IsEmpty) Drop(step, name);
        }
        return changed;
    }

    static (MessageRef Of, WaitingRow Act) Read(Content content)
    {
        switch (content.BodyCase)
        {
            case Content.BodyOneofCase.Reaction:
                return (content.Reaction.To, new() { Reaction = new() { Emoji = content.Reaction.Emoji, Version = content.Reaction.Version, Id = content.Id } });
            case Content.BodyOneofCase.Edit:
                EditRow edit = new() { Version = content.Edit.Version, Id = content.Id, Sent = content.Sent, Text = content.Edit.Text };
                edit.Mentions.AddRange(content.Edit.Mentions);
                return (content.Edit.Of, new() { Edits = { edit } });
            default: return (content.Delete.Of, new() { Deletion = new() { Sent = content.Sent } });
        }
    }

    // Nobody can make this device keep much, and nobody's waiting takes the place of another's.
    static void Wait(Step step, (Id Author, Id Content, Id Actor) name, WaitingRow act)
    {
        SortedDictionary<string, (Id, Id, Id)> ofOne = new(StringComparer.Ordinal);
        foreach ((var known, WaitingRow row) in step.Thread.Waiting.ToArray())
        {
            if (step.NowMilliseconds > row.Since && step.NowMilliseconds - row.Since > Patience) Drop(step, known);
            else if (known.Actor == name.Actor && known != name) ofOne[$"{row.Since:x16}{known.Content}"] = known;
        }
        if (!step.Thread.Waiting.TryGetValue(name, out WaitingRow? waiting))
        {
            if (ofOne.Count >= MostWaitingOfOne) Drop(step, ofOne.First().Value);
            if (step.Thread.Waiting.Count >= MostWaiting) return;
            waiting = new() { Since = step.NowMilliseconds };
        }
        if (act.Reaction is { } reaction && (waiting.Reaction is null || waiting.Reaction.Version < reaction.Version)) waiting.Reaction = reaction;
        foreach (EditRow edit in act.Edits)
        {
            // Of each version one, the newest few: what the message said between is not worth the room.
            if (waiting.Edits.FirstOrDefault(known => known.Version == edit.Version) is { } same)
            {
                if (same.Id.Span.SequenceCompareTo(edit.Id.Span) >= 0) continue;
                waiting.Edits.Remove(same);
            }
            waiting.Edits.Add(edit);
            if (waiting.Edits.Count > MostWaitingEdits) waiting.Edits.Remove(waiting.Edits.MinBy(known => known.Version)!);
        }
        waiting.Deletion = act.Deletion ?? waiting.Deletion;
        step.Thread.Waiting[name] = waiting;
        step.KeepWaiting(name, waiting);
    }

    const int MostWaitingEdits = 2;

    static void Drop(Step step, (Id Author, Id Content, Id Actor) name)
    {
        step.Thread.Waiting.Remove(name);
        step.KeepWaiting(name, null);
    }
}

using System.Text;
using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// What reactions, edits and deletions make of a message (docs/PROTOCOL.md §7.15). Each is a function of the message and the act alone, says whether anything changed, and leads to
/// the same in whatever order the acts come and however often.
/// </summary>
static class Acts
{
    /// <summary>How long after its sending a message can be edited, by its writer's clock, in milliseconds.</summary>
    public const ulong EditableFor = 24UL * 3_600_000;

    /// <summary>How long after its sending a writer can take a message back, in milliseconds.</summary>
    public const ulong DeletableFor = 48UL * 3_600_000;

    /// <summary>Edits of a message, at most.</summary>
    public const uint MostEdits = 10;

    /// <summary>Accounts that react to one message, at most; a conversation holds half as many at one time.</summary>
    public const int MostReactions = 500;

    /// <summary>How often an account changes its mind about one message, at most.</summary>
    public const uint MostReactionVersions = 1_000_000;

    // Former versions are kept as far as this, less what is said of files, the newest first: with the text itself they fit a segment of the archive.
    const int FormerBytes = 128 * 1024;

    /// <summary>A reaction counts if none by the same account is newer.</summary>
    public static bool React(MessageRow message, ReactionRow reaction)
    {
        if (message.BodyCase != MessageRow.BodyOneofCase.Text) return false;
        ActsRow acts = message.Acts ??= new();
        int at = 0;
        while (at < acts.Reactions.Count && Compare(acts.Reactions[at].Account, reaction.Account) < 0) at++;
        if (at < acts.Reactions.Count && acts.Reactions[at].Account.Equals(reaction.Account))
        {
            ReactionRow known = acts.Reactions[at];
            if (reaction.Passed != known.Passed ? reaction.Passed
                : (reaction.Version, Compare(reaction.Id, known.Id), string.CompareOrdinal(reaction.Emoji, known.Emoji)).CompareTo((known.Version, 0, 0)) <= 0) return false;
            acts.Reactions[at] = reaction;
            return true;
        }
        if (acts.Reactions.Count >= MostReactions) return false;
        acts.Reactions.Insert(at, reaction);
        return true;
    }

    /// <summary>An edit takes its place among the versions; whatever has the highest is what the message says.</summary>
    /// <param name="message">The message.</param>
    /// <param name="edit">The edit with its words.</param>
    public static bool Edit(MessageRow message, EditRow edit)
    {
        if (message.BodyCase != MessageRow.BodyOneofCase.Text || !IsWithin(EditableFor, message.Sent, edit.Sent)) return false;
        ActsRow acts = message.Acts ??= new();
        if (acts.Edits.Count == 0) acts.Edits.Add(new EditRow { Id = message.Id, Sent = message.Sent });
        int at = acts.Edits.Count;
        while (at > 0 && acts.Edits[at - 1].Version > edit.Version) at--;
        bool again = at > 0 && acts.Edits[at - 1].Version == edit.Version;
        if (again && (edit.Passed != acts.Edits[at - 1].Passed ? edit.Passed : Compare(edit.Id, acts.Edits[at - 1].Id) <= 0)) return false;
        if (again) acts.Edits[--at] = edit;
        else
        {
            // The one that was shown until now keeps its words as a former version.
            if (at == acts.Edits.Count) Give(acts.Edits[at - 1], message.Text);
            acts.Edits.Insert(at, edit);
        }
        if (at == acts.Edits.Count - 1) Take(acts.Edits[at] = edit.Clone(), message.Text);
        Forget(acts, FormerBytes - message.Text.Attachments.Sum(attachment => attachment.Length));
        return true;
    }

    /// <summary>What a message said is gone, with all that was done to it.</summary>
    public static bool Delete(MessageRow message, Id by, bool hidden = false)
    {
        switch (message.BodyCase)
        {
            case MessageRow.BodyOneofCase.Deletion when hidden && !message.Deletion.Hidden:
                message.Deletion.Hidden = true;
                return true;
            case MessageRow.BodyOneofCase.Text:
                message.Deletion = new() { By = Step.Bytes(by), Hidden = hidden };
                (message.Acts, message.Failure) = (null, "");
                message.Proofs.Clear();
                return true;
            default: return false;
        }
    }

    /// <summary>Whether a writer may still do so much later, by the writer's own clock.</summary>
    public static bool IsWithin(ulong most, ulong sent, ulong now) => now <= sent || now - sent <= most;

    /// <summary>What one account did, as it waited or came.</summary>
    public static bool Apply(MessageRow message, Id actor, WaitingRow act)
    {
        bool changed = act.Reaction is { } reaction && React(message, reaction);
        foreach (EditRow edit in act.Edits) changed |= Edit(message, edit.Clone());
        if (act.Deletion is { } deletion && (deletion.ByRole || IsWithin(DeletableFor, message.Sent, deletion.Sent))) changed |= Delete(message, actor);
        return changed;
    }

    /// <summary>Takes over what else is known of the same message, by another own device for instance; but not what is only the word of who passed it on.</summary>
    public static bool Merge(MessageRow message, MessageRow other)
    {
        if (other.Deletion is { } deletion) return Delete(message, Id.Read(deletion.By.Span), deletion.Hidden);
        if (other.BodyCase != MessageRow.BodyOneofCase.Text || other.Acts is not { } acts) return false;
        bool changed = false;
        foreach (ReactionRow reaction in acts.Reactions.Where(reaction => !reaction.Passed)) changed |= React(message, reaction.Clone());
        for (int at = 0; at < acts.Edits.Count; at++)
        {
            if (acts.Edits[at].Version == 0 || acts.Edits[at].Passed) continue;
            EditRow edit = acts.Edits[at].Clone();
            if (at == acts.Edits.Count - 1) Give(edit, other.Text);
            changed |= Edit(message, edit);
        }
        return changed;
    }

    /// <summary>Whether two devices know the same of a message.</summary>
    public static bool AreAlike(MessageRow one, MessageRow other) => one.BodyCase == other.BodyCase && Equals(one.Text, other.Text) && Equals(one.Deletion, other.Deletion)
        && Equals(one.Acts ?? Nothing, other.Acts ?? Nothing);

    /// <summary>An own act that will not be sent is taken back: a reaction in favour of the one before it.</summary>
    public static bool Undo(MessageRow message, ByteString content, ReactionRow? before)
    {
        if (message.Acts is not { } acts) return false;
        for (int at = 0; at < acts.Reactions.Count; at++)
        {
            if (!acts.Reactions[at].Id.Equals(content)) continue;
            if (before is null) acts.Reactions.RemoveAt(at);
            else acts.Reactions[at] = before;
            return true;
        }
        for (int at = 1; at < acts.Edits.Count; at++)
        {
            if (!acts.Edits[at].Id.Equals(content)) continue;
            if (at == acts.Edits.Count - 1) Take(acts.Edits[at - 1], message.Text);
            acts.Edits.RemoveAt(at);
            if (acts.Edits.Count == 1) acts.Edits.Clear();
            return true;
        }
        return false;
    }

    /// <summary>What is passed on of it to others: how it stands, not how it came to be.</summary>
    public static ActsRow? ForOthers(ActsRow? acts)
    {
        if (acts is null) return null;
        ActsRow passed = new();
        passed.Reactions.AddRange(acts.Reactions.Where(reaction => reaction.Emoji.Length > 0).Take(MostPassedOn));
        if (acts.Edits is [.., { Version: > 0 } last]) passed.Edits.Add(last);
        return passed;
    }

    const int MostPassedOn = 100;

    /// <summary>Whether acts that come from elsewhere are whole and within all limits.</summary>
    public static bool AreValid(ActsRow acts)
    {
        if (acts.Reactions.Count > MostReactions || acts.Edits.Count > MostEdits + 1 || acts.Edits.Sum(edit => (long)edit.Text.Length) > FormerBytes) return false;
        for (int at = 0; at < acts.Reactions.Count; at++)
        {
            if (!IsValid(acts.Reactions[at]) || (at > 0 && Compare(acts.Reactions[at - 1].Account, acts.Reactions[at].Account) >= 0)) return false;
        }
        for (int at = 0; at < acts.Edits.Count; at++)
        {
            EditRow edit = acts.Edits[at];
            bool last = at == acts.Edits.Count - 1;
            if (edit.Id.Length != Limits.IdLength || edit.Version > MostEdits || (last && edit.Version == 0) || (at > 0 && acts.Edits[at - 1].Version >= edit.Version)) return false;
            // Where files went without a text, the first version is empty.
            if (last ? edit.Text.Length + edit.Mentions.Count > 0 : !ContentCodec.IsText(edit.Text, 1) || !Mention.AreIn(edit.Text, edit.Mentions)) return false;
        }
        return true;
    }

    static bool IsValid(ReactionRow reaction) => reaction.Account.Length == Limits.IdLength && reaction.Id.Length == Limits.IdLength
        && reaction.Version is >= 1 and <= MostReactionVersions && (reaction.Emoji.Length == 0 || Emoji.IsEmoji(reaction.Emoji));

    static readonly ActsRow Nothing = new();

    static int Compare(ByteString one, ByteString other) => one.Span.SequenceCompareTo(other.Span);

    // The words go from the message into a version …
    static void Give(EditRow version, TextRow text)
    {
        version.Text = text.Text;
        version.Mentions.Clear();
        version.Mentions.AddRange(text.Mentions);
    }

    // … or from a version into the message.
    static void Take(EditRow version, TextRow text)
    {
        text.Text = version.Text;
        text.Mentions.Clear();
        text.Mentions.AddRange(version.Mentions);
        version.Text = "";
        version.Mentions.Clear();
    }

    static void Forget(ActsRow acts, int most)
    {
        int bytes = 0;
        for (int at = acts.Edits.Count - 2; at >= 0; at--)
            if ((bytes += Encoding.UTF8.GetByteCount(acts.Edits[at].Text)) > most) acts.Edits.RemoveAt(at);
    }
}

using Google.Protobuf;
using Kavalek.Client.Archived;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>A text on its way into a batch.</summary>
/// <param name="Thread">Its conversation.</param>
/// <param name="Position">Where it stands here.</param>
/// <param name="Row">The text.</param>
sealed record DueText(ConversationThread Thread, ulong Position, MessageRow Row);

/// <summary>Puts texts into one batch for as long as they fit: what several need is said once.</summary>
/// <param name="people">Who they are, for a device that has never met them; <c>null</c> where that is not told.</param>
/// <param name="limit">Bytes of the encoded batch, at most.</param>
sealed class BatchWriter(Func<Id, ArchivedPerson?>? people, int limit)
{
    // Id, key, handle and name of somebody whom a line names, at most.
    const int PersonBytes = 512;

    readonly Dictionary<Id, uint> _ids = [], _conversations = [];
    int _bytes;

    /// <summary>What was put in so far.</summary>
    public ArchiveBatch Batch { get; } = new();

    /// <summary>Adds a text; false where it does not fit any more.</summary>
    public bool TryAdd(ConversationThread thread, MessageRow row)
    {
        // Names and ids that may come with it, and the lengths before it.
        int needed = row.CalculateSize() + (row.System?.Accounts.Count ?? 0) * PersonBytes + 800 + (2 * ConversationExtension.TitleBytes);
        if (_bytes > 0 && _bytes + needed > limit) return false;
        ArchivedText text = new()
        {
            Conversation = Conversation(thread),
            Account = IndexOf(row.Account, isPerson: true),
            Device = IndexOf(row.Device, isPerson: false),
            Stream = IndexOf(row.Stream.IsEmpty ? Step.Bytes(default) : row.Stream, isPerson: false),
            Seq = row.Seq,
            Id = row.Id,
            Sent = row.Sent,
            Ends = row.Ends,
            PassedBy = row.PassedBy,
            Acts = row.Acts,
            Deletion = row.Deletion,
        };
        if (row.Text is { } body)
        {
            (text.Text, text.ReplyAccount, text.ReplyId) = (body.Text, body.ReplyAccount, body.ReplyId);
            text.Mentions.AddRange(body.Mentions);
            text.Attachments.AddRange(body.Attachments);
        }
        if (row.System is { } line) text.Line = new() { Kind = line.Kind, By = !line.Actor.IsEmpty, Accounts = { line.Accounts.Select(account => IndexOf(account, isPerson: true)) }, Text = line.Text, Offer = line.Offer };
        Batch.Texts.Add(text);
        _bytes += text.CalculateSize() + 6;
        return true;
    }

    /// <summary>Adds a text of another batch; false where it does not fit any more.</summary>
    public bool TryAdd(BatchReader from, ArchivedText text, ArchivedConversation conversation)
    {
        ConversationRow row = new() { Kind = conversation.Kind, Peer = conversation.Peer, Title = conversation.Title };
        int needed = text.CalculateSize() + (text.Line?.Accounts.Count ?? 0) * (Limits.IdLength + 2) + 800 + (2 * ConversationExtension.TitleBytes);
        if (_bytes > 0 && _bytes + needed > limit) return false;
        ArchivedText copy = text.Clone();
        copy.Conversation = Conversation(Id.Read(conversation.Id.Span), row);
        copy.Account = IndexOf(Step.Bytes(from.IdAt(text.Account)), isPerson: false);
        copy.Device = IndexOf(Step.Bytes(from.IdAt(text.Device)), isPerson: false);
        copy.Stream = IndexOf(Step.Bytes(from.IdAt(text.Stream)), isPerson: false);
        if (text.Line is { } line)
        {
            copy.Line.Accounts.Clear();
            copy.Line.Accounts.AddRange(line.Accounts.Select(account => IndexOf(Step.Bytes(from.IdAt(account)), isPerson: false)));
        }
        Batch.Texts.Add(copy);
        _bytes += copy.CalculateSize() + 6;
        return true;
    }

    /// <summary>Adds somebody whom another batch named, once.</summary>
    public void Add(ArchivedPerson person)
    {
        if (Batch.People.Any(known => known.Account.Equals(person.Account))) return;
        Batch.People.Add(person);
        _bytes += person.CalculateSize() + 4;
    }

    uint Conversation(ConversationThread thread) => Conversation(thread.Id, thread.Row);

    uint Conversation(Id id, ConversationRow row)
    {
        if (_conversations.TryGetValue(id, out uint index)) return index;
        ArchivedConversation conversation = new() { Id = Step.Bytes(id), Kind = row.Kind, Peer = row.Peer, Title = row.Title };
        Batch.Conversations.Add(conversation);
        _bytes += conversation.CalculateSize() + 4;
        if (!row.Peer.IsEmpty) IndexOf(row.Peer, isPerson: true);
        return _conversations[id] = (uint)_conversations.Count;
    }

    uint IndexOf(ByteString bytes, bool isPerson)
    {
        Id id = Id.Read(bytes.Span);
        if (_ids.TryGetValue(id, out uint index)) return index;
        Batch.Ids.Add(bytes);
        _bytes += Limits.IdLength + 2;
        if (isPerson && people?.Invoke(id) is { } person) Add(person);
        return _ids[id] = (uint)_ids.Count;
    }
}

/// <summary>Reads a batch that nobody vouches for before it was opened, and that may be of a newer client.</summary>
sealed class BatchReader(ArchiveBatch batch)
{
    /// <summary>The id that an index names; <c>default</c> where there is none.</summary>
    public Id IdAt(uint index) => index < batch.Ids.Count && Id.TryRead(batch.Ids[(int)index].Span, out Id id) ? id : default;

    /// <summary>The conversations with their texts, the newest text first.</summary>
    /// <param name="ownAccount">Whose texts are own ones.</param>
    /// <param name="lines">Whether lines are taken: from own devices they are, from a member who passes something on they are not.</param>
    public IEnumerable<(ArchivedConversation Conversation, IReadOnlyList<MessageRow> Newest)> Conversations(Id ownAccount, bool lines)
    {
        foreach (IGrouping<uint, ArchivedText> group in batch.Texts.GroupBy(text => text.Conversation))
        {
            if (group.Key >= batch.Conversations.Count || batch.Conversations[(int)group.Key] is not { } conversation || conversation.Id.Length != Limits.IdLength
                || !Enum.IsDefined((ConversationKind)conversation.Kind) || conversation.Peer.Length is not (0 or Limits.IdLength)) continue;
            yield return (conversation, [.. group.Reverse().Where(text => text.Line is null ? IsText(text) : lines && IsLine(text)).Select(text => Row(text, ownAccount))]);
        }
    }

    /// <summary>Whether a text may be shown.</summary>
    bool IsText(ArchivedText text) => text.Id.Length == Limits.IdLength && IdAt(text.Account) != default
        && (text.Deletion is { } deletion ? deletion.By.Length == Limits.IdLength : ContentCodec.IsText(text.Text, text.Attachments.Count) && text.Attachments.All(IsAttachment) && Mention.AreIn(text.Text, text.Mentions))
        && text.ReplyAccount.Length is 0 or Limits.IdLength && text.ReplyId.Length == text.ReplyAccount.Length && text.PassedBy.Length is 0 or Limits.IdLength;

    static bool IsAttachment(ByteString encoded) => UntrustedMessage.TryRead(Contents.Attachment.Parser, encoded.Span, out Contents.Attachment? attachment) && Attachment.IsValid(attachment);

    // A kind of a newer client is no line that this one could show.
    bool IsLine(ArchivedText text) => text.Id.Length == Limits.IdLength && Enum.IsDefined((SystemKind)text.Line.Kind) && text.Ends == 0 && text.PassedBy.IsEmpty && text.Deletion is null
        && text.Line.Offer.Length is 0 or Limits.IdLength
        && text.Line.Accounts.All(account => IdAt(account) != default) && (IdAt(text.Account) != default) == text.Line.By;

    MessageRow Row(ArchivedText text, Id ownAccount)
    {
        Id account = IdAt(text.Account), stream = IdAt(text.Stream);
        bool mine = account == ownAccount && text.Line is null;
        MessageRow row = new()
        {
            Id = text.Id,
            Account = Step.Bytes(account),
            Device = Step.Bytes(IdAt(text.Device)),
            Sent = text.Sent,
            Received = text.Sent,
            Mine = mine,
            State = (uint)(mine ? MessageState.Sent : MessageState.Received),
            Ends = text.Ends,
            Stream = stream == default ? ByteString.Empty : Step.Bytes(stream),
            Seq = text.Seq,
            PassedBy = text.PassedBy,
        };
        if (text.Deletion is { } deletion)
        {
            row.Deletion = deletion;
            return row;
        }
        if (text.Line is { } line)
        {
            row.System = new SystemRow
            {
                Kind = line.Kind,
                Actor = line.By ? Step.Bytes(account) : ByteString.Empty,
                Accounts = { line.Accounts.Select(index => Step.Bytes(IdAt(index))) },
                Text = line.Text,
                Offer = line.Offer,
                Shared = true,
            };
            return row;
        }
        row.Text = new TextRow { Text = text.Text, ReplyAccount = text.ReplyAccount, ReplyId = text.ReplyId };
        row.Text.Mentions.AddRange(text.Mentions);
        row.Text.Attachments.AddRange(text.Attachments);
        // Of a newer client, or damaged: what was said counts all the same.
        if (text.Acts is { } acts && Acts.AreValid(acts)) row.Acts = acts;
        return row;
    }
}

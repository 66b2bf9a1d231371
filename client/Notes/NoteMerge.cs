using Google.Protobuf;
using Kavalek.Client.Noted;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Brings two states of an account's notes together, field by field: the later one holds, and of two of one time that with the greater bytes. Whatever the order in
/// which devices merge, and however often, all end with the same (docs/PROTOCOL.md §10.7).
/// </summary>
static class NoteMerge
{
    /// <summary>Whether what another device knew added anything to <paramref name="mine"/>.</summary>
    public static bool Into(Notes mine, Notes theirs)
    {
        byte[] before = mine.ToByteArray();
        Dictionary<Id, ConversationNote> conversations = [];
        foreach (ConversationNote note in mine.Conversations)
            if (Id.TryRead(note.Conversation.Span, out Id id)) conversations[id] = note;
        foreach (ConversationNote note in theirs.Conversations)
        {
            if (!Id.TryRead(note.Conversation.Span, out Id id)) continue;
            if (conversations.TryGetValue(id, out ConversationNote? known)) Into(known, note);
            else mine.Conversations.Add(conversations[id] = note.Clone());
        }
        foreach (DeviceNote note in theirs.Devices)
        {
            DeviceNote? known = mine.Devices.FirstOrDefault(one => one.Device.Equals(note.Device));
            if (known is null) mine.Devices.Add(note.Clone());
            else if (IsLater(note.At, known.At, () => string.CompareOrdinal(note.Name, known.Name))) (known.Name, known.At) = (note.Name, note.At);
        }
        return !mine.ToByteArray().AsSpan().SequenceEqual(before);
    }

    static void Into(ConversationNote mine, ConversationNote theirs)
    {
        if (IsLater(theirs.PinnedAt, mine.PinnedAt, () => theirs.Pinned.CompareTo(mine.Pinned))) (mine.Pinned, mine.PinnedAt) = (theirs.Pinned, theirs.PinnedAt);
        if (IsLater(theirs.ArchivedAt, mine.ArchivedAt, () => Compare(Encoded(theirs.Archived), Encoded(mine.Archived))))
            (mine.Archived, mine.ArchivedAt) = (theirs.Archived?.Clone(), theirs.ArchivedAt);
        if (IsLater(theirs.MutedAt, mine.MutedAt, () => theirs.MutedUntil.CompareTo(mine.MutedUntil))) (mine.MutedUntil, mine.MutedAt) = (theirs.MutedUntil, theirs.MutedAt);
        if (IsLater(theirs.UnreadAt, mine.UnreadAt, () => theirs.Unread.CompareTo(mine.Unread))) (mine.Unread, mine.UnreadAt) = (theirs.Unread, theirs.UnreadAt);
        if (IsLater(theirs.ReadAt, mine.ReadAt, () => Compare([.. theirs.ReadAccount, .. theirs.ReadId], [.. mine.ReadAccount, .. mine.ReadId])))
            (mine.ReadAccount, mine.ReadId, mine.ReadAt) = (theirs.ReadAccount, theirs.ReadId, theirs.ReadAt);
    }

    static bool IsLater(ulong theirs, ulong mine, Func<int> compare) => theirs > mine || (theirs == mine && theirs > 0 && compare() > 0);

    // One that says nothing is not the same as none.
    static byte[] Encoded(ArchivedNote? note) => note is null ? [] : [1, .. note.ToByteArray()];

    static int Compare(byte[] one, byte[] other) => one.AsSpan().SequenceCompareTo(other);
}

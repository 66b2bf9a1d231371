using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Names a message in its conversation: the sender's account and the content id it chose.</summary>
public readonly record struct MessageId(Id Account, Id Content);

/// <summary>Where a message stands in its conversation on this device; grows with every message.</summary>
public readonly record struct MessagePosition(ulong Value) : IComparable<MessagePosition>
{
    /// <inheritdoc/>
    public int CompareTo(MessagePosition other) => Value.CompareTo(other.Value);

    /// <summary>Whether the first stands before the second.</summary>
    public static bool operator <(MessagePosition left, MessagePosition right) => left.Value < right.Value;
    /// <summary>Whether the first stands behind the second.</summary>
    public static bool operator >(MessagePosition left, MessagePosition right) => left.Value > right.Value;
    /// <summary>Whether the first does not stand behind the second.</summary>
    public static bool operator <=(MessagePosition left, MessagePosition right) => left.Value <= right.Value;
    /// <summary>Whether the first does not stand before the second.</summary>
    public static bool operator >=(MessagePosition left, MessagePosition right) => left.Value >= right.Value;
}

/// <summary>How far an own message got.</summary>
public enum MessageState
{
    /// <summary>Received from somebody else.</summary>
    Received,
    /// <summary>Stored here; it goes out as soon as there is a connection.</summary>
    Queued,
    /// <summary>The server has stored it.</summary>
    Sent,
    /// <summary>It is on a device of every other account.</summary>
    Delivered,
    /// <summary>Every other account has read it.</summary>
    Read,
    /// <summary>It was not sent and will not be on its own; <see cref="Message.Failure"/> says why.</summary>
    Failed,
}

/// <summary>A message of a conversation.</summary>
/// <param name="Id">Its name in the conversation.</param>
/// <param name="Conversation">The conversation.</param>
/// <param name="Sender">The account that sent it, from authenticated data.</param>
/// <param name="SenderDevice">The device that sent it.</param>
/// <param name="IsMine">Whether the own account sent it.</param>
/// <param name="SentAt">The sender's clock.</param>
/// <param name="Body">What it says.</param>
/// <param name="State">How far it got.</param>
/// <param name="Position">Where it stands.</param>
public sealed record Message(
    MessageId Id, Id Conversation, Id Sender, Id SenderDevice, bool IsMine, DateTimeOffset SentAt,
    MessageBody Body, MessageState State, MessagePosition Position)
{
    /// <summary>Why it failed; <c>null</c> unless it did.</summary>
    public string? Failure { get; init; }

    /// <summary>When it goes, everywhere; <c>null</c> where it stays.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>The account that passed it on to this one: who wrote it, and what, is that account's word alone. <c>null</c> for what came from its sender.</summary>
    public Id? PassedOnBy { get; init; }

    /// <summary>Of an own message: the accounts on whose devices it is.</summary>
    public IReadOnlyList<Id> DeliveredTo { get; init; } = [];

    /// <summary>Of an own message: the accounts that read it.</summary>
    public IReadOnlyList<Id> ReadBy { get; init; } = [];

    /// <summary>What accounts think of it, one each.</summary>
    public IReadOnlyList<Reaction> Reactions { get; init; } = [];

    /// <summary>When its writer last changed its words, by the writer's clock; <c>null</c> where they are the first.</summary>
    public DateTimeOffset? EditedAt { get; init; }

    /// <summary>What it said before, oldest first. Very long ones may be missing.</summary>
    public IReadOnlyList<MessageVersion> FormerVersions { get; init; } = [];

    /// <summary>Whether it names the own account.</summary>
    public bool MentionsMe { get; init; }

    /// <summary>Whether this device can show to others who signed it.</summary>
    public bool IsProven { get; init; }
}

/// <summary>What an account thinks of a message.</summary>
/// <param name="Account">Who.</param>
/// <param name="Emoji">One emoji.</param>
public sealed record Reaction(Id Account, string Emoji);

/// <summary>What a message said before it was edited.</summary>
/// <param name="SentAt">The writer's clock.</param>
/// <param name="Text">The words.</param>
/// <param name="Mentions">Whom they named.</param>
public sealed record MessageVersion(DateTimeOffset SentAt, string Text, IReadOnlyList<Mention> Mentions);

/// <summary>What a message says.</summary>
public abstract record MessageBody;

/// <summary>Text, and files with it.</summary>
/// <param name="Text">At most 65,536 bytes of UTF-8; text, never mark-up. Empty only where there are attachments.</param>
/// <param name="ReplyTo">What it answers.</param>
public sealed record TextBody(string Text, MessageId? ReplyTo = null) : MessageBody
{
    /// <summary>The parts of the text that stand for somebody, in their order.</summary>
    public IReadOnlyList<Mention> Mentions { get; init; } = [];

    /// <summary>The files, at most <see cref="Attachment.Most"/>.</summary>
    public IReadOnlyList<Attachment> Attachments { get; init; } = [];
}

/// <summary>What it said was taken back, for everybody.</summary>
/// <param name="By">Who took it back: its writer, or somebody whose role allows it.</param>
public sealed record DeletedBody(Id By) : MessageBody;

/// <summary>What a line about the conversation tells.</summary>
public enum SystemKind
{
    /// <summary>The conversation was created.</summary>
    Created,
    /// <summary>Accounts were added.</summary>
    Joined,
    /// <summary>An account left.</summary>
    Left,
    /// <summary>Accounts were removed.</summary>
    Removed,
    /// <summary>The title changed.</summary>
    Renamed,
    /// <summary>The role of an account changed.</summary>
    RoleChanged,
    /// <summary>A device of an account was added.</summary>
    DeviceAdded,
    /// <summary>A device of an account was removed.</summary>
    DeviceRemoved,
    /// <summary>The account key of a person changed; the own one, by another own device, where <see cref="SystemBody.By"/> is the own account, too.</summary>
    KeyChanged,
    /// <summary>A request was accepted.</summary>
    Accepted,
    /// <summary>Messages are missing.</summary>
    MessagesMissing,
    /// <summary>How long messages live was set.</summary>
    TimerChanged,
    /// <summary>Somebody no longer sees the same conversation; <see cref="SystemBody.By"/> made the change at which the two parted, where one side could not follow it.</summary>
    Apart,
    /// <summary>The conversation was started afresh; <see cref="SystemBody.Accounts"/> were left out.</summary>
    StartedAfresh,
    /// <summary>A member passes on to accounts what was said before.</summary>
    HistoryShared,
}

/// <summary>A line about the conversation, made by this device from what it verified.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="By">Who did it, where somebody did.</param>
/// <param name="Accounts">Whom it concerns.</param>
/// <param name="Text">The new title or role, how many messages are missing, how many seconds messages live (0: they stay), or what is passed on (“last 50”, “since 1790000000”, in seconds since 1970).</param>
public sealed record SystemBody(SystemKind Kind, Id? By, IReadOnlyList<Id> Accounts, string? Text = null) : MessageBody;

using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>The kind of a conversation; it never changes.</summary>
public enum ConversationKind
{
    /// <summary>Two accounts.</summary>
    Direct = 1,
    /// <summary>Any number of accounts, with a title and roles.</summary>
    Group = 2,
}

/// <summary>What an account may do in a group (docs/PROTOCOL.md §7.2).</summary>
public enum Role
{
    /// <summary>Reads and writes.</summary>
    Member = 1,
    /// <summary>Also adds and removes members, and sets the title.</summary>
    Admin = 2,
    /// <summary>Also sets roles and removes anyone.</summary>
    Owner = 3,
}

/// <summary>Where the own account stands in a conversation.</summary>
public enum ConversationState
{
    /// <summary>Somebody asks to talk; undecided, and nothing is sent.</summary>
    Request,
    /// <summary>In use.</summary>
    Active,
    /// <summary>Left.</summary>
    Left,
    /// <summary>Removed by somebody.</summary>
    Removed,
    /// <summary>The request was declined.</summary>
    Declined,
}

/// <summary>A change of a member that is asked for but not agreed on yet.</summary>
public enum PendingChange
{
    /// <summary>None.</summary>
    None,
    /// <summary>Being added.</summary>
    Joining,
    /// <summary>Being removed; until it is done, they read along.</summary>
    Removing,
}

/// <summary>A member of a conversation, from its MLS tree alone.</summary>
/// <param name="Contact">Who it is.</param>
/// <param name="Role">What they may do.</param>
/// <param name="Devices">With how many devices.</param>
/// <param name="IsMe">Whether it is the own account.</param>
/// <param name="Pending">What is under way.</param>
public sealed record Member(Contact Contact, Role Role, int Devices, bool IsMe, PendingChange Pending = PendingChange.None);

/// <summary>Why nothing can be sent.</summary>
/// <param name="Code">A code of <see cref="ClientErrors"/>.</param>
/// <param name="Reason">For a person: why, and what to do.</param>
public sealed record SendBlock(string Code, string Reason);

/// <summary>A conversation: a live view, safe to keep. Changes come as <see cref="ConversationChanged"/>.</summary>
public sealed class Conversation
{
    internal Conversation(Id id) => Id = id;

    /// <summary>The id of its MLS group.</summary>
    public Id Id { get; }

    /// <summary>Two people or a group.</summary>
    public ConversationKind Kind => throw new NotImplementedException();

    /// <summary>The title; of a direct conversation, the other person's name.</summary>
    public string Title => throw new NotImplementedException();

    /// <summary>The other person of a direct conversation.</summary>
    public Contact? Peer => throw new NotImplementedException();

    /// <summary>Where the own account stands.</summary>
    public ConversationState State => throw new NotImplementedException();

    /// <summary>Who is in it, from the MLS tree alone.</summary>
    public IReadOnlyList<Member> Members => throw new NotImplementedException();

    /// <summary>The own role.</summary>
    public Role MyRole => throw new NotImplementedException();

    /// <summary>How many messages are unread.</summary>
    public int Unread => throw new NotImplementedException();

    /// <summary>The newest message.</summary>
    public Message? Last => throw new NotImplementedException();

    /// <summary>Why nothing can be sent; <c>null</c> where it can.</summary>
    public SendBlock? CannotSend => throw new NotImplementedException();

    /// <summary>The newest messages before <paramref name="before"/>, oldest first.</summary>
    public Task<IReadOnlyList<Message>> MessagesAsync(int limit, MessagePosition? before = null, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Stores a text and queues it; it is safe when this returns. Its state changes by events.</summary>
    /// <exception cref="KavalekException">Nothing can be sent here now; the text was not stored.</exception>
    public Task<Message> SendAsync(string text, MessageId? replyTo = null, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Marks everything up to <paramref name="upTo"/> as read, and tells the others.</summary>
    public Task MarkReadAsync(MessageId upTo, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Accepts a request.</summary>
    public Task AcceptAsync(CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Declines a request without a word to its sender.</summary>
    public Task DeclineAsync(bool block, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Adds accounts to a group. Completes when the group has agreed.</summary>
    public Task AddAsync(IReadOnlyList<Id> accounts, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Removes an account from a group. Completes when the group has agreed.</summary>
    public Task RemoveAsync(Id account, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Leaves.</summary>
    public Task LeaveAsync(CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Sets the title of a group. Completes when the group has agreed.</summary>
    public Task RenameAsync(string title, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Sets the role of a member. Completes when the group has agreed.</summary>
    public Task SetRoleAsync(Id account, Role role, CancellationToken cancel = default) => throw new NotImplementedException();
}

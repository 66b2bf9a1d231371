using System.Globalization;
using System.Text.Json;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.Output;

/// <summary>The SDK's records in words for a person, and as the JSON of docs/CLI.md.</summary>
static class Describe
{
    /// <summary>How far the key of a person is known to be theirs.</summary>
    public static string Trust(Contact contact) => (contact.IsBlocked ? "blocked, " : "") + contact.Trust switch
    {
        Client.Trust.Verified => "verified",
        Client.Trust.Changed => "KEY CHANGED",
        Client.Trust.VerifiedChanged => "VERIFIED KEY CHANGED",
        _ => "not verified",
    };

    /// <summary>How far an own message got, with its sign.</summary>
    public static string State(Message message) => message.State switch
    {
        MessageState.Queued => "⧗ queued",
        MessageState.Sent => "✓ sent",
        MessageState.Delivered => "✓✓ delivered",
        MessageState.Read => "✓✓ read",
        MessageState.Failed => "✗ not sent",
        _ => "",
    };

    /// <summary>Where the own account stands in a conversation.</summary>
    public static string State(Conversation conversation) => conversation.State switch
    {
        ConversationState.Request => "request: accept or decline",
        ConversationState.Left => "left",
        ConversationState.Removed => "you were removed",
        ConversationState.Declined => "declined",
        ConversationState.Restored => "from the archive: to read only",
        _ => "",
    };

    /// <summary>The word for a role.</summary>
    public static string Role(Role role) => Lower(role);

    /// <summary>How a conversation is named on the command line.</summary>
    public static string Target(Conversation conversation) => conversation.Peer is Contact peer ? CommandLine.Targets.Handle(peer) : conversation.Title;

    /// <summary>A line about the conversation.</summary>
    public static string System(SystemBody body, Func<Id, string> name)
    {
        string by = body.By is Id who ? name(who) : "Somebody";
        string whom = string.Join(", ", body.Accounts.Select(name));
        return body.Kind switch
        {
            SystemKind.Created => $"{by} began this conversation",
            SystemKind.Joined => body.By is null || body.Accounts is [Id self] && self == body.By ? $"{whom} joined" : $"{by} added {whom}",
            SystemKind.Left => $"{(whom.Length > 0 ? whom : by)} left",
            SystemKind.Removed => $"{by} removed {whom}",
            SystemKind.Renamed => $"{by} named it “{body.Text}”",
            SystemKind.RoleChanged => $"{by} made {whom} {body.Text}",
            SystemKind.DeviceAdded => $"{whom} added a device",
            SystemKind.DeviceRemoved => $"{whom} removed a device",
            SystemKind.KeyChanged when body.By is Id own && body.Accounts is [Id same] && same == own => "Your account has a new key, because a device was removed as lost",
            SystemKind.KeyChanged => $"The key of {whom} changed: a new device without recovery, or somebody in between. Compare numbers: kavalek verify",
            SystemKind.Accepted => $"{(whom.Length > 0 ? whom : by)} accepted the request",
            SystemKind.StartedAfresh => whom.Length > 0 ? $"{by} started this conversation afresh without {whom}" : $"{by} started this conversation afresh",
            SystemKind.Apart => body.By is null ? $"{whom} and you were shown different conversations. Nothing is sent until you start it afresh or go on without them: kavalek afresh, kavalek go-on"
                : $"{whom} and you parted at a change that {by} made. Nothing is sent until you start it afresh or go on without them: kavalek afresh, kavalek go-on",
            SystemKind.MessagesMissing => $"{body.Text ?? "Some"} messages are missing here",
            SystemKind.HistoryShared => $"{by} {(by == "you" ? "show" : "shows")} {whom} {Shared(body.Text)}",
            SystemKind.TimerChanged => body.Text is "0" or null ? $"{by} set messages to stay" : $"{by} set messages to end {CommandLine.Duration.Words(body.Text)} after they were sent",
            _ => body.Kind.ToString(),
        };
    }

    // “last 50” or “since 1790000000”.
    static string Shared(string? what) => what?.Split(' ') switch
    {
        ["last", string count] => $"the last {count} messages",
        ["since", string seconds] when long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out long at) && at < 253402300799 =>
            $"the messages since {DateTimeOffset.FromUnixTimeSeconds(at).ToLocalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}",
        _ => "earlier messages",
    };

    /// <summary>The name of an account within a conversation: “you” for the own one.</summary>
    public static string Name(KavalekClient client, Id account) => account == client.Me.Id ? "you"
        : client.Contact(account)?.Name ?? account.ToString()[..8];

    /// <summary>A message's id as one word: account and content id.</summary>
    public static string Id(MessageId id) => $"{id.Account}.{id.Content}";

    /// <summary>Reads <see cref="Id(MessageId)"/>.</summary>
    public static MessageId? ParseId(string text) => text.Split('.') is [string account, string content]
        && Protocol.Id.TryParse(account, out Id from) && Protocol.Id.TryParse(content, out Id named) ? new MessageId(from, named) : null;

    /// <summary>Members of a contact's object.</summary>
    public static void Contact(Utf8JsonWriter o, Contact contact)
    {
        o.WriteString("account", contact.Account.ToString());
        o.WriteString("handle", contact.Handle);
        o.WriteString("name", contact.DisplayName);
        o.WriteString("trust", Trust(contact.Trust));
        o.WriteBoolean("blocked", contact.IsBlocked);
    }

    /// <summary>Members of a conversation's object.</summary>
    public static void Conversation(Utf8JsonWriter o, Conversation conversation)
    {
        o.WriteString("conversation", conversation.Id.ToString());
        o.WriteString("kind", Lower(conversation.Kind));
        o.WriteString("title", conversation.Title);
        if (conversation.Peer is Contact peer)
            o.WriteString("handle", peer.Handle);
        o.WriteString("state", Lower(conversation.State));
        o.WriteString("role", Lower(conversation.MyRole));
        o.WriteNumber("members", conversation.Members.Count);
        o.WriteNumber("unread", conversation.Unread);
        if (conversation.UnreadMentions > 0)
            o.WriteNumber("unreadMentions", conversation.UnreadMentions);
        o.WriteBoolean("pinned", conversation.PinnedAt is not null);
        o.WriteBoolean("archived", conversation.IsArchived);
        o.WriteBoolean("muted", conversation.MutedUntil is not null);
        o.WriteBoolean("markedUnread", conversation.IsMarkedUnread);
        if (conversation.CannotSend is SendBlock block)
            o.WriteString("cannotSend", block.Code);
        if (conversation.Timer is TimeSpan timer)
            o.WriteNumber("timer", (long)timer.TotalSeconds);
    }

    /// <summary>Members of the archive's object.</summary>
    public static void History(Utf8JsonWriter o, HistoryStatus status)
    {
        o.WriteBoolean("on", status.IsOn);
        o.WriteNumber("segments", status.Segments);
        o.WriteNumber("unread", status.Unread);
        o.WriteNumber("restored", status.Restored);
        o.WriteNumber("waiting", status.Waiting);
        o.WriteNumber("bytes", status.Bytes);
        o.WriteNumber("quota", status.Quota);
        if (status.Problem is not null)
            o.WriteString("problem", status.Problem);
    }

    /// <summary>Members of a message's object.</summary>
    public static void Message(Utf8JsonWriter o, Message message, KavalekClient client)
    {
        o.WriteString("conversation", message.Conversation.ToString());
        Conversation? conversation = client.Conversation(message.Conversation);
        if (conversation is not null)
        {
            o.WriteString("kind", Lower(conversation.Kind));
            o.WriteString("title", conversation.Title);
        }
        o.WriteString("id", Id(message.Id));
        o.WriteNumber("position", message.Position.Value);
        o.WriteStartObject("from");
        o.WriteString("account", message.Sender.ToString());
        if (message.IsMine)
        {
            o.WriteString("handle", client.Me.Handle);
            o.WriteString("name", client.Me.DisplayName);
        }
        else if (client.Contact(message.Sender) is Contact sender)
        {
            o.WriteString("handle", sender.Handle);
            o.WriteString("name", sender.DisplayName);
            o.WriteString("trust", Trust(sender.Trust));
        }
        o.WriteEndObject();
        o.WriteBoolean("mine", message.IsMine);
        o.WriteString("sentAt", Time(message.SentAt));
        o.WriteString("state", Lower(message.State));
        if (message.EndsAt is DateTimeOffset ends)
            o.WriteString("endsAt", Time(ends));
        if (message.PassedOnBy is Id passed)
            o.WriteString("passedOnBy", passed.ToString());
        switch (message.Body)
        {
            case TextBody text:
                o.WriteString("text", text.Text);
                if (text.ReplyTo is MessageId answered)
                    o.WriteString("replyTo", Id(answered));
                if (text.Attachments.Count > 0)
                {
                    o.WriteStartArray("attachments");
                    foreach (Attachment attachment in text.Attachments)
                    {
                        o.WriteStartObject();
                        Attachment(o, attachment);
                        o.WriteEndObject();
                    }
                    o.WriteEndArray();
                }
                break;
            case SystemBody system:
                o.WriteString("what", Lower(system.Kind));
                if (system.By is Id by)
                    o.WriteString("by", by.ToString());
                o.WriteStartArray("accounts");
                foreach (Id account in system.Accounts)
                    o.WriteStringValue(account.ToString());
                o.WriteEndArray();
                if (system.Text is not null)
                    o.WriteString("text", system.Text);
                break;
        }
        ActWords.Write(o, message);
        if (message.Failure is not null)
            o.WriteString("failure", message.Failure);
    }

    /// <summary>Members of a file's object.</summary>
    public static void Attachment(Utf8JsonWriter o, Attachment attachment)
    {
        o.WriteString("file", attachment.Id.ToString());
        o.WriteString("name", attachment.Name);
        o.WriteString("type", attachment.Type);
        o.WriteNumber("size", attachment.Size);
        if (attachment.Width > 0)
            o.WriteNumber("width", attachment.Width);
        if (attachment.Height > 0)
            o.WriteNumber("height", attachment.Height);
        if (attachment.Length != default)
            o.WriteNumber("milliseconds", (long)attachment.Length.TotalMilliseconds);
        if (attachment.IsVoice)
            o.WriteBoolean("voice", true);
    }

    /// <summary>A time of the form 2026-11-22T14:02:03Z.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The JSON word of a trust.</summary>
    public static string Trust(Trust trust) => Lower(trust);

    /// <summary>The name of an enumeration's value in camelCase.</summary>
    public static string Lower<T>(T value) where T : struct, Enum
    {
        string name = Enum.GetName(value) ?? "unknown";
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}

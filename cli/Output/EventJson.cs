using System.Text.Json;
using Kavalek.Client;

namespace Kavalek.Cli.Output;

/// <summary>The SDK's events as the JSON lines of <c>kavalek listen --json</c> (docs/CLI.md, "Events").</summary>
static class EventJson
{
    /// <summary>The line of one event.</summary>
    public static string Line(ClientEvent item, KavalekClient client) => JsonLine.Object(o => Write(o, item, client));

    /// <summary>The first line of every run.</summary>
    public static string Ready(KavalekClient client) => JsonLine.Object(o =>
    {
        o.WriteString("event", "ready");
        o.WriteString("account", client.Me.Id.ToString());
        o.WriteString("handle", client.Me.Handle);
        o.WriteString("device", client.Me.Device.ToString());
    });

    static void Write(Utf8JsonWriter o, ClientEvent item, KavalekClient client)
    {
        switch (item)
        {
            case MessageAdded added:
                Added(o, added.Message, client);
                break;
            case MessageChanged changed:
                Changed(o, changed.Message);
                break;
            case HistoryChanged history:
                o.WriteString("event", "history");
                Describe.History(o, history.Status);
                break;
            case HistoryRestored restored:
                o.WriteString("event", "restored");
                o.WriteString("conversation", restored.Conversation.Id.ToString());
                break;
            case MessageRemoved removed:
                o.WriteString("event", "removed");
                o.WriteString("conversation", removed.Conversation.ToString());
                o.WriteString("id", Describe.Id(removed.Message));
                break;
            case AttachmentProgressed file:
                o.WriteString("event", "transfer");
                o.WriteString("conversation", file.Conversation.ToString());
                o.WriteString("id", Describe.Id(file.Message));
                o.WriteString("file", file.Attachment.ToString());
                o.WriteString("state", Describe.Lower(file.State));
                o.WriteNumber("done", file.Done);
                o.WriteNumber("total", file.Total);
                break;
            case RequestReceived request:
                o.WriteString("event", "request");
                Describe.Conversation(o, request.Conversation);
                break;
            case ConversationChanged changed:
                o.WriteString("event", "conversation");
                Describe.Conversation(o, changed.Conversation);
                break;
            case KeyChanged changed:
                o.WriteString("event", "key-changed");
                Describe.Contact(o, changed.Contact);
                break;
            case ContactChanged changed:
                o.WriteString("event", "contact");
                Describe.Contact(o, changed.Contact);
                break;
            case DevicesChanged devices:
                Devices(o, devices);
                break;
            case ConnectionChanged connection:
                o.WriteString("event", "connection");
                o.WriteString("state", Describe.Lower(connection.State));
                if (connection.Reason is KavalekException reason)
                {
                    o.WriteString("code", reason.Code);
                    o.WriteString("text", reason.Message);
                }
                break;
            case SessionEnded ended:
                o.WriteString("event", "session-ended");
                o.WriteString("code", ended.Reason.Code);
                o.WriteString("text", ended.Reason.Message);
                break;
            case PolicyChanged policy:
                o.WriteString("event", "policy");
                o.WriteNumber("number", policy.Policy.Number);
                break;
            case AuditLogBroken broken:
                o.WriteString("event", "audit-broken");
                o.WriteNumber("seen", broken.Break.Number);
                o.WriteNumber("head", broken.Break.Head);
                break;
            case Notice notice:
                o.WriteString("event", "notice");
                o.WriteString("text", notice.Text);
                break;
            default:
                o.WriteString("event", "other");
                break;
        }
    }

    /// <summary>A message's line: <c>message</c> for texts, <c>system</c> for lines about the conversation.</summary>
    public static void Added(Utf8JsonWriter o, Message message, KavalekClient client)
    {
        o.WriteString("event", message.Body is SystemBody ? "system" : "message");
        Describe.Message(o, message, client);
    }

    static void Changed(Utf8JsonWriter o, Message message)
    {
        o.WriteString("event", "state");
        o.WriteString("conversation", message.Conversation.ToString());
        o.WriteString("id", Describe.Id(message.Id));
        o.WriteString("state", Describe.Lower(message.State));
        Ids(o, "deliveredTo", message.DeliveredTo);
        Ids(o, "readBy", message.ReadBy);
        if (message is { Body: TextBody text, EditedAt: not null })
            o.WriteString("text", text.Text);
        ActWords.Write(o, message);
        if (message.Failure is not null)
            o.WriteString("failure", message.Failure);
    }

    static void Devices(Utf8JsonWriter o, DevicesChanged devices)
    {
        o.WriteString("event", "devices");
        Ids(o, "devices", devices.Devices.Select(d => d.Id));
        Ids(o, "added", devices.Added);
        Ids(o, "removed", devices.Removed);
    }

    static void Ids(Utf8JsonWriter o, string name, IEnumerable<Protocol.Id> ids)
    {
        o.WriteStartArray(name);
        foreach (Protocol.Id id in ids)
            o.WriteStringValue(id.ToString());
        o.WriteEndArray();
    }
}

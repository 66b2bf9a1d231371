using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>Something a person may want to see. What it shows is stored already.</summary>
public abstract record ClientEvent;

/// <summary>How the client is connected.</summary>
public enum ConnectionState
{
    /// <summary>Not connected, and not trying.</summary>
    Offline,
    /// <summary>Trying to connect, now or after a pause.</summary>
    Connecting,
    /// <summary>Connected; what happened meanwhile is being fetched.</summary>
    Syncing,
    /// <summary>Connected and up to date.</summary>
    Online,
}

/// <summary>The connection changed.</summary>
/// <param name="State">The new state.</param>
/// <param name="Reason">Why it is not connected, where that is known: also that nothing could be done with what the server said, or with what came of it here.</param>
public sealed record ConnectionChanged(ConnectionState State, KavalekException? Reason = null) : ClientEvent;

/// <summary>A message came, was sent here, or a line about the conversation.</summary>
public sealed record MessageAdded(Message Message) : ClientEvent;

/// <summary>A message changed: it was sent, delivered, read, or failed.</summary>
public sealed record MessageChanged(Message Message) : ClientEvent;

/// <summary>A message is gone, here and wherever else it was: its time was over.</summary>
/// <param name="Conversation">Where it was.</param>
/// <param name="Message">Its name there.</param>
public sealed record MessageRemoved(Id Conversation, MessageId Message) : ClientEvent;

/// <summary>Title, members, roles, state or unread count of a conversation changed, or it is new.</summary>
public sealed record ConversationChanged(Conversation Conversation) : ClientEvent;

/// <summary>Somebody asks to talk; nothing is sent to them before it is accepted.</summary>
public sealed record RequestReceived(Conversation Conversation) : ClientEvent;

/// <summary>Name, trust or blocking of a person changed.</summary>
public sealed record ContactChanged(Contact Contact) : ClientEvent;

/// <summary>A person's account key is not the one seen before: a new phone without recovery, or somebody in between.</summary>
/// <param name="Contact">The person, with the safety number of the new key.</param>
public sealed record KeyChanged(Contact Contact) : ClientEvent;

/// <summary>The own devices changed.</summary>
/// <param name="Devices">All of them.</param>
/// <param name="Added">Those that are new.</param>
/// <param name="Removed">Those that are gone.</param>
public sealed record DevicesChanged(IReadOnlyList<Device> Devices, IReadOnlyList<Id> Added, IReadOnlyList<Id> Removed) : ClientEvent;

/// <summary>Another device of the account said what it is called, or is called something else (<see cref="KavalekClient.DevicesAsync"/>).</summary>
public sealed record DeviceNamesChanged : ClientEvent;

/// <summary>The session is over: log in again with the password, or the device was removed.</summary>
/// <param name="Reason">What happened and what to do.</param>
public sealed record SessionEnded(KavalekException Reason) : ClientEvent;

/// <summary>Nobody used the client for as long as <see cref="KavalekClient.AutoLock"/> says: it is closing, and all keys go.</summary>
public sealed record Locked : ClientEvent;

/// <summary>Whoever runs the instance put another policy in force; this client keeps to it from now on (<see cref="KavalekClient.Policy"/>).</summary>
/// <param name="Policy">The new one.</param>
public sealed record PolicyChanged(InstancePolicy Policy) : ClientEvent;

/// <summary>The instance's audit log is not what this device saw of it before (<see cref="KavalekClient.AuditAsync"/>).</summary>
/// <param name="Break">What is missing or another.</param>
public sealed record AuditLogBroken(AuditBreak Break) : ClientEvent;

/// <summary>One calm line about something that needs no answer.</summary>
/// <param name="Text">For a person, in English.</param>
public sealed record Notice(string Text) : ClientEvent;

namespace Kavalek.Protocol;

/// <summary>News on the <see cref="IEventBus"/>: ids, numbers and bytes only, so that it can cross to another node.</summary>
public abstract record BusEvent;

/// <summary>A session ended: log-out, reuse of a refresh token, password change. Its sockets close and its access tokens are refused.</summary>
/// <param name="Account">Whose.</param>
/// <param name="Device">The device that the session belongs to.</param>
/// <param name="Session">The session, as in the token's <c>ses</c>.</param>
public sealed record SessionEnded(Id Account, Id Device, Id Session) : BusEvent;

/// <summary>A device was removed from its account for good. Its sockets close; its subscriptions and its inbox are deleted.</summary>
/// <param name="Account">Whose.</param>
/// <param name="Device">The removed device.</param>
public sealed record DeviceRemoved(Id Account, Id Device) : BusEvent;

/// <summary>What was revoked before this start, told again: the end of a process may have come between the revocation and its news.</summary>
/// <param name="Devices">Every device that was ever removed.</param>
/// <param name="Sessions">Sessions that ended before their access tokens did.</param>
public sealed record Revoked(Id[] Devices, Id[] Sessions) : BusEvent;

/// <summary>An account's device list changed: each of its certified devices finds a notice in its inbox.</summary>
/// <param name="Account">Whose.</param>
/// <param name="Devices">The account's certified devices after the change.</param>
public sealed record DevicesChanged(Id Account, Id[] Devices) : BusEvent
{
    /// <summary>Names this piece of news: however many nodes hear it, each device gets one notice of it.</summary>
    public Id News { get; init; } = Id.New();
}

/// <summary>News of streams may have been missed: a connection was gone, or a commit's answer. What is new is looked for in the database.</summary>
public sealed record EventsMissed : BusEvent;

/// <summary>
/// An account was deleted, or begun afresh with a new key: what is kept for the account itself goes. A <see cref="DeviceRemoved"/> for each of its
/// former devices comes before.
/// </summary>
/// <param name="Account">Which.</param>
/// <param name="Number">
/// The number of the device list with which it was begun afresh, so that the same news, heard again later, leaves alone what was kept since;
/// <see cref="ForGood"/> where it is gone.
/// </param>
public sealed record AccountClosed(Id Account, ulong Number = AccountClosed.ForGood) : BusEvent
{
    /// <summary>After every number.</summary>
    public const ulong ForGood = ulong.MaxValue;
}

/// <summary>A device of the account put new notes: its others that are connected find a notice in their inboxes.</summary>
/// <param name="Account">Whose.</param>
/// <param name="By">The device.</param>
public sealed record NotesChanged(Id Account, Id By) : BusEvent;

/// <summary>An account's rank changed: tokens of the dashboard that it got before count no more.</summary>
/// <param name="Account">Whose.</param>
public sealed record RankChanged(Id Account) : BusEvent;

/// <summary>What the delivery service keeps to of the instance's policy.</summary>
/// <param name="RetentionDays">Days that an undelivered entry is kept, at most.</param>
/// <param name="AttachmentBytes">Largest attachment; 0 for none.</param>
/// <param name="AttachmentQuota">Bytes of attachments of one account.</param>
public sealed record PolicyChanged(int RetentionDays, long AttachmentBytes, long AttachmentQuota) : BusEvent;

/// <summary>
/// Whether a device is to be woken, where, or whether it may be woken again, changed: the database says how it stands.
/// </summary>
/// <param name="Device">The device.</param>
public sealed record PushChanged(Id Device) : BusEvent;

/// <summary>Attachments of long ago go, as somebody who runs the instance decided. Heard again later it takes nothing that came since.</summary>
/// <param name="Account">Whose; <c>null</c> for everybody's.</param>
/// <param name="Before">Those that were whole by then, seconds since 1970.</param>
public sealed record StoragePurged(Id? Account, long Before) : BusEvent;

/// <summary>A commit added devices to a stream.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Devices">The added devices.</param>
public sealed record DevicesSubscribed(StreamName Stream, Id[] Devices) : BusEvent;

/// <summary>News about one stream.</summary>
/// <param name="Stream">The stream.</param>
public abstract record StreamEvent(StreamName Stream) : BusEvent;

/// <summary>Entries were stored.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="First">The <c>seq</c> of the first of them.</param>
/// <param name="Last">The <c>seq</c> of the last of them; none is missing between.</param>
/// <param name="Entries">The field <c>entries</c> of a <c>Deliver</c> frame, once for each entry.</param>
/// <param name="Removed">Devices that read up to <paramref name="Last"/> and nothing after it.</param>
public sealed record EntriesAppended(StreamName Stream, ulong First, ulong Last, byte[] Entries, Id[] Removed) : StreamEvent(Stream);

/// <summary>A device left a stream and receives nothing more of it.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Device">The device.</param>
public sealed record DeviceUnsubscribed(StreamName Stream, Id Device) : StreamEvent(Stream);

/// <summary>Something fleeting for the devices that are connected now.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Sender">The device that sent it, which does not get it back.</param>
/// <param name="Payload">At most <see cref="Limits.EphemeralBytes"/>.</param>
public sealed record EphemeralSent(StreamName Stream, Id Sender, byte[] Payload) : StreamEvent(Stream);

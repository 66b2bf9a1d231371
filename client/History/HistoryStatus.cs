namespace Kavalek.Client;

/// <summary>How the account's history archive stands, as this device knows it.</summary>
/// <param name="IsOn">Whether the account keeps one.</param>
/// <param name="Segments">How many segments it has.</param>
/// <param name="Unread">How many of them this device has still to read.</param>
/// <param name="Restored">Messages that came to this device from it.</param>
/// <param name="Waiting">Messages of this device that are not in it yet.</param>
/// <param name="Bytes">What it takes on the server.</param>
/// <param name="Quota">What it may take; 0 while that is not known.</param>
public sealed record HistoryStatus(bool IsOn, ulong Segments, ulong Unread, ulong Restored, int Waiting, ulong Bytes, ulong Quota)
{
    /// <summary>Whether everything that the archive has is on this device.</summary>
    public bool IsComplete => Unread == 0;

    /// <summary>What the person was told about it last: the server lost, changed or held back some of it, or it is full. <c>null</c> for nothing.</summary>
    public string? Problem { get; init; }
}

/// <summary>The archive got further: something was restored from it, or written to it.</summary>
/// <param name="Status">How it stands.</param>
public sealed record HistoryChanged(HistoryStatus Status) : ClientEvent;

/// <summary>Messages from the archive, or passed on by a member, are in a conversation now, beneath or between what was there: read its pages again.</summary>
/// <param name="Conversation">Which.</param>
public sealed record HistoryRestored(Conversation Conversation) : ClientEvent;

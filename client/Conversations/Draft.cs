namespace Kavalek.Client;

/// <summary>What was begun in a conversation on this device and not sent. It ends with the conversation's timer, counted from the last change.</summary>
/// <param name="Text">At most 65,536 bytes of UTF-8.</param>
/// <param name="ReplyTo">What it answers.</param>
public sealed record Draft(string Text, MessageId? ReplyTo = null);

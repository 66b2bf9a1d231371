namespace Kavalek.Client;

/// <summary>What was begun in a conversation on this device and not sent. It ends with the conversation's timer, counted from the last change.</summary>
/// <param name="Text">At most <see cref="TextBytes"/> of UTF-8.</param>
/// <param name="ReplyTo">What it answers.</param>
public sealed record Draft(string Text, MessageId? ReplyTo = null)
{
    /// <summary>Bytes of text, at most: what is being written, and the few messages before it whose files are not read yet.</summary>
    public const int TextBytes = 4 * ContentCodec.TextBytes;

    /// <summary>The files that were to go with it, at most <see cref="Attachment.Most"/>: what they are called, not what they hold. To send them, they have to be given again.</summary>
    public IReadOnlyList<DraftFile> Files { get; init; } = [];
}

/// <summary>A file that was chosen and not sent.</summary>
/// <param name="Name">Cleaned (<see cref="FileName"/>).</param>
/// <param name="Size">Bytes.</param>
public sealed record DraftFile(string Name, long Size);

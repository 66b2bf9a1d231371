using Google.Protobuf;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>A file that came with a message. What it says of itself is its sender's word.</summary>
/// <param name="Id">Its name at the server.</param>
/// <param name="Name">Cleaned (<see cref="FileName"/>): fit to show and to save.</param>
/// <param name="Type">A media type, lower case; <c>application/octet-stream</c> where none was given.</param>
/// <param name="Size">Bytes.</param>
public sealed record Attachment(Id Id, string Name, string Type, long Size)
{
    /// <summary>Attachments of one message, at most.</summary>
    public const int Most = 10;

    /// <summary>Levels of a voice message, at most.</summary>
    public const int MostLevels = 64;

    /// <summary>What is said of a sound's length, at most: a day.</summary>
    internal const uint LongestMilliseconds = 86_400_000;

    /// <summary>Pixels, of a picture; 0 where that is not said.</summary>
    public int Width { get; init; }

    /// <summary>Pixels, of a picture; 0 where that is not said.</summary>
    public int Height { get; init; }

    /// <summary>A tiny picture of it: width and height (1 to 32, a byte each) and three bytes a pixel; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Preview { get; init; }

    /// <summary>How long a sound is; zero where that is not said.</summary>
    public TimeSpan Length { get; init; }

    /// <summary>How loud a voice message is from its beginning to its end, 0 to 255, at most 64 of them; empty for everything else.</summary>
    public ReadOnlyMemory<byte> Levels { get; init; }

    /// <summary>Whether it was spoken into the composer.</summary>
    public bool IsVoice => !Levels.IsEmpty;

    /// <summary>Whether it may be shown or played in place, once its bytes are here and are what they say; everything else is to be saved.</summary>
    public bool IsInline => InlineMedia.IsKnown(Type);

    /// <summary>The message's own record, as it is shown.</summary>
    internal static Attachment Read(ByteString encoded) => Read(Contents.Attachment.Parser.ParseFrom(encoded));

    internal static Attachment Read(Contents.Attachment from) => new(Id.Read(from.Id.Span), FileName.Clean(from.Name), Media(from.Type), (long)from.Size)
    {
        Width = (int)Math.Min(from.Width, 100_000),
        Height = (int)Math.Min(from.Height, 100_000),
        Preview = IsPreview(from.Preview.Span) ? from.Preview.ToByteArray() : default,
        Length = InlineMedia.IsSound(Media(from.Type)) ? TimeSpan.FromMilliseconds(Math.Min(from.Length, LongestMilliseconds)) : default,
        Levels = InlineMedia.IsSound(Media(from.Type)) && from.Levels.Length <= MostLevels ? from.Levels.ToByteArray() : default,
    };

    /// <summary>A media type without parameters; what is none is bytes.</summary>
    internal static string Media(string type)
    {
        string bare = type.Split(';')[0].Trim().ToLowerInvariant();
        return bare.Length is > 2 and <= 100 && bare.Count(c => c == '/') == 1 && bare.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '+' or '-' or '_')
            ? bare : "application/octet-stream";
    }

    internal static bool IsPreview(ReadOnlySpan<byte> preview) =>
        preview.Length >= 5 && preview[0] is >= 1 and <= 32 && preview[1] is >= 1 and <= 32 && preview.Length == 2 + (3 * preview[0] * preview[1]);

    /// <summary>Whether a record of somebody else's can be worked with.</summary>
    internal static bool IsValid(Contents.Attachment attachment) =>
        attachment.Id.Length == Limits.IdLength && attachment.Secret.Length == AttachmentSeal.SecretBytes && attachment.Hash.Length == AttachmentSeal.HashBytes
        && attachment.Size is > 0 and <= (ulong)Limits.AttachmentBytes && attachment.Name.Length <= 1_024 && attachment.Type.Length <= 256 && attachment.Preview.Length <= 4_096;
}

/// <summary>A file to send.</summary>
/// <param name="Name">What others see; it is cleaned.</param>
/// <param name="Type">Its media type.</param>
/// <param name="Size">Bytes that <paramref name="Content"/> gives.</param>
/// <param name="Content">Read once, to its end, and not disposed.</param>
public sealed record OutgoingFile(string Name, string Type, long Size, Stream Content)
{
    /// <summary>Pixels, of a picture; 0 where that is not known.</summary>
    public int Width { get; init; }

    /// <summary>Pixels, of a picture; 0 where that is not known.</summary>
    public int Height { get; init; }

    /// <summary>As <see cref="Attachment.Preview"/>.</summary>
    public ReadOnlyMemory<byte> Preview { get; init; }

    /// <summary>How long a sound is; zero where that is not known.</summary>
    public TimeSpan Length { get; init; }

    /// <summary>As <see cref="Attachment.Levels"/>.</summary>
    public ReadOnlyMemory<byte> Levels { get; init; }
}

/// <summary>Where an attachment is on its way.</summary>
public enum TransferState
{
    /// <summary>On its way to the server.</summary>
    Uploading,
    /// <summary>At the server.</summary>
    Uploaded,
    /// <summary>On its way here.</summary>
    Downloading,
    /// <summary>Here, and what its sender sent.</summary>
    Here,
    /// <summary>It stopped; another try goes on where it was.</summary>
    Stopped,
}

/// <summary>An attachment got further.</summary>
/// <param name="Conversation">Where its message is.</param>
/// <param name="Message">Its message.</param>
/// <param name="Attachment">The attachment.</param>
/// <param name="State">Where it is.</param>
/// <param name="Done">Bytes so far, of what is transferred.</param>
/// <param name="Total">Bytes of that in all.</param>
public sealed record AttachmentProgressed(Id Conversation, MessageId Message, Id Attachment, TransferState State, long Done, long Total) : ClientEvent;

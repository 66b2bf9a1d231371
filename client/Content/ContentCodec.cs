using System.Text;
using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Writes and reads what clients say to each other (docs/PROTOCOL.md §7.3), and holds both to its limits.</summary>
internal static class ContentCodec
{
    /// <summary>Bytes of a text in UTF-8, at most.</summary>
    public const int TextBytes = 65_536;

    /// <summary>Bytes of a display name in UTF-8, at most.</summary>
    public const int NameBytes = 256;

    static readonly int[] Sizes = [256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 98_304];

    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A content of no body yet.</summary>
    public static Content New(Id id, DateTimeOffset now) => new() { Id = ByteString.CopyFrom(id.ToArray()), Sent = (ulong)Math.Max(0, now.ToUnixTimeMilliseconds()) };

    /// <summary>How many zero bytes hide the size of <paramref name="length"/> bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Longer than the largest size.</exception>
    public static int Padding(int length)
    {
        foreach (int size in Sizes)
            if (length <= size) return size - length;
        throw new ArgumentOutOfRangeException(nameof(length), length, "longer than any content");
    }

    /// <summary>Reads and checks a content; <c>null</c> where it is malformed. A body that is not known gives <see cref="Content.BodyOneofCase.None"/>.</summary>
    public static Content? Decode(ReadOnlySpan<byte> bytes)
    {
        if (!UntrustedMessage.TryRead(Content.Parser, bytes, out Content? content)) return null;
        bool valid = content.Id.Length == Limits.IdLength && content.BodyCase switch
        {
            Content.BodyOneofCase.Text => IsText(content.Text.Text_, content.Text.Attachments.Count) && content.Text.Attachments.All(Attachment.IsValid) && (content.Text.ReplyTo is null || IsRef(content.Text.ReplyTo)) && Mention.AreIn(content.Text.Text_, content.Text.Mentions),
            Content.BodyOneofCase.Profile => IsName(content.Profile.DisplayName),
            Content.BodyOneofCase.Receipt => content.Receipt.UpTo is { } upTo && IsRef(upTo),
            Content.BodyOneofCase.Offer => content.Offer.Accounts.All(account => account.Length == Limits.IdLength) && content.Offer.Last > 0 != content.Offer.Since > 0,
            Content.BodyOneofCase.Ask => content.Ask.Offer.Length == Limits.IdLength,
            Content.BodyOneofCase.Passed => content.Passed is { Offer.Length: Limits.IdLength, Device.Length: Limits.IdLength, Parts: <= Sharing.MostParts } passed && passed.Part < passed.Parts,
            Content.BodyOneofCase.Reaction => content.Reaction.To is { } to && IsRef(to) && content.Reaction.Version is >= 1 and <= Acts.MostReactionVersions
                && (content.Reaction.Emoji.Length == 0 || Emoji.IsEmoji(content.Reaction.Emoji)),
            Content.BodyOneofCase.Edit => content.Edit.Of is { } edited && IsRef(edited) && content.Edit.Version is >= 1 and <= Acts.MostEdits
                && IsText(content.Edit.Text) && Mention.AreIn(content.Edit.Text, content.Edit.Mentions),
            Content.BodyOneofCase.Delete => content.Delete.Of is { } deleted && IsRef(deleted),
            _ => true,
        };
        return valid ? content : null;
    }

    /// <summary>Whether a text may be sent: not empty, UTF-8 of at most <see cref="TextBytes"/>, no lone surrogates.</summary>
    public static bool IsText(string text) => text.Length > 0 && Fits(text, TextBytes);

    /// <summary>The same of a text with attachments, which may be empty.</summary>
    public static bool IsText(string text, int attachments) => attachments <= Attachment.Most && (text.Length > 0 || attachments > 0) && Fits(text, TextBytes);

    /// <summary>Whether it is no larger than the largest size.</summary>
    public static bool Fits(Content content) => content.CalculateSize() + Room <= Sizes[^1];

    // What is added when it is encrypted: numbers and times.
    const int Room = 64;

    /// <summary>Whether a display name may be said: UTF-8 of at most <see cref="NameBytes"/> without control characters; empty takes it back.</summary>
    public static bool IsName(string name) => !name.Any(char.IsControl) && Fits(name, NameBytes);

    /// <summary>Names a message.</summary>
    public static MessageRef Ref(Id account, Id message) =>
        new() { Account = ByteString.CopyFrom(account.ToArray()), Id = ByteString.CopyFrom(message.ToArray()) };

    static bool IsRef(MessageRef reference) => reference.Account.Length == Limits.IdLength && reference.Id.Length == Limits.IdLength;

    static bool Fits(string text, int bytes)
    {
        try
        {
            return StrictUtf8.GetByteCount(text) <= bytes;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }
}

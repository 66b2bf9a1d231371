using System.Buffers.Binary;

namespace Kavalek.Client;

/// <summary>Width and height in pixels.</summary>
readonly record struct PixelSize(int Width, int Height);

/// <summary>
/// What may be shown or played in place (docs/PROTOCOL.md §7.16): a fixed list of types, each recognised by its first bytes, and pictures only of a size that
/// a device can bear, read from the file itself before anything decodes it.
/// </summary>
static class InlineMedia
{
    /// <summary>Bytes of the beginning of a file that are looked at, at most.</summary>
    public const int HeadBytes = 1024 * 1024;

    /// <summary>Pixels of a side, and of a picture.</summary>
    public const int SidePixels = 16_384, AllPixels = 50_000_000;

    /// <summary>Whether files of the type are ever shown or played in place.</summary>
    public static bool IsKnown(string type) => IsPicture(type) || IsSound(type);

    /// <summary>Whether the type is one of a picture.</summary>
    public static bool IsPicture(string type) => type is "image/jpeg" or "image/png" or "image/gif" or "image/webp";

    /// <summary>Whether the type is one of a sound.</summary>
    public static bool IsSound(string type) => type is "audio/webm" or "audio/ogg" or "audio/mp4" or "audio/mpeg";

    /// <summary>Whether what begins so is of the type it says, and can be borne.</summary>
    public static bool IsSafe(string type, ReadOnlySpan<byte> head) => type switch
    {
        "audio/webm" => head.StartsWith<byte>([0x1A, 0x45, 0xDF, 0xA3]),
        "audio/ogg" => head.StartsWith("OggS"u8),
        "audio/mp4" => head.Length >= 8 && head[4..].StartsWith("ftyp"u8),
        "audio/mpeg" => head.StartsWith("ID3"u8) || (head.Length >= 2 && head[0] == 0xFF && (head[1] & 0xE0) == 0xE0),
        _ => Measure(type, head) is { Width: > 0 and <= SidePixels, Height: > 0 and <= SidePixels } size && (long)size.Width * size.Height <= AllPixels,
    };

    /// <summary>The size of a picture of one of the known types; <c>null</c> where it is none, or does not say so at its beginning.</summary>
    public static PixelSize? Measure(string type, ReadOnlySpan<byte> head) => type switch
    {
        "image/png" => Png(head),
        "image/gif" => Gif(head),
        "image/webp" => WebP(head),
        "image/jpeg" => Jpeg(head),
        _ => null,
    };

    static PixelSize? Png(ReadOnlySpan<byte> head) =>
        head.Length >= 24 && head.StartsWith<byte>([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) && head[12..].StartsWith("IHDR"u8)
            ? Of(BinaryPrimitives.ReadUInt32BigEndian(head[16..]), BinaryPrimitives.ReadUInt32BigEndian(head[20..])) : null;

    // Browsers widen the screen that is declared to the first frame, where that is larger.
    static PixelSize? Gif(ReadOnlySpan<byte> head)
    {
        if (head.Length < 13 || !(head.StartsWith("GIF89a"u8) || head.StartsWith("GIF87a"u8))) return null;
        (uint width, uint height) = (UInt16(head[6..]), UInt16(head[8..]));
        int at = 13 + ((head[10] & 0x80) != 0 ? 3 << ((head[10] & 7) + 1) : 0);
        while (at + 9 < head.Length && head[at] == 0x21)
        {
            // An extension: its label, then blocks, each after its length, to an empty one.
            at += 2;
            while (at < head.Length && head[at] != 0) at += 1 + head[at];
            at++;
        }
        if (at + 9 >= head.Length || head[at] != 0x2C) return null;
        return Of(Math.Max(width, UInt16(head[(at + 1)..]) + UInt16(head[(at + 5)..])), Math.Max(height, UInt16(head[(at + 3)..]) + UInt16(head[(at + 7)..])));
    }

    static PixelSize? WebP(ReadOnlySpan<byte> head)
    {
        if (head.Length < 30 || !head.StartsWith("RIFF"u8) || !head[8..].StartsWith("WEBP"u8)) return null;
        ReadOnlySpan<byte> chunk = head[12..];
        if (chunk.StartsWith("VP8X"u8)) return Of(1 + UInt24(chunk[12..]), 1 + UInt24(chunk[15..]));
        if (chunk.StartsWith("VP8L"u8) && chunk[8] == 0x2F)
        {
            uint bits = BinaryPrimitives.ReadUInt32LittleEndian(chunk[9..]);
            return Of(1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF));
        }
        return chunk.StartsWith("VP8 "u8) && chunk[11..].StartsWith<byte>([0x9D, 0x01, 0x2A])
            ? Of(BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]) & 0x3FFFu, BinaryPrimitives.ReadUInt16LittleEndian(chunk[16..]) & 0x3FFFu) : null;
    }

    static PixelSize? Jpeg(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith<byte>([0xFF, 0xD8])) return null;
        for (int at = 2; at + 9 < head.Length;)
        {
            if (head[at] != 0xFF) return null;
            byte marker = head[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }
            // A start of frame, whatever its coding; not a table (C4, CC) and not C8, which nothing is.
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
                return Of(BinaryPrimitives.ReadUInt16BigEndian(head[(at + 7)..]), BinaryPrimitives.ReadUInt16BigEndian(head[(at + 5)..]));
            // Those without a length, and the picture's own data: a decoder may read on where this one would be somewhere else.
            if (marker is 0x00 or 0x01 or (>= 0xD0 and <= 0xDA)) return null;
            int length = BinaryPrimitives.ReadUInt16BigEndian(head[(at + 2)..]);
            if (length < 2) return null;
            at += 2 + length;
        }
        return null;
    }

    static uint UInt16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    static uint UInt24(ReadOnlySpan<byte> bytes) => bytes[0] | ((uint)bytes[1] << 8) | ((uint)bytes[2] << 16);

    static PixelSize? Of(uint width, uint height) => width <= int.MaxValue && height <= int.MaxValue ? new PixelSize((int)width, (int)height) : null;
}

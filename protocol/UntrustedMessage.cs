using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Kavalek.Protocol;

/// <summary>Reads protobuf that somebody else sent.</summary>
public static class UntrustedMessage
{
    /// <summary>Fields of a message and of all in it, at most: the largest page of entries has 4,000 of them, the largest frame 14,000.</summary>
    public const int Fields = 32_768;

    /// <summary>The same of a segment of history, or of an account's notes: 256 KiB of the shortest texts have some 60,000.</summary>
    public const int FieldsOfHistory = 262_144;

    const int MaximumDepth = 32;

    /// <summary>
    /// Reads one message; false where the bytes are none. For a length near 2^31 the library's own limit overflows: it reads past the end of the bytes,
    /// and makes room for gigabytes. So every length is held against what is there before the library sees the bytes. And a field of two bytes, unknown ones too, takes a hundred of memory:
    /// so fields are counted.
    /// </summary>
    /// <param name="parser">Of what message.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="message">What it says.</param>
    /// <param name="fields">How many fields it may have, with those of the messages inside it.</param>
    public static bool TryRead<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out T? message, int fields = Fields) where T : class, IMessage<T>
    {
        ArgumentNullException.ThrowIfNull(parser);
        message = null;
        if (!IsSound(bytes, parser.ParseFrom(ReadOnlySpan<byte>.Empty).Descriptor, depth: 0, ref fields)) return false;
        try
        {
            message = parser.ParseFrom(bytes);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    /// <summary>Whether all lengths, in the message and in those inside it, are of what is there, and there are not too many fields.</summary>
    static bool IsSound(ReadOnlySpan<byte> bytes, MessageDescriptor descriptor, int depth, ref int left)
    {
        if (depth > MaximumDepth) return false;
        while (!bytes.IsEmpty)
        {
            if (--left < 0 || !TryVarint(ref bytes, out ulong tag) || tag > uint.MaxValue) return false;
            ulong length = 0;
            switch (tag & 7)
            {
                case 0 when TryVarint(ref bytes, out _): break;
                case 1: length = 8; break;
                case 5: length = 4; break;
                case 2 when TryVarint(ref bytes, out length): break;
                default: return false; // groups are of an older protobuf
            }
            if (length > (ulong)bytes.Length) return false;
            ReadOnlySpan<byte> value = bytes[..(int)length];
            bytes = bytes[(int)length..];
            if ((tag & 7) != 2 || descriptor.FindFieldByNumber((int)(tag >> 3)) is not { } field) continue;
            // A list of numbers in one field: each of them has a byte at least.
            if (field is { IsRepeated: true, FieldType: not (FieldType.Message or FieldType.Bytes or FieldType.String) } && (left -= value.Length) < 0) return false;
            if (field.FieldType == FieldType.Message && !IsSound(value, field.MessageType, depth + 1, ref left)) return false;
        }
        return true;
    }

    static bool TryVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (int i = 0; i < Math.Min(bytes.Length, 10); i++)
        {
            value |= (ulong)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] >= 0x80) continue;
            bytes = bytes[(i + 1)..];
            return true;
        }
        return false;
    }
}

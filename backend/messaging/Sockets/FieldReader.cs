using System.Buffers.Binary;

namespace Kavalek.Messaging.Sockets;

/// <summary>
/// Reads the fields of a protobuf message in place. Frames are read like this instead of into generated objects because an append would
/// be copied twice more.
/// </summary>
ref struct FieldReader(ReadOnlySpan<byte> message)
{
    ReadOnlySpan<byte> _rest = message;

    /// <summary>The present field's number.</summary>
    public int Field { get; private set; }

    /// <summary>Its value, if it is a number.</summary>
    public ulong Number { get; private set; }

    /// <summary>Its value, if it is bytes, text or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Whether its value is bytes, text or a message.</summary>
    public bool HasBytes { get; private set; }

    /// <summary>The message ended in the middle of a field, or is none at all.</summary>
    public bool Malformed { get; private set; }

    /// <summary>Moves to the next field; false at the end, or where the message is malformed.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty || Malformed)
            return false;
        ulong tag = Varint();
        Field = tag >> 3 is > 0 and <= 536_870_911 ? (int)(tag >> 3) : 0;
        HasBytes = false;
        Number = 0;
        Bytes = default;
        switch (tag & 7)
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                Number = Take(8) is { Length: 8 } eight ? BinaryPrimitives.ReadUInt64LittleEndian(eight) : 0;
                break;
            case 2:
                Bytes = Take(Varint());
                HasBytes = true;
                break;
            case 5:
                Number = Take(4) is { Length: 4 } four ? BinaryPrimitives.ReadUInt32LittleEndian(four) : 0;
                break;
            default:
                Malformed = true;
                break;
        }
        Malformed |= Field == 0;
        return !Malformed;
    }

    ulong Varint()
    {
        ulong value = Streams.Varint.Read(_rest, out int size);
        Malformed |= size == 0;
        _rest = _rest[size..];
        return value;
    }

    ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            Malformed = true;
            return default;
        }
        ReadOnlySpan<byte> taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }
}

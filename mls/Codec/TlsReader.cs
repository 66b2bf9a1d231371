using System.Buffers.Binary;

namespace Kavalek.Mls;

/// <summary>Reads one value of type <typeparamref name="T"/>.</summary>
internal delegate T TlsRead<out T>(ref TlsReader reader);

/// <summary>
/// Reads the presentation language of RFC 9420 §2.1 from bytes nobody vouches for. Whatever is wrong with them is
/// <see cref="MlsError.Malformed"/>; no length makes it allocate more than what is there.
/// </summary>
internal ref struct TlsReader(ReadOnlySpan<byte> data)
{
    ReadOnlySpan<byte> _rest = data;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>What has not been read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Reads one value that takes up all of <paramref name="data"/>: trailing bytes are refused.</summary>
    public static T ReadAll<T>(ReadOnlySpan<byte> data, TlsRead<T> read)
    {
        TlsReader reader = new(data);
        T value = read(ref reader);
        reader.End();
        return value;
    }

    /// <summary>Refuses trailing bytes.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty) throw Malformed("trailing bytes");
    }

    public byte ReadUInt8() => ReadRaw(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(ReadRaw(2));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(ReadRaw(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64BigEndian(ReadRaw(8));

    /// <summary>The next <paramref name="count"/> bytes as they are.</summary>
    public ReadOnlySpan<byte> ReadRaw(int count)
    {
        if (count > _rest.Length) throw Malformed("cut short");
        ReadOnlySpan<byte> read = _rest[..count];
        _rest = _rest[count..];
        return read;
    }

    /// <summary><c>opaque value&lt;V&gt;</c> as a view.</summary>
    public ReadOnlySpan<byte> ReadVectorSpan() => ReadRaw(ReadLength());

    /// <summary><c>opaque value&lt;V&gt;</c> as a copy.</summary>
    public byte[] ReadVector() => ReadVectorSpan().ToArray();

    /// <summary><c>T values&lt;V&gt;</c>, of at most <paramref name="most"/> (<see cref="ListLimits"/>): the next one is not read any more.</summary>
    public List<T> ReadList<T>(TlsRead<T> readItem, int most)
    {
        TlsReader items = new(ReadVectorSpan());
        List<T> list = [];
        while (items.Remaining > 0)
        {
            if (list.Count >= most) throw new MlsException(MlsError.LimitExceeded, "2.1", "a list of more entries than are read");
            list.Add(readItem(ref items));
        }
        return list;
    }

    /// <summary><c>optional&lt;T&gt;</c> (§2.1.1): <c>null</c> where absent.</summary>
    public T? ReadOptional<T>(TlsRead<T> readValue) where T : class => ReadUInt8() switch
    {
        0 => null,
        1 => readValue(ref this),
        _ => throw Malformed("presence octet"),
    };

    /// <summary>The header of a vector (§2.1.2): 1, 2 or 4 bytes, minimal, and no longer than what remains.</summary>
    public int ReadLength()
    {
        int length = ReadHeader();
        if (length > _rest.Length) throw Malformed("vector longer than what contains it");
        return length;
    }

    /// <summary>The header alone, whether or not its vector follows.</summary>
    public int ReadHeader()
    {
        byte first = ReadUInt8();
        int length;
        int header = 1 << (first >> 6);
        switch (header)
        {
            case 1: length = first; break;
            case 2: length = ((first & 0x3f) << 8) | ReadUInt8(); break;
            case 4: length = (first & 0x3f) << 24 | ReadRaw(3) switch { var b => b[0] << 16 | b[1] << 8 | b[2] }; break;
            default: throw Malformed("vector header of eight bytes");
        }
        if (TlsWriter.HeaderLength(length) != header) throw Malformed("vector header not minimal");
        return length;
    }

    /// <summary>The error for undecodable bytes.</summary>
    public static MlsException Malformed(string what) => new(MlsError.Malformed, "2.1", what);
}
